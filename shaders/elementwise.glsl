// Description of the operators that process each vec4 separately.
OP_CONSTANT(PIXELS, VRN_ELEMENTWISE_PIXELS, 1); // of one image, H * W
OP_CONSTANT(C4, VRN_ELEMENTWISE_C4, 1);
OP_CONSTANT(EPS_BITS, VRN_ELEMENTWISE_EPS_BITS, 0); // of a norm, as the bits of a float

uint elements() {
    return push.images * PIXELS * C4;
}
