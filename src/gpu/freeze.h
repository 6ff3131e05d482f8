/* Specialization without the driver: the constants are written into the code before the driver
 * gets it. */
#ifndef VRN_GPU_FREEZE_H
#define VRN_GPU_FREEZE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Copies a SPIR-V module and replaces its specialization constants with ordinary ones, with the
 * values given for their ids or else their defaults. Constants derived from them are computed here.
 * *words receives the new module of *size bytes; release it with vrn_free. Unknown operations stay
 * as they are and use the constants' defaults. Returns false if memory runs out or the module is
 * damaged. SPIR-V specification 1.3, sections 2.3 and 3.32. */
bool vrn_spirv_freeze(uint32_t **words, size_t *size, const uint32_t *module, size_t module_size,
                      const uint32_t *ids, const uint32_t *values, uint32_t count);

#endif
