/* What the box keeps over every power cut (PROTOCOL.md, What is durable). */
#ifndef LP_STATE_H
#define LP_STATE_H

#include "days.h"
#include "limits.h"

#include <stdbool.h>
#include <stdint.h>

/* An index of a day, named by the day's two instants (time.day). */
struct lp_code {
    int64_t day_start;
    int64_t day_end;
    uint8_t index;
};

/* Of the box that the epoch names: a new box, with another epoch, has no first uses. */
struct lp_first_use {
    struct lp_code code;
    int64_t at;
    uint32_t epoch;
};

enum lp_entry_kind { LP_CODE_ENTRY = 1, LP_CONNECT_ENTRY = 2, LP_REFUSALS_ENTRY = 3 };
enum lp_credential { LP_NO_CREDENTIAL, LP_CODE_CREDENTIAL, LP_GRANT_CREDENTIAL };

/* A log entry. Its number is its place in the log. */
struct lp_entry {
    int64_t instant; /* none for LP_NOT_READY refusals */
    struct lp_code code;
    uint8_t grant[LP_GRANT_BYTES];
    uint32_t count;
    uint8_t kind;
    uint8_t credential; /* which of code and grant it is */
    uint8_t reason;     /* 0 where it was accepted */
};

enum lp_zone_use { LP_ZONE_FREE, LP_ZONE_IN_FORCE, LP_ZONE_OLD };

struct lp_state {
    uint32_t writes; /* commits since the box was made */
    uint32_t epoch;  /* of the log; counts new boxes and resets */
    uint8_t provisioned;
    uint8_t time_known;
    uint8_t box_id[LP_BOX_ID_BYTES];
    uint8_t secret[LP_SECRET_BYTES];
    int64_t clock_ahead; /* box time less the board's clock */
    int64_t mark;        /* box.clock.never-back: the instant of the last decision */
    int64_t arrival;     /* box.wrong-entry.bound */
    uint8_t zone_use[LP_ZONES];
    int64_t zone_over[LP_ZONES]; /* when an old table is over */
    struct lp_zone zone[LP_ZONES];
    struct lp_first_use first_use[LP_FIRST_USES];
    uint32_t grants_heard; /* how many, ever; the last of them are kept */
    uint8_t grant_heard[LP_GRANTS_HEARD][LP_GRANT_BYTES];
    uint32_t log_next; /* number of the next entry */
    struct lp_entry log[LP_LOG_ENTRIES];
};

/* The durable state. Whoever changes a field says so with LP_CHANGED, and ends with lp_commit. */
extern struct lp_state lp_state;

/* Names bytes of lp_state that were changed, for the next commit. */
void lp_changed(const void *what, uint32_t size);
#define LP_CHANGED(field) lp_changed(&(lp_state.field), (uint32_t)sizeof(lp_state.field))

/* Whether bytes were named since the last commit. */
bool lp_anything_changed(void);

/* Makes all that was named durable, whole or not at all, as one of the writes that hello counts; never returns where an
 * armed power cut strikes. */
void lp_commit(void);

/* Reads the state as the last whole commit left it, or makes that of a new board. */
void lp_state_load(void);

/* Power cuts of class 2: as the nth commit from now begins (0: never), `strike` is called, which must not return. */
void lp_arm(uint32_t nth, void (*strike)(void));

#endif
