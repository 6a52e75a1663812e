/* The box: whether it knows the time, what a decision is, and what makes it a new box. */
#ifndef LP_BOX_H
#define LP_BOX_H

#include "clock.h"
#include "state.h"

#include <stdbool.h>
#include <stdint.h>

/* PROTOCOL.md, Reasons; 0 is none. */
enum lp_reason {
    LP_ACCEPTED = 0,
    LP_NO_SUCH_CODE = 1,    /* code.digits */
    LP_NOT_ITS_DAY = 2,     /* code.day */
    LP_HOUR_OVER = 3,       /* code.expiry.after-first-use */
    LP_OUTSIDE_WINDOW = 4,  /* connect.window.bounds */
    LP_NOT_THE_NONCE = 5,   /* connect.ticket */
    LP_REVOKED = 6,         /* connect.revoke.bound */
    LP_NOT_AUTHENTIC = 7,   /* box.authentic */
    LP_NOT_READY = 8,       /* box.ready */
    LP_KEYPAD_DISABLED = 9, /* box.wrong-entry.bound */
    LP_CLOCK_BACK = 10      /* box.clock.never-back */
};

struct lp_decision {
    enum lp_reason reason;
    bool time_known;
    int64_t time;
};

/* Finds the box as the last power cut left it. */
void lp_box_boot(void);

/* box.ready: whether the box is certain of the time. */
bool lp_ready(struct lp_now now);
/* The same at a presentation, where a clock below the mark is found, which is committed. */
bool lp_ready_found(struct lp_now now);

/* A decision made at `now`. */
struct lp_decision lp_decided(enum lp_reason reason, struct lp_now now);
/* box.clock.never-back: sets the mark, for the commit of a decision. */
void lp_mark(int64_t instant);

/* Identity, secret and zone: a new box, or another zone for the same one. False, and nothing changed, where there is no
 * room for the zone. */
bool lp_provision(const uint8_t *box_id, const uint8_t *secret, const struct lp_zone *zone);
/* The box as it left the factory. */
void lp_factory_reset(void);

#endif
