/* Zone tables such as provision takes them, as the input has it. */
#ifndef ZONE_H
#define ZONE_H

#include "days.h"
#include "fuzz.h"
#include "numbers.h"

/* Pairs that rise, from a first instant on, and an expiry behind them. */
static inline struct lp_zone next_zone(struct input *input, int64_t first, unsigned most)
{
    struct lp_zone zone = {.pairs = 0};
    const unsigned pairs = 1 + next_byte(input) % most;
    int64_t utc = first < INT64_MAX ? first : INT64_MAX - 1; /* there is an expiry behind it */
    for (unsigned i = 0; i < pairs; i++) {
        const int64_t step = 1 + (int64_t)next_number(input, 3);
        const int32_t offset = (int32_t)next_number(input, 3);
        const int32_t rest = (int32_t)(utc % LP_SECONDS_OF_DAY);
        const int32_t of_day = rest < 0 ? rest + LP_SECONDS_OF_DAY : rest;
        zone.utc[i] = utc;
        zone.offset[i] = offset >> 23 ? -of_day /* begins at a local midnight */
                                      : offset % (2 * LP_SECONDS_OF_DAY - 1) - (LP_SECONDS_OF_DAY - 1);
        zone.pairs++;
        if (lp_plus(utc, step) >= INT64_MAX - 1) {
            break;
        }
        utc = lp_plus(utc, step);
    }
    zone.expiry = lp_plus(zone.utc[zone.pairs - 1], 1 + (int64_t)next_number(input, 3));
    return zone;
}

#endif
