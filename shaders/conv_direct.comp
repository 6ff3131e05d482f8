#version 450
#extension GL_GOOGLE_include_directive : require
// variants: texel=-DTEXEL gpu=-DGPU
// Convolution for drivers that run on the processor: no shared memory and no barrier, because there each
// of them costs a coroutine per subgroup. An invocation keeps PIXELS x COLUMNS vec4 sums in registers: it
// reads one vec4 (four input channels) of each pixel and four weight rows, and multiplies them all.
// LANES_C invocations stand side by side on output channels, so that weights are read consecutively; the
// others of the work group take further pixels. Groups need a multiple of four channels, in and out.
//
// TEXEL: input and weights are read through uniform texel buffers, which Mesa's lavapipe vectorises.
// GPU: for grouped convolutions, whose groups are too small for the tiles of conv_tile.comp. Neighbouring
// invocations read neighbouring groups, and the caches do what shared memory would.
#include "common.glsl"
#include "conv.glsl"

layout(constant_id = 33) const uint LANES_C = 8; // divides the work group's size

#if defined(TEXEL) || defined(GPU)
layout(constant_id = 34) const uint PIXELS = 8;
layout(constant_id = 35) const uint COLUMNS = 2; // vec4s of output channels, all in one group
#else
// Fixed, because SwiftShader unrolls no loop whose bound is a specialization constant, and indexes the
// sums in memory then: 2.5 times slower. Larger tiles gain nothing there and take seconds to compile.
const uint PIXELS = 4;
const uint COLUMNS = 1;
#endif

// x: [N, IN_H, IN_W, IN_C4] vec4; w: [OUT_C4] bias, then [KERNEL_H, KERNEL_W, GROUP_IN4 * 4, OUT_C4] vec4
#define WEIGHTS
#include "input.glsl"

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

    vec4 sum[PIXELS * COLUMNS];
    uint weight[COLUMNS];
    [[unroll]] for (uint j = 0; j < COLUMNS; j++) {
        uint c4 = min(column + j, OUT_C4 - 1);
        vec4 bias = load_w(c4);
        [[unroll]] for (uint i = 0; i < PIXELS; i++) sum[i * COLUMNS + j] = bias;
        weight[j] = OUT_C4 + c4;
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
                vec4 a[PIXELS];
                [[unroll]] for (uint i = 0; i < PIXELS; i++) {
                    vec4 value = load_x(from[i] + c4);
                    a[i] = !PADDED || inside[i] ? value : vec4(0);
                }
                [[unroll]] for (uint j = 0; j < COLUMNS; j++) {
                    vec4 w0 = load_w(weight[j]), w1 = load_w(weight[j] + OUT_C4);
                    vec4 w2 = load_w(weight[j] + 2 * OUT_C4), w3 = load_w(weight[j] + 3 * OUT_C4);
                    [[unroll]] for (uint i = 0; i < PIXELS; i++) {
                        vec4 t = sum[i * COLUMNS + j];
                        t += a[i].x * w0;
                        t += a[i].y * w1;
                        t += a[i].z * w2;
                        t += a[i].w * w3;
                        sum[i * COLUMNS + j] = t;
                    }
                    weight[j] += 4 * OUT_C4;
                }
            }
        }
    }

    [[unroll]] for (uint i = 0; i < PIXELS; i++) {
        [[unroll]] for (uint j = 0; j < COLUMNS; j++) {
            if (first + i < total && column + j < OUT_C4) {
                store_output(sum[i * COLUMNS + j], first + i, column + j);
            }
        }
    }
}
