#include "days.h"

#include "faulty.h"
#include "numbers.h"

/* Dates beyond these have no bounds that can be computed; a table that ends in time does not reach them. */
#define LAST_DATE (INT64_MAX / LP_SECONDS_OF_DAY - 2)

int64_t lp_date(int64_t instant)
{
    const int64_t rest = instant % LP_SECONDS_OF_DAY;
    return instant / LP_SECONDS_OF_DAY - (rest < 0 ? 1 : 0);
}

static int64_t offset_of(const struct lp_zone *zone, unsigned pair)
{
    if (LP_FAULTY(day_in_utc)) {
        return 0;
    }
    if (LP_FAULTY(offset_in_16_bits)) {
        return (int16_t)(uint16_t)zone->offset[pair];
    }
    return LP_FAULTY(offset_unsigned) ? (int64_t)(uint16_t)zone->offset[pair] : zone->offset[pair];
}

/* time.day: where the date that begins at this local midnight starts: the first instant from which on no earlier date
 * comes again. */
static bool start_of(const struct lp_zone *zone, int64_t midnight, int64_t *start)
{
    bool known = false;
    for (unsigned i = LP_FAULTY(zone_change_late) ? zone->pairs - 1U : 0; i < zone->pairs; i++) {
        if (lp_plus(zone->utc[i], offset_of(zone, i)) >= midnight) {
            continue; /* all of this stretch is on this date or later ones */
        }
        int64_t last = midnight - offset_of(zone, i);
        if (i + 1U < zone->pairs && zone->utc[i + 1] < last) {
            last = zone->utc[i + 1];
        }
        *start = known ? lp_later_of(*start, last) : last;
        known = true;
    }
    return known;
}

bool lp_day_of(const struct lp_zone *zone, int64_t date, struct lp_day *day)
{
    if (date > LAST_DATE || date < -LAST_DATE) {
        return false;
    }
    const int64_t next_midnight = (date + 1) * LP_SECONDS_OF_DAY;
    if (zone->expiry < next_midnight + LP_SECONDS_OF_DAY) {
        return false; /* until then a clock might be put back over this midnight */
    }
    return start_of(zone, date * LP_SECONDS_OF_DAY, &day->start) && start_of(zone, next_midnight, &day->end) &&
           day->start < day->end;
}

bool lp_day_at(const struct lp_zone *zone, int64_t instant, struct lp_day *day)
{
    for (int64_t date = lp_date(instant) - 1; date <= lp_date(instant) + 1; date++) {
        if (lp_day_of(zone, date, day) && day->start <= instant && instant < day->end) {
            return true;
        }
    }
    return false;
}
