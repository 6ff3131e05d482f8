// Description of the operators that work on each vec4 by itself.
layout(constant_id = 0) const uint PIXELS = 1; // of one image, H * W
layout(constant_id = 1) const uint C4 = 1;
layout(constant_id = 2) const uint EPS_BITS = 0; // of a norm, as the bits of a float

uint elements() {
    return push.images * PIXELS * C4;
}
