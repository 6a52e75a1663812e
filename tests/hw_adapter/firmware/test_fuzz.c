/* Bodies that are nearly right, in good frames, and messages that are nearly right, under good tags: whatever comes,
 * the box answers each with one well-formed body that fits, and sanitizers find nothing. Seeded; `test_fuzz SEED COUNT`
 * tries others. */
#include "board.h"
#include "cbor.h"
#include "check.h"
#include "keys.h"
#include "lockproof.h"
#include "memory_board.h"
#include "messages.h"
#include "state.h"
#include "vectors.h"

#define COUNT(of) (sizeof(of) / sizeof((of)[0]))

static uint64_t dice;

/* xorshift64 (Marsaglia). */
static uint32_t drawn(uint32_t below)
{
    dice ^= dice << 13;
    dice ^= dice >> 7;
    dice ^= dice << 17;
    return (uint32_t)(dice >> 32) % below;
}

/* Changes up to 4 places: a byte, a bit, a byte less or more, an end cut off. */
static size_t changed(uint8_t *bytes, size_t size, size_t room)
{
    for (uint32_t times = drawn(5); times > 0 && size > 1; times--) {
        const uint32_t at = drawn((uint32_t)size);
        switch (drawn(6)) {
        case 0:
            bytes[at] = (uint8_t)drawn(256);
            break;
        case 1:
            bytes[at] ^= (uint8_t)(1U << drawn(8));
            break;
        case 2:
            memmove(bytes + at, bytes + at + 1, size - at - 1);
            size--;
            break;
        case 3:
            if (size < room) {
                memmove(bytes + at + 1, bytes + at, size - at);
                bytes[at] = (uint8_t)drawn(256);
                size++;
            }
            break;
        case 4:
            size = at + 1;
            break;
        default:
            bytes[at] = (uint8_t)((bytes[at] & 0xe0) | drawn(32)); /* the same type of another length */
            break;
        }
    }
    return size;
}

/* Only where power went is there no answer. */
static void answers(const char *name, const uint8_t *body, size_t size)
{
    const uint8_t *reply;
    size_t reply_size, fault;
    board.clock += drawn(100) == 0 ? drawn(100000) : 0;
    if (board_ask(body, size, &reply, &reply_size)) {
        CHECK_OF(name, reply_size <= LP_BODY_ROOM && lp_well_formed(reply, reply_size, &fault));
    } else {
        lp_boot();
    }
}

static void a_body(void)
{
    uint8_t body[LP_BODY_ROOM];
    size_t size;
    const struct frame_vector *from = &FRAMES[drawn((uint32_t)COUNT(FRAMES))];
    const uint8_t *bytes = hex(from->body, &size);
    memcpy(body, bytes, size);
    answers(from->name, body, changed(body, size, sizeof body));
}

static size_t sealed(uint8_t *to, enum lp_purpose purpose, const uint8_t *payload, size_t size)
{
    size_t ignored;
    struct lp_sha256 hash;
    struct lp_writer message = {to, LP_BODY_ROOM, 0};
    lp_hmac_begin(&hash, lp_key(purpose));
    lp_sha256_add(&hash, hex("84644d41433043a1010540", &ignored), 11);
    memcpy(to, hex("8443a10105a0", &ignored), 6);
    message.used = 6;
    lp_write_string(&message, LP_BYTES, payload, size);
    lp_sha256_add(&hash, to + 6, message.used - 6);
    uint8_t tag[LP_HASH_BYTES];
    lp_hmac_end(&hash, lp_key(purpose), tag);
    lp_write_string(&message, LP_BYTES, tag, sizeof tag);
    return message.used;
}

/* A payload of the vectors, changed, under a tag that is right: what is left to refuse is what it claims. */
static void a_message(void)
{
    static const char *const MESSAGES[] = {TICKET, REVOCATION_ORDER, TIME_ORDER};
    static const uint8_t COMMANDS[] = {8, 5, 4};
    static const enum lp_purpose PURPOSES[] = {LP_TICKET_KEY, LP_REVOCATION_KEY, LP_TIME_KEY};
    const uint32_t kind = drawn(3);
    uint8_t payload[100], message[LP_BODY_ROOM], body[LP_BODY_ROOM + 8];
    size_t size;
    const uint8_t *bytes = hex(MESSAGES[kind], &size);
    const size_t claims = bytes[7]; /* the payload's length, behind 84 43 a1 01 05 a0 58 */
    memcpy(payload, bytes + 8, claims);
    const size_t payload_size = changed(payload, claims, sizeof payload);
    const bool same = payload_size == claims && memcmp(payload, bytes + 8, claims) == 0;
    const size_t message_size = sealed(message, PURPOSES[kind], payload, payload_size);
    struct lp_claims read;
    const bool verifies = kind == 0   ? lp_ticket_verifies(message, message_size, &read)
                          : kind == 1 ? lp_revocation_verifies(message, message_size, &read)
                                      : lp_time_verifies(message, message_size, &read);
    CHECK(verifies || !same || memcmp(lp_state.box_id, hex(BOX_ID, &size), LP_BOX_ID_BYTES) != 0);
    struct lp_writer request = {body, sizeof body, 0};
    lp_write_array(&request, 1);
    lp_write_array(&request, 2);
    lp_write_uint(&request, COMMANDS[kind]);
    lp_write_string(&request, LP_BYTES, message, message_size);
    answers(MESSAGES[kind], body, request.used);
}

/* Bytes on the line that are no frames, with zeros in between. */
static void noise(void)
{
    uint8_t bytes[300];
    const size_t size = 1 + drawn(sizeof bytes);
    for (size_t i = 0; i < size; i++) {
        bytes[i] = (uint8_t)(drawn(20) == 0 ? 0 : drawn(256));
    }
    board_send(bytes, size);
    CHECK(board.outgoing_size == 0);
    board_send((const uint8_t *)"", 1);
}

static void be_the_box_of_the_vectors(void)
{
    size_t size;
    const uint8_t *reply;
    uint8_t body[LP_BODY_ROOM];
    memcpy(body, hex("81850350", &size), 4);
    memcpy(body + 4, hex(BOX_ID, &size), 16);
    memcpy(body + 20, hex("5820", &size), 2);
    memcpy(body + 22, hex(SECRET, &size), 32);
    memcpy(body + 54, hex("81821a69a64c2039464f1a69b92020", &size), 15);
    if (!board_ask(body, 69, &reply, &size)) { /* a cut was armed */
        lp_boot();
        CHECK(board_ask(body, 69, &reply, &size) && size == 3);
    }
}

int main(int count, char **arguments)
{
    const unsigned long times = count > 2 ? strtoul(arguments[2], NULL, 10) : 20000;
    dice = count > 1 ? strtoul(arguments[1], NULL, 10) : 1772985600;
    board_new();
    lp_boot();
    for (unsigned long i = 0; i < times; i++) {
        if (!lp_state.provisioned || i % 500 == 0) {
            be_the_box_of_the_vectors();
        }
        const uint32_t what = drawn(10);
        if (what < 6) {
            a_body();
        } else if (what < 9) {
            a_message();
        } else {
            noise();
        }
    }
    return 0;
}
