#include "session/images.h"

#include "base/alloc.h"
#include "base/util.h"
#include "gpu/descriptor.h"
#include "gpu/queue.h"
#include "ops/preprocess.h"
#include "ops/transfer.h"

/* Bands begin at multiples of so many rows: offsets stay aligned to 256 bytes. */
enum { BAND_ROWS = 64 };

/* What happens to one image, and where its parts lie in the buffers. */
typedef struct job {
    vrn_resize resize;
    vrn_filter columns, rows;     /* the shown part of the resized image */
    bool resampled[2];            /* whether columns, rows change */
    uint32_t first_column, width; /* of the source that is needed */
    uint32_t first_row, height;
    uint64_t pixels, filters[2], scratch[2]; /* offsets */
    vrn_range current;                       /* the image as the stages so far have left it */
} job;

typedef struct builder {
    vrn_images *images;
    vrn_device *device;
    VkCommandBuffer buffer;
    vrn_pipeline resample[2], normalize;
    const vrn_transform *transform;
    bool letterbox;
    uint32_t height, width; /* of the network's input */
    uint64_t alignment;
    uint64_t pixel_bytes, fetched_bytes, filter_bytes, scratch_bytes; /* sums so far */
    uint32_t sets, sampled;
} builder;

/* The shown part along one side: where it begins in the resized image, and how much there is of
 * it. */
static vrn_filter shown(const builder *b, uint32_t in, uint32_t out, int32_t offset, uint32_t crop)
{
    uint32_t begin = offset > 0 ? (uint32_t)offset : 0;
    return (vrn_filter){
        .in = in,
        .out = out,
        .begin = begin,
        .count = vrn_min_u32(crop, out - begin),
        .interpolation = b->transform->interpolation,
    };
}

/* The source positions that a side needs: the filter's window, or just what is shown. */
static bool needed(const vrn_filter *filter, uint32_t *first, uint32_t *count)
{
    bool resampled = filter->in != filter->out;
    uint32_t end = filter->begin + filter->count;
    *first = filter->begin;
    if (resampled) vrn_filter_window(filter, first, &end);
    *count = end - *first;
    return resampled;
}

static uint64_t reserve(uint64_t *sum, uint64_t bytes, uint64_t alignment)
{
    uint64_t offset = *sum;
    *sum = vrn_round_up(offset + bytes, alignment);
    return offset;
}

static uint64_t filter_bytes(const vrn_filter *filter)
{
    return (uint64_t)filter->count * (vrn_filter_taps(filter) + 2) * sizeof(int32_t);
}

/* Rows of the source that one dispatch can read: all, or a multiple of BAND_ROWS; 0: not even so
 * many. */
static uint32_t band_rows(const builder *b, const job *j)
{
    const uint64_t rows = b->device->probe.limits.maxStorageBufferRange / ((uint64_t)j->width * 4);
    return rows >= j->height ? j->height : (uint32_t)rows / BAND_ROWS * BAND_ROWS;
}

/* Where the network looks. */
static bool frame(const builder *b, vrn_resize *resize, const vrn_picture *photo)
{
    if (b->letterbox) {
        return vrn_letterbox_for(resize, photo->width, photo->height, b->width, b->height);
    }
    return vrn_resize_for(resize, photo->width, photo->height, b->transform, b->width, b->height);
}

static vrn_result plan_job(builder *b, job *j, const vrn_picture *photo)
{
    const vrn_log *log = &b->device->log;
    vrn_result result = vrn_picture_check(photo, log);
    if (result) return result;
    *j = (job){0};
    if (!frame(b, &j->resize, photo)) {
        return vrn_fail(log, VRN_ERROR_UNSUPPORTED,
                        "an image of %u x %u pixels is too thin to be resized to %u", photo->width,
                        photo->height, b->transform->resize);
    }
    j->columns = shown(b, photo->width, j->resize.width, j->resize.left, b->width);
    j->rows = shown(b, photo->height, j->resize.height, j->resize.top, b->height);
    j->resampled[0] = needed(&j->columns, &j->first_column, &j->width);
    j->resampled[1] = needed(&j->rows, &j->first_row, &j->height);

    const uint64_t limit = b->device->probe.limits.maxStorageBufferRange;
    uint64_t source = (uint64_t)j->width * j->height * 4;
    uint64_t between = (uint64_t)j->columns.count * j->height * 4;
    const uint32_t rows = band_rows(b, j);
    bool whole = !j->resampled[0] || !photo->host; /* bound at once: not in bands */
    const bool long_filter = (j->resampled[0] && filter_bytes(&j->columns) > limit) ||
                             (j->resampled[1] && filter_bytes(&j->rows) > limit);
    if (long_filter || between > limit || (whole ? source > limit : rows == 0)) {
        return vrn_fail(log, VRN_ERROR_UNSUPPORTED,
                        "an image of %u x %u pixels is more than %s can bind (%llu MiB)",
                        photo->width, photo->height, b->device->probe.info.name,
                        (unsigned long long)(limit >> 20));
    }
    if (photo->host) {
        j->pixels = reserve(&b->pixel_bytes, source, b->alignment);
    } else {
        j->pixels = reserve(&b->fetched_bytes, source, b->alignment);
        b->sampled += photo->view ? 1 : 0;
        b->sets++;
    }
    if (j->resampled[0]) {
        j->filters[0] = reserve(&b->filter_bytes, filter_bytes(&j->columns), b->alignment);
        j->scratch[0] = reserve(&b->scratch_bytes, between, b->alignment);
        b->sets += vrn_div_up(j->height, rows);
    }
    if (j->resampled[1]) {
        uint64_t bytes = (uint64_t)j->columns.count * j->rows.count * 4;
        j->filters[1] = reserve(&b->filter_bytes, filter_bytes(&j->rows), b->alignment);
        j->scratch[1] = reserve(&b->scratch_bytes, bytes, b->alignment);
        b->sets++;
    }
    b->sets++;
    return VRN_OK;
}

static vrn_result grow_pool(builder *b)
{
    vrn_device *device = b->device;
    vrn_images *images = b->images;
    if (images->pool && images->pool_sets >= b->sets && images->pool_images >= b->sampled) {
        return vrn_device_check(device,
                                device->vk.ResetDescriptorPool(device->handle, images->pool, 0),
                                "vkResetDescriptorPool");
    }
    if (images->pool) device->vk.DestroyDescriptorPool(device->handle, images->pool, NULL);
    images->pool = VK_NULL_HANDLE;
    vrn_result result = vrn_descriptor_pool_create(
        &images->pool, device,
        (vrn_descriptor_counts){
            .sets = b->sets, .storage_buffers = b->sets * 3, .sampled_images = b->sampled});
    images->pool_sets = result ? 0 : b->sets;
    images->pool_images = b->sampled;
    return result;
}

static void copy_pixels(const builder *b, job *j, const vrn_picture *photo)
{
    uint8_t *to = (uint8_t *)b->images->pixels.mapped + j->pixels;
    for (uint32_t row = 0; row < j->height; row++) {
        vrn_picture_copy_row(to + (size_t)row * j->width * 4, photo, j->first_column,
                             j->first_row + row, j->width);
    }
    j->current =
        (vrn_range){b->images->pixels.handle, j->pixels, (uint64_t)j->width * j->height * 4};
}

/* The needed part of a picture on the device, as if the host had copied it. */
static vrn_result record_fetch(const builder *b, job *j, const vrn_picture *photo)
{
    const vrn_range y = {b->images->fetched.handle, j->pixels, (uint64_t)j->width * j->height * 4};
    vrn_binding bindings[] = {
        {.binding = VRN_TRANSFER_X, .image = photo->view, .layout = photo->layout},
        {.binding = VRN_TRANSFER_Y, .range = y},
    };
    vrn_fetch_push push = {
        .left = photo->left + j->first_column,
        .top = photo->top + j->first_row,
        .width = j->width,
        .height = j->height,
    };
    vrn_pipeline_key key;
    vrn_fetch_image_key(photo->linear, &key);
    if (photo->buffer) {
        const uint64_t offset =
            photo->offset + j->first_row * photo->stride + (uint64_t)j->first_column * 4;
        const uint64_t bytes = (j->height - 1) * photo->stride + (uint64_t)j->width * 4;
        uint64_t skipped;
        if (!vrn_transfer_range(&bindings[0].range, &skipped, b->device, photo->buffer, offset,
                                bytes)) {
            return vrn_fail(&b->device->log, VRN_ERROR_UNSUPPORTED,
                            "pixels of %llu MiB are more than %s can bind",
                            (unsigned long long)(bytes >> 20), b->device->probe.info.name);
        }
        vrn_fetch_bytes_key(photo->format == VRN_PIXEL_BGRA, &key);
        push.left = push.top = 0;
        push.stride = (uint32_t)(photo->stride / 4);
        push.first = (uint32_t)(skipped / 4);
    }
    vrn_pipeline pipeline;
    VkDescriptorSet set;
    vrn_result result = vrn_pipeline_get(&pipeline, b->device, &key);
    if (!result) {
        result = vrn_descriptor_set_create(&set, b->device, b->images->pool, &pipeline, bindings,
                                           VRN_COUNT(bindings));
    }
    if (result) return result;
    vrn_preprocess_record("fetch pixels", &pipeline, set, &push, sizeof push,
                          (uint64_t)j->width * j->height, b->buffer, b->device);
    j->current = y;
    return VRN_OK;
}

/* One direction of the resize, from `x` (width x height) to `y`, for `height` output rows. */
static vrn_result record_resample(const builder *b, bool vertical, vrn_range x, uint32_t width,
                                  vrn_range y, uint32_t out_width, uint32_t out_height,
                                  const vrn_filter *filter, uint64_t filter_offset)
{
    const vrn_range table = {b->images->filters.handle, filter_offset, filter_bytes(filter)};
    const vrn_binding bindings[] = {
        {.binding = VRN_PREPROCESS_X, .range = x},
        {.binding = VRN_PREPROCESS_Y, .range = y},
        {.binding = VRN_PREPROCESS_FILTER, .range = table},
    };
    VkDescriptorSet set;
    vrn_result result = vrn_descriptor_set_create(
        &set, b->device, b->images->pool, &b->resample[vertical], bindings, VRN_COUNT(bindings));
    if (result) return result;
    const vrn_resample_push push = {
        .src_width = width,
        .dst_width = out_width,
        .dst_height = out_height,
        .taps = vrn_filter_taps(filter),
    };
    vrn_preprocess_record(vertical ? "resample rows" : "resample columns", &b->resample[vertical],
                          set, &push, sizeof push, (uint64_t)out_width * out_height, b->buffer,
                          b->device);
    return VRN_OK;
}

static int32_t *filter_table(const builder *b, uint64_t offset)
{
    return (int32_t *)(void *)((char *)b->images->filters.mapped + offset);
}

/* Columns: in bands of rows, where the source is more than can be bound. */
static vrn_result record_columns(const builder *b, job *j)
{
    if (!j->resampled[0]) return VRN_OK;
    vrn_filter_fill(&j->columns, filter_table(b, j->filters[0]));
    const uint32_t out_width = j->columns.count, band = band_rows(b, j);
    const vrn_range out = {b->images->scratch.handle, j->scratch[0],
                           (uint64_t)j->height * out_width * 4};
    vrn_result result = VRN_OK;
    for (uint32_t row = 0; row < j->height && !result; row += band) {
        uint64_t rows = vrn_min_u32(band, j->height - row);
        const vrn_range x = {j->current.buffer, j->current.offset + (uint64_t)row * j->width * 4,
                             rows * j->width * 4};
        const vrn_range y = {out.buffer, out.offset + (uint64_t)row * out_width * 4,
                             rows * out_width * 4};
        result = record_resample(b, false, x, j->width, y, out_width, (uint32_t)rows, &j->columns,
                                 j->filters[0]);
    }
    j->current = out;
    return result;
}

static vrn_result record_rows(const builder *b, job *j)
{
    if (!j->resampled[1]) return VRN_OK;
    vrn_filter_fill(&j->rows, filter_table(b, j->filters[1]));
    const uint32_t width = j->columns.count, rows = j->rows.count;
    const vrn_range y = {b->images->scratch.handle, j->scratch[1], (uint64_t)width * rows * 4};
    vrn_result result =
        record_resample(b, true, j->current, width, y, width, rows, &j->rows, j->filters[1]);
    j->current = y;
    return result;
}

static vrn_result record_normalize(const builder *b, const job *j, uint32_t index)
{
    /* An image may begin where no binding may: bind from the last place before it. */
    const uint64_t image_bytes = (uint64_t)b->height * b->width * 16;
    const uint64_t begin = index * image_bytes, aligned = begin / b->alignment * b->alignment;
    const vrn_range y = {b->images->tensor.handle, aligned, begin + image_bytes - aligned};
    const vrn_binding bindings[] = {
        {.binding = VRN_PREPROCESS_X, .range = j->current},
        {.binding = VRN_PREPROCESS_Y, .range = y},
    };
    VkDescriptorSet set;
    vrn_result result = vrn_descriptor_set_create(&set, b->device, b->images->pool, &b->normalize,
                                                  bindings, VRN_COUNT(bindings));
    if (result) return result;
    vrn_normalize_push push = {
        .src_width = j->columns.count,
        .src_height = j->rows.count,
        .dst_width = b->width,
        .dst_height = b->height,
        .left = j->resize.left < 0 ? j->resize.left : 0,
        .top = j->resize.top < 0 ? j->resize.top : 0,
        .first = (uint32_t)((begin - aligned) / 16),
    };
    for (uint32_t i = 0; i < 3; i++) {
        push.mean[i] = b->transform->mean[i];
        push.std[i] = b->transform->std[i] != 0 ? b->transform->std[i] : 1;
    }
    vrn_preprocess_record("normalize", &b->normalize, set, &push, sizeof push,
                          (uint64_t)b->height * b->width, b->buffer, b->device);
    return VRN_OK;
}

/* All images pass each stage before the next begins: a barrier for each, however many there are.
 * The first is there because the tensor may still be read by an earlier submission. */
static vrn_result record_stages(const builder *b, job *jobs, const vrn_picture *pictures,
                                uint32_t count)
{
    vrn_result result = VRN_OK;
    vrn_commands_barrier(b->buffer, b->device, false);
    for (uint32_t i = 0; i < count && !result; i++) {
        if (!pictures[i].host) result = record_fetch(b, &jobs[i], &pictures[i]);
    }
    if (b->fetched_bytes) vrn_commands_barrier(b->buffer, b->device, false);
    for (uint32_t i = 0; i < count && !result; i++) result = record_columns(b, &jobs[i]);
    vrn_commands_barrier(b->buffer, b->device, false);
    for (uint32_t i = 0; i < count && !result; i++) result = record_rows(b, &jobs[i]);
    vrn_commands_barrier(b->buffer, b->device, false);
    for (uint32_t i = 0; i < count && !result; i++) result = record_normalize(b, &jobs[i], i);
    return result;
}

static vrn_result get_pipelines(builder *b)
{
    vrn_pipeline_key key;
    vrn_result result = VRN_OK;
    for (int vertical = 0; vertical < 2 && !result; vertical++) {
        vrn_resample_key(vertical, &key);
        result = vrn_pipeline_get(&b->resample[vertical], b->device, &key);
    }
    vrn_normalize_key(&key);
    return result ? result : vrn_pipeline_get(&b->normalize, b->device, &key);
}

vrn_result vrn_images_reserve(vrn_images *images, vrn_device *device, uint32_t batch,
                              uint32_t height, uint32_t width)
{
    if (images->tensor.handle) return VRN_OK;
    return vrn_buffer_create(&images->tensor, device, VRN_BUFFER_DEVICE,
                             (uint64_t)batch * height * width * 16, "image tensor");
}

static vrn_result grow_buffers(builder *b, uint32_t batch)
{
    vrn_images *images = b->images;
    vrn_result result = vrn_buffer_reserve(&images->pixels, b->device, VRN_BUFFER_UPLOAD,
                                           b->pixel_bytes, "image pixels");
    if (!result) {
        result = vrn_buffer_reserve(&images->fetched, b->device, VRN_BUFFER_DEVICE,
                                    b->fetched_bytes, "fetched pixels");
    }
    if (!result) {
        result = vrn_buffer_reserve(&images->filters, b->device, VRN_BUFFER_UPLOAD, b->filter_bytes,
                                    "image filters");
    }
    if (!result) {
        result = vrn_buffer_reserve(&images->scratch, b->device, VRN_BUFFER_DEVICE,
                                    b->scratch_bytes, "image scratch");
    }
    if (!result) {
        result = vrn_images_reserve(images, b->device, batch, b->height, b->width);
    }
    return result;
}

vrn_result vrn_images_record(vrn_images *images, vrn_device *device, const vrn_picture *pictures,
                             uint32_t count, uint32_t batch, const vrn_framing *framing,
                             VkCommandBuffer buffer)
{
    builder b = {
        .images = images,
        .device = device,
        .buffer = buffer,
        .transform = framing->transform,
        .letterbox = framing->letterbox,
        .height = framing->height,
        .width = framing->width,
        .alignment = vrn_max_u64(vrn_buffer_alignment(device), 256),
    };
    job *jobs = vrn_alloc(count, sizeof *jobs);
    vrn_result result = jobs ? VRN_OK : vrn_fail_memory(&device->log);
    for (uint32_t i = 0; i < count && !result; i++) result = plan_job(&b, &jobs[i], &pictures[i]);
    if (!result) result = get_pipelines(&b);
    if (!result) result = grow_buffers(&b, batch);
    if (!result) result = grow_pool(&b);
    if (result) goto done;
    for (uint32_t i = 0; i < count; i++) {
        if (pictures[i].host) copy_pixels(&b, &jobs[i], &pictures[i]);
    }
    result = record_stages(&b, jobs, pictures, count);
done:
    vrn_free(jobs);
    return result;
}

uint64_t vrn_images_bytes(const vrn_images *images)
{
    return images->pixels.size + images->fetched.size + images->filters.size +
           images->scratch.size + images->tensor.size;
}

void vrn_images_destroy(vrn_images *images, vrn_device *device)
{
    vrn_buffer_destroy(&images->pixels, device);
    vrn_buffer_destroy(&images->fetched, device);
    vrn_buffer_destroy(&images->filters, device);
    vrn_buffer_destroy(&images->scratch, device);
    vrn_buffer_destroy(&images->tensor, device);
    if (images->pool) device->vk.DestroyDescriptorPool(device->handle, images->pool, NULL);
    *images = (vrn_images){0};
}
