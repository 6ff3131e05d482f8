/* Specialization without the driver: the constants are put into the code before it gets it. */
#ifndef VRN_GPU_FREEZE_H
#define VRN_GPU_FREEZE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Copies a SPIR-V module with its specialization constants made ordinary ones, of the values given
 * for their ids or else their defaults, and with all that is computed from them at module scope
 * computed. *words: the new module, to be released with vrn_free, of *size bytes. What is unknown
 * here stays as it is: such a constant has its default. False: out of memory, or not a module that
 * the build's compiler could have made. SPIR-V specification 1.3, sections 2.3 and 3.32. */
bool vrn_spirv_freeze(uint32_t **words, size_t *size, const uint32_t *module, size_t module_size,
                      const uint32_t *ids, const uint32_t *values, uint32_t count);

#endif
