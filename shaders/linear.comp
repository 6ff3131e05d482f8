#version 450
#extension GL_GOOGLE_include_directive : require
// variants: texel=-DTEXEL
// y[n, k] = act(bias[k] + sum_c x[n, c] w[k, c]): an invocation computes four outputs of one image.
#include "common.glsl"
#include "activation.glsl"

// As of a convolution (conv.glsl).
OP_CONSTANT(IN_C4, VRN_CONV_IN_C4, 1);
OP_CONSTANT(OUT_C4, VRN_CONV_OUT_C4, 1);
OP_CONSTANT(RELU, VRN_CONV_RELU, 0); // or another activation:
OP_CONSTANT(ACTIVATION, VRN_CONV_ACTIVATION, VRN_ACTIVATE_RELU);
OP_CONSTANT(SLOPE_BITS, VRN_CONV_SLOPE_BITS, 0);

// x: [N, IN_C4]; w: [OUT_C4] bias, then [IN_C4 * 4, OUT_C4]
#define WEIGHTS
#include "input.glsl"
WRITE_TENSOR(y, Y) // [N, OUT_C4]

void main() {
    uint i = flat_index();
    if (i >= push.images * OUT_C4) return;
    uint from = i / OUT_C4 * IN_C4, column = i % OUT_C4, weight = OUT_C4 + column;
    vec4 sum = load_w(column);
    for (uint c4 = 0; c4 < IN_C4; c4++) {
        vec4 a = load_x(from + c4);
        // Four products are added before they go to the sum, which then rounds less often.
        vec4 first = a.x * load_w(weight) + a.y * load_w(weight + OUT_C4);
        sum += first + (a.z * load_w(weight + 2 * OUT_C4) + a.w * load_w(weight + 3 * OUT_C4));
        weight += 4 * OUT_C4;
    }
    store_y(i, RELU != 0u ? activate(sum, ACTIVATION, SLOPE_BITS) : sum);
}
