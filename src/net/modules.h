/* Reads keys of --arch from the modules of a network that was saved as a whole. */
#ifndef VRN_NET_MODULES_H
#define VRN_NET_MODULES_H

#include "checkpoint/checkpoint.h"
#include "net/assume.h"
#include "net/names.h"

enum { VRN_SAID_MAX = 320 };

/* Reads the records of a checkpoint's modules (metadata "module.NAME": "CLASS stride=2,2 ..."): the
 * strides, dilations, pool, padding, norms and activation of a network with torchvision's names,
 * and adds keys to `said`. A file without records adds no keys. The code of a module is known only
 * for TorchScript; otherwise its effect is listed as assumed. Modules around the network must not
 * change values, unless the network is chosen by its prefix in `params` (may be NULL). What is
 * between two linear layers of a Sequential is left to vrn_heads_find, and with head=none the
 * modules of a head do not matter. Errors: VRN_ERROR_FILE (something that cannot be run). */
vrn_result vrn_modules_read(char said[VRN_SAID_MAX], const vrn_checkpoint *checkpoint,
                            const vrn_names *names, const vrn_model_params *params,
                            vrn_assumptions *assumptions, const vrn_log *log);

#endif
