/* Bytes to CBOR: what is accepted is what the writer writes, every reader keeps within it, and what the writer writes
 * is accepted. */
#include "cbor.h"

#include "commands.h"
#include "fuzz.h"

#define LONGEST 512

static void copied(struct lp_reader *reader, struct lp_writer *writer, unsigned depth);

static void copied_items(struct lp_reader *reader, struct lp_writer *writer, uint64_t items, unsigned depth)
{
    HOLDS(depth < LP_DEEPEST);
    for (; items > 0; items--) {
        copied(reader, writer, depth + 1);
    }
}

/* One item, read by the reader of its type, which no other one takes. */
static void copied(struct lp_reader *reader, struct lp_writer *writer, unsigned depth)
{
    struct lp_reader head = *reader, before = *reader;
    enum lp_major major;
    uint64_t value, count;
    int64_t integer;
    bool flag;
    const uint8_t *bytes, *other;
    size_t size, other_size;
    HOLDS(lp_head(&head, &major, &value));
    if (lp_read_int(reader, &integer)) {
        HOLDS(major == LP_UNSIGNED || major == LP_NEGATIVE);
        struct lp_reader again = before;
        HOLDS(lp_read_uint(&again, UINT64_MAX, &count) == (integer >= 0));
        lp_write_int(writer, integer);
    } else if (lp_read_string(reader, LP_BYTES, &bytes, &size) || lp_read_string(reader, LP_TEXT, &bytes, &size)) {
        struct lp_reader again = before;
        HOLDS(size == value && lp_read_string(&again, major, &other, &other_size) && other == bytes &&
              other_size == size);
        lp_write_string(writer, major, bytes, size);
    } else if (lp_read_array(reader, &count)) {
        HOLDS(major == LP_ARRAY);
        lp_write_array(writer, count);
        copied_items(reader, writer, count, depth);
    } else if (lp_read_bool(reader, &flag)) {
        HOLDS(major == LP_SIMPLE);
        lp_write_bool(writer, flag);
    } else if (major == LP_MAP) {
        *reader = head;
        lp_write_head(writer, LP_MAP, value);
        copied_items(reader, writer, 2 * value, depth);
    } else if (major == LP_SIMPLE) {
        HOLDS(value == LP_NULL);
        *reader = head;
        lp_write_null(writer);
    } else { /* a number beyond 64 bits signed */
        HOLDS(major <= LP_NEGATIVE && value > INT64_MAX);
        *reader = head;
        lp_write_head(writer, major, value);
    }
}

static void accepted(const uint8_t *bytes, size_t size)
{
    uint8_t again[LONGEST];
    uint64_t commands;
    struct lp_writer writer = {again, sizeof again, 0};
    struct lp_reader whole = {bytes, size}, skipped = {bytes, size};
    copied(&whole, &writer, 0);
    lp_skip(&skipped);
    HOLDS(whole.left == 0 && skipped.left == 0);
    HOLDS(writer.used == size && memcmp(again, bytes, size) == 0);
    if (lp_commands_of((struct lp_reader){bytes, size}, &commands)) {
        HOLDS(commands >= 1 && commands < size);
    }
}

/* Any item that there is, as the input has it. */
static void invented(struct input *input, struct lp_writer *writer, unsigned depth)
{
    const uint8_t kind = next_byte(input);
    const uint64_t items = next_byte(input) % 5;
    size_t size;
    const uint8_t *bytes;
    switch (kind % (depth < LP_DEEPEST ? 7 : 5)) {
    case 0:
        lp_write_head(writer, kind & 64 ? LP_NEGATIVE : LP_UNSIGNED, next_number(input, (unsigned)items * 2));
        break;
    case 1:
        bytes = next_bytes(input, 40, &size);
        lp_write_string(writer, LP_BYTES, bytes, size);
        break;
    case 2:
        lp_write_string(writer, LP_TEXT, (const uint8_t *)"a \xc3\xa9 \xe2\x82\xac \xf0\x9f\x94\x91", 14);
        break;
    case 3:
        lp_write_bool(writer, items > 2);
        break;
    case 4:
        lp_write_null(writer);
        break;
    case 5:
        lp_write_array(writer, items);
        for (uint64_t i = 0; i < items; i++) {
            invented(input, writer, depth + 1);
        }
        break;
    default:
        lp_write_head(writer, LP_MAP, items);
        for (uint64_t i = 0; i < items; i++) {
            lp_write_uint(writer, 10 * i * i * i * i); /* of one byte, two and three */
            invented(input, writer, depth + 1);
        }
        break;
    }
}

static void what_is_written_is_accepted(const uint8_t *data, size_t size)
{
    uint8_t item[LONGEST];
    size_t fault;
    struct input input = {data, size};
    struct lp_writer writer = {item, sizeof item, 0};
    invented(&input, &writer, 0);
    if (writer.used <= sizeof item) {
        HOLDS(lp_well_formed(item, writer.used, &fault));
        accepted(item, writer.used);
        for (size_t cut = 0; cut < writer.used; cut++) {
            HOLDS(!lp_well_formed(item, cut, &fault) && fault <= cut);
        }
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    size_t fault;
    if (size > LONGEST) {
        return 0;
    }
    uint8_t *bytes = exactly(data, size);
    if (lp_well_formed(bytes, size, &fault)) {
        accepted(bytes, size);
    } else {
        HOLDS(fault <= size);
    }
    free(bytes);
    what_is_written_is_accepted(data, size);
    return 0;
}
