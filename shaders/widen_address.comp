#version 450
#extension GL_GOOGLE_include_directive : require
// Converts the input of a convolution to float32 for conv_address.comp, which would need a
// conversion for each scalar. A work group converts 256 numbers. It reads sixteen at a time, which
// past the end stay within the alignment that every tensor has.
#define ADDRESSED
#include "common.glsl"
#include "conv.glsl"
#include "address.glsl"

// x: [N, IN_H, IN_W, IN_C4 * 4] float16; y: the same as float32
void main() {
    const uint total = push.images * IN_H * IN_W * IN_C4 * 4, first = folded_group() * 256;
    const uint64_t x = address_of(VRN_BIND_X), y = address_of(VRN_BIND_Y);
    [[unroll]] for (uint i = 0; i < 256; i += 16) {
        uint at = first + i;
        if (at + 2 * gl_SubgroupInvocationID < total) {
            vec2 value = load_pairs(X_TYPE, x + numbers(X_TYPE, at));
            store_pairs(F32, y + floats(at), value);
        }
    }
}
