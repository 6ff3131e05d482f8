/* The filters of blurs, which some files contain, with a copy for every channel. Only binomial
 * filters can be run. */
#ifndef VRN_NET_FILTERS_H
#define VRN_NET_FILTERS_H

#include "net/names.h"

/* The first filter inside the network, or NULL. */
const vrn_named_tensor *vrn_filters_find(const vrn_names *names);

/* The number of coefficients along a side; 0: the filter is not binomial. */
uint32_t vrn_filters_size(const vrn_tensor *filter);

/* Marks the filters of the architecture's blurs as used. Errors: VRN_ERROR_FILE (one has other
 * coefficients), VRN_ERROR_OUT_OF_MEMORY. */
vrn_result vrn_filters_take(const vrn_names *names, const vrn_arch *arch, const char *subject,
                            const vrn_log *log);

#endif
