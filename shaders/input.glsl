// Binding 0, the input, and binding 2, the packed parameters where WEIGHTS is defined: storage buffers, or
// with TEXEL texel buffers, which Mesa's lavapipe reads by vectors and without branches.
#ifdef TEXEL
#extension GL_EXT_samplerless_texture_functions : require
layout(set = 0, binding = 0) uniform textureBuffer x;
vec4 load_x(uint i) { return texelFetch(x, int(i)); }
#else
layout(set = 0, binding = 0) readonly buffer Input { vec4 x[]; };
vec4 load_x(uint i) { return x[i]; }
#endif

#ifdef WEIGHTS
#ifdef TEXEL
layout(set = 0, binding = 2) uniform textureBuffer w;
vec4 load_w(uint i) { return texelFetch(w, int(i)); }
#else
layout(set = 0, binding = 2) readonly buffer Weights { vec4 w[]; };
vec4 load_w(uint i) { return w[i]; }
#endif
#endif
