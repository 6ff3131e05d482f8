#include "net/metadata.h"

#include <float.h>
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/log.h"
#include "base/interpolation.h"
#include "base/number.h"
#include "base/transform.h"

#define KEY_NAME          "vkresnet.name"
#define KEY_CLASSES       "vkresnet.classes"
#define KEY_RESIZE        "vkresnet.resize"
#define KEY_CROP          "vkresnet.crop"
#define KEY_INTERPOLATION "vkresnet.interpolation"
#define KEY_MEAN          "vkresnet.mean"
#define KEY_STD           "vkresnet.std"
#define KEY_CHANNELS      "vkresnet.channels"
#define KEY_SCALE         "vkresnet.scale"
#define KEY_FILL          "vkresnet.fill"
#define KEY_THRESHOLD     "vkresnet.threshold"
#define KEY_INT8          "vkresnet.int8"
#define KEY_LICENSE       "vkresnet.license"
#define KEY_DESCRIPTION   "vkresnet.description"

/* ---- Reading --------------------------------------------------------------------------------- */

typedef struct reader {
    const vrn_checkpoint *checkpoint;
    const vrn_model_params *params; /* or NULL */
    const vrn_log *log;
    vrn_result result; /* the first failure, the only one that is reported */
} reader;

static const char *get(const reader *r, const char *key)
{
    return vrn_checkpoint_metadata(r->checkpoint, key);
}

static void nonsense(reader *r, const char *key, const char *expected, const char *found)
{
    if (r->result) return;
    r->result = vrn_fail(r->log, VRN_ERROR_FILE, "%s: %s: expected %s, found '%.80s'",
                         vrn_checkpoint_name(r->checkpoint), key, expected, found);
}

static void read_name(reader *r, const vrn_arch *arch, char name[256])
{
    const char *text = get(r, KEY_NAME);
    if (text && strlen(text) > 255 && !r->result) {
        r->result =
            vrn_fail(r->log, VRN_ERROR_FILE, "%s: %s: expected at most 255 bytes, found %zu",
                     vrn_checkpoint_name(r->checkpoint), KEY_NAME, strlen(text));
    }
    if (!text || !*text) text = r->params ? r->params->name : NULL;
    if (text) {
        snprintf(name, 256, "%s", text);
    } else {
        vrn_arch_format(arch, name, 256);
    }
}

/* Three numbers of at least `least` with commas between them, and perhaps blanks before each. */
static bool parse_channels(const char *text, float least, float values[3])
{
    for (int i = 0; i < 3; i++) {
        text += strspn(text, " ");
        size_t length = strcspn(text, ",");
        if (!vrn_parse_real(text, length, &values[i]) || values[i] < least) return false;
        text += length;
        if (i < 2 && *text++ != ',') return false;
    }
    return *text == 0;
}

static void read_channels(reader *r, const char *key, float least, const char *expected,
                          float values[3])
{
    const char *text = get(r, key);
    if (text && !parse_channels(text, least, values)) nonsense(r, key, expected, text);
}

static void read_transform_keys(reader *r, vrn_transform *transform)
{
    const char *text = get(r, KEY_RESIZE);
    if (text && !vrn_transform_parse_resize(transform, text)) {
        nonsense(r, KEY_RESIZE, VRN_RESIZE_FORMS, text);
    }
    text = get(r, KEY_CROP);
    if (text && !vrn_transform_parse_crop(transform, text)) {
        nonsense(r, KEY_CROP, VRN_CROP_FORMS, text);
    }
    read_channels(r, KEY_MEAN, -FLT_MAX, "three numbers separated by commas", transform->mean);
    read_channels(r, KEY_STD, 0, "three numbers of at least 0, separated by commas",
                  transform->std);
    text = get(r, KEY_INTERPOLATION);
    if (text && !vrn_interpolation_find(text, &transform->interpolation)) {
        nonsense(r, KEY_INTERPOLATION, VRN_INTERPOLATION_NAMES, text);
    }
    text = get(r, KEY_CHANNELS);
    if (text && !vrn_channels_find(text, &transform->channels)) {
        nonsense(r, KEY_CHANNELS, "rgb or bgr", text);
    }
    text = get(r, KEY_SCALE);
    if (text && (!vrn_parse_real(text, strlen(text), &transform->scale) || transform->scale <= 0)) {
        nonsense(r, KEY_SCALE, "a number above 0", text);
    }
    text = get(r, KEY_FILL);
    if (text && !vrn_transform_parse_fill(transform, text)) {
        nonsense(r, KEY_FILL, "three numbers from 0 to 255, separated by commas", text);
    }
}

static vrn_result check_given(const vrn_transform *transform, const vrn_log *log)
{
    static const char subject[] = "vrn_model_params.transform";
    uint32_t height, width;
    const vrn_result result = vrn_transform_check(transform, subject, log);
    vrn_transform_get_input(transform, &height, &width);
    if (result || height > 0) return result;
    return vrn_fail(log, VRN_ERROR_INVALID_ARGUMENT,
                    "%s: expected a resize or a crop, found neither", subject);
}

static void read_transform(reader *r, const vrn_arch *arch, vrn_transform *transform)
{
    bool imagenet = arch->stem != VRN_STEM_CIFAR;
    *transform = (vrn_transform){
        .resize = imagenet ? 256 : 32,
        .crop = imagenet ? 224 : 32,
        .mean = {0.485f, 0.456f, 0.406f},
        .std = {0.229f, 0.224f, 0.225f},
    };
    const vrn_transform *given = r->params ? r->params->transform : NULL;
    uint32_t height, width;
    if (given && !r->result) r->result = check_given(given, r->log);
    if (given) *transform = *given;
    read_transform_keys(r, transform);
    vrn_transform_get_input(transform, &height, &width);
    if (height == 0) nonsense(r, KEY_CROP, "a size, because " KEY_RESIZE " has none", "0");
}

static void read_threshold(reader *r, float *threshold)
{
    const char *text = get(r, KEY_THRESHOLD);
    if (text &&
        (!vrn_parse_real(text, strlen(text), threshold) || *threshold < 0 || *threshold > 1)) {
        nonsense(r, KEY_THRESHOLD, "a number from 0 to 1", text);
    }
}

/* Copies the names in the params. */
static void take_classes(reader *r, const vrn_arch *arch, vrn_model_metadata *metadata)
{
    const char *const *names = r->params->class_names;
    uint32_t count = r->params->class_name_count;
    const bool second = count == 2 && arch->num_classes == 1; /* the logit is the second one's */
    if (count != arch->num_classes && !second) {
        r->result = vrn_fail(r->log, VRN_ERROR_INVALID_ARGUMENT,
                             "class names: expected %u, one for each class of the model, found %u",
                             arch->num_classes, count);
        return;
    }
    for (uint32_t i = 0; i < count; i++) {
        if (!names[i] || strchr(names[i], '\n')) {
            r->result = vrn_fail(r->log, VRN_ERROR_INVALID_ARGUMENT,
                                 "class names: class %u: expected a name without line feeds, found "
                                 "%s",
                                 i, names[i] ? "one with a line feed" : "NULL");
            return;
        }
    }
    names += second;
    count -= second;
    size_t bytes = 0;
    for (uint32_t i = 0; i < count; i++) bytes += strlen(names[i]) + 1;
    char *at = metadata->text = vrn_alloc(bytes, 1);
    metadata->class_names = vrn_alloc(count, sizeof *metadata->class_names);
    if (!metadata->text || !metadata->class_names) {
        r->result = vrn_fail_memory(r->log);
        return;
    }
    for (uint32_t i = 0; i < count; i++) {
        metadata->class_names[i] = strcpy(at, names[i]);
        at += strlen(at) + 1;
    }
}

/* Takes the names in a text, separated by line feeds. */
static void split_classes(reader *r, const vrn_arch *arch, vrn_model_metadata *metadata,
                          const char *text)
{
    metadata->text = vrn_strndup(text, strlen(text));
    metadata->class_names = vrn_alloc(arch->num_classes, sizeof *metadata->class_names);
    if (!metadata->text || !metadata->class_names) {
        r->result = vrn_fail_memory(r->log);
        return;
    }
    char *at = metadata->text;
    for (uint32_t i = 0; i < arch->num_classes; i++) {
        metadata->class_names[i] = at;
        at += strcspn(at, "\n");
        *at++ = 0;
    }
}

static void read_classes(reader *r, const vrn_arch *arch, vrn_model_metadata *metadata)
{
    if (r->result) return;
    if (r->params && r->params->class_names) {
        take_classes(r, arch, metadata);
        return;
    }
    const char *text = get(r, KEY_CLASSES), *file = text;
    if (!text) text = get(r, VRN_METADATA_LABELS_KEY);
    if (!text) return;
    uint64_t count = 1;
    for (const char *c = text; *c; c++) count += *c == '\n';
    if (count == 2 && arch->num_classes == 1) { /* the logit is the second one's */
        text = strchr(text, '\n') + 1;
        count = 1;
    }
    if (count == arch->num_classes) {
        split_classes(r, arch, metadata, text);
    } else if (file) {
        r->result = vrn_fail(r->log, VRN_ERROR_FILE,
                             "%s: %s: expected %u, one name for each class, found %llu",
                             vrn_checkpoint_name(r->checkpoint), KEY_CLASSES, arch->num_classes,
                             (unsigned long long)count);
    } else {
        vrn_log_write(
            r->log, VRN_LOG_WARNING,
            "%s: the file names %llu class%s, but the weights have %u: the names are not used",
            vrn_checkpoint_name(r->checkpoint), (unsigned long long)count, count == 1 ? "" : "es",
            arch->num_classes);
    }
}

/* "layer1.0.conv1 0.0123" */
static bool parse_scale(const char *line, size_t length, vrn_scale *scale)
{
    const char *blank = memchr(line, ' ', length);
    const size_t name = blank ? (size_t)(blank - line) : 0;
    if (name == 0 || name >= sizeof scale->name) return false;
    memcpy(scale->name, line, name);
    scale->name[name] = 0;
    return vrn_parse_real(blank + 1, length - name - 1, &scale->scale) && scale->scale > 0;
}

static void read_scales(reader *r, vrn_model_metadata *metadata)
{
    const char *text = get(r, KEY_INT8);
    if (!text || !*text || r->result) return;
    /* A name, a blank, a digit and the line's end; not the lines are counted, which may be
     * empty. */
    enum { LINE_MIN = 4 };
    metadata->scales = vrn_alloc(strlen(text) / LINE_MIN + 1, sizeof *metadata->scales);
    if (!metadata->scales) r->result = vrn_fail_memory(r->log);
    while (*text && !r->result) {
        size_t length = strcspn(text, "\n");
        if (length > 0 && !parse_scale(text, length, &metadata->scales[metadata->scale_count++])) {
            nonsense(r, KEY_INT8, "lines, each with a layer's name and a number above 0", text);
        }
        text += length + (text[length] != 0);
    }
}

vrn_result vrn_metadata_read(vrn_model_metadata *metadata, const vrn_checkpoint *checkpoint,
                             const vrn_arch *arch, const vrn_model_params *params)
{
    memset(metadata, 0, sizeof *metadata);
    reader r = {checkpoint, params, params ? &params->log : NULL, VRN_OK};
    read_name(&r, arch, metadata->name);
    read_transform(&r, arch, &metadata->transform);
    read_threshold(&r, &metadata->threshold);
    read_classes(&r, arch, metadata);
    read_scales(&r, metadata);
    if (r.result) vrn_metadata_free(metadata);
    return r.result;
}

void vrn_metadata_free(vrn_model_metadata *metadata)
{
    vrn_free(metadata->text);
    vrn_free(metadata->class_names);
    vrn_free(metadata->scales);
    memset(metadata, 0, sizeof *metadata);
}

/* ---- Writing --------------------------------------------------------------------------------- */

static void add(vrn_metadata_pairs *pairs, const char *key, const char *value)
{
    if (value) pairs->pairs[pairs->count++] = (vrn_metadata){key, value};
}

static void format_channels(const float values[3], char *text, size_t capacity)
{
    char real[3][VRN_REAL_MAX];
    for (int i = 0; i < 3; i++) vrn_format_real(values[i], real[i]);
    snprintf(text, capacity, "%s,%s,%s", real[0], real[1], real[2]);
}

/* The lines of all classes' names. NULL: out of memory. */
static char *format_classes(const vrn_model_metadata *metadata, uint32_t classes)
{
    size_t bytes = 0;
    for (uint32_t i = 0; i < classes; i++) bytes += strlen(metadata->class_names[i]) + 1;
    char *text = vrn_alloc(bytes, 1), *at = text;
    for (uint32_t i = 0; i < classes && text; i++) {
        const size_t length = strlen(metadata->class_names[i]);
        memcpy(at, metadata->class_names[i], length);
        at += length;
        *at++ = i + 1 < classes ? '\n' : 0;
    }
    return text;
}

/* The lines of all scales. NULL: out of memory. */
static char *format_scales(const vrn_model_metadata *metadata)
{
    const size_t line = VRN_NAME_MAX + VRN_REAL_MAX + 2;
    char *text = vrn_alloc((size_t)metadata->scale_count + 1, line);
    size_t length = 0;
    for (uint32_t i = 0; i < metadata->scale_count && text; i++) {
        char real[VRN_REAL_MAX];
        vrn_format_real(metadata->scales[i].scale, real);
        length += (size_t)snprintf(text + length, line, "%s%s %s", i ? "\n" : "",
                                   metadata->scales[i].name, real);
    }
    return text;
}

/* A file with the simplest transform has the same four keys as in earlier versions. */
static void add_transform(vrn_metadata_pairs *pairs, const vrn_transform *t)
{
    vrn_transform_format_resize(t, pairs->resize);
    vrn_transform_format_crop(t, pairs->crop);
    format_channels(t->mean, pairs->mean, sizeof pairs->mean);
    format_channels(t->std, pairs->std, sizeof pairs->std);
    add(pairs, KEY_RESIZE, pairs->resize);
    add(pairs, KEY_CROP, pairs->crop);
    add(pairs, KEY_INTERPOLATION, vrn_interpolation_name(t->interpolation));
    add(pairs, KEY_MEAN, pairs->mean);
    add(pairs, KEY_STD, pairs->std);
    if (t->channels != VRN_CHANNELS_RGB) add(pairs, KEY_CHANNELS, vrn_channels_name(t->channels));
    if (vrn_transform_scale(t) != 255) {
        vrn_format_real(t->scale, pairs->scale);
        add(pairs, KEY_SCALE, pairs->scale);
    }
    if (t->fill[0] || t->fill[1] || t->fill[2]) {
        snprintf(pairs->fill, sizeof pairs->fill, "%u,%u,%u", t->fill[0], t->fill[1], t->fill[2]);
        add(pairs, KEY_FILL, pairs->fill);
    }
}

static void add_threshold(vrn_metadata_pairs *pairs, float threshold)
{
    if (threshold <= 0) return;
    vrn_format_real(threshold, pairs->threshold);
    add(pairs, KEY_THRESHOLD, pairs->threshold);
}

bool vrn_metadata_collect(vrn_metadata_pairs *pairs, const vrn_model_metadata *metadata,
                          const vrn_model_save_params *params, const vrn_checkpoint *checkpoint,
                          const vrn_arch *arch)
{
    pairs->count = 0;
    pairs->scales = pairs->classes = NULL;
    vrn_arch written = *arch;
    if (params && params->probabilities) written.probabilities = params->probabilities;
    vrn_arch_format(&written, pairs->arch, sizeof pairs->arch);

    add(pairs, "format", "pt"); /* as PyTorch's and Hugging Face's readers want it */
    add(pairs, KEY_NAME, metadata->name);
    add(pairs, VRN_METADATA_ARCH_KEY, pairs->arch);
    const vrn_transform transform =
        params && params->transform ? *params->transform : metadata->transform;
    add_transform(pairs, &transform);
    add_threshold(pairs, params && params->threshold > 0 ? params->threshold : metadata->threshold);
    if (metadata->class_names) pairs->classes = format_classes(metadata, arch->num_classes);
    add(pairs, KEY_CLASSES, pairs->classes);
    if (metadata->scale_count > 0) pairs->scales = format_scales(metadata);
    add(pairs, KEY_INT8, pairs->scales);
    add(pairs, KEY_LICENSE, vrn_checkpoint_metadata(checkpoint, KEY_LICENSE));
    add(pairs, KEY_DESCRIPTION, vrn_checkpoint_metadata(checkpoint, KEY_DESCRIPTION));
    const bool good =
        (pairs->classes || !metadata->class_names) && (pairs->scales || metadata->scale_count == 0);
    if (!good) vrn_metadata_pairs_free(pairs);
    return good;
}

void vrn_metadata_pairs_free(vrn_metadata_pairs *pairs)
{
    vrn_free(pairs->scales);
    vrn_free(pairs->classes);
    pairs->scales = pairs->classes = NULL;
}
