// Definitions that the passes of a convolution by matrix products share (gemm*.comp,
// winograd_*.comp). Expects M: with Winograd's F(M x M, 3 x 3) a row of the product is a tile of M
// x M output pixels; 0: one output pixel.
#define WINOGRAD (M != 0u)

uint tiles_w() { return (OUT_W + M - 1u) / M; }
uint tiles() { return tiles_w() * ((OUT_H + M - 1u) / M); } // of one image
