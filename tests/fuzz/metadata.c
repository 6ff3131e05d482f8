/* The metadata of a network: the architecture's text, and everything else in net/metadata.h. The
 * input is the texts, with zero bytes between them, in the order of the keys below. */
#define _POSIX_C_SOURCE 200809L /* open_memstream */
#include "net/metadata.h"
#include "base/utf8.h"

#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "checkpoint/tensor_list.h"
#include "fuzz/fuzz.h"
#include "net/graph.h"
#include "unit/checkpoint_builder.h"

/* A short name is of a deep network ("resnet152"): graphs are built up to this many blocks, of
 * bottlenecks, with a shortcut each, so under 1,024 nodes; for a moment, while the array grows,
 * there is half of it beside it. */
enum { MOST_BLOCKS = 64, MOST_NODES = 1024 + 512 };

/* The graph, and the texts a few times over. */
const fuzz_bounds fuzz_target_bounds = {(64 << 10) + MOST_NODES * sizeof(vrn_node), 24};

static const char *const keys[] = {
    "vkresnet.name",     "vkresnet.classes", "vkresnet.resize", "vkresnet.crop",
    "vkresnet.mean",     "vkresnet.std",     "vkresnet.int8",   "vkresnet.interpolation",
    "vkresnet.channels", "vkresnet.scale",   "vkresnet.fill",   "vkresnet.threshold",
};
enum { KEYS = sizeof keys / sizeof keys[0] };

/* What was read is written and read again: the same text, and a network that can be built. */
static bool read_arch(vrn_arch *arch, const char *text)
{
    const vrn_result result = vrn_arch_parse(arch, text, fuzz_log());
    fuzz_expect(result == VRN_OK);
    if (result != VRN_OK) return false;
    char first[1024], second[1024];
    vrn_arch again;
    fuzz_require(vrn_arch_format(arch, first, sizeof first) < sizeof first);
    fuzz_require(vrn_arch_parse(&again, first, NULL) == VRN_OK);
    fuzz_require(vrn_arch_format(&again, second, sizeof second) < sizeof second);
    fuzz_require(strcmp(first, second) == 0);
    uint32_t blocks = 0;
    for (uint32_t i = 0; i < arch->stages; i++) blocks += arch->layers[i];
    if (blocks > MOST_BLOCKS)
        return true; /* memory for these is bounded by the file's tensors (net/model.c) */
    vrn_graph graph = {0};
    const vrn_result built = vrn_graph_build(&graph, arch, 33, 32, fuzz_log());
    fuzz_expect(built == VRN_OK);
    vrn_graph_free(&graph);
    return true;
}

static void put_quoted(bytes *file, const char *text)
{
    char *quoted = NULL;
    size_t length = 0;
    FILE *out = open_memstream(&quoted, &length);
    fuzz_require(out);
    vrn_json_write(out, text, false);
    fuzz_require(fclose(out) == 0);
    put(file, quoted, length);
    free(quoted);
}

/* A file with an empty tensor and those texts that are there and are UTF-8. */
static bytes make_file(fuzz_input *input)
{
    bytes header = {0};
    put(&header, TEXT("{\"a\":{\"dtype\":\"F32\",\"shape\":[0],\"data_offsets\":[0,0]},"
                      "\"__metadata__\":{\"format\":\"pt\""));
    for (size_t i = 0; i < KEYS && input->left > 0; i++) {
        char *text = fuzz_take_text(input);
        if (*text && vrn_utf8_valid(text, strlen(text))) {
            put(&header, TEXT(","));
            put_quoted(&header, keys[i]);
            put(&header, TEXT(":"));
            put_quoted(&header, text);
        }
        free(text);
    }
    put(&header, TEXT("}}\0"));
    bytes file = make_safetensors((const char *)header.data, 0);
    release(&header);
    return file;
}

static void read_metadata(const vrn_checkpoint *checkpoint, const vrn_arch *arch)
{
    vrn_model_metadata metadata;
    vrn_metadata_pairs pairs;
    const vrn_result result =
        vrn_metadata_read(&metadata, checkpoint, arch, &(vrn_model_params){.log = *fuzz_log()});
    fuzz_expect(result == VRN_OK);
    if (result != VRN_OK) return;
    for (uint32_t i = 0; i < arch->num_classes && metadata.class_names; i++) {
        fuzz_touch(metadata.class_names[i], strlen(metadata.class_names[i]));
    }
    for (uint32_t i = 0; i < metadata.scale_count; i++) fuzz_require(metadata.scales[i].scale > 0);
    fuzz_require(vrn_metadata_collect(&pairs, &metadata, NULL, checkpoint, arch));
    for (size_t i = 0; i < pairs.count; i++)
        fuzz_touch(pairs.pairs[i].value, strlen(pairs.pairs[i].value));
    vrn_metadata_pairs_free(&pairs);
    vrn_metadata_free(&metadata);
}

void fuzz_target(const uint8_t *data, size_t size)
{
    fuzz_input input = {data, size};
    char *text = fuzz_take_text(&input);
    vrn_arch arch;
    if (!read_arch(&arch, text))
        fuzz_require(vrn_arch_parse(&arch, "resnet20,num_classes=3", NULL) == VRN_OK);
    free(text);
    bytes file = make_file(&input);
    vrn_checkpoint *checkpoint;
    const vrn_result result =
        vrn_checkpoint_open_memory(&checkpoint, file.data, file.size, "input", fuzz_log());
    fuzz_require(result == VRN_OK);
    read_metadata(checkpoint, &arch);
    vrn_checkpoint_destroy(&checkpoint);
    release(&file);
}
