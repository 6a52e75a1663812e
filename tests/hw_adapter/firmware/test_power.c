/* box.power: power that goes in the middle of any write to the store, with any part of the commit in it, leaves the
 * state before or after a commit. */
#include "board.h"
#include "check.h"
#include "codes.h"
#include "keys.h"
#include "lockproof.h"
#include "memory_board.h"
#include "state.h"
#include "vectors.h"

#define LONGEST 512

static const int64_t NOON = 1772985600;

/* ---- Requests, as a host would make them. */

struct body {
    uint8_t bytes[LONGEST];
    size_t size;
};

static void put(struct body *body, const char *digits)
{
    size_t size;
    const uint8_t *bytes = hex(digits, &size);
    memcpy(body->bytes + body->size, bytes, size);
    body->size += size;
}

static void put_bytes(struct body *body, const void *bytes, size_t size)
{
    memcpy(body->bytes + body->size, bytes, size);
    body->size += size;
}

/* Whether it was answered: power may go instead. */
static bool asked(const struct body *body, const uint8_t **reply, size_t *size)
{
    return board_ask(body->bytes, body->size, reply, size);
}

static bool plain(const char *digits)
{
    struct body body = {.size = 0};
    const uint8_t *reply;
    size_t size;
    put(&body, digits);
    return asked(&body, &reply, &size);
}

static bool fresh_nonce(const uint8_t **nonce)
{
    struct body body = {.size = 0};
    size_t size;
    put(&body, "818107");
    const bool answered = asked(&body, nonce, &size);
    *nonce += 4; /* [[0, bstr16]] */
    return answered;
}

/* A message under a key of the box, as the argument of a command. */
static bool sealed(uint8_t command, enum lp_purpose purpose, const struct body *payload)
{
    struct body inner = {.size = 0}, body = {.size = 0};
    struct lp_sha256 hash;
    uint8_t tag[LP_HASH_BYTES];
    const uint8_t *reply;
    size_t size;
    const uint8_t head[2] = {0x58, (uint8_t)payload->size};
    lp_hmac_begin(&hash, lp_key(purpose));
    lp_sha256_add(&hash, hex("84644d41433043a1010540", &size), 11);
    lp_sha256_add(&hash, head, sizeof head);
    lp_sha256_add(&hash, payload->bytes, payload->size);
    lp_hmac_end(&hash, lp_key(purpose), tag);
    put(&inner, "8443a10105a0");
    put_bytes(&inner, head, sizeof head);
    put_bytes(&inner, payload->bytes, payload->size);
    put(&inner, "5820");
    put_bytes(&inner, tag, sizeof tag);
    const uint8_t outer[5] = {0x81, 0x82, command, 0x58, (uint8_t)inner.size};
    put_bytes(&body, outer, sizeof outer);
    put_bytes(&body, inner.bytes, inner.size);
    return asked(&body, &reply, &size);
}

/* ---- What is done to the box while its power may go. */

static bool provisioned(const char *zone)
{
    struct body body = {.size = 0};
    const uint8_t *reply;
    size_t size;
    put(&body, "81850350");
    put(&body, BOX_ID);
    put(&body, "5820");
    put(&body, SECRET);
    put(&body, zone);
    return asked(&body, &reply, &size);
}

static bool provision(void)
{
    return provisioned("82"
                       "821a69a64c2039464f"
                       "821a69ad1e7039383f"
                       "1a69b92020"); /* Toronto; the second offset is -14400 */
}

static bool other_zone(void)
{
    return provisioned("81"
                       "821a69a64c2000"
                       "1a69b92020");
}

static bool time_order(void)
{
    struct body payload = {.size = 0};
    const uint8_t *nonce;
    if (!fresh_nonce(&nonce)) {
        return false;
    }
    put(&payload, "a30350");
    put(&payload, BOX_ID);
    put(&payload, "061a69ad9d000a50");
    put_bytes(&payload, nonce, 16);
    return sealed(4, LP_TIME_KEY, &payload);
}

static bool ticket(void)
{
    struct body payload = {.size = 0};
    const uint8_t *nonce;
    if (!fresh_nonce(&nonce)) {
        return false;
    }
    put(&payload, "a50350");
    put(&payload, BOX_ID);
    put(&payload, "041a69adb920"
                  "051a69ad8ef0"
                  "0750"
                  "6772616e742030303031206f66203136"
                  "0a50");
    put_bytes(&payload, nonce, 16);
    return sealed(8, LP_TICKET_KEY, &payload);
}

static bool revocation(void)
{
    struct body payload = {.size = 0};
    put(&payload, "a20350");
    put(&payload, BOX_ID);
    put(&payload, "0750"
                  "6772616e742030303031206f66203136");
    return sealed(5, LP_REVOCATION_KEY, &payload);
}

static bool entry(void)
{
    struct body body = {.size = 0};
    const uint8_t *reply;
    size_t size;
    put(&body, "81820668");
    put_bytes(&body, CODES[0].code, 8);
    return asked(&body, &reply, &size);
}

static bool wrong_entry(void)
{
    return plain("81820668"
                 "3030303030303030");
}

static bool reset(void)
{
    return plain("818102");
}

static bool refusals_and_a_reading(void)
{
    return wrong_entry() && wrong_entry() && plain("81820900");
}

static bool clock_below_the_mark(void)
{
    return plain("81820e19"
                 "0e10") &&
           entry();
}

/* ---- The boxes that it is done to. */

static void factory_new(void)
{
    board_new();
    board.clock = NOON - 3;
    lp_boot();
}

static void ready(void)
{
    factory_new();
    CHECK(provision() && time_order());
    CHECK(lp_state.time_known && lp_state.mark == NOON);
}

static void used(void)
{
    ready();
    CHECK(entry() && wrong_entry() && ticket());
    CHECK(board.tray == 2 && lp_state.log_next == 4);
}

static void disabled(void)
{
    ready();
    for (int i = 0; i < 6; i++) {
        CHECK(wrong_entry());
    }
    CHECK(wrong_entry()); /* counted, and not written */
    CHECK(lp_state.log_next == 7 && lp_state.log[5].count == 1);
}

static void disabled_long_ago(void)
{
    disabled();
    board.clock += 4000;
    board.timer_ms += 4000 * 1000;
}

/* ---- Every cut. */

static struct memory_board before;

/* Of a write that is torn: half of it, or so many bytes. */
static const size_t TORN[] = {0, 1, 7, 127, SIZE_MAX};

/* Does it on a box as it was before, with power that goes. What the box is after its next boot is lp_state. */
static bool with(unsigned tear, uint32_t arm, size_t torn, bool (*act)(void))
{
    const uint8_t cut[] = {0x81, 0x84, 0x0d, 0x02, 0x00, (uint8_t)arm};
    const uint8_t *reply;
    size_t size;
    board = before;
    lp_boot();
    CHECK(arm == 0 || board_ask(cut, sizeof cut, &reply, &size));
    board.tear = tear;
    board.torn = torn;
    const bool done = act();
    board.tear = 0;
    lp_boot();
    return done;
}

static bool within(const struct lp_state *states, unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        if (memcmp(&states[i], &lp_state, sizeof lp_state) == 0) {
            return true;
        }
    }
    return false;
}

static void every_cut(const char *name, void (*first)(void), bool (*act)(void), unsigned commits)
{
    static struct lp_state whole[5]; /* as before each commit, and behind the last one */
    static struct lp_state untouched;
    first();
    before = board;
    lp_boot();
    untouched = lp_state;
    for (unsigned nth = 1; nth <= commits; nth++) {
        CHECK_OF(name, !with(0, nth, 0, act));
        whole[nth - 1] = lp_state;
    }
    CHECK_OF(name, with(0, commits + 1, 0, act));
    whole[commits] = lp_state;
    for (size_t i = 0; i < sizeof TORN / sizeof TORN[0]; i++) {
        unsigned tear = 1;
        while (!with(tear, 0, TORN[i], act)) {
            CHECK_OF(name, within(whole, commits + 1) || within(&untouched, 1));
            tear++;
        }
        CHECK_OF(name, within(&whole[commits], 1));
        CHECK_OF(name, tear > 3); /* journal, its head, and the state: power did go */
    }
}

static void at_the_first_boot(void)
{
    struct lp_state whole;
    factory_new();
    whole = lp_state;
    for (unsigned tear = 1; tear <= 3; tear++) {
        jmp_buf power_lost;
        board_new();
        board.clock = NOON - 3;
        board.power_lost = &power_lost;
        if (setjmp(power_lost) == 0) {
            board.tear = tear;
            lp_boot();
            CHECK(false);
        }
        lp_boot();
        CHECK(memcmp(&whole, &lp_state, sizeof whole) == 0);
    }
}

/* A boot that is cut while it carries on what a cut left is carried on by the next. */
static void a_boot_that_is_cut(void)
{
    static struct memory_board cut;
    struct lp_state whole;
    ready();
    before = board;
    CHECK(with(0, 0, 0, revocation));
    whole = lp_state;
    board = before;
    lp_boot();
    board.tear = 5; /* three ranges and the head are in the journal; power goes in the first of the state */
    CHECK(!revocation());
    cut = board;
    for (unsigned tear = 1; tear <= 3; tear++) {
        jmp_buf power_lost;
        board = cut;
        board.power_lost = &power_lost;
        if (setjmp(power_lost) == 0) {
            board.tear = tear;
            lp_boot();
            CHECK(false);
        }
        lp_boot();
        CHECK(memcmp(&whole, &lp_state, sizeof whole) == 0);
    }
}

/* What the battery lost is found: the time is unknown, and nothing else is. */
static void a_dead_battery(void)
{
    used();
    memset(board.kept, 0xff, sizeof board.kept);
    lp_boot();
    CHECK(!lp_state.time_known && lp_state.log_next == 4 && lp_state.mark == NOON);
}

/* Every boot writes its session to what the battery keeps. Power that goes in that write costs nothing. */
static void a_session_that_is_cut(void)
{
    uint8_t last[sizeof board.kept], next[sizeof board.kept];
    used();
    memcpy(last, board.kept, sizeof last);
    lp_boot();
    memcpy(next, board.kept, sizeof next);
    CHECK(memcmp(last, next, sizeof last) != 0);
    for (size_t written = 0; written <= sizeof last; written++) {
        memcpy(board.kept, last, sizeof last);
        memcpy(board.kept, next, written);
        lp_boot();
        CHECK(lp_state.time_known);
    }
}

/* The writes that hello counts are commits, each the same number of writes of the store whatever it carries. */
static void the_tray_opens_behind_the_commit(void)
{
    ready();
    before = board;
    CHECK(!with(0, 2, 0, entry)); /* power goes at the deciding commit */
    CHECK(board.tray == 0 && lp_state.log_next == 1 && lp_state.arrival == NOON + 300);
    CHECK(with(0, 0, 0, entry));
    CHECK(board.tray == 1 && lp_state.log_next == 2 && lp_state.arrival == NOON);
}

int main(void)
{
    at_the_first_boot();
    every_cut("provision", factory_new, provision, 1);
    every_cut("time order", ready, time_order, 1);
    every_cut("an accepted entry", ready, entry, 2);
    every_cut("a wrong entry", used, wrong_entry, 2);
    every_cut("a ticket", used, ticket, 1);
    every_cut("a revocation order", used, revocation, 1);
    every_cut("another zone", used, other_zone, 1);
    every_cut("a refusal, at once after a boot", disabled, wrong_entry, 1);
    every_cut("the log is read behind refusals", disabled, refusals_and_a_reading, 2);
    every_cut("an entry behind refusals", disabled_long_ago, wrong_entry, 2);
    every_cut("a clock below the mark", used, clock_below_the_mark, 2);
    every_cut("reset, which disarms before it writes", used, reset, 0);
    a_boot_that_is_cut();
    a_dead_battery();
    a_session_that_is_cut();
    the_tray_opens_behind_the_commit();
    return 0;
}
