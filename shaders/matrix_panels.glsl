// The panels of conv_matrix.comp in shared memory: float16, or int8 with BYTES. Expects TILE_M,
// TILE_N4 and TILE_K4.
const uint THREADS = gl_WorkGroupSize.x;

// FACTOR is the type of the factors, of which a WORD of a panel has four; SUM and SUM4 are the
// types of the sums.
#ifdef BYTES
#define FACTOR int8_t
#define WORD   uint
#define SUM1   int
#define SUM4   ivec4
#include "bytes.glsl"
X_ELEMENT fetch_x(uint i) { return load_x(i); }
W_ELEMENT fetch_w(uint i) { return load_weights(i); }
// Four extra words in each row spread the rows over the banks and keep them aligned to 16 bytes.
const uint PADDING4 = 4u;
#else
#define FACTOR float16_t
#define WORD   f16vec4
#define SUM1   float
#define SUM4   vec4
#define WEIGHTS
#include "input.glsl"
#define X_ELEMENT uvec2 // halves, as they are
#define W_ELEMENT uvec2
const uint W_HEADER = OUT_C4, W_ROWS = 4u;
X_ELEMENT fetch_x(uint i) { return x16[i]; }
W_ELEMENT fetch_w(uint i) { return w16[i]; }
vec4 last_sum(vec4 sum, uint c4) { return sum + load_w(c4); }
const uint PADDING4 = 2u;
#endif
#include "panels.glsl"

// float16 values of W have the order of the memory, with adjacent output channels. A word of int8
// values has four input channels, which are adjacent in both panels.
const uint ROW_X4 = TILE_K4 + PADDING4;
const uint PANEL_X4 = TILE_M * ROW_X4;
#ifdef BYTES
const uint ROW_W4 = TILE_K4 + PADDING4;
const uint PANEL_W4 = TILE_N4 * 4u * ROW_W4;
const int LAYOUT_W = gl_CooperativeMatrixLayoutColumnMajor;
#else
const uint ROW_W4 = TILE_N4 + PADDING4;
const uint PANEL_W4 = TILE_K4 * 4u * ROW_W4;
const int LAYOUT_W = gl_CooperativeMatrixLayoutRowMajor;
#endif
shared WORD panel_x[2u * PANEL_X4]; // [2][m][k / 4]
shared WORD panel_w[2u * PANEL_W4]; // [2][k][n / 4], for int8 [2][n][k / 4]

// The place in a panel of the numbers of W from k, n on.
uint place_w(uint k, uint n) {
#ifdef BYTES
    return n * ROW_W4 + k / 4u;
#else
    return k * ROW_W4 + n / 4u;
#endif
}

#ifdef BYTES
WORD as_word(uint bytes) { return bytes; }
void put_w(uint at, uint row, uint column, uvec4 value) {
    [[unroll]] for (uint j = 0; j < 4u; j++) {
        panel_w[at + place_w(row * 4u, column * 4u + j)] = value[j];
    }
}
#else
WORD as_word(uvec2 bits) { return f16vec4(unpackFloat2x16(bits.x), unpackFloat2x16(bits.y)); }
void put_w(uint at, uint row, uint column, uvec2 value) {
    panel_w[at + place_w(row, column * 4u)] = as_word(value);
}
#endif

// Into panel 0 or 1.
void put(uint panel) {
    uint thread = gl_LocalInvocationID.x;
    [[unroll]] for (uint i = 0; i < COPIES_X; i++) {
        uint m = thread / TILE_K4 + i * (THREADS / TILE_K4);
        X_ELEMENT value = next_x[i];
        if (PADDED || K_ENDS_WITHIN) value = inside[i] ? value : X_ELEMENT(0);
        panel_x[panel * PANEL_X4 + m * ROW_X4 + thread % TILE_K4] = as_word(value);
    }
    [[unroll]] for (uint i = 0; i < COPIES_W; i++) {
        uint row = thread / TILE_N4 + i * (THREADS / TILE_N4);
        put_w(panel * PANEL_W4, row, thread % TILE_N4, next_w[i]);
    }
}
