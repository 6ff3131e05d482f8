/* Binds the tensors of a file to an architecture's parameters. Errors are VRN_ERROR_FILE unless a
 * comment says otherwise. */
#ifndef VRN_NET_BIND_H
#define VRN_NET_BIND_H

#include "net/assume.h"
#include "net/names.h"

/* Arguments that the functions here share. */
typedef struct vrn_binding {
    const vrn_names *names;
    vrn_assumptions *assumptions;
    const char *subject;
    const char *arch; /* its text, for messages */
    const vrn_log *log;
} vrn_binding;

/* Refuses an architecture with more blocks than the file has tensors for, because a short text can
 * ask for many thousands of blocks. Also checks the filters of blurs. */
vrn_result vrn_bind_check_size(const vrn_binding *b, const vrn_arch *arch);

/* Compares a tensor of the file (NULL: there is none) with the expected one, and takes over its
 * data. */
vrn_result vrn_bind_tensor(const vrn_binding *b, vrn_tensor *wanted, vrn_named_tensor *entry);

/* Refuses a file with a tensor in the network that the architecture does not use, because it
 * belongs to another network. The message names the first one in the file. `beheaded`: the head is
 * left out on request. */
vrn_result vrn_bind_refuse(const vrn_binding *b, bool beheaded);

/* Ignores tensors that are outside the network. Refuses those that seem to change its input, its
 * features or its logits, unless the network was `chosen` by its prefix. */
vrn_result vrn_bind_leave(const vrn_binding *b, bool chosen);

/* Checks that an architecture needs exactly these parameters, tensors [count] in its order. Errors:
 * VRN_ERROR_INVALID_ARGUMENT (it does not), VRN_ERROR_OUT_OF_MEMORY. */
vrn_result vrn_bind_compare(const vrn_tensor *tensors, size_t count, const vrn_arch *arch,
                            const vrn_log *log);

#endif
