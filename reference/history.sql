-- Version 2: a line says which grant or code it is about, and a board may bar kinds of recipient. Of a line of before that is found by
-- what it says; of several that say the same, the first stands for them.
ALTER TABLE lines ADD COLUMN about TEXT NOT NULL DEFAULT '';
UPDATE lines SET about = coalesce(
    (
        SELECT lower(hex(grant_id)) FROM receipts
        WHERE (box, epoch, number) = (lines.box, lines.epoch, lines.number) AND grant_id IS NOT NULL
    ),
    (
        SELECT code FROM codes JOIN receipts USING (box, day_start, day_end, day_index)
        WHERE (box, epoch, number) = (lines.box, lines.epoch, lines.number)
    ),
    (
        SELECT lower(hex(grant_id)) FROM grants JOIN properties USING (property)
        WHERE address = location AND detail = 'SentriConnect ' || email
            AND ((kind = 'SentriConnect Access Granted' AND granted = occurred)
                OR (kind = 'SentriConnect Access Revoked' AND revoked AND ended_at = occurred))
        ORDER BY grants.rowid
    ),
    (
        SELECT code FROM codes JOIN properties USING (property)
        WHERE address = location
            AND ((kind = '1 Day Code Generated' AND generated = occurred)
                OR (kind = '1 Day Code Revocation Refused' AND detail = 'Agent ' || codes.name))
        ORDER BY codes.rowid
    ),
    ''
);
CREATE TABLE barred (
    role TEXT PRIMARY KEY -- a kind of recipient that gets no code (eligibility.board)
);

-- And it adds the history: a record for every request that was answered and may have changed something, in its transaction.
-- Each record has the SHA-256 of the digest before it and of itself as JSON (reference/history.py).

CREATE TABLE history (
    number  INTEGER PRIMARY KEY AUTOINCREMENT, -- from 1; so the file also knows how many there have been
    written INTEGER NOT NULL, -- by the clock of the machine
    instant INTEGER, -- as the request had it, null where it had none
    kind    TEXT NOT NULL, -- of the request
    digest  BLOB NOT NULL CHECK (length(digest) = 32),
    fields  TEXT NOT NULL -- JSON: what was asked, what was answered, what changed; no secrets
);
CREATE TRIGGER history_goes_on BEFORE INSERT ON history
WHEN NEW.number <> (SELECT coalesce(max(number), 0) + 1 FROM history)
BEGIN SELECT RAISE(ABORT, 'a record of the history has the number after the last one'); END;
CREATE TRIGGER history_stays BEFORE UPDATE ON history
BEGIN SELECT RAISE(ABORT, 'a record of the history never changes'); END;
CREATE TRIGGER history_is_whole BEFORE DELETE ON history
BEGIN SELECT RAISE(ABORT, 'a record of the history is never deleted'); END;

-- What never changes, by whatever request. An owner's privilege alone may be deleted.
CREATE TRIGGER offices_stay BEFORE UPDATE ON offices
BEGIN SELECT RAISE(ABORT, 'an office never changes'); END;
CREATE TRIGGER offices_are_kept BEFORE DELETE ON offices
BEGIN SELECT RAISE(ABORT, 'an office is never deleted'); END;
CREATE TRIGGER people_stay BEFORE UPDATE OF person ON people
BEGIN SELECT RAISE(ABORT, 'the id of a person never changes'); END;
CREATE TRIGGER people_are_kept BEFORE DELETE ON people
BEGIN SELECT RAISE(ABORT, 'a person is never deleted'); END;
CREATE TRIGGER properties_stay BEFORE UPDATE OF property ON properties
BEGIN SELECT RAISE(ABORT, 'the id of a property never changes'); END;
CREATE TRIGGER properties_are_kept BEFORE DELETE ON properties
BEGIN SELECT RAISE(ABORT, 'a property is never deleted'); END;
CREATE TRIGGER boxes_stay BEFORE UPDATE ON boxes
BEGIN SELECT RAISE(ABORT, 'a box with another secret is another box'); END;
CREATE TRIGGER boxes_are_kept BEFORE DELETE ON boxes
BEGIN SELECT RAISE(ABORT, 'a box is never deleted'); END;
CREATE TRIGGER assignments_stay BEFORE UPDATE OF assignment, box, property, began ON assignments
BEGIN SELECT RAISE(ABORT, 'where a box was assigned never changes'); END;
CREATE TRIGGER assignments_stay_ended BEFORE UPDATE OF ended ON assignments WHEN OLD.ended IS NOT NULL
BEGIN SELECT RAISE(ABORT, 'an assignment ends once'); END;
CREATE TRIGGER assignments_are_kept BEFORE DELETE ON assignments
BEGIN SELECT RAISE(ABORT, 'an assignment is never deleted'); END;
CREATE TRIGGER zone_tables_stay BEFORE UPDATE OF zone_table, assignment, box, zone, tzdata, made, pairs, expiry ON zone_tables
BEGIN SELECT RAISE(ABORT, 'a zone table that was sent never changes'); END;
CREATE TRIGGER zone_tables_are_kept BEFORE DELETE ON zone_tables
BEGIN SELECT RAISE(ABORT, 'a zone table is never deleted'); END;
CREATE TRIGGER accounts_stay BEFORE UPDATE OF email ON accounts
BEGIN SELECT RAISE(ABORT, 'the email of an account never changes'); END;
CREATE TRIGGER accounts_are_kept BEFORE DELETE ON accounts
BEGIN SELECT RAISE(ABORT, 'an account is closed, never deleted'); END;
CREATE TRIGGER grants_stay
BEFORE UPDATE OF grant_id, box, property, granted_by, email, role, zone, tzdata, granted, window_start, window_end ON grants
BEGIN SELECT RAISE(ABORT, 'what was granted never changes'); END;
CREATE TRIGGER grants_stay_ended BEFORE UPDATE ON grants
WHEN OLD.revoked > NEW.revoked OR OLD.moved > NEW.moved
    OR ((OLD.revoked OR OLD.moved) AND OLD.ended_at <> NEW.ended_at)
    OR (OLD.delivered IS NOT NULL AND OLD.delivered IS NOT NEW.delivered)
BEGIN SELECT RAISE(ABORT, 'a grant that is ended stays ended, and as it ended'); END;
CREATE TRIGGER grants_are_kept BEFORE DELETE ON grants
BEGIN SELECT RAISE(ABORT, 'a grant is revoked, never deleted'); END;
CREATE TRIGGER codes_stay BEFORE UPDATE ON codes
BEGIN SELECT RAISE(ABORT, 'a code that was issued never changes'); END; -- code.irrevocable
CREATE TRIGGER codes_are_kept BEFORE DELETE ON codes
BEGIN SELECT RAISE(ABORT, 'a code that was issued is never deleted'); END;
CREATE TRIGGER receipts_stay BEFORE UPDATE ON receipts
BEGIN SELECT RAISE(ABORT, 'a log entry that was received never changes'); END;
CREATE TRIGGER receipts_are_kept BEFORE DELETE ON receipts
BEGIN SELECT RAISE(ABORT, 'a log entry that was received is never deleted'); END;
CREATE TRIGGER lines_stay BEFORE UPDATE ON lines
BEGIN SELECT RAISE(ABORT, 'a line of the report never changes'); END;
CREATE TRIGGER lines_are_kept BEFORE DELETE ON lines
BEGIN SELECT RAISE(ABORT, 'a line of the report is never deleted'); END;
CREATE TRIGGER notifications_stay BEFORE UPDATE ON notifications
BEGIN SELECT RAISE(ABORT, 'a notification never changes'); END;
CREATE TRIGGER notifications_are_kept BEFORE DELETE ON notifications
BEGIN SELECT RAISE(ABORT, 'a notification is never deleted'); END;
CREATE TRIGGER unissued_uses_stay BEFORE UPDATE ON unissued_uses
BEGIN SELECT RAISE(ABORT, 'an alert never changes'); END;
CREATE TRIGGER unissued_uses_are_kept BEFORE DELETE ON unissued_uses
BEGIN SELECT RAISE(ABORT, 'an alert is never deleted'); END;
