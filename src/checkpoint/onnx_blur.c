#include "checkpoint/onnx_blur.h"

#include "checkpoint/blur.h"
#include "checkpoint/onnx_weights.h"

bool vrn_onnx_begins_blur(const vrn_onnx_node *node)
{
    return node && vrn_onnx_is(node, "Pad") &&
           vrn_onnx_attribute_is(node, "mode", "reflect", false);
}

bool vrn_onnx_take_blur(vrn_onnx_walk *w, uint32_t *value, vrn_onnx_node *reflection,
                        vrn_onnx_blur *blur)
{
    static const char expected[] = "a blur: the image and its reflection, and a filter such as "
                                   "1 2 1 or 1 3 3 1 for each channel";
    int64_t pads[8];
    vrn_onnx_window window;
    vrn_tensor weight;
    if (!vrn_onnx_find_pads(w, reflection, pads)) return vrn_onnx_misfit(w, reflection, expected);
    vrn_onnx_use_node(w, reflection, value);
    vrn_onnx_node *conv = vrn_onnx_reader(w, *value);
    if (!conv || !vrn_onnx_is(conv, "Conv")) return vrn_onnx_misfit_behind(w, *value, expected);
    const vrn_result result = vrn_onnx_weight(w->model, conv, 1, &weight);
    if (result) {
        w->result = w->result ? w->result : result;
        return false;
    }
    if (!vrn_onnx_read_window(w, conv, &window)) return false;
    bool good = weight.rank == 4 && weight.shape[0] >= 1 && weight.shape[0] < UINT32_MAX &&
                weight.shape[1] == 1 && weight.shape[2] == weight.shape[3] &&
                weight.shape[2] >= 1 && weight.shape[2] <= VRN_ONNX_BLUR_MAX &&
                vrn_onnx_int(conv, "group", 1) == (int64_t)weight.shape[0] &&
                vrn_onnx_input(w->model, conv, 2) == VRN_ONNX_NONE;
    const int64_t size = good ? (int64_t)weight.shape[2] : 1;
    for (uint32_t i = 0; i < 2; i++) {
        good = good && window.kernel[i] == size && window.stride[i] == window.stride[0] &&
               window.stride[i] <= VRN_ONNX_STRIDE_MAX && window.pads[i] == 0 &&
               window.pads[i + 2] == 0 && pads[i] == 0 && pads[i + 4] == 0 &&
               pads[i + 2] == (size - 1) / 2 && pads[i + 6] == size / 2;
    }
    if (!good || !vrn_tensor_is_blur(&weight)) return vrn_onnx_misfit(w, conv, expected);
    blur->size = (uint32_t)size;
    blur->stride = (uint32_t)window.stride[0];
    blur->channels = (uint32_t)weight.shape[0];
    if (w->height) w->height = (w->height - 1) / blur->stride + 1;
    if (w->width) w->width = (w->width - 1) / blur->stride + 1;
    vrn_onnx_use_node(w, conv, value);
    return true;
}
