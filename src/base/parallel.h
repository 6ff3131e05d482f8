/* The same function for many items, on the processor's cores. */
#ifndef VRN_BASE_PARALLEL_H
#define VRN_BASE_PARALLEL_H

#include <stdint.h>

#include <vkresnet/vkresnet.h>

/* More threads than this are never started. */
enum { VRN_PARALLEL_MAX = 64 };

/* Computes item `index`. Must not write to a log: a failed call says one line, and several items
 * may fail at once; the caller logs the result that comes back. */
typedef vrn_result (*vrn_parallel_function)(void *user, uint32_t index);

/* How many threads vrn_parallel_for uses at most for `count` items, the caller's included. */
uint32_t vrn_parallel_workers(uint32_t count);

/* Calls `function` once for each index below `count`, smaller ones begun first, from this thread
 * and up to one for each further core, and returns when all calls have returned. After a failure no
 * call begins any more; the result is that of the smallest index that failed. Where threads cannot
 * be had fewer do the work. */
vrn_result vrn_parallel_for(uint32_t count, vrn_parallel_function function, void *user);

#endif
