#include "zones.h"

#include "numbers.h"
#include "state.h"

bool lp_zone_day(unsigned table, int64_t date, int64_t now, struct lp_day *day)
{
    if (lp_state.zone_use[table] == LP_ZONE_FREE || !lp_day_of(&lp_state.zone[table], date, day)) {
        return false;
    }
    if (lp_state.zone_use[table] == LP_ZONE_IN_FORCE) {
        return true;
    }
    const int64_t over = lp_state.zone_over[table];
    return now < over && lp_plus(day->end, LP_CODE_LIFE) <= over;
}

static bool same_zone(const struct lp_zone *one, const struct lp_zone *other)
{
    bool same = one->pairs == other->pairs && one->expiry == other->expiry;
    for (unsigned i = 0; same && i < one->pairs; i++) {
        same = one->utc[i] == other->utc[i] && one->offset[i] == other->offset[i];
    }
    return same;
}

/* When a table that is replaced now is over: behind the last day for which a code can have been issued, and its hour. */
static int64_t over_of(const struct lp_zone *zone, int64_t now)
{
    int64_t reached = now;
    for (int days = 0; days <= LP_DAYS_AHEAD; days++) {
        struct lp_day day;
        reached = lp_day_at(zone, reached, &day) ? day.end : lp_plus(reached, LP_SECONDS_OF_DAY);
    }
    return lp_plus(reached, LP_CODE_LIFE);
}

static void put_in_force(unsigned table, const struct lp_zone *zone)
{
    lp_state.zone[table] = *zone;
    lp_state.zone_use[table] = LP_ZONE_IN_FORCE;
    LP_CHANGED(zone[table]);
    LP_CHANGED(zone_use);
    LP_CHANGED(zone_over);
}

bool lp_zone_replace(const struct lp_zone *zone, int64_t now, int64_t sure)
{
    unsigned room = LP_ZONES;
    unsigned in_force = LP_ZONES;
    for (unsigned i = 0; i < LP_ZONES; i++) {
        const uint8_t use = lp_state.zone_use[i];
        if (use == LP_ZONE_IN_FORCE) {
            in_force = i;
        } else if (use == LP_ZONE_FREE || lp_state.zone_over[i] <= sure) {
            room = i;
        }
    }
    if (in_force < LP_ZONES && same_zone(&lp_state.zone[in_force], zone)) {
        return true;
    }
    if (room == LP_ZONES || in_force == LP_ZONES) {
        return false;
    }
    lp_state.zone_over[in_force] = over_of(&lp_state.zone[in_force], now);
    lp_state.zone_use[in_force] = LP_ZONE_OLD;
    put_in_force(room, zone);
    return true;
}

void lp_zone_first(const struct lp_zone *zone)
{
    lp_zones_none();
    put_in_force(0, zone);
}

void lp_zones_none(void)
{
    lp_clear(lp_state.zone_use, sizeof lp_state.zone_use);
    LP_CHANGED(zone_use);
}
