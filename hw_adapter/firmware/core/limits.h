/* Every limit of this firmware, and every number of the standard. What a vendor may change says so; what a build may
 * set with -D stands between #ifndef and #endif. */
#ifndef LP_LIMITS_H
#define LP_LIMITS_H

#include "faulty.h"

/* Refuses to compile where a condition does not hold; C99 has no word for it. */
#define LP_HOLDS(condition, name) typedef char lp_holds_##name[(condition) ? 1 : -1]

/* Says of a function that it does not return; nor for that. */
#if defined(__GNUC__)
#define LP_NORETURN __attribute__((noreturn))
#else
#define LP_NORETURN
#endif

/* ---- How far the port has come: 1 hello, 2 keypad, 3 clock, 4 log, 5 everything. A command of a higher rung is unknown,
 * and hello does not declare it. */
#ifndef LP_RUNG
#define LP_RUNG 5
#endif
LP_HOLDS(LP_RUNG >= 1 && LP_RUNG <= 5, rung);

/* ---- The production build, by -DLOCKPROOF_PRODUCTION: it refuses the test commands, and has nothing of them in it. */
#ifdef LOCKPROOF_PRODUCTION
#define LP_PRODUCTION 1
#else
#define LP_PRODUCTION 0
#endif

/* ---- The line: yours to change; what is declared in hello follows. */
#ifndef LP_FRAME_LIMIT
#define LP_FRAME_LIMIT 256 /* bytes of an encoded frame, delimiter included; 256 to 65535 */
#endif

/* Room for a body (PROTOCOL.md, Limits), and the longest batch whose answers surely fit (PROTOCOL.md, Hello). */
#define LP_HEADER_BYTES 8
#define LP_CRC_BYTES 4
#define LP_BODY_ROOM (LP_FRAME_LIMIT - 2 - (LP_FRAME_LIMIT - 1) / 255 - LP_HEADER_BYTES - LP_CRC_BYTES)
#define LP_LARGEST_LOG_REPLY 77
#define LP_LARGEST_ANSWER 21
#define LP_BATCH_ROOM (1 + (LP_BODY_ROOM - LP_LARGEST_LOG_REPLY) / LP_LARGEST_ANSWER)
#define LP_BATCH_LIMIT (LP_BATCH_ROOM < 255 ? LP_BATCH_ROOM : 255)
#define LP_BUSY_EVERY_MS 200
LP_HOLDS(LP_FRAME_LIMIT >= 256 && LP_FRAME_LIMIT <= 65535, frame_limit);

/* ---- What the box declares: yours to change, if it is true. */
#ifndef LP_FIRMWARE
#define LP_FIRMWARE "lockproof-c 1.0"
#endif
#ifndef LP_HOLDOVER
#define LP_HOLDOVER 86400 /* seconds that the board's clock runs without power */
#endif
#ifndef LP_CLOCK_SKEW
#define LP_CLOCK_SKEW 2 /* seconds */
#endif
#ifndef LP_DRIFT_PPM
#define LP_DRIFT_PPM 100 /* of clock and timer */
#endif
#ifndef LP_WALL_CLOCK_ONLY
#define LP_WALL_CLOCK_ONLY 0 /* 1: nobody can hold the clock or move it; hello declares no test-clock */
#endif
#ifndef LP_BOOT_MS
#define LP_BOOT_MS 200
#endif
#ifndef LP_RESET_MS
#define LP_RESET_MS 200
#endif
#ifndef LP_WAKE_BYTES
#define LP_WAKE_BYTES 0 /* bytes that the receiver may lose as it wakes */
#endif
LP_HOLDS(LP_HOLDOVER >= 0 && LP_HOLDOVER <= 4294967295, holdover);
LP_HOLDS(LP_CLOCK_SKEW >= 0 && LP_CLOCK_SKEW <= 4294967295, clock_skew);
LP_HOLDS(LP_DRIFT_PPM >= 0 && LP_DRIFT_PPM <= 10000, drift_ppm);
LP_HOLDS(LP_BOOT_MS >= 0 && LP_BOOT_MS <= 600000, boot_ms);
LP_HOLDS(LP_RESET_MS >= 0 && LP_RESET_MS <= 600000, reset_ms);
LP_HOLDS(LP_WAKE_BYTES >= 0 && LP_WAKE_BYTES <= 64, wake_bytes);
#define LP_IDENTITY_LONGEST 32
#define LP_CAUSE_LONGEST 24

/* ---- Codes: yours within the profile. */
#ifndef LP_CODE_DIGITS
#define LP_CODE_DIGITS 8 /* 7 to 9 (interop.code) */
#endif
#define LP_CODE_INDICES 8 /* at most 8 (code.index) */
#ifndef LP_CODE_ENDS_WITH_ITS_DAY
#define LP_CODE_ENDS_WITH_ITS_DAY 0 /* code.day: 1 if a used code, too, ends with its day */
#endif
LP_HOLDS(LP_CODE_DIGITS >= 7 && LP_CODE_DIGITS <= 9, code_digits);
LP_HOLDS(LP_CODE_INDICES >= 1 && LP_CODE_INDICES <= 8, code_indices);

/* ---- The standard's own numbers. A box with others does not conform. */
#define LP_CODE_LIFE 3600     /* code.expiry.after-first-use */
#define LP_TICKET_LIFE 60     /* connect.ticket */
#define LP_KEYPAD_BURST 5     /* box.wrong-entry.bound */
#define LP_KEYPAD_REFILL 300  /* box.wrong-entry.bound */
#define LP_REFUSALS_EVERY 600 /* box.log: seconds between two writes of an open count */
#define LP_DAYS_AHEAD 14      /* code.date, for how long an old zone table is kept */
#define LP_SECONDS_OF_DAY 86400
#define LP_ENTRY_LONGEST 16 /* digits of a keypad entry that the line carries */

#define LP_BOX_ID_BYTES 16
#define LP_SECRET_BYTES 32
#define LP_NONCE_BYTES 16
#define LP_GRANT_BYTES 16

/* ---- Room in memory: yours to change, upwards at least. */
#define LP_ZONES 4          /* zone tables, the one in force included; at least 4 */
#define LP_GRANTS_HEARD 128 /* connect.revoke.bound: at least 128 */
#ifndef LP_LOG_ENTRIES
#define LP_LOG_ENTRIES 256 /* box.log: at least 64 recommended; the kit hands an authority logs of up to 194 */
#endif
/* Pairs of a zone table: no more fit the body of a 256-byte frame. 56 bytes of it are neither pairs nor expiry; of
 * pairs of 3 bytes, with an instant of 1 byte, there are at most 48, and the others have 4 at least. */
#define LP_PAIRS 57
LP_HOLDS(LP_LOG_ENTRIES >= 1, log_entries);
LP_HOLDS(LP_ZONES >= 4 && LP_GRANTS_HEARD >= 128 && LP_PAIRS >= 1 && LP_PAIRS <= 255, room);

/* First uses to remember. A table's days of which an hour's uses may still run are at most 4: local dates lie within a
 * day of UTC's, and an hour and two days hold no more than 4 dates. So this is never full (box.first-use.durable). */
#define LP_DAYS_IN_AN_HOUR 4
#define LP_FIRST_USES (LP_ZONES * LP_DAYS_IN_AN_HOUR * LP_CODE_INDICES)

/* ---- The store: a commit is written to a journal first. The largest is that of provision, with one zone table. */
#define LP_COMMIT_RANGES 16
#define LP_JOURNAL_BYTES 1280
#define LP_STORE_LAYOUT 1 /* changes with whatever changes the layout of struct lp_state */

#endif
