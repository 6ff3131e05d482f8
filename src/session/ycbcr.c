#include "session/ycbcr.h"

#include <math.h>

#include "base/log.h"
#include "base/util.h"

/* The weights of red and blue in luma. */
static const struct {
    double red, blue;
} weights[] = {
    [VRN_YCBCR_BT709] = {0.2126, 0.0722},
    [VRN_YCBCR_BT601] = {0.299, 0.114},
    [VRN_YCBCR_BT2020] = {0.2627, 0.0593},
};

/* True if chroma has half of luma's length, rounded up. */
static bool is_half(uint32_t chroma, uint32_t luma)
{
    return chroma != luma && chroma == luma / 2 + luma % 2;
}

vrn_result vrn_ycbcr_read(vrn_ycbcr_form *form, const vrn_record_image *image, const vrn_log *log)
{
    const vrn_record_chroma *c = image->chroma;
    const bool eight = image->format == VK_FORMAT_R8_UNORM && c->format == VK_FORMAT_R8G8_UNORM;
    const bool ten = image->format == VK_FORMAT_R16_UNORM && c->format == VK_FORMAT_R16G16_UNORM;
    const bool bt2100 = image->encoding == VRN_ENCODING_PQ || image->encoding == VRN_ENCODING_HLG;
    if (!eight && !ten) {
        return vrn_fail(log, VRN_ERROR_UNSUPPORTED,
                        "YCbCr planes of VkFormat %d and %d: expected R8_UNORM and R8G8_UNORM, or "
                        "R16_UNORM and R16G16_UNORM",
                        (int)image->format, (int)c->format);
    }
    if (!c->view)
        return vrn_fail(log, VRN_ERROR_INVALID_ARGUMENT,
                        "YCbCr planes: the view of the chroma is NULL");
    if ((uint32_t)c->matrix >= VRN_COUNT(weights)) {
        return vrn_fail(log, VRN_ERROR_INVALID_ARGUMENT,
                        "YCbCr planes: expected a value of vrn_ycbcr as the matrix, found %d",
                        (int)c->matrix);
    }
    if (image->encoding == VRN_ENCODING_LINEAR || (bt2100 && c->matrix != VRN_YCBCR_BT2020)) {
        return vrn_fail(
            log, VRN_ERROR_INVALID_ARGUMENT,
            "YCbCr planes: expected the encoding FORMAT or SRGB with any matrix, or PQ or "
            "HLG with the matrix BT2020");
    }
    *form = (vrn_ycbcr_form){
        .matrix = c->matrix,
        .full_range = c->full_range,
        .bits = eight ? 8 : 10,
        .half_columns = is_half(c->width, image->width),
        .half_rows = is_half(c->height, image->height),
    };
    if ((c->width != image->width && !form->half_columns) ||
        (c->height != image->height && !form->half_rows)) {
        return vrn_fail(
            log, VRN_ERROR_INVALID_ARGUMENT,
            "a chroma plane of %u x %u for a luma plane of %u x %u: the chroma plane's "
            "width and height must each equal the luma plane's, or half of it, rounded up",
            c->width, c->height, image->width, image->height);
    }
    return VRN_OK;
}

void vrn_ycbcr_fill(struct vrn_fetch_push *push, const vrn_ycbcr_form *form)
{
    const double red = weights[form->matrix].red, blue = weights[form->matrix].blue;
    const double green = 1 - red - blue;
    const int step = 1 << (form->bits - 8), top = (1 << form->bits) - 1;
    const double luma = 255.0 / (form->full_range ? top : 219 * step) * (1 << 20);
    const double chroma = 255.0 / (form->full_range ? top : 224 * step) * (1 << 20);
    push->bits = form->bits;
    push->luma_zero = form->full_range ? 0 : 16 * step;
    push->chroma_zero = 128 * step;
    push->half_columns = form->half_columns;
    push->half_rows = form->half_rows;
    push->luma = (int)lrint(luma);
    push->red_cr = (int)lrint(2 * (1 - red) * chroma);
    push->green_cb = (int)lrint(-2 * (1 - blue) * blue / green * chroma);
    push->green_cr = (int)lrint(-2 * (1 - red) * red / green * chroma);
    push->blue_cb = (int)lrint(2 * (1 - blue) * chroma);
}
