/* The tensors of a file as the parameters of an architecture. Errors are VRN_ERROR_FILE but
 * where it says otherwise. */
#ifndef VRN_NET_BIND_H
#define VRN_NET_BIND_H

#include "net/assume.h"
#include "net/names.h"

/* A short text can ask for many thousands of blocks: no table is made for what the file cannot
 * hold. Filters of blurs are looked at, too. `text` is the architecture's. */
vrn_result vrn_bind_check_size(const vrn_arch *arch, const vrn_names *names, const char *subject,
                               const char *text, const vrn_log *log);

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

/* Whether an architecture needs just these parameters, tensors [count] in its order. Errors:
 * VRN_ERROR_INVALID_ARGUMENT (it does not), VRN_ERROR_OUT_OF_MEMORY. */
vrn_result vrn_bind_compare(const vrn_tensor *tensors, size_t count, const vrn_arch *arch,
                            const vrn_log *log);

#endif
