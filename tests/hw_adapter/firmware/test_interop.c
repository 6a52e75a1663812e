/* Class interop: keys, codes, dead indices, messages and days, by the protocol's vectors. */
#include "check.h"
#include "codes.h"
#include "keys.h"
#include "memory_board.h"
#include "messages.h"
#include "numbers.h"
#include "state.h"
#include "vectors.h"

#define COUNT(of) (sizeof(of) / sizeof((of)[0]))

static void become(const char *box_id, const char *secret)
{
    size_t size;
    lp_state.provisioned = true;
    memcpy(lp_state.box_id, hex(box_id, &size), LP_BOX_ID_BYTES);
    memcpy(lp_state.secret, hex(secret, &size), LP_SECRET_BYTES);
    lp_keys_make();
}

static void keys(void)
{
    for (int purpose = 0; purpose < LP_PURPOSES; purpose++) {
        size_t size;
        uint8_t got[LP_HASH_BYTES];
        const uint8_t *wanted = hex(KEYS[purpose], &size);
        lp_key_bytes(lp_state.box_id, lp_state.secret, (enum lp_purpose)purpose, got);
        CHECK_BYTES(KEYS[purpose], got, sizeof got, wanted, size);
    }
}

static void digits_are(const struct code_vector *code)
{
    const struct lp_code index = {code->day_start, code->day_end, code->index};
    uint8_t got[LP_CODE_DIGITS];
    lp_code_digits(lp_key(LP_CODE_KEY), lp_state.box_id, &index, got);
    CHECK_BYTES(code->code, got, sizeof got, code->code, strlen(code->code));
}

/* What the digits are cut from. */
static void hmac_is(const struct code_vector *code, const char *hmac)
{
    struct lp_sha256 hash;
    size_t size;
    uint8_t named[17], got[LP_HASH_BYTES];
    const uint8_t *wanted = hex(hmac, &size);
    lp_put64(named, (uint64_t)code->day_start);
    lp_put64(named + 8, (uint64_t)code->day_end);
    named[16] = code->index;
    lp_hmac_begin(&hash, lp_key(LP_CODE_KEY));
    lp_sha256_add(&hash, lp_state.box_id, LP_BOX_ID_BYTES);
    lp_sha256_add(&hash, named, sizeof named);
    lp_hmac_end(&hash, lp_key(LP_CODE_KEY), got);
    CHECK_BYTES(hmac, got, sizeof got, wanted, size);
}

static void codes(void)
{
    unsigned tried = 0;
    for (size_t i = 0; i < COUNT(CODES); i++) {
        hmac_is(&CODES[i], CODE_HMACS[i]);
        if (CODES[i].digits == LP_CODE_DIGITS) {
            digits_are(&CODES[i]);
            tried++;
        }
    }
    CHECK(tried > 0);
}

static bool is_dead(const struct dead_vector *vector, const struct code_vector *code)
{
    for (size_t i = 0; i < vector->dead_count; i++) {
        const struct code_vector *dead = &vector->dead[i];
        if (dead->day_start == code->day_start && dead->day_end == code->day_end && dead->index == code->index) {
            return true;
        }
    }
    return false;
}

static bool finds(const char *digits, int64_t now, const struct code_vector *wanted)
{
    struct lp_code found;
    return lp_code_find((const uint8_t *)digits, strlen(digits), now, &found) && found.day_start == wanted->day_start &&
           found.day_end == wanted->day_end && found.index == wanted->index;
}

/* The box that knows the three days of the vector finds every live index on its day, and no dead one at any bound of
 * it. `east` moves the table by a whole day, so that the same days have other dates. */
static void dead(const struct dead_vector *vector, int32_t east)
{
    become(vector->box_id, vector->secret);
    lp_state.zone_use[0] = LP_ZONE_IN_FORCE;
    lp_state.zone[0] = (struct lp_zone){
        .utc = {1772500000, 1772953200}, .offset = {-18000 + east, -14400 + east}, .pairs = 2, .expiry = 1773400000};
    for (size_t i = 0; i < vector->code_count; i++) {
        const struct code_vector *code = &vector->codes[i];
        const bool live = !is_dead(vector, code);
        digits_are(code);
        CHECK_OF(vector->what, finds(code->code, code->day_start, code) == live);
        CHECK_OF(vector->what, finds(code->code, code->day_end - 1, code) == live);
        CHECK_OF(vector->what, finds(code->code, code->day_end + LP_CODE_LIFE - 1, code) == live);
        CHECK_OF(vector->what, !finds(code->code, code->day_end + LP_CODE_LIFE, code));
        CHECK_OF(vector->what, !finds(code->code, code->day_start - 1, code));
    }
}

static void dead_indices(void)
{
    size_t dead_ones = 0;
    for (size_t i = 0; i < COUNT(DEAD) && LP_CODE_DIGITS == 8; i++) {
        dead(&DEAD[i], 0);
        dead(&DEAD[i], LP_SECONDS_OF_DAY);
        dead_ones += DEAD[i].dead_count;
    }
    CHECK(LP_CODE_DIGITS != 8 || dead_ones == 2);
}

static void messages(void)
{
    size_t size;
    struct lp_claims claims;
    const uint8_t *ticket = hex(TICKET, &size);
    CHECK(lp_ticket_verifies(ticket, size, &claims));
    CHECK(claims.window_start == 1772982000 && claims.window_end == 1772992800);
    CHECK(memcmp(claims.grant, "grant 0001 of 16", 16) == 0 && claims.nonce[15] == 15);
    CHECK(!lp_revocation_verifies(ticket, size, &claims) && !lp_time_verifies(ticket, size, &claims));
    const uint8_t *order = hex(REVOCATION_ORDER, &size);
    CHECK(lp_revocation_verifies(order, size, &claims) && memcmp(claims.grant, "grant 0001 of 16", 16) == 0);
    CHECK(!lp_ticket_verifies(order, size, &claims) && !lp_time_verifies(order, size, &claims));
    const uint8_t *time = hex(TIME_ORDER, &size);
    CHECK(lp_time_verifies(time, size, &claims) && claims.time == 1772985600 && claims.nonce[15] == 15);
    CHECK(!lp_ticket_verifies(time, size, &claims) && !lp_revocation_verifies(time, size, &claims));
}

/* A message is a head, its payload and a tag, which is the HMAC of what PROTOCOL.md has authenticated. */
static void parts_of_messages(void)
{
    static const struct {
        const char *message, *payload, *authenticated;
        enum lp_purpose purpose;
    } PARTS[] = {{TICKET, TICKET_PAYLOAD, TICKET_MAC_STRUCTURE, LP_TICKET_KEY},
                 {REVOCATION_ORDER, REVOCATION_ORDER_PAYLOAD, REVOCATION_ORDER_MAC_STRUCTURE, LP_REVOCATION_KEY},
                 {TIME_ORDER, TIME_ORDER_PAYLOAD, TIME_ORDER_MAC_STRUCTURE, LP_TIME_KEY}};
    for (size_t i = 0; i < COUNT(PARTS); i++) {
        struct lp_sha256 hash;
        uint8_t tag[LP_HASH_BYTES];
        size_t size, payload_size, authenticated_size;
        const uint8_t *message = hex(PARTS[i].message, &size), *payload = hex(PARTS[i].payload, &payload_size);
        const uint8_t *authenticated = hex(PARTS[i].authenticated, &authenticated_size);
        lp_hmac_begin(&hash, lp_key(PARTS[i].purpose));
        lp_sha256_add(&hash, authenticated, authenticated_size);
        lp_hmac_end(&hash, lp_key(PARTS[i].purpose), tag);
        CHECK_BYTES(PARTS[i].message, tag, sizeof tag, message + size - sizeof tag, sizeof tag);
        CHECK_BYTES(PARTS[i].message, message + 8, size - 8 - 2 - sizeof tag, payload, payload_size);
    }
}

static void not_authentic(void)
{
    for (size_t i = 0; i < COUNT(NOT_AUTHENTIC); i++) {
        size_t size;
        struct lp_claims claims;
        const uint8_t *ticket = hex(NOT_AUTHENTIC[i].ticket, &size);
        CHECK_OF(NOT_AUTHENTIC[i].name, !lp_ticket_verifies(ticket, size, &claims));
    }
}

/* Every bit of a ticket counts, and every byte of it has to be there. */
static void every_wrong_bit(void)
{
    size_t size;
    struct lp_claims claims;
    const uint8_t *ticket = hex(TICKET, &size);
    for (size_t bit = 0; bit < 8 * size; bit++) {
        uint8_t bytes[256];
        memcpy(bytes, ticket, size);
        bytes[bit / 8] ^= (uint8_t)(1U << bit % 8);
        CHECK(!lp_ticket_verifies(bytes, size, &claims));
    }
    for (size_t cut = 0; cut < size; cut++) {
        uint8_t *exactly = malloc(cut + 1);
        memcpy(exactly, ticket, cut);
        CHECK(!lp_ticket_verifies(exactly, cut, &claims));
        free(exactly);
    }
}

static void days(void)
{
    for (size_t i = 0; i < COUNT(DAYS); i++) {
        struct lp_zone zone = {.expiry = DAYS[i].expiry, .pairs = DAYS[i].pairs};
        struct lp_day day;
        for (unsigned pair = 0; pair < zone.pairs; pair++) {
            zone.utc[pair] = DAYS[i].pair[pair].utc;
            zone.offset[pair] = DAYS[i].pair[pair].offset;
        }
        CHECK_OF(DAYS[i].what, lp_day_at(&zone, DAYS[i].instant, &day));
        CHECK_OF(DAYS[i].what, day.start == DAYS[i].day_start && day.end == DAYS[i].day_end);
    }
}

/* Bounds that a table leaves open: PROTOCOL.md, Days. Local midnights of this one are those of UTC. */
static void open_bounds(void)
{
    struct lp_zone zone = {.utc = {86400}, .pairs = 1, .expiry = 4 * 86400};
    struct lp_day day;
    CHECK(!lp_day_at(&zone, 86400, &day)); /* it begins at the first pair, not behind it */
    CHECK(!lp_day_at(&zone, 86399, &day));
    CHECK(lp_day_at(&zone, 2 * 86400, &day) && day.start == 2 * 86400 && day.end == 3 * 86400);
    CHECK(!lp_day_at(&zone, 3 * 86400, &day)); /* its last midnight comes less than 24 hours before the expiry */
    zone.expiry++;
    CHECK(!lp_day_at(&zone, 3 * 86400, &day));
    zone.expiry = 5 * 86400;
    CHECK(lp_day_at(&zone, 3 * 86400, &day) && day.end == 4 * 86400);
    zone.expiry--;
    CHECK(!lp_day_at(&zone, 3 * 86400, &day));
    zone.expiry = INT64_MAX;
    CHECK(!lp_day_at(&zone, INT64_MAX, &day) && !lp_day_at(&zone, INT64_MIN, &day));
}

int main(void)
{
    board_new();
    lp_state_load();
    become(BOX_ID, SECRET);
    keys();
    codes();
    messages();
    parts_of_messages();
    not_authentic();
    every_wrong_bit();
    days();
    open_bounds();
    dead_indices();
    return 0;
}
