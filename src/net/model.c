#include "net/model.h"

#include <assert.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/log.h"
#include "checkpoint/checkpoint.h"
#include "net/arch.h"
#include "net/assume.h"
#include "net/bind.h"
#include "net/deduce.h"
#include "net/graph.h"
#include "net/heads.h"
#include "net/metadata.h"
#include "net/modules.h"
#include "net/names.h"
#include "net/random.h"

struct vrn_model {
    atomic_uint references;
    uint64_t id;
    vrn_arch arch;
    uint64_t parameters; /* as torch counts them */
    vrn_tensor *tensors; /* [count], in the order of state_dict, with torchvision's names */
    size_t count;
    char (*names)[VRN_PARAMETER_NAME_MAX]; /* [count], of the tensors */
    vrn_checkpoint *checkpoint;            /* holds the tensors' data; or NULL */
    float *values;                         /* holds random data; or NULL */
    vrn_model_metadata metadata;
    vrn_assumptions assumptions;
    vrn_model *base;    /* held: has everything that is not in this model; or NULL */
    bool has_base_data; /* everything except the scales belongs to the base */
};

/* ---- The table of parameters ----------------------------------------------------------------- */

static vrn_result enter(void *user, const vrn_parameter *parameter)
{
    vrn_model *model = user;
    vrn_tensor *tensor = &model->tensors[parameter->index];
    tensor->name = strcpy(model->names[parameter->index], parameter->name);
    tensor->dtype = VRN_DTYPE_F32;
    tensor->rank = parameter->rank;
    memcpy(tensor->shape, parameter->shape, sizeof parameter->shape);
    vrn_tensor_set_contiguous(tensor);
    model->count++;
    if (!parameter->buffer) model->parameters += vrn_tensor_count(tensor);
    return VRN_OK;
}

/* Makes the table of everything that the architecture needs, as float32 tensors without data. */
static vrn_result make_table(vrn_model *model, const vrn_log *log)
{
    vrn_graph graph;
    vrn_result result = vrn_graph_build(&graph, &model->arch, 1, 1, log);
    if (result) return result;
    model->tensors = vrn_alloc(graph.parameter_count, sizeof *model->tensors);
    model->names = vrn_alloc(graph.parameter_count, sizeof *model->names);
    result = model->tensors && model->names ? vrn_graph_visit_parameters(&graph, enter, model)
                                            : vrn_fail_memory(log);
    vrn_graph_free(&graph);
    return result;
}

static uint64_t next_id(void)
{
    static atomic_uint_fast64_t last_id;
    return atomic_fetch_add(&last_id, 1) + 1;
}

static vrn_result create(vrn_model **model, const vrn_log *log)
{
    *model = vrn_alloc(1, sizeof **model);
    if (!*model) return vrn_fail_memory(log);
    atomic_init(&(*model)->references, 1);
    (*model)->id = next_id();
    return VRN_OK;
}

/* ---- Loading --------------------------------------------------------------------------------- */

/* True if a text has only keys, without a name before them. */
static bool has_keys_alone(const char *text)
{
    return text && strcspn(text, "=") < strcspn(text, ",");
}

static vrn_result find_arch(vrn_model *model, vrn_names *names, const vrn_model_params *params,
                            const vrn_log *log)
{
    const vrn_checkpoint *file = model->checkpoint;
    const char *subject = vrn_checkpoint_name(file);
    const char *given = params ? params->arch : NULL;
    const char *text = vrn_checkpoint_metadata(file, VRN_METADATA_ARCH_KEY);
    const bool keys = has_keys_alone(given);
    if (!text && (!given || keys)) {
        const char *beside = vrn_checkpoint_metadata(file, VRN_METADATA_SAID_KEY);
        char said[VRN_SAID_MAX];
        snprintf(said, sizeof said, "%s", beside ? beside : "");
        vrn_result read = vrn_modules_read(said, file, names, params, &model->assumptions, log);
        if (read) return read;
        const vrn_told told = {
            .checkpoint = file,
            .given = given,
            .said = *said ? said : NULL,
            .file = subject,
            .network = vrn_checkpoint_metadata(file, VRN_METADATA_NETWORK_KEY),
        };
        return vrn_deduce_arch(&model->arch, names, &told, &model->assumptions, subject, log);
    }
    const bool none = given && strstr(given, "head=none");
    vrn_result result = vrn_heads_find(&(vrn_found_head){0}, names, NULL, true, none,
                                       &model->assumptions, subject, log);
    if (result) return result;
    model->assumptions.count = 0; /* the caller gives the whole architecture */
    if (given && !keys) return vrn_arch_read(&model->arch, given, "arch", log);
    char where[512];
    snprintf(where, sizeof where, "%.450s: %s", subject, VRN_METADATA_ARCH_KEY);
    result = vrn_arch_read(&model->arch, text, where, log);
    if (result == VRN_ERROR_INVALID_ARGUMENT) return VRN_ERROR_FILE;
    if (result || !given) return result;
    result = vrn_arch_override(&model->arch, given, "arch", log);
    return result ? result : vrn_arch_complete(&model->arch, "arch", log);
}

static vrn_result bind_all(vrn_model *model, const vrn_names *names, const vrn_model_params *params,
                           const vrn_log *log)
{
    const char *subject = vrn_checkpoint_name(model->checkpoint);
    char arch[1024];
    vrn_arch_format(&model->arch, arch, sizeof arch);
    const vrn_binding binding = {names, &model->assumptions, subject, arch, log};
    vrn_result result = vrn_bind_check_size(&binding, &model->arch);
    if (!result) result = make_table(model, log);
    for (size_t i = 0; !result && i < model->count; i++) {
        vrn_tensor *wanted = &model->tensors[i];
        result = vrn_bind_tensor(&binding, wanted, vrn_names_find(names, wanted->name));
    }
    const bool beheaded = model->arch.head == VRN_HEAD_NONE &&
                          vrn_arch_text_has(params ? params->arch : NULL, "head");
    if (!result) result = vrn_bind_refuse(&binding, beheaded);
    if (!result) result = vrn_bind_leave(&binding, params && params->prefix);
    if (result) return result;
    vrn_log_write(log, VRN_LOG_INFO, "%s: %s", subject, arch);
    for (uint32_t i = 0; i < model->assumptions.count; i++) {
        const bool doubtful = model->assumptions.each[i].doubtful;
        vrn_log_write(log, doubtful ? VRN_LOG_WARNING : VRN_LOG_INFO, "%s: assumed: %s", subject,
                      model->assumptions.each[i].text);
    }
    return VRN_OK;
}

/* Makes the model of a checkpoint, which it owns from here on, whatever the result. */
static vrn_result load(vrn_model **model, vrn_checkpoint *checkpoint,
                       const vrn_model_params *params)
{
    const vrn_log *log = params ? &params->log : NULL;
    const char *prefix = params ? params->prefix : NULL;
    vrn_names names = {0};
    vrn_result result = create(model, log);
    if (result) {
        vrn_checkpoint_destroy(&checkpoint);
        return result;
    }
    (*model)->checkpoint = checkpoint;
    result = vrn_names_create(&names, vrn_checkpoint_tensor(checkpoint, 0),
                              vrn_checkpoint_count(checkpoint), prefix,
                              vrn_checkpoint_metadata(checkpoint, VRN_METADATA_PART_KEY),
                              vrn_checkpoint_name(checkpoint), log);
    if (!result) result = find_arch(*model, &names, params, log);
    if (!result) result = bind_all(*model, &names, params, log);
    if (!result) {
        result = vrn_metadata_read(&(*model)->metadata, checkpoint, &(*model)->arch, params);
    }
    vrn_names_free(&names);
    if (result) vrn_model_destroy(model);
    return result;
}

vrn_result vrn_model_load(vrn_model **model, const char *path, const vrn_model_params *params)
{
    const vrn_log *log = params ? &params->log : NULL;
    *model = NULL;
    if (!path)
        return vrn_fail(log, VRN_ERROR_INVALID_ARGUMENT, "model: expected a path, found NULL");
    vrn_checkpoint *checkpoint = NULL;
    vrn_result result = vrn_checkpoint_open(&checkpoint, path, log);
    return result ? result : load(model, checkpoint, params);
}

vrn_result vrn_model_load_memory(vrn_model **model, const void *data, size_t size, const char *name,
                                 const vrn_model_params *params)
{
    const vrn_log *log = params ? &params->log : NULL;
    *model = NULL;
    if (!data && size) {
        return vrn_fail(log, VRN_ERROR_INVALID_ARGUMENT, "model: expected data, found NULL");
    }
    vrn_checkpoint *checkpoint = NULL;
    vrn_result result =
        vrn_checkpoint_open_memory(&checkpoint, data, size, name ? name : "memory", log);
    return result ? result : load(model, checkpoint, params);
}

/* ---- Random weights -------------------------------------------------------------------------- */

typedef struct random_filler {
    vrn_model *model;
    float *values;
    uint64_t seed;
} random_filler;

static vrn_result fill_random(void *user, const vrn_parameter *parameter)
{
    random_filler *filler = user;
    vrn_tensor *tensor = &filler->model->tensors[parameter->index];
    /* Each parameter has its own stream. */
    vrn_random_parameter(filler->values, &filler->model->arch, parameter,
                         vrn_random_create(filler->seed, parameter->index));
    tensor->data = (const uint8_t *)filler->values;
    filler->values += vrn_tensor_count(tensor);
    return VRN_OK;
}

vrn_result vrn_model_create_random(vrn_model **model, const vrn_arch *arch, uint64_t seed,
                                   const vrn_model_params *params)
{
    const vrn_log *log = params ? &params->log : NULL;
    *model = NULL;
    if (!arch) return vrn_fail(log, VRN_ERROR_INVALID_ARGUMENT, "model: the architecture is NULL");
    vrn_arch complete = *arch;
    vrn_result result = vrn_arch_check(&complete, log);
    if (!result) result = create(model, log);
    if (result) return result;

    vrn_model *new_model = *model;
    new_model->arch = complete;
    result = make_table(new_model, log);
    uint64_t elements = 0;
    for (size_t i = 0; i < new_model->count; i++) {
        elements += vrn_tensor_count(&new_model->tensors[i]);
    }
    /* vrn_arch_check bounds the elements; their size may still be too much for a small size_t. */
    const bool fits = elements <= SIZE_MAX / sizeof(float);
    new_model->values = fits ? vrn_alloc((size_t)elements, sizeof(float)) : NULL;
    if (!result && !new_model->values) result = vrn_fail_memory(log);
    random_filler filler = {new_model, new_model->values, seed};
    if (!result) result = vrn_arch_visit_parameters(&complete, fill_random, &filler, log);
    vrn_model_params used = {0};
    if (params) {
        used.log = params->log;
        used.class_names = params->class_names;
        used.class_name_count = params->class_name_count;
    }
    if (!result) result = vrn_metadata_read(&new_model->metadata, NULL, &complete, &used);
    if (result) vrn_model_destroy(model);
    return result;
}

/* ---- Life and contents ----------------------------------------------------------------------- */

vrn_model *vrn_model_hold(const vrn_model *model)
{
    vrn_model *counted = (vrn_model *)model; /* the count is not part of the immutable model */
    atomic_fetch_add_explicit(&counted->references, 1, memory_order_relaxed);
    return counted;
}

/* Once more for the base: as deep as models were made of models. */
void vrn_model_release(vrn_model *model) /* NOLINT(misc-no-recursion) */
{
    if (!model) return;
    if (atomic_fetch_sub_explicit(&model->references, 1, memory_order_acq_rel) != 1) return;
    if (model->has_base_data) {
        vrn_free(model->metadata.scales);
    } else {
        vrn_metadata_free(&model->metadata);
        vrn_checkpoint_destroy(&model->checkpoint);
        vrn_free(model->values);
        vrn_free(model->names);
        vrn_free(model->tensors);
    }
    vrn_model_release(model->base);
    vrn_free(model);
}

void vrn_model_destroy(vrn_model **model)
{
    if (!model) return;
    vrn_model_release(*model);
    *model = NULL;
}

vrn_result vrn_model_with_scales(vrn_model **out, const vrn_model *base, const vrn_scale *scales,
                                 uint32_t count, const vrn_log *log)
{
    *out = NULL;
    vrn_model *model = vrn_alloc(1, sizeof *model);
    vrn_scale *copy = vrn_alloc(count, sizeof *copy);
    if (!model || !copy) {
        vrn_free(model);
        vrn_free(copy);
        return vrn_fail_memory(log);
    }
    if (count > 0) memcpy(copy, scales, count * sizeof *copy);
    atomic_init(&model->references, 1);
    model->id = base->id;
    model->arch = base->arch;
    model->parameters = base->parameters;
    model->tensors = base->tensors;
    model->count = base->count;
    model->checkpoint = base->checkpoint;
    model->metadata = base->metadata;
    model->assumptions = base->assumptions;
    model->metadata.scales = copy;
    model->metadata.scale_count = count;
    model->base = vrn_model_hold(base);
    model->has_base_data = true;
    *out = model;
    return VRN_OK;
}

vrn_result vrn_model_with_arch(vrn_model **out, const vrn_model *base, const vrn_arch *arch,
                               const vrn_log *log)
{
    *out = NULL;
    vrn_result result = vrn_bind_compare(base->tensors, base->count, arch, log);
    if (!result) result = vrn_model_with_scales(out, base, NULL, 0, log);
    if (result) return result;
    (*out)->arch = *arch;
    /* The weights packed for a device depend on these. */
    if (arch->norm_eps != base->arch.norm_eps || arch->standardize != base->arch.standardize) {
        (*out)->id = next_id();
    }
    return VRN_OK;
}

/* ---- New heads ------------------------------------------------------------------------------- */

/* The trunk's tensors, and those of the head in a model whose table is made. */
static vrn_result fill_head(vrn_model *model, const vrn_model *trunk, const vrn_head_params *params,
                            const vrn_log *log)
{
    const size_t weights = (size_t)params->classes * params->features;
    model->values = vrn_alloc(weights + params->classes, sizeof(float));
    if (!model->values) return vrn_fail_memory(log);
    memcpy(model->values, params->weight, weights * sizeof(float));
    memcpy(model->values + weights, params->bias, params->classes * sizeof(float));
    for (size_t i = 0; i < model->count; i++) {
        vrn_tensor *tensor = &model->tensors[i];
        const char *name = tensor->name;
        if (strcmp(name, "fc.weight") == 0) {
            if (tensor->shape[1] != params->features) {
                return vrn_fail(log, VRN_ERROR_INVALID_ARGUMENT,
                                "head: expected weights for the %llu features of the network, "
                                "found %u",
                                (unsigned long long)tensor->shape[1], params->features);
            }
            tensor->data = (const uint8_t *)model->values;
        } else if (strcmp(name, "fc.bias") == 0) {
            tensor->data = (const uint8_t *)(model->values + weights);
        } else { /* the head's tensors are the last ones in both models */
            assert(strcmp(trunk->tensors[i].name, name) == 0);
            *tensor = trunk->tensors[i];
            tensor->name = name;
        }
    }
    return VRN_OK;
}

static vrn_result copy_scales(vrn_model *model, const vrn_model *from, const vrn_log *log)
{
    const uint32_t count = from->metadata.scale_count;
    if (count == 0) return VRN_OK;
    vrn_scale *scales = vrn_alloc(count, sizeof *scales);
    if (!scales) return vrn_fail_memory(log);
    memcpy(scales, from->metadata.scales, count * sizeof *scales);
    model->metadata.scales = scales;
    model->metadata.scale_count = count;
    return VRN_OK;
}

vrn_result vrn_model_derive(vrn_model **out, const vrn_model *trunk, const vrn_arch *arch,
                            const vrn_head_params *head, const vrn_model_params *said)
{
    vrn_model *model = NULL;
    vrn_result result = create(&model, &said->log);
    *out = model;
    if (result) return result;
    model->base = vrn_model_hold(trunk);
    model->arch = *arch;
    result = make_table(model, &said->log);
    if (!result) result = fill_head(model, trunk, head, &said->log);
    if (!result) result = vrn_metadata_read(&model->metadata, NULL, &model->arch, said);
    if (!result) result = copy_scales(model, trunk, &said->log);
    if (result) vrn_model_destroy(out);
    return result;
}

float vrn_model_scale(const vrn_model *model, const char *output)
{
    for (uint32_t i = 0; i < model->metadata.scale_count; i++) {
        const vrn_scale *scale = &model->metadata.scales[i];
        if (strcmp(scale->name, output) == 0) return scale->scale;
    }
    return 0;
}

bool vrn_model_has_scales(const vrn_model *model)
{
    return model->metadata.scale_count > 0;
}

const vrn_tensor *vrn_model_parameter(const vrn_model *model, uint32_t index)
{
    return index < model->count ? &model->tensors[index] : NULL;
}

const char *vrn_model_file(const vrn_model *model)
{
    while (model->base) model = model->base;
    return model->checkpoint ? vrn_checkpoint_name(model->checkpoint) : NULL;
}

const vrn_arch *vrn_model_arch(const vrn_model *model)
{
    return &model->arch;
}

uint64_t vrn_model_id(const vrn_model *model)
{
    return model->id;
}

void vrn_model_get_info(const vrn_model *model, vrn_model_info *info)
{
    *info = (vrn_model_info){
        .classes = model->arch.num_classes,
        .parameters = model->parameters,
        .transform = model->metadata.transform,
        .has_class_names = model->metadata.class_names != NULL,
        .probabilities = model->arch.probabilities,
        .threshold = model->metadata.threshold,
    };
    memcpy(info->name, model->metadata.name, sizeof info->name);
}

void vrn_model_get_arch(const vrn_model *model, vrn_arch *arch)
{
    *arch = model->arch;
}

const char *vrn_model_get_class_name(const vrn_model *model, uint32_t index)
{
    if (!model->metadata.class_names || index >= model->arch.num_classes) return NULL;
    return model->metadata.class_names[index];
}

const char *vrn_model_get_assumption(const vrn_model *model, uint32_t index, bool *doubtful)
{
    if (index >= model->assumptions.count) return NULL;
    if (doubtful) *doubtful = model->assumptions.each[index].doubtful;
    return model->assumptions.each[index].text;
}

vrn_result vrn_model_save(const vrn_model *model, const char *path,
                          const vrn_model_save_params *params)
{
    const vrn_log *log = params ? &params->log : NULL;
    if (!model || !path) {
        return vrn_fail(log, VRN_ERROR_INVALID_ARGUMENT, "vrn_model_save: model or path is NULL");
    }
    const vrn_transform *transform = params ? params->transform : NULL;
    if (transform && vrn_transform_check(transform, "save: transform", log))
        return VRN_ERROR_INVALID_ARGUMENT;
    if (params && ((params->probabilities && !vrn_probabilities_name(params->probabilities)) ||
                   !(params->threshold >= 0 && params->threshold <= 1))) {
        return vrn_fail(log, VRN_ERROR_INVALID_ARGUMENT,
                        "vrn_model_save_params: expected a value of vrn_probabilities and a "
                        "threshold from 0 to 1, found the value %d and the threshold %g",
                        (int)params->probabilities, (double)params->threshold);
    }
    const vrn_model *first = model;
    while (first->base) first = first->base;
    vrn_metadata_pairs metadata;
    if (!vrn_metadata_collect(&metadata, &model->metadata, params, first->checkpoint,
                              &model->arch)) {
        return vrn_fail_memory(log);
    }
    const vrn_file_params file = {.temporary = params ? params->temporary : NULL,
                                  .user = params ? params->user : NULL};
    vrn_result result = vrn_safetensors_write(path, model->tensors, model->count, metadata.pairs,
                                              metadata.count, params && params->fp16, &file, log);
    vrn_metadata_pairs_free(&metadata);
    return result;
}
