// Products on SwiftShader of numbers that are kept in an array with numbers that pass by
// (conv_stationary.comp, gemm_input_stationary.comp). Expects `kept`, which has VECTORS numbers of
// each lane for each k, the sums s0, s1..., `line`, and PRODUCTS(k), which adds to the sums the
// products for four k with x0 to x3: one PAIR for each two sums.
struct Line { // the numbers that are loaded at once
    mat4 k16[4];
};

// Four products are added up before they meet a sum, which otherwise would round four times. Two
// numbers are loaded before they are used: one would be loaded by its product, which then needs a
// copy.
#define PRODUCT(k, j, x, OP)                                                                       \
    v = kept[(k) * VECTORS + j], w = kept[(k) * VECTORS + j + 1];                                  \
    c OP v * x, d OP w * x;
#define PAIR(k, j, a, b)                                                                           \
    {                                                                                              \
        float v, w, c, d;                                                                          \
        PRODUCT(k, j, x0, =) PRODUCT(k + 1, j, x1, +=)                                             \
        PRODUCT(k + 2, j, x2, +=) PRODUCT(k + 3, j, x3, +=)                                        \
        a += c, b += d;                                                                            \
    }
#define X(k) line.k16[(k) / 16 % 4][(k) / 4 % 4][(k) % 4]
// Written out: SwiftShader unrolls loops, but takes five times as long to compile them.
#define K4(k)                                                                                      \
    {                                                                                              \
        float x0 = X(k), x1 = X(k + 1), x2 = X(k + 2), x3 = X(k + 3);                              \
        PRODUCTS(k)                                                                                \
    }
#define K16(k) K4(k) K4(k + 4) K4(k + 8) K4(k + 12)
