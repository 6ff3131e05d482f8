// The factors of the products of Winograd's algorithm (gemm.glsl), as panels.glsl has those of a
// convolution:
//   x: [b, rows, IN_C4], w: [OUT_C4] bias, then [b, IN_C4 * 4, OUT_C4]
const uint GROUP_OUT4 = OUT_C4;
const uint STEPS = (IN_C4 + TILE_K4 - 1u) / TILE_K4;
const uint BLOCKS_N = (OUT_C4 + TILE_N4 - 1u) / TILE_N4; // work groups along N of one product
const bool PADDED = false, K_ENDS_WITHIN = IN_C4 % TILE_K4 != 0u;

// The elements on their way.
const uint COPIES_X = TILE_M * TILE_K4 / THREADS;
const uint COPIES_W = TILE_K4 * W_ROWS * TILE_N4 / THREADS;

X_ELEMENT next_x[COPIES_X];
W_ELEMENT next_w[COPIES_W];
bool inside[COPIES_X];
uint from_x[COPIES_X];
uint from_w, end_w;

void prepare(uint first_m, uint product, uint first_n4) {
    uint thread = gl_LocalInvocationID.x, rows = push.images * tiles();
    [[unroll]] for (uint i = 0; i < COPIES_X; i++) {
        uint row = min(first_m + thread / TILE_K4 + i * (THREADS / TILE_K4), rows - 1u);
        from_x[i] = (product * rows + row) * IN_C4;
    }
    uint n4 = min(first_n4 + thread % TILE_N4, OUT_C4 - 1u), size = IN_C4 * W_ROWS * OUT_C4;
    from_w = W_HEADER + product * size + thread / TILE_N4 * OUT_C4 + n4;
    end_w = W_HEADER + (product + 1u) * size - 1u;
}

void fetch(uint step) {
    uint k4 = step * TILE_K4 + gl_LocalInvocationID.x % TILE_K4;
    [[unroll]] for (uint i = 0; i < COPIES_X; i++) {
        inside[i] = !K_ENDS_WITHIN || k4 < IN_C4;
        next_x[i] = fetch_x(inside[i] ? from_x[i] + k4 : 0u);
    }
    [[unroll]] for (uint i = 0; i < COPIES_W; i++) {
        uint k = step * (TILE_K4 * W_ROWS) + i * (THREADS / TILE_N4);
        uint from = from_w + k * OUT_C4;
        if (K_ENDS_WITHIN) from = min(from, end_w); // as in panels.glsl
        next_w[i] = fetch_w(from);
    }
}
