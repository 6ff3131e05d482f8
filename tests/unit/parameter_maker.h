/* Puts the parameters of a network (vrn_arch_visit_parameters) into a safetensors file. */
#ifndef VRN_TESTS_UNIT_PARAMETER_MAKER_H
#define VRN_TESTS_UNIT_PARAMETER_MAKER_H

#include <stdio.h>

#include "net/graph.h"
#include "unit/safetensors_builder.h"

typedef struct maker {
    safetensors_builder *builder;
    const char *prefix;
} maker;

static inline vrn_result put(void *user, const vrn_parameter *parameter)
{
    const maker *m = user;
    char name[160];
    snprintf(name, sizeof name, "%s%s", m->prefix, parameter->name);
    builder_tensor(m->builder, name, "F32", 4, parameter->rank, parameter->shape);
    return VRN_OK;
}

#endif
