#include "log.h"

#include "box.h"
#include "faulty.h"
#include "numbers.h"

/* The open entry of counted refusals. A power cut takes what of it was not written. */
static struct {
    bool open;
    bool in_log;    /* it is the last entry of the log */
    bool unwritten; /* its count in the log is short */
    struct lp_entry entry;
} run;

/* When a count was last written, by the timer. */
static struct {
    bool ever; /* since power-up */
    uint64_t at;
} written;

static struct lp_entry *place_of(uint32_t number)
{
    return &lp_state.log[(number - 1) % (LP_FAULTY(log_wraps_early) ? LP_LOG_ENTRIES / 2 : LP_LOG_ENTRIES)];
}

uint32_t lp_log_oldest(void)
{
    return lp_state.log_next > LP_LOG_ENTRIES ? lp_state.log_next - LP_LOG_ENTRIES : 1;
}

const struct lp_entry *lp_log_entry(uint32_t number)
{
    return place_of(number);
}

void lp_entry_begin(struct lp_entry *entry, enum lp_entry_kind kind, int64_t instant)
{
    lp_clear(entry, sizeof *entry);
    entry->kind = (uint8_t)kind;
    entry->instant = instant;
    entry->count = 1;
}

void lp_log_boot(void)
{
    const struct lp_entry *last = place_of(lp_state.log_next - 1);
    run.open = lp_state.log_next > 1 && last->kind == LP_REFUSALS_ENTRY;
    run.in_log = run.open;
    run.unwritten = false;
    if (run.open) {
        run.entry = *last;
    }
    written.ever = false;
}

void lp_log_begin(void)
{
    if (!LP_FAULTY(epoch_kept)) {
        lp_state.epoch++;
    }
    lp_state.log_next = 1;
    LP_CHANGED(epoch);
    LP_CHANGED(log_next);
    run.open = false;
    run.unwritten = false;
}

static void append(const struct lp_entry *entry)
{
    const uint32_t number = lp_state.log_next++;
    *place_of(number) = *entry;
    lp_changed(place_of(number), sizeof *entry);
    LP_CHANGED(log_next);
}

/* Puts the open count into the log, for the next commit. */
static void write_run(struct lp_now now)
{
    if (run.in_log) {
        *place_of(lp_state.log_next - 1) = run.entry;
        lp_changed(place_of(lp_state.log_next - 1), sizeof run.entry);
    } else {
        append(&run.entry);
    }
    run.in_log = true;
    run.unwritten = false;
    written.ever = true;
    written.at = now.timer;
}

void lp_log_settle(struct lp_now now)
{
    if (run.unwritten) {
        write_run(now);
        lp_commit();
    }
}

void lp_log_decided(const struct lp_entry *entry, struct lp_now now)
{
    if (run.unwritten) {
        write_run(now);
    }
    run.open = false;
    append(entry);
}

static void begin_run(uint8_t reason, struct lp_now now)
{
    run.open = true;
    run.in_log = false;
    lp_entry_begin(&run.entry, LP_REFUSALS_ENTRY, now.clock);
    run.entry.reason = reason;
    run.entry.count = 0;
}

/* box.log: at most one write in ten minutes, so that no one can wear out the memory. */
static bool may_write(struct lp_now now)
{
    return !written.ever || now.timer - written.at >= LP_REFUSALS_EVERY;
}

void lp_log_refused(uint8_t reason, struct lp_now now)
{
    if (!run.open || run.entry.reason != reason) {
        lp_log_settle(now);
        begin_run(reason, now);
    }
    if (LP_FAULTY(refusals_in_a_byte)) {
        run.entry.count = (uint8_t)(run.entry.count + 1);
    } else if (run.entry.count < UINT32_MAX) {
        run.entry.count++;
    }
    run.unwritten = true;
    if (may_write(now)) {
        lp_log_settle(now);
    }
}
