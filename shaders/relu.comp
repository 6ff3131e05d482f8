#version 450
#extension GL_GOOGLE_include_directive : require
// y = max(x, 0)
#include "common.glsl"
#include "elementwise.glsl"

READ_TENSOR(x, X)  // [N, H, W, C4]
WRITE_TENSOR(y, Y) // [N, H, W, C4]

void main() {
    uint i = flat_index();
    if (i < elements()) store_y(i, max(load_x(i), vec4(0)));
}
