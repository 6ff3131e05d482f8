/* What several tests of src/net need. */
#ifndef VRN_TESTS_NET_HELPERS_H
#define VRN_TESTS_NET_HELPERS_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "net/model.h"

static inline vrn_arch parse(const char *text)
{
    vrn_arch arch;
    if (vrn_arch_parse(&arch, text, NULL) != VRN_OK) fail_msg("%s: refused", text);
    return arch;
}

/* The elements of a parameter; for free(). */
static inline float *values_of(const vrn_model *model, const char *name, uint64_t *count)
{
    const vrn_tensor *tensor = vrn_model_find(model, name);
    if (!tensor) fail_msg("no '%s'", name);
    assert_string_equal(tensor->name, name);
    *count = vrn_tensor_count(tensor);
    float *values = malloc((size_t)*count * sizeof *values);
    assert_non_null(values);
    vrn_tensor_read(tensor, values);
    return values;
}

#endif
