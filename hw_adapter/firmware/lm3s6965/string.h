/* The two functions of libc that the firmware asks for, which startup.c has: the board needs no libc, nor its headers.
 */
#ifndef LM3S6965_STRING_H
#define LM3S6965_STRING_H

#include <stddef.h>

void *memcpy(void *restrict to, const void *restrict from, size_t size);
int memcmp(const void *one, const void *other, size_t size);

#endif
