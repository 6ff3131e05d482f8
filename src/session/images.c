#include "session/images.h"

#include "base/alloc.h"
#include "base/transform.h"
#include "base/util.h"
#include "gpu/queue.h"
#include "ops/preprocess.h"
#include "ops/transfer.h"
#include "session/ycbcr.h"

/* Bands begin at multiples of this many rows, which keeps offsets aligned to 256 bytes. */
enum { BAND_ROWS = 64 };

/* The directions of a resize, in order. */
enum { COLUMNS, ROWS };

/* How an image changes along one side. */
typedef struct side {
    vrn_filter filter;       /* the shown part of the resized image */
    bool resampled;          /* the length changes */
    uint32_t first, count;   /* the part of the source that is needed */
    uint64_t table, scratch; /* offsets of the filter's table and of the result */
} side;

typedef struct job {
    vrn_resize resize;
    side sides[2];
    uint64_t pixels;   /* offset of the needed pixels */
    vrn_range current; /* the image after the stages so far */
} job;

typedef struct builder {
    vrn_images *images;
    vrn_transfer_target target; /* its pool is set once the size is known */
    const vrn_framing *framing;
    uint64_t alignment;
    uint64_t bytes[VRN_IMAGES_BUFFERS]; /* sums so far */
    vrn_descriptor_counts counts;
} builder;

static side plan_side(const builder *b, uint32_t in, uint32_t out, int32_t offset, uint32_t crop)
{
    const uint32_t begin = offset > 0 ? (uint32_t)offset : 0;
    side s = {
        .filter = {.in = in,
                   .out = out,
                   .begin = begin,
                   .count = vrn_min_u32(crop, out - begin),
                   .interpolation = b->framing->transform->interpolation},
        .resampled = in != out,
        .first = begin,
    };
    uint32_t end = begin + s.filter.count;
    if (s.resampled) vrn_filter_window(&s.filter, &s.first, &end);
    s.count = end - s.first;
    return s;
}

static uint64_t reserve(builder *b, uint32_t buffer, uint64_t bytes)
{
    const uint64_t offset = b->bytes[buffer];
    b->bytes[buffer] = vrn_round_up(offset + bytes, b->alignment);
    return offset;
}

static uint64_t filter_bytes(const side *s)
{
    return (uint64_t)s->filter.count * (vrn_filter_taps(&s->filter) + 2) * sizeof(int32_t);
}

/* The range of `pixels` pixels at an offset of a buffer. */
static vrn_range pixel_range(const builder *b, uint32_t buffer, uint64_t offset, uint64_t pixels)
{
    return (vrn_range){b->images->buffers[buffer].handle, offset, pixels * 4};
}

/* The largest range that a binding can hold. */
static uint64_t limit_of(const builder *b)
{
    return b->target.device->probe.limits.maxStorageBufferRange;
}

/* The number of source rows that one dispatch can read: all, or a multiple of BAND_ROWS; 0: fewer
 * than that. */
static uint32_t band_rows(const builder *b, const job *j)
{
    const uint64_t rows = limit_of(b) / ((uint64_t)j->sides[COLUMNS].count * 4);
    if (rows >= j->sides[ROWS].count) return j->sides[ROWS].count;
    return (uint32_t)rows / BAND_ROWS * BAND_ROWS;
}

/* Whether a picture is in a storage image. */
static bool is_stored(const vrn_picture *photo)
{
    return photo->view && photo->reading.kernel != VRN_TRANSFER_FETCH_IMAGE;
}

static vrn_result plan_job(builder *b, job *j, const vrn_picture *photo)
{
    const vrn_log *log = &b->target.device->log;
    const vrn_framing *f = b->framing;
    vrn_result result = vrn_picture_check(photo, log);
    if (result) return result;
    *j = (job){0};
    if (!vrn_resize_for(&j->resize, photo->width, photo->height, f->transform, f->width,
                        f->height)) {
        return vrn_fail(log, VRN_ERROR_UNSUPPORTED,
                        "an image of %u x %u pixels is too thin to be resized to %u", photo->width,
                        photo->height, f->transform->resize);
    }
    side *columns = &j->sides[COLUMNS], *rows = &j->sides[ROWS];
    *columns = plan_side(b, photo->width, j->resize.width, j->resize.left, f->width);
    *rows = plan_side(b, photo->height, j->resize.height, j->resize.top, f->height);

    const uint64_t limit = limit_of(b), source = (uint64_t)columns->count * rows->count * 4;
    const uint64_t made[2] = {(uint64_t)columns->filter.count * rows->count * 4,
                              (uint64_t)columns->filter.count * rows->filter.count * 4};
    const uint32_t band = band_rows(b, j);
    const bool whole = !columns->resampled || !photo->host; /* bound at once, not in bands */
    bool fits = made[COLUMNS] <= limit && (whole ? source <= limit : band > 0);
    for (int i = 0; i < 2; i++) {
        fits = fits && (!j->sides[i].resampled || filter_bytes(&j->sides[i]) <= limit);
    }
    if (!fits) {
        return vrn_fail(
            log, VRN_ERROR_UNSUPPORTED,
            "an image of %u x %u pixels is too large for one buffer binding, which holds at most "
            "%llu MiB on %s",
            photo->width, photo->height, (unsigned long long)(limit >> 20),
            b->target.device->probe.info.name);
    }
    j->pixels = reserve(b, photo->host ? VRN_IMAGES_PIXELS : VRN_IMAGES_FETCHED, source);
    if (is_stored(photo)) {
        b->counts.storage_images++;
    } else {
        b->counts.sampled_images += photo->chroma ? 2 : photo->view ? 1 : 0;
    }
    for (int i = 0; i < 2; i++) {
        if (!j->sides[i].resampled) continue;
        j->sides[i].table = reserve(b, VRN_IMAGES_FILTERS, filter_bytes(&j->sides[i]));
        j->sides[i].scratch = reserve(b, VRN_IMAGES_SCRATCH, made[i]);
        b->counts.sets += i == COLUMNS ? vrn_div_up(rows->count, band) : 1;
    }
    b->counts.sets += photo->host ? 1 : 2; /* fetching and normalising */
    return VRN_OK;
}

static void copy_pixels(const builder *b, job *j, const vrn_picture *photo)
{
    const side *columns = &j->sides[COLUMNS], *rows = &j->sides[ROWS];
    uint8_t *to = (uint8_t *)b->images->buffers[VRN_IMAGES_PIXELS].mapped + j->pixels;
    for (uint32_t row = 0; row < rows->count; row++) {
        vrn_picture_copy_row(to + (size_t)row * columns->count * 4, photo, columns->first,
                             rows->first + row, columns->count);
    }
    j->current =
        pixel_range(b, VRN_IMAGES_PIXELS, j->pixels, (uint64_t)columns->count * rows->count);
}

/* Records the copy of the needed part of a picture on the device, with the same result as a copy by
 * the host. */
static vrn_result record_fetch(const builder *b, job *j, const vrn_picture *photo)
{
    const side *columns = &j->sides[COLUMNS], *rows = &j->sides[ROWS];
    const vrn_device *device = b->target.device;
    const uint64_t pixels = (uint64_t)columns->count * rows->count;
    j->current = pixel_range(b, VRN_IMAGES_FETCHED, j->pixels, pixels);
    vrn_binding bindings[] = {
        {.image = photo->view, .layout = photo->layout, .storage = is_stored(photo)},
        {.range = j->current},
        {.image = photo->chroma, .layout = photo->layout}};
    struct vrn_fetch_push push = {.width = columns->count, .height = rows->count};
    if (!photo->buffer) {
        if (photo->chroma) vrn_ycbcr_fill(&push, &photo->ycbcr);
        push.left = photo->left + columns->first;
        push.top = photo->top + rows->first;
        push.exposure = photo->exposure;
        return vrn_transfer_record(
            &b->target, photo->chroma ? VRN_TRANSFER_FETCH_PLANES : photo->reading.kernel,
            photo->reading.numbers, bindings, &push, pixels);
    }
    const uint64_t offset =
        photo->offset + rows->first * photo->stride + (uint64_t)columns->first * 4;
    const uint64_t bytes = (rows->count - 1) * photo->stride + (uint64_t)columns->count * 4;
    uint64_t skipped;
    bindings[0].range = vrn_transfer_range(device, photo->buffer, offset, bytes, &skipped);
    if (bindings[0].range.bytes > limit_of(b)) {
        return vrn_fail(&device->log, VRN_ERROR_UNSUPPORTED,
                        "pixels of %llu MiB are too large for one buffer binding of %s",
                        (unsigned long long)(bytes >> 20), device->probe.info.name);
    }
    push.stride = (uint32_t)(photo->stride / 4);
    push.first = (uint32_t)(skipped / 4);
    return vrn_transfer_record(&b->target, VRN_TRANSFER_FETCH, photo->format == VRN_PIXEL_BGRA,
                               bindings, &push, pixels);
}

/* Records one direction of the resize. Columns are resized in bands of rows if the source is larger
 * than a binding. */
static vrn_result record_resample(const builder *b, job *j, int direction)
{
    const side *s = &j->sides[direction];
    if (!s->resampled) return VRN_OK;
    const bool vertical = direction == ROWS;
    const uint32_t out_width = j->sides[COLUMNS].filter.count;
    const uint32_t width = vertical ? out_width : s->count;
    const uint32_t height = vertical ? s->filter.count : j->sides[ROWS].count;
    const uint32_t band = vertical ? height : band_rows(b, j);
    const vrn_buffer *filters = &b->images->buffers[VRN_IMAGES_FILTERS];
    vrn_filter_fill(&s->filter, (int32_t *)(void *)((char *)filters->mapped + s->table));
    const vrn_range table = {filters->handle, s->table, filter_bytes(s)};
    vrn_result result = VRN_OK;
    for (uint32_t row = 0; row < height && !result; row += band) {
        const uint32_t rows = vrn_min_u32(band, height - row);
        const vrn_range part = {j->current.buffer, j->current.offset + (uint64_t)row * width * 4,
                                (uint64_t)rows * width * 4};
        vrn_binding bindings[] = {
            {.range = vertical ? j->current : part},
            {.range = pixel_range(b, VRN_IMAGES_SCRATCH, s->scratch + (uint64_t)row * out_width * 4,
                                  (uint64_t)rows * out_width)},
            {.range = table},
        };
        const struct vrn_resample_push push = {
            .src_width = width,
            .dst_width = out_width,
            .dst_height = rows,
            .taps = vrn_filter_taps(&s->filter),
        };
        result =
            vrn_transfer_record(&b->target, vertical ? VRN_TRANSFER_ROWS : VRN_TRANSFER_COLUMNS,
                                vertical, bindings, &push, (uint64_t)out_width * rows);
    }
    j->current = pixel_range(b, VRN_IMAGES_SCRATCH, s->scratch, (uint64_t)height * out_width);
    return result;
}

static vrn_result record_normalize(const builder *b, const job *j, uint32_t index)
{
    const vrn_framing *f = b->framing;
    const uint64_t image_bytes = (uint64_t)f->height * f->width * 16;
    uint64_t skipped;
    vrn_binding bindings[] = {
        {.range = j->current},
        {.range = vrn_transfer_range(b->target.device, b->images->tensor.handle,
                                     index * image_bytes, image_bytes, &skipped)},
    };
    struct vrn_normalize_push push = {
        .src_width = j->sides[COLUMNS].filter.count,
        .src_height = j->sides[ROWS].filter.count,
        .dst_width = f->width,
        .dst_height = f->height,
        .left = j->resize.left < 0 ? j->resize.left : 0,
        .top = j->resize.top < 0 ? j->resize.top : 0,
        .first = (uint32_t)(skipped / 16),
        .grey = f->grey,
    };
    const uint8_t *fill = f->transform->fill;
    push.fill = (uint32_t)fill[0] | (uint32_t)fill[1] << 8 | (uint32_t)fill[2] << 16;
    push.bgr = f->transform->channels == VRN_CHANNELS_BGR;
    push.scale = vrn_transform_scale(f->transform);
    for (uint32_t i = 0; i < 3; i++) {
        push.mean[i] = f->transform->mean[i];
        push.std[i] = f->transform->std[i] != 0 ? f->transform->std[i] : 1;
    }
    return vrn_transfer_record(&b->target, VRN_TRANSFER_NORMALIZE, 0, bindings, &push,
                               (uint64_t)f->height * f->width);
}

/* Records each stage for all images before the next stage, which needs one barrier per stage. The
 * first barrier is needed because an earlier submission may still read the tensor. */
static vrn_result record_stages(const builder *b, job *jobs, const vrn_picture *pictures,
                                uint32_t count)
{
    vrn_result result = VRN_OK;
    vrn_commands_barrier(b->target.buffer, b->target.device, false);
    for (uint32_t i = 0; i < count && !result; i++) {
        if (pictures[i].host) {
            copy_pixels(b, &jobs[i], &pictures[i]);
        } else {
            result = record_fetch(b, &jobs[i], &pictures[i]);
        }
    }
    if (b->bytes[VRN_IMAGES_FETCHED]) {
        vrn_commands_barrier(b->target.buffer, b->target.device, false);
    }
    for (int direction = COLUMNS; direction <= ROWS; direction++) {
        for (uint32_t i = 0; i < count && !result; i++) {
            result = record_resample(b, &jobs[i], direction);
        }
        vrn_commands_barrier(b->target.buffer, b->target.device, false);
    }
    for (uint32_t i = 0; i < count && !result; i++) result = record_normalize(b, &jobs[i], i);
    return result;
}

vrn_result vrn_images_reserve(vrn_images *images, vrn_device *device, const vrn_framing *f)
{
    if (images->tensor.handle) return VRN_OK;
    return vrn_buffer_create(&images->tensor, device, VRN_BUFFER_DEVICE,
                             (uint64_t)f->batch * f->height * f->width * 16, "image tensor");
}

static vrn_result grow_buffers(builder *b)
{
    static const struct {
        vrn_buffer_use use;
        const char *name;
    } kinds[VRN_IMAGES_BUFFERS] = {
        [VRN_IMAGES_PIXELS] = {VRN_BUFFER_UPLOAD, "image pixels"},
        [VRN_IMAGES_FETCHED] = {VRN_BUFFER_DEVICE, "fetched pixels"},
        [VRN_IMAGES_FILTERS] = {VRN_BUFFER_UPLOAD, "image filters"},
        [VRN_IMAGES_SCRATCH] = {VRN_BUFFER_DEVICE, "image scratch"},
    };
    vrn_images *images = b->images;
    vrn_device *device = b->target.device;
    vrn_result result = VRN_OK;
    for (uint32_t i = 0; i < VRN_IMAGES_BUFFERS && !result; i++) {
        result = vrn_buffer_reserve(&images->buffers[i], device, kinds[i].use, b->bytes[i],
                                    kinds[i].name);
    }
    if (!result) result = vrn_images_reserve(images, device, b->framing);
    b->counts.storage_buffers = b->counts.sets * 3;
    if (!result) result = vrn_descriptor_pool_reserve(&images->pool, device, b->counts);
    b->target.pool = images->pool.handle;
    return result;
}

vrn_result vrn_images_record(vrn_images *images, vrn_device *device, const vrn_picture *pictures,
                             uint32_t count, const vrn_framing *framing, VkCommandBuffer buffer)
{
    builder b = {
        .images = images,
        .target = {.device = device, .buffer = buffer},
        .framing = framing,
        .alignment = vrn_max_u64(vrn_buffer_alignment(device), 256),
    };
    job *jobs = vrn_alloc(count, sizeof *jobs);
    vrn_result result = jobs ? VRN_OK : vrn_fail_memory(&device->log);
    for (uint32_t i = 0; i < count && !result; i++) result = plan_job(&b, &jobs[i], &pictures[i]);
    if (!result) result = grow_buffers(&b);
    if (!result) result = record_stages(&b, jobs, pictures, count);
    vrn_free(jobs);
    return result;
}

uint64_t vrn_images_bytes(const vrn_images *images)
{
    uint64_t bytes = images->tensor.size;
    for (uint32_t i = 0; i < VRN_IMAGES_BUFFERS; i++) bytes += images->buffers[i].size;
    return bytes;
}

void vrn_images_destroy(vrn_images *images, vrn_device *device)
{
    for (uint32_t i = 0; i < VRN_IMAGES_BUFFERS; i++) {
        vrn_buffer_destroy(&images->buffers[i], device);
    }
    vrn_buffer_destroy(&images->tensor, device);
    vrn_descriptor_pool_destroy(&images->pool, device);
    *images = (vrn_images){0};
}
