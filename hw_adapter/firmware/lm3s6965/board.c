/* The board port for the Cortex-M3 of an LM3S6965 evaluation board, as QEMU emulates it (lm3s6965evb).
 *
 * UART, timer, interrupts and reset are the chip's. QEMU's machine has no clock with a battery, no memory that outlives
 * it and no source of randomness; in their place semihosting asks the emulator for the host's time, for two files in
 * the folder that it was started in (store.bin, battery.bin), and for /dev/urandom. So a reset, a kill and a restart
 * leave what a cut of the supply would leave. */
#include "board.h"
#include "lockproof.h"

#include <stdbool.h>
#include <string.h>

#define REGISTER(at) (*(volatile uint32_t *)(at))

#define SYSCTL_RCGC1 REGISTER(0x400fe104) /* clocks of the UARTs */
#define UART_DATA REGISTER(0x4000c000)
#define UART_FLAGS REGISTER(0x4000c018)
#define UART_IBRD REGISTER(0x4000c024)
#define UART_FBRD REGISTER(0x4000c028)
#define UART_LCRH REGISTER(0x4000c02c)
#define UART_CONTROL REGISTER(0x4000c030)
#define UART_MASK REGISTER(0x4000c038)
#define UART_CLEAR REGISTER(0x4000c044)
#define SYSTICK_CONTROL REGISTER(0xe000e010)
#define SYSTICK_RELOAD REGISTER(0xe000e014)
#define SYSTICK_VALUE REGISTER(0xe000e018)
#define NVIC_ENABLE REGISTER(0xe000e100)
#define SCB_ICSR REGISTER(0xe000ed04)
#define SCB_AIRCR REGISTER(0xe000ed0c)

enum { BUSY = 1 << 3, NOTHING_RECEIVED = 1 << 4, NO_ROOM_TO_SEND = 1 << 5 };
enum { CLOCK_HZ = 12500000, UART_INTERRUPT = 1 << 5, RECEIVED = 1 << 4 | 1 << 6, SYSTICK_IS_PENDING = 1 << 26 };

int main(void);
void systick_handler(void);
void uart_handler(void);

/* The timer counts down from there to 0, 1.3 s, and begins again; that is seldom enough that none is lost on a busy
 * host. */
#define ROUND 0x1000000U

static volatile uint32_t rounds;

void systick_handler(void)
{
    rounds++;
}

/* Its only use is to wake the processor. */
void uart_handler(void)
{
    UART_CLEAR = RECEIVED;
}

static void disable_interrupts(void)
{
    __asm volatile("cpsid i" ::: "memory");
}

static void enable_interrupts(void)
{
    __asm volatile("cpsie i" ::: "memory");
}

/* ---- The line. */

static size_t received(uint8_t *to, size_t room)
{
    size_t came = 0;
    while (came < room && !(UART_FLAGS & NOTHING_RECEIVED)) {
        to[came++] = (uint8_t)UART_DATA;
    }
    return came;
}

size_t board_line_read(uint8_t *to, size_t room)
{
    const size_t came = received(to, room);
    if (came > 0) {
        return came;
    }
    disable_interrupts(); /* so that a byte that comes now still wakes it */
    if (UART_FLAGS & NOTHING_RECEIVED) {
        __asm volatile("wfi");
    }
    enable_interrupts();
    return received(to, room);
}

void board_line_write(const uint8_t *from, size_t size)
{
    for (; size > 0; size--) {
        while (UART_FLAGS & NO_ROOM_TO_SEND) {
        }
        UART_DATA = *from++;
    }
}

/* ---- Semihosting (ARM IHI 0203). */

enum semihosting { SYS_OPEN = 1, SYS_CLOSE = 2, SYS_WRITE = 5, SYS_READ = 6, SYS_SEEK = 10, SYS_TIME = 17 };
enum mode { READ_BINARY = 1, UPDATE_BINARY = 3, CREATE_BINARY = 7 };

static int32_t semihosting(enum semihosting call, const void *parameters)
{
    register uint32_t r0 __asm("r0") = (uint32_t)call;
    register const void *r1 __asm("r1") = parameters;
    __asm volatile("bkpt 0xab" : "+r"(r0) : "r"(r1) : "memory");
    return (int32_t)r0;
}

struct opening {
    const char *name;
    uint32_t mode;
    uint32_t name_size;
};

static int32_t open_file(const char *name, uint32_t size, enum mode mode)
{
    const struct opening opening = {name, (uint32_t)mode, size};
    return semihosting(SYS_OPEN, &opening);
}

static int32_t open_or_create(const char *name, uint32_t size)
{
    const int32_t file = open_file(name, size, UPDATE_BINARY);
    return file >= 0 ? file : open_file(name, size, CREATE_BINARY);
}

static void close_file(int32_t file)
{
    (void)semihosting(SYS_CLOSE, &file);
}

/* Of bytes that are read the emulator writes, not this program. */
struct transfer {
    int32_t file;
    const void *bytes;
    uint32_t size;
};

static void seek(int32_t file, uint32_t at)
{
    const struct {
        int32_t file;
        uint32_t at;
    } place = {file, at};
    (void)semihosting(SYS_SEEK, &place);
}

/* Reads; what a file has not is as erased memory. */
static void read_file(int32_t file, void *to, uint32_t size)
{
    const struct transfer transfer = {file, to, size};
    for (uint32_t i = 0; i < size; i++) {
        ((volatile uint8_t *)to)[i] = 0xff;
    }
    (void)semihosting(SYS_READ, &transfer);
}

static void write_file(int32_t file, const void *from, uint32_t size)
{
    const struct transfer transfer = {file, from, size};
    (void)semihosting(SYS_WRITE, &transfer);
}

/* ---- Clock, memory and randomness. */

static int32_t store, battery;

int64_t board_clock(void)
{
    return (int64_t)(uint32_t)semihosting(SYS_TIME, NULL);
}

uint64_t board_timer_ms(void)
{
    disable_interrupts();
    uint64_t whole = rounds;
    uint32_t left = SYSTICK_VALUE;
    if (SCB_ICSR & SYSTICK_IS_PENDING) { /* a round is over that was not counted yet */
        whole++;
        left = SYSTICK_VALUE;
    }
    enable_interrupts();
    return (whole * ROUND + (ROUND - 1 - left)) / (CLOCK_HZ / 1000);
}

void board_kept_read(uint8_t to[LP_KEPT_BYTES])
{
    seek(battery, 0);
    read_file(battery, to, LP_KEPT_BYTES);
}

void board_kept_write(const uint8_t from[LP_KEPT_BYTES])
{
    seek(battery, 0);
    write_file(battery, from, LP_KEPT_BYTES);
}

void board_store_read(uint32_t at, void *to, size_t size)
{
    seek(store, at);
    read_file(store, to, size);
}

void board_store_write(uint32_t at, const void *from, size_t size)
{
    seek(store, at);
    write_file(store, from, size);
}

void board_random(uint8_t *to, size_t size)
{
    static const char SOURCE[] = "/dev/urandom";
    const int32_t file = open_file(SOURCE, sizeof SOURCE - 1, READ_BINARY);
    read_file(file, to, size);
    close_file(file);
}

/* ---- The mechanism, and what the board says of itself. */

static volatile unsigned opened;

void board_tray_open(void)
{
    opened++;
}

const char *board_identity(void)
{
    return "lockproof LM3S6965 port";
}

#define RESTARTED 0x6c707273U /* "lprs" */

/* Not cleared at a reset: whether it was this program that asked for it. */
__attribute__((section(".noinit"))) static uint32_t restarted;

static const char *cause;

const char *board_reset_cause(void)
{
    return cause;
}

void board_restart(void)
{
    while (UART_FLAGS & BUSY) {
    }
    close_file(store);
    close_file(battery);
    restarted = RESTARTED;
    SCB_AIRCR = 0x05fa0004; /* SYSRESETREQ */
    for (;;) {
    }
}

/* ---- Power-up. */

static void start_timer(void)
{
    SYSTICK_RELOAD = ROUND - 1;
    SYSTICK_VALUE = 0;
    SYSTICK_CONTROL = 7;
    while (SYSTICK_VALUE == 0) { /* it is loaded at the first tick */
    }
}

static void start_line(void)
{
    SYSCTL_RCGC1 |= 1;
    UART_CONTROL = 0;
    UART_IBRD = 6; /* 115,200 baud: 12.5 MHz / (16 * 6.78) */
    UART_FBRD = 50;
    UART_LCRH = 3 << 5 | 1 << 4; /* 8 data bits, no parity, 1 stop bit, queues */
    UART_MASK = RECEIVED;
    UART_CONTROL = 1 << 0 | 1 << 8 | 1 << 9;
    NVIC_ENABLE = UART_INTERRUPT;
}

int main(void)
{
    static const char STORE[] = "store.bin", BATTERY[] = "battery.bin";
    cause = restarted == RESTARTED ? "reset by firmware" : "reset";
    restarted = 0;
    start_timer();
    start_line();
    store = open_or_create(STORE, sizeof STORE - 1);
    battery = open_or_create(BATTERY, sizeof BATTERY - 1);
    lp_boot();
    for (;;) {
        lp_poll();
    }
}
