#include "checkpoint/inflate.h"

#include <string.h>

enum { BITS_MAX = 15, LITERALS = 288, DISTANCES = 32, LENGTH_CODES = 19, END = 256 };

/* The state of one stream. Reading beyond the end gives zeros and sets `failed`. */
typedef struct stream {
    const uint8_t *from;
    size_t size, at;
    uint8_t *to;
    size_t capacity, written;
    uint32_t bits;  /* taken from `from`, not yet used */
    uint32_t count; /* of `bits` */
    bool failed;
} stream;

/* A canonical Huffman code: how many codes have each length, and the symbols in their order. */
typedef struct code {
    uint16_t count[BITS_MAX + 1];
    uint16_t symbol[LITERALS];
} code;

static uint32_t take(stream *s, uint32_t count)
{
    while (s->count < count) {
        const bool ended = s->at == s->size;
        s->failed = s->failed || ended;
        s->bits |= (ended ? 0u : (uint32_t)s->from[s->at]) << s->count;
        s->at += !ended;
        s->count += 8;
    }
    const uint32_t value = s->bits & ((1u << count) - 1);
    s->bits >>= count;
    s->count -= count;
    return value;
}

/* Makes a code of the lengths of `symbols` symbols. One with too many codes is refused; one with
 * too few is only if a code is met that it lacks. */
static bool make_code(code *c, const uint8_t *lengths, uint32_t symbols)
{
    uint16_t offset[BITS_MAX + 2] = {0};
    int left = 1;
    memset(c->count, 0, sizeof c->count);
    for (uint32_t i = 0; i < symbols; i++) c->count[lengths[i]]++;
    c->count[0] = 0;
    for (uint32_t bits = 1; bits <= BITS_MAX; bits++) {
        left = left * 2 - c->count[bits];
        if (left < 0) return false;
        offset[bits + 1] = (uint16_t)(offset[bits] + c->count[bits]);
    }
    for (uint32_t i = 0; i < symbols; i++) {
        if (lengths[i]) c->symbol[offset[lengths[i]]++] = (uint16_t)i;
    }
    return true;
}

static uint32_t decode(stream *s, const code *c)
{
    int value = 0, first = 0, index = 0; /* of the codes of this length */
    for (uint32_t bits = 1; bits <= BITS_MAX; bits++) {
        value |= (int)take(s, 1);
        const int count = c->count[bits];
        if (value - first < count) return c->symbol[index + value - first];
        index += count;
        first = (first + count) * 2;
        value *= 2;
    }
    s->failed = true;
    return 0;
}

static void put(stream *s, uint8_t byte)
{
    if (s->written == s->capacity) {
        s->failed = true;
    } else {
        s->to[s->written++] = byte;
    }
}

/* Unpacks literals, and copies of earlier output. */
static void unpack(stream *s, const code *literals, const code *distances)
{
    static const uint16_t lengths[] = {3,  4,  5,  6,   7,   8,   9,   10,  11, 13,
                                       15, 17, 19, 23,  27,  31,  35,  43,  51, 59,
                                       67, 83, 99, 115, 131, 163, 195, 227, 258};
    static const uint8_t length_bits[] = {0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2,
                                          2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 0};
    static const uint16_t starts[] = {
        1,   2,   3,   4,   5,   7,    9,    13,   17,   25,   33,   49,   65,    97,    129,
        193, 257, 385, 513, 769, 1025, 1537, 2049, 3073, 4097, 6145, 8193, 12289, 16385, 24577};
    static const uint8_t start_bits[] = {0, 0, 0, 0, 1, 1, 2, 2,  3,  3,  4,  4,  5,  5,  6,
                                         6, 7, 7, 8, 8, 9, 9, 10, 10, 11, 11, 12, 12, 13, 13};
    while (!s->failed) {
        const uint32_t symbol = decode(s, literals);
        if (symbol == END) return;
        if (symbol < END) {
            put(s, (uint8_t)symbol);
            continue;
        }
        const uint32_t l = symbol - END - 1;
        if (l >= sizeof length_bits) break;
        const uint32_t length = lengths[l] + take(s, length_bits[l]);
        const uint32_t d = decode(s, distances);
        if (d >= sizeof start_bits) break;
        const uint32_t distance = starts[d] + take(s, start_bits[d]);
        if (distance > s->written) break;
        for (uint32_t i = 0; i < length; i++) put(s, s->to[s->written - distance]);
    }
    s->failed = true;
}

static void unpack_stored(stream *s)
{
    s->bits = s->count = 0;
    if (s->size - s->at < 4) {
        s->failed = true;
        return;
    }
    const uint8_t *head = s->from + s->at;
    const size_t length = (size_t)head[0] | (size_t)head[1] << 8;
    const bool sound = (head[0] ^ head[2]) == 0xff && (head[1] ^ head[3]) == 0xff;
    s->at += 4;
    if (!sound || length > s->size - s->at || length > s->capacity - s->written) {
        s->failed = true;
        return;
    }
    if (length) memcpy(s->to + s->written, s->from + s->at, length);
    s->at += length;
    s->written += length;
}

static void unpack_fixed(stream *s)
{
    uint8_t lengths[LITERALS];
    code literals, distances;
    for (uint32_t i = 0; i < LITERALS; i++) {
        lengths[i] = (uint8_t)(i < 144 ? 8 : i < 256 ? 9 : i < 280 ? 7 : 8);
    }
    make_code(&literals, lengths, LITERALS);
    memset(lengths, 5, 30);
    make_code(&distances, lengths, 30);
    unpack(s, &literals, &distances);
}

static void unpack_dynamic(stream *s)
{
    static const uint8_t order[LENGTH_CODES] = {16, 17, 18, 0, 8,  7, 9,  6, 10, 5,
                                                11, 4,  12, 3, 13, 2, 14, 1, 15};
    const uint32_t literal_count = take(s, 5) + 257, distance_count = take(s, 5) + 1;
    const uint32_t code_count = take(s, 4) + 4, total = literal_count + distance_count;
    uint8_t lengths[LITERALS + DISTANCES] = {0};
    code literals, distances;
    for (uint32_t i = 0; i < code_count; i++) lengths[order[i]] = (uint8_t)take(s, 3);
    s->failed =
        s->failed || literal_count > LITERALS || !make_code(&literals, lengths, LENGTH_CODES);
    memset(lengths, 0, sizeof lengths);
    for (uint32_t i = 0; i < total && !s->failed;) {
        const uint32_t symbol = decode(s, &literals);
        uint32_t times = 1;
        uint8_t length = (uint8_t)symbol;
        if (symbol >= 16) {
            s->failed = s->failed || (symbol == 16 && i == 0);
            length = symbol == 16 && i > 0 ? lengths[i - 1] : 0;
            times = symbol == 16 ? 3 + take(s, 2) : symbol == 17 ? 3 + take(s, 3) : 11 + take(s, 7);
        }
        s->failed = s->failed || times > total - i;
        for (; times > 0 && !s->failed; times--) lengths[i++] = length;
    }
    if (s->failed) return;
    s->failed = !make_code(&literals, lengths, literal_count) ||
                !make_code(&distances, lengths + literal_count, distance_count);
    if (!s->failed) unpack(s, &literals, &distances);
}

bool vrn_inflate(uint8_t *to, size_t unpacked, const uint8_t *from, size_t size)
{
    stream s = {.from = from, .size = size, .to = to, .capacity = unpacked};
    bool last = false;
    while (!last && !s.failed) {
        last = take(&s, 1);
        switch (take(&s, 2)) {
        case 0: unpack_stored(&s); break;
        case 1: unpack_fixed(&s); break;
        case 2: unpack_dynamic(&s); break;
        default: s.failed = true;
        }
    }
    return !s.failed && s.written == unpacked;
}
