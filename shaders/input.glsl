// Binding 0, the input, and binding 2, the packed parameters if WEIGHTS is defined: storage
// buffers, or with TEXEL texel buffers, which Mesa's lavapipe reads by vectors and without
// branches.
#ifdef TEXEL
#extension GL_EXT_samplerless_texture_functions : require
READ_TEXELS(x, X)
#ifdef WEIGHTS
READ_TEXELS(w, W)
#endif
#else
READ_TENSOR(x, X)
#ifdef WEIGHTS
READ_TENSOR(w, W)
#endif
#endif
