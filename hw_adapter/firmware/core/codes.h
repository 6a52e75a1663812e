/* One Day Codes: digits (interop.code), dead indices (code.digits), first uses (box.first-use.durable). */
#ifndef LP_CODES_H
#define LP_CODES_H

#include "sha256.h"
#include "state.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The digits of an index, in ASCII. */
void lp_code_digits(const struct lp_hmac_key *key, const uint8_t *box_id, const struct lp_code *code,
                    uint8_t to[LP_CODE_DIGITS]);

/* The live index that has these digits, among those of the days whose service holds now; false if none has. */
bool lp_code_find(const uint8_t *digits, size_t size, int64_t now, struct lp_code *code);

/* Whether the code was used, and its first use. */
bool lp_code_used(const struct lp_code *code, int64_t *at);

/* Remembers a first use, for the commit that accepts. False if there is no room, which LP_FIRST_USES rules out. */
bool lp_code_use(const struct lp_code *code, int64_t now);

#endif
