/* libavif, used as in Pillow: decodes the first frame, and applies irot and imir. */
#include "pictures/decode.h"

#include <stdlib.h>

#include <avif/avif.h>

/* The EXIF orientation for a turn by `angle` quarters counterclockwise, then mirroring, as the
 * boxes irot and imir say. libavif leaves both to its callers. */
static unsigned find_orientation(const avifImage *image)
{
    static const unsigned ways[4][3] = {
        /* not mirrored; top to bottom (0); left to right (1) */
        {1, 4, 2},
        {8, 5, 7},
        {3, 2, 4},
        {6, 7, 5},
    };
    const unsigned angle = image->transformFlags & AVIF_TRANSFORM_IROT ? image->irot.angle & 3u : 0;
#if AVIF_VERSION_MAJOR >= 1
    const unsigned axis = image->imir.axis;
#else
    const unsigned axis = image->imir.mode;
#endif
    return ways[angle][image->transformFlags & AVIF_TRANSFORM_IMIR ? 1 + (axis & 1u) : 0];
}

static const char *explain(avifResult result)
{
    switch ((int)result) { /* versions of the library differ in their results */
    case AVIF_RESULT_OUT_OF_MEMORY: return "out of memory";
    case AVIF_RESULT_NO_CODEC_AVAILABLE: return "the installed libavif has no AV1 decoder";
    case AVIF_RESULT_TRUNCATED_DATA: return "the file is cut short";
    default: return avifResultToString(result);
    }
}

static const char *decode_first(avifDecoder *decoder, const unsigned char *data, size_t size,
                                vrn_image *image)
{
    avifResult result = avifDecoderSetIOMemory(decoder, data, size);
    if (result == AVIF_RESULT_OK) result = avifDecoderParse(decoder);
    if (result != AVIF_RESULT_OK) return explain(result);
    const uint32_t width = decoder->image->width, height = decoder->image->height;
    const char *fault = pic_admit(width, height, size);
    if (fault) return fault;
    result = avifDecoderNextImage(decoder);
    if (result != AVIF_RESULT_OK) return explain(result);
    if (decoder->image->width != width || decoder->image->height != height) {
        return "the size of its frame differs from that of the image";
    }
    avifRGBImage rgb;
    avifRGBImageSetDefaults(&rgb, decoder->image);
    rgb.depth = 8;
    rgb.format = AVIF_RGB_FORMAT_RGBA;
    rgb.rowBytes = width * 4;
    rgb.pixels = malloc((size_t)width * height * 4);
    if (!rgb.pixels) return "out of memory";
    result = avifImageYUVToRGB(decoder->image, &rgb);
    *image = (vrn_image){.pixels = rgb.pixels, .width = width, .height = height};
    fault = result == AVIF_RESULT_OK ? NULL : explain(result);
    if (!fault && !pic_orient(image, find_orientation(decoder->image))) fault = "out of memory";
    return fault;
}

const char *pic_decode_avif(const unsigned char *data, size_t size, vrn_image *image)
{
    avifDecoder *decoder = avifDecoderCreate();
    if (!decoder) return "out of memory";
    decoder->ignoreExif = decoder->ignoreXMP = AVIF_TRUE;
    decoder->imageSizeLimit = PIC_PIXELS_MAX;
    /* Accept files by libheif up to 1.11, which lack these. */
    decoder->strictFlags &= ~(avifStrictFlags)(AVIF_STRICT_CLAP_VALID | AVIF_STRICT_PIXI_REQUIRED);
    const char *fault = decode_first(decoder, data, size, image);
    avifDecoderDestroy(decoder);
    if (fault) {
        free((void *)(uintptr_t)image->pixels);
        *image = (vrn_image){0};
    }
    return fault;
}
