#version 450
#extension GL_GOOGLE_include_directive : require
// The linear layer for few images on GPUs, bound by reading the weights: y[n, k] = act(bias[k] +
// sum_c x[n, c] w[c, k]). A work group computes LANES vec4s of outputs for up to IMAGES images.
// LANES invocations take adjacent outputs, so that a row of weights is read consecutively, and the
// others take further rows; a weight is read once for all the images. Their sums are added in
// shared memory.
#include "common.glsl"
#include "activation.glsl"

// As of a convolution (conv.glsl).
OP_CONSTANT(IN_C4, VRN_CONV_IN_C4, 1);
OP_CONSTANT(OUT_C4, VRN_CONV_OUT_C4, 1);
OP_CONSTANT(RELU, VRN_CONV_RELU, 0); // or another activation:
OP_CONSTANT(ACTIVATION, VRN_CONV_ACTIVATION, VRN_ACTIVATE_RELU);
OP_CONSTANT(SLOPE_BITS, VRN_CONV_SLOPE_BITS, 0);
NUMBER(LANES, VRN_GEMV_LANES, 8); // the work group's size is a power of two times this
NUMBER(IMAGES, VRN_GEMV_IMAGES, 1);

// x: [N, IN_C4]; w: [OUT_C4] bias, then [IN_C4 * 4, OUT_C4]
#define WEIGHTS
#include "input.glsl"
WRITE_TENSOR(y, Y) // [N, OUT_C4]

shared vec4 partial[IMAGES * gl_WorkGroupSize.x]; // [IMAGES][row][LANES]

void main() {
    uint thread = gl_LocalInvocationID.x, threads = gl_WorkGroupSize.x;
    uint column = gl_WorkGroupID.z * LANES + thread % LANES;
    uint first = folded_group() * IMAGES;
    // Past the end the last column and image are computed again, and not stored.
    uint weight = OUT_C4 + min(column, OUT_C4 - 1u);
    vec4 sum[IMAGES];
    [[unroll]] for (uint i = 0; i < IMAGES; i++) sum[i] = vec4(0);
    for (uint c4 = thread / LANES; c4 < IN_C4; c4 += threads / LANES) {
        uint from = weight + c4 * 4u * OUT_C4;
        vec4 w0 = load_w(from), w1 = load_w(from + OUT_C4);
        vec4 w2 = load_w(from + 2u * OUT_C4), w3 = load_w(from + 3u * OUT_C4);
        [[unroll]] for (uint i = 0; i < IMAGES; i++) {
            vec4 a = load_x(min(first + i, push.images - 1u) * IN_C4 + c4);
            sum[i] += a.x * w0;
            sum[i] += a.y * w1;
            sum[i] += a.z * w2;
            sum[i] += a.w * w3;
        }
    }
    [[unroll]] for (uint i = 0; i < IMAGES; i++) partial[i * threads + thread] = sum[i];
    barrier();
    for (uint width = threads / 2u; width >= LANES; width /= 2u) {
        if (thread < width) {
            [[unroll]] for (uint i = 0; i < IMAGES; i++) {
                partial[i * threads + thread] += partial[i * threads + thread + width];
            }
        }
        barrier();
    }
    if (thread < LANES && column < OUT_C4) {
        [[unroll]] for (uint i = 0; i < IMAGES; i++) {
            if (first + i < push.images) {
                vec4 value = partial[i * threads + thread] + load_w(column);
                if (RELU != 0u) value = activate(value, ACTIVATION, SLOPE_BITS);
                store_y((first + i) * OUT_C4 + column, value);
            }
        }
    }
}
