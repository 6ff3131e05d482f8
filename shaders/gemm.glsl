// What the passes of a convolution by matrix products share (gemm.comp, im2col.comp, winograd_*.comp).
// push.mode says which product it is:
const uint PLAIN = 0u;  // a 1x1 kernel: rows are output pixels, read where they lie in the input
const uint IM2COL = 1u; // rows are output pixels, gathered by im2col.comp
// 2 or 4: Winograd's F(m x m, 3 x 3) of m = mode: rows are tiles of m x m output pixels

bool is_winograd() { return push.mode > IM2COL; }

// vec4s in a row of what im2col.comp writes: a multiple of four, filled up with zeros.
uint im2col_k4() { return (KERNEL_H * KERNEL_W * GROUP_IN + 15u) / 16u * 4u; }

uint tiles_w() { return (OUT_W + push.mode - 1u) / push.mode; }
uint tiles() { return tiles_w() * ((OUT_H + push.mode - 1u) / push.mode); } // of one image
