/* Reads and writes single numbers on the host, in the formats in which the device stores them. */
#ifndef VRN_NET_FORMAT_H
#define VRN_NET_FORMAT_H

#include <stddef.h>

#include "net/op.h"

/* Number i of a tensor; padding counts too. */
float vrn_format_load(vrn_format format, const void *from, size_t i);
void vrn_format_store(vrn_format format, void *to, size_t i, float value);

/* The type to whose numbers the values are rounded, which may be stored as float32. */
vrn_type vrn_format_values(vrn_format format);

/* The stored form of a value: clamped and rounded. */
float vrn_format_round(vrn_format format, float value);

#endif
