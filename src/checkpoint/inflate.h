/* Unpacks DEFLATE (RFC 1951), for archives that somebody compressed after PyTorch wrote them, and
 * for the programs of TorchScript. */
#ifndef VRN_CHECKPOINT_INFLATE_H
#define VRN_CHECKPOINT_INFLATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Unpacks `size` bytes into exactly `unpacked` ones; false if the data is damaged. Never reads or
 * writes outside the two buffers, and allocates no memory. */
bool vrn_inflate(uint8_t *to, size_t unpacked, const uint8_t *from, size_t size);

#endif
