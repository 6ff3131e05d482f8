// Reading and writing through addresses, for Mesa's lavapipe from version 26 on, which keeps what
// is the same in all lanes in scalars: a load from an address that all share is one load, without a
// test for bounds. A work group is one subgroup of eight lanes, which have eight adjacent numbers.
#extension GL_EXT_buffer_reference : require
#extension GL_EXT_shader_explicit_arithmetic_types_int64 : require
#extension GL_KHR_shader_subgroup_basic : require

#define LANES 8u

layout(buffer_reference, std430, buffer_reference_align = 4) readonly buffer In { float v[]; };
layout(buffer_reference, std430, buffer_reference_align = 8) writeonly buffer Pair {
    uint64_t v;
};

uint64_t address_of(uint binding) {
    return packUint2x32(uvec2(push.at[2u * binding], push.at[2u * binding + 1u]));
}

uint64_t floats(uint count) { return uint64_t(count) * 4ul; }

// Number i of eight in lane i. The compiler makes one load of the eight: they come before the
// choice, because a load within ?: would be one of its lanes.
float load_lanes(In from, uint at) {
    float all[LANES];
    [[unroll]] for (uint i = 0u; i < LANES; i++) all[i] = from.v[at + i];
    float own = all[0];
    [[unroll]] for (uint i = 1u; i < LANES; i++) own = gl_SubgroupInvocationID == i ? all[i] : own;
    return own;
}

// Numbers i and 8 + i of sixteen in lane i.
vec2 load_two(uint64_t from) {
    return vec2(load_lanes(In(from), 0u), load_lanes(In(from), LANES));
}

// Numbers 2 i and 2 i + 1 of sixteen, of lane i: the compiler has no store of eight adjacent lanes,
// and half as many stores of single lanes are twice as fast.
vec2 load_pairs(uint64_t from) {
    vec2 all[LANES];
    [[unroll]] for (uint i = 0u; i < LANES; i++) {
        all[i] = vec2(In(from).v[2u * i], In(from).v[2u * i + 1u]);
    }
    vec2 own = all[0];
    [[unroll]] for (uint i = 1u; i < LANES; i++) own = gl_SubgroupInvocationID == i ? all[i] : own;
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
