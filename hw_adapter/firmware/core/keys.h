/* The four keys of a box (PROTOCOL.md, Keys): HKDF-SHA-256 (RFC 5869) of its secret. */
#ifndef LP_KEYS_H
#define LP_KEYS_H

#include "sha256.h"

#include <stdint.h>

enum lp_purpose { LP_CODE_KEY, LP_TICKET_KEY, LP_REVOCATION_KEY, LP_TIME_KEY, LP_PURPOSES };

/* One key, as its bytes. */
void lp_key_bytes(const uint8_t *box_id, const uint8_t *secret, enum lp_purpose purpose, uint8_t to[LP_HASH_BYTES]);

/* Makes the keys of the box that lp_state names; to be called at boot and after provision. */
void lp_keys_make(void);
const struct lp_hmac_key *lp_key(enum lp_purpose purpose);

#endif
