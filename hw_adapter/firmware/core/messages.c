#include "messages.h"

#include "cbor.h"
#include "faulty.h"
#include "keys.h"
#include "state.h"

#include <string.h>

/* The head of a COSE_Mac0: an array of 4, the protected header {1: 5} in a byte string, no unprotected header. */
static const uint8_t HEAD[] = {0x84, 0x43, 0xa1, 0x01, 0x05, 0xa0};
/* The head of what is authenticated: an array of 4, "MAC0", the protected header, no external data (RFC 9052,
 * section 6.3). */
static const uint8_t MAC_HEAD[] = {0x84, 0x64, 'M', 'A', 'C', '0', 0x43, 0xa1, 0x01, 0x05, 0x40};

enum claim { BOX = 3, WINDOW_END = 4, WINDOW_START = 5, TIME = 6, GRANT = 7, NONCE = 10 };

/* In constant time. */
static bool same_tag(const uint8_t *one, const uint8_t *other)
{
    uint8_t different = 0;
    for (size_t i = 0; i < (LP_FAULTY(tag_by_size_of_a_pointer) ? sizeof(uint8_t *) : LP_HASH_BYTES); i++) {
        different |= (uint8_t)(one[i] ^ other[i]);
    }
    return different == 0;
}

/* The payload of a message whose tag is right. */
static bool payload_of(struct lp_reader message, enum lp_purpose purpose, struct lp_reader *payload)
{
    if (message.left < sizeof HEAD || memcmp(message.at, HEAD, sizeof HEAD) != 0) {
        return false;
    }
    message.at += sizeof HEAD;
    message.left -= sizeof HEAD;
    const uint8_t *authenticated = message.at; /* the payload with its own head */
    const uint8_t *tag;
    if (!lp_read_string(&message, LP_BYTES, &payload->at, &payload->left)) {
        return false;
    }
    const size_t size = (size_t)(message.at - authenticated);
    if (!lp_read_bytes_of(&message, LP_HASH_BYTES, &tag) || message.left > 0) {
        return false;
    }
    struct lp_sha256 hash;
    uint8_t own[LP_HASH_BYTES];
    lp_hmac_begin(&hash, lp_key(purpose));
    lp_sha256_add(&hash, MAC_HEAD, sizeof MAC_HEAD);
    lp_sha256_add(&hash, authenticated, size);
    lp_hmac_end(&hash, lp_key(purpose), own);
    return same_tag(own, tag);
}

static bool instant_claim(struct lp_reader *payload, int64_t *instant)
{
    uint64_t value;
    if (!lp_read_uint(payload, INT64_MAX, &value)) {
        return false;
    }
    *instant = (int64_t)value;
    return true;
}

static bool value_of(struct lp_reader *payload, enum claim claim, struct lp_claims *claims)
{
    const uint8_t *box;
    switch (claim) {
    case BOX: /* box.isolation: what is for another box does not verify */
        return lp_read_bytes_of(payload, LP_BOX_ID_BYTES, &box) && memcmp(box, lp_state.box_id, LP_BOX_ID_BYTES) == 0;
    case WINDOW_END:
        return instant_claim(payload, &claims->window_end);
    case WINDOW_START:
        return instant_claim(payload, &claims->window_start);
    case TIME:
        return instant_claim(payload, &claims->time);
    case GRANT:
        return lp_read_bytes_of(payload, LP_GRANT_BYTES, &claims->grant);
    case NONCE:
        return lp_read_bytes_of(payload, LP_NONCE_BYTES, &claims->nonce);
    default:
        return false;
    }
}

/* box.authentic: the tag first, then a map of exactly these claims in this order, and nothing behind it. */
static bool verifies(struct lp_reader message, enum lp_purpose purpose, const uint8_t *wanted, size_t count,
                     struct lp_claims *claims)
{
    struct lp_reader payload;
    enum lp_major major;
    uint64_t value;
    if (!payload_of(message, purpose, &payload)) {
        return false;
    }
    if (!lp_head(&payload, &major, &value) || major != LP_MAP || value != count) {
        return false;
    }
    for (size_t i = 0; i < count; i++) {
        if (!lp_read_uint(&payload, UINT8_MAX, &value) || value != wanted[i] ||
            !value_of(&payload, (enum claim)wanted[i], claims)) {
            return false;
        }
    }
    return payload.left == 0;
}

bool lp_ticket_verifies(const uint8_t *message, size_t size, struct lp_claims *claims)
{
    static const uint8_t WANTED[] = {BOX, WINDOW_END, WINDOW_START, GRANT, NONCE};
    return verifies((struct lp_reader){message, size}, LP_TICKET_KEY, WANTED, sizeof WANTED, claims);
}

bool lp_revocation_verifies(const uint8_t *message, size_t size, struct lp_claims *claims)
{
    static const uint8_t WANTED[] = {BOX, GRANT};
    return verifies((struct lp_reader){message, size}, LP_REVOCATION_KEY, WANTED, sizeof WANTED, claims);
}

bool lp_time_verifies(const uint8_t *message, size_t size, struct lp_claims *claims)
{
    static const uint8_t WANTED[] = {BOX, TIME, NONCE};
    return verifies((struct lp_reader){message, size}, LP_TIME_KEY, WANTED, sizeof WANTED, claims);
}
