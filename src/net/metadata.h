/* What a safetensors file says about its network besides the tensors, under these keys:
 *     vkresnet.name              a name for people
 *     vkresnet.arch              as for vrn_arch_parse
 *     vkresnet.classes           the classes' names, with line feeds between them
 *     vkresnet.resize            "256", "224x224", "longer:256", "letterbox" (base/transform.h)
 *     vkresnet.crop              "224", "256x128"
 *     vkresnet.interpolation     "bilinear" or "bicubic"
 *     vkresnet.mean, .std        "0.485,0.456,0.406"
 *     vkresnet.channels          "rgb" or "bgr", and the order of mean and std
 *     vkresnet.scale             "255", the divisor of a pixel's value
 *     vkresnet.fill              "0,0,0", red, green and blue where the image ends
 *     vkresnet.threshold         "0.5"
 *     vkresnet.int8              the scales of activations: lines of an operator's name, as in the
 *                                unfused graph, a blank and a number; the operator's output in
 *                                bytes, -127 to 127, times that is its value
 *     vkresnet.license, .description
 * All are optional. Files of other formats have none. */
#ifndef VRN_NET_METADATA_H
#define VRN_NET_METADATA_H

#include <vkresnet/vkresnet.h>

#include "base/number.h"
#include "base/transform.h"
#include "checkpoint/checkpoint.h"
#include "net/graph.h"

/* How the output of an operator is stored as bytes. */
typedef struct vrn_scale {
    char name[VRN_NAME_MAX];
    float scale;
} vrn_scale;

typedef struct vrn_model_metadata {
    char name[256];
    vrn_transform transform;
    float threshold;
    char *text;               /* the class names, each with its NUL */
    const char **class_names; /* NULL if the file has none; else [num_classes] */
    vrn_scale *scales;        /* [scale_count] */
    uint32_t scale_count;
} vrn_model_metadata;

/* The key of the architecture's text, which is read before the rest. */
#define VRN_METADATA_ARCH_KEY "vkresnet.arch"

/* Present if the network's whole graph was recognised: the properties that the graph leaves open,
 * or an empty text. */
#define VRN_METADATA_GRAPH_KEY "file.graph"

/* Keys of the facts that readers find in other formats: the file's name for its network, and keys
 * of --arch in the file or in one beside it. */
#define VRN_METADATA_NETWORK_KEY "file.network"
#define VRN_METADATA_SAID_KEY    "file.arch"
/* the preferred network in the file: the first part of its tensors' names (vrn_names_create) */
#define VRN_METADATA_PART_KEY   "file.part"
#define VRN_METADATA_LABELS_KEY "file.classes" /* as vkresnet.classes, if there are as many */

/* Reads the rest. A missing name or transform comes from `params`, which may be NULL, otherwise
 * from the architecture. `checkpoint` may be NULL. Errors: VRN_ERROR_FILE (the log names file and
 * key), VRN_ERROR_OUT_OF_MEMORY. */
vrn_result vrn_metadata_read(vrn_model_metadata *metadata, const vrn_checkpoint *checkpoint,
                             const vrn_arch *arch, const vrn_model_params *params);
void vrn_metadata_free(vrn_model_metadata *metadata);

/* The pairs to write, with the memory that they point into. */
typedef struct vrn_metadata_pairs {
    vrn_metadata pairs[24];
    size_t count;
    char arch[1024], mean[112], std[112];
    char resize[VRN_SIDES_MAX], crop[VRN_SIDES_MAX], scale[VRN_REAL_MAX], fill[16];
    char threshold[VRN_REAL_MAX];
    char *scales, *classes;
} vrn_metadata_pairs;

/* `params`: its values are written instead of the model's; or NULL.
 * License and description are those of `checkpoint`, which may be NULL. False: out of memory. */
bool vrn_metadata_collect(vrn_metadata_pairs *pairs, const vrn_model_metadata *metadata,
                          const vrn_model_save_params *params, const vrn_checkpoint *checkpoint,
                          const vrn_arch *arch);
void vrn_metadata_pairs_free(vrn_metadata_pairs *pairs);

#endif
