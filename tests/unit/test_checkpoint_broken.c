/* Broken, foreign and hostile checkpoints: each gives VRN_ERROR_FILE and one line that says what is
 * wrong; none is read outside its bytes (run with the address sanitizer), none takes long. */
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
#include "checkpoint_builder.h"

#define FOLDER VRN_TEST_SOURCE_DIR "/tests/data/checkpoints/"

/* ---- Checking -------------------------------------------------------------------------------- */

static bytes read_fixture(const char *name)
{
    char path[512], block[4096];
    snprintf(path, sizeof path, FOLDER "%s", name);
    FILE *file = fopen(path, "rb");
    if (!file) fail_msg("cannot open %s", path);
    bytes b = {0};
    for (size_t size; (size = fread(block, 1, sizeof block, file)) > 0;) put(&b, block, size);
    fclose(file);
    return b;
}

/* Opens a copy of exactly this size, reads all there is, and closes it again. */
static vrn_result try_open(const void *data, size_t size, captured_log *captured)
{
    void *copy = malloc(size ? size : 1);
    if (!copy) abort();
    if (size) memcpy(copy, data, size);
    vrn_log log = capture_log(captured);
    vrn_checkpoint *checkpoint = NULL;
    vrn_result result = vrn_checkpoint_open_memory(&checkpoint, copy, size, "file", &log);
    assert_int_equal(captured->errors, result == VRN_OK ? 0 : 1);
    assert_int_equal(checkpoint != NULL, result == VRN_OK);
    for (size_t i = 0; checkpoint && i < vrn_checkpoint_count(checkpoint); i++) {
        const vrn_tensor *tensor = vrn_checkpoint_tensor(checkpoint, i);
        uint64_t count = vrn_tensor_count(tensor);
        if (!vrn_dtype_is_float(tensor->dtype)) continue;
        float *values = malloc((size_t)count * sizeof *values + 1);
        if (!values) abort();
        vrn_tensor_read(tensor, values);
        free(values);
    }
    vrn_checkpoint_destroy(&checkpoint);
    free(copy);
    return result;
}

static void expect_refused(bytes b, const char *words)
{
    captured_log captured;
    vrn_result result = try_open(b.data, b.size, &captured);
    if (result != VRN_ERROR_FILE) fail_msg("expected '%s', but result %d", words, (int)result);
    assert_true(said_once(&captured, words));
    assert_true(said_once(&captured, "file: "));
    release(&b);
}

static void expect_read(bytes b)
{
    captured_log captured;
    if (try_open(b.data, b.size, &captured) != VRN_OK) fail_msg("%s", captured.text);
    release(&b);
}

/* ---- Pickles --------------------------------------------------------------------------------- */

#define STORAGE(type, count)                                                                       \
    "(U\7storagec" type "U\1"                                                                      \
    "0U\3"                                                                                         \
    "cpu" count "tQ"
#define FLOATS STORAGE("torch\nFloatStorage\n", "K\4")
#define TENSOR(storage, offset, shape, stride)                                                     \
    "ctorch._utils\n_rebuild_tensor_v2\n(" storage offset shape stride "\x89NtR"
#define GOOD       TENSOR(FLOATS, "K\0", "K\4\x85", "K\1\x85")
#define ONE(value) TEXT("}U\1w" value "s") /* {'w': value} */

static void test_pickles_read(void **state)
{
    (void)state;
    static const struct {
        const char *pickle;
        size_t size;
    } cases[] = {
        {ONE(GOOD)},
        {ONE(TENSOR(FLOATS, "K\2", "K\2\x85", "K\1\x85"))},
        {ONE(TENSOR(FLOATS, "K\0", "K\2K\2\x86", "K\1K\2\x86"))},
        {ONE(TENSOR(FLOATS, "K\3", "K\5\x85", "K\0\x85"))},
        {ONE(TENSOR(FLOATS, "K\4", "K\0K\7\x86", "K\7K\1\x86"))},
        {ONE(TENSOR("(U\7storagectorch\nFloatStorage\nU\1"
                    "0U\3"
                    "cpuK\4U\1"
                    "9K\1K\2\x87tQ",
                    "K\1", "K\1\x85", "K\1\x85"))}, /* a view */
        /* Python 2's OrderedDict: a list of pairs */
        {TEXT("ccollections\nOrderedDict\n]](U\1w" GOOD "ea\x85R")},
        /* Unknown objects beside the weights: built, filled, called, with keywords, as a class */
        {TEXT("}(U\1w" GOOD "U\1a"
              "cos\nsystem\nU\2ls\x85R"
              "U\1b"
              "cm\nC\n)\x81}U\1xK\1sb"
              "U\1c"
              "cm\nC\n)}\x92(K\1K\2e"
              "U\1d"
              "\x8f(K\1\x90"
              "U\1e"
              "(K\1\x91"
              "U\1f"
              "cm\nC\n}b"
              "u")},
        {TEXT("}(U\1w" GOOD "U\1n"
              "\x8b\x0b\0\0\0"
              "AAAAAAAAAAA"
              "U\1o"
              "\x8a\0"
              "U\1p"
              "J\xff\xff\xff\xff"
              "U\1q"
              "G\x3f\xb9\x99\x99\x99\x99\x99\x9a"
              "U\1r"
              "B\2\0\0\0ab"
              "U\1s"
              "N0\x88"
              "U\1t"
              "((K\1"
              "1"
              "tu")},
    };
    for (size_t i = 0; i < VRN_COUNT(cases); i++) {
        expect_read(make_legacy(cases[i].pickle, cases[i].size));
    }
}

static void test_pickles_refused(void **state)
{
    (void)state;
    static const struct {
        const char *pickle;
        size_t size;
        const char *words;
    } cases[] = {
        {TEXT("Vtext\n"), "opcode of pickle protocol 2 to 5, found 0x56"},
        {TEXT("\x80\x01N"), "protocol 2 to 5"},
        {TEXT("0"), "more values on the stack"},
        {TEXT("t"), "a mark on the stack"},
        {TEXT("K\1(s"), "more values on the stack"},
        {TEXT("K\1)R"), "a function, found the number 1"},
        {TEXT("h\0"), "an index that holds nothing"},
        {TEXT("Nr\xff\xff\xff\x7f"), "index into the memo"},
        {TEXT("NK\1a"), "a list, found None"},
        {TEXT("}(K\1u"), "a value for each key"},
        {TEXT("K\1Q"), "a persistent id, found the number 1"},
        {TEXT("U\5ghostU\1x\x86Q"), "persistent id of a storage"},
        {TEXT("ctorch\nSize\n)R"), "an argument"},
        {TEXT("ctorch\nFloatStorage\n)R"), "a function, found the name torch.FloatStorage"},
        {TEXT("ctorch._utils\n_rebuild_tensor_v2\n)R"), "arguments of _rebuild_tensor_v2"},
        {TEXT(
             "ctorch._tensor\n_rebuild_from_type_v2\n(ctorch._tensor\n_rebuild_from_type_v2\nNNtR"),
         "a function that rebuilds a tensor"},
        {TEXT("ccollections\nOrderedDict\n]K\1a\x85R"),
         "a pair of a key and a value, found the number 1"},
        {TEXT("ccollections\nOrderedDict\n])a\x85R"), "found a tuple of another length"},
        {TEXT("ccollections\nOrderedDict\n]]a\x85R"), "found a list of another length"},
        {ONE(TENSOR("K\1", "K\0", "K\4\x85", "K\1\x85")), "a storage, found the number 1"},
        {ONE(TENSOR(STORAGE("torch\nSize\n", "K\4"), "K\0", "K\4\x85", "K\1\x85")),
         "a storage type"},
        {ONE(TENSOR(FLOATS, "J\xff\xff\xff\xff", "K\4\x85", "K\1\x85")), "an offset"},
        {ONE(TENSOR(FLOATS, "K\0", "J\xff\xff\xff\xff\x85", "K\1\x85")), "a shape"},
        {ONE(TENSOR(FLOATS, "K\0", "K\4\x85", "K\1K\1\x86")), "as many strides as sizes"},
        {ONE(TENSOR(FLOATS, "K\0", "(K\1K\1K\1K\1K\1K\1K\1K\1K\1t", "K\1\x85")), "at most 8"},
        {ONE(TENSOR(FLOATS, "K\1", "K\4\x85", "K\1\x85")),
         "w: expected its elements to lie inside"},
        {ONE(TENSOR(FLOATS, "K\5", "K\0\x85", "K\1\x85")),
         "w: expected its elements to lie inside"},
        {ONE(TENSOR(FLOATS, "K\0", "K\2K\3\x86", "K\2K\1\x86")), "a storage of 4 elements"},
        {ONE(TENSOR(FLOATS, "K\1", "K\2\x85", "\x8a\x08\xff\xff\xff\xff\xff\xff\xff\x7f\x85")),
         "inside its storage"},
        {ONE(TENSOR(FLOATS, "K\0", "\x8a\x05\0\0\0\0\1\x85", "K\0\x85")),
         "found tensors that share bytes"},
        {ONE(TENSOR(STORAGE("torch\nDoubleStorage\n", "K\4"), "K\0", "K\1\x85", "K\1\x85")),
         "storage 0: expected its values"},
        {ONE(TENSOR(STORAGE("torch\nFloatStorage\n", "K\3"), "K\0", "K\1\x85", "K\1\x85")),
         "the size that its tensors need"},
        {ONE(TENSOR("(U\7storagectorch\nFloatStorage\nU\1"
                    "0U\3"
                    "cpuK\4U\1"
                    "9K\3K\2\x87tQ",
                    "K\0", "K\1\x85", "K\1\x85")),
         "a view inside its storage"},
        {ONE(TENSOR("(U\7storagectorch\nFloatStorage\nU\1"
                    "1U\3"
                    "cpuK\4tQ",
                    "K\0", "K\1\x85", "K\1\x85")),
         "storage 0: expected a tensor that uses it"},
        {ONE("K\1"), "one without tensors: {'w': the number 1}"},
        {TEXT("K\1"), "a dictionary of tensors, found the number 1"},
        {TEXT(GOOD), "a dictionary of tensors, found a tensor"},
        {TEXT("cm\nNet\n)\x81"), "save model.state_dict()"},
        {TEXT("}(U\1w" GOOD "U\3"
              "a.b"
              "cm\nC\n)Ru"),
         "a.b: expected a tensor, found an object of m.C"},
        {TEXT("}(U\1w" GOOD "U\1w" GOOD "u"), "w: expected each tensor name once"},
        {TEXT("}(U\3"
              "a.b" GOOD "U\1"
              "a}U\1"
              "b" GOOD "su"),
         "a.b: expected each tensor name once"},
        {TEXT("}U\0" GOOD "s"), "a tensor's name: expected 1 to 1024 bytes, found 0"},
        {TEXT("}U\3a\0b" GOOD "s"), "a tensor's name"},
        {TEXT("}U\2a\xc0" GOOD "s"), "a tensor's name: expected UTF-8"},
        {TEXT("}q\0U\1"
              "dh\0sq\1U\1w" GOOD "s"),
         "nested too deep"}, /* holds itself */
    };
    for (size_t i = 0; i < VRN_COUNT(cases); i++) {
        expect_refused(make_legacy(cases[i].pickle, cases[i].size), cases[i].words);
    }
}

/* Pickles that ask for much more than they are long. */
static void test_bombs(void **state)
{
    (void)state;
    enum { LENGTH = 1 << 20 };
    static char many[LENGTH];
    static const char repeated[] = {'}', ')', ']', '(', 'N'};
    for (size_t i = 0; i < sizeof repeated; i++) {
        memset(many, repeated[i], sizeof many);
        captured_log captured;
        bytes b = make_legacy(many, sizeof many);
        assert_int_equal(try_open(b.data, b.size, &captured), VRN_ERROR_FILE);
        release(&b);
    }

    /* d0 = {a: tensor, b: tensor}, d1 = {a: d0, b: d0}, ..: 2^14 names at depth 14, and, where the
     * innermost is empty, a walk of 2^15 steps for a few hundred bytes. */
    for (int empty = 0; empty < 2; empty++) {
        bytes pickle = {0};
        put(&pickle, TEXT("}"));
        if (!empty)
            put(&pickle, TEXT("(U\1"
                              "a" GOOD "U\1"
                              "b" GOOD "u"));
        for (int level = 0; level < 14; level++) {
            put(&pickle, TEXT("q\0"
                              "0}(U\1"
                              "ah\0U\1"
                              "bh\0u"));
        }
        bytes b = make_legacy((const char *)pickle.data, pickle.size);
        expect_refused(b, "each dictionary once");
        release(&pickle);
    }

    /* One list of 4,096 pairs, which 4,096 OrderedDicts copy. */
    bytes pickle = {0};
    put(&pickle, TEXT("ccollections\nOrderedDict\nq\0](K\1K\2\x86q\1"));
    for (int i = 0; i < 4096; i++) put(&pickle, TEXT("h\1"));
    put(&pickle, TEXT("e\x85q\2"));
    for (int i = 0; i < 4096; i++) put(&pickle, TEXT("h\0h\2R"));
    expect_refused(make_legacy((const char *)pickle.data, pickle.size), "bytes of memory");
    release(&pickle);

    /* One tensor under 200,000 names. */
    put(&pickle, TEXT("}(" GOOD "q\0"
                      "0"));
    for (int i = 0; i < 200000; i++) {
        put(&pickle, TEXT("J"));
        put_number(&pickle, (uint64_t)i, 4);
        put(&pickle, TEXT("h\0"));
    }
    put(&pickle, TEXT("u"));
    captured_log captured;
    bytes b = make_legacy((const char *)pickle.data, pickle.size);
    vrn_result result = try_open(b.data, b.size, &captured);
    assert_true(result == VRN_ERROR_FILE && said_once(&captured, "bytes of memory"));
    release(&b);
    release(&pickle);
}

/* ---- The legacy form around the pickles ------------------------------------------------------ */

static void test_legacy_refused(void **state)
{
    (void)state;
    static const struct {
        const char *file;
        size_t size;
        const char *words;
    } cases[] = {
        {TEXT(MAGIC "\x80\x02K\1."), "incomplete"},
        {TEXT(MAGIC "\x80\x02K\1.\x80\x02}."),
         "protocol version: expected 1001, found the number 1"},
        {TEXT(MAGIC "\x80\x02M\xe9\x03.\x80\x02}U\x0dlittle_endian\x89s."), "big-endian"},
        {TEXT(PREAMBLE "\x80\x02}.\x80\x02N."), "storage keys: expected a list of strings"},
        {TEXT(PREAMBLE "\x80\x02}.\x80\x02]K\1a."), "storage keys: expected a list of strings"},
        {TEXT(PREAMBLE "\x80\x02}.\x80\x02]."), "expected a dictionary of tensors"},
        {TEXT(PREAMBLE "\x80\x02"
                       "}U\1w" GOOD "s.\x80\x02]."),
         "w: expected its values"},
        {TEXT(PREAMBLE "\x80\x02"
                       "}U\1w" GOOD "s.\x80\x02]U\1"
                       "0a.\4\0\0"),
         "incomplete"},
        {TEXT(PREAMBLE "\x80\x02"
                       "}U\1w" GOOD "s.\x80\x02]U\1"
                       "0a.\4\0\0\0\0\0\0\0abcd"),
         "incomplete"},
        {TEXT(PREAMBLE "\x80\x02"
                       "}U\1w" GOOD "s.\x80\x02]U\1"
                       "0a.\xff\xff\xff\xff\xff\xff\xff\xff"),
         "incomplete"},
        {TEXT(PREAMBLE "\x80\x02"
                       "}U\1w" TENSOR(STORAGE("torch\nFloatStorage\n", "K\0"), "K\0", "K\0\x85",
                                      "K\1\x85") "s.\x80\x02](U\1"
                                                 "0U\1"
                                                 "0e.\0\0\0\0\0\0\0\0"),
         "it once, found it twice"},
    };
    for (size_t i = 0; i < VRN_COUNT(cases); i++) {
        bytes b = {0};
        put(&b, cases[i].file, cases[i].size);
        expect_refused(b, cases[i].words);
    }
}

/* ---- Zip ------------------------------------------------------------------------------------- */

#define PICKLE "\x80\x02}U\1w" GOOD "s."

static void test_zip(void **state)
{
    (void)state;
    const zip_part good[] = {{"x/data.pkl", TEXT(PICKLE), 0, 0},
                             {"x/data/0", TEXT("0123456789abcdef"), 0, 0},
                             {"x/byteorder", TEXT("little"), 0, 0}};
    expect_read(make_zip(good, 3, false));
    expect_read(make_zip(good, 3, true));
    expect_refused(make_zip(good, 0, false), "a zip archive without <name>/data.pkl");
    expect_refused(make_zip(good, 1, false),
                   "w: expected its values in the archive's entry data/0");

    const struct {
        size_t index;
        zip_part part;
        const char *words;
    } cases[] = {
        {0, {"x/data.pkl", TEXT(PICKLE), 9, 0}, "x/data.pkl: expected a stored entry"},
        {0, {"x/data.pkl", TEXT(PICKLE), 8, 0}, "expected an entry's compressed bytes: the file"},
        {0, {"x/data.pkl", TEXT(PICKLE), 0, 1}, "without encryption, found an encrypted one"},
        {0, {"x/data.pkl", TEXT("\x80\x02}"), 0, 0}, "data.pkl: at byte 3"},
        {0, {"x/y/data.pkl", TEXT(PICKLE), 0, 0}, "without <name>/data.pkl"},
        {0, {"a.npy", TEXT(""), 0, 0}, "NumPy"},
        {0, {"model.weights.h5", TEXT(""), 0, 0}, "Keras"},
        {0, {"x/archive_format", TEXT("pt2"), 0, 0}, "torch.export.load"},
        {0, {"best.pth", TEXT(""), 0, 0}, "unpack it, and give the .pth file"},
        {1, {"x/data/0", TEXT("0123456789abcde"), 0, 0}, "w: expected 4 x 4 bytes"},
        {1, {"x/data/0", TEXT("0123456789abcdef"), 9, 0}, "compressed with method 9"},
        {2, {"x/byteorder", TEXT("big"), 0, 0}, "byteorder: expected 'little', found 'big'"},
    };
    for (size_t i = 0; i < VRN_COUNT(cases); i++) {
        zip_part parts[3];
        memcpy(parts, good, sizeof good);
        parts[cases[i].index] = cases[i].part;
        expect_refused(make_zip(parts, 3, false), cases[i].words);
    }
}

/* ---- Safetensors ----------------------------------------------------------------------------- */

#define ENTRY(dtype, shape, offsets)                                                               \
    "{\"w\":{\"dtype\":\"" dtype "\",\"shape\":[" shape "],\"data_offsets\":[" offsets "]}}"

static void test_safetensors(void **state)
{
    (void)state;
    static const char *const good[] = {
        ENTRY("F32", "2", "0,8"),
        ENTRY("F16", "2,2", "0,8") "   ",
        ENTRY("F4", "16", "0,8"),
        ENTRY("F32", "0,18446744073709551615,18446744073709551615", "0,0") /* then no data fits */,
        "{ \"\\u00e4\\ud83d\\ude00\\n\" : {\"x\":[1,{\"a\":\"]\\\"\"},-1.5e3,null], \"shape\" :[ 8 "
        "],"
        "\"dtype\":\"I8\" , \"data_offsets\":[0, 8]} }",
    };
    for (size_t i = 0; i < VRN_COUNT(good); i++)
        expect_read(make_safetensors(good[i], i == 3 ? 0 : 8));

    static const struct {
        const char *header, *words;
    } cases[] = {
        {"{}", "expected tensors that fill the 8 bytes"},
        {"{", "a tensor's name"},
        {"{]", "a tensor's name"},
        {"{\"w\"}", "':'"},
        {"{\"w\":[]}", "a tensor's object"},
        {"{\"w\":{}}", "dtype, shape and data_offsets"},
        {"{\"w\":{\"dtype\":\"F32\"}}", "dtype, shape and data_offsets"},
        {ENTRY("F32", "2", "0,8") "x", "spaces up to the data"},
        {ENTRY("F33", "2", "0,8"), "w: expected a known dtype, found F33"},
        {ENTRY("F32", "3", "0,8"), "as many bytes as [3] of F32 takes, found 8"},
        {ENTRY("F32", "2", "0,9"), "data inside the file's 8 bytes"},
        {ENTRY("F32", "2", "8,0"), "offsets 8 to 0"},
        {ENTRY("F32", "2", "0"), "[begin, end]"},
        {ENTRY("F32", "2", "0,8,9"), "[begin, end]"},
        {ENTRY("F32", "2", "-1,7"), "[begin, end]"},
        {ENTRY("F32", "2.0", "0,8"), "a shape"},
        {ENTRY("F32", "02", "0,8"), "a shape"},
        {ENTRY("F32", "99999999999999999999", "0,8"), "a shape"},
        {ENTRY("F32", "4611686018427387904,4", "0,0"), "as many bytes as"},
        {ENTRY("F32", "1,1,1,1,1,1,1,1,2", "0,8"), "at most 8 sizes"},
        {ENTRY("F4", "1", "0,0"), "as many bytes as"},
        {ENTRY("F32", "1", "0,4"), "fill the 8 bytes of data, found 4"},
        {"{\"w\":{\"dtype\":\"F32\",\"dtype\":\"F32\"}}", "dtype once"},
        {"{\"w\":{\"shape\":[],\"shape\":[]}}", "shape once"},
        {"{\"w\":{\"data_offsets\":[0,8],\"data_offsets\":[0,8]}}", "data_offsets once"},
        {"{\"w\":{\"x\":[[}}", "a value"},
        {"{\"w\\u0000\":{}}", "a tensor's name"},
        {"{\"\\ud800\":{}}", "a tensor's name"},
        {"{\"\\q\":{}}", "a tensor's name"},
        {"{\"\xff\":{}}", "a tensor's name"},
        {"{\"a\nb\":{}}", "a tensor's name"},
        {"{\"w", "a tensor's name"},
        {"{\"w\\", "a tensor's name"},
        {"{\"__metadata__\":{\"a\":1}}", "a string as metadata"},
        {"{\"__metadata__\":{},\"__metadata__\":{}}", "__metadata__ once"},
        {"{\"__metadata__\":{\"a\":\"\",\"a\":\"\"},\"w\":{\"dtype\":\"I8\",\"shape\":[8],"
         "\"data_offsets\":[0,8]}}",
         "a: expected each metadata key once"},
        {"{\"w\":{\"dtype\":\"I8\",\"shape\":[4],\"data_offsets\":[0,4]},"
         "\"w\":{\"dtype\":\"I8\",\"shape\":[4],\"data_offsets\":[4,8]}}",
         "w: expected each tensor name once"},
    };
    for (size_t i = 0; i < VRN_COUNT(cases); i++) {
        expect_refused(make_safetensors(cases[i].header, 8), cases[i].words);
    }
    bytes nested = make_safetensors("{\"w\":{\"x\":", 0);
    for (int i = 0; i < 100000; i++) put(&nested, "[", 1);
    memset(nested.data, 0, 8);
    nested.data[0] = 0x40;
    nested.data[1] = 0x42;
    expect_refused(nested, "a value");
    bytes longer = make_safetensors("{}", 0);
    longer.data[0] = 3;
    expect_refused(longer, "a safetensors header of 3 bytes");
}

/* ---- Other files ----------------------------------------------------------------------------- */

static void test_other_files(void **state)
{
    (void)state;
    static const struct {
        const char *data;
        size_t size;
        const char *words;
    } cases[] = {
        {TEXT(""), "an empty file"},
        {TEXT("\n<!DOCTYPE html><html>"), "a web page"},
        {TEXT("version https://git-lfs.github.com/spec/v1\noid"), "Git LFS"},
        {TEXT("\x80\x02}q\0."), "a pickle that torch.save did not write"},
        {TEXT("\x80\x04\x95 numpy.core.multiarray"), "PaddlePaddle (.pdparams)"},
        {TEXT("\x80\x04\x95 torch._utils"), "torch.save(pickle.load(open(FILE, 'rb'))"},
        {TEXT("\x81\xa6params\x81"), "Flax"},
        {TEXT("ftrt\0\0"), "TensorRT"},
        {TEXT("\x1c\0\0\0ET12"), "ExecuTorch"},
        {TEXT("\x12\1\0\0\0\0\0\0"), "MXNet"},
        {TEXT("<?xml version=\"1.0\"?>\n<net name=\"a\">"), "OpenVINO"},
        {TEXT("<?xml version=\"1.0\"?><Error><Code>"), "a web page"},
        {TEXT("7767517\n75 83\n"), "ncnn"},
        {TEXT("\0\0\0\0\0\0\0\0\0\0"), "zeros"},
        {TEXT("\x93NUMPY\1\0v\0"), "a NumPy array"},
        {TEXT("\x1f\x8b\x08\0"), "gzip"},
        {TEXT("\375"
              "7zXZ\0"),
         "xz"},
        {TEXT("\x08\x08\x12\x07pytorch"), "an ONNX model"},
        {TEXT("{\"weight_map\": {}}"), "JSON"},
        {TEXT("Not found\n"), "a server's answer to a failed download"},
        {TEXT("file,label\n"), "a text file"},
        {TEXT("\x89HDF\r\n\x1a\n\0"), "HDF5"},
        {TEXT("\x89PNG\r\n\x1a\n"), "PNG"},
        {TEXT("\1\2\3\xff"), "01 02 03 ff"},
    };
    for (size_t i = 0; i < VRN_COUNT(cases); i++) {
        bytes b = {0};
        put(&b, cases[i].data, cases[i].size);
        expect_refused(b, cases[i].words);
    }
    bytes tar = {calloc(1024, 1), 1024, 1024};
    assert_non_null(tar.data);
    memcpy(tar.data, "sys_info", 8);
    memcpy(tar.data + 257, "ustar", 5);
    expect_refused(tar, "before 0.1.10");
    bytes other = {calloc(1024, 1), 1024, 1024};
    assert_non_null(other.data);
    memcpy(other.data, "model.pth", 9);
    memcpy(other.data + 257, "ustar", 5);
    expect_refused(other, "a tar archive: unpack it first");

    expect_refused(read_fixture("refused-numpy.pth"),
                   "fc.weight: expected a tensor, found one of NumPy's arrays: in Python");
    expect_refused(read_fixture("refused-script.pth"),
                   "activation.ReLU: this program of TorchScript was frozen");
    expect_refused(read_fixture("refused-arrays.npz"), "NumPy");

    captured_log captured;
    vrn_log log = capture_log(&captured);
    vrn_checkpoint *checkpoint;
    assert_int_equal(vrn_checkpoint_open(&checkpoint, FOLDER "none.pth", &log), VRN_ERROR_FILE);
    assert_null(checkpoint);
    assert_true(said_once(&captured, "none.pth: cannot open"));
    assert_int_equal(vrn_checkpoint_open(&checkpoint, FOLDER "none.pth", NULL), VRN_ERROR_FILE);
}

/* ---- All the damage there can be ------------------------------------------------------------- */

static const char *const damaged[] = {"wrapped-zip.pth", "wrapped-legacy.pth", "subclass.pth",
                                      "kinds-zip5.pth",  "kinds-legacy4.pth",  "kinds.safetensors"};

static void test_truncation(void **state)
{
    (void)state;
    for (size_t i = 0; i < VRN_COUNT(damaged); i++) {
        bytes b = read_fixture(damaged[i]);
        for (size_t size = 0; size < b.size; size++) {
            captured_log captured;
            if (try_open(b.data, size, &captured) != VRN_ERROR_FILE) {
                fail_msg("%s: its first %zu bytes were read", damaged[i], size);
            }
        }
        release(&b);
    }
}

/* A changed byte may be a changed value, which nobody can know; else it is an error like others. */
static void test_flipped_bytes(void **state)
{
    (void)state;
    static const uint8_t flips[] = {0x01, 0x80, 0xff, 0x20};
    for (size_t i = 0; i < VRN_COUNT(damaged); i++) {
        bytes b = read_fixture(damaged[i]);
        for (size_t at = 0; at < b.size; at++) {
            for (size_t k = 0; k < VRN_COUNT(flips); k++) {
                captured_log captured;
                b.data[at] ^= flips[k];
                vrn_result result = try_open(b.data, b.size, &captured);
                b.data[at] ^= flips[k];
                if (result != VRN_OK && result != VRN_ERROR_FILE) {
                    fail_msg("%s, byte %zu: %s", damaged[i], at, captured.text);
                }
            }
        }
        release(&b);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pickles_read),  cmocka_unit_test(test_pickles_refused),
        cmocka_unit_test(test_bombs),         cmocka_unit_test(test_legacy_refused),
        cmocka_unit_test(test_zip),           cmocka_unit_test(test_safetensors),
        cmocka_unit_test(test_other_files),   cmocka_unit_test(test_truncation),
        cmocka_unit_test(test_flipped_bytes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
