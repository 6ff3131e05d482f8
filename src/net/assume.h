/* Assumptions about a network, which its file does not state. */
#ifndef VRN_NET_ASSUME_H
#define VRN_NET_ASSUME_H

#include <stdbool.h>
#include <stdint.h>

#include "base/log.h"

enum { VRN_ASSUMPTIONS_MAX = 24, VRN_ASSUMPTION_MAX = 240 };

typedef struct vrn_assumptions {
    struct {
        char text[VRN_ASSUMPTION_MAX];
        bool doubtful; /* similar files are known with another value */
    } each[VRN_ASSUMPTIONS_MAX];
    uint32_t count;
} vrn_assumptions;

/* "strides=1:2:2:2: no stage keeps its size (--arch strides=...)" */
void vrn_assume(vrn_assumptions *assumptions, bool doubtful, const char *format, ...)
    VRN_PRINTF(3, 4);

#endif
