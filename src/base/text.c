#include "base/text.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/util.h"

void vrn_append(char *text, size_t capacity, const char *format, ...)
{
    size_t length = strlen(text);
    va_list args;
    va_start(args, format);
    vsnprintf(text + length, capacity - length, format, args);
    va_end(args);
}

char *vrn_join(const char *a, const char *between, const char *b)
{
    const size_t size = strlen(a) + strlen(between) + strlen(b) + 1;
    char *text = vrn_alloc(size, 1);
    if (text) snprintf(text, size, "%s%s%s", a, between, b);
    return text;
}

uint32_t vrn_edit_distance(const char *a, size_t a_length, const char *b)
{
    enum { LONGEST = 32 };
    const size_t b_length = strlen(b);
    uint32_t rows[LONGEST][LONGEST];
    if (a_length >= LONGEST || b_length >= LONGEST) return UINT32_MAX;
    for (size_t i = 0; i <= a_length; i++) rows[i][0] = (uint32_t)i;
    for (size_t k = 0; k <= b_length; k++) rows[0][k] = (uint32_t)k;
    for (size_t i = 1; i <= a_length; i++) {
        for (size_t k = 1; k <= b_length; k++) {
            uint32_t least = rows[i - 1][k - 1] + (a[i - 1] != b[k - 1]);
            least = vrn_min_u32(least, vrn_min_u32(rows[i - 1][k], rows[i][k - 1]) + 1);
            if (i > 1 && k > 1 && a[i - 1] == b[k - 2] && a[i - 2] == b[k - 1])
                least = vrn_min_u32(least, rows[i - 2][k - 2] + 1);
            rows[i][k] = least;
        }
    }
    return rows[a_length][b_length];
}

bool vrn_same_text(const char *a, const char *b)
{
    for (;; a++, b++) {
        const int x = *a >= 'A' && *a <= 'Z' ? *a + 32 : *a;
        const int y = *b >= 'A' && *b <= 'Z' ? *b + 32 : *b;
        if (x != y) return false;
        if (!x) return true;
    }
}
