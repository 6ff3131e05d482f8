#include "base/alloc.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

void *vrn_alloc(size_t count, size_t size)
{
    return calloc(count ? count : 1, size ? size : 1);
}

void *vrn_realloc(void *old, size_t count, size_t size)
{
    if (size && count > SIZE_MAX / size) return NULL;
    size_t bytes = count * size;
    return realloc(old, bytes ? bytes : 1);
}

char *vrn_strndup(const char *text, size_t max)
{
    size_t length = 0;
    while (length < max && text[length]) length++;
    char *copy = vrn_alloc(length + 1, 1);
    if (copy) memcpy(copy, text, length);
    return copy;
}

void vrn_free(void *memory)
{
    free(memory);
}
