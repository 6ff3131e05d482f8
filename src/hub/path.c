#include "hub/path.h"

#include <stdio.h>
#include <string.h>

#include "base/alloc.h"

char *vrn_hub_join(const char *a, const char *b, bool *lacking)
{
    if (!a) return NULL;
    const size_t size = strlen(a) + strlen(b) + 1;
    char *text = vrn_alloc(size, 1);
    if (text) {
        snprintf(text, size, "%s%s", a, b);
    } else {
        *lacking = true;
    }
    return text;
}
