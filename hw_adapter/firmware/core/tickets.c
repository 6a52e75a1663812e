#include "tickets.h"

#include "board.h"
#include "log.h"
#include "messages.h"
#include "nonce.h"

#include <string.h>

/* connect.revoke.bound: whether the box has heard that the grant is revoked. Where its room is full the last ones heard
 * of are kept. */
static bool heard_of(const uint8_t *grant)
{
    const uint32_t kept = lp_state.grants_heard < LP_GRANTS_HEARD ? lp_state.grants_heard : LP_GRANTS_HEARD;
    for (uint32_t i = 0; i < kept; i++) {
        if (memcmp(lp_state.grant_heard[i], grant, LP_GRANT_BYTES) == 0) {
            return true;
        }
    }
    return false;
}

static void hear_of(const uint8_t *grant)
{
    uint8_t *place = lp_state.grant_heard[lp_state.grants_heard % LP_GRANTS_HEARD];
    memcpy(place, grant, LP_GRANT_BYTES);
    lp_state.grants_heard++;
    lp_changed(place, LP_GRANT_BYTES);
    LP_CHANGED(grants_heard);
}

/* connect.window.bounds: inside [start, end). */
static bool within_window(const struct lp_claims *ticket, int64_t now)
{
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
        lp_nonce_forget(); /* connect.ticket: a ticket opens once */
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
    if (!lp_nonce_is_open(order.nonce, now) || order.time < lp_state.mark) {
        return lp_decided(LP_CLOCK_BACK, now);
    }
    return take(order.time);
}
