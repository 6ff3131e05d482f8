// Reading and writing through addresses, for Mesa's lavapipe from version 26 on, which keeps what
// is the same in all lanes in scalars: a load from an address that all share is one load, without a
// test for bounds. A work group is one subgroup of eight lanes, which have eight adjacent numbers.
#extension GL_EXT_buffer_reference : require
#extension GL_EXT_shader_explicit_arithmetic_types_int64 : require
#extension GL_KHR_shader_subgroup_basic : require

#define LANES 8u

layout(buffer_reference, std430, buffer_reference_align = 4) readonly buffer In { float v[]; };
layout(buffer_reference, std430, buffer_reference_align = 16) readonly buffer In4 { vec4 v[]; };
layout(buffer_reference, std430, buffer_reference_align = 8) writeonly buffer Pair {
    uint64_t v;
};

uint64_t address_of(uint binding) {
    return packUint2x32(uvec2(push.at[2u * binding], push.at[2u * binding + 1u]));
}

uint64_t floats(uint count) { return uint64_t(count) * 4ul; }

// Number i of eight in lane i; `at` is a multiple of four. All eight are read before the choice,
// because a load within ?: would be one of its lanes; the compiler then makes one load of them.
// Vec4s take a third of the time that single floats take to compile.
float load_lanes(In4 from, uint at) {
    vec4 low = from.v[at / 4u], high = from.v[at / 4u + 1u];
    float own = low.x;
    [[unroll]] for (uint i = 1u; i < 4u; i++) own = gl_SubgroupInvocationID == i ? low[i] : own;
    [[unroll]] for (uint i = 0u; i < 4u; i++) {
        own = gl_SubgroupInvocationID == i + 4u ? high[i] : own;
    }
    return own;
}

// Numbers i and 8 + i of sixteen in lane i.
vec2 load_two(uint64_t from) {
    return vec2(load_lanes(In4(from), 0u), load_lanes(In4(from), LANES));
}

// Numbers 2 i and 2 i + 1 of sixteen, of lane i: the compiler has no store of eight adjacent lanes,
// and half as many stores of single lanes are twice as fast.
vec2 load_pairs(uint64_t from) {
    vec4 all[LANES / 2u];
    [[unroll]] for (uint i = 0u; i < LANES / 2u; i++) all[i] = In4(from).v[i];
    vec2 own = all[0].xy;
    [[unroll]] for (uint i = 1u; i < LANES; i++) {
        vec2 pair = i % 2u == 0u ? all[i / 2u].xy : all[i / 2u].zw;
        own = gl_SubgroupInvocationID == i ? pair : own;
    }
    return own;
}

void store_pairs(const uint type, uint64_t to, vec2 value) {
    value = rounded(type, value.xyxy, Y_SCALE).xy;
    Pair(to + 8ul * gl_SubgroupInvocationID).v = packUint2x32(floatBitsToUint(value));
}

#ifdef UNFUSED
#define MULTIPLY_ADD(a, b, sum) ((sum) + (a) * (b))
#else
#define MULTIPLY_ADD(a, b, sum) fma(a, b, sum)
#endif
