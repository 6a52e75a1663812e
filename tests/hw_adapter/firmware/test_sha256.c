/* SHA-256 by the examples of FIPS 180-4 and its predecessors, HMAC by the test cases of RFC 4231. */
#include "check.h"
#include "sha256.h"

static void hash_is(const char *name, const uint8_t *message, size_t size, unsigned times, const char *wanted)
{
    struct lp_sha256 hash;
    uint8_t got[LP_HASH_BYTES];
    size_t wanted_size;
    const uint8_t *expected = hex(wanted, &wanted_size);
    lp_sha256_begin(&hash);
    while (times-- > 0) {
        lp_sha256_add(&hash, message, size);
    }
    lp_sha256_end(&hash, got);
    CHECK_BYTES(name, got, sizeof got, expected, wanted_size);
}

static void fips_180_4(void)
{
    static const char TWO_BLOCKS[] = "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq";
    uint8_t thousand[1000];
    memset(thousand, 'a', sizeof thousand);
    hash_is("nothing", (const uint8_t *)"", 0, 1, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    hash_is("abc", (const uint8_t *)"abc", 3, 1, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    hash_is("448 bits", (const uint8_t *)TWO_BLOCKS, 56, 1,
            "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
    hash_is("a million", thousand, sizeof thousand, 1000,
            "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

static void hmac_is(const char *name, const char *key, const char *message, size_t taken, const char *wanted)
{
    size_t key_size, size, wanted_size;
    const uint8_t *key_bytes = hex(key, &key_size), *bytes = hex(message, &size), *expected = hex(wanted, &wanted_size);
    struct lp_hmac_key kept;
    struct lp_sha256 hash;
    uint8_t got[LP_HASH_BYTES];
    lp_hmac_key(&kept, key_bytes, key_size);
    for (int again = 0; again < 2; again++) { /* the states of the key serve more than once */
        lp_hmac_begin(&hash, &kept);
        lp_sha256_add(&hash, bytes, size);
        lp_hmac_end(&hash, &kept, got);
        CHECK_BYTES(name, got, taken, expected, wanted_size);
    }
}

#define TIMES_20(two) two two two two two two two two two two two two two two two two two two two two
#define TIMES_50(two) TIMES_20(two) TIMES_20(two) two two two two two two two two two two
#define TIMES_131(two) TIMES_50(two) TIMES_50(two) TIMES_20(two) two two two two two two two two two two two

static void rfc_4231(void)
{
    static const char LONG_KEY[] = TIMES_131("aa");
    hmac_is("case 1", TIMES_20("0b"), "4869205468657265", 32,
            "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7");
    hmac_is("case 2", "4a656665", "7768617420646f2079612077616e7420666f72206e6f7468696e673f", 32,
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
    hmac_is("case 3", TIMES_20("aa"), TIMES_50("dd"), 32,
            "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe");
    hmac_is("case 4", "0102030405060708090a0b0c0d0e0f10111213141516171819", TIMES_50("cd"), 32,
            "82558a389a443c0ea4cc819899f2083a85f0faa3e578f8077a2e3ff46729665b");
    hmac_is("case 5", TIMES_20("0c"), "546573742057697468205472756e636174696f6e", 16,
            "a3b6167473100ee06e0c796c2955552b");
    hmac_is(
        "case 6", LONG_KEY,
        "54657374205573696e67204c6172676572205468616e20426c6f636b2d53697a65204b6579202d2048617368204b6579204669727374",
        32, "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
    hmac_is("case 7", LONG_KEY,
            "5468697320697320612074657374207573696e672061206c6172676572207468616e20626c6f636b2d73697a65206b657920616e64"
            "2061206c6172676572207468616e"
            "20626c6f636b2d73697a6520646174612e20546865206b6579206e6565647320746f20626520686173686564206265666f72652062"
            "65696e672075736564206279207468"
            "6520484d414320616c676f726974686d2e",
            32, "9b09ffa71b942fcb27635fbcd5b0e944bfdc63644f0713938a7f51535c3a35e2");
}

int main(void)
{
    fips_180_4();
    rfc_4231();
    return 0;
}
