/* A firmware's test harness, for a box that is not in this program: it asks the one at the other end of a socket. */

#include <stdint.h>
#include <stdlib.h>
#include <unistd.h>

static void all(int writing, void *bytes, size_t length)
{
    char *at = bytes;
    int file = atoi(getenv("BOX"));
    while (length) {
        ssize_t done = writing ? write(file, at, length) : read(file, at, length);
        if (done <= 0)
            exit(99);
        at += done;
        length -= (size_t)done;
    }
}

static void tell(char what, const uint8_t *bytes, size_t length)
{
    uint8_t head[3] = {(uint8_t)what, (uint8_t)(length >> 8), (uint8_t)length};
    all(1, head, 3);
    all(1, (void *)bytes, length);
}

void box_next_nonce(const uint8_t nonce[16])
{
    tell('N', nonce, 16);
}

size_t box_exchange(const uint8_t *request, size_t length, uint8_t *reply, size_t room)
{
    uint8_t head[2];
    size_t came;
    tell('X', request, length);
    all(0, head, 2);
    came = (size_t)head[0] << 8 | head[1];
    if (came > room)
        exit(98);
    all(0, reply, came);
    return came;
}
