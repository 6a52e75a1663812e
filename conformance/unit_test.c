@about@

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

/* What the harness gives: see above. */
size_t box_exchange(const uint8_t *request, size_t length, uint8_t *reply, size_t room);
void box_next_nonce(const uint8_t nonce[16]);

enum { PASSED = 0, FAILED = 1, ANOTHER_WAY = 2 };

/* What must stand at a place in the body of a reply. The place is a path: the result, then the value in it, and so on. */
enum kind { EQUAL, DIFFERS, HOLDS };

struct expected {
    enum kind kind;
    const uint8_t *bytes; /* of the item; with HOLDS, the head of an array alone */
    size_t length;
    int depth;
    size_t path[4];
    const char *says;
};

struct step {
    const char *does;
    const uint8_t *request; /* header and body; the session is put in, and the CRC behind */
    size_t length;
    const uint8_t *nonces; /* that the box draws as it carries this out, 16 bytes each */
    size_t nonce_count;
    const struct expected *expected;
    size_t expected_count;
    int is_answered; /* 0: nothing came back, since the power was cut */
    int boots;       /* 1: the box boots after it, and its session is another one */
};

@steps@

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define CONTENT_ROOM (REPLY_ROOM + 16)

static uint8_t line[REPLY_ROOM], frame[CONTENT_ROOM], content[CONTENT_ROOM];

/* Frames: PROTOCOL.md, "Frames" */

static uint32_t crc32c(const uint8_t *bytes, size_t length)
{
    uint32_t crc = 0xFFFFFFFFu;
    size_t i;
    int bit;
    for (i = 0; i < length; i++) {
        crc ^= bytes[i];
        for (bit = 0; bit < 8; bit++)
            crc = (crc & 1u) ? (crc >> 1) ^ 0x82F63B78u : crc >> 1; /* 0x1EDC6F41, reflected */
    }
    return crc ^ 0xFFFFFFFFu;
}

static void put_u32(uint8_t *at, uint32_t value)
{
    at[0] = (uint8_t)(value >> 24);
    at[1] = (uint8_t)(value >> 16);
    at[2] = (uint8_t)(value >> 8);
    at[3] = (uint8_t)value;
}

static uint32_t get_u32(const uint8_t *at)
{
    return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | (uint32_t)at[3];
}

/* Wake bytes, COBS of the content, and the delimiter; how many bytes that is. */
static size_t encode(const uint8_t *bytes, size_t length, uint8_t *out)
{
    size_t i, end = WAKE_BYTES, code = end++;
    memset(out, 0, WAKE_BYTES);
    out[code] = 1;
    for (i = 0; i < length; i++) {
        if (bytes[i] != 0) {
            out[end++] = bytes[i];
            out[code]++;
        }
        if (bytes[i] == 0 || (out[code] == 0xFF && i + 1 < length)) {
            code = end++;
            out[code] = 1;
        }
    }
    out[end++] = 0;
    return end;
}

/* The content of a frame without its delimiter; 0 if it is none. */
static size_t decode(const uint8_t *bytes, size_t length, uint8_t *out)
{
    size_t i = 0, end = 0, k;
    while (i < length) {
        size_t code = bytes[i++];
        if (code == 0 || code - 1 > length - i)
            return 0;
        for (k = 1; k < code; k++)
            out[end++] = bytes[i++];
        if (code < 0xFF && i < length)
            out[end++] = 0;
    }
    return end >= 12 && crc32c(out, end - 4) == get_u32(out + end - 4) ? end : 0;
}

/* Sends a request in this session; the length of the reply in `content`, 0 if none came. */
static size_t ask(const uint8_t *request, size_t length, uint32_t session)
{
    size_t came, start, end, got;
    memcpy(content, request, length);
    put_u32(content + 2, session);
    put_u32(content + length, crc32c(content, length));
    came = box_exchange(frame, encode(content, length + 4, frame), line, sizeof line);
    for (start = 0; start < came && start < sizeof line; start = end + 1) {
        for (end = start; end < came && line[end] != 0; end++)
            ;
        got = end < came ? decode(line + start, end - start, content) : 0;
        if (got && content[0] == 1 && content[1] == 2 && content[6] == request[6] && content[7] == request[7])
            return got;
    }
    return 0;
}

/* The session of the box, 0 if it does not answer hello. */
static uint32_t hello(void)
{
    static const uint8_t request[] = {1, 1, 0, 0, 0, 0, 0, 0, 0x81, 0x81, 1};
    return ask(request, sizeof request, 0) ? get_u32(content + 2) : 0;
}

/* Items of a body: PROTOCOL.md, "CBOR" */

/* Where the head of the item at `at` ends, 0 if there is none; its type and number. */
static size_t head(size_t at, size_t end, int *type, uint64_t *number)
{
    size_t width, i;
    if (at >= end)
        return 0;
    *type = content[at] >> 5;
    *number = content[at] & 31u;
    if (*number < 24)
        return at + 1;
    if (*number > 27)
        return 0;
    width = (size_t)1 << (*number - 24);
    if (width > end - at - 1)
        return 0;
    *number = 0;
    for (i = 0; i < width; i++)
        *number = *number << 8 | content[at + 1 + i];
    return at + 1 + width;
}

/* Where the item at `at` ends, 0 if there is none. */
static size_t skip(size_t at, size_t end, int depth)
{
    int type;
    uint64_t number;
    size_t body = head(at, end, &type, &number);
    if (!body || depth > 4)
        return 0;
    if (type == 2 || type == 3)
        return number <= end - body ? body + (size_t)number : 0;
    if (type == 5)
        number *= 2;
    if (type != 4 && type != 5)
        return body;
    while (number-- && body)
        body = skip(body, end, depth + 1);
    return body;
}

/* Whether the reply, of `got` bytes, has what is expected. */
static int has(const struct expected *wanted, size_t got)
{
    size_t at = 8, end = got - 4, next;
    int level, type;
    uint64_t number;
    for (level = 0; level < wanted->depth; level++) {
        size_t skipped;
        next = head(at, end, &type, &number);
        if (!next || type != 4 || wanted->path[level] >= number)
            return 0;
        at = next;
        for (skipped = 0; skipped < wanted->path[level]; skipped++)
            if (!(at = skip(at, end, level + 1)))
                return 0;
    }
    next = wanted->kind == HOLDS ? head(at, end, &type, &number) : skip(at, end, wanted->depth);
    if (!next)
        return 0;
    return (next - at == wanted->length && memcmp(content + at, wanted->bytes, wanted->length) == 0) != (wanted->kind == DIFFERS);
}

static int wrong(size_t number, const char *does, const char *what, int is_the_failure)
{
    fprintf(stderr, "%s step %u, %s: %s\n", is_the_failure ? "FAIL" : "NOT AS RECORDED", (unsigned)number, does, what);
    return is_the_failure ? FAILED : ANOTHER_WAY;
}

int main(void)
{
    size_t number, i;
    uint32_t session = hello();
    if (!session)
        return wrong(0, "hello", "the box does not answer", 0);
    for (number = 1; number <= COUNT(steps); number++) {
        const struct step *step = &steps[number - 1];
        int last = number == COUNT(steps);
        size_t got;
        for (i = 0; i < step->nonce_count; i++)
            box_next_nonce(step->nonces + 16 * i);
        got = ask(step->request, step->length, session);
        if (step->is_answered && !got)
            return wrong(number, step->does, "no answer came", 0);
        for (i = 0; step->is_answered && i < step->expected_count; i++)
            if (!has(&step->expected[i], got))
                return wrong(number, step->does, step->expected[i].says, last && i + 1 == step->expected_count);
        if (step->boots || !step->is_answered) {
            uint32_t before = session;
            session = hello();
            if (!session || session == before)
                return wrong(number, step->does, "the box must have booted, with another session", 0);
        }
    }
    printf("PASS %u steps\n", (unsigned)COUNT(steps));
    return PASSED;
}
