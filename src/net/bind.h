/* The tensors of a file as the parameters of an architecture. All errors are VRN_ERROR_FILE. */
#ifndef VRN_NET_BIND_H
#define VRN_NET_BIND_H

#include "net/assume.h"
#include "net/names.h"

/* Compares a tensor of the file (NULL: there is none) with the one that is wanted, and takes over
 * its data. `arch` is the architecture's text, for messages. */
vrn_result vrn_bind_tensor(vrn_tensor *wanted, vrn_named_tensor *entry,
                           vrn_assumptions *assumptions, const char *subject, const char *arch,
                           const vrn_log *log);

/* A tensor that the architecture has no place for would change the result if it were known what to
 * do with it: such a file is another network. The first one in the file is named. `beheaded`: the
 * head is left out, as was asked for. */
vrn_result vrn_bind_refuse(const vrn_names *names, bool beheaded, const char *subject,
                           const char *arch, const vrn_log *log);

/* What lies beside the network is no part of it, but for what comes before it: that is refused
 * unless the network was `chosen` by its prefix. */
vrn_result vrn_bind_leave(const vrn_names *names, bool chosen, vrn_assumptions *assumptions,
                          const char *subject, const vrn_log *log);

#endif
