#include "commands.h"

#include "board.h"
#include "box.h"
#include "frame.h"
#include "keypad.h"
#include "log.h"
#include "nonce.h"
#include "numbers.h"
#include "tickets.h"

#include <string.h>

enum status { OK, NOT_RUN, UNKNOWN_COMMAND, BAD_ARGUMENTS, UNSUPPORTED, REFUSED, NOT_PROVISIONED };

/* What carries out a test command: nothing in a production build. */
#define FOR_TESTS(handler) (LP_PRODUCTION ? NULL : (handler))

/* A command that is being carried out. A handler reads its arguments, and writes its result if its status is OK; with
 * any other it has changed and written nothing. */
struct call {
    struct lp_reader arguments;
    struct lp_writer *reply;
    struct lp_now now; /* read once, for the whole command */
    bool alone;
    bool last;
    struct lp_afterwards *afterwards;
};

/* ---- Answers. */

static void write_instant(struct lp_writer *reply, bool known, int64_t instant)
{
    if (known) {
        lp_write_int(reply, instant);
    } else {
        lp_write_null(reply);
    }
}

static void write_reason(struct lp_writer *reply, uint8_t reason)
{
    if (reason == LP_ACCEPTED) {
        lp_write_null(reply);
    } else {
        lp_write_uint(reply, reason);
    }
}

static enum status answer_done(struct lp_writer *reply)
{
    lp_write_array(reply, 1);
    lp_write_uint(reply, OK);
    return OK;
}

static enum status answer_decision(struct lp_writer *reply, struct lp_decision decision)
{
    lp_write_array(reply, 4);
    lp_write_uint(reply, OK);
    lp_write_bool(reply, decision.reason == LP_ACCEPTED);
    write_reason(reply, (uint8_t)decision.reason);
    write_instant(reply, decision.time_known, decision.time);
    return OK;
}

static enum status answer_clock(struct lp_writer *reply)
{
    const struct lp_now now = lp_clock_read();
    lp_write_array(reply, 4);
    lp_write_uint(reply, OK);
    write_instant(reply, lp_ready(now), now.clock);
    lp_write_uint(reply, now.timer);
    lp_write_bool(reply, lp_clock_held());
    return OK;
}

/* ---- Hello. */

static void write_text(struct lp_writer *reply, const char *text, size_t longest)
{
    size_t size = 0;
    while (size < longest && text[size] != 0) {
        size++;
    }
    lp_write_string(reply, LP_TEXT, (const uint8_t *)text, size);
}

static void write_field(struct lp_writer *reply, uint64_t key, uint64_t value)
{
    lp_write_uint(reply, key);
    lp_write_uint(reply, value);
}

static void write_flag(struct lp_writer *reply, uint64_t key, bool value)
{
    lp_write_uint(reply, key);
    lp_write_bool(reply, value);
}

/* An array of the numbers from one up to another, inclusive; empty where that is smaller. */
static void write_up_to(struct lp_writer *reply, uint64_t key, uint64_t first, uint64_t last)
{
    lp_write_uint(reply, key);
    lp_write_array(reply, last + 1 - first);
    for (; first <= last; first++) {
        lp_write_uint(reply, first);
    }
}

static void write_names(struct lp_writer *reply)
{
    write_field(reply, 0, LP_VERSION);
    write_field(reply, 1, lp_session());
    lp_write_uint(reply, 2);
    write_text(reply, board_identity(), LP_IDENTITY_LONGEST);
    lp_write_uint(reply, 3);
    write_text(reply, LP_FIRMWARE, LP_IDENTITY_LONGEST);
}

/* What has a rung of its own is declared from that rung on: clock_modes, cut_classes, and an app beside the codes. */
static void write_abilities(struct lp_writer *reply)
{
    const uint8_t classes = LP_RUNG >= 5 ? 2 : 3; /* core, interop; below that code-only, too */
    const uint8_t first_mode = LP_RUNG >= 3 && !LP_WALL_CLOCK_ONLY ? 2 : 3; /* test-clock, wall-clock; else the latter alone */
    const uint8_t cuts = LP_RUNG >= 5 ? 2 : 0; /* reset, cut-at-nth-write */
    write_up_to(reply, 4, 1, classes);
    write_up_to(reply, 5, first_mode, 3);
    write_up_to(reply, 6, 1, cuts);
}

static void write_declarations(struct lp_writer *reply)
{
    write_abilities(reply);
    write_field(reply, 7, 1);   /* observation: self-reported */
    write_flag(reply, 8, true); /* gives_reasons */
    write_field(reply, 9, LP_CODE_DIGITS);
    write_field(reply, 10, LP_CODE_INDICES);
    write_flag(reply, 11, LP_CODE_ENDS_WITH_ITS_DAY);
    write_field(reply, 12, LP_HOLDOVER);
    write_field(reply, 13, LP_CLOCK_SKEW);
    write_field(reply, 14, LP_DRIFT_PPM);
    write_field(reply, 15, LP_LOG_ENTRIES);
    write_field(reply, 16, 1); /* log_when_full: overwrite-oldest */
}

static void write_limits(struct lp_writer *reply)
{
    write_field(reply, 17, LP_FRAME_LIMIT);
    write_field(reply, 18, LP_BATCH_LIMIT);
    write_field(reply, 19, LP_BOOT_MS);
    write_field(reply, 20, LP_RESET_MS);
    write_field(reply, 21, LP_WAKE_BYTES);
}

static enum status hello(struct call *call)
{
    if (!call->alone) {
        return BAD_ARGUMENTS;
    }
    lp_write_array(call->reply, 2);
    lp_write_uint(call->reply, OK);
    lp_write_head(call->reply, LP_MAP, 26);
    write_names(call->reply);
    write_declarations(call->reply);
    write_limits(call->reply);
    lp_write_uint(call->reply, 22);
    write_text(call->reply, board_reset_cause(), LP_CAUSE_LONGEST);
    write_field(call->reply, 23, lp_state.writes);
    write_flag(call->reply, 24, LP_PRODUCTION);
    write_flag(call->reply, 25, LP_RUNG >= 5); /* disturbs_clock */
    return OK;
}

/* ---- Reset and provision. */

static enum status reset(struct call *call)
{
    lp_factory_reset();
    return answer_done(call->reply);
}

static bool read_pair(struct lp_reader *arguments, struct lp_zone *zone)
{
    uint64_t items;
    int64_t utc, offset;
    if (!lp_read_array(arguments, &items) || items != 2 || !lp_read_int(arguments, &utc) ||
        !lp_read_int(arguments, &offset)) {
        return false;
    }
    const bool rises = zone->pairs == 0 || utc > zone->utc[zone->pairs - 1];
    if (!rises || offset <= -LP_SECONDS_OF_DAY || offset >= LP_SECONDS_OF_DAY) {
        return false;
    }
    zone->utc[zone->pairs] = utc;
    zone->offset[zone->pairs] = (int32_t)offset;
    zone->pairs++;
    return true;
}

static bool read_zone(struct lp_reader *arguments, struct lp_zone *zone)
{
    uint64_t pairs;
    lp_clear(zone, sizeof *zone);
    if (!lp_read_array(arguments, &pairs) || pairs == 0 || pairs > LP_PAIRS) {
        return false;
    }
    for (; pairs > 0; pairs--) {
        if (!read_pair(arguments, zone)) {
            return false;
        }
    }
    return lp_read_int(arguments, &zone->expiry) && zone->expiry > zone->utc[zone->pairs - 1];
}

static enum status provision(struct call *call)
{
    static struct lp_zone zone; /* too large for the stack of a small board */
    const uint8_t *box_id, *secret;
    const bool named = lp_read_bytes_of(&call->arguments, LP_BOX_ID_BYTES, &box_id) &&
                       lp_read_bytes_of(&call->arguments, LP_SECRET_BYTES, &secret);
    if (!named || !read_zone(&call->arguments, &zone) || !lp_provision(box_id, secret, &zone)) {
        return BAD_ARGUMENTS;
    }
    return answer_done(call->reply);
}

/* ---- Messages, and the keypad. */

static enum status judge_message(struct call *call, struct lp_decision (*judge)(const uint8_t *, size_t, struct lp_now))
{
    const uint8_t *message;
    size_t size;
    if (!lp_read_string(&call->arguments, LP_BYTES, &message, &size)) {
        return BAD_ARGUMENTS;
    }
    return lp_state.provisioned ? answer_decision(call->reply, judge(message, size, call->now)) : NOT_PROVISIONED;
}

static enum status time_order(struct call *call)
{
    return judge_message(call, lp_time_order);
}

static enum status revocation_order(struct call *call)
{
    return judge_message(call, lp_revocation_order);
}

static enum status present_ticket(struct call *call)
{
    return judge_message(call, lp_ticket);
}

static bool all_digits(const uint8_t *text, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        if (text[i] < '0' || text[i] > '9') {
            return false;
        }
    }
    return size >= 1 && size <= LP_ENTRY_LONGEST;
}

static enum status keypad_entry(struct call *call)
{
    const uint8_t *digits;
    size_t size;
    if (!lp_read_string(&call->arguments, LP_TEXT, &digits, &size) || !all_digits(digits, size)) {
        return BAD_ARGUMENTS;
    }
    return lp_state.provisioned ? answer_decision(call->reply, lp_keypad_entry(digits, size, call->now))
                                : NOT_PROVISIONED;
}

static enum status challenge(struct call *call)
{
    if (!lp_state.provisioned) {
        return NOT_PROVISIONED;
    }
    lp_write_array(call->reply, 2);
    lp_write_uint(call->reply, OK);
    lp_write_string(call->reply, LP_BYTES, lp_nonce_make(call->now), LP_NONCE_BYTES);
    return OK;
}

/* ---- The log. */

static void write_credential(struct lp_writer *reply, const struct lp_entry *entry)
{
    if (entry->credential == LP_CODE_CREDENTIAL) {
        lp_write_array(reply, 3);
        lp_write_int(reply, entry->code.day_start);
        lp_write_int(reply, entry->code.day_end);
        lp_write_uint(reply, entry->code.index);
    } else if (entry->credential == LP_GRANT_CREDENTIAL) {
        lp_write_string(reply, LP_BYTES, entry->grant, LP_GRANT_BYTES);
    } else {
        lp_write_null(reply);
    }
}

static void write_entry(struct lp_writer *reply, uint32_t number)
{
    const struct lp_entry *entry = lp_log_entry(number);
    lp_write_array(reply, 7);
    lp_write_uint(reply, number);
    lp_write_uint(reply, entry->kind);
    lp_write_bool(reply, entry->reason == LP_ACCEPTED);
    write_instant(reply, entry->reason != LP_NOT_READY, entry->instant);
    write_credential(reply, entry);
    write_reason(reply, entry->reason);
    lp_write_uint(reply, entry->count);
}

/* Entries from one number up to another, exclusive, as a result. */
static void write_page(struct lp_writer *reply, uint32_t from, uint32_t to)
{
    const bool more = to < lp_state.log_next;
    lp_write_array(reply, 4 + (uint64_t)(to - from));
    lp_write_uint(reply, OK);
    lp_write_uint(reply, lp_state.epoch);
    lp_write_uint(reply, more ? to : lp_state.log_next);
    lp_write_bool(reply, more);
    for (; from < to; from++) {
        write_entry(reply, from);
    }
}

static bool page_fits(const struct lp_writer *reply, uint32_t from, uint32_t to)
{
    struct lp_writer measured = {NULL, 0, reply->used};
    write_page(&measured, from, to);
    return measured.used <= reply->room;
}

static enum status read_log(struct call *call)
{
    uint64_t wanted;
    if (!call->last || !lp_read_uint(&call->arguments, INT64_MAX, &wanted)) {
        return BAD_ARGUMENTS;
    }
    if (!lp_state.provisioned) {
        return NOT_PROVISIONED;
    }
    lp_log_settle(call->now);
    const uint32_t next = lp_state.log_next;
    const uint32_t first = wanted < lp_log_oldest() ? lp_log_oldest() : wanted > next ? next : (uint32_t)wanted;
    uint32_t to = first;
    while (to < next && page_fits(call->reply, first, to + 1)) {
        to++;
    }
    write_page(call->reply, first, to);
    return OK;
}

/* ---- The clock. */

static enum status clock_read(struct call *call)
{
    return answer_clock(call->reply);
}

static enum status clock_hold(struct call *call)
{
    bool held;
    if (!lp_read_bool(&call->arguments, &held)) {
        return BAD_ARGUMENTS;
    }
    if (LP_WALL_CLOCK_ONLY) {
        return UNSUPPORTED;
    }
    lp_clock_hold(held);
    return answer_clock(call->reply);
}

static enum status clock_advance(struct call *call)
{
    uint64_t seconds;
    if (!lp_read_uint(&call->arguments, UINT32_MAX, &seconds)) {
        return BAD_ARGUMENTS;
    }
    if (LP_WALL_CLOCK_ONLY) {
        return UNSUPPORTED;
    }
    lp_clock_advance((uint32_t)seconds);
    return answer_clock(call->reply);
}

static enum status clock_disturb(struct call *call)
{
    uint64_t seconds;
    if (!lp_read_uint(&call->arguments, UINT32_MAX, &seconds) || call->now.clock < (int64_t)seconds) {
        return BAD_ARGUMENTS;
    }
    lp_clock_disturb((uint32_t)seconds);
    return answer_clock(call->reply);
}

/* ---- Power cuts. */

static uint32_t off_for_when_cut;

LP_NORETURN static void strike(void)
{
    lp_power_off(off_for_when_cut);
}

static enum status power_cut(struct call *call)
{
    uint64_t class, off_for, nth;
    struct lp_reader *arguments = &call->arguments;
    if (!call->last || !lp_read_uint(arguments, INT64_MAX, &class) || class < 1 || class > 2) {
        return BAD_ARGUMENTS;
    }
    if (!lp_read_uint(arguments, UINT32_MAX, &off_for) || !lp_read_uint(arguments, UINT32_MAX, &nth)) {
        return BAD_ARGUMENTS;
    }
    if (LP_WALL_CLOCK_ONLY && off_for != 0) {
        return UNSUPPORTED;
    }
    if (class == 1) {
        *call->afterwards = (struct lp_afterwards){true, (uint32_t)off_for};
    } else {
        off_for_when_cut = (uint32_t)off_for;
        lp_arm((uint32_t)nth, strike);
    }
    return answer_done(call->reply);
}

/* ---- The loop. */

static const struct command {
    enum status (*handler)(struct call *);
    uint8_t arguments;
    bool test; /* a production build refuses it */
    uint8_t rung; /* the LP_RUNG from which on there is such a command */
} COMMANDS[] = {
    [1] = {hello, 0, false, 1},
    [2] = {FOR_TESTS(reset), 0, true, 2},
    [3] = {FOR_TESTS(provision), 4, true, 2},
    [4] = {time_order, 1, false, 2},
    [5] = {revocation_order, 1, false, 5},
    [6] = {FOR_TESTS(keypad_entry), 1, true, 2},
    [7] = {challenge, 0, false, 2},
    [8] = {present_ticket, 1, false, 5},
    [9] = {read_log, 1, false, 4},
    [10] = {clock_read, 0, false, 3},
    [11] = {FOR_TESTS(clock_hold), 1, true, 3},
    [12] = {FOR_TESTS(clock_advance), 1, true, 3},
    [13] = {FOR_TESTS(power_cut), 3, true, 5},
    [14] = {FOR_TESTS(clock_disturb), 1, true, 5},
};

/* The status of a command that stands at the beginning of call->arguments; where it is OK, its result is written. */
static enum status carry_out_one(struct call *call)
{
    uint64_t items;
    int64_t code;
    if (!lp_read_array(&call->arguments, &items) || !lp_read_int(&call->arguments, &code)) {
        return UNKNOWN_COMMAND; /* of a number beyond 64 bits signed, since lp_commands_of saw that there is one */
    }
    if (code < 1 || code >= (int64_t)(sizeof COMMANDS / sizeof COMMANDS[0])) {
        return UNKNOWN_COMMAND;
    }
    const struct command *command = &COMMANDS[code];
    if (command->rung > LP_RUNG) {
        return UNKNOWN_COMMAND;
    }
    if (LP_PRODUCTION && command->test) {
        return REFUSED;
    }
    if (items != 1U + command->arguments) {
        return BAD_ARGUMENTS;
    }
    return command->handler(call);
}

bool lp_commands_of(struct lp_reader body, uint64_t *count)
{
    uint64_t items;
    if (!lp_read_array(&body, count) || *count == 0) {
        return false;
    }
    for (uint64_t i = 0; i < *count; i++) {
        struct lp_reader command = body;
        enum lp_major major;
        uint64_t value;
        if (!lp_read_array(&command, &items) || items == 0 || !lp_head(&command, &major, &value) ||
            major > LP_NEGATIVE) {
            return false;
        }
        lp_skip(&body);
    }
    return true;
}

void lp_carry_out(struct lp_reader body, struct lp_writer *reply, struct lp_afterwards *afterwards)
{
    uint64_t count = 0;
    enum status status = OK;
    (void)lp_read_array(&body, &count);
    lp_write_array(reply, count);
    for (uint64_t i = 0; i < count; i++) {
        if (status == OK) {
            struct call call = {body, reply, lp_clock_read(), count == 1, i + 1 == count, afterwards};
            status = carry_out_one(&call);
        } else {
            status = NOT_RUN;
        }
        if (status != OK) {
            lp_write_array(reply, 1);
            lp_write_uint(reply, status);
        }
        lp_skip(&body);
    }
}

void lp_write_error(struct lp_writer *reply, uint64_t error, uint64_t detail)
{
    lp_write_head(reply, LP_MAP, 2);
    write_field(reply, 0, error);
    write_field(reply, 1, detail);
}
