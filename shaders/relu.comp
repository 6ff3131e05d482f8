#version 450
#extension GL_GOOGLE_include_directive : require
// y = max(x, 0), or another activation of x
#include "common.glsl"
#include "elementwise.glsl"
#include "activation.glsl"

OP_CONSTANT(ACTIVATION, VRN_ELEMENTWISE_ACTIVATION, VRN_ACTIVATE_RELU);
OP_CONSTANT(SLOPE_BITS, VRN_ELEMENTWISE_SLOPE_BITS, 0);
OP_CONSTANT(C, VRN_ELEMENTWISE_C, 4); // not padded

READ_TENSOR(x, X)  // [N, H, W, C4]
WRITE_TENSOR(y, Y) // [N, H, W, C4]

void main() {
    uint i = flat_index();
    if (i >= elements()) return;
    vec4 value = activate(load_x(i), ACTIVATION, SLOPE_BITS);
    if (ACTIVATION == VRN_ACTIVATE_SIGMOID) { // which does not keep the padding's zeros
        value *= vec4(lessThan(i % C4 * 4 + uvec4(0, 1, 2, 3), uvec4(C)));
    }
    store_y(i, value);
}
