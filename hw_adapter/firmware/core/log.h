/* The log (box.log): append-only, numbered from 1 in every epoch; refusals that are not decided are counted in one open
 * entry. */
#ifndef LP_LOG_H
#define LP_LOG_H

#include "clock.h"
#include "state.h"

#include <stdint.h>

/* Takes up what a boot finds: an entry of counted refusals at the end of the log is open still. */
void lp_log_boot(void);
/* A log with nothing in it, in a new epoch. Changes lp_state, and leaves the commit to the caller. */
void lp_log_begin(void);
/* An entry about one presentation, of no credential, accepted unless a reason is put in. */
void lp_entry_begin(struct lp_entry *entry, enum lp_entry_kind kind, int64_t instant);
/* Appends the entry of a decided presentation, behind the open count. Changes lp_state, and leaves the commit to the
 * caller, that of the decision. */
void lp_log_decided(const struct lp_entry *entry, struct lp_now now);
/* Counts a presentation refused while disabled or not ready, and commits the count if it is time to. */
void lp_log_refused(uint8_t reason, struct lp_now now);
/* Commits an open count that is not written, before the log is read. */
void lp_log_settle(struct lp_now now);

/* The entries that are kept: from lp_log_oldest, inclusive, to lp_state.log_next, exclusive. */
uint32_t lp_log_oldest(void);
const struct lp_entry *lp_log_entry(uint32_t number);

#endif
