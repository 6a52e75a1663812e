#include "cbor.h"

#include "numbers.h"

#include <string.h>

bool lp_head(struct lp_reader *reader, enum lp_major *major, uint64_t *value)
{
    if (reader->left == 0) {
        return false;
    }
    const unsigned first = reader->at[0];
    const unsigned info = first & 31;
    size_t more = 0; /* bytes of the number behind the first byte */
    *value = info;
    *major = (enum lp_major)(first >> 5);
    if (info >= 24) {
        if (info > 27 || *major == LP_SIMPLE) {
            return false;
        }
        more = (size_t)1 << (info - 24);
        if (more >= reader->left) {
            return false;
        }
        *value = 0;
        for (size_t i = 1; i <= more; i++) {
            *value = *value << 8 | reader->at[i];
        }
        const uint64_t smallest = more == 1 ? 24 : (uint64_t)1 << (more * 4);
        if (*value < smallest) {
            return false;
        }
    }
    reader->at += more + 1;
    reader->left -= more + 1;
    return true;
}

/* The bytes of the UTF-8 sequence at the beginning (RFC 3629), or 0 for a bad one. */
static size_t sequence_of(const uint8_t *at, size_t left)
{
    static const uint32_t SMALLEST[5] = {0, 0, 0x80, 0x800, 0x10000};
    const uint8_t first = at[0];
    const size_t size = first < 0x80 ? 1 : first >> 5 == 6 ? 2 : first >> 4 == 14 ? 3 : first >> 3 == 30 ? 4 : 0;
    if (size < 2) {
        return size;
    }
    if (size > left) {
        return 0;
    }
    uint32_t point = first & (0x7fU >> size);
    for (size_t i = 1; i < size; i++) {
        if ((at[i] & 0xc0) != 0x80) {
            return 0;
        }
        point = point << 6 | (at[i] & 0x3fU);
    }
    const bool surrogate = point >= 0xd800 && point <= 0xdfff;
    return point < SMALLEST[size] || point > 0x10ffff || surrogate ? 0 : size;
}

/* An array or a map that is being read. */
struct level {
    uint64_t left; /* items, keys and values each counted */
    bool map;
    const uint8_t *key; /* the encoding of the last key */
    size_t key_size;
};

static bool key_in_order(const struct level *level, const uint8_t *key, size_t size)
{
    if (level->key == NULL) {
        return true;
    }
    const size_t common = size < level->key_size ? size : level->key_size;
    const int order = memcmp(level->key, key, common);
    return order < 0 || (order == 0 && level->key_size < size);
}

/* Text and bytes: they are there, and text is UTF-8. `fault` points to the first bad sequence, and stays where only the
 * length is wrong. */
static bool string_is_good(struct lp_reader *reader, bool text, uint64_t size, const uint8_t **fault)
{
    if (size > reader->left) {
        return false;
    }
    size_t at = 0;
    while (text && at < size) {
        const size_t sequence = sequence_of(reader->at + at, (size_t)size - at);
        if (sequence == 0) {
            *fault = reader->at + at;
            return false;
        }
        at += sequence;
    }
    reader->at += size;
    reader->left -= (size_t)size;
    return true;
}

/* Whether as many items follow as were announced, as far as the bytes left tell; an item has at least one byte. */
static bool items_fit(enum lp_major major, uint64_t value, size_t left)
{
    return major == LP_MAP ? value <= left / 2 : value <= left;
}

/* One head and, of a string, what it announces. */
static bool item_is_good(struct lp_reader *reader, struct level levels[LP_DEEPEST], unsigned *depth,
                         const uint8_t **fault)
{
    struct level *within = *depth > 0 ? &levels[*depth - 1] : NULL;
    const bool is_key = within != NULL && within->map && within->left % 2 == 0;
    const uint8_t *head = reader->at;
    enum lp_major major;
    uint64_t value;
    *fault = head;
    if (!lp_head(reader, &major, &value)) {
        return false;
    }
    if (is_key) {
        const size_t size = (size_t)(reader->at - head);
        if (major > LP_NEGATIVE || !key_in_order(within, head, size)) {
            return false;
        }
        within->key = head;
        within->key_size = size;
    }
    if (within != NULL) {
        within->left--;
    }
    switch (major) {
    case LP_UNSIGNED:
    case LP_NEGATIVE:
        return true;
    case LP_BYTES:
    case LP_TEXT:
        return string_is_good(reader, major == LP_TEXT, value, fault);
    case LP_ARRAY:
    case LP_MAP:
        if (*depth == LP_DEEPEST || !items_fit(major, value, reader->left)) {
            return false;
        }
        levels[(*depth)++] = (struct level){major == LP_MAP ? value * 2 : value, major == LP_MAP, NULL, 0};
        return true;
    case LP_SIMPLE:
        return value == LP_FALSE || value == LP_TRUE || value == LP_NULL;
    case LP_TAG:
    default:
        return false;
    }
}

bool lp_well_formed(const uint8_t *from, size_t size, size_t *fault)
{
    struct lp_reader reader = {from, size};
    struct level levels[LP_DEEPEST];
    unsigned depth = 0;
    do {
        const uint8_t *at;
        if (!item_is_good(&reader, levels, &depth, &at)) {
            *fault = (size_t)(at - from);
            return false;
        }
        while (depth > 0 && levels[depth - 1].left == 0) {
            depth--;
        }
    } while (depth > 0);
    *fault = size - reader.left;
    return reader.left == 0;
}

/* Reads a head of this type, or nothing. */
static bool head_of(struct lp_reader *reader, enum lp_major wanted, uint64_t *value)
{
    const struct lp_reader before = *reader;
    enum lp_major major;
    if (lp_head(reader, &major, value) && major == wanted) {
        return true;
    }
    *reader = before;
    return false;
}

bool lp_read_array(struct lp_reader *reader, uint64_t *items)
{
    return head_of(reader, LP_ARRAY, items);
}

bool lp_read_int(struct lp_reader *reader, int64_t *value)
{
    const struct lp_reader before = *reader;
    enum lp_major major;
    uint64_t size;
    if (lp_head(reader, &major, &size) && major <= LP_NEGATIVE && size <= INT64_MAX) {
        *value = major == LP_UNSIGNED ? (int64_t)size : -1 - (int64_t)size;
        return true;
    }
    *reader = before;
    return false;
}

bool lp_read_uint(struct lp_reader *reader, uint64_t longest, uint64_t *value)
{
    const struct lp_reader before = *reader;
    if (head_of(reader, LP_UNSIGNED, value) && *value <= longest) {
        return true;
    }
    *reader = before;
    return false;
}

bool lp_read_bool(struct lp_reader *reader, bool *value)
{
    const struct lp_reader before = *reader;
    uint64_t simple;
    if (head_of(reader, LP_SIMPLE, &simple) && (simple == LP_FALSE || simple == LP_TRUE)) {
        *value = simple == LP_TRUE;
        return true;
    }
    *reader = before;
    return false;
}

bool lp_read_string(struct lp_reader *reader, enum lp_major major, const uint8_t **bytes, size_t *size)
{
    const struct lp_reader before = *reader;
    uint64_t length;
    if (head_of(reader, major, &length) && length <= reader->left) {
        *bytes = reader->at;
        *size = (size_t)length;
        reader->at += length;
        reader->left -= (size_t)length;
        return true;
    }
    *reader = before;
    return false;
}

bool lp_read_bytes_of(struct lp_reader *reader, size_t size, const uint8_t **bytes)
{
    const struct lp_reader before = *reader;
    size_t found;
    if (lp_read_string(reader, LP_BYTES, bytes, &found) && found == size) {
        return true;
    }
    *reader = before;
    return false;
}

void lp_skip(struct lp_reader *reader)
{
    uint64_t items = 1;
    while (items > 0) {
        enum lp_major major;
        uint64_t value;
        if (!lp_head(reader, &major, &value)) {
            return;
        }
        items--;
        if (major == LP_ARRAY || major == LP_MAP) {
            items += major == LP_MAP ? value * 2 : value;
        } else if (major == LP_BYTES || major == LP_TEXT) {
            reader->at += value;
            reader->left -= (size_t)value;
        }
    }
}

static void put(struct lp_writer *writer, uint8_t byte)
{
    if (writer->used < writer->room) {
        writer->to[writer->used] = byte;
    }
    writer->used++;
}

void lp_write_head(struct lp_writer *writer, enum lp_major major, uint64_t value)
{
    const unsigned info = value < 24            ? (unsigned)value
                          : value <= UINT8_MAX  ? 24
                          : value <= UINT16_MAX ? 25
                          : value <= UINT32_MAX ? 26
                                                : 27;
    put(writer, (uint8_t)((unsigned)major << 5 | info));
    for (unsigned more = info < 24 ? 0 : 1U << (info - 24); more > 0; more--) {
        put(writer, (uint8_t)(value >> (8 * (more - 1))));
    }
}

void lp_write_int(struct lp_writer *writer, int64_t value)
{
    if (value < 0) {
        lp_write_head(writer, LP_NEGATIVE, (uint64_t)(-1 - value));
    } else {
        lp_write_head(writer, LP_UNSIGNED, (uint64_t)value);
    }
}

void lp_write_bool(struct lp_writer *writer, bool value)
{
    lp_write_head(writer, LP_SIMPLE, value ? LP_TRUE : LP_FALSE);
}

void lp_write_null(struct lp_writer *writer)
{
    lp_write_head(writer, LP_SIMPLE, LP_NULL);
}

void lp_write_string(struct lp_writer *writer, enum lp_major major, const uint8_t *bytes, size_t size)
{
    lp_write_head(writer, major, size);
    for (size_t i = 0; i < size; i++) {
        put(writer, bytes[i]);
    }
}
