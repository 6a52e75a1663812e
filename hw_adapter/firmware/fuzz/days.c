/* Days of any zone table, against what a day is (time.day; PROTOCOL.md, Days): from the first instant from which on no
 * earlier date comes again, to that of the next date. */
#include "days.h"

#include "fuzz.h"
#include "zone.h"

#define DATES_TRIED 3

__extension__ typedef __int128 wide;

static wide local_at(const struct lp_zone *zone, int64_t instant)
{
    unsigned i = 0;
    while (i + 1U < zone->pairs && zone->utc[i + 1] <= instant) {
        i++;
    }
    return (wide)instant + zone->offset[i];
}

/* Just before it local time is on an earlier date; from it on never. */
static bool starts_at(const struct lp_zone *zone, int64_t instant, int64_t date)
{
    const wide midnight = (wide)date * LP_SECONDS_OF_DAY;
    if (instant <= zone->utc[0] || local_at(zone, instant - 1) >= midnight || local_at(zone, instant) < midnight) {
        return false;
    }
    for (unsigned i = 0; i < zone->pairs; i++) {
        if (zone->utc[i] > instant && local_at(zone, zone->utc[i]) < midnight) {
            return false;
        }
    }
    return true;
}

static void is_found_at(const struct lp_zone *zone, const struct lp_day *day, int64_t instant)
{
    struct lp_day found;
    HOLDS(lp_day_at(zone, instant, &found) && found.start == day->start && found.end == day->end);
}

static void on(const struct lp_zone *zone, int64_t date)
{
    struct lp_day day, next;
    if (!lp_day_of(zone, date, &day)) {
        return;
    }
    HOLDS(day.start < day.end && day.end <= zone->expiry);
    HOLDS(starts_at(zone, day.start, date) && starts_at(zone, day.end, date + 1));
    is_found_at(zone, &day, day.start);
    is_found_at(zone, &day, day.start + (day.end - day.start) / 2);
    is_found_at(zone, &day, day.end - 1);
    if (lp_day_of(zone, date + 1, &next)) {
        HOLDS(next.start == day.end);
    }
}

static void at(const struct lp_zone *zone, int64_t instant)
{
    struct lp_day day;
    if (lp_day_at(zone, instant, &day)) {
        HOLDS(day.start <= instant && instant < day.end);
    }
    const int64_t date = lp_date(instant);
    HOLDS((wide)date * LP_SECONDS_OF_DAY <= instant && instant < ((wide)date + 1) * LP_SECONDS_OF_DAY);
    for (int64_t near = -DATES_TRIED; near <= DATES_TRIED; near++) {
        on(zone, date + near);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct input input = {data, size};
    const uint8_t size_of_first = next_byte(&input) % 9;
    int64_t first = (int64_t)next_number(&input, size_of_first);
    if (size_of_first < 8 && next_byte(&input) % 2) {
        first = -first;
    }
    const struct lp_zone zone = next_zone(&input, first, LP_PAIRS);
    at(&zone, zone.utc[next_byte(&input) % zone.pairs]);
    at(&zone, zone.expiry);
    at(&zone, lp_plus(zone.expiry, -2 * LP_SECONDS_OF_DAY));
    at(&zone, (int64_t)next_number(&input, 8));
    return 0;
}
