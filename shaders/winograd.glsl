// Winograd's minimal filtering F(m x m, 3 x 3), after Lavin and Gray, "Fast Algorithms for
// Convolutional Neural Networks" (2015): y = A' [ (G g G') * (B' d B) ] A, for d of (m + 2) x (m +
// 2) input pixels. G is applied on the host (ops/product_layout.c), the matrices here to columns of
// SIDE VALUES.
#ifdef F2
const uint M = 2u;
#else
const uint M = 4u;
#endif
#ifndef VALUES
#ifdef TEXEL
#define VALUES vec4 // channels of an invocation
#else
#define VALUES float
#endif
#endif
const uint SIDE = M + 2u; // of a tile of the input

#ifdef F2
void input_transform(inout VALUES d[SIDE]) {
    VALUES a = d[0] - d[2], b = d[1] + d[2], c = d[2] - d[1], e = d[1] - d[3];
    d[0] = a, d[1] = b, d[2] = c, d[3] = e;
}

void output_transform(inout VALUES d[SIDE]) {
    VALUES a = d[0] + d[1] + d[2], b = d[1] - d[2] - d[3];
    d[0] = a, d[1] = b;
}
#else
// Interpolated at 0, +-2/3, +-3/2 and infinity: of points whose product is 1, which saves two
// multiplications, these have the smallest errors (docs/accuracy.md).
const float P = 2.0 / 3.0, Q = 1.5, P2 = P * P, Q2 = Q * Q;

void input_transform(inout VALUES d[SIDE]) {
    VALUES first = d[0] - (P2 + Q2) * d[2] + d[4], last = d[1] - (P2 + Q2) * d[3] + d[5];
    VALUES p = d[4] - Q2 * d[2], p_odd = P * (d[3] - Q2 * d[1]);
    VALUES q = d[4] - P2 * d[2], q_odd = Q * (d[3] - P2 * d[1]);
    d[0] = first, d[1] = p + p_odd, d[2] = p - p_odd;
    d[3] = q + q_odd, d[4] = q - q_odd, d[5] = last;
}

void output_transform(inout VALUES d[SIDE]) {
    VALUES p = d[1] + d[2], p_odd = P * (d[1] - d[2]);
    VALUES q = d[3] + d[4], q_odd = Q * (d[3] - d[4]);
    d[0] += p + q;
    d[1] = p_odd + q_odd, d[2] = P2 * p + Q2 * q, d[3] = P2 * p_odd + Q2 * q_odd + d[5];
}
#endif
