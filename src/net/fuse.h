/* The fusion pass: fewer, larger operators with the same result. */
#ifndef VRN_NET_FUSE_H
#define VRN_NET_FUSE_H

#include "net/graph.h"

/* Rewrites the graph in place: a batch norm is folded into its convolution; the residual addition
 * (with the shortcut in front of it, if that is VRN_SHORTCUT_PAD or _PAD_END) and the ReLU become
 * the convolution's epilogue. A fused node has the convolution's name and the place of the last
 * operator that went into it.
 *
 * `kept` are values that the caller reads; they are never fused away, and are renumbered, as are
 * the graph's own outputs. Errors: VRN_ERROR_OUT_OF_MEMORY, with the graph as it was. */
vrn_result vrn_graph_fuse(vrn_graph *graph, vrn_value *kept, uint32_t kept_count,
                          const vrn_log *log);

/* True if a max pool alone reads the output of the convolution `index` and comes after it, so that
 * one operator can do both: *desc receives its description. Formats must be set. `kept` as for
 * vrn_graph_fuse, which must have run. */
bool vrn_graph_pooled(const vrn_graph *graph, uint32_t index, const vrn_value *kept,
                      uint32_t kept_count, vrn_op_desc *desc);

/* Replaces both by that operator, and renumbers the values in `kept`. */
void vrn_graph_absorb_pool(vrn_graph *graph, uint32_t index, vrn_value *kept, uint32_t kept_count);

#endif
