/* Calls a function for many items on all processor cores. */
#ifndef VRN_BASE_PARALLEL_H
#define VRN_BASE_PARALLEL_H

#include <stdint.h>

#include <vkresnet/vkresnet.h>

/* The maximum number of threads. */
enum { VRN_PARALLEL_MAX = 64 };

/* Computes item `index`. Must not log: a failed call logs one line, but several items may fail at
 * once. The caller logs the result that vrn_parallel_for returns. */
typedef vrn_result (*vrn_parallel_function)(void *user, uint32_t index);

/* The largest number of threads that vrn_parallel_for uses for `count` items, including the
 * caller's. */
uint32_t vrn_parallel_workers(uint32_t count);

/* Calls `function` once for each index below `count`, starting in ascending order, on this thread
 * and up to one more for each further core. Returns when all calls have returned. After a failure
 * no further call starts; the result is that of the smallest index that failed. If threads cannot
 * be started, fewer do the work. */
vrn_result vrn_parallel_for(uint32_t count, vrn_parallel_function function, void *user);

#endif
