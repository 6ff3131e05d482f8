/* Functions that several tests of src/net share. */
#ifndef VRN_TESTS_NET_HELPERS_H
#define VRN_TESTS_NET_HELPERS_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "net/model.h"

static inline vrn_arch parse(const char *text)
{
    vrn_arch arch;
    if (vrn_arch_parse(&arch, text, NULL) != VRN_OK) fail_msg("%s: refused", text);
    return arch;
}

/* The parameter called `name`, or NULL. */
static inline const vrn_tensor *parameter_of(const vrn_model *model, const char *name)
{
    const vrn_tensor *tensor = NULL;
    for (uint32_t i = 0; (tensor = vrn_model_parameter(model, i)) != NULL; i++) {
        if (strcmp(tensor->name, name) == 0) break;
    }
    return tensor;
}

/* The elements of a parameter; for free(). */
static inline float *values_of(const vrn_model *model, const char *name, uint64_t *count)
{
    const vrn_tensor *tensor = parameter_of(model, name);
    if (!tensor) fail_msg("no '%s'", name);
    *count = vrn_tensor_count(tensor);
    float *values = malloc((size_t)*count * sizeof *values);
    assert_non_null(values);
    vrn_tensor_read(tensor, values);
    return values;
}

#endif
