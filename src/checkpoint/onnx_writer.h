/* Turns a ResNet in an ONNX graph into tensors with torchvision's names, and metadata. */
#ifndef VRN_CHECKPOINT_ONNX_WRITER_H
#define VRN_CHECKPOINT_ONNX_WRITER_H

#include "checkpoint/onnx_net.h"

enum { VRN_ONNX_NAME_MAX = 48 };

typedef struct vrn_onnx_writer {
    vrn_tensor_list *list;
    const vrn_source *source;
    vrn_onnx_model model;
    vrn_onnx_net net;
    vrn_onnx_norm norm; /* of all layers; other norms are folded */
    bool fold;
    const vrn_onnx_conv *first; /* the first convolution with a norm */
    const char *shortcut, *antialias;
    uint32_t blur;     /* coefficients of every blur; 0: there is none */
    vrn_result result; /* after a failure, nothing more is added */
} vrn_onnx_writer;

/* ---- Tensors (onnx_write.c) ------------------------------------------------------------------ */

void vrn_onnx_add_tensor(vrn_onnx_writer *w, const vrn_tensor *tensor, const char *module,
                         const char *part);

/* A convolution and the norm after it, which may have to be folded. */
void vrn_onnx_add_conv(vrn_onnx_writer *w, const vrn_onnx_conv *conv, const char *name,
                       const char *norm);

/* A convolution of a v2 network, without the norm after it. */
void vrn_onnx_add_plain(vrn_onnx_writer *w, const vrn_onnx_conv *conv, const char *name);

/* The norm after a convolution; if it was folded into the convolution, a norm that only adds the
 * bias. */
void vrn_onnx_add_norm(vrn_onnx_writer *w, const vrn_onnx_conv *conv, const char *name);

void vrn_onnx_add_linear(vrn_onnx_writer *w, const vrn_onnx_linear *linear, const char *name);

/* ---- What must be the same everywhere (onnx_compare.c) --------------------------------------- */

/* Reports that a node does not fit, unless something failed before. */
void vrn_onnx_refuse(vrn_onnx_writer *w, const vrn_onnx_node *node, const char *expected);

/* Sets the norm of all layers, and whether norms are folded. */
void vrn_onnx_compare_norms(vrn_onnx_writer *w);

/* Sets the kind of shortcut, and how blocks stride. */
void vrn_onnx_compare_blocks(vrn_onnx_writer *w);

#endif
