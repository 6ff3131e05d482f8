#version 450
#extension GL_GOOGLE_include_directive : require
// Batch norm in its inference form (Ioffe and Szegedy 2015, algorithm 2):
//   y = act((x - mean) / sqrt(var + eps) * gamma + beta), per channel.
#include "common.glsl"
#include "elementwise.glsl"
#include "activation.glsl"

OP_CONSTANT(RELU, VRN_ELEMENTWISE_RELU, 0); // or another activation:
OP_CONSTANT(ACTIVATION, VRN_ELEMENTWISE_ACTIVATION, VRN_ACTIVATE_RELU);
OP_CONSTANT(SLOPE_BITS, VRN_ELEMENTWISE_SLOPE_BITS, 0);

READ_TENSOR(x, X)  // [N, H, W, C4]
WRITE_TENSOR(y, Y) // [N, H, W, C4]
READ_TENSOR(w, W)  // [4, C4]: gamma, beta, mean, var

void main() {
    uint i = flat_index();
    if (i >= elements()) return;
    uint c = i % C4;
    vec4 gamma = load_w(c), beta = load_w(C4 + c);
    vec4 mean = load_w(2 * C4 + c), var = load_w(3 * C4 + c);
    vec4 value = (load_x(i) - mean) / sqrt(var + uintBitsToFloat(EPS_BITS)) * gamma + beta;
    store_y(i, RELU != 0u ? activate(value, ACTIVATION, SLOPE_BITS) : value);
}
