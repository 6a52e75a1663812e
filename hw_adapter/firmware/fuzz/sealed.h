/* Messages under the right key of the box, as an authority makes them (PROTOCOL.md, Messages). */
#ifndef SEALED_H
#define SEALED_H

#include "cbor.h"
#include "keys.h"

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define SEALED_MORE 64 /* bytes of a message beside its payload, at most */

/* A COSE_Mac0 of a payload, whatever that is; its bytes. */
static inline size_t sealed(uint8_t *to, size_t room, enum lp_purpose purpose, const uint8_t *payload, size_t size)
{
    static const uint8_t HEAD[] = {0x84, 0x43, 0xa1, 0x01, 0x05, 0xa0};
    static const uint8_t MAC_HEAD[] = {0x84, 0x64, 0x4d, 0x41, 0x43, 0x30, 0x43, 0xa1, 0x01, 0x05, 0x40};
    struct lp_writer message = {to, room, sizeof HEAD};
    struct lp_sha256 hash;
    uint8_t tag[LP_HASH_BYTES];
    memcpy(to, HEAD, sizeof HEAD);
    lp_write_string(&message, LP_BYTES, payload, size);
    lp_hmac_begin(&hash, lp_key(purpose));
    lp_sha256_add(&hash, MAC_HEAD, sizeof MAC_HEAD);
    lp_sha256_add(&hash, to + sizeof HEAD, message.used - sizeof HEAD);
    lp_hmac_end(&hash, lp_key(purpose), tag);
    lp_write_string(&message, LP_BYTES, tag, sizeof tag);
    return message.used;
}

#endif
