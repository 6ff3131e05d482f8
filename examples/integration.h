/* All that a renderer does to have the library on its device. */
#ifndef EXAMPLES_INTEGRATION_H
#define EXAMPLES_INTEGRATION_H

#include <stdbool.h>

#include <vkresnet/vulkan.h>

#include "renderer.h"

/* Makes the renderer's device, with what the library would like to have on it, and the library's
 * device. NULL: the renderer shows nothing; else an extension of its own. On failure NULL. */
vrn_device *integrate(renderer *r, const char *extension, bool validation, const vertex *vertices,
                      uint32_t vertex_count);

#endif
