/* Reads ONNX, as torch.onnx.export writes ResNets: the graph is recognised (onnx_net.c), and its
 * weights get torchvision's names. The rest is metadata: a record for each module that tells
 * something, as of a network that was saved as a whole (net/modules.h), and keys of --arch. */
#include <stdio.h>
#include <string.h>

#include "base/class_list.h"
#include "base/number.h"
#include "base/text.h"
#include "base/utf8.h"
#include "base/util.h"
#include "checkpoint/format.h"
#include "checkpoint/onnx_fields.h"
#include "checkpoint/onnx_writer.h"

enum { STAGES_MAX = 8, SIDE_MAX = 4096 };

/* ---- Metadata -------------------------------------------------------------------------------- */

static bool has_metadata(const vrn_onnx_writer *w, const char *key)
{
    for (size_t i = 0; i < w->list->metadata_count; i++) {
        if (strcmp(w->list->metadata[i].key, key) == 0) return true;
    }
    return false;
}

/* Adds a pair unless the key is there. */
static void add_metadata(vrn_onnx_writer *w, const char *key, const char *value)
{
    vrn_arena *arena = &w->list->arena;
    if (w->result || has_metadata(w, key)) return;
    char *key_copy = vrn_arena_text(arena, key, strlen(key));
    char *copy = key_copy ? vrn_arena_text(arena, value, strlen(value)) : NULL;
    w->result = copy ? vrn_tensor_list_add_metadata(w->list, w->source, key_copy, copy)
                     : vrn_arena_fail(arena, w->source->name, w->source->log);
}

/* "module.NAME" */
static void tell(vrn_onnx_writer *w, const char *module, const char *value)
{
    char key[VRN_ONNX_NAME_MAX + 16];
    snprintf(key, sizeof key, "module.%s", module);
    add_metadata(w, key, value);
}

static void tell_conv(vrn_onnx_writer *w, const vrn_onnx_conv *conv, const char *name)
{
    char text[160] = "";
    const uint32_t padding = conv->kernel / 2 * conv->dilation;
    vrn_append(text, sizeof text, "Conv2d stride=%u padding=%u dilation=%u", conv->stride, padding,
               conv->dilation);
    tell(w, name, text);
}

static void tell_layers(vrn_onnx_writer *w)
{
    static const char *const pools[] = {
        [VRN_ONNX_POOL_NONE] = "Identity",
        [VRN_ONNX_POOL_MAX] = "MaxPool2d kernel_size=3 stride=2 padding=1",
        [VRN_ONNX_POOL_CAFFE] = "MaxPool2d kernel_size=3 stride=2 padding=0 ceil_mode=1",
        [VRN_ONNX_POOL_MEAN] = "AvgPool2d kernel_size=2 stride=2 padding=0",
        [VRN_ONNX_POOL_MAX_BLUR] = NULL, /* keys of --arch say it */
        [VRN_ONNX_POOL_MAX2_BLUR] = NULL,
        [VRN_ONNX_POOL_MAX_ZEROS] = NULL};
    static const char *const activations[] = {[VRN_ONNX_ACTIVATION_NONE] = "",
                                              [VRN_ONNX_RELU] = "ReLU",
                                              [VRN_ONNX_LEAKY_RELU] = "LeakyReLU",
                                              [VRN_ONNX_SILU] = "SiLU",
                                              [VRN_ONNX_RELU6] = "ReLU6"};
    char text[96] = "", real[VRN_REAL_MAX];
    if (pools[w->net.pool]) tell(w, "maxpool", pools[w->net.pool]);
    vrn_append(text, sizeof text, "%s", activations[w->net.activation]);
    if (w->net.activation == VRN_ONNX_LEAKY_RELU) {
        vrn_format_real(w->net.slope, real);
        vrn_append(text, sizeof text, " negative_slope=%s", real);
    }
    tell(w, "relu", text);
    if (w->norm == VRN_ONNX_NORM_NONE) return;
    vrn_format_real(w->first->eps, real);
    *text = 0;
    if (w->norm == VRN_ONNX_NORM_BATCH) {
        vrn_append(text, sizeof text, "BatchNorm2d eps=%s", real);
    } else {
        vrn_append(text, sizeof text, "GroupNorm num_groups=%u eps=%s", w->first->norm_groups,
                   real);
    }
    tell(w, "bn1", text);
}

/* What neither weights nor records say, in keys of --arch. */
static void tell_arch(vrn_onnx_writer *w)
{
    static const char *const norms[] = {[VRN_ONNX_NORM_NONE] = "norm=none,",
                                        [VRN_ONNX_NORM_BATCH] = "norm=batch,",
                                        [VRN_ONNX_NORM_GROUP] = ""};
    static const char *const heads[] = {"none", "linear", "mlp"};
    char text[160] = "";
    vrn_append(text, sizeof text, "%sshortcut=%s,antialias=%s,standardize=none,head=%s",
               norms[w->norm], w->shortcut, w->antialias, heads[w->net.head_count]);
    if (w->net.preactivation) {
        vrn_append(text, sizeof text, ",v2=1,final_norm=%d", w->net.has_final);
    }
    if (w->net.pool == VRN_ONNX_POOL_MAX_ZEROS) vrn_append(text, sizeof text, ",pool=max_zeros");
    if (w->blur) vrn_append(text, sizeof text, ",blur_size=%u", w->blur);
    if (w->net.pool_blur) {
        const bool two = w->net.pool == VRN_ONNX_POOL_MAX2_BLUR;
        vrn_append(text, sizeof text, ",pool=%s", two ? "max2_blur" : "max_blur");
    }
    if (w->net.probabilities) {
        vrn_append(text, sizeof text, ",probabilities=%s", w->net.probabilities);
    }
    add_metadata(w, "file.arch", text);
    add_metadata(w, "file.graph",
                 w->net.features_size
                     ? "the last pool, which has a fixed size, covers the whole image"
                     : "");
}

/* A size that the input has is the one that it was trained or exported for: a square is cut out of
 * the image as is usual, and what is none is what the image becomes. */
static void tell_size(vrn_onnx_writer *w)
{
    const uint64_t height = w->model.height, width = w->model.width;
    char crop[32], resize[32];
    if (height == 0 || width == 0 || height > SIDE_MAX || width > SIDE_MAX) return;
    const bool small = w->net.stem_count == 1 && w->net.stem[0].kernel <= 3;
    const uint64_t around = small ? height : (height * 256 + 112) / 224;
    snprintf(crop, sizeof crop, "%ux%u", (unsigned)height, (unsigned)width);
    memcpy(resize, crop, sizeof resize);
    if (height == width) {
        snprintf(crop, sizeof crop, "%u", (unsigned)height);
        snprintf(resize, sizeof resize, "%u", (unsigned)around);
    }
    add_metadata(w, "vkresnet.crop", crop);
    add_metadata(w, "vkresnet.resize", resize);
}

/* Names of classes, with line feeds between them. */
static void take_classes(vrn_onnx_writer *w, const char *text, size_t size)
{
    vrn_class_list list = {0};
    char message[VRN_CLASS_LIST_MESSAGE];
    if (has_metadata(w, "file.classes")) return;
    if (!vrn_class_list_parse(&list, &w->list->arena, text, size, message)) {
        vrn_log_write(w->source->log, VRN_LOG_WARNING,
                      "%s: metadata_props: not used as class names: %s", w->source->name, message);
        return;
    }
    size_t bytes = 1;
    for (size_t i = 0; i < list.count; i++) bytes += strlen(list.names[i]) + 1;
    char *all = vrn_arena_alloc(&w->list->arena, bytes, 1), *end = all;
    for (size_t i = 0; all && i < list.count; i++) {
        const size_t length = strlen(list.names[i]);
        memcpy(end, list.names[i], length);
        end += length;
        *end++ = i + 1 < list.count ? '\n' : 0;
    }
    w->result = all ? vrn_tensor_list_add_metadata(w->list, w->source, "file.classes", all)
                    : vrn_arena_fail(&w->list->arena, w->source->name, w->source->log);
}

/* One of metadata_props: classes' names under one of their keys, or a key of this library's. */
static void take_property(vrn_onnx_writer *w, vrn_proto entry)
{
    static const char own[] = "vkresnet.";
    vrn_proto_field field;
    const char *texts[3] = {NULL, "", ""};
    size_t sizes[3] = {0};
    while (vrn_proto_next(&entry, &field)) {
        if (field.wire != VRN_WIRE_BYTES || field.number > ENTRY_VALUE) continue;
        texts[field.number] = (const char *)field.bytes.at;
        sizes[field.number] = field.bytes.left;
    }
    for (uint32_t i = ENTRY_KEY; i <= ENTRY_VALUE; i++) {
        if (!vrn_utf8_valid(texts[i], sizes[i]) || memchr(texts[i], 0, sizes[i])) return;
    }
    const char *key;
    for (size_t i = 0; (key = vrn_class_list_key(i)) != NULL; i++) {
        if (vrn_equals_text(texts[ENTRY_KEY], sizes[ENTRY_KEY], key)) {
            take_classes(w, texts[ENTRY_VALUE], sizes[ENTRY_VALUE]);
            return;
        }
    }
    if (sizes[ENTRY_KEY] <= strlen(own) || memcmp(texts[ENTRY_KEY], own, strlen(own)) != 0) return;
    if (vrn_equals_text(texts[ENTRY_KEY], sizes[ENTRY_KEY], "vkresnet.arch"))
        return; /* the graph says it */
    vrn_arena *arena = &w->list->arena;
    char *name = vrn_arena_text(arena, texts[ENTRY_KEY], sizes[ENTRY_KEY]);
    char *value = name ? vrn_arena_text(arena, texts[ENTRY_VALUE], sizes[ENTRY_VALUE]) : NULL;
    if (!value) {
        w->result = vrn_arena_fail(arena, w->source->name, w->source->log);
    } else if (!has_metadata(w, name)) {
        w->result = vrn_tensor_list_add_metadata(w->list, w->source, name, value);
    }
}

static void take_properties(vrn_onnx_writer *w)
{
    vrn_proto file = {w->source->data, w->source->size, false};
    vrn_proto_field field;
    while (!w->result && vrn_proto_next(&file, &field)) {
        if (field.number == MODEL_PROPERTIES && field.wire == VRN_WIRE_BYTES) {
            take_property(w, field.bytes);
        }
    }
}

/* ---- The whole ------------------------------------------------------------------------------- */

static void add_stem(vrn_onnx_writer *w)
{
    static const char *const names[][2] = {
        {"conv1.0", "conv1.1"}, {"conv1.3", "conv1.4"}, {"conv1.6", "bn1"}};
    const bool deep = w->net.stem_count > 1;
    for (uint32_t i = 0; i < w->net.stem_count && i < VRN_COUNT(names); i++) {
        const vrn_onnx_conv *conv = &w->net.stem[i];
        const char *name = deep ? names[i][0] : "conv1", *norm = deep ? names[i][1] : "bn1";
        if (!w->net.preactivation) {
            vrn_onnx_add_conv(w, conv, name, norm);
            continue;
        }
        vrn_onnx_add_plain(w, conv, name);
        if (i + 1 < w->net.stem_count) vrn_onnx_add_norm(w, conv, norm);
    }
    tell_conv(w, &w->net.stem[0], deep ? "conv1.0" : "conv1");
}

static void add_gate(vrn_onnx_writer *w, const vrn_onnx_gate *gate, unsigned stage, unsigned number)
{
    char name[VRN_ONNX_NAME_MAX];
    for (uint32_t i = 0; i < gate->count; i++) {
        snprintf(name, sizeof name, "layer%u.%u.se.%s", stage, number,
                 gate->count == 1 ? "conv"
                 : i              ? "fc2"
                                  : "fc1");
        vrn_onnx_add_tensor(w, &gate->weight[i], name, "weight");
        if (gate->bias[i].data) vrn_onnx_add_tensor(w, &gate->bias[i], name, "bias");
    }
}

/* The first two blocks of a stage stand for the others. */
static void add_block(vrn_onnx_writer *w, const vrn_onnx_block *block, unsigned stage,
                      unsigned number)
{
    char name[VRN_ONNX_NAME_MAX], norm[VRN_ONNX_NAME_MAX];
    for (unsigned i = 0; i < block->count; i++) {
        snprintf(name, sizeof name, "layer%u.%u.conv%u", stage, number, i + 1);
        snprintf(norm, sizeof norm, "layer%u.%u.bn%u", stage, number, i + 1);
        if (w->net.preactivation) {
            const bool begun = block->before.norm == VRN_ONNX_NORM_NONE;
            const vrn_onnx_conv *stem = &w->net.stem[w->net.stem_count - 1];
            vrn_onnx_add_plain(w, &block->convs[i], name);
            vrn_onnx_add_norm(w, i ? &block->convs[i - 1] : begun ? stem : &block->before, norm);
        } else {
            vrn_onnx_add_conv(w, &block->convs[i], name, norm);
        }
        if (number < 2) tell_conv(w, &block->convs[i], name);
    }
    add_gate(w, &block->gate, stage, number);
    if (block->window > 1) {
        char text[64] = "";
        vrn_append(text, sizeof text, "%s kernel_size=%u stride=%u",
                   block->blur ? "BlurPool2d" : "AvgPool2d", block->window, block->window);
        snprintf(name, sizeof name, "layer%u.%u.aa", stage, number);
        tell(w, name, text);
    }
    if (block->kind != VRN_ONNX_PROJECTION) return;
    const unsigned at = strcmp(w->shortcut, "mean") == 0 || block->mean_blur;
    snprintf(name, sizeof name, "layer%u.%u.downsample.%u", stage, number, at);
    snprintf(norm, sizeof norm, "layer%u.%u.downsample.%u", stage, number, at + 1);
    if (w->net.preactivation) {
        vrn_onnx_add_plain(w, &block->shortcut, name);
    } else {
        vrn_onnx_add_conv(w, &block->shortcut, name, norm);
    }
}

static void add_blocks(vrn_onnx_writer *w)
{
    unsigned stage = 0, number = 0;
    uint32_t dilation = 1;
    for (size_t i = 0; i < w->net.block_count && !w->result; i++) {
        const vrn_onnx_block *block = &w->net.blocks[i];
        number++;
        if (i == 0 || block->kind != VRN_ONNX_IDENTITY) {
            stage++;
            number = 0;
        }
        if (number == 1) dilation = block->convs[1].dilation;
        if (number > 1 && block->convs[1].dilation != dilation) {
            vrn_onnx_refuse(w, block->node, "the same dilation as in the block before");
        }
        if (stage > STAGES_MAX) vrn_onnx_refuse(w, block->node, "at most 8 stages");
        add_block(w, block, stage, number);
    }
}

/* ModelProto begins with its version, then the producer, or another of its first fields. */
static bool recognise(const vrn_source *source)
{
    static const uint8_t next[] = {0x12, 0x1a, 0x22, 0x28, 0x32, 0x3a, 0x42};
    return source->size > 4 && source->data[0] == 0x08 && source->data[1] > 0 &&
           source->data[1] < 0x20 && memchr(next, source->data[2], sizeof next);
}

static vrn_result read(vrn_tensor_list *list, const vrn_source *source)
{
    vrn_onnx_writer w = {.list = list, .source = source};
    w.result = vrn_onnx_model_read(&w.model, list, source);
    if (!w.result) w.result = vrn_onnx_net_read(&w.net, &w.model);
    if (w.result) return w.result;
    vrn_onnx_compare_norms(&w);
    vrn_onnx_compare_blocks(&w);
    if (w.result) return w.result;
    add_stem(&w);
    add_blocks(&w);
    if (w.net.has_final) vrn_onnx_add_norm(&w, &w.net.final, "norm");
    const bool mlp = w.net.head_count == 2;
    for (uint32_t i = 0; i < w.net.head_count; i++) {
        vrn_onnx_add_linear(&w, &w.net.head[i], !mlp ? "fc" : i ? "fc.2" : "fc.0");
    }
    tell_layers(&w);
    tell_arch(&w);
    if (!w.result) take_properties(&w);
    tell_size(&w);
    return w.result;
}

const vrn_checkpoint_format vrn_checkpoint_onnx = {"ONNX", recognise, read};
