/* SHA-256 (FIPS 180-4) and HMAC (RFC 2104) with it. */
#ifndef LP_SHA256_H
#define LP_SHA256_H

#include <stddef.h>
#include <stdint.h>

#define LP_HASH_BYTES 32
#define LP_BLOCK_BYTES 64

struct lp_sha256 {
    uint32_t state[8];
    uint64_t bytes;
    uint8_t block[LP_BLOCK_BYTES];
};

void lp_sha256_begin(struct lp_sha256 *hash);
void lp_sha256_add(struct lp_sha256 *hash, const uint8_t *from, size_t size);
void lp_sha256_end(struct lp_sha256 *hash, uint8_t to[LP_HASH_BYTES]);

/* A key as its two states behind the padded key, so that a short message costs two blocks. */
struct lp_hmac_key {
    uint32_t inner[8];
    uint32_t outer[8];
};

void lp_hmac_key(struct lp_hmac_key *key, const uint8_t *from, size_t size);
void lp_hmac_begin(struct lp_sha256 *hash, const struct lp_hmac_key *key);
void lp_hmac_end(struct lp_sha256 *hash, const struct lp_hmac_key *key, uint8_t to[LP_HASH_BYTES]);

#endif
