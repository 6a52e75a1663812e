#include "zones.h"

#include "numbers.h"
#include "state.h"

bool lp_zone_day(unsigned table, int64_t date, struct lp_day *day)
{
    if (lp_state.zone_use[table] == LP_ZONE_FREE || !lp_day_of(&lp_state.zone[table], date, day)) {
        return false;
    }
    return lp_state.zone_use[table] == LP_ZONE_IN_FORCE || lp_plus(day->end, LP_CODE_LIFE) <= lp_state.zone_over[table];
}

static bool same_zone(const struct lp_zone *one, const struct lp_zone *other)
{
    bool same = one->pairs == other->pairs && one->expiry == other->expiry;
    for (unsigned i = 0; same && i < one->pairs; i++) {
        same = one->utc[i] == other->utc[i] && one->offset[i] == other->offset[i];
    }
    return same;
}

/* When a table that is replaced now is over: behind the last day for which a code can have been issued, and its hour.
 */
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

/* The first table of that use, LP_ZONES if there is none. */
static unsigned find(enum lp_zone_use use)
{
    unsigned table = 0;
    while (table < LP_ZONES && lp_state.zone_use[table] != use) {
        table++;
    }
    return table;
}

/* Room for a table: a free one, or else the old one that was over first; LP_ZONES if none is over. */
static unsigned room_at(int64_t sure)
{
    unsigned room = find(LP_ZONE_FREE);
    if (room < LP_ZONES) {
        return room;
    }
    for (unsigned table = 0; table < LP_ZONES; table++) {
        const bool over = lp_state.zone_use[table] == LP_ZONE_OLD && lp_state.zone_over[table] <= sure;
        if (over && (room >= LP_ZONES || lp_state.zone_over[table] < lp_state.zone_over[room])) {
            room = table;
        }
    }
    return room;
}

bool lp_zone_replace(const struct lp_zone *zone, int64_t now, int64_t sure)
{
    const unsigned in_force = find(LP_ZONE_IN_FORCE);
    if (in_force < LP_ZONES && same_zone(&lp_state.zone[in_force], zone)) {
        return true;
    }
    const unsigned room = room_at(sure);
    if (room >= LP_ZONES || in_force >= LP_ZONES) {
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
