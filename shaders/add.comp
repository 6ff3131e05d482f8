#version 450
#extension GL_GOOGLE_include_directive : require
// y = x + r: the residual addition (He et al. 2015, equation 1).
#include "common.glsl"
#include "elementwise.glsl"

layout(set = 0, binding = 0) readonly buffer Input { vec4 x[]; };    // [N, H, W, C4]
layout(set = 0, binding = 1) writeonly buffer Output { vec4 y[]; };  // [N, H, W, C4]
layout(set = 0, binding = 3) readonly buffer Residual { vec4 r[]; }; // [N, H, W, C4]

void main() {
    uint i = flat_index();
    if (i < elements()) y[i] = x[i] + r[i];
}
