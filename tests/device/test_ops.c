/* Every kernel of every operator's table that the device supports, on every case that it fits, against
 * the reference: outputs are poisoned before, and sentinels around them must survive. */
#include "fixture.h"
#include "op_cases.h"

#include <math.h>

#include "base/util.h"
#include "gpu/memory.h"
#include "gpu/queue.h"
#include "ops/reference.h"

static vrn_device *device;
static fixture_log messages;

enum { GUARD_FLOATS = 256 }; /* around the output; also a multiple of any alignment */
static const float poison = -12345.678f;

/* Everything of one run, on the host and dense. */
typedef struct op_data {
    vrn_op_desc desc;
    uint32_t images;
    float *x, *residual, *expected;
    float *params[VRN_PARAM_COUNT], *norm[VRN_PARAM_COUNT];
    vrn_params view;
} op_data;

static size_t dense_floats(vrn_shape s)
{
    return (size_t)s.h * s.w * s.c;
}

static float *random_floats(size_t count, float low, float high, uint64_t *state)
{
    float *values = malloc((count ? count : 1) * sizeof *values);
    assert_non_null(values);
    for (size_t i = 0; i < count; i++) {
        values[i] = low + (high - low) * 0.5f * (fixture_random(state) + 1);
    }
    return values;
}

static void make_data(op_data *data, const op_case *c)
{
    uint64_t state = 42;
    *data = (op_data){.desc = complete_desc(c), .images = c->images};
    const vrn_op_desc *d = &data->desc;
    data->x = random_floats(dense_floats(d->in) * c->images, -1, 1, &state);
    vrn_shape residual = d->op == VRN_OP_ADD ? d->in : d->epilogue.residual_shape;
    if (dense_floats(residual)) {
        data->residual = random_floats(dense_floats(residual) * c->images, -1, 1, &state);
    }
    if (d->op == VRN_OP_CONV || d->op == VRN_OP_LINEAR) {
        size_t each = d->op == VRN_OP_LINEAR
                          ? d->in.c
                          : (size_t)d->in.c / d->groups * d->kernel.y * d->kernel.x;
        data->params[VRN_PARAM_WEIGHT] = random_floats(each * d->out.c, -1, 1, &state);
        if (c->bias) data->params[VRN_PARAM_BIAS] = random_floats(d->out.c, -1, 1, &state);
    }
    float **norm = c->fold ? data->norm : data->params;
    if (c->fold || d->op == VRN_OP_BATCH_NORM || d->op == VRN_OP_GROUP_NORM) {
        norm[VRN_PARAM_WEIGHT] = random_floats(d->out.c, 0.5f, 1.5f, &state);
        norm[VRN_PARAM_BIAS] = random_floats(d->out.c, -1, 1, &state);
        norm[VRN_PARAM_MEAN] = random_floats(d->out.c, -1, 1, &state);
        norm[VRN_PARAM_VAR] = random_floats(d->out.c, 0.5f, 1.5f, &state);
    }
    for (uint32_t i = 0; i < VRN_PARAM_COUNT; i++) {
        data->view.own[i] = data->params[i];
        data->view.norm[i] = data->norm[i];
    }
    data->view.norm_eps = 1e-5f;
    data->expected = random_floats(dense_floats(d->out) * c->images, 0, 0, &state);
    vrn_reference_run(d, c->images, data->x, data->residual, &data->view, data->expected);
}

static void free_data(op_data *data)
{
    free(data->x);
    free(data->residual);
    free(data->expected);
    for (uint32_t i = 0; i < VRN_PARAM_COUNT; i++) {
        free(data->params[i]);
        free(data->norm[i]);
    }
}

/* Dense [.., C] to [.., C padded] with zeros. */
static void pad(float *to, const float *from, vrn_shape shape, uint32_t images)
{
    uint32_t padded = vrn_c4(shape.c) * 4;
    for (size_t i = 0; i < (size_t)images * shape.h * shape.w; i++) {
        for (uint32_t c = 0; c < padded; c++) {
            to[i * padded + c] = c < shape.c ? from[i * shape.c + c] : 0;
        }
    }
}

/* The device's side: one mapped buffer a binding. The tests stand on direct mapping, or on staging
 * through an upload and a readback buffer; here plain host-visible buffers serve as both. */
typedef struct op_buffers {
    vrn_buffer buffers[VRN_BIND_COUNT];
    VkBufferView views[VRN_BIND_COUNT];
    uint64_t offsets[VRN_BIND_COUNT], bytes[VRN_BIND_COUNT];
} op_buffers;

static void fill_buffers(op_buffers *b, const op_data *data, const vrn_kernel *kernel)
{
    const vrn_op_desc *d = &data->desc;
    const vrn_operator *op = vrn_operator_of(d->op);
    vrn_shape residual = d->op == VRN_OP_ADD ? d->in : d->epilogue.residual_shape;
    b->bytes[VRN_BIND_X] = vrn_shape_bytes(d->in) * data->images;
    b->bytes[VRN_BIND_Y] = vrn_shape_bytes(d->out) * data->images;
    b->bytes[VRN_BIND_R] = dense_floats(residual) ? vrn_shape_bytes(residual) * data->images : 16;
    b->offsets[VRN_BIND_Y] = GUARD_FLOATS * sizeof(float);
    for (uint32_t i = 0; i < VRN_BIND_COUNT; i++) {
        if (!(op->bindings & (1u << i))) continue;
        if (i == VRN_BIND_W || i == VRN_BIND_B) {
            b->bytes[i] = op->packed_floats(d, kernel, i) * sizeof(float);
        }
        /* Guards behind the output, and before it. */
        uint64_t size = b->bytes[i] + (i == VRN_BIND_Y ? 2 * GUARD_FLOATS * sizeof(float) : 0);
        assert_int_equal(
            vrn_buffer_create(&b->buffers[i], device, VRN_BUFFER_DEVICE, size, "test"), VRN_OK);
        assert_non_null(b->buffers[i].mapped);
        float *mapped = b->buffers[i].mapped;
        for (uint64_t k = 0; k < size / sizeof(float); k++) mapped[k] = poison;
        if (i == VRN_BIND_W || i == VRN_BIND_B) op->pack(d, kernel, i, &data->view, mapped);
    }
    pad(b->buffers[VRN_BIND_X].mapped, data->x, d->in, data->images);
    if (data->residual) {
        pad(b->buffers[VRN_BIND_R].mapped, data->residual, residual, data->images);
    }
}

static VkDescriptorSet bind_buffers(op_buffers *b, const vrn_op_desc *d, const vrn_kernel *kernel,
                                    const vrn_pipeline *pipeline, VkDescriptorPool pool)
{
    VkDescriptorSet set;
    const VkDescriptorSetAllocateInfo allocation = {
        .sType = VK_STRUCTURE_TYPE_DESCRIPTOR_SET_ALLOCATE_INFO,
        .descriptorPool = pool,
        .descriptorSetCount = 1,
        .pSetLayouts = &pipeline->set_layout,
    };
    assert_int_equal(device->vk.AllocateDescriptorSets(device->handle, &allocation, &set), 0);
    for (uint32_t i = 0; i < VRN_BIND_COUNT; i++) {
        if (!(vrn_operator_of(d->op)->bindings & (1u << i))) continue;
        const VkDescriptorBufferInfo info = {b->buffers[i].handle, b->offsets[i], b->bytes[i]};
        bool texel = kernel->texel & (1u << i);
        if (texel) {
            const VkBufferViewCreateInfo view = {
                .sType = VK_STRUCTURE_TYPE_BUFFER_VIEW_CREATE_INFO,
                .buffer = b->buffers[i].handle,
                .format = VK_FORMAT_R32G32B32A32_SFLOAT,
                .offset = b->offsets[i],
                .range = b->bytes[i],
            };
            assert_int_equal(
                device->vk.CreateBufferView(device->handle, &view, NULL, &b->views[i]), 0);
        }
        const VkWriteDescriptorSet write = {
            .sType = VK_STRUCTURE_TYPE_WRITE_DESCRIPTOR_SET,
            .dstSet = set,
            .dstBinding = i,
            .descriptorCount = 1,
            .descriptorType = texel ? VK_DESCRIPTOR_TYPE_UNIFORM_TEXEL_BUFFER
                                    : VK_DESCRIPTOR_TYPE_STORAGE_BUFFER,
            .pBufferInfo = &info,
            .pTexelBufferView = &b->views[i],
        };
        device->vk.UpdateDescriptorSets(device->handle, 1, &write, 0, NULL);
    }
    return set;
}

static void run_kernel(op_buffers *b, const op_data *data, const vrn_kernel *kernel)
{
    vrn_pipeline_key key;
    vrn_pipeline pipeline;
    vrn_kernel_key(kernel, &data->desc, &key);
    assert_int_equal(vrn_pipeline_get(&pipeline, device, &key), VRN_OK);
    const VkDescriptorPoolSize sizes[] = {
        {VK_DESCRIPTOR_TYPE_STORAGE_BUFFER, VRN_BIND_COUNT},
        {VK_DESCRIPTOR_TYPE_UNIFORM_TEXEL_BUFFER, VRN_BIND_COUNT},
    };
    const VkDescriptorPoolCreateInfo pool_info = {
        .sType = VK_STRUCTURE_TYPE_DESCRIPTOR_POOL_CREATE_INFO,
        .maxSets = 1,
        .poolSizeCount = 2,
        .pPoolSizes = sizes,
    };
    VkDescriptorPool pool;
    assert_int_equal(device->vk.CreateDescriptorPool(device->handle, &pool_info, NULL, &pool), 0);
    VkDescriptorSet set = bind_buffers(b, &data->desc, kernel, &pipeline, pool);

    vrn_commands commands;
    assert_int_equal(vrn_commands_create(&commands, device), VRN_OK);
    VkCommandBuffer buffer = commands.buffers[0];
    assert_int_equal(vrn_commands_begin(buffer, device, true), VRN_OK);
    vrn_kernel_record(kernel, &data->desc, data->images, &pipeline, set, buffer, device);
    vrn_commands_barrier(buffer, device, true);
    assert_int_equal(vrn_commands_end(buffer, device), VRN_OK);
    assert_int_equal(vrn_commands_submit(&commands, device, &buffer, 1), VRN_OK);
    assert_int_equal(vrn_commands_wait(&commands, device), VRN_OK);
    vrn_commands_destroy(&commands, device);
    device->vk.DestroyDescriptorPool(device->handle, pool, NULL);
}

/* Kernels sum in float32, in an order of their own: the error grows with the number of terms, whose
 * magnitudes here are at most 1; 4e-6 of a typical sum is far above that and far below a mistake. */
static double tolerance(const vrn_op_desc *d)
{
    double terms = 1;
    if (d->op == VRN_OP_CONV) {
        terms = (double)d->in.c / d->groups * d->kernel.y * d->kernel.x;
    } else if (d->op == VRN_OP_LINEAR) {
        terms = d->in.c;
    }
    return 4e-6 * sqrt(terms) + 4e-6;
}

static int compare(const op_buffers *b, const op_data *data, const char *where)
{
    const vrn_op_desc *d = &data->desc;
    const float *y = b->buffers[VRN_BIND_Y].mapped;
    const uint32_t padded = vrn_c4(d->out.c) * 4;
    const size_t count = b->bytes[VRN_BIND_Y] / sizeof(float);
    int wrong = 0;
    for (size_t i = 0; i < GUARD_FLOATS; i++) {
        if (y[i] != poison || y[GUARD_FLOATS + count + i] != poison) {
            if (wrong++ < 4) fprintf(stderr, "%s: guard %zu overwritten\n", where, i);
        }
    }
    for (size_t i = 0; i < count; i++) {
        uint32_t c = (uint32_t)(i % padded);
        size_t pixel = i / padded;
        float expected = c < d->out.c ? data->expected[pixel * d->out.c + c] : 0;
        double error = fabs((double)y[GUARD_FLOATS + i] - expected);
        if (error <= tolerance(d) * fmax(1, fabs(expected))) continue;
        if (wrong++ < 4) {
            fprintf(stderr, "%s: [n %zu, y %zu, x %zu, c %u]: expected %.9g, found %.9g\n", where,
                    pixel / (d->out.h * d->out.w), pixel / d->out.w % d->out.h, pixel % d->out.w,
                    c, expected, y[GUARD_FLOATS + i]);
        }
    }
    return wrong;
}

static void run_case(void **state)
{
    const op_case *c = *state;
    op_data data;
    make_data(&data, c);
    const vrn_operator *op = vrn_operator_of(data.desc.op);
    uint32_t tested = 0, wrong = 0;
    for (uint32_t i = 0; i < op->kernel_count; i++) {
        const vrn_kernel *kernel = &op->kernels[i];
        if (!vrn_kernel_supported(kernel, &data.desc, device)) continue;
        op_buffers buffers = {0};
        char where[128];
        snprintf(where, sizeof where, "%s, %s", c->name, kernel->name);
        fill_buffers(&buffers, &data, kernel);
        run_kernel(&buffers, &data, kernel);
        wrong += compare(&buffers, &data, where) != 0;
        for (uint32_t k = 0; k < VRN_BIND_COUNT; k++) {
            if (buffers.views[k]) {
                device->vk.DestroyBufferView(device->handle, buffers.views[k], NULL);
            }
            vrn_buffer_destroy(&buffers.buffers[k], device);
        }
        tested++;
    }
    free_data(&data);
    assert_true(tested > 0);
    assert_int_equal(wrong, 0);
    assert_int_equal(messages.errors + messages.warnings, 0);
}

/* A row that no case has run would be a kernel without a test. */
static void every_kernel_is_covered(void **state)
{
    (void)state;
    for (uint32_t o = 0; o < VRN_OP_COUNT; o++) {
        const vrn_operator *op = vrn_operator_of((vrn_op)o);
        for (uint32_t i = 0; i < op->kernel_count; i++) {
            if (!vrn_device_has(device, op->kernels[i].needs)) continue;
            bool covered = false;
            for (uint32_t c = 0; c < VRN_COUNT(op_cases) && !covered; c++) {
                vrn_op_desc d = complete_desc(&op_cases[c]);
                covered = (uint32_t)d.op == o &&
                          vrn_kernel_supported(&op->kernels[i], &d, device);
            }
            if (!covered) fprintf(stderr, "%s: no case\n", op->kernels[i].name);
            assert_true(covered);
        }
    }
}

int main(void)
{
    device = fixture_device(&messages, 0);
    if (!vrn_device_has(device, VRN_CAPABILITY_DIRECT_MAPPING)) {
        /* A discrete device: its memory is still visible to the host in part; ask for that. */
        device->info.capabilities |= VRN_CAPABILITY_DIRECT_MAPPING;
    }
    struct CMUnitTest tests[VRN_COUNT(op_cases) + 1];
    for (uint32_t i = 0; i < VRN_COUNT(op_cases); i++) {
        tests[i] = (struct CMUnitTest){
            .name = op_cases[i].name,
            .test_func = run_case,
            .initial_state = (void *)(uintptr_t)&op_cases[i],
        };
    }
    tests[VRN_COUNT(op_cases)] = (struct CMUnitTest)cmocka_unit_test(every_kernel_is_covered);
    int failed = cmocka_run_group_tests_name("operators", tests, NULL, NULL);
    vrn_device_destroy(&device);
    return failed || messages.errors || messages.warnings;
}
