#version 450
#extension GL_GOOGLE_include_directive : require
// Measures the arithmetic speed of a device: every invocation carries out the same multiply-adds, v
// = v * scale + shift, on CHAINS vec4s that do not depend on each other. Twelve chains of floats
// are enough to hide a multiplication and an addition of four cycles each where two can begin in a
// cycle, and fit, with scale and shift, the sixteen registers of an x86 processor. Written as a
// product and a sum: drivers for GPUs make one instruction of it, drivers for processors two.
#include "ops/interface.h"
layout(local_size_x_id = VRN_ID_THREADS) in;

layout(set = 0, binding = VRN_BIND_Y) writeonly buffer Output { vec4 y[]; }; // [invocations]

layout(push_constant) uniform Push { vrn_fma_push push; };

// Three vec4s, one step each.
#define STEP                                                                                       \
    v0 = v0 * push.scale + push.shift;                                                             \
    v1 = v1 * push.scale + push.shift;                                                             \
    v2 = v2 * push.scale + push.shift;
#define FOUR_STEPS STEP STEP STEP STEP

void main() {
    uint index = gl_GlobalInvocationID.x;
    // All chains begin with different values, or a compiler could make one of them.
    vec4 v0 = vec4(0, 1, 2, 3) + float(index), v1 = v0 + 4, v2 = v0 + 8;
    for (uint i = 0; i < push.rounds; i++) {
        FOUR_STEPS FOUR_STEPS FOUR_STEPS FOUR_STEPS // VRN_FMA_STEPS
    }
    y[index] = v0 + v1 + v2;
}
