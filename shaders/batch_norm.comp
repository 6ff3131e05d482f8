#version 450
#extension GL_GOOGLE_include_directive : require
// Batch norm in its inference form (Ioffe and Szegedy 2015, algorithm 2):
//   y = (x - mean) / sqrt(var + eps) * gamma + beta, per channel.
#include "common.glsl"
#include "elementwise.glsl"

layout(set = 0, binding = 0) readonly buffer Input { vec4 x[]; };   // [N, H, W, C4]
layout(set = 0, binding = 1) writeonly buffer Output { vec4 y[]; }; // [N, H, W, C4]
layout(set = 0, binding = 2) readonly buffer Params { vec4 w[]; };  // [4, C4]: gamma, beta, mean, var

void main() {
    uint i = flat_index();
    if (i >= elements()) return;
    uint c = i % C4;
    vec4 gamma = w[c], beta = w[C4 + c], mean = w[2 * C4 + c], var = w[3 * C4 + c];
    y[i] = (x[i] - mean) / sqrt(var + uintBitsToFloat(EPS_BITS)) * gamma + beta;
}
