/* The firmware as its board sees it: call lp_boot once, then lp_poll for ever. */
#ifndef LP_LOCKPROOF_H
#define LP_LOCKPROOF_H

#include <stdint.h>

/* Finds the box as the last power cut left it, and draws a session. */
void lp_boot(void);
/* Reads what has come on the line, and answers it. */
void lp_poll(void);
/* For a board whose store is slow: call it while a write lasts, every 50 ms or more often; it says on the line that the
 * box is busy when it is time to. */
void lp_still_busy(void);
/* Bytes of non-volatile memory that the box needs, from address 0 on. */
uint32_t lp_store_bytes(void);

#endif
