#version 450
#extension GL_GOOGLE_include_directive : require
// y = x + r: the residual addition (He et al. 2015, equation 1).
#include "common.glsl"
#include "elementwise.glsl"

READ_TENSOR(x, X)  // [N, H, W, C4]
WRITE_TENSOR(y, Y) // [N, H, W, C4]
READ_TENSOR(r, R)  // [N, H, W, C4]

void main() {
    uint i = flat_index();
    if (i < elements()) store_y(i, load_x(i) + load_r(i));
}
