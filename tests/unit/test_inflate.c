/* DEFLATE: blocks of each kind, and broken ones. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "checkpoint/inflate.h"

enum { LETTERS = 700 };

typedef struct packed {
    const char *bytes;
    size_t size, unpacked;
} packed;

#define PACKED(text, unpacked)                                                                     \
    {                                                                                              \
        text, sizeof text - 1, unpacked                                                            \
    }

/* By zlib: stored, with fixed codes, and with codes of its own. */
static const packed blocks[] = {
    PACKED("\x01\x05\x00\xfa\xff"
           "hello",
           5),
    PACKED("\xcb\x48\xcd\xc9\xc9\x57\xc8\x40\x27\x01", 23),
    PACKED("\x45\x52\x09\x0e\xc3\x30\x08\x7b\x2b\x18\x84\xf8\xff\x07\x66\x9b\x6c\x9b\xb4\xaa\x25"
           "\x06\x1f\x64\x66\x02\x11\xdd\xfc\x47\x44\x6d\x74\x82\xa5\x56\x35\xf8\x05\xc4\x0e\x72"
           "\x2a\xfc\x83\x80\xd3\x05\xbe\x74\xa5\x5a\x8c\xe5\x13\xa9\x23\x81\x36\x23\x0f\xae\xc1"
           "\x09\x8f\xd7\x69\xd6\xec\x04\x47\x2d\x02\xa8\x48\x71\x3e\xea\xdd\xd7\xca\x71\xc2\xb3"
           "\x21\x45\x3a\x64\xf7\x38\x8e\x49\x97\x41\xe4\x2c\xc7\x96\x3b\xa1\x92\x7b\x2d\x50\x6e"
           "\xb0\xaa\x97\xe4\x66\x54\x52\x2d\xb6\x48\x20\xf5\x3f\xc2\xc1\xc2\xea\x5c\x3e\x83\xf2"
           "\x42\x7b\x07\x78\x6e\x68\xb1\x9b\xe4\x1c\xdf\xab\x27\xd9\x70\xd6\x1c\xdd\x32\x0d\x71"
           "\xa7\x02\x50\x07\x2b\xd4\x78\x92\x08\xea\xd3\xe2\xf9\x05\x7a\x6a\x4b\xbd\x40\xc9\x05"
           "\x25\x42\xf8\x66\x57\xd5\xf0\x78\xef\x84\x31\x2b\x8c\xc8\x54\xf1\x2b\x4a\xe1\xe4\xb3"
           "\x21\x8b\x97\xf8\x25\x30\x70\xb4\xce\xda\x49\x69\x79\x7a\x47\xa9\x6d\x35\xb9\x19\x08"
           "\xa3\x78\xd1\x97\x4a\x38\x9f\x0b\x05\xd9\xee\x22\x7a\x74\x15\xb4\xff\x71\xc2\xdb\x11"
           "\xff\xa5\xb6\xd6\x77\x4b\x52\x9d\x2b\xf1\x77\x97\x85\x06\xf2\xad\x86\x40\x6e\x90\x6e"
           "\x53\x3d\xe4\xb8\x2e\xc1\xb8\x25\x5d\x0d\x4a\xa3\x51\xad\xa1\xc8\xac\xa4\x99\xc9\x14"
           "\xbc\x7a\xeb\x51\xf3\xcd\x9b\xce\xbd\x02\xaf\xcb\x7c\x00",
           LETTERS),
};

static void fill(char *text, size_t block)
{
    if (block < 2) {
        strcpy(text, block == 0 ? "hello" : "hello hello hello hello");
        return;
    }
    uint32_t x = 1;
    for (int i = 0; i < LETTERS; i++) {
        x = (x * 1103515245u + 12345u) & 0x7fffffffu;
        text[i] = (char)('a' + (x >> 16) % 5 * ((x >> 20) % 3));
    }
}

static void test_blocks(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof blocks / sizeof *blocks; i++) {
        char expected[LETTERS + 1];
        uint8_t found[LETTERS + 1];
        const packed *p = &blocks[i];
        const uint8_t *from = (const uint8_t *)p->bytes;
        fill(expected, i);
        assert_true(vrn_inflate(found, p->unpacked, from, p->size));
        assert_memory_equal(found, expected, p->unpacked);
        assert_false(vrn_inflate(found, p->unpacked - 1, from, p->size));
        assert_false(vrn_inflate(found, p->unpacked + 1, from, p->size));
        for (size_t size = 0; size < p->size; size++) {
            assert_false(vrn_inflate(found, p->unpacked, from, size));
        }
    }
}

/* Whatever one bit becomes, nothing outside is written. */
static void test_damage(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof blocks / sizeof *blocks; i++) {
        for (size_t bit = 0; bit < blocks[i].size * 8; bit++) {
            uint8_t copy[1024], found[LETTERS + 4];
            memcpy(copy, blocks[i].bytes, blocks[i].size);
            copy[bit / 8] ^= (uint8_t)(1u << bit % 8);
            memset(found, 0xee, sizeof found);
            vrn_inflate(found, blocks[i].unpacked, copy, blocks[i].size);
            for (size_t k = blocks[i].unpacked; k < sizeof found; k++) {
                assert_int_equal(found[k], 0xee);
            }
        }
    }
    uint8_t found[4];
    assert_false(vrn_inflate(found, 0, (const uint8_t *)"\x07", 1)); /* a kind that there is not */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_blocks),
        cmocka_unit_test(test_damage),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
