/* The line: bytes to frames, sessions, sequences and retries (PROTOCOL.md, The line; Sessions, sequences and retries).
 */
#include "board.h"
#include "box.h"
#include "commands.h"
#include "faulty.h"
#include "frame.h"
#include "lockproof.h"
#include "numbers.h"

#include <string.h>

enum error { STALE_SESSION = 1, SEQUENCE_REUSED = 2, BAD_VERSION = 3, TOO_LARGE = 4, MALFORMED = 5 };

/* The frame that is coming in. */
static struct {
    uint8_t bytes[LP_FRAME_LIMIT];
    size_t used;
    bool too_long;
} incoming;

/* The last request that was carried out in this session, and its reply, as a payload with room for its CRC. */
static struct {
    bool kept;
    uint16_t sequence;
    size_t size;
    uint32_t crc;
    uint32_t content; /* CRC of the body alone; of a faulty box */
    size_t reply_size;
    uint8_t reply[LP_PAYLOAD_LONGEST];
} last;

/* The request that is being carried out, for busy frames. */
static struct {
    bool busy;
    uint16_t sequence;
    uint64_t heard; /* at the request, or the last busy frame, in milliseconds */
} current;

static void send(enum lp_kind kind, uint16_t sequence, uint8_t *payload, size_t body_size)
{
    static uint8_t encoded[LP_FRAME_LIMIT];
    lp_frame_header(payload, (uint8_t)kind, lp_session(), sequence);
    board_line_write(encoded, lp_frame_write(encoded, payload, body_size));
}

void lp_still_busy(void)
{
    if (current.busy && board_timer_ms() - current.heard >= LP_BUSY_EVERY_MS - 50) {
        uint8_t payload[LP_HEADER_BYTES + 1 + LP_CRC_BYTES];
        payload[LP_HEADER_BYTES] = 0x80; /* the empty array */
        send(LP_BUSY, current.sequence, payload, 1);
        current.heard = board_timer_ms();
    }
}

static void send_error(uint16_t sequence, enum error error, uint64_t detail)
{
    uint8_t payload[LP_HEADER_BYTES + 16 + LP_CRC_BYTES];
    struct lp_writer body = {payload + LP_HEADER_BYTES, 16, 0};
    lp_write_error(&body, error, detail);
    send(LP_REPLY, sequence, payload, body.used);
}

static bool is_last_request(const struct lp_frame *request)
{
    return request->body_size == last.size && request->crc == last.crc;
}

/* In a faulty box: whatever its sequence is. */
static bool has_last_content(const struct lp_frame *request)
{
    return last.kept && request->body_size == last.size &&
           lp_crc32c(0, request->body, request->body_size) == last.content;
}

/* Carries the request out, keeps it and its reply, and sends the reply. */
static void answer(const struct lp_frame *request, bool keep)
{
    struct lp_writer reply = {last.reply + LP_HEADER_BYTES, LP_BODY_ROOM, 0};
    struct lp_afterwards afterwards = {false, 0};
    last.kept = false;
    current.sequence = request->sequence;
    current.heard = board_timer_ms();
    current.busy = true;
    lp_carry_out((struct lp_reader){request->body, request->body_size}, &reply, &afterwards);
    current.busy = false;
    last.kept = keep;
    last.sequence = request->sequence;
    last.size = request->body_size;
    last.crc = request->crc;
    if (LP_FAULTY(reply_by_content)) {
        last.content = lp_crc32c(0, request->body, request->body_size);
    }
    last.reply_size = reply.used;
    send(LP_REPLY, last.sequence, last.reply, last.reply_size);
    if (afterwards.power_off) {
        lp_power_off(afterwards.off_for);
    }
}

/* A request of this session with a sequence of its own. */
static void take_new(const struct lp_frame *request)
{
    size_t fault = 0;
    uint64_t commands;
    if (!lp_well_formed(request->body, request->body_size, &fault)) {
        send_error(request->sequence, MALFORMED, fault);
    } else if (!lp_commands_of((struct lp_reader){request->body, request->body_size}, &commands)) {
        send_error(request->sequence, MALFORMED, 0);
    } else if (commands > LP_BATCH_LIMIT) {
        send_error(request->sequence, TOO_LARGE, LP_BATCH_LIMIT);
    } else {
        answer(request, true);
    }
}

static bool is_hello_alone(const struct lp_frame *request)
{
    static const uint8_t HELLO[] = {0x81, 0x81, 0x01};
    return request->body_size == sizeof HELLO && memcmp(request->body, HELLO, sizeof HELLO) == 0;
}

static void take(const struct lp_frame *request)
{
    if (request->version != LP_VERSION) {
        send_error(request->sequence, BAD_VERSION, LP_VERSION);
    } else if (request->session == 0 && is_hello_alone(request)) {
        answer(request, false);
    } else if (request->session != lp_session()) {
        send_error(request->sequence, STALE_SESSION, 0);
    } else if (last.kept && request->sequence == last.sequence) {
        if (is_last_request(request)) {
            send(LP_REPLY, last.sequence, last.reply, last.reply_size);
        } else {
            send_error(request->sequence, SEQUENCE_REUSED, 0);
        }
    } else if (LP_FAULTY(reply_by_content) && has_last_content(request)) {
        send(LP_REPLY, request->sequence, last.reply, last.reply_size);
    } else {
        take_new(request);
    }
}

/* A delimiter ends what came before it, whatever it was. */
static void end_of_frame(void)
{
    struct lp_frame frame;
    const bool whole = !incoming.too_long && incoming.used > 0;
    if (whole && lp_frame_read(&frame, incoming.bytes, incoming.used) && frame.kind == LP_REQUEST) {
        take(&frame);
    }
    incoming.used = 0;
    incoming.too_long = false;
}

static void hear(uint8_t byte)
{
    if (byte == 0) {
        end_of_frame();
    } else if (incoming.used < LP_FRAME_LIMIT - 1) {
        incoming.bytes[incoming.used] = byte;
        incoming.used++;
    } else {
        incoming.too_long = true;
    }
}

void lp_boot(void)
{
    incoming.used = 0;
    incoming.too_long = false;
    last.kept = false;
    current.busy = false;
    lp_box_boot();
}

void lp_poll(void)
{
    uint8_t bytes[32];
    const size_t came = board_line_read(bytes, sizeof bytes);
    for (size_t i = 0; i < came; i++) {
        hear(bytes[i]);
    }
}
