#include "nonce.h"

#include "board.h"
#include "limits.h"

#include <string.h>

static struct {
    bool open;
    uint64_t made; /* by the timer */
    uint8_t bytes[LP_NONCE_BYTES];
} nonce;

const uint8_t *lp_nonce_make(struct lp_now now)
{
    board_random(nonce.bytes, sizeof nonce.bytes);
    nonce.made = now.timer;
    nonce.open = true;
    return nonce.bytes;
}

bool lp_nonce_is_open(const uint8_t *bytes, struct lp_now now)
{
    return nonce.open && now.timer < nonce.made + LP_TICKET_LIFE && memcmp(bytes, nonce.bytes, sizeof nonce.bytes) == 0;
}

void lp_nonce_forget(void)
{
    nonce.open = false;
}
