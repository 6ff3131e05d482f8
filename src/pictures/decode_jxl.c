/* libjxl: decodes the first frame, blended onto its canvas. The orientation is the codestream's, or
 * EXIF's if that is upright. (Pillow's plug-in applies both, and turns files twice that have both.)
 * If the file was made from a JPEG, restores and decodes that JPEG, as the plug-in does. */
#include "pictures/decode.h"

#include <stdlib.h>

#include <jxl/decode.h>

/* Each extra channel takes a plane of floats during decoding. */
enum { EXTRA_CHANNELS_MAX = 4, JPEG_BYTES_MAX = 1 << 28 };

/* Without libjpeg no JPEG is restored, because libjxl's own pixels are closer than stb_image's. */
#ifdef VRN_PIC_LIBJPEG
enum { EVENTS = JXL_DEC_FULL_IMAGE | JXL_DEC_JPEG_RECONSTRUCTION };
#else
enum { EVENTS = JXL_DEC_FULL_IMAGE };
#define pic_decode_jpeg pic_decode_stb
#endif

static const char damaged[] = "its data is damaged, or the file is cut short";

typedef struct reading {
    JxlDecoder *decoder;
    const unsigned char *data;
    size_t size;
    vrn_image *image;
    unsigned orientation; /* the codestream's, in EXIF's numbers */
    unsigned char *jpeg;  /* the JPEG from which the file was made; NULL: none */
    size_t capacity;
} reading;

/* ---- Pixels ---------------------------------------------------------------------------------- */

static const char *begin_image(reading *r)
{
    static const JxlPixelFormat format = {4, JXL_TYPE_UINT8, JXL_NATIVE_ENDIAN, 0};
    JxlBasicInfo info;
    if (r->image->pixels || r->jpeg) return damaged; /* called twice */
    if (JxlDecoderGetBasicInfo(r->decoder, &info) != JXL_DEC_SUCCESS) return damaged;
    r->orientation = (unsigned)info.orientation;
    if (info.num_extra_channels > EXTRA_CHANNELS_MAX) return "it has too many channels";
    const char *fault = pic_admit(info.xsize, info.ysize, r->size);
    if (fault) return fault;
    size_t bytes = 0;
    const size_t expected = (size_t)info.xsize * info.ysize * 4;
    if (JxlDecoderImageOutBufferSize(r->decoder, &format, &bytes) != JXL_DEC_SUCCESS ||
        bytes != expected) {
        return damaged;
    }
    uint8_t *pixels = malloc(bytes);
    *r->image = (vrn_image){.pixels = pixels, .width = info.xsize, .height = info.ysize};
    if (!pixels) return "out of memory";
    return JxlDecoderSetImageOutBuffer(r->decoder, &format, pixels, bytes) == JXL_DEC_SUCCESS
               ? NULL
               : damaged;
}

/* ---- JPEGs that were made smaller ------------------------------------------------------------ */

/* Allocates or enlarges the memory for the JPEG. */
static const char *grow_jpeg(reading *r)
{
    const size_t free_bytes = r->jpeg ? JxlDecoderReleaseJPEGBuffer(r->decoder) : 0;
    const size_t used = r->capacity - free_bytes;
    const size_t capacity = r->jpeg ? 2 * r->capacity : 2 * r->size + (1 << 16);
    if (capacity > JPEG_BYTES_MAX) return "the JPEG that it was made from is too large";
    unsigned char *jpeg = realloc(r->jpeg, capacity);
    if (!jpeg) return "out of memory";
    r->jpeg = jpeg;
    r->capacity = capacity;
    const JxlDecoderStatus status =
        JxlDecoderSetJPEGBuffer(r->decoder, jpeg + used, capacity - used);
    return status == JXL_DEC_SUCCESS ? NULL : damaged;
}

static const char *begin_jpeg(reading *r)
{
    JxlBasicInfo info;
    if (JxlDecoderGetBasicInfo(r->decoder, &info) != JXL_DEC_SUCCESS) return damaged;
    const char *fault = pic_pixels_fault(info.xsize, info.ysize, r->size);
    return fault ? fault : grow_jpeg(r);
}

/* ---- Events ---------------------------------------------------------------------------------- */

static const char *finish(reading *r)
{
    const unsigned char *data = r->data;
    size_t size = r->size;
    if (r->jpeg) {
        data = r->jpeg;
        size = r->capacity - JxlDecoderReleaseJPEGBuffer(r->decoder);
        const char *fault = pic_decode_jpeg(data, size, r->image);
        if (fault) return fault;
    }
    const bool turned = !r->jpeg && r->orientation != JXL_ORIENT_IDENTITY;
    return pic_orient(r->image, turned ? r->orientation : pic_orientation(data, size))
               ? NULL
               : "out of memory";
}

static const char *decode(reading *r)
{
    if (JxlDecoderSubscribeEvents(r->decoder, EVENTS) != JXL_DEC_SUCCESS ||
        JxlDecoderSetKeepOrientation(r->decoder, JXL_TRUE) != JXL_DEC_SUCCESS ||
        JxlDecoderSetInput(r->decoder, r->data, r->size) != JXL_DEC_SUCCESS) {
        return "out of memory";
    }
    /* The input is not closed, because the library would then print a message about truncated
     * files. */
    while (true) {
        const char *fault;
        switch ((int)JxlDecoderProcessInput(r->decoder)) {
        case JXL_DEC_NEED_IMAGE_OUT_BUFFER: fault = begin_image(r); break;
        case JXL_DEC_JPEG_RECONSTRUCTION: fault = begin_jpeg(r); break;
        case JXL_DEC_JPEG_NEED_MORE_OUTPUT: fault = grow_jpeg(r); break;
        case JXL_DEC_FULL_IMAGE: return finish(r);
        case JXL_DEC_NEED_MORE_INPUT: return "the file is cut short";
        default: fault = damaged;
        }
        if (fault) return fault;
    }
}

const char *pic_decode_jxl(const unsigned char *data, size_t size, vrn_image *image)
{
    reading r = {.data = data, .size = size, .image = image, .decoder = JxlDecoderCreate(NULL)};
    if (!r.decoder) return "out of memory";
    const char *fault = decode(&r);
    JxlDecoderDestroy(r.decoder);
    free(r.jpeg);
    if (fault) {
        free((void *)(uintptr_t)image->pixels);
        *image = (vrn_image){0};
    }
    return fault;
}
