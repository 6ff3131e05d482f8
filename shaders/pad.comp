#version 450
#extension GL_GOOGLE_include_directive : require
// The input of a convolution with its padding, for gemm_blocks.comp, which does not test for pixels
// outside the image: y[N, IN_H + 2 PAD_Y, IN_W + 2 PAD_X, IN_C4], and a vec4 after it that a line
// of odd length reads.
#define PUSHED
#include "common.glsl"
#include "conv.glsl"

READ_TENSOR(x, X) // [N, IN_H, IN_W, IN_C4]

void main() {
    uint height = IN_H + 2 * PAD_Y, width = IN_W + 2 * PAD_X, i = flat_index();
    if (i > push.images * height * width * IN_C4) return;
    uint pixel = i / IN_C4, line = pixel / width, image = line / height;
    uint iy = line - image * height - PAD_Y, ix = pixel - line * width - PAD_X; // wrap below zero
    bool inside = image < push.images && iy < IN_H && ix < IN_W;
    uint c4 = i - pixel * IN_C4;
    vec4 value = load_x(inside ? ((image * IN_H + iy) * IN_W + ix) * IN_C4 + c4 : 0u);
    store_y(i, inside ? value : vec4(0));
}
