/* Between the library and the loader: every Vulkan function that can fail is counted and fails when
 * it is told to, and what is created is held against what is destroyed. The library finds all
 * functions through the few variables of its volk, which are replaced; it knows nothing of it. */
#ifndef VRN_TESTS_FAILING_DRIVER_H
#define VRN_TESTS_FAILING_DRIVER_H

#include <stdbool.h>
#include <stdint.h>

#include <vulkan/vulkan_core.h>

/* Once in a process, after the library has opened the loader (a device was made or tried). */
void failing_driver_install(void);

/* From now on the n-th call (from 1) that can fail returns `error`, without reaching the driver; 0:
 * none does. After VK_ERROR_DEVICE_LOST all work of the lost device has ended, and every later
 * function of it that can return that error does, until the device is destroyed. */
void failing_driver_at(uint64_t n, VkResult error);

uint64_t failing_driver_count(void);  /* calls that can fail, since failing_driver_at */
uint64_t failing_driver_calls(void);  /* all calls that are counted or create something, likewise */
const char *failing_driver_hit(void); /* the function that failed since; NULL: none yet */
uint64_t failing_driver_submits(void);    /* vkQueueSubmit, likewise */
uint64_t failing_driver_dispatches(void); /* vkCmdDispatch and vkCmdDispatchBase, likewise */

/* How many objects are alive; the first kind of them is named, in a static text, where there are
 * any. */
int64_t failing_driver_alive(const char **kind);

#endif
