// Sum or largest value over a work group, whose size is a power of two. All invocations get the
// result.
shared float partial[gl_WorkGroupSize.x];

float reduce(float value, bool largest) {
    uint thread = gl_LocalInvocationID.x;
    partial[thread] = value;
    barrier();
    for (uint width = gl_WorkGroupSize.x / 2; width > 0; width /= 2) {
        if (thread < width) {
            float other = partial[thread + width];
            partial[thread] = largest ? max(partial[thread], other) : partial[thread] + other;
        }
        barrier();
    }
    float result = partial[0];
    barrier(); // all have read it before it is used again
    return result;
}

float reduce_sum(float value) { return reduce(value, false); }
float reduce_max(float value) { return reduce(value, true); }
