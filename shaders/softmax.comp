#version 450
#extension GL_GOOGLE_include_directive : require
// y = exp(x - max x) / sum exp(x - max x) over the C channels of an image: a work group for each
// image.
#include "common.glsl"

OP_CONSTANT(C, VRN_SOFTMAX_C, 1);

layout(set = 0, binding = VRN_BIND_X) readonly buffer Input { float x[]; };   // [N, C padded]
layout(set = 0, binding = VRN_BIND_Y) writeonly buffer Output { float y[]; }; // [N, C padded]

const uint PADDED = (C + 3u) / 4u * 4u;

#include "reduce.glsl"

void main() {
    uint image = folded_group();
    if (image >= push.images) return;
    uint from = image * PADDED, thread = gl_LocalInvocationID.x, step = gl_WorkGroupSize.x;
    float largest = uintBitsToFloat(0xff800000u); // -infinity
    for (uint c = thread; c < C; c += step) largest = max(largest, x[from + c]);
    largest = reduce_max(largest);
    float sum = 0;
    for (uint c = thread; c < C; c += step) sum += exp(x[from + c] - largest);
    sum = reduce_sum(sum);
    for (uint c = thread; c < PADDED; c += step) {
        y[from + c] = c < C ? exp(x[from + c] - largest) / sum : 0.0;
    }
}
