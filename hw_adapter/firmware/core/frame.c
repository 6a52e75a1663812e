#include "frame.h"

#include "numbers.h"

#include <string.h>

/* CRC-32C (Castagnoli), reflected, by half bytes: 16 words of table. */
uint32_t lp_crc32c(uint32_t before, const uint8_t *from, size_t size)
{
    static const uint32_t HALF[16] = {
        0x00000000, 0x105ec76f, 0x20bd8ede, 0x30e349b1, 0x417b1dbc, 0x5125dad3, 0x61c69362, 0x7198540d,
        0x82f63b78, 0x92a8fc17, 0xa24bb5a6, 0xb21572c9, 0xc38d26c4, 0xd3d3e1ab, 0xe330a81a, 0xf36e6f75,
    };
    uint32_t crc = ~before;
    for (size_t i = 0; i < size; i++) {
        crc ^= from[i];
        crc = crc >> 4 ^ HALF[crc & 15];
        crc = crc >> 4 ^ HALF[crc & 15];
    }
    return ~crc;
}

size_t lp_cobs(uint8_t *to, const uint8_t *from, size_t size)
{
    size_t code = 0; /* where the code byte of the open piece stands */
    size_t used = 1;
    for (size_t i = 0; i < size; i++) {
        if (from[i] != 0) {
            to[used++] = from[i];
        }
        if (from[i] == 0 || used - code == 255) {
            to[code] = (uint8_t)(used - code);
            code = used++;
            if (from[i] != 0 && i + 1 == size) {
                return code; /* a last piece of exactly 254 bytes needs no code after it */
            }
        }
    }
    to[code] = (uint8_t)(used - code);
    return used;
}

bool lp_uncobs(uint8_t *bytes, size_t *size)
{
    size_t at = 0;
    size_t used = 0;
    while (at < *size) {
        const size_t code = bytes[at++];
        if (code == 0 || code - 1 > *size - at) {
            return false;
        }
        for (size_t i = 1; i < code; i++) {
            if (bytes[at] == 0) {
                return false;
            }
            bytes[used++] = bytes[at++];
        }
        if (code < 255 && at < *size) {
            bytes[used++] = 0;
        }
    }
    *size = used;
    return true;
}

bool lp_frame_read(struct lp_frame *frame, uint8_t *bytes, size_t size)
{
    if (!lp_uncobs(bytes, &size) || size < LP_HEADER_BYTES + LP_CRC_BYTES) {
        return false;
    }
    frame->crc = lp_get32(bytes + size - LP_CRC_BYTES);
    if (lp_crc32c(0, bytes, size - LP_CRC_BYTES) != frame->crc) {
        return false;
    }
    frame->version = bytes[0];
    frame->kind = bytes[1];
    frame->session = lp_get32(bytes + 2);
    frame->sequence = (uint16_t)(bytes[6] << 8 | bytes[7]);
    frame->body = bytes + LP_HEADER_BYTES;
    frame->body_size = size - LP_HEADER_BYTES - LP_CRC_BYTES;
    return true;
}

void lp_frame_header(uint8_t *payload, uint8_t kind, uint32_t session, uint16_t sequence)
{
    payload[0] = LP_VERSION;
    payload[1] = kind;
    lp_put32(payload + 2, session);
    payload[6] = (uint8_t)(sequence >> 8);
    payload[7] = (uint8_t)sequence;
}

size_t lp_frame_write(uint8_t to[LP_FRAME_LIMIT], uint8_t *payload, size_t body_size)
{
    const size_t size = LP_HEADER_BYTES + body_size;
    lp_put32(payload + size, lp_crc32c(0, payload, size));
    const size_t used = lp_cobs(to, payload, size + LP_CRC_BYTES);
    to[used] = 0;
    return used + 1;
}
