// What the passes of a convolution by matrix products share (gemm*.comp, winograd_*.comp): which
// product it is.
const uint PUSHED_MODE = ~0u;
layout(constant_id = 33) const uint KNOWN_MODE = 0; // PUSHED_MODE: not known before it runs
uint MODE = KNOWN_MODE == PUSHED_MODE ? push.mode : KNOWN_MODE;
// a 1x1 kernel with stride 1: rows are pixels, read where they lie in the input
const uint PLAIN = 0u;
// rows are the windows of output pixels, read where they lie (gemm_blocks.comp)
const uint IMPLICIT = 1u;
// 2 or 4: Winograd's F(m x m, 3 x 3) of m = MODE: rows are tiles of m x m output pixels

bool WINOGRAD = MODE > IMPLICIT;

uint tiles_w() { return (OUT_W + MODE - 1u) / MODE; }
uint tiles() { return tiles_w() * ((OUT_H + MODE - 1u) / MODE); } // of one image
