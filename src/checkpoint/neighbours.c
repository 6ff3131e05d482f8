#include "checkpoint/neighbours.h"

#include <float.h>
#include <math.h>
#include <string.h>

#include "base/alloc.h"
#include "base/json.h"
#include "base/log.h"
#include "base/number.h"
#include "base/os.h"
#include "base/text.h"
#include "base/util.h"
#include "checkpoint/foreign.h"

enum { INDEX_MAX_BYTES = 16 << 20, INDEX_MULTIPLE = 4, PARTS_MAX = 1024 };

#define INDEX_END ".index.json"

/* The names of the weights in a folder of these libraries, the likelier first. */
static const char *const weight_names[] = {
    "model.safetensors", "model.safetensors" INDEX_END,
    "pytorch_model.bin", "pytorch_model.bin" INDEX_END,
    "model.pth",
};

static size_t folder_length(const char *path)
{
    size_t length = strlen(path);
    while (length > 0 && !vrn_is_separator(path[length - 1])) length--;
    return length;
}

static bool ends_with(const char *text, const char *end)
{
    size_t length = strlen(text), end_length = strlen(end);
    return length >= end_length && strcmp(text + length - end_length, end) == 0;
}

bool vrn_weights_is_index(const char *path)
{
    return ends_with(path, INDEX_END);
}

/* The length of "model" in "model-00001-of-00002.safetensors"; 0: not a shard. */
static size_t part_stem(const char *path)
{
    static const char form[] = "-#####-of-#####.";
    const char *name = path + folder_length(path);
    for (size_t at = 0; name[at]; at++) {
        size_t same = 0;
        while (form[same] && (form[same] == '#' ? vrn_is_digit(name[at + same])
                                                : form[same] == name[at + same])) {
            same++;
        }
        if (!form[same]) return at;
    }
    return 0;
}

vrn_result vrn_weights_find(char **found, const char *path, const vrn_log *log)
{
    *found = NULL;
    if (vrn_path_get_kind(path) == VRN_PATH_DIRECTORY) {
        for (size_t i = 0; i < VRN_COUNT(weight_names); i++) {
            char *file = vrn_join(path, "/", weight_names[i]);
            if (!file) return vrn_fail_memory(log);
            if (vrn_path_get_kind(file) == VRN_PATH_FILE) {
                *found = file;
                return VRN_OK;
            }
            vrn_free(file);
        }
        const char *what = vrn_foreign_describe_folder(path);
        return vrn_fail(log, VRN_ERROR_FILE,
                        "%s: expected model.safetensors or pytorch_model.bin in the folder, as "
                        "Hugging Face names them, found %s",
                        path, what ? what : "neither: give the weights file itself");
    }
    const size_t stem = part_stem(path);
    if (stem > 0) {
        char *start = vrn_strndup(path, folder_length(path) + stem);
        char *index = start ? vrn_join(start, strrchr(path, '.'), INDEX_END) : NULL;
        vrn_free(start);
        if (!index) return vrn_fail_memory(log);
        if (vrn_path_get_kind(index) == VRN_PATH_FILE) {
            *found = index;
            return VRN_OK;
        }
        vrn_free(index);
    }
    *found = vrn_strndup(path, strlen(path));
    return *found ? VRN_OK : vrn_fail_memory(log);
}

/* ---- Parts ----------------------------------------------------------------------------------- */

typedef struct parts {
    char **paths;
    size_t count, capacity;
    vrn_arena *arena;
    const char *index;
    const vrn_log *log;
    vrn_result result;
} parts;

static void add_part(parts *p, const char *name)
{
    const size_t folder = folder_length(p->index);
    bool inside = *name && *name != '.';
    for (const char *c = name; *c; c++) inside = inside && *c != '/' && *c != '\\';
    if (!inside) {
        p->result = vrn_fail(p->log, VRN_ERROR_FILE,
                             "%s: weight_map: expected the name of a file in the same folder, "
                             "found '%.80s'",
                             p->index, name);
        return;
    }
    for (size_t i = 0; i < p->count; i++) {
        if (strcmp(p->paths[i] + folder, name) == 0) return;
    }
    if (p->count == PARTS_MAX) {
        p->result =
            vrn_fail(p->log, VRN_ERROR_FILE,
                     "%s: weight_map: expected at most %d files, found more", p->index, PARTS_MAX);
        return;
    }
    char **paths = vrn_arena_grow(p->arena, p->paths, &p->capacity, p->count + 1, sizeof *p->paths);
    char *path = paths ? vrn_arena_alloc(p->arena, folder + strlen(name) + 1, 1) : NULL;
    if (paths) p->paths = paths;
    if (!path) {
        p->result = vrn_arena_fail(p->arena, p->index, p->log);
        return;
    }
    memcpy(path, p->index, folder);
    memcpy(path + folder, name, strlen(name) + 1);
    paths[p->count++] = path;
}

/* The object of "weight_map": names of tensors, and of files. */
static bool read_map(parts *p, vrn_json *json)
{
    if (!vrn_json_take(json, '{')) return false;
    if (vrn_json_take(json, '}')) return true;
    do {
        char *name, *file;
        if (!vrn_json_string(json, p->arena, &name) || !vrn_json_take(json, ':') ||
            !vrn_json_string(json, p->arena, &file)) {
            return false;
        }
        if (name && file) {
            add_part(p, file);
        } else {
            p->result = vrn_arena_fail(p->arena, p->index, p->log);
        }
    } while (!p->result && vrn_json_take(json, ','));
    return p->result || vrn_json_take(json, '}');
}

static bool read_index(parts *p, vrn_json *json)
{
    if (!vrn_json_take(json, '{')) return false;
    do {
        char *key;
        if (!vrn_json_string(json, p->arena, &key) || !key || !vrn_json_take(json, ':')) {
            return false;
        }
        const bool map = strcmp(key, "weight_map") == 0;
        if (!(map ? read_map(p, json) : vrn_json_skip(json))) return false;
    } while (!p->result && vrn_json_take(json, ','));
    return p->result || (vrn_json_take(json, '}') && vrn_json_at_end(json));
}

vrn_result vrn_weights_parse(char ***paths, size_t *count, vrn_arena *arena,
                             const vrn_source *index)
{
    parts p = {.arena = arena, .index = index->name, .log = index->log};
    vrn_arena_init(arena, index->size, INDEX_MULTIPLE);
    vrn_json json = {(const char *)index->data, index->size, 0};
    if ((!read_index(&p, &json) || p.count == 0) && !p.result) {
        p.result = vrn_source_fail(index,
                                   "at byte %zu: expected an index of parts, {\"weight_map\": "
                                   "{...}}, found something else",
                                   json.at);
    }
    *paths = p.paths;
    *count = p.count;
    return p.result;
}

vrn_result vrn_weights_parts(char ***paths, size_t *count, vrn_arena *arena, const char *index,
                             const vrn_log *log)
{
    void *data;
    size_t size;
    vrn_result result = vrn_file_read(&data, &size, index, INDEX_MAX_BYTES, log);
    if (result) return result;
    result = vrn_weights_parse(paths, count, arena, &(vrn_source){index, data, size, log});
    vrn_free(data);
    return result;
}

/* ---- config.json ----------------------------------------------------------------------------- */

/* What is read; texts are in the arena of the list. */
typedef struct config {
    vrn_tensor_list *list;
    vrn_json json;
    char said[128]; /* keys of --arch */
    char *network;
    char *labels; /* with a line feed after each; NULL: none, or too many */
    size_t label_bytes, label_capacity;
    uint64_t label_count;
    char mean[96], std[96];
    char *interpolation;
    uint64_t input_side, stages;
    double crop_share;
} config;

static void say(config *c, const char *key, const char *value)
{
    vrn_append(c->said, sizeof c->said, "%s%s=%s", *c->said ? "," : "", key, value);
}

static bool read_text(config *c, char **text)
{
    return vrn_json_string(&c->json, &c->list->arena, text) && *text;
}

/* Reads a text; skips anything else, such as null. */
static bool read_choice(config *c, char **text)
{
    const size_t start = c->json.at;
    if (read_text(c, text)) return true;
    *text = NULL;
    c->json.at = start;
    return vrn_json_skip(&c->json);
}

/* Reads three numbers that a float can hold, as a text; skips anything else. */
static bool read_channels(config *c, char *text, size_t capacity)
{
    double numbers[3] = {0};
    size_t count = 0;
    const size_t start = c->json.at;
    bool good = vrn_json_take(&c->json, '[');
    while (good && count < 3 && vrn_json_number(&c->json, &numbers[count])) {
        if (!(fabs(numbers[count]) <= (double)FLT_MAX)) break;
        count++;
        if (!vrn_json_take(&c->json, ',')) break;
    }
    if (good && count == 3 && vrn_json_take(&c->json, ']')) {
        char real[VRN_REAL_MAX];
        for (size_t i = 0; i < 3; i++) {
            vrn_format_real((float)numbers[i], real);
            vrn_append(text, capacity, "%s%s", i ? "," : "", real);
        }
        return true;
    }
    c->json.at = start;
    return vrn_json_skip(&c->json);
}

/* Reads a number; skips anything else, such as null. */
static bool read_number(config *c, double *number)
{
    const size_t start = c->json.at;
    if (vrn_json_number(&c->json, number)) return true;
    c->json.at = start;
    return vrn_json_skip(&c->json);
}

/* [3, 224, 224]: the last side; or a list whose length is wanted. */
static bool read_sizes(config *c, uint64_t *last, uint64_t *count)
{
    *count = 0;
    if (!vrn_json_take(&c->json, '[')) return vrn_json_skip(&c->json);
    if (vrn_json_take(&c->json, ']')) return true;
    do {
        if (!vrn_json_unsigned(&c->json, last)) return false;
        ++*count;
    } while (vrn_json_take(&c->json, ','));
    return vrn_json_take(&c->json, ']');
}

static bool add_label(config *c, const char *label)
{
    const size_t length = strlen(label);
    char *grown = vrn_arena_grow(&c->list->arena, c->labels, &c->label_capacity,
                                 c->label_bytes + length + 1, 1);
    if (!grown) return false;
    c->labels = grown;
    for (size_t i = 0; i < length; i++) {
        grown[c->label_bytes++] = (char)(label[i] == '\n' ? ' ' : label[i]);
    }
    grown[c->label_bytes++] = '\n';
    c->label_count++;
    return true;
}

/* A list of labels, or {"0": label, ...} in the order of the numbers. */
static bool read_labels(config *c)
{
    const bool object = vrn_json_take(&c->json, '{');
    if (!object && !vrn_json_take(&c->json, '[')) return vrn_json_skip(&c->json);
    if (vrn_json_take(&c->json, object ? '}' : ']')) return true;
    bool ordered = true;
    c->label_bytes = c->label_count = 0;
    do {
        char *key = NULL, *label;
        uint64_t number = c->label_count;
        if (object && (!read_text(c, &key) || !vrn_json_take(&c->json, ':'))) return false;
        if (!read_text(c, &label)) return false;
        if (key && (!vrn_parse_number(key, strlen(key), UINT32_MAX, &number) ||
                    number != c->label_count)) {
            ordered = false;
        }
        if (ordered && !add_label(c, label)) return false;
    } while (vrn_json_take(&c->json, ','));
    if (!ordered) c->label_count = 0;
    return vrn_json_take(&c->json, object ? '}' : ']');
}

static bool read_flag(config *c, bool *value)
{
    *value = vrn_json_word(&c->json, "true");
    return *value || vrn_json_word(&c->json, "false");
}

static bool read_object(config *c, uint32_t depth);

/* NOLINTNEXTLINE(misc-no-recursion): see read_object */
static bool read_value(config *c, const char *key, uint32_t depth)
{
    static const char *const nested[] = {"pretrained_cfg", "model_args"};
    char *text;
    bool flag = false;
    uint64_t ignored;
    for (size_t i = 0; i < VRN_COUNT(nested); i++) {
        if (strcmp(key, nested[i]) == 0 && depth == 0) return read_object(c, depth + 1);
    }
    if (strcmp(key, "hidden_act") == 0) {
        if (!read_text(c, &text)) return false;
        say(c, "activation", text);
        return true;
    }
    if (strcmp(key, "downsample_in_bottleneck") == 0) {
        if (!read_flag(c, &flag)) return false;
        if (flag) say(c, "v1", "1");
        return true;
    }
    if (strcmp(key, "downsample_in_first_stage") == 0) {
        if (!read_flag(c, &flag)) return false;
        if (flag) say(c, "strides", "2:2:2:2");
        return true;
    }
    if (strcmp(key, "architecture") == 0) return read_choice(c, &c->network);
    if (strcmp(key, "id2label") == 0 || strcmp(key, "label_names") == 0) return read_labels(c);
    if (strcmp(key, "mean") == 0) return read_channels(c, c->mean, sizeof c->mean);
    if (strcmp(key, "std") == 0) return read_channels(c, c->std, sizeof c->std);
    if (strcmp(key, "input_size") == 0) return read_sizes(c, &c->input_side, &ignored);
    if (strcmp(key, "crop_pct") == 0) return read_number(c, &c->crop_share);
    if (strcmp(key, "interpolation") == 0) return read_choice(c, &c->interpolation);
    return vrn_json_skip(&c->json);
}

/* At most two levels deep. NOLINTNEXTLINE(misc-no-recursion) */
static bool read_object(config *c, uint32_t depth)
{
    if (!vrn_json_take(&c->json, '{')) return vrn_json_skip(&c->json);
    if (vrn_json_take(&c->json, '}')) return true;
    do {
        char *key;
        if (!read_text(c, &key) || !vrn_json_take(&c->json, ':')) return false;
        if (!read_value(c, key, depth)) return false;
    } while (vrn_json_take(&c->json, ','));
    return vrn_json_take(&c->json, '}');
}

/* Adds a pair unless the file itself has the key. */
static vrn_result add(vrn_tensor_list *list, const vrn_source *source, const char *key,
                      const char *value)
{
    for (size_t i = 0; i < list->metadata_count; i++) {
        if (strcmp(list->metadata[i].key, key) == 0) return VRN_OK;
    }
    char *copy = vrn_arena_text(&list->arena, value, strlen(value));
    if (!copy) return vrn_arena_fail(&list->arena, source->name, source->log);
    return vrn_tensor_list_add_metadata(list, source, key, copy);
}

static vrn_result add_all(config *c, const vrn_source *source)
{
    vrn_tensor_list *list = c->list;
    vrn_result result = VRN_OK;
    char side[24] = "";
    if (*c->said) result = add(list, source, "file.arch", c->said);
    if (!result && c->network) result = add(list, source, "file.network", c->network);
    if (!result && c->label_count) {
        c->labels[c->label_bytes - 1] = 0;
        result = add(list, source, "file.classes", c->labels);
    }
    if (!result && *c->mean) result = add(list, source, "vkresnet.mean", c->mean);
    if (!result && *c->std) result = add(list, source, "vkresnet.std", c->std);
    const char *how = c->interpolation;
    if (!result && how && (strcmp(how, "bilinear") == 0 || strcmp(how, "bicubic") == 0)) {
        result = add(list, source, "vkresnet.interpolation", how);
    }
    if (result || c->input_side == 0 || c->input_side > UINT16_MAX) return result;
    vrn_append(side, sizeof side, "%u", (unsigned)c->input_side);
    result = add(list, source, "vkresnet.crop", side);
    if (result || !(c->crop_share > 0.1 && c->crop_share <= 1)) return result;
    *side = 0;
    vrn_append(side, sizeof side, "%u", (unsigned)((double)c->input_side / c->crop_share));
    return add(list, source, "vkresnet.resize", side);
}

vrn_result vrn_config_parse(vrn_tensor_list *list, const vrn_source *source)
{
    config c = {.list = list, .json = {(const char *)source->data, source->size, 0}};
    if (read_object(&c, 0) && vrn_json_at_end(&c.json)) return add_all(&c, source);
    vrn_log_write(source->log, VRN_LOG_WARNING,
                  "%s: at byte %zu: expected JSON as Hugging Face and timm write it, found "
                  "something else: the file is ignored",
                  source->name, c.json.at);
    return VRN_OK;
}

vrn_result vrn_config_read(vrn_tensor_list *list, const char *path, const vrn_log *log)
{
    const size_t folder = folder_length(path);
    bool known = false;
    for (size_t i = 0; i < VRN_COUNT(weight_names); i++) {
        known |= strcmp(path + folder, weight_names[i]) == 0;
    }
    if (!known) return VRN_OK;
    char *start = vrn_strndup(path, folder), *file = start ? vrn_join(start, "", "config.json") : 0;
    vrn_free(start);
    if (!file) return vrn_fail_memory(log);
    void *data = NULL;
    size_t size = 0;
    vrn_result result = VRN_OK;
    if (vrn_path_get_kind(file) == VRN_PATH_FILE) {
        result = vrn_file_read(&data, &size, file, INDEX_MAX_BYTES, log);
    }
    if (data) result = vrn_config_parse(list, &(vrn_source){file, data, size, log});
    vrn_free(data);
    vrn_free(file);
    return result;
}
