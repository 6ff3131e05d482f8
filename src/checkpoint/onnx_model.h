/* An ONNX file (https://onnx.ai/onnx/repo-docs/IR.html) as nodes and the values between them. Their
 * order and names are checked here; onnx_net.c finds out what they mean. */
#ifndef VRN_CHECKPOINT_ONNX_MODEL_H
#define VRN_CHECKPOINT_ONNX_MODEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <vkresnet/vkresnet.h>

#include "checkpoint/protobuf.h"
#include "checkpoint/source.h"
#include "checkpoint/tensor_list.h"

#define VRN_ONNX_NONE UINT32_MAX

enum { VRN_ONNX_SHOWN_MAX = 96 };

/* Bytes of the file. */
typedef struct vrn_onnx_text {
    const char *at;
    size_t length;
} vrn_onnx_text;

typedef struct vrn_onnx_node {
    vrn_onnx_text name, op, domain;
    vrn_proto message;                 /* NodeProto, whose attributes are sound */
    uint32_t first_input, input_count; /* in the model's links: values, or VRN_ONNX_NONE */
    uint32_t first_output, output_count;
    bool image; /* depends on the input's pixels, not on its shape alone */
    bool used;  /* for the reader of the graph to set: its purpose is known */
} vrn_onnx_node;

typedef struct vrn_onnx_value {
    vrn_onnx_text name;
    uint32_t node;                 /* the node that makes it, or VRN_ONNX_NONE */
    uint32_t same;                 /* the value that it is a copy of, or itself */
    uint32_t first_use, use_count; /* in the model's uses; of a value that is not a copy */
    vrn_proto tensor;              /* TensorProto of an initializer; else `at` is NULL */
    bool output;                   /* of the graph */
    bool image;
} vrn_onnx_value;

typedef struct vrn_onnx_use {
    uint32_t node, slot; /* the slot-th input of the node */
} vrn_onnx_use;

typedef struct vrn_onnx_model {
    const vrn_source *source;
    vrn_tensor_list *list;  /* whose arena holds everything */
    vrn_onnx_node *nodes;   /* in an order in which they can run */
    vrn_onnx_value *values; /* sorted by name */
    vrn_onnx_use *uses;     /* of values that are not copies, by nodes that make no copies */
    uint32_t *links;
    uint32_t node_count, value_count, link_count;
    uint64_t opset;
    uint32_t input;                   /* the image */
    uint64_t channels, height, width; /* of it; 0: any */
} vrn_onnx_model;

/* Reads a file. Nodes that change nothing (Identity, Dropout, a Cast between kinds of floats) make
 * copies of values. Errors: VRN_ERROR_FILE (damaged, quantized, or not a model of floats with one
 * input), VRN_ERROR_OUT_OF_MEMORY. */
vrn_result vrn_onnx_model_read(vrn_onnx_model *model, vrn_tensor_list *list,
                               const vrn_source *source);

/* The slot-th input of a node, and its first output, as values that are not copies. VRN_ONNX_NONE
 * if it has none. */
uint32_t vrn_onnx_input(const vrn_onnx_model *model, const vrn_onnx_node *node, uint32_t slot);
uint32_t vrn_onnx_output(const vrn_onnx_model *model, const vrn_onnx_node *node);

static inline vrn_onnx_text vrn_onnx_text_of(vrn_proto bytes)
{
    return (vrn_onnx_text){(const char *)bytes.at, bytes.left};
}

static inline bool vrn_onnx_text_is(vrn_onnx_text text, const char *other)
{
    return vrn_equals_text(text.at ? text.at : "", text.length, other);
}

bool vrn_onnx_is(const vrn_onnx_node *node, const char *op);

/* The value of an attribute, or its default. */
int64_t vrn_onnx_int(const vrn_onnx_node *node, const char *name, int64_t otherwise);
double vrn_onnx_float(const vrn_onnx_node *node, const char *name, double otherwise);
bool vrn_onnx_attribute_is(const vrn_onnx_node *node, const char *name, const char *text,
                           bool otherwise);
/* A list of numbers. False: there is no such attribute, or another number of them. */
bool vrn_onnx_ints(const vrn_onnx_node *node, const char *name, int64_t *values, uint32_t count);
/* The AttributeProto. */
bool vrn_onnx_attribute(const vrn_onnx_node *node, const char *name, vrn_proto *attribute);

/* True if every field of an attribute that is used later can be read. */
bool vrn_onnx_attribute_is_sound(vrn_proto attribute);

/* "'/conv1/Conv' (Conv)", fit for a line of text. */
const char *vrn_onnx_show(const vrn_onnx_model *model, const vrn_onnx_node *node,
                          char text[VRN_ONNX_SHOWN_MAX]);
/* The same for a text. */
const char *vrn_onnx_show_text(vrn_onnx_text name, char text[VRN_ONNX_SHOWN_MAX]);

#endif
