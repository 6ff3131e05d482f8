/* Whole checkpoints of any format, from memory and from a file, as models. */
#include "net/model.h"

#include <string.h>

#include "fuzz/fuzz.h"
#include "fuzz/tensors.h"
#include "net/graph.h"

const fuzz_bounds fuzz_target_bounds = {6 << 20, 80};

static vrn_result visit(void *user, const vrn_parameter *parameter)
{
    const vrn_tensor *tensor = vrn_model_parameter(user, parameter->index);
    fuzz_require(tensor && strcmp(tensor->name, parameter->name) == 0);
    fuzz_require(tensor->rank == parameter->rank);
    fuzz_require(memcmp(tensor->shape, parameter->shape, tensor->rank * sizeof *tensor->shape) ==
                 0);
    fuzz_read_tensor(tensor);
    return VRN_OK;
}

static void look_at(vrn_model *model)
{
    vrn_model_info info;
    vrn_model_get_info(model, &info);
    fuzz_require(vrn_arch_visit_parameters(vrn_model_arch(model), visit, model, NULL) == VRN_OK);
    for (uint32_t i = 0; i < info.classes && info.has_class_names; i++) {
        const char *name = vrn_model_get_class_name(model, i);
        fuzz_touch(name, strlen(name));
    }
    vrn_model_scale(model, "conv1");
}

void fuzz_target(const uint8_t *data, size_t size)
{
    const vrn_model_params params = {.log = *fuzz_log()};
    vrn_model *model;
    const vrn_result in_memory = vrn_model_load_memory(&model, data, size, "input", &params);
    fuzz_expect(in_memory == VRN_OK);
    fuzz_require(!model == (in_memory != VRN_OK));
    if (model) look_at(model);
    vrn_model_destroy(&model);

    /* ONNX may have values in another file, which only a file lies beside. */
    const vrn_result in_file = vrn_model_load(&model, fuzz_file(data, size), &params);
    fuzz_expect(in_file == VRN_OK);
    fuzz_require(in_file == in_memory || (size > 0 && data[0] == 8));
    vrn_model_destroy(&model);
}

#if defined(VRN_FUZZ)
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t capacity, unsigned seed);

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t capacity, unsigned seed)
{
    return fuzz_mutate_safetensors(data, size, capacity, seed);
}
#endif
