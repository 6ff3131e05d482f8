#version 450
#extension GL_GOOGLE_include_directive : require
// A stem and the max pool after it: y = pool(act(bias + conv(x))). A work group computes the
// results that SIDE x SIDE output pixels need, for COLUMNS x 4 channels, into shared memory, and
// then the largest of each window. Neighbouring squares compute the lines between them twice: for
// windows of 3x3 with stride 2, 15 lines instead of 14 in each direction. An invocation has PIXELS
// results at once; the weights that it reads are the same for the whole work group.
#define WEIGHTS
#include "common.glsl"
#include "conv.glsl"
#include "input.glsl"

OP_CONSTANT(POOL_KERNEL_H, VRN_CONV_POOL_KERNEL_H, 3);
OP_CONSTANT(POOL_KERNEL_W, VRN_CONV_POOL_KERNEL_W, 3);
OP_CONSTANT(POOL_STRIDE_Y, VRN_CONV_POOL_STRIDE_Y, 2);
OP_CONSTANT(POOL_STRIDE_X, VRN_CONV_POOL_STRIDE_X, 2);
OP_CONSTANT(POOL_PAD_Y, VRN_CONV_POOL_PAD_Y, 1);
OP_CONSTANT(POOL_PAD_X, VRN_CONV_POOL_PAD_X, 1);

NUMBER(SIDE, VRN_POOLED_SIDE, 7);
NUMBER(PIXELS, VRN_POOLED_PIXELS, 2);
NUMBER(COLUMNS, VRN_POOLED_COLUMNS, 4);

// x: [N, IN_H, IN_W, 1]; w: [OUT_C4] bias, then [KERNEL_H, KERNEL_W, 4, OUT_C4]

const uint RESULT_H = (IN_H + 2 * PAD_Y - DILATION_Y * (KERNEL_H - 1) - 1) / STRIDE_Y + 1;
const uint RESULT_W = (IN_W + 2 * PAD_X - DILATION_X * (KERNEL_W - 1) - 1) / STRIDE_X + 1;
const uint LINES = (SIDE - 1) * POOL_STRIDE_Y + POOL_KERNEL_H;
const uint LINE = (SIDE - 1) * POOL_STRIDE_X + POOL_KERNEL_W;
const uint ACROSS = (OUT_W + SIDE - 1) / SIDE, DOWN = (OUT_H + SIDE - 1) / SIDE; // squares

shared vec4 results[LINES * LINE * COLUMNS]; // [COLUMNS][LINES, LINE]

void main() {
    const uint lane = gl_LocalInvocationID.x, group = folded_group();
    const uint column = gl_WorkGroupID.z * COLUMNS;
    const uint square = group % (ACROSS * DOWN), image = group / (ACROSS * DOWN);
    const uint first_y = square / ACROSS * SIDE, first_x = square % ACROSS * SIDE;
    const uint top = first_y * POOL_STRIDE_Y - POOL_PAD_Y; // may wrap below zero
    const uint left = first_x * POOL_STRIDE_X - POOL_PAD_X;
    if (image < push.images) {
        for (uint first = lane; first < LINES * LINE; first += gl_WorkGroupSize.x * PIXELS) {
            uint y[PIXELS], x[PIXELS]; // of the result
            vec4 sum[PIXELS * COLUMNS];
            [[unroll]] for (uint i = 0; i < PIXELS; i++) {
                uint place = min(first + i * gl_WorkGroupSize.x, LINES * LINE - 1);
                y[i] = top + place / LINE;
                x[i] = left + place % LINE;
                [[unroll]] for (uint j = 0; j < COLUMNS; j++) {
                    sum[i * COLUMNS + j] = load_w(column + j);
                }
            }
            uint weight = OUT_C4 + column;
            [[dont_unroll]] for (uint r = 0; r < KERNEL_H; r++) {
                [[dont_unroll]] for (uint s = 0; s < KERNEL_W; s++) {
                    vec4 value[PIXELS];
                    [[unroll]] for (uint i = 0; i < PIXELS; i++) {
                        uint iy = y[i] * STRIDE_Y - PAD_Y + r * DILATION_Y;
                        uint ix = x[i] * STRIDE_X - PAD_X + s * DILATION_X;
                        bool inside = iy < IN_H && ix < IN_W;
                        value[i] = load_x(inside ? (image * IN_H + iy) * IN_W + ix : 0u);
                        value[i] = inside ? value[i] : vec4(0);
                    }
                    [[unroll]] for (uint c = 0; c < GROUP_IN; c++) {
                        [[unroll]] for (uint j = 0; j < COLUMNS; j++) {
                            vec4 factors = load_w(weight + c * OUT_C4 + j);
                            [[unroll]] for (uint i = 0; i < PIXELS; i++) {
                                sum[i * COLUMNS + j] += value[i][c] * factors;
                            }
                        }
                    }
                    weight += 4 * OUT_C4;
                }
            }
            [[unroll]] for (uint i = 0; i < PIXELS; i++) {
                uint place = first + i * gl_WorkGroupSize.x;
                bool inside = y[i] < RESULT_H && x[i] < RESULT_W;
                [[unroll]] for (uint j = 0; j < COLUMNS; j++) {
                    vec4 value = finish_at(sum[i * COLUMNS + j], 0, column + j);
                    value = inside ? value : vec4(uintBitsToFloat(0xff800000u)); // -infinity
                    if (place < LINES * LINE) results[j * LINES * LINE + place] = value;
                }
            }
        }
    }
    barrier();
    if (image >= push.images) return;
    for (uint i = lane; i < SIDE * SIDE * COLUMNS; i += gl_WorkGroupSize.x) {
        uint j = i % COLUMNS, row = i / COLUMNS / SIDE, across = i / COLUMNS % SIDE;
        uint oy = first_y + row, ox = first_x + across;
        if (oy >= OUT_H || ox >= OUT_W) continue;
        uint from = j * LINES * LINE + row * POOL_STRIDE_Y * LINE + across * POOL_STRIDE_X;
        vec4 largest = results[from];
        for (uint r = 0; r < POOL_KERNEL_H; r++) {
            for (uint s = 0; s < POOL_KERNEL_W; s++) {
                largest = max(largest, results[from + r * LINE + s]);
            }
        }
        store_y(((image * OUT_H + oy) * OUT_W + ox) * OUT_C4 + column + j, largest);
    }
}
