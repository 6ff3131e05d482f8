/* Class names: as texts, and beside the weights of a pickle. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include <vkresnet/vkresnet.h>

#include "base/class_list.h"
#include "base/util.h"
#include "checkpoint/checkpoint.h"
#include "checkpoint/class_names.h"
#include "checkpoint_builder.h"
#include "unit/captured_log.h"

/* Names with '|' between them, or "!" and the message. */
static void parse(const char *text, size_t size, char *out, size_t capacity)
{
    vrn_arena arena;
    vrn_class_list list = {0};
    char message[VRN_CLASS_LIST_MESSAGE] = "";
    vrn_arena_init(&arena, size, 64);
    size_t length = 0;
    out[0] = 0;
    if (vrn_class_list_parse(&list, &arena, text, size, message)) {
        for (size_t i = 0; i < list.count; i++) {
            length += (size_t)snprintf(out + length, capacity - length, "%s%s", i ? "|" : "",
                                       list.names[i]);
        }
    } else {
        snprintf(out, capacity, "!%s", message);
    }
    vrn_arena_free(&arena);
}

static void test_texts(void **state)
{
    (void)state;
    static const char *const cases[][2] = {
        {"cat\ndog\nfox\n", "cat|dog|fox"},
        {"\xef\xbb\xbf"
         "a cat \r\nein Hund\r\n\r\n",
         "a cat|ein Hund"},
        {"0 cat\n1: dog\n2,\tfox", "cat|dog|fox"},
        {"0 cat\n2 dog", "0 cat|2 dog"},
        {"7", "7"},
        {"[\"cat\", \"d\\u00f6g\"]", "cat|d\xc3\xb6g"},
        {"{\"0\": \"cat\", \"1\": \"dog\"}", "cat|dog"},
        {"{\"1\": \"dog\", \"0\": \"cat\"}\n", "cat|dog"},
        {"{\"cat\": 1, \"dog\": 0}", "dog|cat"},
        {"{\"0\": 0, \"1\": 1}", "0|1"},
        {"{\"0\": [\"n01440764\", \"tench\"], \"1\": [\"n01443537\", \"goldfish\"]}",
         "tench|goldfish"},
        {"{\"depths\": [3, 4], \"label2id\": {\"cat\": 0, \"dog\": 1}, \"x\": {\"y\": null}}",
         "cat|dog"},
        {"{\"classes\": 2, \"class_names\": [\"x\", \"y\"], \"id2label\": {\"0\": \"a\"}}", "a"},
        {"", "!there are no names"},
        {"[]", "!there are no names"},
        {"cat\n\ndog", "!line 2 is empty"},
        {"{\"0\": \"cat\", \"2\": \"dog\"}", "!class 1 has no name"},
        {"{\"cat\": 0, \"dog\": 0}", "!class 0 is both 'cat' and 'dog'"},
        {"{\"cat\": 1048576}", "!'cat' has the number 1048576: expected a number below 1048576"},
        {"{\"cat\": \"dog\"}",
         "!at byte 7: expected a number after a name, or a name after a number, found '\"'"},
        {"[\"a\\nb\"]", "!a name contains a line feed"},
        {"[\"cat\" \"dog\"]", "!at byte 7: expected ',' or ']', found '\"'"},
        {"[\"cat\"] x", "!at byte 8: expected the end, found 'x'"},
        {"[1]", "!at byte 1: expected a quoted string, found '1'"},
        {"caf\xe9", "!expected text in UTF-8"},
    };
    for (size_t i = 0; i < VRN_COUNT(cases); i++) {
        char out[512];
        parse(cases[i][0], strlen(cases[i][0]), out, sizeof out);
        assert_string_equal(out, cases[i][1]);
    }
}

/* ---- Pickles --------------------------------------------------------------------------------- */

/* 'w': a tensor of four floats. */
#define WEIGHT                                                                                     \
    "U\1wctorch._utils\n_rebuild_tensor_v2\n((U\7storagectorch\nFloatStorage\nU\1"                 \
    "0U\3cpuK\4tQK\0K\4\x85K\1\x85\x89NtRs"

static void count_warnings(void *user, vrn_log_level level, const char *text)
{
    (void)text;
    *(int *)user += level == VRN_LOG_WARNING;
}

static void test_pickles(void **state)
{
    (void)state;
#define CASE(pickle, names, warnings)                                                              \
    {                                                                                              \
        pickle, sizeof(pickle) - 1, names, warnings                                                \
    }
    static const struct {
        const char *pickle;
        size_t size;
        const char *names;
        int warnings;
    } cases[] = {
        CASE("}" WEIGHT, NULL, 0),
        CASE("}" WEIGHT "U\14class_to_idx}(U\3dogK\1U\3catK\0us", "cat\ndog", 0),
        CASE("}" WEIGHT "U\10id2label}(K\0U\3catK\1U\3dogus", "cat\ndog", 0),
        CASE("}" WEIGHT "U\10id2label}(U\1"
             "1U\3catU\1"
             "0U\3dogus",
             "dog\ncat", 0),
        CASE("}" WEIGHT "U\7classes](U\3catU\3doges", "cat\ndog", 0),
        CASE("}" WEIGHT "U\7classesK\2s", NULL, 0),
        CASE("}U\4meta}U\7CLASSES(U\3catU\3dogtssU\12state_dict}" WEIGHT "s", "cat\ndog", 0),
        CASE("}U\4meta}U\14dataset_meta}U\7classes(U\3cattsssU\5model}" WEIGHT "s", "cat", 0),
        CASE("}" WEIGHT "U\14class_to_idx}(U\3dogK\2U\3catK\0us", NULL, 1),
        CASE("}" WEIGHT "U\14class_to_idx}(U\3dogJ\xff\xff\xff\xffus", NULL, 1),
        CASE("}" WEIGHT "U\7classes](U\3a\nbes", NULL, 1),
        CASE("}" WEIGHT "U\7classes](U\1\xff"
             "es",
             NULL, 1),
        CASE("}" WEIGHT "U\7classes](K\1esU\13class_names](U\1xes", "x", 1),
    };
    for (size_t i = 0; i < VRN_COUNT(cases); i++) {
        bytes file = make_legacy(cases[i].pickle, cases[i].size);
        int warnings = 0;
        const vrn_log log = {.message = count_warnings, .user = &warnings};
        vrn_checkpoint *checkpoint = NULL;
        const vrn_result result =
            vrn_checkpoint_open_memory(&checkpoint, file.data, file.size, "file", &log);
        assert_int_equal(result, VRN_OK);
        assert_int_equal(warnings, cases[i].warnings);
        const char *names = vrn_checkpoint_metadata(checkpoint, "file.classes");
        assert_int_equal(names != NULL, cases[i].names != NULL);
        if (names) assert_string_equal(names, cases[i].names);
        vrn_checkpoint_destroy(&checkpoint);
        release(&file);
    }
}

/* Names that a program gives: one for each class; for one logit also two, of both answers. */
static void test_given(void **state)
{
    (void)state;
    static const struct {
        const char *names[3];
        uint32_t count, classes;
        const char *expected; /* the last class's name, or a message */
        bool refused;
    } cases[] = {
        {{"a", "b"}, 2, 2, "b", false},
        {{"no", "yes"}, 2, 1, "yes", false},
        {{"yes"}, 1, 1, "yes", false},
        {{"a", "b", "c"}, 3, 1, "expected 1, one for each class of the model, found 3", true},
        {{"a"}, 1, 2, "expected 2, one for each class of the model, found 1", true},
        {{NULL, "b"}, 2, 1, "class 0: expected a name", true},
        {{"a\n", "b"}, 2, 1, "class 0: expected a name without line feeds", true},
        {{"a", NULL}, 2, 1, "class 1: expected a name", true},
        {{"a", "b\n"}, 2, 1, "class 1: expected a name", true},
        {{"a", "b\n"}, 2, 2, "class 1: expected a name", true},
    };
    for (size_t i = 0; i < VRN_COUNT(cases); i++) {
        vrn_arch arch;
        captured_log captured;
        vrn_model *model = NULL;
        const vrn_model_params params = {.log = capture_log(&captured),
                                         .class_names = cases[i].names,
                                         .class_name_count = cases[i].count};
        assert_int_equal(vrn_arch_parse(&arch, "resnet8", NULL), VRN_OK);
        arch.num_classes = cases[i].classes;
        const vrn_result result = vrn_model_create_random(&model, &arch, 1, &params);
        assert_int_equal(result, cases[i].refused ? VRN_ERROR_INVALID_ARGUMENT : VRN_OK);
        if (result) {
            if (!strstr(captured.text, cases[i].expected)) fail_msg("%zu: %s", i, captured.text);
        } else {
            assert_string_equal(vrn_model_get_class_name(model, cases[i].classes - 1),
                                cases[i].expected);
        }
        vrn_model_destroy(&model);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_texts),
        cmocka_unit_test(test_pickles),
        cmocka_unit_test(test_given),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
