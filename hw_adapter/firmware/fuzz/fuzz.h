/* What every target shares: what must hold, and an input that is used up from its beginning. */
#ifndef FUZZ_H
#define FUZZ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Ends the run; libFuzzer then keeps the input. */
#define HOLDS(condition) ((condition) ? (void)0 : broken(#condition, __FILE__, __LINE__))

__attribute__((noreturn)) static inline void broken(const char *what, const char *file, int line)
{
    fprintf(stderr, "%s:%d: does not hold: %s\n", file, line, what);
    abort();
}

/* A copy of just so many bytes, so that a sanitizer sees one read beyond them; to be freed. */
static inline uint8_t *exactly(const uint8_t *data, size_t size)
{
    uint8_t *copy = malloc(size > 0 ? size : 1);
    HOLDS(copy != NULL);
    if (size > 0) {
        memcpy(copy, data, size);
    }
    return copy;
}

/* CRC-32C bit by bit, as PROTOCOL.md says it. */
static inline uint32_t slow_crc(const uint8_t *from, size_t size)
{
    uint32_t crc = 0xffffffff;
    for (size_t i = 0; i < size; i++) {
        crc ^= from[i];
        for (int bit = 0; bit < 8; bit++) {
            crc = crc >> 1 ^ (crc & 1 ? 0x82f63b78 : 0);
        }
    }
    return ~crc;
}

struct input {
    const uint8_t *at;
    size_t left;
};

/* The next byte, and 0 for ever at the end. */
static inline uint8_t next_byte(struct input *input)
{
    if (input->left == 0) {
        return 0;
    }
    input->left--;
    return *input->at++;
}

static inline uint64_t next_number(struct input *input, unsigned bytes)
{
    uint64_t number = 0;
    while (bytes-- > 0) {
        number = number << 8 | next_byte(input);
    }
    return number;
}

/* Up to so many bytes, as many as the next one says and there are. */
static inline const uint8_t *next_bytes(struct input *input, size_t most, size_t *size)
{
    const size_t wanted = next_byte(input);
    const uint8_t *bytes = input->at;
    *size = wanted < most ? wanted : most;
    *size = *size < input->left ? *size : input->left;
    input->at += *size;
    input->left -= *size;
    return bytes;
}

#endif
