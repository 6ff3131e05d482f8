#version 450
#extension GL_GOOGLE_include_directive : require
// Global average pool for GPUs: y = the mean of x over all pixels. A work group takes LANES vec4s
// of channels of an image: LANES invocations take adjacent channels, the others take further
// pixels, and their sums are added in shared memory.
#include "common.glsl"

OP_CONSTANT(IN_H, VRN_AVG_POOL_IN_H, 1);
OP_CONSTANT(IN_W, VRN_AVG_POOL_IN_W, 1);
OP_CONSTANT(C4, VRN_AVG_POOL_C4, 1);
NUMBER(LANES, VRN_AVG_POOL_LANES, 8); // the work group's size is a power of two times this

READ_TENSOR(x, X)  // [N, IN_H, IN_W, C4]
WRITE_TENSOR(y, Y) // [N, C4]

const uint PIXELS = IN_H * IN_W;

shared vec4 partial[gl_WorkGroupSize.x]; // [row][LANES]

void main() {
    uint thread = gl_LocalInvocationID.x, threads = gl_WorkGroupSize.x;
    uint image = folded_group(), c4 = gl_WorkGroupID.z * LANES + thread % LANES;
    if (image >= push.images) return; // the whole work group
    vec4 sum = vec4(0);
    for (uint pixel = thread / LANES; pixel < PIXELS; pixel += threads / LANES) {
        sum += load_x((image * PIXELS + pixel) * C4 + min(c4, C4 - 1u));
    }
    partial[thread] = sum;
    barrier();
    for (uint width = threads / 2u; width >= LANES; width /= 2u) {
        if (thread < width) partial[thread] += partial[thread + width];
        barrier();
    }
    if (thread < LANES && c4 < C4) store_y(image * C4 + c4, partial[thread] / float(PIXELS));
}
