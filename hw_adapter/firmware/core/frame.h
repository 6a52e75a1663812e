/* Frames: COBS, CRC-32C and the header (PROTOCOL.md, Frames). */
#ifndef LP_FRAME_H
#define LP_FRAME_H

#include "limits.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define LP_VERSION 1
#define LP_PAYLOAD_LONGEST (LP_HEADER_BYTES + LP_BODY_ROOM + LP_CRC_BYTES)

enum lp_kind { LP_REQUEST = 1, LP_REPLY = 2, LP_BUSY = 3 };

struct lp_frame {
    uint8_t version;
    uint8_t kind;
    uint32_t session;
    uint16_t sequence;
    const uint8_t *body;
    size_t body_size;
    uint32_t crc;
};

/* CRC-32C of bytes behind others of which it was `before`; 0 for the first. */
uint32_t lp_crc32c(uint32_t before, const uint8_t *from, size_t size);

/* COBS of `size` bytes, without a delimiter. `to` has room for size + size / 254 + 1. Returns the bytes written. */
size_t lp_cobs(uint8_t *to, const uint8_t *from, size_t size);

/* Takes COBS off in place. False for bytes that are no COBS. */
bool lp_uncobs(uint8_t *bytes, size_t *size);

/* Reads a frame, given without its delimiter, in place: `frame` points into it. False for everything that is answered
 * with silence, but for the kind, which is not looked at. */
bool lp_frame_read(struct lp_frame *frame, uint8_t *bytes, size_t size);

/* Writes the header of a payload. */
void lp_frame_header(uint8_t *payload, uint8_t kind, uint32_t session, uint16_t sequence);

/* Writes a frame with its delimiter, of a payload with its header, the body behind that and room for the CRC behind it.
 * Returns the bytes written. */
size_t lp_frame_write(uint8_t to[LP_FRAME_LIMIT], uint8_t *payload, size_t body_size);

#endif
