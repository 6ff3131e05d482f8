/* A pickle machine that can build tensors and has no other effect.
 *
 * A pickle is a program for a stack machine that may call any Python function by name. This one
 * knows the names that PyTorch's weights need (the table in pickle_call.c); any other becomes an
 * opaque value, which stays opaque when it is called, built or filled, so that a checkpoint with an
 * argparse.Namespace beside its weights still loads. Nothing is ever executed.
 *
 * Opcodes: those that Python's pickle module writes in protocols 2 to 5, and Python 2 in protocol 2
 * (see Lib/pickletools.py). All values live in an arena whose limit follows from the pickle's size;
 * nothing recurses. As in any pickle, containers may share values or contain themselves: code that
 * walks through them must limit the walk. */
#ifndef VRN_CHECKPOINT_PICKLE_H
#define VRN_CHECKPOINT_PICKLE_H

#include "checkpoint/pickle_value.h"

typedef struct vrn_pickle {
    vrn_pickle_value value;       /* its result */
    size_t size;                  /* bytes up to and including its STOP */
    vrn_pickle_storage *storages; /* all that it refers to, the latest first */
} vrn_pickle;

/* Runs the pickle at the beginning of `data`. `what` names it in messages ("archive/data.pkl"). The
 * result lives in `arena` and points into `data`. */
vrn_result vrn_pickle_run(vrn_pickle *pickle, const vrn_source *source, const char *what,
                          const uint8_t *data, size_t size, vrn_arena *arena);

#endif
