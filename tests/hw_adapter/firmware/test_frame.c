/* Frames: CRC-32C by its check value, COBS by the examples of its paper and at its bounds, and every frame of the
 * protocol's vectors. */
#include "check.h"
#include "frame.h"
#include "vectors.h"

static void crc_is_castagnoli(void)
{
    size_t size;
    const uint8_t *bytes = hex(CRC_OF, &size);
    CHECK(lp_crc32c(0, bytes, size) == CRC_IS);
    CHECK(lp_crc32c(lp_crc32c(0, (const uint8_t *)"1234", 4), (const uint8_t *)"56789", 5) == 0xe3069283);
    CHECK(lp_crc32c(0, NULL, 0) == 0);
}

static void cobs_is(const char *content, const char *stuffed)
{
    size_t size, wanted_size;
    const uint8_t *bytes = hex(content, &size), *wanted = hex(stuffed, &wanted_size);
    uint8_t got[1024];
    size_t got_size = lp_cobs(got, bytes, size);
    CHECK_BYTES(content, got, got_size, wanted, wanted_size);
    CHECK_OF(content, lp_uncobs(got, &got_size));
    CHECK_BYTES(content, got, got_size, bytes, size);
}

static void cobs_of_the_paper(void)
{
    /* Cheshire and Baker, Consistent Overhead Byte Stuffing, figure 2: an IP packet, and zeros on their own. */
    cobs_is("4500002c4c79000040064f37", "024501042c4c79010540064f37");
    cobs_is("", "01");
    cobs_is("00", "0101");
    cobs_is("0000", "010101");
    cobs_is("11220033", "0311220233");
    cobs_is("11000000", "0211010101");
}

/* Runs without a zero around 254 bytes: how many bytes they become, and that both ways to end one are read. */
static void cobs_at_its_bound(void)
{
    uint8_t content[600], stuffed[700];
    memset(content, 7, sizeof content);
    static const struct {
        size_t content, stuffed;
    } SIZES[] = {{253, 254}, {254, 255}, {255, 257}, {508, 510}, {509, 512}};
    for (size_t i = 0; i < sizeof SIZES / sizeof SIZES[0]; i++) {
        size_t size = lp_cobs(stuffed, content, SIZES[i].content);
        CHECK(size == SIZES[i].stuffed);
        CHECK(lp_uncobs(stuffed, &size) && size == SIZES[i].content && memcmp(stuffed, content, size) == 0);
    }
    size_t size = lp_cobs(stuffed, content, 254);
    stuffed[size++] = 1;
    CHECK(lp_uncobs(stuffed, &size) && size == 254);
    content[254] = 0;
    size = lp_cobs(stuffed, content, 255);
    CHECK(size == 257 && stuffed[255] == 1 && stuffed[256] == 1);
    CHECK(lp_uncobs(stuffed, &size) && size == 255 && stuffed[254] == 0);
}

static void bad_cobs(void)
{
    static const char *const BAD[] = {"02", "05112233", "031100", "00", "0100"};
    for (size_t i = 0; i < sizeof BAD / sizeof BAD[0]; i++) {
        size_t size;
        const uint8_t *bad = hex(BAD[i], &size);
        uint8_t *exactly = malloc(size); /* so that a sanitizer sees a byte read beyond them */
        memcpy(exactly, bad, size);
        CHECK_OF(BAD[i], !lp_uncobs(exactly, &size));
        free(exactly);
    }
}

static void frames_of_the_vectors(void)
{
    for (size_t i = 0; i < sizeof FRAMES / sizeof FRAMES[0]; i++) {
        size_t line_size, body_size;
        const uint8_t *line = hex(FRAMES[i].line, &line_size), *body = hex(FRAMES[i].body, &body_size);
        uint8_t payload[LP_PAYLOAD_LONGEST], written[LP_FRAME_LIMIT];
        struct lp_frame frame;
        CHECK(LP_VERSION == PROTOCOL);
        lp_frame_header(payload, FRAMES[i].kind, FRAMES[i].session, FRAMES[i].sequence);
        payload[0] = FRAMES[i].version; /* there is one frame of another version */
        memcpy(payload + LP_HEADER_BYTES, body, body_size);
        CHECK_BYTES(FRAMES[i].name, written, lp_frame_write(written, payload, body_size), line, line_size);
        CHECK_OF(FRAMES[i].name, lp_frame_read(&frame, written, line_size - 1));
        CHECK_BYTES(FRAMES[i].name, frame.body, frame.body_size, body, body_size);
        CHECK_OF(FRAMES[i].name, frame.version == FRAMES[i].version && frame.kind == FRAMES[i].kind);
        CHECK_OF(FRAMES[i].name, frame.session == FRAMES[i].session && frame.sequence == FRAMES[i].sequence);
    }
}

/* Every single wrong bit of a frame is seen. */
static void every_wrong_bit(void)
{
    size_t size;
    const uint8_t *line = hex(FRAMES[0].line, &size);
    for (size_t bit = 0; bit < 8 * (size - 1); bit++) {
        uint8_t bytes[256];
        struct lp_frame frame;
        memcpy(bytes, line, size);
        bytes[bit / 8] ^= (uint8_t)(1U << bit % 8);
        CHECK(!lp_frame_read(&frame, bytes, size - 1));
    }
}

/* The largest body that fits, of bytes without a zero, fills the frame; PROTOCOL.md says 241 for 256. */
static void the_largest_body(void)
{
    uint8_t payload[LP_PAYLOAD_LONGEST], written[LP_FRAME_LIMIT + 4];
    memset(payload, 1, sizeof payload);
    lp_frame_header(payload, LP_REPLY, 0x01010101, 0x0101);
    CHECK(LP_FRAME_LIMIT != 256 || LP_BODY_ROOM == 241);
    CHECK(LP_FRAME_LIMIT != 256 || LP_BATCH_LIMIT == 8);
    CHECK(lp_frame_write(written, payload, LP_BODY_ROOM) <= LP_FRAME_LIMIT);
}

int main(void)
{
    crc_is_castagnoli();
    cobs_of_the_paper();
    cobs_at_its_bound();
    bad_cobs();
    frames_of_the_vectors();
    every_wrong_bit();
    the_largest_body();
    return 0;
}
