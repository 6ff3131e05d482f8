#include "base/utf8.h"

#include <stdint.h>

bool vrn_utf8_valid(const char *text, size_t length)
{
    static const uint32_t smallest[] = {0, 0, 0x80, 0x800, 0x10000};
    const uint8_t *bytes = (const uint8_t *)text;
    for (size_t i = 0; i < length;) {
        uint8_t lead = bytes[i];
        size_t size = lead < 0x80 ? 1 : lead < 0xc0 ? 0 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
        if (lead == 0 || size == 0 || lead > 0xf4 || size > length - i) return false;
        uint32_t code = size == 1 ? lead : lead & (0x7fu >> size);
        for (size_t k = 1; k < size; k++) {
            if ((bytes[i + k] & 0xc0) != 0x80) return false;
            code = code << 6 | (bytes[i + k] & 0x3fu);
        }
        bool surrogate = code >= 0xd800 && code < 0xe000;
        if ((size > 1 && code < smallest[size]) || surrogate || code > 0x10ffff) return false;
        i += size;
    }
    return true;
}
