/* The table of formats, with one that this file adds: what a new format takes, in whole. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "captured_log.h"
#include "checkpoint/format.h"

/* ---- A format -------------------------------------------------------------------------------- */

/* "VECTORS\n", and lines of a name of one letter, a digit, and so many floats. */
static const char magic[] = "VECTORS\n";

static bool recognise(const vrn_source *source)
{
    return vrn_source_has(source, 0, magic);
}

static vrn_result read_vectors(vrn_tensor_list *list, const vrn_source *source)
{
    for (size_t at = strlen(magic); at < source->size;) {
        if (source->size - at < 2 || source->data[at + 1] < '0' || source->data[at + 1] > '9') {
            return vrn_source_fail(source, "at byte %zu: expected a name and a digit", at);
        }
        const char *name = (const char *)source->data + at;
        vrn_tensor tensor = {
            .dtype = VRN_DTYPE_F32,
            .rank = 1,
            .shape = {(uint64_t)(source->data[at + 1] - '0')},
            .stride = {1},
            .data = source->data + at + 2,
        };
        const size_t bytes = (size_t)tensor.shape[0] * sizeof(float);
        if (bytes > source->size - at - 2) {
            return vrn_source_fail(source, "%.1s: expected %zu bytes, found fewer", name, bytes);
        }
        vrn_result result = vrn_tensor_list_add(list, source, &tensor, 32, name, 1);
        if (result) return result;
        at += 2 + bytes;
    }
    return VRN_OK;
}

static const vrn_checkpoint_format vectors = {"vectors", recognise, read_vectors};

/* ---- Tests ----------------------------------------------------------------------------------- */

static const vrn_checkpoint_format *const formats[] = {
    &vrn_checkpoint_safetensors, &vrn_checkpoint_torch_legacy, &vectors, NULL};

static vrn_result read_by(const vrn_checkpoint_format *const *table, vrn_tensor_list *list,
                          const char *data, size_t size, captured_log *captured)
{
    const vrn_log log = capture_log(captured);
    const vrn_source source = {"file", (const uint8_t *)data, size, &log};
    vrn_tensor_list_init(list, &source);
    return vrn_checkpoint_read(list, &source, table);
}

static void test_own_format(void **state)
{
    (void)state;
    static const char file[] = "VECTORS\na2\0\0\x80\x3f\0\0\0\x40z0";
    captured_log captured;
    vrn_tensor_list list;
    assert_int_equal(read_by(formats, &list, file, sizeof file - 1, &captured), VRN_OK);
    assert_int_equal(list.count, 2);
    assert_string_equal(list.tensors[0].name, "a");
    assert_string_equal(list.tensors[1].name, "z");
    float values[2];
    vrn_tensor_read(&list.tensors[0], values);
    assert_true(values[0] == 1 && values[1] == 2);
    vrn_tensor_list_free(&list);
}

static void expect_refused(const vrn_checkpoint_format *const *table, const char *file,
                           const char *message)
{
    captured_log captured;
    vrn_tensor_list list;
    assert_int_equal(read_by(table, &list, file, strlen(file), &captured), VRN_ERROR_FILE);
    assert_string_equal(captured.text, message);
    vrn_tensor_list_free(&list);
}

static void test_refusals(void **state)
{
    (void)state;
    expect_refused(formats, "VECTORS\na2xxxx", "file: a: expected 8 bytes, found fewer");
    expect_refused(formats, "VECTORS\na0a0",
                   "file: a: expected each tensor name once, found this one twice");
    expect_refused(formats, "VECTORS\n", "file: expected tensors, found none");
    expect_refused(formats, "GIF89a",
                   "file: expected a checkpoint (safetensors, or vectors), found a text file");
    expect_refused(vrn_checkpoint_formats, "VECTORS\na0",
                   "file: expected a checkpoint (.pth of PyTorch, safetensors, or ONNX), found a "
                   "text file");
}

/* Each built-in format takes what it recognises from no other, and nothing of an empty file. */
static void test_built_in(void **state)
{
    (void)state;
    static const struct {
        const vrn_checkpoint_format *format;
        const char *bytes;
        size_t size;
    } files[] = {
        {&vrn_checkpoint_torch_zip, "PK\3\4", 4},
        {&vrn_checkpoint_torch_legacy, "\x80\2\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19.",
         15},
        {&vrn_checkpoint_safetensors, "\2\0\0\0\0\0\0\0{}", 10},
        {&vrn_checkpoint_onnx, "\10\7\22\7pytorch", 11},
        {NULL, "", 0},
    };
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        const vrn_source source = {"file", (const uint8_t *)files[i].bytes, files[i].size, NULL};
        for (const vrn_checkpoint_format *const *each = vrn_checkpoint_formats; *each; each++) {
            assert_int_equal((*each)->recognise(&source), *each == files[i].format);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_own_format),
        cmocka_unit_test(test_refusals),
        cmocka_unit_test(test_built_in),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
