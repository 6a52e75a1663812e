/* What a board must supply: these functions, and a main that calls lp_boot once and lp_poll for ever. See README.md. */
#ifndef LP_BOARD_H
#define LP_BOARD_H

#include "limits.h"

#include <stddef.h>
#include <stdint.h>

/* The line. Read up to `room` bytes that have come; where none has, wait a while (sleep here) and return 0. */
size_t board_line_read(uint8_t *to, size_t room);
/* Send all of them; may wait. */
void board_line_write(const uint8_t *from, size_t size);

/* The real-time clock: seconds that it has counted, also without power, for as long as LP_HOLDOVER. Nobody sets it: the
 * box keeps what must be added to it. It never goes back while its battery lasts. */
int64_t board_clock(void);
/* Milliseconds since power-up, in 64 bits: a counter of 32 comes round after 49 days, and its rounds are counted here. */
uint64_t board_timer_ms(void);

/* A few bytes that live as long as the clock's battery, such as the backup registers of a real-time clock:
 * LP_KEPT_BYTES of them. When the clock has lost its count these must be lost, too, or be overwritten: that is how the
 * box finds out. A write that power cuts may have written any part of its bytes. */
#define LP_KEPT_BYTES 40
void board_kept_read(uint8_t to[LP_KEPT_BYTES]);
void board_kept_write(const uint8_t from[LP_KEPT_BYTES]);

/* Non-volatile memory: lp_store_bytes() of it. A write lasts once the function has returned; one that power cuts may
 * have written any part of its bytes, and no other: where a page is erased to write a part of it, what else it holds must
 * be found again, in a copy or in a second page. Writes are not reordered. The first boot writes all of it once. */
void board_store_read(uint32_t at, void *to, size_t size);
void board_store_write(uint32_t at, const void *from, size_t size);

/* Bytes from a good source of randomness, others after each power-up: nonces rest on it. */
void board_random(uint8_t *to, size_t size);

/* Releases the key tray. Called only behind the commit that accepts (box.first-use.durable), and before the answer: it
 * must return within 100 ms, so it starts the mechanism and does not wait for it. */
void board_tray_open(void);

/* Boots anew, when the last byte that was written to the line has left; memory but the kept bytes and the store is
 * lost. */
LP_NORETURN void board_restart(void);

/* Which board this is, for people, for as long as it is this board; and why it last booted. ASCII, at most
 * LP_IDENTITY_LONGEST and LP_CAUSE_LONGEST characters. */
const char *board_identity(void);
const char *board_reset_cause(void);

#endif
