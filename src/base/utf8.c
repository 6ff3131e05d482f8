#include "base/utf8.h"

#include <stdint.h>

size_t vrn_utf8_length(const char *text, size_t size)
{
    static const uint32_t smallest[] = {0, 0, 0x80, 0x800, 0x10000};
    const uint8_t *bytes = (const uint8_t *)text;
    if (size == 0) return 0;
    const uint8_t lead = bytes[0];
    if (lead < 0x80) return 1;
    const size_t length = lead < 0xc0 ? 0 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
    if (length == 0 || lead > 0xf4 || length > size) return 0;
    uint32_t code = lead & (0x7fu >> length);
    for (size_t i = 1; i < length; i++) {
        if ((bytes[i] & 0xc0) != 0x80) return 0;
        code = code << 6 | (bytes[i] & 0x3fu);
    }
    const bool surrogate = code >= 0xd800 && code < 0xe000;
    return code < smallest[length] || surrogate || code > 0x10ffff ? 0 : length;
}

bool vrn_utf8_valid(const char *text, size_t length)
{
    for (size_t i = 0; i < length;) {
        const size_t size = text[i] ? vrn_utf8_length(text + i, length - i) : 0;
        if (size == 0) return false;
        i += size;
    }
    return true;
}

bool vrn_is_control(char c)
{
    return (unsigned char)c < 0x20 || c == 0x7f;
}

void vrn_replace_controls(char *text)
{
    for (; *text; text++) {
        if (vrn_is_control(*text)) *text = '?';
    }
}
