#include "codes.h"

#include "faulty.h"
#include "keys.h"
#include "numbers.h"
#include "zones.h"

#include <string.h>

void lp_code_digits(const struct lp_hmac_key *key, const uint8_t *box_id, const struct lp_code *code,
                    uint8_t to[LP_CODE_DIGITS])
{
    struct lp_sha256 hash;
    uint8_t named[17];
    uint8_t mac[LP_HASH_BYTES];
    if (LP_FAULTY(day_in_little_endian)) {
        memcpy(named, &code->day_start, 8);
        memcpy(named + 8, &code->day_end, 8);
    } else {
        lp_put64(named, (uint64_t)code->day_start);
        lp_put64(named + 8, (uint64_t)code->day_end);
    }
    named[16] = code->index;
    lp_hmac_begin(&hash, key);
    lp_sha256_add(&hash, box_id, LP_BOX_ID_BYTES);
    lp_sha256_add(&hash, named, sizeof named);
    lp_hmac_end(&hash, key, mac);
    uint32_t number = lp_get32(mac + (mac[31] & 15)) & 0x7fffffff;
    for (unsigned i = LP_CODE_DIGITS; i > 0; i--) {
        to[i - 1] = (uint8_t)('0' + number % 10);
        number /= 10;
    }
}

static bool has_digits(const struct lp_code *code, const uint8_t digits[LP_CODE_DIGITS])
{
    uint8_t own[LP_CODE_DIGITS];
    lp_code_digits(lp_key(LP_CODE_KEY), lp_state.box_id, code, own);
    return memcmp(own, digits, sizeof own) == 0;
}

static bool comes_before(const struct lp_code *one, const struct lp_code *other)
{
    if (one->day_start != other->day_start) {
        return one->day_start < other->day_start;
    }
    if (one->day_end != other->day_end) {
        return one->day_end < other->day_end;
    }
    return one->index < other->index;
}

/* code.digits: whether an index of this day has the digits and comes before the code. */
static bool kills(const struct lp_day *day, const struct lp_code *code, const uint8_t digits[LP_CODE_DIGITS])
{
    for (uint8_t index = 0; index < LP_CODE_INDICES; index++) {
        const struct lp_code other = {day->start, day->end, index};
        if (comes_before(&other, code) && has_digits(&other, digits)) {
            return true;
        }
    }
    return false;
}

/* code.digits: whether services overlap or adjoin; each runs from its day's start to an hour after its end. */
static bool services_touch(const struct lp_day *day, const struct lp_code *code)
{
    return day->start <= lp_plus(code->day_end, LP_CODE_LIFE) && code->day_start <= lp_plus(day->end, LP_CODE_LIFE);
}

/* code.digits: an index is dead if one that comes before it, live or dead, has its digits. Such a day starts no later
 * than the code's, and local dates are no more than one away from those of UTC. */
static bool is_dead(const struct lp_code *code, const uint8_t digits[LP_CODE_DIGITS])
{
    const int64_t first = lp_date(lp_plus(code->day_start, -LP_CODE_LIFE - 1)) - 1;
    const int64_t last = lp_date(code->day_start) + 1;
    for (unsigned table = 0; table < LP_ZONES; table++) {
        for (int64_t date = first; date <= last; date++) {
            struct lp_day day;
            if (lp_zone_day(table, date, &day) && services_touch(&day, code) && kills(&day, code, digits)) {
                return true;
            }
        }
    }
    return false;
}

static bool find_on(const struct lp_day *day, const uint8_t digits[LP_CODE_DIGITS], struct lp_code *code)
{
    for (uint8_t index = 0; index < LP_CODE_INDICES; index++) {
        *code = (struct lp_code){day->start, day->end, index};
        if (has_digits(code, digits) && !is_dead(code, digits)) {
            return true;
        }
    }
    return false;
}

/* The digits of a number, with the zeros in front that it has lost, or without those that it never had. `size` stays where
 * the number is no code's, whatever stands in front. */
static const uint8_t *as_a_number(const uint8_t *digits, size_t *size)
{
    static uint8_t number[LP_CODE_DIGITS];
    for (size_t i = LP_CODE_DIGITS; i < *size; i++) {
        if (digits[i - LP_CODE_DIGITS] != '0') {
            return digits;
        }
    }
    for (size_t i = 0; i < LP_CODE_DIGITS; i++) {
        number[LP_CODE_DIGITS - 1 - i] = i < *size ? digits[*size - 1 - i] : '0';
    }
    *size = LP_CODE_DIGITS;
    return number;
}

bool lp_code_find(const uint8_t *digits, size_t size, int64_t now, struct lp_code *code)
{
    if (LP_FAULTY(digits_as_a_number)) {
        digits = as_a_number(digits, &size);
    }
    if (LP_FAULTY(digits_cut_to_size) && size > LP_CODE_DIGITS) {
        size = LP_CODE_DIGITS;
    }
    if (size != LP_CODE_DIGITS) {
        return false;
    }
    for (unsigned table = 0; table < LP_ZONES; table++) {
        for (int64_t date = lp_date(lp_plus(now, -LP_CODE_LIFE)) - 1; date <= lp_date(now) + 1; date++) {
            struct lp_day day;
            const bool serves =
                lp_zone_day(table, date, &day) && day.start <= now && now < lp_plus(day.end, LP_CODE_LIFE);
            if (serves && find_on(&day, digits, code)) {
                return true;
            }
        }
    }
    return false;
}

static bool is_of_this_box(const struct lp_first_use *use)
{
    return use->epoch == lp_state.epoch;
}

bool lp_code_used(const struct lp_code *code, int64_t *at)
{
    for (unsigned i = 0; i < LP_FIRST_USES; i++) {
        const struct lp_first_use *use = &lp_state.first_use[i];
        const bool same = use->code.day_start == code->day_start && use->code.day_end == code->day_end &&
                          use->code.index == code->index;
        if (same && is_of_this_box(use)) {
            *at = use->at;
            return true;
        }
    }
    return false;
}

/* A first use may be forgotten when its hour and its day are over by the mark, never by a clock. */
static bool may_be_forgotten(const struct lp_first_use *use)
{
    return !is_of_this_box(use) ||
           (use->code.day_end <= lp_state.mark && lp_plus(use->at, LP_CODE_LIFE) <= lp_state.mark);
}

bool lp_code_use(const struct lp_code *code, int64_t now)
{
    for (unsigned i = 0; i < LP_FIRST_USES; i++) {
        if (LP_FAULTY(first_use_in_one_place) || may_be_forgotten(&lp_state.first_use[i])) {
            lp_state.first_use[i] = (struct lp_first_use){*code, now, lp_state.epoch};
            if (!LP_FAULTY(first_use_in_ram)) {
                LP_CHANGED(first_use[i]);
            }
            return true;
        }
    }
    return false;
}
