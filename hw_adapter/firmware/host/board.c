/* The host port: the box as a Linux process at the end of a pseudo-terminal.
 *
 *     lockproof-host [--state DIR] [--link PATH] [--tear N]
 *
 * It prints the name of its line. What the store and the clock's battery keep lies in DIR, and outlives a kill. A power
 * cut executes the program anew, with the line still open, so that all of its memory is lost. --tear N, for tests:
 * power goes in the middle of the Nth write to the store, half of its bytes written, and the process ends. A file DIR/tear
 * with a number in it, looked for at each write, does the same, and the box boots: that file is then gone. */
#define _GNU_SOURCE /* memory, terminals and processes of Linux */
#include "board.h"
#include "lockproof.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

static struct {
    int line;
    int store;
    int battery;
    const char *state;
    const char *link;
    const char *cause;
    unsigned long tear;
    uint64_t power_up;
    char **arguments;
} host;

LP_NORETURN static void fail(const char *what, const char *which)
{
    fprintf(stderr, "lockproof-host: can't %s %s: %s\n", what, which, strerror(errno));
    exit(3);
}

/* ---- The line. */

static bool writes_all(int to, const uint8_t *from, size_t size)
{
    while (size > 0) {
        const ssize_t wrote = write(to, from, size);
        if (wrote < 0 && errno != EINTR) {
            return false;
        }
        if (wrote > 0) {
            from += wrote;
            size -= (size_t)wrote;
        }
    }
    return true;
}

size_t board_line_read(uint8_t *to, size_t room)
{
    struct pollfd waiting = {.fd = host.line, .events = POLLIN};
    if (poll(&waiting, 1, 1000) <= 0) {
        return 0;
    }
    if (!(waiting.revents & POLLIN)) { /* nobody has the other end open */
        const struct timespec a_while = {0, 10 * 1000 * 1000};
        nanosleep(&a_while, NULL);
        return 0;
    }
    const ssize_t came = read(host.line, to, room);
    return came > 0 ? (size_t)came : 0;
}

void board_line_write(const uint8_t *from, size_t size)
{
    if (!writes_all(host.line, from, size)) {
        fail("write to", "the line");
    }
}

/* ---- Clock and timer. */

static uint64_t milliseconds_of(clockid_t clock)
{
    struct timespec now;
    clock_gettime(clock, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

int64_t board_clock(void)
{
    return (int64_t)(milliseconds_of(CLOCK_REALTIME) / 1000);
}

uint64_t board_timer_ms(void)
{
    return milliseconds_of(CLOCK_MONOTONIC) - host.power_up;
}

/* ---- Memory. */

void board_kept_read(uint8_t to[LP_KEPT_BYTES])
{
    memset(to, 0, LP_KEPT_BYTES);
    if (pread(host.battery, to, LP_KEPT_BYTES, 0) < 0) {
        fail("read", "battery");
    }
}

void board_kept_write(const uint8_t from[LP_KEPT_BYTES])
{
    if (pwrite(host.battery, from, LP_KEPT_BYTES, 0) != LP_KEPT_BYTES) {
        fail("write", "battery");
    }
}

void board_store_read(uint32_t at, void *to, size_t size)
{
    const ssize_t had = pread(host.store, to, size, (off_t)at);
    if (had < 0) {
        fail("read", "store");
    }
    memset((uint8_t *)to + had, 0xff, size - (size_t)had); /* erased memory */
}

/* Whether power goes in this write, because the file says so; it is made anew with one less until it does. */
static bool torn_by_file(void)
{
    char path[4096];
    char number[16] = "";
    snprintf(path, sizeof path, "%s/tear", host.state);
    const int file = open(path, O_RDWR | O_CLOEXEC);
    if (file < 0) {
        return false;
    }
    const unsigned long left = read(file, number, sizeof number - 1) > 0 ? strtoul(number, NULL, 10) : 0;
    const int size = left > 1 ? snprintf(number, sizeof number, "%-10lu\n", left - 1) : 0;
    if (left <= 1 ? unlink(path) != 0 : pwrite(file, number, (size_t)size, 0) != size) {
        fail("change", path);
    }
    close(file);
    return left == 1;
}

void board_store_write(uint32_t at, const void *from, size_t size)
{
    const bool torn = host.tear > 0 && --host.tear == 0;
    const bool told = torn_by_file();
    const size_t written = torn || told ? size / 2 : size;
    if (pwrite(host.store, from, written, (off_t)at) != (ssize_t)written) {
        fail("write", "store");
    }
    if (torn) {
        _exit(9);
    }
    if (told) {
        board_restart();
    }
}

void board_random(uint8_t *to, size_t size)
{
    const int from = open("/dev/urandom", O_RDONLY | O_CLOEXEC);
    if (from < 0 || read(from, to, size) != (ssize_t)size) {
        fail("read", "/dev/urandom");
    }
    close(from);
}

/* ---- The mechanism, and what the board says of itself. */

void board_tray_open(void)
{
    static const char SAID[] = "the key tray opens\n";
    (void)!write(STDOUT_FILENO, SAID, sizeof SAID - 1);
}

const char *board_identity(void)
{
    return "lockproof host port";
}

const char *board_reset_cause(void)
{
    return host.cause;
}

void board_restart(void)
{
    char line[16];
    snprintf(line, sizeof line, "%d", host.line);
    setenv("LOCKPROOF_HOST_LINE", line, 1);
    execv("/proc/self/exe", host.arguments);
    fail("execute", "itself");
}

/* ---- Power-up. */

static int opened(const char *name)
{
    char path[4096];
    snprintf(path, sizeof path, "%s/%s", host.state, name);
    const int file = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (file < 0) {
        fail("open", path);
    }
    return file;
}

/* A new line. It is opened once at its other end, to make it raw. */
static void new_line(void)
{
    struct termios raw;
    host.line = posix_openpt(O_RDWR | O_NOCTTY);
    if (host.line < 0 || grantpt(host.line) != 0 || unlockpt(host.line) != 0) {
        fail("make", "a pseudo-terminal");
    }
    const char *name = ptsname(host.line);
    const int end = open(name, O_RDWR | O_NOCTTY);
    if (end < 0 || tcgetattr(end, &raw) != 0) {
        fail("open", name);
    }
    cfmakeraw(&raw);
    tcsetattr(end, TCSANOW, &raw);
    close(end);
    if (host.link != NULL) {
        unlink(host.link);
        if (symlink(name, host.link) != 0) {
            fail("link", host.link);
        }
    }
    printf("%s\n", name);
    fflush(stdout);
}

static void take_arguments(int count, char **arguments)
{
    host.state = ".";
    host.arguments = arguments;
    for (int i = 1; i < count; i += 2) {
        const char *value = i + 1 < count ? arguments[i + 1] : NULL;
        if (value != NULL && strcmp(arguments[i], "--state") == 0) {
            host.state = value;
        } else if (value != NULL && strcmp(arguments[i], "--link") == 0) {
            host.link = value;
        } else if (value != NULL && strcmp(arguments[i], "--tear") == 0) {
            host.tear = strtoul(value, NULL, 10);
        } else {
            fprintf(stderr,
                    "lockproof-host: %s is no option with a value; there are --state DIR, --link PATH and --tear N\n",
                    arguments[i]);
            exit(2);
        }
    }
}

int main(int count, char **arguments)
{
    const char *line = getenv("LOCKPROOF_HOST_LINE");
    take_arguments(count, arguments);
    host.power_up = milliseconds_of(CLOCK_MONOTONIC);
    host.cause = line != NULL ? "power cut" : "power-up";
    host.store = opened("store.bin");
    host.battery = opened("battery.bin");
    if (line != NULL) {
        host.line = atoi(line);
    } else {
        new_line();
    }
    lp_boot();
    for (;;) {
        lp_poll();
    }
}
