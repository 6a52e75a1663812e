/* What every test program here shares: checks that say where they fail, hexadecimal, and a box in memory. */
#ifndef CHECK_H
#define CHECK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static inline void check_at(bool holds, const char *what, const char *name, const char *file, int line)
{
    if (!holds) {
        fprintf(stderr, "%s:%d: %s: %s\n", file, line, name, what);
        exit(1);
    }
}

#define CHECK_OF(name, condition) check_at((condition), #condition, (name), __FILE__, __LINE__)
#define CHECK(condition) CHECK_OF(__func__, condition)
#define CHECK_BYTES(name, got, got_size, wanted, wanted_size)                                                          \
    check_at((got_size) == (wanted_size) && memcmp((got), (wanted), (wanted_size)) == 0, #got " is not " #wanted,      \
             (name), __FILE__, __LINE__)

/* The bytes that a row of hexadecimal digits says; at most 4096 of them. */
static inline const uint8_t *hex(const char *digits, size_t *size)
{
    static uint8_t turn[8][4096];
    static unsigned next;
    uint8_t *bytes = turn[next++ % 8];
    *size = strlen(digits) / 2;
    for (size_t i = 0; i < *size; i++) {
        const char pair[3] = {digits[2 * i], digits[2 * i + 1], 0};
        bytes[i] = (uint8_t)strtoul(pair, NULL, 16);
    }
    return bytes;
}

#endif
