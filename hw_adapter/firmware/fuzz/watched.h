/* A whole box on the board in memory, and what must hold of it whatever is done to it. */
#ifndef WATCHED_H
#define WATCHED_H

#include "board.h"
#include "cbor.h"
#include "clock.h"
#include "frame.h"
#include "fuzz.h"
#include "lockproof.h"
#include "memory_board.h"
#include "numbers.h"
#include "state.h"

/* The box as it was. */
static struct lp_state before;
static unsigned tray_before, writes_before;

static inline void look(void)
{
    before = lp_state;
    tray_before = board.tray;
    writes_before = board.store_writes;
}

static inline bool untouched(void)
{
    return board.store_writes == writes_before && board.tray == tray_before &&
           memcmp(&before, &lp_state, sizeof before) == 0;
}

/* Power goes and comes, perhaps in the middle of a boot, too. */
static inline void boot(void)
{
    jmp_buf power_lost;
    board.power_lost = &power_lost;
    board.incoming_size = 0;
    (void)setjmp(power_lost);
    lp_boot();
    board.power_lost = NULL;
}

/* Sends bytes; false where power went, and the box has booted. What came back is in board.outgoing. */
static inline bool sent(const uint8_t *bytes, size_t size)
{
    jmp_buf power_lost;
    board.power_lost = &power_lost;
    if (setjmp(power_lost) != 0) {
        boot();
        return false;
    }
    board_send(bytes, size);
    board.power_lost = NULL;
    return true;
}

/* What came back is whole frames of one session, replies and busy frames, each with a good body. How many replies;
 * `last` is the last of them, if there is one. */
static inline unsigned replies(struct lp_frame *last)
{
    static uint8_t bytes[sizeof board.outgoing];
    unsigned count = 0;
    size_t at = 0, fault;
    memcpy(bytes, board.outgoing, board.outgoing_size);
    while (at < board.outgoing_size) {
        struct lp_frame frame;
        const uint8_t *end = memchr(bytes + at, 0, board.outgoing_size - at);
        HOLDS(end != NULL);
        const size_t size = (size_t)(end - bytes) - at;
        HOLDS(size < LP_FRAME_LIMIT && lp_frame_read(&frame, bytes + at, size));
        HOLDS(frame.version == LP_VERSION && frame.session != 0 && frame.body_size <= LP_BODY_ROOM);
        HOLDS(lp_well_formed(frame.body, frame.body_size, &fault));
        if (frame.kind == LP_BUSY) {
            HOLDS(frame.body_size == 1 && frame.body[0] == 0x80);
        } else {
            HOLDS(frame.kind == LP_REPLY);
            *last = frame;
            count++;
        }
        at += size + 1;
    }
    return count;
}

static inline void first_uses_hold(void)
{
    for (unsigned i = 0; i < LP_FIRST_USES; i++) {
        const struct lp_first_use *use = &lp_state.first_use[i];
        for (unsigned other = 0; other < i && use->epoch == lp_state.epoch; other++) {
            HOLDS(memcmp(&use->code, &lp_state.first_use[other].code, offsetof(struct lp_code, index) + 1) != 0 ||
                  lp_state.first_use[other].epoch != use->epoch);
        }
    }
}

/* At every instant at which nothing is being carried out. */
static inline void state_holds(void)
{
    unsigned in_force = 0;
    for (unsigned table = 0; table < LP_ZONES; table++) {
        HOLDS(lp_state.zone_use[table] <= LP_ZONE_OLD && lp_state.zone[table].pairs <= LP_PAIRS);
        in_force += lp_state.zone_use[table] == LP_ZONE_IN_FORCE;
    }
    HOLDS(in_force == (lp_state.provisioned ? 1U : 0U));
    /* what the box goes by is what a power cut would leave (box.power) */
    HOLDS(memcmp(board.store + lp_store_bytes() - sizeof lp_state, &lp_state, sizeof lp_state) == 0);
    HOLDS(!lp_anything_changed());
    /* box.wrong-entry.bound: no more is charged than five entries */
    HOLDS(lp_state.arrival <= 0 || lp_state.arrival - lp_state.mark <= (int64_t)LP_KEYPAD_BURST * LP_KEYPAD_REFILL);
    first_uses_hold();
}

/* From one such instant to the next: nothing goes back but with a new epoch, and no tray opens without an entry. */
static inline void history_holds(void)
{
    HOLDS(lp_state.writes - before.writes < 100);
    HOLDS(board.store_writes != writes_before || memcmp(&before, &lp_state, sizeof before) == 0);
    HOLDS(lp_state.writes != before.writes || memcmp(&before, &lp_state, sizeof before) == 0); /* box.power */
    if (lp_state.epoch == before.epoch) {
        HOLDS(lp_state.mark >= before.mark && lp_state.log_next >= before.log_next);
        HOLDS(lp_state.grants_heard >= before.grants_heard);
        HOLDS(board.tray - tray_before <= lp_state.log_next - before.log_next);
    }
    state_holds();
}

#endif
