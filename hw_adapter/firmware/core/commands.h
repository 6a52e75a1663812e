/* Requests carried out (PROTOCOL.md, Requests and replies; Commands). */
#ifndef LP_COMMANDS_H
#define LP_COMMANDS_H

#include "cbor.h"

#include <stdbool.h>
#include <stdint.h>

/* What is to be done when the reply has left. */
struct lp_afterwards {
    bool power_off;
    uint32_t off_for;
};

/* The commands of a well-formed body: false where it is no array of at least one command, each an array that begins
 * with an integer. */
bool lp_commands_of(struct lp_reader body, uint64_t *count);

/* Carries out a body that lp_commands_of found good, and writes the reply's body. */
void lp_carry_out(struct lp_reader body, struct lp_writer *reply, struct lp_afterwards *afterwards);

/* The body of an error. */
void lp_write_error(struct lp_writer *reply, uint64_t error, uint64_t detail);

#endif
