#include "pictures/decode.h"

#include <setjmp.h>
#include <stdint.h>
#include <stdio.h> /* jpeglib.h needs it */
#include <stdlib.h>
#include <string.h>

#include <jpeglib.h>

#include <jerror.h>

#include "base/util.h"

/* The most scans of a progressive image. Each scan takes time for all pixels, so a small file could
 * take hours. Real files have about ten. */
enum { SCANS_MAX = 500, SCANS_ALWAYS = 20 };
static const uint64_t scanned_pixels_max = UINT64_C(1) << 32;

typedef struct reader {
    struct jpeg_decompress_struct info;
    struct jpeg_error_mgr errors;
    struct jpeg_progress_mgr progress;
    jmp_buf failed;
    uint64_t scans_max;
    uint8_t *row;    /* of 1, 3 or 4 channels */
    uint8_t *pixels; /* RGBA */
} reader;

static _Thread_local char message[JMSG_LENGTH_MAX];

static _Noreturn void fail(j_common_ptr common, const char *text)
{
    reader *r = common->client_data;
    snprintf(message, sizeof message, "%s", text);
    longjmp(r->failed, 1);
}

static _Noreturn void on_error(j_common_ptr common)
{
    char text[JMSG_LENGTH_MAX];
    common->err->format_message(common, text);
    fail(common, text);
}

/* Of the library's warnings, a premature end of data is an error here, as in Pillow. */
static void on_warning(j_common_ptr common, int level)
{
    if (level < 0 && common->err->msg_code == JWRN_JPEG_EOF) fail(common, "the file is cut short");
}

static void on_message(j_common_ptr common)
{
    (void)common;
}

static void on_progress(j_common_ptr common)
{
    reader *r = common->client_data;
    if (r->info.input_scan_number >= 0 && (uint64_t)r->info.input_scan_number > r->scans_max) {
        fail(common, "it has too many scans");
    }
}

/* Inks are stored as 255 minus the amount, as Adobe's programs do and Pillow assumes. */
static void expand_row(uint8_t *rgba, const uint8_t *row, uint32_t width, int channels)
{
    for (uint32_t x = 0; x < width; x++, rgba += 4, row += channels) {
        for (int c = 0; c < 3; c++) {
            rgba[c] =
                channels == 4 ? pic_ink_to_rgb(255u - row[c], row[3]) : row[channels == 3 ? c : 0];
        }
        rgba[3] = 255;
    }
}

/* A separate function, so that no local variable changes after setjmp. */
static bool read_image(reader *r, const unsigned char *data, size_t size)
{
    struct jpeg_decompress_struct *info = &r->info;
    if (setjmp(r->failed)) return false;
    jpeg_create_decompress(info);
    info->client_data = r;
    info->progress = &r->progress;
    jpeg_mem_src(info, data, (unsigned long)size);
    jpeg_read_header(info, TRUE);
    const char *fault = pic_admit(info->image_width, info->image_height, size);
    if (fault) fail((j_common_ptr)info, fault);

    const uint64_t pixels = (uint64_t)info->image_width * info->image_height;
    r->scans_max = vrn_max_u64(vrn_min_u64(scanned_pixels_max / pixels, SCANS_MAX), SCANS_ALWAYS);
    info->out_color_space = info->num_components == 1   ? JCS_GRAYSCALE
                            : info->num_components == 3 ? JCS_RGB
                                                        : JCS_CMYK;
    jpeg_start_decompress(info);
    r->row = malloc((size_t)info->output_width * (size_t)info->output_components);
    r->pixels = malloc((size_t)pixels * 4);
    if (!r->row || !r->pixels) fail((j_common_ptr)info, "out of memory");
    while (info->output_scanline < info->output_height) {
        uint8_t *to = r->pixels + (size_t)info->output_scanline * info->output_width * 4;
        JSAMPROW rows[1] = {r->row};
        jpeg_read_scanlines(info, rows, 1);
        expand_row(to, r->row, info->output_width, info->output_components);
    }
    jpeg_finish_decompress(info);
    return true;
}

const char *pic_decode_jpeg(const unsigned char *data, size_t size, vrn_image *image)
{
    reader *r = calloc(1, sizeof *r);
    if (!r) return "out of memory";
    r->info.err = jpeg_std_error(&r->errors);
    r->info.client_data = r;
    r->errors.error_exit = on_error;
    r->errors.emit_message = on_warning;
    r->errors.output_message = on_message;
    r->progress.progress_monitor = on_progress;
    r->scans_max = SCANS_ALWAYS;
    const bool good = read_image(r, data, size);
    if (good) {
        *image = (vrn_image){
            .pixels = r->pixels, .width = r->info.image_width, .height = r->info.image_height};
    } else {
        free(r->pixels);
    }
    jpeg_destroy_decompress(&r->info);
    free(r->row);
    free(r);
    return good ? NULL : message;
}
