/* Copies float inputs from the host to the device, in the layout of activations. */
#ifndef VRN_SESSION_FLOATS_H
#define VRN_SESSION_FLOATS_H

#include "session/session.h"

/* True if all values are finite. */
bool vrn_floats_are_finite(const float *values, size_t count);

/* True if floats are copied as they are and packed into vec4s on the device: three channels instead
 * of four go over the bus, and the host only copies. A device that is the host's processor gains
 * nothing. */
bool vrn_floats_packed_on_device(const vrn_session *session);

/* Writes floats (inputs->nchw or nhwc) to slot->input. If they are packed on the device, this is
 * recorded into buffers[1], unless it is recorded already, and the network's input is
 * slot->images.tensor. Values that are not finite are refused, because on most devices the first
 * ReLU would turn a NaN into zero and hide it. */
vrn_result vrn_floats_write(vrn_session *session, vrn_slot *slot, const vrn_inputs *inputs);

#endif
