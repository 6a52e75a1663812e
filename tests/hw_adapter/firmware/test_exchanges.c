/* Exchanges of the vectors, byte for byte, on a box at which they come about. Five are not this box's: hello, which
 * says which box it is, an entry of digits that are no code of it, one without a reason, one with a reason of a later
 * version, and a log of another past. */
#include "board.h"
#include "check.h"
#include "clock.h"
#include "frame.h"
#include "lockproof.h"
#include "memory_board.h"
#include "state.h"
#include "vectors.h"

#define COUNT(of) (sizeof(of) / sizeof((of)[0]))

static const int64_t NOON = 1772985600;
static const uint64_t TIMER = 4711;
static const uint8_t NONCE[LP_NONCE_BYTES] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};

static size_t tried;

static const uint8_t *line_of(const char *name, uint8_t kind, size_t *size)
{
    for (size_t i = 0; i < COUNT(FRAMES); i++) {
        if (strcmp(FRAMES[i].name, name) == 0 && FRAMES[i].kind == kind) {
            return hex(FRAMES[i].line, size);
        }
    }
    CHECK_OF(name, false);
    return NULL;
}

static void exchange(const char *name)
{
    jmp_buf power_lost;
    size_t size, wanted_size;
    const uint8_t *line = line_of(name, LP_REQUEST, &size), *wanted;
    board.power_lost = &power_lost;
    if (setjmp(power_lost) == 0) {
        board_send(line, size);
    }
    board.power_lost = NULL;
    wanted = line_of(name, LP_REPLY, &wanted_size);
    CHECK_BYTES(name, board.outgoing, board.outgoing_size, wanted, wanted_size);
    tried++;
}

/* A new box in the session of the vectors. */
static void power_up(void)
{
    board_new();
    board.clock = NOON;
    lp_boot();
    board.timer_ms = TIMER * 1000;
    board.random = NONCE;
}

static void a_box_from_provision_on(void)
{
    power_up();
    exchange("reset");
    exchange("provision");
    exchange("keypad entry, time unknown");
    exchange("challenge");
    exchange("time order, taken");
    CHECK(lp_state.time_known && lp_state.mark == NOON);
    exchange("keypad entry, refused");
    exchange("challenge");
    exchange("ticket, accepted");
    CHECK(board.tray == 1);
    exchange("revocation order, heard");
    exchange("clock, hold");
    exchange("a batch");
    exchange("a batch that stops at an error");
    exchange("hello that does not stand alone");
    exchange("an unknown command");
    exchange("a power cut that does not stand last");
    exchange("power cut, armed");
    exchange("power cut, now");
}

/* A box whose clock is held and shows `now`, with a mark. */
static void held_at(int64_t now, uint64_t timer, int64_t mark)
{
    power_up();
    board.timer_ms = timer * 1000;
    lp_state.time_known = true;
    lp_state.clock_ahead = now - board.clock;
    lp_state.mark = mark;
    lp_clock_hold(true);
}

static void a_clock_that_is_moved(void)
{
    held_at(NOON - 3599, TIMER - 3599, NOON - 3599);
    exchange("clock, advance");
    held_at(NOON + 20, TIMER, NOON);
    exchange("clock, disturbed, not behind the mark");
    held_at(NOON + 20, TIMER, NOON);
    exchange("clock, disturbed, behind the mark");
}

int main(void)
{
    a_box_from_provision_on();
    a_clock_that_is_moved();
    CHECK(tried == EXCHANGES - 5 + 1); /* the challenge twice */
    return 0;
}
