/* libheif, used as in pillow-heif: decodes the primary image, oriented as the file says, at 8
 * bits. */
#include "pictures/decode.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <libheif/heif.h>

static _Thread_local char message[256];

/* Copies an error text, which may not live longer than the objects it is about, and may end in a
 * line feed. */
static const char *keep(struct heif_error error)
{
    const char *text = error.message && *error.message ? error.message : "its data is damaged";
    const int length = (int)strcspn(text, "\n");
    if (error.subcode == heif_suberror_Unsupported_codec) {
        snprintf(message, sizeof message,
                 "the installed libheif has no decoder for this image (%.*s); Debian 13 has "
                 "decoders in packages such as libheif-plugin-libde265",
                 length, text);
    } else {
        snprintf(message, sizeof message, "%.*s", length, text);
    }
    return message;
}

/* `admitted`: the number of pixels according to the file. The coded picture may have another
 * size. */
static const char *copy_pixels(const struct heif_image *decoded, uint64_t admitted,
                               vrn_image *image)
{
    const enum heif_channel channel = heif_channel_interleaved;
    const int width = heif_image_get_width(decoded, channel);
    const int height = heif_image_get_height(decoded, channel);
    int stride = 0;
    const uint8_t *from = heif_image_get_plane_readonly(decoded, channel, &stride);
    if (!from || width < 1 || height < 1 || stride < width * 4) return "its data is damaged";
    if ((uint64_t)width * (uint64_t)height > admitted) return "it is larger than its header says";
    uint8_t *pixels = malloc((size_t)width * (size_t)height * 4);
    if (!pixels) return "out of memory";
    for (int y = 0; y < height; y++) {
        memcpy(pixels + (size_t)y * (size_t)width * 4, from + (size_t)y * (size_t)stride,
               (size_t)width * 4);
    }
    *image = (vrn_image){.pixels = pixels, .width = (uint32_t)width, .height = (uint32_t)height};
    return NULL;
}

static const char *decode_handle(const struct heif_image_handle *handle, size_t size,
                                 vrn_image *image)
{
    const int width = heif_image_handle_get_width(handle);
    const int height = heif_image_handle_get_height(handle);
    /* The whole picture is decoded, including parts that the file then crops. */
    const int whole_width = heif_image_handle_get_ispe_width(handle);
    const int whole_height = heif_image_handle_get_ispe_height(handle);
    if (width < 1 || height < 1 || whole_width < 1 || whole_height < 1) return "it has no pixels";
    const bool cut =
        (uint64_t)whole_width * (uint64_t)whole_height > (uint64_t)width * (uint64_t)height;
    const char *fault = pic_admit((uint64_t)(cut ? whole_width : width),
                                  (uint64_t)(cut ? whole_height : height), size);
    if (fault) return fault;
    struct heif_decoding_options *options = heif_decoding_options_alloc();
    if (!options) return "out of memory";
    options->convert_hdr_to_8bit = 1;
    struct heif_image *decoded = NULL;
    const struct heif_error error = heif_decode_image(handle, &decoded, heif_colorspace_RGB,
                                                      heif_chroma_interleaved_RGBA, options);
    fault = error.code == heif_error_Ok
                ? copy_pixels(decoded, (uint64_t)width * (uint64_t)height, image)
                : keep(error);
    heif_image_release(decoded);
    heif_decoding_options_free(options);
    return fault;
}

const char *pic_decode_heif(const unsigned char *data, size_t size, vrn_image *image)
{
    /* Loads the decoder plug-ins, under a lock. Is never undone, because other threads may be
     * decoding. */
    heif_init(NULL);
    struct heif_context *context = heif_context_alloc();
    if (!context) return "out of memory";
    /* Limits each side; the number of pixels is checked below. */
    heif_context_set_maximum_image_size_limit(context, 1 << 16);
    heif_context_set_max_decoding_threads(context, 0);
    struct heif_image_handle *handle = NULL;
    struct heif_error error = heif_context_read_from_memory_without_copy(context, data, size, NULL);
    if (error.code == heif_error_Ok) {
        error = heif_context_get_primary_image_handle(context, &handle);
    }
    const char *fault =
        error.code == heif_error_Ok ? decode_handle(handle, size, image) : keep(error);
    heif_image_handle_release(handle);
    heif_context_free(context);
    return fault;
}
