/* From reset to main on a Cortex-M3, and the two functions of libc that the firmware asks for. */
#include "limits.h"

#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* Where link.ld says. */
extern const uint32_t data_from[];
extern uint32_t stack_top[], data_start[], data_end[], bss_start[], bss_end[];

int main(void);
void systick_handler(void);
void uart_handler(void);
void reset_handler(void);

void reset_handler(void)
{
    const uint32_t *from = data_from;
    for (uint32_t *to = data_start; to < data_end; to++) {
        *to = *from++;
    }
    for (uint32_t *to = bss_start; to < bss_end; to++) {
        *to = 0;
    }
    (void)main();
}

LP_NORETURN static void fault_handler(void)
{
    for (;;) {
    }
}

typedef void (*handler)(void);

/* The stack, the exceptions of the processor, and the first interrupts, of which the sixth is the line's. */
__attribute__((section(".vectors"), used)) static const struct {
    uint32_t *stack;
    handler exceptions[15];
    handler interrupts[6];
} VECTORS = {
    stack_top,
    {reset_handler, fault_handler, fault_handler, fault_handler, fault_handler, fault_handler, NULL, NULL, NULL, NULL,
     fault_handler, fault_handler, NULL, fault_handler, systick_handler},
    {NULL, NULL, NULL, NULL, NULL, uart_handler},
};

void *memcpy(void *restrict to, const void *restrict from, size_t size)
{
    uint8_t *at = to;
    const uint8_t *of = from;
    while (size-- > 0) {
        *at++ = *of++;
    }
    return to;
}

int memcmp(const void *one, const void *other, size_t size)
{
    const uint8_t *a = one, *b = other;
    for (; size > 0; size--, a++, b++) {
        if (*a != *b) {
            return *a < *b ? -1 : 1;
        }
    }
    return 0;
}
