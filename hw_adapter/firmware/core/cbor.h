/* CBOR as far as the protocol has it (PROTOCOL.md, CBOR): a check that refuses, readers for what was checked, a writer
 * of the shortest forms. */
#ifndef LP_CBOR_H
#define LP_CBOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define LP_DEEPEST 4 /* arrays and maps within each other, the outermost counted */

enum lp_major { LP_UNSIGNED, LP_NEGATIVE, LP_BYTES, LP_TEXT, LP_ARRAY, LP_MAP, LP_TAG, LP_SIMPLE };
enum { LP_FALSE = 20, LP_TRUE = 21, LP_NULL = 22 };

struct lp_reader {
    const uint8_t *at;
    size_t left;
};

/* The head of an item, in its shortest form, and past it. Of strings, arrays and maps: their length. False, and nothing
 * read, for any other head. */
bool lp_head(struct lp_reader *reader, enum lp_major *major, uint64_t *value);

/* Whether the bytes are exactly one item of this protocol; if not, `fault` is the offset of the first fault. */
bool lp_well_formed(const uint8_t *from, size_t size, size_t *fault);

/* Readers of well-formed items. False, and nothing read, where the next item is of another type or size, or out of
 * range. */
bool lp_read_array(struct lp_reader *reader, uint64_t *items);
bool lp_read_int(struct lp_reader *reader, int64_t *value);
bool lp_read_uint(struct lp_reader *reader, uint64_t longest, uint64_t *value);
bool lp_read_bool(struct lp_reader *reader, bool *value);
bool lp_read_string(struct lp_reader *reader, enum lp_major major, const uint8_t **bytes, size_t *size);
bool lp_read_bytes_of(struct lp_reader *reader, size_t size, const uint8_t **bytes);
/* Passes over one item, whatever it is. */
void lp_skip(struct lp_reader *reader);

/* Counts what is written, and keeps as much of it as there is room for. */
struct lp_writer {
    uint8_t *to;
    size_t room;
    size_t used;
};

void lp_write_head(struct lp_writer *writer, enum lp_major major, uint64_t value);
void lp_write_int(struct lp_writer *writer, int64_t value);
void lp_write_bool(struct lp_writer *writer, bool value);
void lp_write_null(struct lp_writer *writer);
void lp_write_string(struct lp_writer *writer, enum lp_major major, const uint8_t *bytes, size_t size);

static inline void lp_write_uint(struct lp_writer *writer, uint64_t value)
{
    lp_write_head(writer, LP_UNSIGNED, value);
}

static inline void lp_write_array(struct lp_writer *writer, uint64_t items)
{
    lp_write_head(writer, LP_ARRAY, items);
}

#endif
