/* The inside of vrn_model: an architecture, and its parameters with torchvision's names. */
#ifndef VRN_NET_MODEL_H
#define VRN_NET_MODEL_H

#include <vkresnet/vkresnet.h>

#include "checkpoint/tensor.h"
#include "net/metadata.h"

/* A parameter by its index (vrn_node.own, vrn_parameter.index); NULL for VRN_NO_PARAMETER. After a
 * successful load or creation every parameter that the architecture needs is there, has a float
 * type and the right shape. Thread-safe, as a model never changes. */
const vrn_tensor *vrn_model_parameter(const vrn_model *model, uint32_t index);

/* The file that the parameters come from, for messages; NULL: they are random. */
const char *vrn_model_file(const vrn_model *model);

const vrn_arch *vrn_model_arch(const vrn_model *model);

/* The scale of an operator's output (vrn_node.output) as int8; 0: not known. */
float vrn_model_scale(const vrn_model *model, const char *output);
bool vrn_model_has_scales(const vrn_model *model);

/* The same model with other scales, which are copied. It has the same parameters, and the same
 * id. */
vrn_result vrn_model_with_scales(vrn_model **model, const vrn_model *base, const vrn_scale *scales,
                                 uint32_t count, const vrn_log *log);

/* Makes a model of `arch` from the parameters of `trunk`, which is held, and those of a linear
 * head, which are copied. `said` gives the log, name, transform and class names. */
vrn_result vrn_model_derive(vrn_model **model, const vrn_model *trunk, const vrn_arch *arch,
                            const vrn_head_params *head, const vrn_model_params *said);

/* Makes a model with the same parameters but another architecture, which must be complete and need
 * exactly these parameters. Errors: VRN_ERROR_INVALID_ARGUMENT (it needs others),
 * VRN_ERROR_OUT_OF_MEMORY. */
vrn_result vrn_model_with_arch(vrn_model **model, const vrn_model *base, const vrn_arch *arch,
                               const vrn_log *log);

/* Counts a reference: a session holds its model, so that handles may be destroyed in any order. */
vrn_model *vrn_model_hold(const vrn_model *model);
void vrn_model_release(vrn_model *model);

/* A number that no model with other parameters has had in this process; key of the weights on a
 * device. */
uint64_t vrn_model_id(const vrn_model *model);

#endif
