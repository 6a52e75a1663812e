/* Tickets and the two orders (PROTOCOL.md, A ticket; Time). */
#ifndef LP_TICKETS_H
#define LP_TICKETS_H

#include "box.h"

#include <stddef.h>

/* Decides a ticket, and opens the key tray if it is accepted. */
struct lp_decision lp_ticket(const uint8_t *message, size_t size, struct lp_now now);
/* Hears of a revocation. */
struct lp_decision lp_revocation_order(const uint8_t *message, size_t size, struct lp_now now);
/* Takes the time, or refuses it. */
struct lp_decision lp_time_order(const uint8_t *message, size_t size, struct lp_now now);

#endif
