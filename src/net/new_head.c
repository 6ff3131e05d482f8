/* Models with the trunk of another one and a new linear layer. */
#include <math.h>

#include "base/log.h"
#include "base/util.h"
#include "net/model.h"

static vrn_result check_head(const vrn_model *trunk, const vrn_head_params *params,
                             const vrn_log *log)
{
    if (!trunk || !params || !params->weight || !params->bias) {
        return vrn_fail(log, VRN_ERROR_INVALID_ARGUMENT,
                        "vrn_model_create_with_head: trunk, params, weight or bias is NULL");
    }
    if (params->classes == 0) {
        return vrn_fail(log, VRN_ERROR_INVALID_ARGUMENT,
                        "head: expected at least one class, found 0");
    }
    const size_t weights = (size_t)params->classes * params->features;
    for (size_t i = 0; i < weights + params->classes; i++) {
        const float value = i < weights ? params->weight[i] : params->bias[i - weights];
        if (isfinite(value)) continue;
        return vrn_fail(log, VRN_ERROR_INVALID_ARGUMENT,
                        "head: class %zu: expected finite parameters, found %g",
                        i < weights ? i / params->features : i - weights, (double)value);
    }
    return VRN_OK;
}

vrn_result vrn_model_create_with_head(vrn_model **model, const vrn_model *trunk,
                                      const vrn_head_params *params)
{
    const vrn_log *log = params ? &params->log : NULL;
    *model = NULL;
    vrn_result result = check_head(trunk, params, log);
    if (result) return result;
    vrn_arch arch = *vrn_model_arch(trunk);
    arch.head = VRN_HEAD_LINEAR;
    arch.head_width = 0;
    arch.num_classes = params->classes;
    arch.probabilities = VRN_PROBABILITIES_DEFAULT;
    result = vrn_arch_check(&arch, log);
    if (result) return result;
    vrn_model_info info;
    vrn_model_get_info(trunk, &info);
    const vrn_model_params said = {
        .log = params->log,
        .name = params->name ? params->name : info.name,
        .transform = params->transform ? params->transform : &info.transform,
        .class_names = params->class_names,
        .class_name_count = params->classes,
    };
    return vrn_model_derive(model, trunk, &arch, params, &said);
}
