/* Every kernel of every operator's table that the device supports, on every case that it fits, against
 * the reference: outputs are poisoned before, and sentinels around them must survive. */
#include "fixture.h"
#include "op_cases.h"

#include <math.h>

#include "base/util.h"
#include "gpu/descriptor.h"
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
    data->view.norm_eps = 0.1f; /* large enough to be missed if it is left out */
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

/* The device's side: one mapped buffer a binding, and one for each scratch. */
enum { SCRATCH = VRN_BIND_COUNT, BUFFERS = VRN_BIND_COUNT + VRN_SCRATCH_MAX };

typedef struct op_buffers {
    vrn_buffer buffers[BUFFERS];
    VkBufferView views[VRN_PASSES_MAX][VRN_BIND_COUNT];
    uint64_t offset, bytes[BUFFERS]; /* the offset is the same in all */
} op_buffers;

static void fill_buffers(op_buffers *b, const op_data *data, const vrn_kernel *kernel)
{
    const vrn_op_desc *d = &data->desc;
    const vrn_operator *op = vrn_operator_of(d->op);
    vrn_shape residual = d->op == VRN_OP_ADD ? d->in : d->epilogue.residual_shape;
    b->bytes[VRN_BIND_X] = vrn_shape_bytes(d->in) * data->images;
    b->bytes[VRN_BIND_Y] = vrn_shape_bytes(d->out) * data->images;
    b->bytes[VRN_BIND_R] = dense_floats(residual) ? vrn_shape_bytes(residual) * data->images : 16;
    /* Guards before and behind, which must survive around the output and never be read. */
    b->offset = GUARD_FLOATS * sizeof(float);
    for (uint32_t i = 0; i < BUFFERS; i++) {
        if (i < SCRATCH && !(op->bindings & (1u << i))) continue;
        if (i == VRN_BIND_W) b->bytes[i] = op->packed_floats(d, kernel) * sizeof(float);
        if (i >= SCRATCH && !kernel->scratch_bytes) continue;
        if (i >= SCRATCH) {
            b->bytes[i] = kernel->scratch_bytes(d, kernel, i - SCRATCH + 1, data->images);
        }
        uint64_t size = b->bytes[i] + 2 * GUARD_FLOATS * sizeof(float);
        assert_int_equal(vrn_buffer_create(&b->buffers[i], device, VRN_BUFFER_DEVICE, size, "test"),
                         VRN_OK);
        assert_non_null(b->buffers[i].mapped);
        float *mapped = b->buffers[i].mapped;
        for (uint64_t k = 0; k < size / sizeof(float); k++) mapped[k] = poison;
        if (i == VRN_BIND_W) op->pack(d, kernel, &data->view, mapped + GUARD_FLOATS);
    }
    pad((float *)b->buffers[VRN_BIND_X].mapped + GUARD_FLOATS, data->x, d->in, data->images);
    if (data->residual) {
        pad((float *)b->buffers[VRN_BIND_R].mapped + GUARD_FLOATS, data->residual, residual,
            data->images);
    }
}

static VkDescriptorSet bind_buffers(op_buffers *b, const op_data *data, const vrn_kernel *kernel,
                                    uint32_t pass, const vrn_pipeline *pipeline,
                                    VkDescriptorPool pool)
{
    vrn_binding bindings[VRN_BIND_COUNT];
    VkDescriptorSet set;
    uint32_t count = 0;
    for (uint32_t i = 0; i < VRN_BIND_COUNT; i++) {
        if (!(vrn_kernel_bindings(kernel, pass, &data->desc) & (1u << i))) continue;
        const bool blocks = i == VRN_BIND_BLOCKS;
        uint32_t scratch = kernel->pass[pass].scratch[i];
        uint32_t from = scratch ? SCRATCH + scratch - 1 : blocks ? VRN_BIND_W : i;
        if (scratch) {
            assert_int_equal(b->bytes[from],
                             vrn_kernel_binding_bytes(kernel, pass, i, &data->desc, data->images));
        }
        const vrn_range range = {b->buffers[from].handle, b->offset, b->bytes[from]};
        VkBufferView *view = &b->views[pass][i];
        if (kernel->pass[pass].texel & (1u << i)) {
            assert_int_equal(vrn_texel_view_create(view, device, range), VRN_OK);
        }
        bindings[count++] = (vrn_binding){
            .binding = i,
            .range = range,
            .view = *view,
            .block_bytes = blocks ? VRN_BLOCK_BYTES : 0,
        };
    }
    assert_int_equal(vrn_descriptor_set_create(&set, device, pool, pipeline, bindings, count),
                     VRN_OK);
    return set;
}

static void run_kernel(op_buffers *b, const op_data *data, const vrn_kernel *kernel)
{
    vrn_bound_pass bound[VRN_PASSES_MAX];
    VkDescriptorPool pool;
    vrn_descriptor_counts counts = {0};
    vrn_kernel_count_descriptors(kernel, &data->desc, &counts);
    assert_int_equal(vrn_descriptor_pool_create(&pool, device, counts), VRN_OK);
    for (uint32_t i = 0; i < kernel->pass_count; i++) {
        vrn_pipeline_key key;
        vrn_kernel_key(kernel, i, &data->desc, &key);
        assert_int_equal(vrn_pipeline_get(&bound[i].pipeline, device, &key), VRN_OK);
        bound[i].set = bind_buffers(b, data, kernel, i, &bound[i].pipeline, pool);
    }

    vrn_commands commands;
    assert_int_equal(vrn_commands_create(&commands, device), VRN_OK);
    VkCommandBuffer buffer = commands.buffers[0];
    assert_int_equal(vrn_commands_begin(buffer, device, true), VRN_OK);
    vrn_kernel_record(kernel, &data->desc, data->images, bound, buffer, device);
    vrn_commands_barrier(buffer, device, true);
    assert_int_equal(vrn_commands_end(buffer, device), VRN_OK);
    assert_int_equal(vrn_commands_submit(&commands, device, &buffer, 1), VRN_OK);
    assert_int_equal(vrn_commands_wait(&commands, device), VRN_OK);
    vrn_commands_destroy(&commands, device);
    device->vk.DestroyDescriptorPool(device->handle, pool, NULL);
}

static void free_buffers(op_buffers *b)
{
    for (uint32_t i = 0; i < VRN_PASSES_MAX * VRN_BIND_COUNT; i++) {
        VkBufferView view = b->views[i / VRN_BIND_COUNT][i % VRN_BIND_COUNT];
        if (view) device->vk.DestroyBufferView(device->handle, view, NULL);
    }
    for (uint32_t i = 0; i < BUFFERS; i++) vrn_buffer_destroy(&b->buffers[i], device);
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
                    pixel / (d->out.h * d->out.w), pixel / d->out.w % d->out.h, pixel % d->out.w, c,
                    expected, y[GUARD_FLOATS + i]);
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
        free_buffers(&buffers);
        tested++;
    }
    free_data(&data);
    assert_true(tested > 0);
    assert_int_equal(wrong, 0);
    assert_int_equal(messages.errors + messages.warnings, 0);
}

/* Past the limit of a dimension work groups go on in the next one. */
static void grids_fold(void **state)
{
    (void)state;
    const uint32_t limit = device->limits.maxComputeWorkGroupCount[0];
    device->limits.maxComputeWorkGroupCount[0] = 3;
    for (uint32_t i = 0; i < VRN_COUNT(op_cases); i++) {
        /* One case of each operator that needs more than three work groups is enough. */
        static const char *const chosen[] = {"3x3 large",   "groups of 20", "batch norm",
                                             "max pool",    "group norm",   "relu alone",
                                             "softmax of 3"};
        for (uint32_t k = 0; k < VRN_COUNT(chosen); k++) {
            if (strcmp(op_cases[i].name, chosen[k]) != 0) continue;
            void *c = (void *)(uintptr_t)&op_cases[i];
            run_case(&c);
        }
    }
    device->limits.maxComputeWorkGroupCount[0] = limit;
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
                covered = (uint32_t)d.op == o && vrn_kernel_supported(&op->kernels[i], &d, device);
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
    struct CMUnitTest tests[VRN_COUNT(op_cases) + 2];
    for (uint32_t i = 0; i < VRN_COUNT(op_cases); i++) {
        tests[i] = (struct CMUnitTest){
            .name = op_cases[i].name,
            .test_func = run_case,
            .initial_state = (void *)(uintptr_t)&op_cases[i],
        };
    }
    tests[VRN_COUNT(op_cases)] = (struct CMUnitTest)cmocka_unit_test(every_kernel_is_covered);
    tests[VRN_COUNT(op_cases) + 1] = (struct CMUnitTest)cmocka_unit_test(grids_fold);
    int failed = cmocka_run_group_tests_name("operators", tests, NULL, NULL);
    vrn_device_destroy(&device);
    return failed || messages.errors || messages.warnings;
}
