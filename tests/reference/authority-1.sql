-- A file of version 1, as its SQL: written by the release before the history came (fce4c8b), by the requests of a small town.
PRAGMA application_id = 1280004178;
PRAGMA user_version = 1;
BEGIN TRANSACTION;
CREATE TABLE accounts (
    email      TEXT PRIMARY KEY, -- in one case
    registered INTEGER NOT NULL,
    closed     INTEGER
);
INSERT INTO "accounts" VALUES('ann@example.org',1549152000,NULL);
INSERT INTO "accounts" VALUES('bob@example.org',1549152000,1549152005);
CREATE TABLE assignments (
    assignment INTEGER PRIMARY KEY,
    box        BLOB NOT NULL REFERENCES boxes,
    property   TEXT NOT NULL REFERENCES properties,
    began      INTEGER NOT NULL,
    ended      INTEGER
);
INSERT INTO "assignments" VALUES(1,X'000102030405060708090A0B0C0D0E0F','main',1549152000,1549155600);
INSERT INTO "assignments" VALUES(2,X'000102030405060708090A0B0C0D0E0F','elm',1549155600,NULL);
CREATE TABLE boxes (
    box    BLOB PRIMARY KEY CHECK (length(box) = 16),
    secret BLOB NOT NULL UNIQUE CHECK (length(secret) = 32)
);
INSERT INTO "boxes" VALUES(X'000102030405060708090A0B0C0D0E0F',X'000102030405060708090A0B0C0D0E0F101112131415161718191A1B1C1D1E1F');
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
INSERT INTO "codes" VALUES('code-49469fbdb96bee26',X'000102030405060708090A0B0C0D0E0F','main','123456',1549152000,'2019-02-03',1549170000,1549256400,0,'America/Toronto','2026f','27967535','Ann (appraiser)','appraiser',1);
INSERT INTO "codes" VALUES('code-0467ca6d31ccd630',X'000102030405060708090A0B0C0D0E0F','main','123456',1549152000,'2019-02-04',1549256400,1549342800,0,'America/Toronto','2026f','53062435','Ann (appraiser)','appraiser',1);
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
INSERT INTO "grants" VALUES(X'35BFC00B214A83ABBDD5D36927EEF129',X'000102030405060708090A0B0C0D0E0F','main','123456','ann@example.org','realtor','America/Toronto','2026f',1549152000,1549152000,1549155600,0,1,1549155600,NULL);
INSERT INTO "grants" VALUES(X'0376BE5035442D4FD4DFB2C927936EB2',X'000102030405060708090A0B0C0D0E0F','main','123457','ann@example.org','realtor','America/Toronto','2026f',1549152000,1549152000,1549155600,1,1,1549152060,1549152070);
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
INSERT INTO "lines" VALUES(1,1549152000,1549152000,'2019-02-02 19:00:00','1 Day Code Generated','LB specific codes generated for Agent','123 Main Street','Joe Smith','123456',NULL,NULL,NULL);
INSERT INTO "lines" VALUES(2,1549152000,1549152000,'2019-02-02 19:00:00','SentriConnect Access Granted','SentriConnect ann@example.org','123 Main Street','Joe Smith','123456',NULL,NULL,NULL);
INSERT INTO "lines" VALUES(3,1549152000,1549152000,'2019-02-02 19:00:00','SentriConnect Access Granted','SentriConnect ann@example.org','123 Main Street','Sue Jones','123457',NULL,NULL,NULL);
INSERT INTO "lines" VALUES(4,1549152000,1549152000,'2019-02-02 19:00:00','1 Day Code Generated','LB specific codes generated for Agent','123 Main Street','Joe Smith','123456',NULL,NULL,NULL);
INSERT INTO "lines" VALUES(5,1549152060,1549152060,'2019-02-02 19:01:00','SentriConnect Access Revoked','SentriConnect ann@example.org','123 Main Street','Olga Owner','555555',NULL,NULL,NULL);
INSERT INTO "lines" VALUES(6,1549152080,1549152080,'2019-02-02 19:01:20','1 Day Code Revocation Refused','Agent Ann (appraiser)','123 Main Street','Joe Smith','123456',NULL,NULL,NULL);
INSERT INTO "lines" VALUES(7,1549152000,1549152000,'2019-02-02 19:00:00','1 Day Code Used','Agent Ann (appraiser)','123 Main Street','Joe Smith','123456',X'000102030405060708090A0B0C0D0E0F',1,1);
INSERT INTO "lines" VALUES(8,1549152000,1549152000,'2019-02-02 19:00:00','SentriConnect Access Used','SentriConnect ann@example.org','123 Main Street','Joe Smith','123456',X'000102030405060708090A0B0C0D0E0F',1,2);
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
INSERT INTO "notifications" VALUES(X'000102030405060708090A0B0C0D0E0F',1,2,X'35BFC00B214A83ABBDD5D36927EEF129',1549152000,1549152000);
INSERT INTO "notifications" VALUES(X'000102030405060708090A0B0C0D0E0F',1,5,X'00000000000000000000000000000000',1549152000,1549152000);
CREATE TABLE offices (
    office TEXT PRIMARY KEY
);
INSERT INTO "offices" VALUES('Smith & Co');
INSERT INTO "offices" VALUES('Other & Co');
CREATE TABLE owners (
    box    BLOB NOT NULL REFERENCES boxes,
    person TEXT NOT NULL REFERENCES people,
    PRIMARY KEY (box, person)
);
INSERT INTO "owners" VALUES(X'000102030405060708090A0B0C0D0E0F','555555');
INSERT INTO "owners" VALUES(X'000102030405060708090A0B0C0D0E0F','999999');
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
INSERT INTO "people" VALUES('123456','Joe Smith','Smith & Co',X'29B7F00F8B0C0768E3F2FB56C0E17094',X'61475B2086DF55AF582BBCA19D41734F9D6280610390DD7F13BA31B7189ED039',8,1,1,0);
INSERT INTO "people" VALUES('123457','Sue Jones','Smith & Co',X'F3402AA173279AD3AAAEF536748B4758',X'085B4D09959063A573C6EA769424F61401CDA4F0B948BF0569189097599A7D65',8,1,1,1549152300);
INSERT INTO "people" VALUES('555555','Olga Owner',NULL,X'1A19692CE4BEBE3DB5F68D3D1D78A97C',X'F9DE2958FF31858153FA3FAD433B71BFCC91F3B774B3608DD3B5C76D26CC0673',8,1,1,0);
INSERT INTO "people" VALUES('999999','Max Other','Other & Co',X'70B599094D4A2A41611F6EFC6D502C3D',X'08E2B1C58DD1AACE6A7627539A882BB1E44A195D6321B881062728A093F03A2E',8,1,1,0);
CREATE TABLE properties (
    property TEXT PRIMARY KEY,
    address  TEXT NOT NULL,
    zone     TEXT NOT NULL,
    agent    TEXT NOT NULL REFERENCES people,
    office   TEXT REFERENCES offices
);
INSERT INTO "properties" VALUES('main','123 Main Street','America/Toronto','123457','Smith & Co');
INSERT INTO "properties" VALUES('elm','7 Elm Road','America/Vancouver','999999','Other & Co');
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
INSERT INTO "receipts" VALUES(X'000102030405060708090A0B0C0D0E0F',1,1,1549152000,'code',1,1549152000,1549170000,1549256400,0,NULL,NULL,1);
INSERT INTO "receipts" VALUES(X'000102030405060708090A0B0C0D0E0F',1,2,1549152000,'connect',1,1549152000,NULL,NULL,NULL,X'35BFC00B214A83ABBDD5D36927EEF129',NULL,1);
INSERT INTO "receipts" VALUES(X'000102030405060708090A0B0C0D0E0F',1,5,1549152000,'connect',1,1549152000,NULL,NULL,NULL,X'00000000000000000000000000000000',NULL,1);
INSERT INTO "receipts" VALUES(X'000102030405060708090A0B0C0D0E0F',1,6,1549152000,'code',1,1549152000,1,2,3,NULL,NULL,1);
CREATE TABLE unissued_uses (
    box      BLOB NOT NULL,
    epoch    INTEGER NOT NULL,
    number   INTEGER NOT NULL,
    received INTEGER NOT NULL,
    PRIMARY KEY (box, epoch, number),
    FOREIGN KEY (box, epoch, number) REFERENCES receipts
);
INSERT INTO "unissued_uses" VALUES(X'000102030405060708090A0B0C0D0E0F',1,6,1549152000);
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
INSERT INTO "zone_tables" VALUES(1,1,X'000102030405060708090A0B0C0D0E0F','America/Toronto','2026f',1549152000,'[[1548720000, -18000], [1552201200, -14400], [1572760800, -18000], [1583650800, -14400]]',1583712000,1550379600);
INSERT INTO "zone_tables" VALUES(2,2,X'000102030405060708090A0B0C0D0E0F','America/Vancouver','2026f',1549155600,'[[1548723600, -28800], [1552212000, -25200], [1572771600, -28800], [1583661600, -25200]]',1583715600,NULL);
CREATE UNIQUE INDEX one_assignment_at_a_time ON assignments (box) WHERE ended IS NULL;
CREATE INDEX zone_tables_of_a_box ON zone_tables (box);
CREATE INDEX grants_of_a_box ON grants (box);
CREATE INDEX uses_of_a_code ON receipts (box, day_start, day_end, day_index) WHERE accepted AND day_index IS NOT NULL;
COMMIT;
