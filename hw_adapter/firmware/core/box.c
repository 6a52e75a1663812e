#include "box.h"

#include "faulty.h"
#include "keys.h"
#include "log.h"
#include "nonce.h"
#include "numbers.h"
#include "zones.h"

#include <string.h>

bool lp_ready(struct lp_now now)
{
    return lp_state.time_known && now.clock >= lp_state.mark;
}

static void time_is_unknown(void)
{
    lp_state.time_known = false;
    LP_CHANGED(time_known);
}

/* box.clock.never-back: a clock found below the mark makes the time unknown, until a time order is taken. */
bool lp_ready_found(struct lp_now now)
{
    if (lp_state.time_known && !lp_ready(now)) {
        time_is_unknown();
        lp_commit();
    }
    return lp_ready(now);
}

struct lp_decision lp_decided(enum lp_reason reason, struct lp_now now)
{
    return (struct lp_decision){reason, lp_ready(now), now.clock};
}

void lp_mark(int64_t instant)
{
    lp_state.mark = instant;
    if (!LP_FAULTY(mark_in_ram)) {
        LP_CHANGED(mark);
    }
}

void lp_box_boot(void)
{
    lp_state_load();
    const bool counted_on = lp_clock_boot();
    if (lp_state.time_known && (!counted_on || !lp_ready(lp_clock_read()))) {
        time_is_unknown();
        lp_commit();
    }
    lp_clock_booted();
    lp_nonce_forget();
    lp_log_boot();
    lp_keys_make();
}

/* Nothing known, an empty log with a new epoch, and the time unknown. First uses end with their epoch. */
static void begin_anew(void)
{
    lp_nonce_forget();
    lp_log_begin();
    time_is_unknown();
    lp_mark(0);
    if (!LP_FAULTY(memory_not_cleared)) {
        lp_state.arrival = 0;
        lp_state.grants_heard = 0;
    }
    LP_CHANGED(arrival);
    LP_CHANGED(grants_heard);
}

static bool is_this_box(const uint8_t *box_id, const uint8_t *secret)
{
    const bool same =
        memcmp(box_id, lp_state.box_id, LP_BOX_ID_BYTES) == 0 && memcmp(secret, lp_state.secret, LP_SECRET_BYTES) == 0;
    return lp_state.provisioned && same;
}

static bool change_zone(const struct lp_zone *zone)
{
    const struct lp_now now = lp_clock_read();
    const int64_t sure = lp_ready(now) ? now.clock : lp_state.mark;
    return lp_zone_replace(zone, lp_later_of(now.clock, lp_state.mark), sure);
}

static void put_identity(bool provisioned, const uint8_t *box_id, const uint8_t *secret)
{
    lp_state.provisioned = provisioned;
    memcpy(lp_state.box_id, box_id, LP_BOX_ID_BYTES);
    memcpy(lp_state.secret, secret, LP_SECRET_BYTES);
    LP_CHANGED(provisioned);
    LP_CHANGED(box_id);
    LP_CHANGED(secret);
}

bool lp_provision(const uint8_t *box_id, const uint8_t *secret, const struct lp_zone *zone)
{
    if (is_this_box(box_id, secret)) {
        if (!change_zone(zone)) {
            return false;
        }
        if (lp_anything_changed()) {
            lp_commit();
        }
        return true;
    }
    begin_anew();
    put_identity(true, box_id, secret);
    lp_zone_first(zone);
    lp_commit();
    lp_keys_make();
    return true;
}

void lp_factory_reset(void)
{
    static const uint8_t NONE[LP_SECRET_BYTES] = {0};
    lp_arm(0, NULL); /* before anything is written */
    begin_anew();
    put_identity(false, NONE, NONE);
    lp_zones_none();
    lp_commit();
    lp_keys_make();
}
