#include "tickets.h"

#include "board.h"
#include "faulty.h"
#include "log.h"
#include "messages.h"
#include "nonce.h"

#include <string.h>

static uint32_t grants_kept(void)
{
    return LP_FAULTY(revocations_in_four_bits) ? 16 : LP_GRANTS_HEARD;
}

/* connect.revoke.bound: whether the box has heard that the grant is revoked. Where its room is full the last ones heard
 * of are kept. */
static bool heard_of(const uint8_t *grant)
{
    const uint32_t kept = lp_state.grants_heard < grants_kept() ? lp_state.grants_heard : grants_kept();
    for (uint32_t i = 0; i < kept; i++) {
        if (memcmp(lp_state.grant_heard[i], grant, LP_GRANT_BYTES) == 0) {
            return true;
        }
    }
    return false;
}

static void hear_of(const uint8_t *grant)
{
    uint8_t *place = lp_state.grant_heard[lp_state.grants_heard % grants_kept()];
    memcpy(place, grant, LP_GRANT_BYTES);
    lp_state.grants_heard++;
    if (!LP_FAULTY(revocation_in_ram)) {
        lp_changed(place, LP_GRANT_BYTES);
        LP_CHANGED(grants_heard);
    }
}

/* connect.window.bounds: inside [start, end). */
static bool within_window(const struct lp_claims *ticket, int64_t now)
{
    if (LP_FAULTY(window_end_closed)) {
        return ticket->window_start <= now && now <= ticket->window_end;
    }
    return ticket->window_start <= now && now < ticket->window_end;
}

/* The reasons in their order, for a ticket that verifies at a box that is ready. */
static enum lp_reason judged(const struct lp_claims *ticket, struct lp_now now)
{
    if (!lp_nonce_is_open(ticket->nonce, now)) {
        return LP_NOT_THE_NONCE;
    }
    if (heard_of(ticket->grant)) {
        return LP_REVOKED;
    }
    return within_window(ticket, now.clock) ? LP_ACCEPTED : LP_OUTSIDE_WINDOW;
}

struct lp_decision lp_ticket(const uint8_t *message, size_t size, struct lp_now now)
{
    struct lp_claims ticket;
    if (!lp_ticket_verifies(message, size, &ticket)) {
        return lp_decided(LP_NOT_AUTHENTIC, now);
    }
    if (!lp_ready_found(now)) {
        lp_log_refused(LP_NOT_READY, now);
        return lp_decided(LP_NOT_READY, now);
    }
    const enum lp_reason reason = judged(&ticket, now);
    struct lp_entry entry;
    lp_entry_begin(&entry, LP_CONNECT_ENTRY, now.clock);
    entry.reason = (uint8_t)reason;
    entry.credential = LP_GRANT_CREDENTIAL;
    memcpy(entry.grant, ticket.grant, sizeof entry.grant);
    lp_mark(now.clock);
    lp_log_decided(&entry, now);
    lp_commit();
    if (reason == LP_ACCEPTED) {
        if (!LP_FAULTY(nonce_stays_open)) {
            lp_nonce_forget(); /* connect.ticket: a ticket opens once */
        }
        board_tray_open();
    }
    return lp_decided(reason, now);
}

struct lp_decision lp_revocation_order(const uint8_t *message, size_t size, struct lp_now now)
{
    struct lp_claims order;
    if (!lp_revocation_verifies(message, size, &order)) {
        return lp_decided(LP_NOT_AUTHENTIC, now);
    }
    if (!heard_of(order.grant)) {
        hear_of(order.grant);
        lp_commit();
    }
    return lp_decided(LP_ACCEPTED, now);
}

/* box.clock.never-back: sets clock and mark, and makes the time known, in one commit. */
static struct lp_decision take(int64_t time)
{
    lp_state.clock_ahead = lp_clock_ahead_for(time);
    lp_state.time_known = true;
    LP_CHANGED(clock_ahead);
    LP_CHANGED(time_known);
    lp_mark(time);
    lp_commit();
    lp_nonce_forget();
    return (struct lp_decision){LP_ACCEPTED, true, time};
}

struct lp_decision lp_time_order(const uint8_t *message, size_t size, struct lp_now now)
{
    struct lp_claims order;
    if (!lp_time_verifies(message, size, &order)) {
        return lp_decided(LP_NOT_AUTHENTIC, now);
    }
    const bool back = !LP_FAULTY(time_order_unsigned) && order.time < lp_state.mark;
    if (!lp_nonce_is_open(order.nonce, now) || back) {
        return lp_decided(LP_CLOCK_BACK, now);
    }
    return take(order.time);
}
