/* A compiled shader, embedded by cmake/VrnShaders.cmake. */
#ifndef VRN_GPU_MODULE_H
#define VRN_GPU_MODULE_H

#include <stddef.h>
#include <stdint.h>

typedef struct vrn_module {
    const char *name; /* of the file in shaders/, with its variant */
    const uint32_t *words;
    size_t size; /* in bytes */
} vrn_module;

#endif
