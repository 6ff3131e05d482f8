#include "session/image_format.h"

#include <math.h>
#include <stdio.h>

#include "base/log.h"
#include "base/util.h"
#include "ops/interface.h"

/* The content of the values that sampling a format returns. */
typedef enum content {
    NOT_READ,
    ENCODED, /* numbers from 0 to 1, in sRGB's encoding unless the application says otherwise */
    DECODED, /* linear light: sampling decodes the stored sRGB encoding */
    FLOATS,  /* linear light, unless the application says otherwise */
} content;

typedef struct row {
    VkFormat format;
    const char *name;
    content content;
    bool grey;            /* only red exists, and stands for all three */
    vrn_transfer storage; /* reads it as a storage image; 0: nothing does */
} row;

#define ROW(name, content)                                                                         \
    {                                                                                              \
        VK_FORMAT_##name, #name, content, false, 0                                                 \
    }
#define GREY(name, content)                                                                        \
    {                                                                                              \
        VK_FORMAT_##name, #name, content, true, 0                                                  \
    }
#define STORED(name, content, grey, format)                                                        \
    {                                                                                              \
        VK_FORMAT_##name, #name, content, grey, VRN_TRANSFER_FETCH_##format                        \
    }
#define NAME(name)                                                                                 \
    {                                                                                              \
        VK_FORMAT_##name, #name, NOT_READ, false, 0                                                \
    }

/* The table includes unreadable formats, for their names. */
static const row rows[] = {
    STORED(R8G8B8A8_UNORM, ENCODED, false, RGBA8),
    ROW(R8G8B8A8_SRGB, DECODED),
    ROW(B8G8R8A8_UNORM, ENCODED),
    ROW(B8G8R8A8_SRGB, DECODED),
    ROW(A8B8G8R8_UNORM_PACK32, ENCODED),
    ROW(A8B8G8R8_SRGB_PACK32, DECODED),
    ROW(R8G8B8_UNORM, ENCODED),
    ROW(R8G8B8_SRGB, DECODED),
    ROW(B8G8R8_UNORM, ENCODED),
    ROW(B8G8R8_SRGB, DECODED),
    ROW(R5G6B5_UNORM_PACK16, ENCODED),
    ROW(B5G6R5_UNORM_PACK16, ENCODED),
    ROW(R5G5B5A1_UNORM_PACK16, ENCODED),
    ROW(B5G5R5A1_UNORM_PACK16, ENCODED),
    ROW(A1R5G5B5_UNORM_PACK16, ENCODED),
    STORED(A2B10G10R10_UNORM_PACK32, ENCODED, false, RGB10_A2),
    ROW(A2R10G10B10_UNORM_PACK32, ENCODED),
    STORED(R16G16B16A16_UNORM, ENCODED, false, RGBA16),
    STORED(B10G11R11_UFLOAT_PACK32, FLOATS, false, R11F_G11F_B10F),
    ROW(E5B9G9R9_UFLOAT_PACK32, FLOATS),
    STORED(R16G16B16A16_SFLOAT, FLOATS, false, RGBA16F),
    STORED(R32G32B32A32_SFLOAT, FLOATS, false, RGBA32F),
    STORED(R8_UNORM, ENCODED, true, R8),
    GREY(R8_SRGB, DECODED),
    STORED(R8G8_UNORM, ENCODED, true, RG8),
    GREY(R8G8_SRGB, DECODED),
    STORED(R16_UNORM, ENCODED, true, R16),
    STORED(R16_SFLOAT, FLOATS, true, R16F),
    STORED(R32_SFLOAT, FLOATS, true, R32F),
    NAME(UNDEFINED),
    NAME(R8G8B8A8_SNORM),
    NAME(R8G8B8A8_UINT),
    NAME(R8G8B8A8_SINT),
    NAME(B8G8R8A8_UINT),
    NAME(R16G16_SFLOAT),
    NAME(R16G16B16A16_UINT),
    NAME(R32_UINT),
    NAME(R32G32B32A32_UINT),
    NAME(R64G64B64A64_SFLOAT),
    NAME(D16_UNORM),
    NAME(X8_D24_UNORM_PACK32),
    NAME(D32_SFLOAT),
    NAME(S8_UINT),
    NAME(D24_UNORM_S8_UINT),
    NAME(D32_SFLOAT_S8_UINT),
    NAME(G8_B8R8_2PLANE_420_UNORM),
    NAME(G8_B8_R8_3PLANE_420_UNORM),
    NAME(G10X6_B10X6R10X6_2PLANE_420_UNORM_3PACK16),
};

static const char *const encoding_names[] = {
    [VRN_ENCODING_FORMAT] = "FORMAT", [VRN_ENCODING_SRGB] = "SRGB",
    [VRN_ENCODING_LINEAR] = "LINEAR", [VRN_ENCODING_PQ] = "PQ",
    [VRN_ENCODING_HLG] = "HLG",
};

/* How fetch.comp interprets the sampled values. */
static const uint32_t readings[] = {
    [VRN_ENCODING_SRGB] = VRN_FETCH_AS_IS,
    [VRN_ENCODING_LINEAR] = VRN_FETCH_LINEAR,
    [VRN_ENCODING_PQ] = VRN_FETCH_PQ,
    [VRN_ENCODING_HLG] = VRN_FETCH_HLG,
};

static const row *find(VkFormat format)
{
    for (uint32_t i = 0; i < VRN_COUNT(rows); i++) {
        if (rows[i].format == format) return &rows[i];
    }
    return NULL;
}

/* Sets the kernel of a storage image, which shaders read by a format that they name. */
static vrn_result choose_storage(vrn_image_reading *reading, const row *r, const vrn_device *device)
{
    if (!r->storage) {
        return vrn_fail(
            &device->log, VRN_ERROR_UNSUPPORTED,
            "a storage image of VK_FORMAT_%s cannot be read: vkresnet/vulkan.h lists the formats "
            "that can",
            r->name);
    }
    if (r->storage >= VRN_TRANSFER_FETCH_R8 && !device->probe.image_formats) {
        return vrn_fail(&device->log, VRN_ERROR_UNSUPPORTED,
                        "a storage image of VK_FORMAT_%s cannot be read: the device lacks "
                        "shaderStorageImageExtendedFormats, or was created without it",
                        r->name);
    }
    reading->kernel = r->storage;
    return VRN_OK;
}

vrn_result vrn_image_format_read(vrn_image_reading *reading, const vrn_record_image *image,
                                 bool storage, const vrn_device *device)
{
    const vrn_log *log = &device->log;
    const row *r = find(image->format);
    if (!r || r->content == NOT_READ) {
        return vrn_fail(log, VRN_ERROR_UNSUPPORTED,
                        "an image of VkFormat %d%s%s%s cannot be read: vkresnet/vulkan.h lists the "
                        "formats that can",
                        (int)image->format, r ? " (VK_FORMAT_" : "", r ? r->name : "",
                        r ? ")" : "");
    }
    vrn_encoding encoding = image->encoding;
    if ((uint32_t)encoding >= VRN_COUNT(encoding_names)) {
        return vrn_fail(log, VRN_ERROR_INVALID_ARGUMENT,
                        "an image: expected a value of vrn_encoding, found %d", (int)encoding);
    }
    if (r->content == DECODED && encoding > VRN_ENCODING_SRGB) {
        return vrn_fail(log, VRN_ERROR_INVALID_ARGUMENT,
                        "an image of VK_FORMAT_%s with VRN_ENCODING_%s: expected "
                        "VRN_ENCODING_FORMAT or VRN_ENCODING_SRGB",
                        r->name, encoding_names[encoding]);
    }
    if (encoding == VRN_ENCODING_FORMAT) {
        encoding = r->content == ENCODED ? VRN_ENCODING_SRGB : VRN_ENCODING_LINEAR;
    } else if (r->content == DECODED) {
        encoding = VRN_ENCODING_LINEAR; /* after sampling */
    }
    if (!(image->exposure >= 0) || isinf(image->exposure) ||
        (image->exposure != 0 && encoding == VRN_ENCODING_SRGB)) {
        return vrn_fail(log, VRN_ERROR_INVALID_ARGUMENT,
                        "an image of VK_FORMAT_%s with an exposure of %g: expected 0, or a "
                        "positive factor if the values are decoded to linear light",
                        r->name, (double)image->exposure);
    }
    *reading = (vrn_image_reading){
        .kernel = VRN_TRANSFER_FETCH_IMAGE,
        .numbers = readings[encoding] | (r->grey ? VRN_FETCH_GREY : 0),
    };
    return storage ? choose_storage(reading, r, device) : VRN_OK;
}
