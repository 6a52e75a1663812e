/* Numbers as they lie in bytes, and instants that do not overflow. */
#ifndef LP_NUMBERS_H
#define LP_NUMBERS_H

#include <stddef.h>
#include <stdint.h>

static inline uint32_t lp_get32(const uint8_t *from)
{
    return (uint32_t)from[0] << 24 | (uint32_t)from[1] << 16 | (uint32_t)from[2] << 8 | from[3];
}

static inline void lp_put32(uint8_t *to, uint32_t value)
{
    to[0] = (uint8_t)(value >> 24);
    to[1] = (uint8_t)(value >> 16);
    to[2] = (uint8_t)(value >> 8);
    to[3] = (uint8_t)value;
}

static inline void lp_put64(uint8_t *to, uint64_t value)
{
    lp_put32(to, (uint32_t)(value >> 32));
    lp_put32(to + 4, (uint32_t)value);
}

/* `instant` and `seconds` more, or the last or first instant there is. */
static inline int64_t lp_plus(int64_t instant, int64_t seconds)
{
    if (seconds > 0 && instant > INT64_MAX - seconds) {
        return INT64_MAX;
    }
    if (seconds < 0 && instant < INT64_MIN - seconds) {
        return INT64_MIN;
    }
    return instant + seconds;
}

static inline int64_t lp_later_of(int64_t one, int64_t other)
{
    return one > other ? one : other;
}

/* Sets bytes to zero: there is no memset here. Volatile, so that a compiler does not put a call to memset in its place.
 */
static inline void lp_clear(void *what, size_t size)
{
    volatile uint8_t *at = what;
    for (size_t i = 0; i < size; i++) {
        at[i] = 0;
    }
}

#endif
