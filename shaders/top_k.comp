#version 450
#extension GL_GOOGLE_include_directive : require
// The k most probable classes of each image, the best first; among equals, the lower index first;
// NaN last. A work group for each image searches k times for the next class.

#include "ops/interface.h"
layout(local_size_x = VRN_TRANSFER_THREADS) in;
#include "grid.glsl"

layout(push_constant) uniform Push { vrn_top_push push; };

layout(set = 0, binding = VRN_TRANSFER_X) readonly buffer Input { float x[]; };   // [N, C padded]
// [N, top] (index, float)
layout(set = 0, binding = VRN_TRANSFER_Y) writeonly buffer Output { uint y[]; };

shared float values[VRN_TRANSFER_THREADS];
shared uint indices[VRN_TRANSFER_THREADS];

bool before(float a, uint i, float b, uint j) {
    return a > b || (a == b && i < j);
}

void main() {
    uint image = folded_group(), thread = gl_LocalInvocationID.x;
    if (image >= push.images) return;
    uint from = push.x_first + image * ((push.classes + 3) / 4 * 4);
    float last = 2.0; // above any probability
    uint last_index = 0;
    for (uint rank = 0; rank < push.top; rank++) {
        float best = -2.0;
        uint best_index = push.classes;
        for (uint c = thread; c < push.classes; c += VRN_TRANSFER_THREADS) {
            float p = x[from + c];
            if (!(p >= 0.0)) p = -1.0;
            if (before(last, last_index, p, c) && before(p, c, best, best_index)) {
                best = p;
                best_index = c;
            }
        }
        values[thread] = best;
        indices[thread] = best_index;
        for (uint half_ = VRN_TRANSFER_THREADS / 2; half_ > 0; half_ /= 2) {
            barrier();
            if (thread < half_ && before(values[thread + half_], indices[thread + half_],
                                         values[thread], indices[thread])) {
                values[thread] = values[thread + half_];
                indices[thread] = indices[thread + half_];
            }
        }
        barrier();
        last = values[0];
        last_index = indices[0];
        if (thread == 0) {
            uint to = push.y_first + (image * push.top + rank) * 2;
            y[to] = last_index;
            y[to + 1] = floatBitsToUint(x[from + last_index]);
        }
        barrier(); // before the next rank writes what is read here
    }
}
