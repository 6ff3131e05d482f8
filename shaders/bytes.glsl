// A convolution's input and weights as int8 values, four to a word, for conv_direct.comp,
// conv_tile.comp and conv_matrix.comp. Elements of x: [N, IN_H, IN_W, IN_C4] words of four
// channels. Elements of w: [OUT_C4] the bias and [OUT_C4] the scales of the output channels'
// weights, as floats, then [KERNEL_H, KERNEL_W, GROUP_IN4, OUT_C4] four words, one for each output
// channel, of four input channels.
#ifdef TEXEL
#extension GL_EXT_samplerless_texture_functions : require
layout(set = 0, binding = VRN_BIND_X) uniform utextureBuffer x;
layout(set = 0, binding = VRN_BIND_W) uniform utextureBuffer w;
#else
layout(set = 0, binding = VRN_BIND_X) readonly buffer Input { uint x[]; };
layout(set = 0, binding = VRN_BIND_W) readonly buffer Weights { uvec4 w[]; };
#endif

#define X_ELEMENT uint
#define W_ELEMENT uvec4
#define SUM       ivec4
const uint W_HEADER = 2u * OUT_C4;
const uint W_ROWS = 1;

#ifdef TEXEL
X_ELEMENT load_x(uint i) { return texelFetch(x, int(i)).x; }
W_ELEMENT load_weights(uint i) { return texelFetch(w, int(i)); }
#else
X_ELEMENT load_x(uint i) { return x[i]; }
W_ELEMENT load_weights(uint i) { return w[i]; }
#endif

#ifdef DOT
// OpSDot of two words, each a packed vector of four signed bytes (format 0).
spirv_instruction(extensions = ["SPV_KHR_integer_dot_product"], capabilities = [6018, 6019],
                  id = 4450)
int signed_dot(uint a, uint b, spirv_literal int format);

SUM multiply_add(SUM sum, X_ELEMENT a, W_ELEMENT w) {
    return sum + ivec4(signed_dot(a, w.x, 0), signed_dot(a, w.y, 0), signed_dot(a, w.z, 0),
                       signed_dot(a, w.w, 0));
}
#else
// Byte i of each word, with its sign.
#define BYTE(words, i) (ivec4(words) << (24 - 8 * i) >> 24)

SUM multiply_add(SUM sum, X_ELEMENT a, W_ELEMENT w) {
    uvec4 all = uvec4(a);
    sum += BYTE(all, 0) * BYTE(w, 0);
    sum += BYTE(all, 1) * BYTE(w, 1);
    sum += BYTE(all, 2) * BYTE(w, 2);
    sum += BYTE(all, 3) * BYTE(w, 3);
    return sum;
}
#endif

SUM first_sum(uint c4) { return SUM(0); }
vec4 last_sum(SUM sum, uint c4) {
    vec4 bias = uintBitsToFloat(load_weights(c4));
    vec4 scale = uintBitsToFloat(load_weights(OUT_C4 + c4));
    return vec4(sum) * (scale * X_SCALE) + bias;
}
