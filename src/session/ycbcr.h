/* YCbCr pictures, in a luma and a chroma plane, and how fetch.comp reads them. */
#ifndef VRN_SESSION_YCBCR_H
#define VRN_SESSION_YCBCR_H

#include <vkresnet/vulkan.h>

#include "ops/interface.h"

typedef struct vrn_ycbcr_form {
    vrn_ycbcr matrix;
    bool full_range;
    uint32_t bits;                /* of a sample: 8 or 10 */
    bool half_columns, half_rows; /* of chroma */
} vrn_ycbcr_form;

/* Reads an application's image with its chroma. Errors: VRN_ERROR_INVALID_ARGUMENT,
 * VRN_ERROR_UNSUPPORTED (formats). */
vrn_result vrn_ycbcr_read(vrn_ycbcr_form *form, const vrn_record_image *image, const vrn_log *log);

/* Fills in the push constants for the planes. */
void vrn_ycbcr_fill(struct vrn_fetch_push *push, const vrn_ycbcr_form *form);

#endif
