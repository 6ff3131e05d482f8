#include "cli/formats/parse.h"

#include <string.h>

#include "base/number.h"

bool cli_parse_integer(const char *text, uint64_t maximum, uint64_t *value)
{
    return vrn_parse_number(text, strlen(text), maximum, value);
}

bool cli_parse_size(const char *text, uint32_t maximum, uint32_t size[2])
{
    const size_t x = strcspn(text, "x");
    uint64_t height, width;
    if (!text[x] || !vrn_parse_number(text, x, maximum, &height) ||
        !cli_parse_integer(text + x + 1, maximum, &width) || height == 0 || width == 0) {
        return false;
    }
    size[0] = (uint32_t)height;
    size[1] = (uint32_t)width;
    return true;
}

bool cli_parse_triple(const char *text, float values[3])
{
    for (int i = 0; i < 3; i++) {
        if (text[0] == '+' && text[1] != '-') text++;
        const size_t length = strcspn(text, i < 2 ? "," : "");
        if ((i < 2 && !text[length]) || !vrn_parse_real(text, length, &values[i])) return false;
        text += length + 1;
    }
    return true;
}
