/* Tickets, revocation orders and time orders (interop.message): COSE_Mac0 (RFC 9052) with exactly the claims of their
 * kind. */
#ifndef LP_MESSAGES_H
#define LP_MESSAGES_H

#include "limits.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The claims of a message; those that its kind has not stay as they are. The bytes stand in the message. */
struct lp_claims {
    int64_t window_start;
    int64_t window_end;
    int64_t time;
    const uint8_t *grant;
    const uint8_t *nonce;
};

/* Each checks a message against the box's own key and id, and reads its claims. False is box.authentic. */
bool lp_ticket_verifies(const uint8_t *message, size_t size, struct lp_claims *claims);
bool lp_revocation_verifies(const uint8_t *message, size_t size, struct lp_claims *claims);
bool lp_time_verifies(const uint8_t *message, size_t size, struct lp_claims *claims);

#endif
