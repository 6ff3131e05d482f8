#version 450
#extension GL_GOOGLE_include_directive : require
// variants: unfused=-DUNFUSED
// Convolution through addresses (address.glsl), as a product without copies:
//   Y[m, n] = act(bias[n] + sum_k X[m, k] W[k, n] + R[m, n])
// for output pixels m, output channels n, and k that runs over the positions of the window and the
// channels of each. A position outside the image reads zeros that precede the weights. With LINES
// the input has its padding (pad.comp), and a line of the window is read as one position: for few
// channels. PACKED: it also has three channels without a fourth (pad_address.comp), and a round is
// a line of the window. With PARTS = 2, each sixteen columns have their own input channels: those
// of their group, or of several groups, with zeros among the weights. With M it is the products of
// Winograd's algorithm, as in gemm.comp: m is a tile, and the sums are not finished here. A work
// group computes ROWS of m x COLUMNS of n: an activation is a scalar, a vector of weights is shared
// by all rows.
#define ADDRESSED
#include "common.glsl"
#include "conv.glsl"
#include "address.glsl"

uint M = push.number;
NUMBER(ROWS, VRN_ADDRESS_ROWS, 4);
NUMBER(STEP, VRN_ADDRESS_STEP, 32);
NUMBER(LINES, VRN_ADDRESS_LINES, 0);
NUMBER(PARTS, VRN_ADDRESS_PARTS, 1);
NUMBER(VECTORS, VRN_ADDRESS_VECTORS, 4);
#include "gemm.glsl"
const bool PACKED = LINES == VRN_ADDRESS_LINES_RGB;
const uint PANEL = VRN_ADDRESS_PANEL, COLUMNS = VECTORS * LANES;

// x: [N, IN_H, IN_W, IN_C4 * 4]; w: [OUT_C4 * 4, padded to 16] bias, [IN_C4 * 4] zeros, then for
// each PANEL of n [KERNEL_H, KERNEL_W, IN_C4 * 4, PANEL]; y, r: [N, OUT_H, OUT_W, OUT_C4 * 4]

float sum[ROWS * VECTORS];

// Adds `count` k to the sums: first to separate sums, which the compiler keeps in registers in the
// order of k.
void multiply(uint64_t x[ROWS], uint64_t part, uint64_t w, const uint count) {
    In4 weights = In4(w);
    float own[ROWS * VECTORS];
    [[unroll]] for (uint k = 0; k < count; k++) {
        float b[VECTORS];
        [[unroll]] for (uint j = 0; j < VECTORS; j++) {
            b[j] = load_lanes(weights, k * PANEL + j * LANES);
        }
        [[unroll]] for (uint i = 0; i < ROWS; i++) {
            float a = In(x[i]).v[k], other = PARTS == 1 || VECTORS == 2 ? a : In(x[i] + part).v[k];
            [[unroll]] for (uint j = 0; j < VECTORS; j++) {
                float factor = j < 2 ? a : other;
                uint at = i * VECTORS + j;
                own[at] = k == 0 ? factor * b[j] : MULTIPLY_ADD(factor, b[j], own[at]);
            }
        }
    }
    [[unroll]] for (uint i = 0; i < ROWS * VECTORS; i++) sum[i] += own[i];
}

// With parts: the number of input channels of a part, and the first one of a column. Past the last
// column it is any channel.
uint part_depth() { return GROUP_OUT < 16 ? 16 / GROUP_OUT * GROUP_IN : GROUP_IN; }
uint part_of(uint column) {
    return min(column, OUT_C4 * 4 - 1) / max(GROUP_OUT, 16) * part_depth();
}

void main() {
    const uint channels = IN_C4 * 4, out_channels = OUT_C4 * 4;
    // With PACKED there is one group. If the compiler knew the number, it would not merge the loads
    // of weights: half the speed.
    const uint positions = WINOGRAD     ? 1
                           : PACKED     ? GROUPS
                           : LINES != 0 ? KERNEL_H
                                        : KERNEL_H * KERNEL_W;
    const uint depth = PACKED       ? KERNEL_H * STEP
                       : LINES != 0 ? KERNEL_W * channels
                       : PARTS > 1  ? part_depth()
                                    : channels;
    const uint total = push.images * (WINOGRAD ? tiles() : OUT_PIXELS);
    const uint blocks = (out_channels + COLUMNS - 1) / COLUMNS;
    const uint panels = (out_channels + PANEL - 1) / PANEL;
    const bool pixels_first =
        !WINOGRAD && VRN_ADDRESS_PIXELS_FIRST(positions * depth, out_channels);
    const uint number = pixels_first ? folded_group() : gl_WorkGroupID.z;
    const uint block = number % blocks, rest = number / blocks;
    const uint product = WINOGRAD ? rest : 0, column = block * COLUMNS;
    const uint first = (pixels_first ? rest : folded_group()) * ROWS;
    const uint64_t x = address_of(VRN_BIND_X), parameters = address_of(VRN_BIND_W);
    const uint64_t zeros = parameters + floats((out_channels + 15) / 16 * 16);
    const uint64_t w =
        zeros + floats(channels) + floats(column % PANEL) +
        floats(positions * depth * PANEL) * uint64_t(product * panels + column / PANEL);
    const uint64_t own = floats(PARTS > 1 ? part_of(column) : 0);
    const uint64_t other = floats(PARTS > 1 ? part_of(column + 16) : 0) - own;

    // Past the end the last row is computed again, and not stored.
    const uint pad_y = LINES != 0 ? 0 : PAD_Y, pad_x = LINES != 0 ? 0 : PAD_X;
    const uint height = IN_H + 2 * (PAD_Y - pad_y), columns = IN_W + 2 * (PAD_X - pad_x);
    const uint width = PACKED ? (columns + 1) / 2 * 2 : columns;
    const uint of_pixel = PACKED ? GROUP_IN : channels;
    const uint64_t of_line = floats(width * of_pixel);
    uint row[ROWS], image[ROWS], top[ROWS], left[ROWS];
    uint pixel = min(first, total - 1), line = pixel / OUT_W, its_image = line / OUT_H;
    uint oy = line - its_image * OUT_H, ox = pixel - line * OUT_W; // divisions are slow
    [[unroll]] for (uint i = 0; i < ROWS; i++) {
        row[i] = pixel;
        image[i] = its_image * height;
        top[i] = oy * STRIDE_Y - pad_y; // may wrap below zero
        left[i] = ox * STRIDE_X - pad_x;
        uint next = pixel + 1 < total ? 1 : 0;
        pixel += next, ox += next;
        oy += ox == OUT_W ? 1 : 0;
        ox = ox == OUT_W ? 0 : ox;
        its_image += oy == OUT_H ? 1 : 0;
        oy = oy == OUT_H ? 0 : oy;
    }
    [[unroll]] for (uint i = 0; i < ROWS * VECTORS; i++) sum[i] = 0;
    // Sums begin with bias and residual: the products do not wait for these loads.
    if (!WINOGRAD) {
        const uint64_t residual = address_of(VRN_BIND_R);
        [[unroll]] for (uint j = 0; j < VECTORS; j += 2) {
            uint n = column + j * LANES;
            if (n < out_channels) {
                vec2 bias = load_two(parameters + floats(n));
                [[unroll]] for (uint i = 0; i < ROWS; i++) {
                    vec2 value = bias;
                    if (RESIDUAL != 0) {
                        value += load_pairs(residual + floats(row[i] * out_channels + n));
                    }
                    sum[i * VECTORS + j] = value.x;
                    sum[i * VECTORS + j + 1] = value.y;
                }
            }
        }
    }
    // Loops test at their end: the driver runs the body of a loop that tests at its beginning once
    // more, with no lane active, and that round would load from invalid addresses. The operands of
    // the test are computed early, because the next round's addresses wait for it.
    const uint whole = depth / STEP * STEP;
    uint position = 0;
    bool more_positions;
    [[dont_unroll]] do {
        uint r = LINES != 0 ? position : position / KERNEL_W;
        uint s = LINES != 0 ? 0 : position % KERNEL_W;
        uint64_t weights = w + floats(depth * PANEL) * uint64_t(position);
        position++;
        more_positions = position < positions;
        uint64_t from[ROWS];
        [[unroll]] for (uint i = 0; i < ROWS; i++) {
            uint iy = top[i] + r * DILATION_Y, ix = left[i] + s * DILATION_X;
            bool inside = WINOGRAD || LINES != 0 || (iy < height && ix < width);
            uint at = WINOGRAD ? product * total + row[i] : (image[i] + iy) * width + ix;
            from[i] = (inside ? x + floats(at * of_pixel) : zeros) + own;
        }
        uint k = 0;
        if (k < whole) {
            bool more;
            [[dont_unroll]] do {
                uint64_t at[ROWS], of_round = weights + floats(k * PANEL);
                [[unroll]] for (uint i = 0; i < ROWS; i++) {
                    at[i] = from[i] + (PACKED ? of_line * uint64_t(k / STEP) : floats(k));
                }
                k += STEP;
                more = k < whole;
                multiply(at, other, of_round, STEP);
            } while (more);
        }
        if (k < depth) {
            [[dont_unroll]] do {
                uint64_t at[ROWS];
                [[unroll]] for (uint i = 0; i < ROWS; i++) at[i] = from[i] + floats(k);
                multiply(at, other, weights + floats(k * PANEL), 4);
                k += 4;
            } while (k < depth);
        }
    } while (more_positions);

    const uint64_t y = address_of(VRN_BIND_Y);
    [[unroll]] for (uint j = 0; j < VECTORS; j += 2) {
        uint n = column + j * LANES;
        if (n + 2 * gl_SubgroupInvocationID < out_channels) {
            [[unroll]] for (uint i = 0; i < ROWS; i++) {
                if (first + i < total) {
                    uint at = (product * total + first + i) * out_channels + n;
                    vec2 value = vec2(sum[i * VECTORS + j], sum[i * VECTORS + j + 1]);
                    store_pairs(Y_TYPE, y + floats(at), WINOGRAD ? value : finish_pair(value));
                }
            }
        }
    }
}
