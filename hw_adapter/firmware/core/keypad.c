#include "keypad.h"

#include "board.h"
#include "codes.h"
#include "faulty.h"
#include "log.h"
#include "numbers.h"

static int64_t refill(void)
{
    return LP_FAULTY(refill_in_a_byte) ? (uint8_t)(LP_KEYPAD_REFILL & 0xff) : LP_KEYPAD_REFILL;
}

/* box.wrong-entry.bound, by a generic cell rate algorithm: the arrival of the next entry is late by what was charged
 * and has not been refilled. */
static bool keypad_enabled(int64_t now)
{
    return lp_state.arrival <= lp_plus(now, (int64_t)(LP_KEYPAD_BURST - 1) * refill());
}

static void put_arrival(int64_t arrival)
{
    lp_state.arrival = arrival;
    LP_CHANGED(arrival);
}

/* An entry is charged durably before it is compared. */
static void charge(int64_t now)
{
    put_arrival(lp_plus(lp_later_of(lp_state.arrival, now), refill()));
    lp_mark(now);
    if (!LP_FAULTY(charge_after_compare)) {
        lp_commit();
    }
}

/* And refunded in the commit that accepts it. */
static void refund(void)
{
    put_arrival(lp_plus(lp_state.arrival, -refill()));
}

/* code.day: at any instant of its day, and at no other. */
static bool within_day(const struct lp_code *code, int64_t now)
{
    return code->day_start <= now && now < code->day_end;
}

static uint64_t hour_ends; /* by the timer; of a faulty box */

/* code.expiry.after-first-use: the hour from first use, half-open. */
static bool within_hour(int64_t first_use, int64_t now)
{
    if (LP_FAULTY(hour_closed)) {
        return now <= lp_plus(first_use, LP_CODE_LIFE);
    }
    if (LP_FAULTY(hour_to_the_minute)) {
        return now / 60 < first_use / 60 + LP_CODE_LIFE / 60;
    }
    if (LP_FAULTY(hour_by_uptime)) {
        return hour_ends == 0 || lp_clock_read().timer < hour_ends;
    }
    return now < lp_plus(first_use, LP_CODE_LIFE);
}

/* The reasons in their order, for a live code whose service holds now. */
static enum lp_reason judged(const struct lp_code *code, int64_t now)
{
    int64_t first_use;
    if (!lp_code_used(code, &first_use)) {
        return within_day(code, now) ? LP_ACCEPTED : LP_NOT_ITS_DAY;
    }
    if (LP_CODE_ENDS_WITH_ITS_DAY && !within_day(code, now)) {
        return LP_NOT_ITS_DAY;
    }
    return within_hour(first_use, now) ? LP_ACCEPTED : LP_HOUR_OVER;
}

/* code.expiry.not-extended: only the first use is remembered. */
static enum lp_reason remembered(const struct lp_code *code, int64_t now)
{
    int64_t first_use;
    if (lp_code_used(code, &first_use) || lp_code_use(code, now)) {
        if (LP_FAULTY(hour_by_uptime) && hour_ends == 0) {
            hour_ends = lp_clock_read().timer + LP_CODE_LIFE;
        }
        return LP_ACCEPTED;
    }
    return LP_NO_SUCH_CODE; /* no room, which LP_FIRST_USES rules out: what can't be remembered does not open */
}

/* What the digits deserve, and the entry of the log that says whose they are. */
static enum lp_reason examined(const uint8_t *digits, size_t size, int64_t now, struct lp_entry *entry)
{
    lp_entry_begin(entry, LP_CODE_ENTRY, now);
    if (!lp_code_find(digits, size, now, &entry->code)) {
        return LP_NO_SUCH_CODE;
    }
    entry->credential = LP_CODE_CREDENTIAL;
    const enum lp_reason reason = judged(&entry->code, now);
    return reason == LP_ACCEPTED ? remembered(&entry->code, now) : reason;
}

struct lp_decision lp_keypad_entry(const uint8_t *digits, size_t size, struct lp_now now)
{
    const enum lp_reason stopped = !lp_ready_found(now)         ? LP_NOT_READY
                                   : !keypad_enabled(now.clock) ? LP_KEYPAD_DISABLED
                                                                : LP_ACCEPTED;
    if (stopped != LP_ACCEPTED) {
        lp_log_refused((uint8_t)stopped, now);
        return lp_decided(stopped, now);
    }
    charge(now.clock);
    struct lp_entry entry;
    const enum lp_reason reason = examined(digits, size, now.clock, &entry);
    entry.reason = (uint8_t)reason;
    if (reason == LP_ACCEPTED) {
        refund();
    }
    lp_log_decided(&entry, now);
    lp_commit();
    if (reason == LP_ACCEPTED) {
        board_tray_open();
    }
    return lp_decided(reason, now);
}
