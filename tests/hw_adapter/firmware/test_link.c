/* The line: every rejection of the vectors byte for byte, silence where it is due, retries, and what noise does. */
#include "board.h"
#include "check.h"
#include "clock.h"
#include "frame.h"
#include "lockproof.h"
#include "memory_board.h"
#include "state.h"
#include "vectors.h"

#define COUNT(of) (sizeof(of) / sizeof((of)[0]))

static void says(const char *name, const char *sent, const char *wanted)
{
    size_t size, wanted_size;
    const uint8_t *line = hex(sent, &size), *expected = hex(wanted, &wanted_size);
    board_send(line, size);
    CHECK_BYTES(name, board.outgoing, board.outgoing_size, expected, wanted_size);
}

static void rejections(void)
{
    for (size_t i = 0; i < COUNT(REJECTIONS); i++) {
        says(REJECTIONS[i].name, REJECTIONS[i].request, REJECTIONS[i].reply);
    }
}

static bool answers_hello(void)
{
    size_t size;
    struct lp_frame frame;
    board_send((const uint8_t *)"", 1); /* ends what stood on the line before, which may be answered */
    const uint8_t *hello = hex("0301010101010109018181011fdf949400", &size);
    board_send(hello, size);
    return board.outgoing_size > 0 && lp_frame_read(&frame, board.outgoing, board.outgoing_size - 1) &&
           frame.session == lp_session();
}

static void silence(void)
{
    for (size_t i = 0; i < COUNT(SILENCE); i++) {
        says(SILENCE[i].name, SILENCE[i].line, "");
        CHECK_OF(SILENCE[i].name, answers_hello());
    }
}

/* A frame of the current session. */
static size_t frame(uint8_t line[LP_FRAME_LIMIT], uint16_t sequence, const char *body)
{
    uint8_t payload[LP_PAYLOAD_LONGEST];
    size_t size;
    lp_frame_header(payload, LP_REQUEST, lp_session(), sequence);
    memcpy(payload + LP_HEADER_BYTES, hex(body, &size), strlen(body) / 2);
    return lp_frame_write(line, payload, size);
}

static void body_is(const char *wanted)
{
    size_t wanted_size;
    struct lp_frame reply;
    const uint8_t *expected = hex(wanted, &wanted_size);
    CHECK_OF(wanted, board.outgoing_size > 0 && lp_frame_read(&reply, board.outgoing, board.outgoing_size - 1));
    CHECK_BYTES(wanted, reply.body, reply.body_size, expected, wanted_size);
}

static void ask(uint16_t sequence, const char *body, const char *wanted)
{
    uint8_t line[LP_FRAME_LIMIT];
    board_send(line, frame(line, sequence, body));
    body_is(wanted);
}

/* The held clock shows whether a command was carried out again. */
static void retries(void)
{
    ask(100, "81820bf5", "818400f600f5"); /* hold */
    ask(7, "81820c05", "818400f605f5");   /* advance by 5, to a timer of 5 */
    ask(7, "81820c05", "818400f605f5");   /* the same again, not carried out */
    ask(7, "81820c06", "a200020100");     /* sequence-reused */
    ask(7, "81820c05", "818400f605f5");   /* the kept reply is still there */
    ask(6, "81820c05", "818400f60af5");   /* any other sequence is a new request */
    ask(7, "81820c05", "818400f60ff5");
    ask(8, "8182", "a200050101"); /* malformed, and not kept: the one before is */
    ask(7, "81820c05", "818400f60ff5");
    CHECK(answers_hello()); /* which forgets it */
    ask(7, "81820c05", "818400f614f5");
    ask(9, "81820bf4", "818400f614f4");
}

/* Bytes one by one, text in between, and two requests at once. */
static void noise(void)
{
    uint8_t line[3 * LP_FRAME_LIMIT];
    size_t size = frame(line, 20, "818102");
    for (size_t i = 0; i < size; i++) {
        board_send(line + i, 1);
        CHECK((board.outgoing_size > 0) == (i + 1 == size));
    }
    static const char TEXT[] = "booting...\r\n";
    memcpy(line, TEXT, sizeof TEXT); /* with the zero that ends it */
    size = sizeof TEXT + frame(line + sizeof TEXT, 21, "818102");
    board_send(line, size);
    body_is("818100");
    memset(line, 0x55, LP_FRAME_LIMIT + 5); /* too long, up to its delimiter, then as if nothing had been */
    line[LP_FRAME_LIMIT + 5] = 0;
    size = LP_FRAME_LIMIT + 6 + frame(line + LP_FRAME_LIMIT + 6, 22, "818102");
    board_send(line, size);
    body_is("818100");
}

static void stale_after_a_boot(void)
{
    uint8_t line[LP_FRAME_LIMIT];
    const size_t size = frame(line, 30, "818102");
    const uint32_t before = lp_session();
    lp_boot();
    CHECK(lp_session() != before && lp_session() != 0);
    board_send(line, size);
    body_is("a200010100");
}

/* A generator that stands still, or was never switched on, keeps no boot from ending; its nonces tell. */
static void a_generator_that_stands_still(void)
{
    static const uint8_t ZEROS[LP_NONCE_BYTES], ONES[LP_NONCE_BYTES] = {0xff, 0xff, 0xff, 0xff};
    board.random = ZEROS;
    const uint32_t before = lp_session();
    lp_boot();
    CHECK(lp_session() == before + 1);
    board.random = ONES;
    lp_boot();
    CHECK(lp_session() == UINT32_MAX);
    lp_boot();
    CHECK(lp_session() == 1);
    board.random = NULL;
}

/* Statuses in their order: 2, 3, and of a box without keys 6. */
static void statuses(void)
{
    static const struct {
        const char *body, *reply;
    } CASES[] = {
        {"818100", "818102"}, /* no command 0 */
        {"8181"
         "1bffffffffffffffff",
         "818102"},             /* nor one beyond 64 bits signed */
        {"818120", "818102"},   /* nor -1 */
        {"81820201", "818103"}, /* reset takes no arguments */
        {"81820a01", "818103"},
        {"818106", "818103"},
        {"81820601", "818103"}, /* an entry is text */
        {"81820660", "818103"}, /* of 1 digit at least */
        {"8182067131313131313131313131313131313131"
         "31",
         "818103"}, /* and 16 at most */
        {"8182066161", "818103"},
        {"8182066131", "818106"}, /* not-provisioned */
        {"818107", "818106"},
        {"81820440", "818106"},
        {"81820900", "818106"},
        {"81820920", "818103"}, /* from is no negative number */
        {"81820b00", "818103"},
        {"81820c1b0000000100000000", "818103"}, /* an u32 */
        {"81840d030000", "818103"},             /* no such class */
        {"81840d000000", "818103"},
        {"81820e1a00100000", "818103"}, /* to before 1970 */
        {"82820900"
         "810a",
         "8281038101"}, /* read-log stands last */
        {"82810a"
         "8101",
         "828400f600f48103"}, /* hello stands alone */
        {"8181"
         "01",
         NULL},
    };
    lp_boot();
    for (size_t i = 0; CASES[i].reply != NULL; i++) {
        ask((uint16_t)(200 + i), CASES[i].body, CASES[i].reply);
    }
}

/* The frame at the beginning of what came back, which is taken off it. */
static struct lp_frame came(void)
{
    struct lp_frame frame = {.kind = 0};
    size_t size = 0;
    while (size < board.outgoing_size && board.outgoing[size] != 0) {
        size++;
    }
    static uint8_t bytes[LP_FRAME_LIMIT];
    memcpy(bytes, board.outgoing, size);
    if (size > 0 && lp_frame_read(&frame, bytes, size)) {
        memmove(board.outgoing, board.outgoing + size + 1, board.outgoing_size - size - 1);
        board.outgoing_size -= size + 1;
    }
    return frame;
}

/* A commit that takes a second is told of by busy frames, one for every 200 ms at least, and then answered; in between
 * nothing is. */
static void a_slow_store(void)
{
    uint8_t line[LP_FRAME_LIMIT];
    unsigned busy = 0;
    const uint64_t began = board.timer_ms;
    board.slow = 100;
    board_send(line, frame(line, 40, "818102"));
    board.slow = 0;
    const uint64_t took = board.timer_ms - began;
    struct lp_frame next = came();
    while (next.kind == LP_BUSY) {
        busy++;
        CHECK(next.sequence == 40 && next.session == lp_session() && next.body_size == 1 && next.body[0] == 0x80);
        next = came();
    }
    CHECK(took >= 1000 && busy >= took / 200 && busy <= took / 100);
    CHECK(next.kind == LP_REPLY && next.sequence == 40 && next.body_size == 3 && board.outgoing_size == 0);
    lp_still_busy(); /* nobody is waiting any more */
    board.timer_ms += 1000;
    lp_still_busy();
    CHECK(board.outgoing_size == 0);
}

int main(void)
{
    board_new();
    lp_boot();
    CHECK(lp_session() == 0x1a2b3c4d);
    CHECK(lp_store_bytes() <= sizeof board.store);
    rejections();
    silence();
    retries();
    noise();
    stale_after_a_boot();
    a_slow_store();
    a_generator_that_stands_still();
    statuses();
    return 0;
}
