#include "cli/formats/parse.h"

#include <math.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

enum { NUMBER_MAX_CHARS = 63 };

bool cli_parse_integer(const char *text, uint64_t maximum, uint64_t *value)
{
    if (!*text) return false;
    uint64_t sum = 0;
    for (; *text; text++) {
        if (*text < '0' || *text > '9') return false;
        uint64_t digit = (uint64_t)(*text - '0');
        if (digit > maximum || sum > (maximum - digit) / 10) return false;
        sum = sum * 10 + digit;
    }
    *value = sum;
    return true;
}

/* Copies what stands before `end`; false if it is too long to be a number. */
static bool copy_part(char part[NUMBER_MAX_CHARS + 1], const char *text, const char *end)
{
    size_t length = (size_t)(end - text);
    if (length > NUMBER_MAX_CHARS) return false;
    memcpy(part, text, length);
    part[length] = 0;
    return true;
}

bool cli_parse_size(const char *text, uint32_t maximum, uint32_t size[2])
{
    char part[NUMBER_MAX_CHARS + 1];
    const char *x = strchr(text, 'x');
    uint64_t height, width;
    if (!x || !copy_part(part, text, x) || !cli_parse_integer(part, maximum, &height) ||
        !cli_parse_integer(x + 1, maximum, &width) || height == 0 || width == 0) {
        return false;
    }
    size[0] = (uint32_t)height;
    size[1] = (uint32_t)width;
    return true;
}

bool cli_parse_float(const char *text, float *value)
{
    /* strtof alone would also take white space, "inf", "nan" and hexadecimal. The program never
     * calls setlocale, so that the decimal point is '.'. */
    if (!*text || strspn(text, "0123456789+-.eE") != strlen(text)) return false;
    char *end;
    float number = strtof(text, &end);
    if (*end || end == text || !isfinite(number)) return false;
    *value = number;
    return true;
}

bool cli_parse_triple(const char *text, float values[3])
{
    for (int i = 0; i < 3; i++) {
        char part[NUMBER_MAX_CHARS + 1];
        const char *end = i < 2 ? strchr(text, ',') : text + strlen(text);
        if (!end || !copy_part(part, text, end) || !cli_parse_float(part, &values[i])) return false;
        text = end + 1;
    }
    return true;
}

bool cli_same_text(const char *a, const char *b)
{
    for (;; a++, b++) {
        int x = *a >= 'A' && *a <= 'Z' ? *a + 32 : *a;
        int y = *b >= 'A' && *b <= 'Z' ? *b + 32 : *b;
        if (x != y) return false;
        if (!x) return true;
    }
}

size_t cli_utf8_length(const char *sequence)
{
    const unsigned char *text = (const unsigned char *)sequence;
    unsigned char c = text[0];
    if (c < 0x80) return 1;
    size_t length = c >= 0xc2 && c <= 0xdf ? 2 : c >= 0xe0 && c <= 0xef ? 3 : 4;
    if (c < 0xc2 || c > 0xf4) return 0;
    unsigned char low = c == 0xe0 ? 0xa0 : c == 0xf0 ? 0x90 : 0x80;
    unsigned char high = c == 0xed ? 0x9f : c == 0xf4 ? 0x8f : 0xbf;
    if (text[1] < low || text[1] > high) return 0;
    for (size_t i = 2; i < length; i++) {
        if ((text[i] & 0xc0) != 0x80) return 0;
    }
    return length;
}
