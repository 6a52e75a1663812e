/* Bytes to frames: what is decoded is encoded to what decodes alike, and what is encoded is decoded to what it was. */
#include "frame.h"

#include "fuzz.h"

static void stuffed(const uint8_t *data, size_t size)
{
    uint8_t *bytes = exactly(data, size);
    size_t used = size;
    if (lp_uncobs(bytes, &used)) {
        uint8_t again[LP_FRAME_LIMIT + 4];
        HOLDS(used <= size && (size == 0 || memchr(data, 0, size) == NULL));
        const size_t again_size = lp_cobs(again, bytes, used);
        size_t back = again_size;
        HOLDS(again_size <= size || size == 0);
        HOLDS(memchr(again, 0, again_size) == NULL);
        HOLDS(lp_uncobs(again, &back) && back == used && memcmp(again, bytes, used) == 0);
    }
    free(bytes);
}

static bool same(const struct lp_frame *one, const struct lp_frame *other)
{
    return one->version == other->version && one->kind == other->kind && one->session == other->session &&
           one->sequence == other->sequence && one->crc == other->crc && one->body_size == other->body_size &&
           memcmp(one->body, other->body, one->body_size) == 0;
}

static void read_back(const struct lp_frame *frame)
{
    uint8_t payload[LP_FRAME_LIMIT], written[LP_FRAME_LIMIT];
    struct lp_frame back;
    lp_frame_header(payload, frame->kind, frame->session, frame->sequence);
    payload[0] = frame->version;
    memcpy(payload + LP_HEADER_BYTES, frame->body, frame->body_size);
    const size_t size = lp_frame_write(written, payload, frame->body_size);
    HOLDS(size <= LP_FRAME_LIMIT && memchr(written, 0, size) == written + size - 1);
    HOLDS(lp_frame_read(&back, written, size - 1) && same(frame, &back));
    HOLDS(frame->crc == slow_crc(payload, LP_HEADER_BYTES + frame->body_size));
}

static void framed(const uint8_t *data, size_t size)
{
    uint8_t *bytes = exactly(data, size);
    struct lp_frame frame;
    if (lp_frame_read(&frame, bytes, size)) {
        read_back(&frame);
    }
    free(bytes);
}

/* The input as a frame's own fields, since no input guesses a CRC. */
static void written(const uint8_t *data, size_t size)
{
    struct input input = {data, size};
    struct lp_frame frame = {.version = next_byte(&input), .kind = next_byte(&input)};
    frame.session = (uint32_t)next_number(&input, 4);
    frame.sequence = (uint16_t)next_number(&input, 2);
    frame.body = input.at;
    frame.body_size = input.left < LP_BODY_ROOM ? input.left : LP_BODY_ROOM;
    uint8_t payload[LP_PAYLOAD_LONGEST];
    lp_frame_header(payload, frame.kind, frame.session, frame.sequence);
    payload[0] = frame.version;
    memcpy(payload + LP_HEADER_BYTES, frame.body, frame.body_size);
    frame.crc = slow_crc(payload, LP_HEADER_BYTES + frame.body_size);
    read_back(&frame);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < LP_FRAME_LIMIT) {
        stuffed(data, size);
        framed(data, size);
    }
    if (size >= LP_HEADER_BYTES) {
        written(data, size);
    }
    return 0;
}
