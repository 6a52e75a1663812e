#include "keys.h"

#include "state.h"

static const struct {
    const char *info;
    size_t size;
} PURPOSE[LP_PURPOSES] = {
    [LP_CODE_KEY] = {"lockproof/1/code", sizeof "lockproof/1/code" - 1},
    [LP_TICKET_KEY] = {"lockproof/1/ticket", sizeof "lockproof/1/ticket" - 1},
    [LP_REVOCATION_KEY] = {"lockproof/1/revocation", sizeof "lockproof/1/revocation" - 1},
    [LP_TIME_KEY] = {"lockproof/1/time", sizeof "lockproof/1/time" - 1},
};

static struct lp_hmac_key keys[LP_PURPOSES];

void lp_key_bytes(const uint8_t *box_id, const uint8_t *secret, enum lp_purpose purpose, uint8_t to[LP_HASH_BYTES])
{
    static const uint8_t NO_SALT[LP_HASH_BYTES] = {0}, ONE = 1;
    struct lp_hmac_key key;
    struct lp_sha256 hash;
    uint8_t extracted[LP_HASH_BYTES];
    lp_hmac_key(&key, NO_SALT, sizeof NO_SALT);
    lp_hmac_begin(&hash, &key);
    lp_sha256_add(&hash, secret, LP_SECRET_BYTES);
    lp_hmac_end(&hash, &key, extracted);
    lp_hmac_key(&key, extracted, sizeof extracted);
    lp_hmac_begin(&hash, &key);
    lp_sha256_add(&hash, (const uint8_t *)PURPOSE[purpose].info, PURPOSE[purpose].size);
    lp_sha256_add(&hash, box_id, LP_BOX_ID_BYTES);
    lp_sha256_add(&hash, &ONE, 1);
    lp_hmac_end(&hash, &key, to);
}

void lp_keys_make(void)
{
    for (int purpose = 0; purpose < LP_PURPOSES; purpose++) {
        uint8_t bytes[LP_HASH_BYTES];
        lp_key_bytes(lp_state.box_id, lp_state.secret, (enum lp_purpose)purpose, bytes);
        lp_hmac_key(&keys[purpose], bytes, sizeof bytes);
    }
}

const struct lp_hmac_key *lp_key(enum lp_purpose purpose)
{
    return &keys[purpose];
}
