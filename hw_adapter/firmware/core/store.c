/* Commits that are whole or not at all (box.power), on memory that may write any part of what it was given when power
 * goes.
 *
 * The store holds a journal and the state. A commit writes the changed bytes to the journal, then the journal's head,
 * which makes it valid, then the changed bytes to their places in the state. A boot that finds a valid journal writes
 * it to the state again, which does no harm if that was done already. */
#include "board.h"
#include "faulty.h"
#include "frame.h"
#include "lockproof.h"
#include "numbers.h"
#include "state.h"

#include <string.h>

#define MAGIC 0x6c70626fU /* "lpbo" */

struct range {
    uint32_t at; /* in struct lp_state */
    uint32_t size;
};

/* Valid if its check is that of the fields before it and of the bytes behind it. */
struct journal_head {
    uint32_t magic;
    uint32_t layout;
    uint32_t ranges;
    struct range range[LP_COMMIT_RANGES];
    uint32_t check;
};

/* The state has a head of its own, so that a new board is told from an old one. */
struct state_head {
    uint32_t magic;
    uint32_t layout;
    uint32_t size;
};

enum {
    JOURNAL_BYTES_AT = sizeof(struct journal_head),
    STATE_HEAD_AT = JOURNAL_BYTES_AT + LP_JOURNAL_BYTES,
    STATE_AT = STATE_HEAD_AT + sizeof(struct state_head)
};

/* The largest commit: provision of a new box; what is small comes to less than 256 bytes. */
LP_HOLDS(sizeof(struct lp_zone) + LP_ZONES * 9 + 256 <= LP_JOURNAL_BYTES, journal);
LP_HOLDS(2 * sizeof(struct lp_entry) + sizeof(struct lp_first_use) + 64 <= LP_JOURNAL_BYTES, journal_entry);

struct lp_state lp_state;

static struct journal_head pending;
static uint32_t cut_in;
static void (*cut)(void);

uint32_t lp_store_bytes(void)
{
    return (uint32_t)(STATE_AT + sizeof lp_state);
}

void lp_changed(const void *what, uint32_t size)
{
    const uint32_t at = (uint32_t)((const uint8_t *)what - (const uint8_t *)&lp_state);
    pending.range[pending.ranges++] = (struct range){at, size};
}

bool lp_anything_changed(void)
{
    return pending.ranges > 0;
}

static const uint8_t *state_at(uint32_t at)
{
    return (const uint8_t *)&lp_state + at;
}

/* Of the head without its check, and of the bytes behind it. */
static uint32_t check_of_head(void)
{
    return lp_crc32c(0, (const uint8_t *)&pending, offsetof(struct journal_head, check));
}

static void write_journal(void)
{
    pending.magic = MAGIC;
    pending.layout = LP_STORE_LAYOUT;
    pending.check = check_of_head();
    uint32_t at = JOURNAL_BYTES_AT;
    for (uint32_t i = 0; i < pending.ranges; i++) {
        const struct range *range = &pending.range[i];
        pending.check = lp_crc32c(pending.check, state_at(range->at), range->size);
        board_store_write(at, state_at(range->at), range->size);
        at += range->size;
    }
    board_store_write(0, &pending, sizeof pending);
}

/* In a faulty box: every 16th commit, and this one is counted although it ends here. */
static bool erases_a_page(void)
{
    if (lp_state.writes % 16 == 0) {
        board_store_write(STATE_AT + (uint32_t)offsetof(struct lp_state, writes), &lp_state.writes, sizeof lp_state.writes);
        return true;
    }
    return false;
}

void lp_commit(void)
{
    if (cut_in > 0 && --cut_in == 0) {
        cut();
    }
    lp_state.writes++;
    LP_CHANGED(writes);
    if (!LP_FAULTY(commit_in_place) && !LP_FAULTY(watchdog_in_a_commit)) {
        write_journal();
    }
    for (uint32_t i = 0; i < pending.ranges; i++) {
        if (LP_FAULTY(watchdog_in_a_commit) && i == pending.ranges / 2 && erases_a_page()) {
            board_restart();
        }
        board_store_write(STATE_AT + pending.range[i].at, state_at(pending.range[i].at), pending.range[i].size);
    }
    lp_clear(&pending, sizeof pending);
}

void lp_arm(uint32_t nth, void (*strike)(void))
{
    cut_in = nth;
    cut = strike;
}

static uint32_t check_of_stored(uint32_t check, uint32_t at, uint32_t size)
{
    while (size > 0) {
        uint8_t piece[64];
        const uint32_t taken = size < sizeof piece ? size : (uint32_t)sizeof piece;
        board_store_read(at, piece, taken);
        check = lp_crc32c(check, piece, taken);
        at += taken;
        size -= taken;
    }
    return check;
}

/* Whether the head that was read belongs to a whole commit. */
static bool journal_is_whole(void)
{
    if (pending.magic != MAGIC || pending.layout != LP_STORE_LAYOUT || pending.ranges > LP_COMMIT_RANGES) {
        return false;
    }
    uint32_t check = check_of_head();
    uint32_t at = JOURNAL_BYTES_AT;
    for (uint32_t i = 0; i < pending.ranges; i++) {
        const struct range *range = &pending.range[i];
        if (range->at > sizeof lp_state || range->size > sizeof lp_state - range->at ||
            range->size > STATE_HEAD_AT - at) {
            return false;
        }
        check = check_of_stored(check, at, range->size);
        at += range->size;
    }
    return check == pending.check;
}

/* Writes a commit that a cut may have caught behind its journal to the state, once more or for the first time. */
static void carry_on(void)
{
    uint32_t at = JOURNAL_BYTES_AT;
    board_store_read(0, &pending, sizeof pending);
    if (journal_is_whole()) {
        for (uint32_t i = 0; i < pending.ranges; i++) {
            const struct range *range = &pending.range[i];
            board_store_read(at, (uint8_t *)&lp_state + range->at, range->size);
            board_store_write(STATE_AT + range->at, state_at(range->at), range->size);
            at += range->size;
        }
    }
    lp_clear(&pending, sizeof pending);
}

/* A new board: nothing known. The head comes last, so that a cut leaves a new board. */
static void make_new(const struct state_head *head)
{
    lp_clear(&lp_state, sizeof lp_state);
    lp_state.writes = 1;
    lp_state.epoch = 1;
    lp_state.log_next = 1;
    board_store_write(0, &pending, sizeof pending); /* which is empty */
    board_store_write(STATE_AT, &lp_state, sizeof lp_state);
    board_store_write(STATE_HEAD_AT, head, sizeof *head);
}

void lp_state_load(void)
{
    const struct state_head own = {MAGIC, LP_STORE_LAYOUT, sizeof lp_state};
    struct state_head found;
    lp_clear(&pending, sizeof pending);
    lp_arm(0, NULL);
    board_store_read(STATE_HEAD_AT, &found, sizeof found);
    if (memcmp(&found, &own, sizeof own) != 0) {
        make_new(&own);
        return;
    }
    board_store_read(STATE_AT, &lp_state, sizeof lp_state);
    if (!LP_FAULTY(journal_not_carried_on)) {
        carry_on();
    }
}
