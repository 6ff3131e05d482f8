#version 450
#extension GL_GOOGLE_include_directive : require
// variants: texel=-DTEXEL gpu=-DGPU
// variants: int8=-DBYTES int8_texel=-DBYTES,-DTEXEL int8_gpu=-DBYTES,-DGPU
// variants: int8_dot=-DBYTES,-DDOT int8_dot_texel=-DBYTES,-DDOT,-DTEXEL
// variants: int8_dot_gpu=-DBYTES,-DDOT,-DGPU
// Convolution for drivers that run on the processor: no shared memory and no barrier, because there
// each of them costs a coroutine per subgroup. An invocation keeps PIXELS x COLUMNS vec4 sums in
// registers: it reads one vec4 (four input channels) of each pixel and four weight rows, and
// multiplies them all. LANES_C invocations stand side by side on output channels, so that weights
// are read consecutively; the others of the work group take further pixels. Groups need a multiple
// of four channels, in and out.
//
// TEXEL: input and weights are read through uniform texel buffers, which Mesa's lavapipe
// vectorises. GPU: for grouped convolutions, whose groups are too small for the tiles of
// conv_tile.comp. Neighbouring invocations read neighbouring groups, and the caches do what shared
// memory would. BYTES: input and weights are signed bytes, four to a word, and the sums 32-bit
// integers: exact. DOT: a word times a word is an instruction (SPV_KHR_integer_dot_product).
#ifdef DOT
#extension GL_EXT_spirv_intrinsics : require
#endif
#include "common.glsl"
#include "conv.glsl"

NUMBER(LANES_C, VRN_DIRECT_LANES_C, 8); // divides the work group's size

#if defined(TEXEL) || defined(GPU)
NUMBER(PIXELS, VRN_DIRECT_PIXELS, 8);
NUMBER(COLUMNS, VRN_DIRECT_COLUMNS, 2); // vec4s of output channels, all in one group
#else
// Fixed, because SwiftShader unrolls no loop whose bound is a specialization constant, and indexes
// the sums in memory then: 2.5 times slower. Larger tiles gain nothing there and take seconds to
// compile.
const uint PIXELS = 4;
const uint COLUMNS = 1;
#endif

#ifdef BYTES
#include "bytes.glsl"
#else
// x: [N, IN_H, IN_W, IN_C4]; w: [OUT_C4] bias, then [KERNEL_H, KERNEL_W, GROUP_IN4 * 4, OUT_C4]
#define WEIGHTS
#include "input.glsl"
#define X_ELEMENT vec4 // four channels of a pixel
#define W_ELEMENT mat4 // their weights for four output channels: a column for each channel
#define SUM       vec4 // four output channels of a pixel
const uint W_HEADER = OUT_C4; // elements in front of the weights: the bias
const uint W_ROWS = 4;        // elements of a W_ELEMENT, OUT_C4 apart
W_ELEMENT load_weights(uint i) {
    return mat4(load_w(i), load_w(i + OUT_C4), load_w(i + 2 * OUT_C4), load_w(i + 3 * OUT_C4));
}
SUM first_sum(uint c4) { return load_w(c4); }
SUM multiply_add(SUM sum, X_ELEMENT a, W_ELEMENT w) {
#ifdef GPU
    sum += a.x * w[0]; // each a fused multiply-add; the groups' sums are short
    sum += a.y * w[1];
    sum += a.z * w[2];
    sum += a.w * w[3];
    return sum;
#else
    // Four products meet before they are added to the sum: its rounding errors are half as large.
    return sum + ((a.x * w[0] + a.y * w[1]) + (a.z * w[2] + a.w * w[3]));
#endif
}
vec4 last_sum(SUM sum, uint c4) { return sum; }
#endif

#ifdef GPU
// Unrolled, all loads of a 3x3 window come first and fill the registers.
#define ROLLED [[dont_unroll]]
#else
#define ROLLED
#endif

const bool PADDED = PAD_Y != 0u || PAD_X != 0u;

void main() {
    uint lane = gl_LocalInvocationID.x;
    uint lanes_p = gl_WorkGroupSize.x / LANES_C;
    uint total = push.images * OUT_PIXELS;
    uint first = (folded_group() * lanes_p + lane / LANES_C) * PIXELS;
    uint column = (gl_WorkGroupID.z * LANES_C + lane % LANES_C) * COLUMNS;
    // Past the end the last pixel and columns are computed again, and not stored: no branch.
    uint group = min(column * 4 / GROUP_OUT, GROUPS - 1);

    uint image_base[PIXELS]; // first vec4 of the image and group
    uint top[PIXELS], left[PIXELS];
    [[unroll]] for (uint i = 0; i < PIXELS; i++) {
        uint pixel = min(first + i, total - 1);
        uint within = pixel % OUT_PIXELS;
        image_base[i] = pixel / OUT_PIXELS * (IN_H * IN_W * IN_C4) + group * GROUP_IN4;
        top[i] = within / OUT_W * STRIDE_Y - PAD_Y; // wraps below zero
        left[i] = within % OUT_W * STRIDE_X - PAD_X;
    }

    SUM sum[PIXELS * COLUMNS];
    uint weight[COLUMNS];
    [[unroll]] for (uint j = 0; j < COLUMNS; j++) {
        uint c4 = min(column + j, OUT_C4 - 1);
        SUM begin = first_sum(c4);
        [[unroll]] for (uint i = 0; i < PIXELS; i++) sum[i * COLUMNS + j] = begin;
        weight[j] = W_HEADER + c4;
    }

    ROLLED for (uint r = 0; r < KERNEL_H; r++) {
        ROLLED for (uint s = 0; s < KERNEL_W; s++) {
            uint from[PIXELS];
            bool inside[PIXELS];
            [[unroll]] for (uint i = 0; i < PIXELS; i++) {
                uint iy = top[i] + r * DILATION_Y, ix = left[i] + s * DILATION_X;
                inside[i] = iy < IN_H && ix < IN_W;
                from[i] = image_base[i] + (inside[i] ? (iy * IN_W + ix) * IN_C4 : 0u);
            }
            ROLLED for (uint c4 = 0; c4 < GROUP_IN4; c4++) {
                X_ELEMENT a[PIXELS];
                [[unroll]] for (uint i = 0; i < PIXELS; i++) {
                    X_ELEMENT value = load_x(from[i] + c4);
                    a[i] = !PADDED || inside[i] ? value : X_ELEMENT(0);
                }
                [[unroll]] for (uint j = 0; j < COLUMNS; j++) {
                    W_ELEMENT w = load_weights(weight[j]);
                    [[unroll]] for (uint i = 0; i < PIXELS; i++) {
                        sum[i * COLUMNS + j] = multiply_add(sum[i * COLUMNS + j], a[i], w);
                    }
                    weight[j] += W_ROWS * OUT_C4;
                }
            }
        }
    }

    [[unroll]] for (uint i = 0; i < PIXELS; i++) {
        [[unroll]] for (uint j = 0; j < COLUMNS; j++) {
            if (first + i < total && column + j < OUT_C4) {
                store_output(last_sum(sum[i * COLUMNS + j], column + j), first + i, column + j);
            }
        }
    }
}
