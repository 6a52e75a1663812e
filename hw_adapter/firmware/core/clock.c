#include "clock.h"

#include "board.h"
#include "faulty.h"
#include "frame.h"
#include "numbers.h"
#include "state.h"

#include <string.h>

#define MAGIC 0x6c70636bU /* "lpck" */

/* What the clock's battery keeps, beside its count. The count that box time is told from is the board's own plus
 * `shift`, or stands at `frozen`. A production build never changes any of it but the session. */
struct kept {
    int64_t shift;
    int64_t frozen;
    uint32_t magic;
    uint32_t off_for; /* seconds without power that the bench asked for, until a boot has reckoned with them */
    uint32_t held;
    uint32_t zero;
    uint32_t check;   /* of what stands before it */
    uint32_t session; /* behind the check: every boot writes it, and a power cut in that write must not cost the time */
};
LP_HOLDS(sizeof(struct kept) == LP_KEPT_BYTES, kept);

static struct kept kept;

/* The timer: milliseconds behind the board's, which are reckoned with as the board counts on, or stand still. */
static struct {
    uint64_t started; /* board's milliseconds at which it began to run, or ran on */
    uint64_t counted; /* milliseconds counted before */
} timer;

static uint32_t check_of(void)
{
    return lp_crc32c(0, (const uint8_t *)&kept, offsetof(struct kept, check));
}

static void keep(void)
{
    kept.check = check_of();
    board_kept_write((const uint8_t *)&kept);
}

static int64_t count(void)
{
    return kept.held ? kept.frozen : lp_plus(board_clock(), kept.shift);
}

static uint64_t timer_ms(void)
{
    return timer.counted + (kept.held ? 0 : board_timer_ms() - timer.started);
}

/* Moves the count by so many seconds. */
static void move(int64_t seconds)
{
    if (kept.held) {
        kept.frozen = lp_plus(kept.frozen, seconds);
    } else {
        kept.shift = lp_plus(kept.shift, seconds);
    }
}

/* Whether a build that can hold the clock left it held to this one, which cannot. Since then it has not counted; it runs
 * on from where it stands. */
static bool was_left_held(void)
{
    if (!kept.held || !(LP_PRODUCTION || LP_WALL_CLOCK_ONLY)) {
        return false;
    }
    kept.shift = lp_plus(kept.frozen, -board_clock());
    kept.held = false;
    return true;
}

bool lp_clock_boot(void)
{
    board_kept_read((uint8_t *)&kept);
    const bool whole = kept.magic == MAGIC && kept.check == check_of();
    if (!whole) {
        lp_clear(&kept, sizeof kept);
        kept.magic = MAGIC;
    }
    timer.counted = 0;
    timer.started = board_timer_ms();
    const bool stood = was_left_held();
    move(kept.off_for);
    const int64_t holdover = LP_HOLDOVER; /* of any size that hello may declare: a compiler may know how it compares */
    return whole && !stood && kept.off_for <= holdover;
}

void lp_clock_booted(void)
{
    uint8_t drawn[4];
    board_random(drawn, sizeof drawn);
    const uint32_t session = lp_get32(drawn);
    /* Never 0 nor the last one, and no other draw: of a generator that always gives the same the boot would never end. */
    if (session != 0 && session != kept.session) {
        kept.session = session;
    } else if (++kept.session == 0) {
        kept.session = 1;
    }
    kept.off_for = 0;
    keep();
}

uint32_t lp_session(void)
{
    return kept.session;
}

struct lp_now lp_clock_read(void)
{
    const int64_t clock = lp_plus(count(), lp_state.clock_ahead);
    return (struct lp_now){LP_FAULTY(clock_in_32_bits) ? (int32_t)clock : clock, timer_ms() / 1000};
}

int64_t lp_clock_ahead_for(int64_t instant)
{
    return lp_plus(instant, -count());
}

bool lp_clock_held(void)
{
    return kept.held != 0;
}

void lp_clock_hold(bool held)
{
    if (held == lp_clock_held()) {
        return;
    }
    if (held) {
        kept.frozen = count();
        timer.counted = timer_ms();
    } else {
        kept.shift = kept.frozen - board_clock();
        timer.started = board_timer_ms();
    }
    kept.held = held;
    keep();
}

void lp_clock_advance(uint32_t seconds)
{
    move(seconds);
    timer.counted += (uint64_t)seconds * 1000;
    keep();
}

void lp_clock_disturb(uint32_t seconds)
{
    move(-(int64_t)seconds);
    keep();
}

void lp_power_off(uint32_t off_for)
{
    kept.off_for = off_for;
    keep();
    board_restart();
}
