/* Reading and writing checkpoints: files made by PyTorch (tests/data/checkpoints), files made here,
 * and broken ones, each of which must give one error and one line. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/util.h"
#include "captured_log.h"
#include "checkpoint/checkpoint.h"

#define FOLDER VRN_TEST_SOURCE_DIR "/tests/data/checkpoints/"

/* ---- Helpers --------------------------------------------------------------------------------- */

static captured_log captured;
static const vrn_log test_log = {.message = captured_message, .user = &captured};

/* Opens a copy of exactly this size, so that the address sanitizer sees a read beyond it. */
typedef struct opened {
    vrn_result result;
    void *copy;
    vrn_checkpoint *checkpoint;
} opened;

static opened open_copy(const void *data, size_t size)
{
    opened o = {.copy = malloc(size ? size : 1)};
    assert_non_null(o.copy);
    if (size) memcpy(o.copy, data, size);
    captured = (captured_log){0};
    o.result = vrn_checkpoint_open_memory(&o.checkpoint, o.copy, size, "file", &test_log);
    return o;
}

static void close_copy(opened *o)
{
    vrn_checkpoint_destroy(&o->checkpoint);
    free(o->copy);
}

static void *read_file(const char *path, size_t *size)
{
    FILE *file = fopen(path, "rb");
    if (!file) return NULL;
    assert_int_equal(fseek(file, 0, SEEK_END), 0);
    *size = (size_t)ftell(file);
    rewind(file);
    void *data = malloc(*size + 1);
    assert_non_null(data);
    assert_int_equal(fread(data, 1, *size, file), *size);
    fclose(file);
    return data;
}

static vrn_checkpoint *open_fixture(const char *name)
{
    char path[512];
    snprintf(path, sizeof path, FOLDER "%s", name);
    vrn_checkpoint *checkpoint;
    captured = (captured_log){0};
    if (vrn_checkpoint_open(&checkpoint, path, &test_log) != VRN_OK) fail_msg("%s", captured.text);
    assert_string_equal(vrn_checkpoint_name(checkpoint), path);
    return checkpoint;
}

static const vrn_tensor *find(const vrn_checkpoint *checkpoint, const char *name)
{
    for (size_t i = 0; i < vrn_checkpoint_count(checkpoint); i++) {
        const vrn_tensor *tensor = vrn_checkpoint_tensor(checkpoint, i);
        if (strcmp(tensor->name, name) == 0) return tensor;
    }
    fail_msg("no tensor %s", name);
    return NULL;
}

/* What make_checkpoints.py puts into element i of tensor n. */
static float fixture_value(uint64_t i, uint64_t n)
{
    return (float)((int)((7 * i + n) % 31) - 15) / 8;
}

enum { ZEROS = 100 }; /* instead of a number: all elements are 0 */

static void check_tensor(const vrn_checkpoint *checkpoint, const char *name, vrn_dtype dtype,
                         const char *shape, uint64_t n)
{
    const vrn_tensor *tensor = find(checkpoint, name);
    char text[64];
    float values[64];
    vrn_tensor_format_shape(tensor, text, sizeof text);
    assert_string_equal(text, shape);
    assert_int_equal(tensor->dtype, dtype);
    if (!vrn_dtype_is_float(dtype)) return;
    assert_true(vrn_tensor_count(tensor) <= VRN_COUNT(values));
    vrn_tensor_read(tensor, values);
    for (uint64_t i = 0; i < vrn_tensor_count(tensor); i++) {
        float expected = n == ZEROS ? 0 : fixture_value(i, n);
        if (values[i] != expected) {
            fail_msg("%s, element %d: expected %g, found %g", name, (int)i, (double)expected,
                     (double)values[i]);
        }
    }
}

/* ---- Files that PyTorch made ----------------------------------------------------------------- */

static void check_kinds(const vrn_checkpoint *checkpoint)
{
    assert_int_equal(vrn_checkpoint_count(checkpoint), 16);
    assert_string_equal(vrn_checkpoint_tensor(checkpoint, 0)->name, "conv.weight");
    check_tensor(checkpoint, "conv.weight", VRN_DTYPE_F32, "[2, 3]", 0);
    check_tensor(checkpoint, "half", VRN_DTYPE_F16, "[5]", 1);
    check_tensor(checkpoint, "bfloat", VRN_DTYPE_BF16, "[3, 2]", 2);
    check_tensor(checkpoint, "double", VRN_DTYPE_F64, "[4]", 3);
    check_tensor(checkpoint, "num_batches_tracked", VRN_DTYPE_I64, "[]", 0);
    check_tensor(checkpoint, "bytes", VRN_DTYPE_OTHER, "[3]", 0);
    check_tensor(checkpoint, "flags", VRN_DTYPE_OTHER, "[2]", 0);
    check_tensor(checkpoint, "scalar", VRN_DTYPE_F32, "[]", 4);
    check_tensor(checkpoint, "empty", VRN_DTYPE_F32, "[0, 4]", 0);
    check_tensor(checkpoint, "transposed", VRN_DTYPE_F32, "[2, 3]", 5);
    check_tensor(checkpoint, "strided", VRN_DTYPE_F32, "[2, 2]", 6);
    check_tensor(checkpoint, "row", VRN_DTYPE_F32, "[6]", ZEROS);
    check_tensor(checkpoint, "channels_last", VRN_DTYPE_F32, "[2, 3, 2, 2]", 7);
    check_tensor(checkpoint, "parameter", VRN_DTYPE_F32, "[3]", 8);
    check_tensor(checkpoint, "expanded", VRN_DTYPE_F32, "[3]", ZEROS);
    check_tensor(checkpoint,
                 "gr\xc3\xb6\xc3\x9f"
                 "e.\xcf\x80",
                 VRN_DTYPE_F32, "[2]", 9);
}

static void test_kinds(void **state)
{
    (void)state;
    static const char *const names[] = {"kinds-zip.pth", "kinds-zip5.pth", "kinds-legacy.pth",
                                        "kinds-legacy4.pth", "kinds.safetensors"};
    for (size_t i = 0; i < VRN_COUNT(names); i++) {
        vrn_checkpoint *checkpoint = open_fixture(names[i]);
        check_kinds(checkpoint);
        if (i < 4) { /* views of one storage, one stride apart */
            const vrn_tensor *row = find(checkpoint, "row"), *view = find(checkpoint, "strided");
            assert_ptr_equal(view->data, row->data + 6 * sizeof(float));
            assert_int_equal(find(checkpoint, "channels_last")->stride[1], 1);
            assert_int_equal(find(checkpoint, "expanded")->stride[0], 0);
        } else {
            assert_string_equal(vrn_checkpoint_metadata(checkpoint, "text"),
                                "a \"quoted\" \\ line\n\xc3\xa4\xf0\x9f\x98\x80");
        }
        assert_null(vrn_checkpoint_metadata(checkpoint, "nothing"));
        assert_int_equal(captured.errors, 0);
        vrn_checkpoint_destroy(&checkpoint);
    }
}

static void test_wrapped(void **state)
{
    (void)state;
    static const char *const names[] = {"wrapped-zip.pth", "wrapped-legacy.pth"};
    for (size_t i = 0; i < VRN_COUNT(names); i++) {
        vrn_checkpoint *checkpoint = open_fixture(names[i]);
        assert_int_equal(vrn_checkpoint_count(checkpoint), 2);
        check_tensor(checkpoint, "module.conv.weight", VRN_DTYPE_F32, "[2, 3]", 0);
        check_tensor(checkpoint, "module.conv.bias", VRN_DTYPE_F32, "[2]", 1);
        vrn_checkpoint_destroy(&checkpoint);
    }
    vrn_checkpoint *checkpoint = open_fixture("nested.pth");
    assert_int_equal(vrn_checkpoint_count(checkpoint), 2);
    check_tensor(checkpoint, "weights.a.b", VRN_DTYPE_F32, "[2, 3]", 0);
    check_tensor(checkpoint, "weights.7", VRN_DTYPE_F32, "[2]", 1);
    vrn_checkpoint_destroy(&checkpoint);

    checkpoint = open_fixture("module.pth");
    assert_int_equal(vrn_checkpoint_count(checkpoint), 2);
    assert_string_equal(vrn_checkpoint_tensor(checkpoint, 0)->name, "weight");
    assert_string_equal(vrn_checkpoint_metadata(checkpoint, "module."), "Linear");
    vrn_checkpoint_destroy(&checkpoint);
    checkpoint = open_fixture("subclass.pth");
    check_tensor(checkpoint, "a", VRN_DTYPE_F32, "[2, 3]", 0);
    check_tensor(checkpoint, "b", VRN_DTYPE_F32, "[2]", 1);
    vrn_checkpoint_destroy(&checkpoint);
    vrn_checkpoint_destroy(&checkpoint);
    vrn_checkpoint_destroy(NULL);
}

static void test_real_files(void **state)
{
    (void)state;
    static const char *const names[] = {"resnet20-12fca82f.th", "resnet56-4bfd9763.th"};
    static const size_t counts[] = {97, 277}; /* as torch.load says, and of module.linear.weight */
    static const double squares[] = {192.01871886057765, 126.48724051307794};
    for (size_t i = 0; i < VRN_COUNT(names); i++) {
        char path[1024];
        size_t size;
        snprintf(path, sizeof path, VRN_TEST_DATA "/cifar10/%s", names[i]);
        void *data = read_file(path, &size);
        if (!data) skip();
        opened o = open_copy(data, size);
        free(data);
        assert_int_equal(o.result, VRN_OK);
        assert_int_equal(vrn_checkpoint_count(o.checkpoint), counts[i]);
        const vrn_tensor *linear = find(o.checkpoint, "module.linear.weight");
        assert_int_equal(linear->rank, 2);
        assert_int_equal(linear->shape[0], 10);
        assert_int_equal(linear->shape[1], 64);
        double sum = 0;
        static float values[640];
        vrn_tensor_read(linear, values);
        for (size_t k = 0; k < VRN_COUNT(values); k++) sum += (double)values[k] * (double)values[k];
        assert_true(fabs(sum - squares[i]) < 1e-9 * sum);
        close_copy(&o);
    }
}

/* ---- Writing --------------------------------------------------------------------------------- */

#define WRITTEN "test_checkpoint.safetensors"

static void test_write(void **state)
{
    (void)state;
    vrn_checkpoint *from = open_fixture("kinds-zip.pth"), *checkpoint;
    vrn_tensor tensors[16];
    size_t count = 0;
    for (size_t i = 0; i < vrn_checkpoint_count(from); i++) {
        const vrn_tensor *tensor = vrn_checkpoint_tensor(from, i);
        if (vrn_dtype_is_float(tensor->dtype)) tensors[count++] = *tensor;
    }
    const vrn_metadata metadata[] = {{"name", "a \"b\" \\ \x01\n\t\xc3\xa4"}, {"empty", ""}};
    for (int fp16 = 0; fp16 < 2; fp16++) {
        vrn_dtype dtype = fp16 ? VRN_DTYPE_F16 : VRN_DTYPE_F32;
        assert_int_equal(
            vrn_safetensors_write(WRITTEN, tensors, count, metadata, 2, fp16 != 0, NULL, &test_log),
            VRN_OK);
        assert_int_equal(vrn_checkpoint_open(&checkpoint, WRITTEN, &test_log), VRN_OK);
        assert_int_equal(vrn_checkpoint_count(checkpoint), count);
        for (size_t i = 0; i < count; i++) {
            assert_string_equal(vrn_checkpoint_tensor(checkpoint, i)->name, tensors[i].name);
        }
        check_tensor(checkpoint, "double", dtype, "[4]", 3);
        check_tensor(checkpoint, "bfloat", dtype, "[3, 2]", 2);
        check_tensor(checkpoint, "scalar", dtype, "[]", 4);
        check_tensor(checkpoint, "empty", dtype, "[0, 4]", 0);
        check_tensor(checkpoint, "strided", dtype, "[2, 2]", 6);
        check_tensor(checkpoint, "channels_last", dtype, "[2, 3, 2, 2]", 7);
        assert_string_equal(vrn_checkpoint_metadata(checkpoint, "name"), metadata[0].value);
        assert_string_equal(vrn_checkpoint_metadata(checkpoint, "empty"), "");
        vrn_checkpoint_destroy(&checkpoint);

        size_t size; /* data starts at a multiple of eight */
        uint8_t *data = read_file(WRITTEN, &size);
        assert_non_null(data);
        assert_int_equal(data[0] % 8, 0);
        free(data);
        remove(WRITTEN);
    }
    vrn_checkpoint_destroy(&from);
}

static void test_write_large(void **state)
{
    (void)state;
    enum { COUNT = 100003 }; /* several blocks, and a rest */
    float *values = malloc(COUNT * sizeof *values), *back = malloc(COUNT * sizeof *values);
    assert_true(values && back);
    for (int i = 0; i < COUNT; i++) values[i] = (float)(i % 2048) / 8;
    vrn_tensor tensor = {
        .name = "w", .rank = 1, .shape = {COUNT}, .stride = {1}, .data = (const uint8_t *)values};
    for (int fp16 = 0; fp16 < 2; fp16++) {
        vrn_checkpoint *checkpoint;
        assert_int_equal(
            vrn_safetensors_write(WRITTEN, &tensor, 1, NULL, 0, fp16 != 0, NULL, &test_log),
            VRN_OK);
        assert_int_equal(vrn_checkpoint_open(&checkpoint, WRITTEN, &test_log), VRN_OK);
        vrn_tensor_read(vrn_checkpoint_tensor(checkpoint, 0), back);
        assert_memory_equal(back, values, COUNT * sizeof *values);
        vrn_checkpoint_destroy(&checkpoint);
        remove(WRITTEN);
    }
    free(values);
    free(back);
}

static void test_write_refuses(void **state)
{
    (void)state;
    const float values[] = {65504, 65519, 65520, INFINITY};
    vrn_tensor tensor = {.name = "layer.weight",
                         .rank = 1,
                         .shape = {2},
                         .stride = {1},
                         .data = (const uint8_t *)values};
    assert_int_equal(vrn_safetensors_write(WRITTEN, &tensor, 1, NULL, 0, true, NULL, &test_log),
                     VRN_OK);
    remove(WRITTEN);

    captured = (captured_log){0};
    tensor.shape[0] = 3;
    assert_int_equal(vrn_safetensors_write(WRITTEN, &tensor, 1, NULL, 0, true, NULL, &test_log),
                     VRN_ERROR_FILE);
    assert_non_null(strstr(captured.text, "layer.weight"));
    assert_non_null(strstr(captured.text, "65520"));
    assert_int_equal(captured.errors, 1);
    assert_null(fopen(WRITTEN, "rb"));

    tensor.data = (const uint8_t *)(values + 3); /* what is infinite may stay so */
    tensor.shape[0] = 1;
    assert_int_equal(vrn_safetensors_write(WRITTEN, &tensor, 1, NULL, 0, true, NULL, &test_log),
                     VRN_OK);
    remove(WRITTEN);

    static const char *const bad_names[] = {"__metadata__", "\xff"};
    for (size_t i = 0; i < VRN_COUNT(bad_names); i++) {
        tensor.name = bad_names[i];
        assert_int_equal(
            vrn_safetensors_write(WRITTEN, &tensor, 1, NULL, 0, false, NULL, &test_log),
            VRN_ERROR_INVALID_ARGUMENT);
    }
    tensor.name = "n";
    tensor.dtype = VRN_DTYPE_I64;
    assert_int_equal(vrn_safetensors_write(WRITTEN, &tensor, 1, NULL, 0, false, NULL, &test_log),
                     VRN_ERROR_INVALID_ARGUMENT);
    tensor.dtype = VRN_DTYPE_F32;
    captured = (captured_log){0};
    assert_int_equal(
        vrn_safetensors_write("no/such/folder/x", &tensor, 1, NULL, 0, false, NULL, &test_log),
        VRN_ERROR_FILE);
    assert_int_equal(captured.errors, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_kinds),       cmocka_unit_test(test_wrapped),
        cmocka_unit_test(test_real_files),  cmocka_unit_test(test_write),
        cmocka_unit_test(test_write_large), cmocka_unit_test(test_write_refuses),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
