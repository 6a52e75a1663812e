#include "nonce.h"

#include "board.h"
#include "faulty.h"
#include "limits.h"

#include <string.h>

static struct {
    bool open;
    uint64_t made; /* by the timer */
    uint8_t bytes[LP_NONCE_BYTES];
} nonce;

/* A generator that nobody has given a beginning of its own. */
static void draw_unseeded(void)
{
    static uint32_t state = 1;
    for (size_t i = 0; i < sizeof nonce.bytes; i++) {
        state = state * 1103515245U + 12345U;
        nonce.bytes[i] = (uint8_t)(state >> 16);
    }
}

/* The timer by which a nonce grows old. */
static uint64_t timer_of(struct lp_now now)
{
    return LP_FAULTY(timer_in_32_bits) ? (uint32_t)(now.timer * 1000) / 1000 : now.timer;
}

const uint8_t *lp_nonce_make(struct lp_now now)
{
    if (LP_FAULTY(random_unseeded)) {
        draw_unseeded();
    } else {
        board_random(nonce.bytes, sizeof nonce.bytes);
    }
    nonce.made = timer_of(now);
    nonce.open = true;
    return nonce.bytes;
}

bool lp_nonce_is_open(const uint8_t *bytes, struct lp_now now)
{
    return nonce.open && timer_of(now) < nonce.made + LP_TICKET_LIFE && memcmp(bytes, nonce.bytes, sizeof nonce.bytes) == 0;
}

void lp_nonce_forget(void)
{
    nonce.open = false;
}
