// The storage of tensors. An element is four channels of a pixel, or four numbers of packed
// parameters: as float32 (16 bytes), as float16 (8 bytes) or as int8 with a scale (4 bytes: value =
// int8 * scale). The type of each binding is known when the pipeline is made, and the code for the
// other types is removed. float16 and int8 values are packed by core functions: no extension is
// needed to store them.
const uint F32 = VRN_STORED_F32, F16 = VRN_STORED_F16, I8 = VRN_STORED_I8;
layout(constant_id = VRN_ID_TYPES + VRN_BIND_X) const uint X_TYPE = F32;
layout(constant_id = VRN_ID_TYPES + VRN_BIND_Y) const uint Y_TYPE = F32;
layout(constant_id = VRN_ID_TYPES + VRN_BIND_W) const uint W_TYPE = F32;
layout(constant_id = VRN_ID_TYPES + VRN_BIND_R) const uint R_TYPE = F32;

#ifdef ADDRESSED
#define X_SCALE 1.0 // tensors that are read through addresses are not int8
#else
#define X_SCALE push.x_scale
#endif
#define Y_SCALE push.y_scale
#define W_SCALE 1.0 // kernels with int8 parameters unpack them themselves
#define R_SCALE push.r_scale

const float HALF_MAX = 65504.0;

// The nearest float16 values, ties to even; values beyond their range are clamped. Vulkan lets
// drivers choose how packHalf2x16 and conversions round, and some truncate (RADV): these get values
// with no more bits than a float16. Below 2^-14, where float16 has fewer bits, the results are
// within a step, 2^-24. NaN need not stay NaN.
vec4 to_halves(vec4 value) {
    uvec4 bits = floatBitsToUint(clamp(value, -HALF_MAX, HALF_MAX));
    return uintBitsToFloat((bits + 0xfffu + (bits >> 13 & 1u)) & ~0x1fffu);
}

// Floats may be rounded to numbers that halves or bytes can hold: then a network is as exact as
// with those, and kernels that read floats alone can compute it.
const uint F32_HALVES = VRN_STORED_F32_HALVES, F32_BYTES = VRN_STORED_F32_BYTES;
vec4 rounded(const uint type, vec4 value, float scale) {
    if (type == F32_HALVES) return to_halves(value);
    if (type == F32_BYTES) return roundEven(clamp(value / scale, -127.0, 127.0)) * scale;
    return value;
}

// vec4 load_t(i): element i of binding T, a storage buffer; float t_at(i): number i.
#define READ_TENSOR(t, T)                                                                          \
    layout(set = 0, binding = VRN_BIND_##T) readonly buffer T##32 { vec4 t##32[]; };               \
    layout(set = 0, binding = VRN_BIND_##T) readonly buffer T##16 { uvec2 t##16[]; };              \
    layout(set = 0, binding = VRN_BIND_##T) readonly buffer T##8 { uint t##8[]; };                 \
    vec4 load_##t(uint i) {                                                                        \
        if (T##_TYPE == F16) {                                                                     \
            uvec2 halves = t##16[i];                                                               \
            return vec4(unpackHalf2x16(halves.x), unpackHalf2x16(halves.y));                       \
        }                                                                                          \
        if (T##_TYPE == I8) return unpackSnorm4x8(t##8[i]) * (127.0 * T##_SCALE);                  \
        return t##32[i];                                                                           \
    }

#define READ_NUMBERS(t, T)                                                                         \
    READ_TENSOR(t, T)                                                                              \
    layout(set = 0, binding = VRN_BIND_##T) readonly buffer T##Numbers { float t##_numbers[]; };   \
    float t##_at(uint i) {                                                                         \
        if (T##_TYPE == F32) return t##_numbers[i];                                                \
        return load_##t(i / 4u)[i % 4u];                                                           \
    }

// The same through a uniform texel buffer, whose format does the conversion.
#define READ_TEXELS(t, T)                                                                          \
    layout(set = 0, binding = VRN_BIND_##T) uniform textureBuffer t;                               \
    vec4 load_##t(uint i) {                                                                        \
        return texelFetch(t, int(i)) * (T##_TYPE == I8 ? 127.0 * T##_SCALE : 1.0);                 \
    }

// store_t(i, value). Values beyond the range of the type are clamped.
#define WRITE_TENSOR(t, T)                                                                         \
    layout(set = 0, binding = VRN_BIND_##T) writeonly buffer T##32 { vec4 t##32[]; };              \
    layout(set = 0, binding = VRN_BIND_##T) writeonly buffer T##16 { uvec2 t##16[]; };             \
    layout(set = 0, binding = VRN_BIND_##T) writeonly buffer T##8 { uint t##8[]; };                \
    void store_##t(uint i, vec4 value) {                                                           \
        if (T##_TYPE == F16) {                                                                     \
            value = to_halves(value);                                                              \
            t##16[i] = uvec2(packHalf2x16(value.xy), packHalf2x16(value.zw));                      \
        } else if (T##_TYPE == I8) {                                                               \
            t##8[i] = packSnorm4x8(value / (127.0 * T##_SCALE));                                   \
        } else {                                                                                   \
            t##32[i] = rounded(T##_TYPE, value, T##_SCALE);                                        \
        }                                                                                          \
    }
