/* CBOR: what the vectors accept and refuse, with the offset of the fault, and what is read and written of it. */
#include "cbor.h"
#include "check.h"
#include "vectors.h"

static void accepted(void)
{
    for (size_t i = 0; i < sizeof CBOR_ACCEPTED / sizeof CBOR_ACCEPTED[0]; i++) {
        size_t size, fault = 99;
        const uint8_t *bytes = hex(CBOR_ACCEPTED[i].hex, &size);
        CHECK_OF(CBOR_ACCEPTED[i].hex, lp_well_formed(bytes, size, &fault));
        struct lp_reader reader = {bytes, size};
        lp_skip(&reader);
        CHECK_OF(CBOR_ACCEPTED[i].hex, reader.left == 0);
    }
}

static void refused_at(const char *digits, size_t offset)
{
    size_t size, fault = 99;
    const uint8_t *bytes = hex(digits, &size);
    CHECK_OF(digits, !lp_well_formed(bytes, size, &fault));
    CHECK_OF(digits, fault == offset);
}

static void refused(void)
{
    for (size_t i = 0; i < sizeof CBOR_REFUSED / sizeof CBOR_REFUSED[0]; i++) {
        refused_at(CBOR_REFUSED[i].hex, CBOR_REFUSED[i].offset);
    }
}

/* Faults that the vectors leave to the page's own words. */
static void refused_by_the_page(void)
{
    refused_at("8201", 0);                 /* two items announced, and one byte left */
    refused_at("826161", 3);               /* the second item should begin where the body ends */
    refused_at("a2000118180018190000", 6); /* bytes after the end, once {0: 1, 24: 0} is complete */
    refused_at("a218180000ff", 4);         /* keys out of order by their encodings */
    refused_at("a1200000", 3);
    refused_at("64f0908061", 1); /* a sequence cut off by a byte that goes on none */
    refused_at("63eda080", 1);   /* a surrogate */
    refused_at("62c080", 1);     /* an overlong zero */
    refused_at("64f4908080", 1); /* beyond U+10FFFF */
    refused_at("6361e282", 2);   /* a sequence cut short by the end of the text */
    refused_at("8181818180", 4); /* an empty array too deep */
    refused_at("81818181a0", 4);
    refused_at("fa00000000", 0);
    refused_at("f814", 0);
    refused_at("ff", 0);
}

static void whatever_is_cut_short(void)
{
    for (size_t i = 0; i < sizeof FRAMES / sizeof FRAMES[0]; i++) {
        size_t size, fault;
        const uint8_t *bytes = hex(FRAMES[i].body, &size);
        if (!lp_well_formed(bytes, size, &fault)) {
            continue; /* some of the vectors are malformed on purpose */
        }
        for (size_t cut = 0; cut < size; cut++) {
            uint8_t *exactly = malloc(cut + 1); /* so that a sanitizer sees a byte read beyond them */
            memcpy(exactly, bytes, cut);
            CHECK_OF(FRAMES[i].name, !lp_well_formed(exactly, cut, &fault) && fault <= cut);
            free(exactly);
        }
    }
}

static void integers(void)
{
    static const struct {
        const char *hex;
        int64_t value;
    } INTEGERS[] = {{"00", 0},
                    {"17", 23},
                    {"1818", 24},
                    {"18ff", 255},
                    {"190100", 256},
                    {"1a00010000", 65536},
                    {"1b0000000100000000", 4294967296},
                    {"1b7fffffffffffffff", INT64_MAX},
                    {"20", -1},
                    {"37", -24},
                    {"3818", -25},
                    {"3b7fffffffffffffff", INT64_MIN}};
    for (size_t i = 0; i < sizeof INTEGERS / sizeof INTEGERS[0]; i++) {
        size_t size;
        const uint8_t *bytes = hex(INTEGERS[i].hex, &size);
        struct lp_reader reader = {bytes, size};
        int64_t value;
        uint8_t written[16];
        struct lp_writer writer = {written, sizeof written, 0};
        CHECK_OF(INTEGERS[i].hex, lp_read_int(&reader, &value) && value == INTEGERS[i].value && reader.left == 0);
        lp_write_int(&writer, value);
        CHECK_BYTES(INTEGERS[i].hex, written, writer.used, bytes, size);
    }
    size_t size;
    struct lp_reader beyond = {hex("1b8000000000000000", &size), 9};
    int64_t value;
    CHECK(!lp_read_int(&beyond, &value) && beyond.left == 9);
    beyond.at = hex("3b8000000000000000", &size);
    CHECK(!lp_read_int(&beyond, &value) && beyond.left == 9);
}

static void a_full_writer_counts_on(void)
{
    uint8_t two[2] = {0, 0};
    struct lp_writer writer = {two, sizeof two, 0};
    lp_write_string(&writer, LP_TEXT, (const uint8_t *)"abc", 3);
    CHECK(writer.used == 4 && two[0] == 0x63 && two[1] == 'a');
}

int main(void)
{
    accepted();
    refused();
    refused_by_the_page();
    whatever_is_cut_short();
    integers();
    a_full_writer_counts_on();
    return 0;
}
