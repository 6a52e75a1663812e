/* The zone tables that a box keeps (PROTOCOL.md, Zone tables). */
#ifndef LP_ZONES_H
#define LP_ZONES_H

#include "days.h"

#include <stdbool.h>
#include <stdint.h>

/* The day of a local date in a table, if its codes are good or once were; false where there is no such table or day. An
 * old table that is over counts for dead indices still, until its room is needed: what expired under it must not open
 * again under the one in force. */
bool lp_zone_day(unsigned table, int64_t date, struct lp_day *day);

/* Puts a table in force in place of the one that was, which is kept until the last day it can have served is over.
 * `now` is the later of clock and mark, and `sure` the mark, or the clock where it is known. Changes lp_state, and
 * leaves the commit to the caller. False, and nothing changed, where there is no room. */
bool lp_zone_replace(const struct lp_zone *zone, int64_t now, int64_t sure);

/* The first table of a new box; the others are given up. */
void lp_zone_first(const struct lp_zone *zone);
void lp_zones_none(void);

#endif
