/* Clock and timer, and what the test commands do to them (PROTOCOL.md, Commands). */
#ifndef LP_CLOCK_H
#define LP_CLOCK_H

#include "limits.h"

#include <stdbool.h>
#include <stdint.h>

/* Clock and timer as they were read, once for each command (time.box-time). */
struct lp_now {
    int64_t clock;
    uint64_t timer; /* whole seconds since power-up */
};

/* Takes up the clock after a boot. Whether it counted on through the time without power: false where its battery ran
 * out, a build that can hold it left it held to one that cannot, or the power cut that the bench asked for was longer
 * than the holdover. */
bool lp_clock_boot(void);
/* To be called when the boot has committed what lp_clock_boot said. Draws the session, too. */
void lp_clock_booted(void);

struct lp_now lp_clock_read(void);
uint32_t lp_session(void);

/* What must be added to the board's clock for it to show `instant`; kept in lp_state.clock_ahead by the commit that
 * takes a time order. */
int64_t lp_clock_ahead_for(int64_t instant);

bool lp_clock_held(void);
void lp_clock_hold(bool held);
void lp_clock_advance(uint32_t seconds);
void lp_clock_disturb(uint32_t seconds);

/* Boots anew; the clock then shows so many seconds more. */
LP_NORETURN void lp_power_off(uint32_t off_for);

#endif
