-- Everything the authority remembers, in one file, version 1; later versions add to it (migration.py). Instants are seconds
-- since 1970-01-01T00:00:00Z.
-- Nothing is ever deleted but an owner's privilege and, since version 2, a bar; what was issued keeps the zone it was issued by (time.recorded).

CREATE TABLE offices (
    office TEXT PRIMARY KEY
);

CREATE TABLE people (
    person      TEXT PRIMARY KEY,
    name        TEXT NOT NULL,
    office      TEXT REFERENCES offices,
    pin_salt    BLOB NOT NULL,
    pin_hash    BLOB NOT NULL,
    pin_memory  INTEGER NOT NULL, -- KiB
    pin_passes  INTEGER NOT NULL,
    pin_lanes   INTEGER NOT NULL,
    pin_arrival INTEGER NOT NULL DEFAULT 0 -- of the wrong-entry bound (code.pin)
);

CREATE TABLE properties (
    property TEXT PRIMARY KEY,
    address  TEXT NOT NULL,
    zone     TEXT NOT NULL,
    agent    TEXT NOT NULL REFERENCES people,
    office   TEXT REFERENCES offices
);

CREATE TABLE boxes (
    box    BLOB PRIMARY KEY CHECK (length(box) = 16),
    secret BLOB NOT NULL UNIQUE CHECK (length(secret) = 32)
);

CREATE TABLE owners (
    box    BLOB NOT NULL REFERENCES boxes,
    person TEXT NOT NULL REFERENCES people,
    PRIMARY KEY (box, person)
);

CREATE TABLE assignments (
    assignment INTEGER PRIMARY KEY,
    box        BLOB NOT NULL REFERENCES boxes,
    property   TEXT NOT NULL REFERENCES properties,
    began      INTEGER NOT NULL,
    ended      INTEGER
);
CREATE UNIQUE INDEX one_assignment_at_a_time ON assignments (box) WHERE ended IS NULL;

-- What a box was told about its zone. The newest is in force; an older one still counts for days that end by last_day_end.
CREATE TABLE zone_tables (
    zone_table   INTEGER PRIMARY KEY,
    assignment   INTEGER NOT NULL REFERENCES assignments,
    box          BLOB NOT NULL REFERENCES boxes,
    zone         TEXT NOT NULL,
    tzdata       TEXT NOT NULL,
    made         INTEGER NOT NULL,
    pairs        TEXT NOT NULL, -- JSON, [[utc, offset], ...]
    expiry       INTEGER NOT NULL,
    last_day_end INTEGER -- null while in force
);
CREATE INDEX zone_tables_of_a_box ON zone_tables (box);

CREATE TABLE accounts (
    email      TEXT PRIMARY KEY, -- in one case
    registered INTEGER NOT NULL,
    closed     INTEGER
);

CREATE TABLE grants (
    grant_id     BLOB PRIMARY KEY CHECK (length(grant_id) = 16),
    box          BLOB NOT NULL REFERENCES boxes,
    property     TEXT NOT NULL REFERENCES properties,
    granted_by   TEXT NOT NULL REFERENCES people,
    email        TEXT NOT NULL,
    role         TEXT NOT NULL,
    zone         TEXT NOT NULL,
    tzdata       TEXT NOT NULL,
    granted      INTEGER NOT NULL,
    window_start INTEGER NOT NULL,
    window_end   INTEGER NOT NULL,
    revoked      INTEGER NOT NULL DEFAULT 0 CHECK (revoked IN (0, 1)),
    moved        INTEGER NOT NULL DEFAULT 0 CHECK (moved IN (0, 1)),
    ended_at     INTEGER NOT NULL DEFAULT 0,
    delivered    INTEGER CHECK (delivered IS NULL OR revoked OR moved),
    CHECK (window_start < window_end)
);
CREATE INDEX grants_of_a_box ON grants (box);

CREATE TABLE codes (
    code              TEXT PRIMARY KEY,
    box               BLOB NOT NULL REFERENCES boxes,
    property          TEXT NOT NULL REFERENCES properties,
    generated_by      TEXT NOT NULL REFERENCES people,
    generated         INTEGER NOT NULL,
    date              TEXT NOT NULL,
    day_start         INTEGER NOT NULL,
    day_end           INTEGER NOT NULL,
    day_index         INTEGER NOT NULL,
    zone              TEXT NOT NULL,
    tzdata            TEXT NOT NULL,
    digits            TEXT NOT NULL,
    name              TEXT NOT NULL CHECK (name <> ''),
    role              TEXT NOT NULL,
    seller_permission INTEGER NOT NULL CHECK (seller_permission IN (0, 1)),
    UNIQUE (box, day_start, day_end, day_index), -- code.index
    CHECK (day_start < day_end)
);

-- Log entries as boxes sent them, the first to come under each key (report.once).
CREATE TABLE receipts (
    box       BLOB NOT NULL REFERENCES boxes,
    epoch     INTEGER NOT NULL CHECK (epoch >= 0),
    number    INTEGER NOT NULL CHECK (number >= 1),
    received  INTEGER NOT NULL,
    kind      TEXT NOT NULL,
    accepted  INTEGER NOT NULL CHECK (accepted IN (0, 1)),
    instant   INTEGER, -- null where the box knew no time
    day_start INTEGER,
    day_end   INTEGER,
    day_index INTEGER,
    grant_id  BLOB,
    reason    TEXT,
    count     INTEGER NOT NULL,
    PRIMARY KEY (box, epoch, number)
) WITHOUT ROWID;
CREATE INDEX uses_of_a_code ON receipts (box, day_start, day_end, day_index) WHERE accepted AND day_index IS NOT NULL;

-- The access report. A line stays as it was written, whatever becomes of people, properties and zone rules.
CREATE TABLE lines (
    line       INTEGER PRIMARY KEY,
    occurred   INTEGER NOT NULL,
    received   INTEGER NOT NULL,
    local_time TEXT NOT NULL,
    kind       TEXT NOT NULL,
    detail     TEXT NOT NULL,
    location   TEXT NOT NULL,
    grantor    TEXT NOT NULL,
    grantor_id TEXT NOT NULL,
    box        BLOB, -- the entry that it stands for, null where the authority did it itself
    epoch      INTEGER,
    number     INTEGER,
    UNIQUE (box, epoch, number), -- report.once
    FOREIGN KEY (box, epoch, number) REFERENCES receipts
);

CREATE TABLE notifications (
    box      BLOB NOT NULL,
    epoch    INTEGER NOT NULL,
    number   INTEGER NOT NULL,
    grant_id BLOB NOT NULL,
    occurred INTEGER NOT NULL,
    received INTEGER NOT NULL,
    PRIMARY KEY (box, epoch, number), -- connect.notify-once
    FOREIGN KEY (box, epoch, number) REFERENCES receipts
);

-- Uses of codes never issued, as judged at receipt. Gaps are not kept: they are what is missing now (report.alerts).
CREATE TABLE unissued_uses (
    box      BLOB NOT NULL,
    epoch    INTEGER NOT NULL,
    number   INTEGER NOT NULL,
    received INTEGER NOT NULL,
    PRIMARY KEY (box, epoch, number),
    FOREIGN KEY (box, epoch, number) REFERENCES receipts
);
