/* base/alloc.c for tests: every allocation is counted, and one of them, or all from one on, fails.
 * A program that has this file is linked without the library's own, whose functions are all defined
 * here: the library knows nothing of it. */
#ifndef VRN_TESTS_FAILING_ALLOC_H
#define VRN_TESTS_FAILING_ALLOC_H

#include <stdbool.h>
#include <stdint.h>

/* From now on the n-th allocation (from 1) fails, and with `all` every later one; 0: none does. */
void failing_alloc_at(uint64_t n, bool all);

uint64_t failing_alloc_count(void); /* allocations since failing_alloc_at */
bool failing_alloc_hit(void);       /* whether one has failed since */
int64_t failing_alloc_alive(void);  /* blocks that were not freed, since the process began */

#endif
