// Reading through addresses for lavapipe 25, which treats an address as the same in all lanes only
// if it is computed from constants and push constants alone, and only in code without branches. A
// number that is the same in all lanes for other reasons, such as the work group's, is looked up
// among the push constants, digit by digit, to become such a value.
#extension GL_EXT_buffer_reference : require
#extension GL_EXT_shader_explicit_arithmetic_types_int64 : require
#extension GL_KHR_shader_subgroup_basic : require

#define LANES 8u

layout(buffer_reference, std430, buffer_reference_align = 16) readonly buffer In { vec4 v; };
layout(buffer_reference, std430, buffer_reference_align = 16) buffer Pairs { u64vec2 v; };
layout(buffer_reference, std430, buffer_reference_align = 8) writeonly buffer Pair {
    uint64_t v;
};

uint64_t address_of(uint binding) {
    return packUint2x32(uvec2(push.at[2u * binding], push.at[2u * binding + 1u]));
}

uint64_t floats(uint count) { return uint64_t(count) * 4ul; }

// The same number, which has this many digits of four bits.
uint shared_by_lanes(uint number, const uint digits) {
    uint result = 0u;
    [[unroll]] for (uint i = 0u; i < digits; i++) {
        result |= push.digit[number >> 4u * i & 15u] << 4u * i;
    }
    return result;
}

// a / b, rounded down, for a below 2^21. lavapipe divides integers lane by lane, and converts
// floats to integers so. Adding 1.5 * 2^23 rounds to an integer, which the lowest bits then hold.
uint quotient(uint a, uint b) {
    precise float half_less = (float(int(a)) + 0.5) / float(int(b)) - 0.5;
    precise float shifted = half_less + 12582912.0;
    return floatBitsToUint(shifted) & 0x3fffffu;
}

// Without a branch.
uint64_t choose(bool condition, uint64_t yes, uint64_t no) {
    uint64_t mask = 0ul - uint64_t(condition);
    return no ^ ((yes ^ no) & mask);
}

// Number i of eight in lane i: one load, which the compiler makes of these.
float load_lanes(uint64_t from) {
    vec4 low = In(from).v, high = In(from + 16ul).v;
    float own = low.x;
    [[unroll]] for (uint i = 1u; i < 4u; i++) own = gl_SubgroupInvocationID == i ? low[i] : own;
    [[unroll]] for (uint i = 0u; i < 4u; i++) {
        own = gl_SubgroupInvocationID == i + 4u ? high[i] : own;
    }
    return own;
}

// Numbers i and 8 + i of sixteen in lane i.
vec2 load_two(uint64_t from) { return vec2(load_lanes(from), load_lanes(from + 32ul)); }

// Numbers 2 i and 2 i + 1 of sixteen, of lane i.
vec2 load_pairs(uint64_t from) {
    u64vec2 all[4];
    [[unroll]] for (uint i = 0u; i < 4u; i++) all[i] = Pairs(from + 16ul * i).v;
    uint64_t own = all[0].x;
    [[unroll]] for (uint i = 1u; i < LANES; i++) {
        own = gl_SubgroupInvocationID == i ? all[i / 2u][i % 2u] : own;
    }
    return uintBitsToFloat(unpackUint2x32(own));
}

void store_pairs(uint64_t to, vec2 value) {
    Pair(to + 8ul * gl_SubgroupInvocationID).v = packUint2x32(floatBitsToUint(value));
}

// To an address of each lane's own. Stores through bindings, which are tested for bounds, take
// longer to compile.
void store_vec4(uint64_t to, vec4 value) {
    const uvec4 bits = floatBitsToUint(value);
    Pairs(to).v = u64vec2(packUint2x32(bits.xy), packUint2x32(bits.zw));
}
