/* Days of a zone table (PROTOCOL.md, Days; time.day): two instants, never a date. */
#ifndef LP_DAYS_H
#define LP_DAYS_H

#include "limits.h"

#include <stdbool.h>
#include <stdint.h>

/* A zone table: each offset is in force from its instant to the next one's; the table says nothing at or after
 * `expiry`. */
struct lp_zone {
    int64_t utc[LP_PAIRS];
    int64_t expiry;
    int32_t offset[LP_PAIRS]; /* seconds east of UTC, less than a day */
    uint8_t pairs;
};

struct lp_day {
    int64_t start;
    int64_t end;
};

/* The number of a UTC date, counted from 1970-01-01. Local dates have the same numbers, and differ by one at most. */
int64_t lp_date(int64_t instant);

/* The day of a local date; false where the table leaves one of its bounds open, or the date has no day. */
bool lp_day_of(const struct lp_zone *zone, int64_t date, struct lp_day *day);

/* The day that holds an instant; false where the table can't tell it. */
bool lp_day_at(const struct lp_zone *zone, int64_t instant, struct lp_day *day);

#endif
