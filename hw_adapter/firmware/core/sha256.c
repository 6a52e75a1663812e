#include "sha256.h"

#include "numbers.h"

#include <string.h>

static const uint32_t ROUND[64] = {
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
    0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
    0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
    0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
    0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
    0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2,
};

static const uint32_t FIRST[8] = {
    0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19,
};

static uint32_t turned(uint32_t word, unsigned bits)
{
    return word >> bits | word << (32 - bits);
}

/* The message schedule, kept as the last 16 words: the word of a round takes the place of the one 16 rounds before. */
static uint32_t scheduled(uint32_t words[16], unsigned round)
{
    if (round >= 16) {
        const uint32_t before2 = words[(round + 14) % 16];
        const uint32_t before15 = words[(round + 1) % 16];
        const uint32_t sigma1 = turned(before2, 17) ^ turned(before2, 19) ^ before2 >> 10;
        const uint32_t sigma0 = turned(before15, 7) ^ turned(before15, 18) ^ before15 >> 3;
        words[round % 16] += sigma1 + words[(round + 9) % 16] + sigma0;
    }
    return words[round % 16];
}

static void compress(uint32_t state[8], const uint8_t block[LP_BLOCK_BYTES])
{
    uint32_t words[16];
    uint32_t v[8];
    for (unsigned i = 0; i < 16; i++) {
        words[i] = lp_get32(block + 4 * i);
    }
    memcpy(v, state, sizeof v);
    for (unsigned round = 0; round < 64; round++) {
        const uint32_t sum1 = turned(v[4], 6) ^ turned(v[4], 11) ^ turned(v[4], 25);
        const uint32_t choice = (v[4] & v[5]) ^ (~v[4] & v[6]);
        const uint32_t one = v[7] + sum1 + choice + ROUND[round] + scheduled(words, round);
        const uint32_t sum0 = turned(v[0], 2) ^ turned(v[0], 13) ^ turned(v[0], 22);
        const uint32_t majority = (v[0] & v[1]) ^ (v[0] & v[2]) ^ (v[1] & v[2]);
        for (unsigned i = 7; i > 0; i--) {
            v[i] = v[i - 1];
        }
        v[4] += one;
        v[0] = one + sum0 + majority;
    }
    for (unsigned i = 0; i < 8; i++) {
        state[i] += v[i];
    }
}

void lp_sha256_begin(struct lp_sha256 *hash)
{
    memcpy(hash->state, FIRST, sizeof FIRST);
    hash->bytes = 0;
}

void lp_sha256_add(struct lp_sha256 *hash, const uint8_t *from, size_t size)
{
    while (size > 0) {
        const size_t filled = (size_t)(hash->bytes % LP_BLOCK_BYTES);
        const size_t piece = size < LP_BLOCK_BYTES - filled ? size : LP_BLOCK_BYTES - filled;
        memcpy(hash->block + filled, from, piece);
        hash->bytes += piece;
        from += piece;
        size -= piece;
        if (filled + piece == LP_BLOCK_BYTES) {
            compress(hash->state, hash->block);
        }
    }
}

void lp_sha256_end(struct lp_sha256 *hash, uint8_t to[LP_HASH_BYTES])
{
    static const uint8_t ONE_BIT = 0x80, ZERO = 0;
    uint8_t bits[8];
    lp_put64(bits, hash->bytes * 8);
    lp_sha256_add(hash, &ONE_BIT, 1);
    while (hash->bytes % LP_BLOCK_BYTES != LP_BLOCK_BYTES - sizeof bits) {
        lp_sha256_add(hash, &ZERO, 1);
    }
    lp_sha256_add(hash, bits, sizeof bits);
    for (unsigned i = 0; i < 8; i++) {
        lp_put32(to + 4 * i, hash->state[i]);
    }
}

static void padded(uint32_t state[8], const uint8_t *key, size_t size, uint8_t pad)
{
    uint8_t block[LP_BLOCK_BYTES];
    for (size_t i = 0; i < LP_BLOCK_BYTES; i++) {
        block[i] = (uint8_t)((i < size ? key[i] : 0) ^ pad);
    }
    memcpy(state, FIRST, sizeof FIRST);
    compress(state, block);
}

void lp_hmac_key(struct lp_hmac_key *key, const uint8_t *from, size_t size)
{
    uint8_t hashed[LP_HASH_BYTES];
    if (size > LP_BLOCK_BYTES) {
        struct lp_sha256 hash;
        lp_sha256_begin(&hash);
        lp_sha256_add(&hash, from, size);
        lp_sha256_end(&hash, hashed);
        from = hashed;
        size = sizeof hashed;
    }
    padded(key->inner, from, size, 0x36);
    padded(key->outer, from, size, 0x5c);
}

static void go_on(struct lp_sha256 *hash, const uint32_t state[8])
{
    memcpy(hash->state, state, sizeof hash->state);
    hash->bytes = LP_BLOCK_BYTES;
}

void lp_hmac_begin(struct lp_sha256 *hash, const struct lp_hmac_key *key)
{
    go_on(hash, key->inner);
}

void lp_hmac_end(struct lp_sha256 *hash, const struct lp_hmac_key *key, uint8_t to[LP_HASH_BYTES])
{
    lp_sha256_end(hash, to);
    go_on(hash, key->outer);
    lp_sha256_add(hash, to, LP_HASH_BYTES);
    lp_sha256_end(hash, to);
}
