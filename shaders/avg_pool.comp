#version 450
#extension GL_GOOGLE_include_directive : require
// variants: texel=-DTEXEL
// Global average pool: y = the mean of x over all pixels. Each row is summed, then the sums, so
// that the rounding error is that of a row.
#include "common.glsl"

OP_CONSTANT(IN_H, VRN_AVG_POOL_IN_H, 1);
OP_CONSTANT(IN_W, VRN_AVG_POOL_IN_W, 1);
OP_CONSTANT(C4, VRN_AVG_POOL_C4, 1);

// x: [N, IN_H, IN_W, C4] vec4
#include "input.glsl"
WRITE_TENSOR(y, Y) // [N, C4]

void main() {
    uint i = flat_index();
    if (i >= push.images * C4) return;
    uint from = i / C4 * (IN_H * IN_W * C4) + i % C4;
    vec4 sum = vec4(0);
    for (uint row = 0; row < IN_H; row++) {
        vec4 row_sum = vec4(0);
        for (uint column = 0; column < IN_W; column++) {
            row_sum += load_x(from);
            from += C4;
        }
        sum += row_sum;
    }
    store_y(i, sum / float(IN_H * IN_W));
}
