#include "session/picture.h"

#include <string.h>

#include "base/log.h"
#include "base/util.h"
#include "ops/interface.h"
#include "session/image_format.h"
#include "session/image_layout.h"

/* The longest side in pixels. It keeps all products in 64 bits. */
enum { SIDE_MAX = 1 << 24 };

static const struct {
    const char *name;
    uint32_t bytes;      /* of a pixel */
    uint8_t channels[3]; /* the offsets of red, green and blue in it */
} pixel_formats[] = {
    [VRN_PIXEL_RGBA] = {"RGBA", 4, {0, 1, 2}},
    [VRN_PIXEL_BGRA] = {"BGRA", 4, {2, 1, 0}},
    [VRN_PIXEL_RGB] = {"RGB", 3, {0, 1, 2}},
    [VRN_PIXEL_BGR] = {"BGR", 3, {2, 1, 0}},
    [VRN_PIXEL_GREY] = {"GREY", 1, {0, 0, 0}},
    [VRN_PIXEL_GREY_ALPHA] = {"GREY_ALPHA", 2, {0, 0, 0}},
};

const char *vrn_pixel_format_name(vrn_pixel_format format)
{
    return (uint32_t)format < VRN_COUNT(pixel_formats) ? pixel_formats[format].name : NULL;
}

static size_t row_bytes(uint32_t width, vrn_pixel_format format)
{
    return vrn_pixel_format_name(format) ? (size_t)width * pixel_formats[format].bytes : 0;
}

vrn_picture vrn_picture_of(const vrn_image *photo)
{
    return (vrn_picture){
        .width = photo->width,
        .height = photo->height,
        .host = photo->pixels,
        .stride = photo->stride ? photo->stride : row_bytes(photo->width, photo->format),
        .format = photo->format,
    };
}

vrn_result vrn_picture_check(const vrn_picture *photo, const vrn_log *log)
{
    if (!photo->host && !photo->buffer && !photo->view) {
        return vrn_fail(log, VRN_ERROR_INVALID_ARGUMENT, "an image: its pixels are NULL");
    }
    if (!photo->width || !photo->height || photo->width > SIDE_MAX || photo->height > SIDE_MAX) {
        return vrn_fail(log, VRN_ERROR_INVALID_ARGUMENT,
                        "an image of %u x %u pixels: expected 1 to %d along each side",
                        photo->width, photo->height, SIDE_MAX);
    }
    if (!photo->host) return VRN_OK;
    if (!vrn_pixel_format_name(photo->format)) {
        return vrn_fail(log, VRN_ERROR_INVALID_ARGUMENT,
                        "an image: expected a value of vrn_pixel_format, found %d",
                        (int)photo->format);
    }
    if (photo->stride < row_bytes(photo->width, photo->format)) {
        return vrn_fail(
            log, VRN_ERROR_INVALID_ARGUMENT,
            "an image whose rows have %u %s pixels: expected a stride of at least %zu bytes, "
            "found %zu",
            photo->width, vrn_pixel_format_name(photo->format),
            row_bytes(photo->width, photo->format), photo->stride);
    }
    return VRN_OK;
}

void vrn_picture_copy_row(uint8_t *to, const vrn_picture *photo, uint32_t left, uint32_t top,
                          uint32_t width)
{
    const uint8_t *from = photo->host + top * photo->stride + row_bytes(left, photo->format);
    if (photo->format == VRN_PIXEL_RGBA) {
        memcpy(to, from, (size_t)width * 4);
        return;
    }
    const uint8_t *channels = pixel_formats[photo->format].channels;
    for (uint32_t i = 0; i < width; i++, to += 4, from += pixel_formats[photo->format].bytes) {
        const uint8_t rgba[4] = {from[channels[0]], from[channels[1]], from[channels[2]], 255};
        memcpy(to, rgba, 4);
    }
}

/* ---- On the device ---- */

vrn_result vrn_picture_of_image(vrn_picture *picture, const vrn_record_image *image, bool storage,
                                const vrn_device *device)
{
    const vrn_log *log = &device->log;
    vrn_image_reading reading;
    vrn_ycbcr_form ycbcr = {0};
    vrn_result result = vrn_image_format_read(&reading, image, storage, device);
    if (!result && image->chroma) result = vrn_ycbcr_read(&ycbcr, image, log);
    if (result) return result;
    if (image->chroma) reading.numbers &= ~VRN_FETCH_GREY;
    if (image->chroma && storage) {
        return vrn_fail(log, VRN_ERROR_INVALID_ARGUMENT,
                        "an image with chroma: storage_images must be false, because YCbCr planes "
                        "are sampled");
    }
    if (!image->view) return vrn_fail(log, VRN_ERROR_INVALID_ARGUMENT, "an image's view is NULL");
    if (image->layout == VK_IMAGE_LAYOUT_UNDEFINED) {
        return vrn_fail(log, VRN_ERROR_INVALID_ARGUMENT,
                        "an image in VK_IMAGE_LAYOUT_UNDEFINED has no contents");
    }
    if (image->layout == VK_IMAGE_LAYOUT_PREINITIALIZED) {
        return vrn_fail(log, VRN_ERROR_INVALID_ARGUMENT,
                        "an image in VK_IMAGE_LAYOUT_PREINITIALIZED cannot be changed back to that "
                        "layout: change it to VK_IMAGE_LAYOUT_SHADER_READ_ONLY_OPTIMAL first");
    }
    const VkImageLayout layout = vrn_image_layout_read(image, storage);
    if (layout != image->layout && !image->image) {
        return vrn_fail(log, VRN_ERROR_INVALID_ARGUMENT,
                        "an image in VkImageLayout %d, which the recording must change: expected "
                        "its VkImage, found NULL",
                        (int)image->layout);
    }
    const VkRect2D all = {.extent = {image->width, image->height}};
    const bool part = image->region.extent.width && image->region.extent.height;
    const VkRect2D region = part ? image->region : all;
    if (region.offset.x < 0 || region.offset.y < 0 ||
        (uint64_t)region.offset.x + region.extent.width > image->width ||
        (uint64_t)region.offset.y + region.extent.height > image->height) {
        return vrn_fail(log, VRN_ERROR_INVALID_ARGUMENT,
                        "a region of %u x %u at (%d, %d): expected one inside the image of %u x %u",
                        region.extent.width, region.extent.height, region.offset.x, region.offset.y,
                        image->width, image->height);
    }
    *picture = (vrn_picture){
        .width = region.extent.width,
        .height = region.extent.height,
        .view = image->view,
        .layout = layout,
        .left = (uint32_t)region.offset.x,
        .top = (uint32_t)region.offset.y,
        .reading = reading,
        .exposure = image->exposure != 0 ? image->exposure : 1,
        .chroma = image->chroma ? image->chroma->view : VK_NULL_HANDLE,
        .ycbcr = ycbcr,
    };
    return VRN_OK;
}

vrn_result vrn_picture_of_pixels(vrn_picture *picture, const vrn_record_pixels *pixels,
                                 const vrn_log *log)
{
    const uint64_t row = (uint64_t)pixels->width * 4;
    if (pixels->format != VRN_PIXEL_RGBA && pixels->format != VRN_PIXEL_BGRA) {
        const char *name = vrn_pixel_format_name(pixels->format);
        return vrn_fail(log, VRN_ERROR_INVALID_ARGUMENT,
                        "pixels in a buffer: expected the format RGBA or BGRA, found %d (%s)",
                        (int)pixels->format, name ? name : "unknown");
    }
    if (!pixels->place.buffer || pixels->place.offset % 4 || pixels->stride % 4 ||
        (pixels->stride && pixels->stride < row)) {
        return vrn_fail(log, VRN_ERROR_INVALID_ARGUMENT,
                        "pixels in a buffer: %s (width %u, stride %u, offset %llu)",
                        pixels->place.buffer ? "expected an offset and a stride in bytes that are "
                                               "multiples of 4, and a stride of at least 4 * width"
                                             : "the buffer is NULL",
                        pixels->width, pixels->stride, (unsigned long long)pixels->place.offset);
    }
    *picture = (vrn_picture){
        .width = pixels->width,
        .height = pixels->height,
        .buffer = pixels->place.buffer,
        .offset = pixels->place.offset,
        .stride = pixels->stride ? pixels->stride : row,
        .format = pixels->format,
    };
    return VRN_OK;
}
