/* libwebp, used as in Pillow: decodes the first frame on a canvas of transparent black. */
#include "pictures/decode.h"

#include <stdlib.h>

#include <webp/decode.h>
#include <webp/demux.h>

static const char *decode_frame(const WebPIterator *frame, uint8_t *canvas, uint32_t width,
                                uint32_t height)
{
    WebPDecoderConfig config;
    if (!WebPInitDecoderConfig(&config))
        return "the installed libwebp does not fit this build of vkresnet";
    if (WebPGetFeatures(frame->fragment.bytes, frame->fragment.size, &config.input) !=
        VP8_STATUS_OK) {
        return "its data is damaged";
    }
    const uint64_t left = (uint64_t)frame->x_offset, top = (uint64_t)frame->y_offset;
    if (frame->x_offset < 0 || frame->y_offset < 0 || config.input.width < 1 ||
        config.input.height < 1 || left + (uint64_t)config.input.width > width ||
        top + (uint64_t)config.input.height > height) {
        return "its first frame lies outside of the image";
    }
    const size_t first = ((size_t)top * width + (size_t)left) * 4;
    config.output.colorspace = MODE_RGBA;
    config.output.is_external_memory = 1;
    config.output.u.RGBA.rgba = canvas + first;
    config.output.u.RGBA.stride = (int)(width * 4);
    config.output.u.RGBA.size = (size_t)width * height * 4 - first;
    const VP8StatusCode status = WebPDecode(frame->fragment.bytes, frame->fragment.size, &config);
    WebPFreeDecBuffer(&config.output);
    if (status == VP8_STATUS_OK) return NULL;
    return status == VP8_STATUS_OUT_OF_MEMORY ? "out of memory" : "its data is damaged";
}

const char *pic_decode_webp(const unsigned char *data, size_t size, vrn_image *image)
{
    const WebPData file = {data, size};
    WebPDemuxer *demuxer = WebPDemux(&file);
    if (!demuxer) return "its data is damaged, or the file is cut short";
    const uint32_t width = WebPDemuxGetI(demuxer, WEBP_FF_CANVAS_WIDTH);
    const uint32_t height = WebPDemuxGetI(demuxer, WEBP_FF_CANVAS_HEIGHT);
    const char *fault = pic_admit(width, height, size);
    uint8_t *pixels = fault ? NULL : calloc((size_t)width * height, 4);
    if (!fault && !pixels) fault = "out of memory";
    WebPIterator frame = {0};
    if (!fault && !WebPDemuxGetFrame(demuxer, 1, &frame)) fault = "it has no frame";
    if (!fault) fault = decode_frame(&frame, pixels, width, height);
    WebPDemuxReleaseIterator(&frame);
    WebPDemuxDelete(demuxer);
    if (fault) {
        free(pixels);
    } else {
        *image = (vrn_image){.pixels = pixels, .width = width, .height = height};
    }
    return fault;
}
