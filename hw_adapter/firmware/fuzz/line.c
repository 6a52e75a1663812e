/* Any bytes on the line, in pieces: nothing but a whole request is answered or changes anything, and the next request
 * is answered whatever came before it. Frames and CRC are read here as PROTOCOL.md says them, a second time. */
#include "watched.h"

/* Whether bytes before a delimiter are a request, of any version and session. */
static bool is_request(const uint8_t *bytes, size_t size)
{
    uint8_t payload[LP_FRAME_LIMIT];
    size_t used = 0, at = 0;
    if (size == 0 || size >= LP_FRAME_LIMIT) {
        return false;
    }
    while (at < size) {
        const size_t code = bytes[at];
        if (at + code > size) {
            return false;
        }
        memcpy(payload + used, bytes + at + 1, code - 1);
        used += code - 1;
        at += code;
        if (code < 255 && at < size) {
            payload[used++] = 0;
        }
    }
    if (used < LP_HEADER_BYTES + LP_CRC_BYTES) {
        return false;
    }
    const uint8_t *crc = payload + used - LP_CRC_BYTES;
    return payload[1] == LP_REQUEST && slow_crc(payload, used - LP_CRC_BYTES) == lp_get32(crc);
}

/* Bytes since the last delimiter. */
static uint8_t open_bytes[4096];
static size_t open_size;

static unsigned requests_in(const uint8_t *bytes, size_t size)
{
    unsigned requests = 0;
    for (size_t i = 0; i < size; i++) {
        if (bytes[i] != 0) {
            open_bytes[open_size++] = bytes[i];
        } else {
            requests += is_request(open_bytes, open_size);
            open_size = 0;
        }
    }
    return requests;
}

static void hello_is_answered(void)
{
    static const uint8_t HELLO[] = {0x00, 0x03, 0x01, 0x01, 0x01, 0x01, 0x01, 0x01, 0x09,
                                    0x01, 0x81, 0x81, 0x01, 0x1f, 0xdf, 0x94, 0x94, 0x00};
    struct lp_frame reply;
    const uint32_t session = lp_session();
    if (sent(HELLO, sizeof HELLO)) {
        HOLDS(replies(&reply) >= 1 && reply.session == session && reply.body[0] == 0x81);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct input input = {data, size};
    struct lp_frame reply;
    if (size > sizeof open_bytes) {
        return 0;
    }
    board_new();
    boot();
    open_size = 0;
    while (input.left > 0) {
        size_t piece = 1 + (size_t)next_byte(&input);
        piece = piece < input.left ? piece : input.left;
        const unsigned requests = requests_in(input.at, piece);
        look();
        const bool powered = sent(input.at, piece);
        HOLDS(!powered || replies(&reply) == requests);
        HOLDS(requests > 0 || (powered && untouched()));
        history_holds();
        if (!powered) {
            open_size = 0;
        }
        input.at += piece;
        input.left -= piece;
    }
    hello_is_answered();
    return 0;
}
