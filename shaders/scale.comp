#version 450
#extension GL_GOOGLE_include_directive : require
// y[n, p, q, k] = act(x[n, p, q, k] gate[n, k] + residual): each channel times its gate, and the
// end of a residual block. Described as a 1x1 convolution, for its epilogue.
#include "common.glsl"
#include "conv.glsl"

READ_TENSOR(x, X) // [N, OUT_H, OUT_W, OUT_C4]
READ_TENSOR(w, W) // [N, OUT_C4], the gate

void main() {
    uint i = flat_index();
    if (i >= push.images * OUT_PIXELS * OUT_C4) return;
    uint c4 = i % OUT_C4, pixel = i / OUT_C4;
    store_output(load_x(i) * load_w(pixel / OUT_PIXELS * OUT_C4 + c4), pixel, c4);
}
