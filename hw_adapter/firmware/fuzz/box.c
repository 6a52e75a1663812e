/* A whole box, deep: the input chooses requests in good frames of the session with any bodies, messages under the right
 * keys, the codes that the box has, retries, the time that passes, and power cuts, torn writes among them. */
#include "box.h"
#include "codes.h"
#include "commands.h"
#include "sealed.h"
#include "watched.h"
#include "zone.h"
#include "zones.h"

#define OPERATIONS 48
#define NOON 1772985600

static const uint8_t BOX_ID[] = "Lockproof one by", SECRET[] = "with a secret of thirty-two byte";
static const uint8_t GRANTS[4][LP_GRANT_BYTES + 1] = {"grant 0001 of 16", "grant 0002 of 16", "grant 0003 of 16",
                                                      "grant 0004 of 16"};

static uint16_t sequence;
static uint8_t nonce[LP_NONCE_BYTES];  /* the last that the box gave */
static uint8_t opened[LP_NONCE_BYTES]; /* the last that a ticket opened with */
static bool any_opened;

/* ---- Requests. */

static size_t framed(uint8_t line[LP_FRAME_LIMIT], const uint8_t *body, size_t size)
{
    uint8_t payload[LP_PAYLOAD_LONGEST];
    lp_frame_header(payload, LP_REQUEST, lp_session(), sequence);
    memcpy(payload + LP_HEADER_BYTES, body, size);
    return lp_frame_write(line, payload, size);
}

/* The statuses of a reply: one for each command, and not-run behind the first other than ok. Whether all were. */
static bool all_ok(const struct lp_frame *reply, uint64_t commands)
{
    struct lp_reader body = {reply->body, reply->body_size};
    uint64_t results, values, status;
    bool ok = true;
    HOLDS(lp_read_array(&body, &results) && results == commands);
    for (uint64_t i = 0; i < results; i++) {
        struct lp_reader result = body;
        HOLDS(lp_read_array(&result, &values) && lp_read_uint(&result, 6, &status));
        HOLDS(ok ? status != 1 : status == 1);
        HOLDS(status == 0 || values == 1);
        ok = status == 0;
        lp_skip(&body);
        if (i == 0 && !ok) {
            HOLDS(untouched());
        }
    }
    return ok;
}

static void judge(const uint8_t *body, size_t size, const struct lp_frame *reply)
{
    size_t fault;
    uint64_t commands = 0;
    HOLDS(reply->sequence == sequence);
    const bool good = lp_well_formed(body, size, &fault) && lp_commands_of((struct lp_reader){body, size}, &commands) &&
                      commands <= LP_BATCH_LIMIT;
    if (good) {
        (void)all_ok(reply, commands);
    } else {
        HOLDS(reply->body[0] == 0xa2 && untouched());
    }
}

/* The same bytes again are answered alike, and change nothing. */
static void again(const uint8_t *line, size_t size, const struct lp_frame *reply)
{
    struct lp_frame other;
    look();
    HOLDS(sent(line, size) && replies(&other) == 1 && untouched());
    HOLDS(other.sequence == sequence && other.body_size == reply->body_size);
    HOLDS(memcmp(other.body, reply->body, reply->body_size) == 0);
}

/* Another request of the sequence of one that was carried out is an error, which changes nothing. */
static void reused(const uint8_t *body, size_t size, bool carried_out)
{
    static const uint8_t OTHER[] = {0x81, 0x82, 0x18, 0x63, 0x00}, SEQUENCE_REUSED[] = {0xa2, 0x00, 0x02, 0x01, 0x00};
    uint8_t line[LP_FRAME_LIMIT];
    struct lp_frame reply;
    if (!carried_out || (size == sizeof OTHER && memcmp(body, OTHER, size) == 0)) {
        return;
    }
    look();
    HOLDS(sent(line, framed(line, OTHER, sizeof OTHER)) && replies(&reply) == 1 && untouched());
    HOLDS(reply.body_size == sizeof SEQUENCE_REUSED &&
          memcmp(reply.body, SEQUENCE_REUSED, sizeof SEQUENCE_REUSED) == 0);
}

/* Whether it was answered; power may go instead. */
static bool asked(const uint8_t *body, size_t size, bool retried, struct lp_frame *reply)
{
    static uint8_t kept[LP_BODY_ROOM];
    uint8_t line[LP_FRAME_LIMIT];
    sequence++;
    const size_t line_size = framed(line, body, size);
    look();
    const bool powered = sent(line, line_size);
    const unsigned count = replies(reply);
    HOLDS(powered ? count == 1 : count <= 1);
    history_holds();
    if (!powered) {
        return false;
    }
    memcpy(kept, reply->body, reply->body_size);
    reply->body = kept;
    judge(body, size, reply);
    if (retried) {
        again(line, line_size, reply);
        reused(body, size, kept[0] != 0xa2);
        again(line, line_size, reply);
    }
    return true;
}

static struct lp_writer one_command(uint8_t *body, uint64_t code, uint64_t arguments)
{
    struct lp_writer writer = {body, LP_BODY_ROOM, 0};
    lp_write_array(&writer, 1);
    lp_write_array(&writer, 1 + arguments);
    lp_write_uint(&writer, code);
    return writer;
}

/* ---- What the input may choose. */

static void any_body(struct input *input)
{
    size_t size;
    struct lp_frame reply;
    const uint8_t *body = next_bytes(input, LP_BODY_ROOM, &size);
    (void)asked(body, size, size % 2 == 0, &reply);
}

static void noise(struct input *input)
{
    size_t size;
    struct lp_frame reply;
    const uint8_t *bytes = next_bytes(input, 255, &size);
    look();
    if (sent(bytes, size)) {
        (void)replies(&reply);
    }
    (void)sent((const uint8_t *)"", 1);
    history_holds();
}

static void challenge(struct input *input)
{
    uint8_t body[LP_BODY_ROOM];
    struct lp_frame reply;
    const struct lp_writer writer = one_command(body, 7, 0);
    (void)input;
    if (asked(body, writer.used, true, &reply) && reply.body_size == 4 + LP_NONCE_BYTES) {
        memcpy(nonce, reply.body + 4, LP_NONCE_BYTES);
    }
}

static void bytes_claim(struct lp_writer *to, uint64_t claim, const uint8_t *bytes)
{
    lp_write_uint(to, claim);
    lp_write_string(to, LP_BYTES, bytes, 16);
}

static void instant_claim(struct lp_writer *to, uint64_t claim, int64_t instant)
{
    lp_write_uint(to, claim);
    lp_write_int(to, instant);
}

static bool present(uint64_t command, enum lp_purpose purpose, const struct lp_writer *payload)
{
    uint8_t message[LP_BODY_ROOM], body[LP_BODY_ROOM];
    struct lp_frame reply;
    const size_t size = sealed(message, sizeof message, purpose, payload->to, payload->used);
    struct lp_writer writer = one_command(body, command, 1);
    lp_write_string(&writer, LP_BYTES, message, size);
    return asked(body, writer.used, false, &reply);
}

/* An instant about now: seconds or hours from it. */
static int64_t near_now(struct input *input)
{
    const int64_t by = (int64_t)next_byte(input) - 100;
    return lp_plus(lp_clock_read().clock, by * (next_byte(input) % 2 ? 1 : 3600));
}

static void ticket(struct input *input)
{
    uint8_t bytes[128];
    struct lp_writer payload = {bytes, sizeof bytes, 0};
    const unsigned tray = board.tray;
    lp_write_head(&payload, LP_MAP, 5);
    bytes_claim(&payload, 3, lp_state.box_id);
    instant_claim(&payload, 4, near_now(input));
    instant_claim(&payload, 5, near_now(input));
    bytes_claim(&payload, 7, GRANTS[next_byte(input) % 4]);
    bytes_claim(&payload, 10, nonce);
    (void)present(8, LP_TICKET_KEY, &payload);
    if (board.tray != tray) {
        HOLDS(!any_opened || memcmp(opened, nonce, sizeof nonce) != 0); /* connect.ticket: it opens once */
        memcpy(opened, nonce, sizeof nonce);
        any_opened = true;
    }
}

static void revocation_order(struct input *input)
{
    uint8_t bytes[128];
    struct lp_writer payload = {bytes, sizeof bytes, 0};
    uint8_t grant[LP_GRANT_BYTES];
    memcpy(grant, GRANTS[next_byte(input) % 4], sizeof grant);
    grant[15] = (uint8_t)(grant[15] + next_byte(input) % 200); /* more than there is room for */
    lp_write_head(&payload, LP_MAP, 2);
    bytes_claim(&payload, 3, lp_state.box_id);
    bytes_claim(&payload, 7, grant);
    (void)present(5, LP_REVOCATION_KEY, &payload);
}

static void time_order(struct input *input)
{
    uint8_t bytes[128];
    struct lp_writer payload = {bytes, sizeof bytes, 0};
    int64_t time = lp_plus(lp_state.mark > 0 ? lp_state.mark : NOON, (int64_t)next_byte(input) - 2);
    if (next_byte(input) % 16 == 15) {
        time = (int64_t)(next_number(input, 8) >> 1);
    }
    lp_write_head(&payload, LP_MAP, 3);
    bytes_claim(&payload, 3, lp_state.box_id);
    instant_claim(&payload, 6, time);
    bytes_claim(&payload, 10, nonce);
    (void)present(4, LP_TIME_KEY, &payload);
}

/* A payload of any bytes under a good tag. */
static void any_message(struct input *input)
{
    static const uint8_t COMMANDS[] = {8, 5, 4};
    static const enum lp_purpose PURPOSES[] = {LP_TICKET_KEY, LP_REVOCATION_KEY, LP_TIME_KEY};
    uint8_t bytes[128];
    size_t size;
    const unsigned kind = next_byte(input) % 3;
    const uint8_t *payload = next_bytes(input, sizeof bytes, &size);
    if (size > 0) {
        memcpy(bytes, payload, size);
    }
    (void)present(COMMANDS[kind], PURPOSES[kind], &(struct lp_writer){bytes, sizeof bytes, size});
}

/* A code of a day about now, by any table that the box keeps; or nearly. */
static void entry(struct input *input)
{
    uint8_t body[LP_BODY_ROOM], digits[LP_CODE_DIGITS];
    struct lp_day day;
    struct lp_frame reply;
    const uint8_t how = next_byte(input);
    const unsigned table = next_byte(input) % LP_ZONES;
    const int64_t date = lp_date(lp_clock_read().clock) - 2 + how / 8 % 4;
    if (!lp_zone_day(table, date, &day)) {
        day = (struct lp_day){0, 1};
    }
    const struct lp_code code = {day.start, day.end, how % LP_CODE_INDICES};
    lp_code_digits(lp_key(LP_CODE_KEY), lp_state.box_id, &code, digits);
    if (how >= 128) {
        digits[0] = (uint8_t)('0' + (digits[0] - '0' + how / 32) % 10);
    }
    struct lp_writer writer = one_command(body, 6, 1);
    lp_write_string(&writer, LP_TEXT, digits, sizeof digits);
    (void)asked(body, writer.used, how % 2 == 0, &reply);
}

/* The same box, or another, with a zone table of the input's. */
static void provision(struct input *input)
{
    uint8_t body[LP_BODY_ROOM], box_id[LP_BOX_ID_BYTES];
    struct lp_frame reply;
    const uint8_t how = next_byte(input);
    const struct lp_zone zone = next_zone(input, how % 4 ? lp_clock_read().clock - 86400 * (how % 32) : how, 8);
    struct lp_writer writer = one_command(body, 3, 4);
    memcpy(box_id, BOX_ID, sizeof box_id);
    box_id[0] = (uint8_t)(box_id[0] + (how >= 224));
    lp_write_string(&writer, LP_BYTES, box_id, sizeof box_id);
    lp_write_string(&writer, LP_BYTES, SECRET, LP_SECRET_BYTES);
    lp_write_array(&writer, zone.pairs);
    for (unsigned i = 0; i < zone.pairs; i++) {
        lp_write_array(&writer, 2);
        lp_write_int(&writer, zone.utc[i]);
        lp_write_int(&writer, zone.offset[i]);
    }
    lp_write_int(&writer, zone.expiry);
    (void)asked(body, writer.used, false, &reply);
}

static void time_passes(struct input *input)
{
    static const int64_t STEPS[] = {1, 60, 3600, 86400};
    const int64_t seconds = next_byte(input) * STEPS[next_byte(input) % 4];
    board.clock += seconds;
    board.timer_ms += (uint64_t)seconds * 1000;
}

/* At once, or in the middle of a write to come; the clock's battery may be dead, and what is random no better than it
 * may be: the last session once more, or 0. */
static void power_cut(struct input *input)
{
    const uint8_t how = next_byte(input);
    if (how % 4) {
        board.tear = how / 4;
        return;
    }
    if (how >= 240) {
        memset(board.kept, 0xff, sizeof board.kept);
    }
    const uint32_t session = lp_session();
    board.next_random = how & 8 ? session : how & 16 ? 0 : board.next_random;
    look();
    board.timer_ms = 0;
    boot();
    HOLDS(lp_session() != 0 && (lp_session() != session || how >= 240));
    history_holds();
}

/* A clock that falls behind, below the mark too. */
static void disturb(struct input *input)
{
    uint8_t body[LP_BODY_ROOM];
    struct lp_frame reply;
    const uint64_t seconds = next_byte(input) * (next_byte(input) % 2 ? 1U : 600U);
    struct lp_writer writer = one_command(body, 14, 1);
    lp_write_uint(&writer, seconds);
    (void)asked(body, writer.used, true, &reply);
}

static void slow_store(struct input *input)
{
    board.slow = next_byte(input) % 8 * 10U;
}

static void (*const CHOICES[])(struct input *) = {any_body,   noise,       challenge, ticket,    revocation_order,
                                                  time_order, any_message, entry,     provision, time_passes,
                                                  power_cut,  slow_store,  disturb};

/* ---- The box to begin with: a new one, one that is ready, or one with a long past. */

/* Opens for today's first code and for a ticket. */
static void opens(void)
{
    static const uint8_t TODAY[] = {16, 0}, WINDOW[] = {101, 0, 99, 0};
    struct input today = {TODAY, sizeof TODAY}, window = {WINDOW, sizeof WINDOW}, none = {NULL, 0};
    const unsigned tray = board.tray;
    boot();
    entry(&today);
    challenge(&none);
    ticket(&window);
    HOLDS(board.tray == tray + 2);
}

static void make_ready(struct memory_board *ready)
{
    static const uint8_t FIVE_HOURS_WEST[] = {9, 0, 0, 0, 0, 0x01, 0x0b, 0x2f, 0xff, 0xff, 0xff};
    struct input zone = {FIVE_HOURS_WEST, sizeof FIVE_HOURS_WEST}, none = {NULL, 0}, now = {(const uint8_t *)"\x02", 1};
    board_new();
    board.clock = NOON;
    boot();
    provision(&zone);
    challenge(&none);
    time_order(&now);
    HOLDS(lp_state.provisioned && lp_state.time_known);
    *ready = board;
    opens();
}

/* Log and revoked grants nearly full, as many commits would leave them. */
static void make_old(struct memory_board *old)
{
    struct lp_entry entry = {.instant = NOON, .kind = LP_CODE_ENTRY, .credential = LP_CODE_CREDENTIAL, .count = 1};
    entry.code = (struct lp_code){NOON - 43200, NOON + 43200, 3};
    for (unsigned i = 0; i < LP_LOG_ENTRIES; i++) {
        lp_state.log[i] = entry;
    }
    lp_state.log_next = LP_LOG_ENTRIES - 1;
    lp_state.grants_heard = LP_GRANTS_HEARD - 1;
    memcpy(board.store + lp_store_bytes() - sizeof lp_state, &lp_state, sizeof lp_state);
    memset(board.store, 0xff, 64); /* no commit to carry on */
    *old = board;
    opens();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct memory_board ready, old;
    static bool made;
    struct input input = {data, size};
    if (!made) {
        make_ready(&ready);
        board = ready;
        boot();
        make_old(&old);
        made = true;
    }
    const uint8_t first = next_byte(&input) % 8;
    board = first == 6 ? old : ready;
    any_opened = false;
    if (first == 7) {
        board_new();
    }
    boot();
    for (int i = 0; i < OPERATIONS && input.left > 0; i++) {
        CHOICES[next_byte(&input) % (sizeof CHOICES / sizeof CHOICES[0])](&input);
    }
    return 0;
}
