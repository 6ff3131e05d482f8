// Activations (vrn_activation). `kind` is a constant, so the compiler keeps only one of them.
vec4 activate(vec4 v, uint kind, uint slope_bits) {
    if (kind == VRN_ACTIVATE_LEAKY_RELU) {
        return max(v, vec4(0)) + min(v, vec4(0)) * uintBitsToFloat(slope_bits);
    }
    if (kind == VRN_ACTIVATE_SILU) return v / (1 + exp(-v));
    if (kind == VRN_ACTIVATE_RELU6) return clamp(v, vec4(0), vec4(6));
    if (kind == VRN_ACTIVATE_SIGMOID) return 1 / (1 + exp(-v));
    return max(v, vec4(0));
}
