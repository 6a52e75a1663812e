/* The open nonce (connect.ticket): one, the newest, for a ticket's life by the box's own timer; no power cut leaves it.
 */
#ifndef LP_NONCE_H
#define LP_NONCE_H

#include "clock.h"

#include <stdbool.h>
#include <stdint.h>

/* Makes a nonce, in place of the one that was open. */
const uint8_t *lp_nonce_make(struct lp_now now);
/* Whether this is the open nonce, and in time. */
bool lp_nonce_is_open(const uint8_t *nonce, struct lp_now now);
/* Consumed by a ticket or a time order, or forgotten. */
void lp_nonce_forget(void);

#endif
