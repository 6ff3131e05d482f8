#version 450
#extension GL_GOOGLE_include_directive : require
// Group norm (Wu and He 2018): the channels of a group and all pixels of an image share mean and
// variance,
//   y = (x - mean) / sqrt(var + eps) * gamma + beta.
// A work group for each image and group; the variance is summed around the mean. Two groups can
// share an element of four channels, so the output is float32, written one by one.
#include "common.glsl"

OP_CONSTANT(PIXELS, VRN_GROUP_NORM_PIXELS, 1); // H * W
OP_CONSTANT(C, VRN_GROUP_NORM_C, 1);
OP_CONSTANT(GROUPS, VRN_GROUP_NORM_GROUPS, 1);
OP_CONSTANT(EPS_BITS, VRN_GROUP_NORM_EPS_BITS, 0); // of a float

READ_NUMBERS(x, X) // [N, H, W, C padded]
// [N, H, W, C padded]
layout(set = 0, binding = VRN_BIND_Y) writeonly buffer Output { float y[]; };
READ_NUMBERS(w, W) // [2, C padded]: gamma, beta

const uint PADDED = (C + 3u) / 4u * 4u;
const uint CHANNELS = C / GROUPS; // of one group

#include "reduce.glsl"

void main() {
    uint index = folded_group();
    if (index >= push.images * GROUPS) return;
    uint image = index / GROUPS, group = index % GROUPS;
    uint from = image * PIXELS * PADDED + group * CHANNELS;
    uint thread = gl_LocalInvocationID.x, step = gl_WorkGroupSize.x;
    const uint count = PIXELS * CHANNELS;

    float sum = 0;
    for (uint i = thread; i < count; i += step) {
        sum += x_at(from + i / CHANNELS * PADDED + i % CHANNELS);
    }
    float mean = reduce_sum(sum) / float(count);
    sum = 0;
    for (uint i = thread; i < count; i += step) {
        float d = x_at(from + i / CHANNELS * PADDED + i % CHANNELS) - mean;
        sum += d * d;
    }
    float scale = 1.0 / sqrt(reduce_sum(sum) / float(count) + uintBitsToFloat(EPS_BITS));

    for (uint i = thread; i < count; i += step) {
        uint pixel = i / CHANNELS, channel = group * CHANNELS + i % CHANNELS;
        uint at = from + pixel * PADDED + i % CHANNELS;
        y[at] = (x_at(at) - mean) * scale * w_at(channel) + w_at(PADDED + channel);
    }
    if (group == GROUPS - 1 && PADDED != C) { // keep the padding zero
        for (uint pixel = thread; pixel < PIXELS; pixel += step) {
            for (uint c = C; c < PADDED; c++) y[(image * PIXELS + pixel) * PADDED + c] = 0.0;
        }
    }
}
