/* A keypad entry (PROTOCOL.md, A keypad entry): charged, compared, decided. */
#ifndef LP_KEYPAD_H
#define LP_KEYPAD_H

#include "box.h"

#include <stddef.h>

/* Decides an entry of so many digits, and opens the key tray if it is accepted. */
struct lp_decision lp_keypad_entry(const uint8_t *digits, size_t size, struct lp_now now);

#endif
