/* The tensors of a file as the parameters of an architecture. Errors are VRN_ERROR_FILE but
 * where it says otherwise. */
#ifndef VRN_NET_BIND_H
#define VRN_NET_BIND_H

#include "net/assume.h"
#include "net/names.h"

/* What the functions here share. */
typedef struct vrn_binding {
    const vrn_names *names;
    vrn_assumptions *assumptions;
    const char *subject;
    const char *arch; /* its text, for messages */
    const vrn_log *log;
} vrn_binding;

/* A short text can ask for many thousands of blocks: no table is made for what the file cannot
 * hold. Filters of blurs are looked at, too. */
vrn_result vrn_bind_check_size(const vrn_binding *b, const vrn_arch *arch);

/* Compares a tensor of the file (NULL: there is none) with the one that is wanted, and takes over
 * its data. */
vrn_result vrn_bind_tensor(const vrn_binding *b, vrn_tensor *wanted, vrn_named_tensor *entry);

/* A tensor that the architecture has no place for would change the result if it were known what to
 * do with it: such a file is another network. The first one in the file is named. `beheaded`: the
 * head is left out, as was asked for. */
vrn_result vrn_bind_refuse(const vrn_binding *b, bool beheaded);

/* What lies beside the network is no part of it, but for what seems to change its input, its
 * features or its logits: that is refused unless the network was `chosen` by its prefix. */
vrn_result vrn_bind_leave(const vrn_binding *b, bool chosen);

/* Whether an architecture needs just these parameters, tensors [count] in its order. Errors:
 * VRN_ERROR_INVALID_ARGUMENT (it does not), VRN_ERROR_OUT_OF_MEMORY. */
vrn_result vrn_bind_compare(const vrn_tensor *tensors, size_t count, const vrn_arch *arch,
                            const vrn_log *log);

#endif
