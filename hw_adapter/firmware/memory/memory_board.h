/* A board in memory: its store outlives a restart, and its power goes where a test wants it. */
#ifndef MEMORY_BOARD_H
#define MEMORY_BOARD_H

#include <setjmp.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct memory_board {
    uint8_t store[65536];
    uint8_t kept[64];
    int64_t clock;
    uint64_t timer_ms;
    const uint8_t *random; /* what board_random gives, if it is not NULL */
    uint32_t next_random;  /* the first four bytes of what board_random gives next; counts on */
    unsigned tray;         /* how often it opened */
    unsigned store_writes;
    unsigned slow; /* milliseconds that each write to the store takes, a tick at a time */
    unsigned tear; /* at the so manieth write to the store from now power goes in its middle; 0: never */
    size_t torn;   /* bytes that are written of that one, all of them if it has no more; 0: half of them */
    uint8_t incoming[4096];
    size_t incoming_size;
    uint8_t outgoing[8192];
    size_t outgoing_size;
    jmp_buf *power_lost; /* where a restart and a torn write go; NULL where they must not come */
};

extern struct memory_board board;

/* A new board, nothing in its store. */
void board_new(void);

/* Carries out one body in the current session, as a frame of its own; the body of the reply. False where power went. */
bool board_ask(const uint8_t *body, size_t size, const uint8_t **reply, size_t *reply_size);

/* Sends bytes as they are and polls; what came back is in board.outgoing. */
void board_send(const uint8_t *bytes, size_t size);

#endif
