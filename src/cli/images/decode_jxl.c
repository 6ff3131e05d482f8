/* libjxl: the first frame, laid over its canvas and turned as the image says, by the library. Where
 * it says that it is upright, EXIF's orientation counts, as with Pillow's plug-in; transcoded JPEGs
 * have both, for the same turn. */
#include "cli/images/decode.h"

#include <stdlib.h>

#include <jxl/decode.h>

/* Each is a plane of floats while the image is decoded. */
enum { EXTRA_CHANNELS_MAX = 4 };

static const char *begin_image(JxlDecoder *decoder, size_t size, vrn_image *image, bool *turned)
{
    static const JxlPixelFormat format = {4, JXL_TYPE_UINT8, JXL_NATIVE_ENDIAN, 0};
    JxlBasicInfo info;
    if (JxlDecoderGetBasicInfo(decoder, &info) != JXL_DEC_SUCCESS) return "its data is damaged";
    *turned = info.orientation != JXL_ORIENT_IDENTITY;
    if (info.num_extra_channels > EXTRA_CHANNELS_MAX) return "it has too many channels";
    const char *fault = cli_decode_admit(info.xsize, info.ysize, size);
    if (fault) return fault;
    size_t bytes = 0;
    const size_t expected = (size_t)info.xsize * info.ysize * 4;
    if (JxlDecoderImageOutBufferSize(decoder, &format, &bytes) != JXL_DEC_SUCCESS ||
        bytes != expected) {
        return "its data is damaged";
    }
    uint8_t *pixels = malloc(bytes);
    *image = (vrn_image){.pixels = pixels, .width = info.xsize, .height = info.ysize};
    if (!pixels) return "out of memory";
    return JxlDecoderSetImageOutBuffer(decoder, &format, pixels, bytes) == JXL_DEC_SUCCESS
               ? NULL
               : "its data is damaged";
}

static const char *decode(JxlDecoder *decoder, const unsigned char *data, size_t size,
                          vrn_image *image)
{
    if (JxlDecoderSubscribeEvents(decoder, JXL_DEC_FULL_IMAGE) != JXL_DEC_SUCCESS ||
        JxlDecoderSetInput(decoder, data, size) != JXL_DEC_SUCCESS) {
        return "out of memory";
    }
    /* The input is not closed: the library would print a line of its own about files that are cut
     * short. */
    bool turned = false;
    while (true) {
        const char *fault = NULL;
        switch ((int)JxlDecoderProcessInput(decoder)) {
        case JXL_DEC_NEED_IMAGE_OUT_BUFFER:
            fault = begin_image(decoder, size, image, &turned);
            break;
        case JXL_DEC_FULL_IMAGE:
            return turned || cli_orient(image, cli_orientation(data, size)) ? NULL
                                                                            : "out of memory";
        case JXL_DEC_NEED_MORE_INPUT: return "the file is cut short";
        default: fault = "its data is damaged, or the file is cut short";
        }
        if (fault) return fault;
    }
}

const char *cli_decode_jxl(const unsigned char *data, size_t size, vrn_image *image)
{
    JxlDecoder *decoder = JxlDecoderCreate(NULL);
    if (!decoder) return "out of memory";
    const char *fault = decode(decoder, data, size, image);
    JxlDecoderDestroy(decoder);
    if (fault) {
        free((void *)(uintptr_t)image->pixels);
        *image = (vrn_image){0};
    }
    return fault;
}
