/* Bytes to tickets and orders: nothing verifies without its key, and what does says exactly its claims. */
#include "messages.h"

#include "fuzz.h"
#include "sealed.h"
#include "state.h"

#define LONGEST 400

enum { KINDS = 3 };
static const enum lp_purpose PURPOSE[KINDS] = {LP_TICKET_KEY, LP_REVOCATION_KEY, LP_TIME_KEY};
static bool (*const VERIFIES[KINDS])(const uint8_t *, size_t, struct lp_claims *) = {
    lp_ticket_verifies, lp_revocation_verifies, lp_time_verifies};

static void bytes_claim(struct lp_writer *to, uint64_t claim, const uint8_t *bytes)
{
    lp_write_uint(to, claim);
    lp_write_string(to, LP_BYTES, bytes, 16);
}

static void instant_claim(struct lp_writer *to, uint64_t claim, int64_t instant)
{
    lp_write_uint(to, claim);
    lp_write_int(to, instant);
}

/* The payload that has just these claims. */
static size_t payload_of(unsigned kind, const struct lp_claims *claims, uint8_t *to, size_t room)
{
    static const uint64_t COUNT[KINDS] = {5, 2, 3};
    struct lp_writer payload = {to, room, 0};
    lp_write_head(&payload, LP_MAP, COUNT[kind]);
    bytes_claim(&payload, 3, lp_state.box_id);
    if (kind == 0) {
        instant_claim(&payload, 4, claims->window_end);
        instant_claim(&payload, 5, claims->window_start);
    }
    if (kind == 2) {
        instant_claim(&payload, 6, claims->time);
    } else {
        bytes_claim(&payload, 7, claims->grant);
    }
    if (kind != 1) {
        bytes_claim(&payload, 10, claims->nonce);
    }
    return payload.used;
}

/* Whoever has not the key gets nothing through. */
static void unsealed(const uint8_t *data, size_t size)
{
    struct lp_claims claims;
    uint8_t *bytes = exactly(data, size);
    for (unsigned kind = 0; kind < KINDS; kind++) {
        HOLDS(!VERIFIES[kind](bytes, size, &claims));
    }
    free(bytes);
}

/* Whatever payload stands under the right key: if it verifies it is the one that its claims make. */
static void under_a_key(unsigned kind, const uint8_t *payload, size_t size)
{
    uint8_t message[LONGEST + SEALED_MORE], again[LONGEST];
    struct lp_claims claims;
    const size_t message_size = sealed(message, sizeof message, PURPOSE[kind], payload, size);
    uint8_t *bytes = exactly(message, message_size);
    for (unsigned other = 0; other < KINDS; other++) {
        if (VERIFIES[other](bytes, message_size, &claims)) {
            HOLDS(other == kind);
            HOLDS(payload_of(kind, &claims, again, sizeof again) == size && memcmp(again, payload, size) == 0);
        }
    }
    free(bytes);
}

/* Claims from the input verify, and with one wrong bit do not. */
static void as_an_authority_makes_it(unsigned kind, struct input input)
{
    uint8_t payload[LONGEST], message[LONGEST + SEALED_MORE], grant[16], nonce[16];
    struct lp_claims claims = {.grant = grant, .nonce = nonce}, read;
    const size_t wrong = (size_t)next_number(&input, 2);
    claims.window_start = (int64_t)(next_number(&input, 8) >> 1);
    claims.window_end = (int64_t)(next_number(&input, 8) >> (1 + next_byte(&input) % 63));
    claims.time = claims.window_start;
    for (size_t i = 0; i < sizeof grant; i++) {
        grant[i] = next_byte(&input);
        nonce[i] = next_byte(&input);
    }
    const size_t payload_size = payload_of(kind, &claims, payload, sizeof payload);
    const size_t size = sealed(message, sizeof message, PURPOSE[kind], payload, payload_size);
    HOLDS(VERIFIES[kind](message, size, &read));
    HOLDS(kind == 2 || memcmp(read.grant, grant, sizeof grant) == 0);
    HOLDS(kind == 1 || memcmp(read.nonce, nonce, sizeof nonce) == 0);
    HOLDS(kind != 0 || (read.window_start == claims.window_start && read.window_end == claims.window_end));
    HOLDS(kind != 2 || read.time == claims.time);
    message[wrong / 8 % size] ^= (uint8_t)(1U << wrong % 8);
    HOLDS(!VERIFIES[kind](message, size, &read));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct input input = {data, size};
    const unsigned kind = next_byte(&input) % KINDS;
    if (size > LONGEST) {
        return 0;
    }
    if (!lp_state.provisioned) {
        memcpy(lp_state.box_id, "Lockproof one by", LP_BOX_ID_BYTES);
        memcpy(lp_state.secret, "that stands in no seed of these.", LP_SECRET_BYTES);
        lp_state.provisioned = true;
        lp_keys_make();
    }
    unsealed(input.at, input.left);
    under_a_key(kind, input.at, input.left);
    as_an_authority_makes_it(kind, input);
    return 0;
}
