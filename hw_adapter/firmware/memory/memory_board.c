#include "memory_board.h"

#include "board.h"
#include "clock.h"
#include "frame.h"
#include "lockproof.h"
#include "numbers.h"

#include <assert.h>
#include <string.h>

struct memory_board board;

static uint16_t sequence;

void board_new(void)
{
    memset(&board, 0, sizeof board);
    memset(board.store, 0xff, sizeof board.store);
    board.clock = 1000;
    board.next_random = 0x1a2b3c4d;
}

void board_send(const uint8_t *bytes, size_t size)
{
    assert(size <= sizeof board.incoming);
    memcpy(board.incoming, bytes, size);
    board.incoming_size = size;
    board.outgoing_size = 0;
    while (board.incoming_size > 0) {
        lp_poll();
    }
}

bool board_ask(const uint8_t *body, size_t size, const uint8_t **reply, size_t *reply_size)
{
    static uint8_t payload[LP_PAYLOAD_LONGEST], line[LP_FRAME_LIMIT];
    struct lp_frame frame;
    jmp_buf power_lost;
    lp_frame_header(payload, LP_REQUEST, lp_session(), ++sequence);
    memcpy(payload + LP_HEADER_BYTES, body, size);
    const size_t line_size = lp_frame_write(line, payload, size);
    board.power_lost = &power_lost;
    if (setjmp(power_lost) != 0) {
        board.power_lost = NULL;
        board.incoming_size = 0;
        return false;
    }
    board_send(line, line_size);
    board.power_lost = NULL;
    if (board.outgoing_size == 0 || !lp_frame_read(&frame, board.outgoing, board.outgoing_size - 1)) {
        return false;
    }
    *reply = frame.body;
    *reply_size = frame.body_size;
    return true;
}

size_t board_line_read(uint8_t *to, size_t room)
{
    const size_t came = board.incoming_size < room ? board.incoming_size : room;
    memcpy(to, board.incoming, came);
    memmove(board.incoming, board.incoming + came, board.incoming_size - came);
    board.incoming_size -= came;
    return came;
}

void board_line_write(const uint8_t *from, size_t size)
{
    assert(size <= sizeof board.outgoing - board.outgoing_size);
    memcpy(board.outgoing + board.outgoing_size, from, size);
    board.outgoing_size += size;
}

int64_t board_clock(void)
{
    return board.clock;
}

uint64_t board_timer_ms(void)
{
    return board.timer_ms;
}

void board_kept_read(uint8_t to[LP_KEPT_BYTES])
{
    memcpy(to, board.kept, LP_KEPT_BYTES);
}

void board_kept_write(const uint8_t from[LP_KEPT_BYTES])
{
    memcpy(board.kept, from, LP_KEPT_BYTES);
}

void board_store_read(uint32_t at, void *to, size_t size)
{
    assert(at <= lp_store_bytes() && size <= lp_store_bytes() - at);
    memcpy(to, board.store + at, size);
}

LP_NORETURN static void lose_power(void)
{
    assert(board.power_lost != NULL); /* whoever let power go had no place to go on at */
    longjmp(*board.power_lost, 1);
}

void board_store_write(uint32_t at, const void *from, size_t size)
{
    const bool torn = board.tear > 0 && --board.tear == 0;
    assert(at <= lp_store_bytes() && size <= lp_store_bytes() - at);
    board.store_writes++;
    for (unsigned ticks = 0; ticks < board.slow; ticks += 10) {
        board.timer_ms += 10;
        lp_still_busy();
    }
    const size_t part = board.torn == 0 ? size / 2 : board.torn < size ? board.torn : size;
    memcpy(board.store + at, from, torn ? part : size);
    if (torn) {
        lose_power();
    }
}

void board_random(uint8_t *to, size_t size)
{
    if (board.random != NULL) {
        memcpy(to, board.random, size);
        return;
    }
    memset(to, 0x5a, size);
    lp_put32(to, board.next_random++);
}

void board_tray_open(void)
{
    board.tray++;
}

void board_restart(void)
{
    lose_power();
}

const char *board_identity(void)
{
    return "memory board";
}

const char *board_reset_cause(void)
{
    return "test";
}
