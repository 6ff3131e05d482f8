#version 450
#extension GL_GOOGLE_include_directive : require
// y[n, c] = act(sum_k w[k] x[n, c + k - KERNEL / 2]): a filter along the channels of one pixel,
// which are zero outside (torch.nn.Conv1d).
#include "common.glsl"
#include "activation.glsl"

OP_CONSTANT(C, VRN_CHANNEL_CONV_C, 4); // not padded
OP_CONSTANT(KERNEL, VRN_CHANNEL_CONV_KERNEL, 3);
OP_CONSTANT(RELU, VRN_CHANNEL_CONV_RELU, 0); // or another activation:
OP_CONSTANT(ACTIVATION, VRN_CHANNEL_CONV_ACTIVATION, VRN_ACTIVATE_RELU);
OP_CONSTANT(SLOPE_BITS, VRN_CHANNEL_CONV_SLOPE_BITS, 0);

READ_NUMBERS(x, X) // [N, C4 * 4]
READ_NUMBERS(w, W) // [KERNEL]
WRITE_TENSOR(y, Y) // [N, C4]

const uint C4 = (C + 3u) / 4u;

void main() {
    uint i = flat_index();
    if (i >= push.images * C4) return;
    uint first = i / C4 * C4 * 4u, c4 = i % C4;
    vec4 sum = vec4(0);
    for (uint j = 0; j < 4u; j++) {
        for (uint k = 0; k < KERNEL; k++) {
            uint c = c4 * 4u + j + k - KERNEL / 2u; // wraps below zero
            if (c < C) sum[j] += x_at(first + c) * w_at(k);
        }
    }
    if (RELU != 0u) sum = activate(sum, ACTIVATION, SLOPE_BITS);
    store_y(i, sum * vec4(lessThan(c4 * 4u + uvec4(0, 1, 2, 3), uvec4(C))));
}
