/* All that a renderer does to have the library on its device. */
#ifndef EXAMPLES_INTEGRATION_H
#define EXAMPLES_INTEGRATION_H

#include <stdbool.h>

#include <vkresnet/vulkan.h>

#include "renderer.h"

/* Makes the renderer's device, with the additions for the library, and the library's device.
 * `extension`: the renderer's own, or NULL if it shows nothing. Returns NULL on failure. */
vrn_device *integrate(renderer *r, const char *extension, bool validation, const vertex *vertices,
                      uint32_t vertex_count);

#endif
