#include "checkpoint/foreign.h"

#include <string.h>

#include "base/alloc.h"
#include "base/os.h"
#include "base/text.h"
#include "base/util.h"

/* For messages that end with the formats that can be read. */
#define NEEDS_PYTORCH ": give PyTorch's weights, or ONNX with channels before rows (NCHW)"

static bool is_empty(const vrn_source *source)
{
    return source->size == 0;
}

/* The first of so many bytes decides. */
static bool has_early(const vrn_source *source, const char *text)
{
    const size_t length = strlen(text), end = (size_t)vrn_min_u64(source->size, 1 << 16);
    for (size_t i = 0; i + length <= end; i++) {
        if (memcmp(source->data + i, text, length) == 0) return true;
    }
    return false;
}

/* Text that begins with a tag, whatever its case. */
static bool begins_with_tag(const vrn_source *source, const char *const *tags, size_t count)
{
    size_t start = 0;
    while (start < source->size && start < 64 && source->data[start] <= ' ') start++;
    for (size_t i = 0; i < count; i++) {
        size_t length = strlen(tags[i]), same = 0;
        if (source->size - start < length) continue;
        for (size_t k = 0; k < length; k++) {
            int c = source->data[start + k];
            same += (c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c) == tags[i][k];
        }
        if (same == length) return true;
    }
    return false;
}

static bool is_html(const vrn_source *source)
{
    static const char *const tags[] = {"<!doctype", "<html", "<?xml", "<head", "<body", "<error"};
    return begins_with_tag(source, tags, VRN_COUNT(tags));
}

static bool is_openvino(const vrn_source *source)
{
    static const char *const tags[] = {"<?xml", "<net "};
    return begins_with_tag(source, tags, VRN_COUNT(tags)) && has_early(source, "<net ");
}

/* Answers of servers to a request that failed. */
static bool is_error_text(const vrn_source *source)
{
    static const char *const tags[] = {
        "entry not found", "repository not found", "not found", "404",
        "access denied",   "invalid username",     "{\"error",  "{\"message"};
    return source->size < 4096 && begins_with_tag(source, tags, VRN_COUNT(tags));
}

static bool is_pickle(const vrn_source *source)
{
    return source->size > 2 && source->data[0] == 0x80 && source->data[1] <= 5;
}

static bool is_numpy_pickle(const vrn_source *source)
{
    return is_pickle(source) && has_early(source, "numpy");
}

static bool is_tensor_pickle(const vrn_source *source)
{
    return is_pickle(source) && has_early(source, "torch");
}

/* A map of MessagePack whose first key is a short text of small letters. */
static bool is_message_pack(const vrn_source *source)
{
    if (source->size < 4) return false;
    const uint8_t first = source->data[0];
    const size_t key = first == 0xde ? 3 : 1;
    const bool map = first == 0xde || (first & 0xf0) == 0x80;
    return map && (source->data[key] & 0xe0) == 0xa0 && source->data[key + 1] >= 'a' &&
           source->data[key + 1] <= 'z';
}

/* PyTorch's oldest form begins with one of these members. */
static bool is_old_torch(const vrn_source *source)
{
    static const char *const members[] = {"sys_info", "pickle", "storages", "tensors"};
    if (!vrn_source_has(source, 257, "ustar")) return false;
    for (size_t i = 0; i < VRN_COUNT(members); i++) {
        if (vrn_source_has(source, 0, members[i])) return true;
    }
    return vrn_source_has(source, 0, "./sys_info") || vrn_source_has(source, 0, "./tensors");
}

static bool is_zeros(const vrn_source *source)
{
    const size_t end = (size_t)vrn_min_u64(source->size, 1 << 12);
    for (size_t i = 0; i < end; i++) {
        if (source->data[i]) return false;
    }
    return end > 0;
}

static bool is_text(const vrn_source *source)
{
    size_t length = (size_t)vrn_min_u64(source->size, 64);
    for (size_t i = 0; i < length; i++) {
        uint8_t c = source->data[i];
        if ((c < ' ' && c != '\t' && c != '\r' && c != '\n') || c >= 0x7f) return false;
    }
    return true;
}

/* Kinds recognised by bytes at an offset, or by a function. */
static const struct {
    const char *what;
    size_t offset;
    const char *bytes;
    bool (*test)(const vrn_source *source);
} known[] = {
    {"an empty file: was a download interrupted?", .test = is_empty},
    {"a checkpoint of PyTorch before 0.1.10 (tar): load it with an old PyTorch and save it again "
     "with torch.save",
     .test = is_old_torch},
    {"a tar archive: unpack it first", .offset = 257, .bytes = "ustar"},
    {"a Git LFS pointer: fetch the file itself with 'git lfs pull', or download it",
     .bytes = "version https://git-lfs"},
    {"a NumPy array (.npy): give the weights of a network", .bytes = "\x93NUMPY"},
    {"a gzip archive: unpack it first", .bytes = "\x1f\x8b"},
    {"an xz archive: unpack it first", .bytes = "\3757zXZ"},
    {"a zstd archive: unpack it first", .bytes = "\x28\xb5\x2f\xfd"},
    {"a bzip2 archive: unpack it first", .bytes = "BZh"},
    {"a 7-zip archive: unpack it first", .bytes = "7z\xbc\xaf\x27\x1c"},
    {"a RAR archive: unpack it first", .bytes = "Rar!"},
    {"an LZ4 archive: unpack it first", .bytes = "\x04\x22\x4d\x18"},
    {"an HDF5 file (Keras; tf_model.h5 of Hugging Face)" NEEDS_PYTORCH
     ". Convert a model of Hugging Face in Python with from_pretrained(FOLDER, "
     "from_tf=True).save_pretrained(OUT)",
     .bytes = "\x89HDF\r\n\x1a\n"},
    {"a GGUF file" NEEDS_PYTORCH, .bytes = "GGUF"},
    {"a TensorFlow Lite model" NEEDS_PYTORCH, .offset = 4, .bytes = "TFL3"},
    {"an ONNX Runtime model (.ort): give the .onnx file that it was made from", .offset = 4,
     .bytes = "ORTM"},
    {"an ExecuTorch program (.pte): give the checkpoint that it was made from", .offset = 4,
     .bytes = "ET1"},
    {"a TensorRT engine, which only TensorRT can run: give the .onnx or .pth file that it was "
     "built from",
     .bytes = "ftrt"},
    {"a TensorRT engine, which only TensorRT can run: give the .onnx or .pth file that it was "
     "built from",
     .bytes = "ptrt"},
    {"an RKNN model: give the .onnx or .pth file that it was made from", .bytes = "RKNN"},
    {"an Ascend model (.om): give the .onnx or .pth file that it was made from", .bytes = "IMOD"},
    {"an ncnn model: give the .onnx or .pth file that it was made from", .bytes = "7767517"},
    {"an MXNet file (.params)" NEEDS_PYTORCH, .bytes = "\x12\x01"},
    {"a Torch7 file (.t7): load it with an old PyTorch's torch.utils.serialization.load_lua, and "
     "save its tensors with torch.save",
     .offset = 12, .bytes = "V 1"},
    {"a Parquet file, which has no weights", .bytes = "PAR1"},
    {"a PNG image", .bytes = "\x89PNG"},
    {"a JPEG image", .bytes = "\xff\xd8\xff"},
    {"an executable program", .bytes = "\177ELF"},
    {"a PDF document", .bytes = "%PDF"},
    {"an OpenVINO model (.xml): give the .onnx or .pth file that it was made from",
     .test = is_openvino},
    {"a server's answer to a failed download: download the file again", .test = is_error_text},
    {"a web page: was an error page or a login page downloaded?", .test = is_html},
    {"JSON text, which has no tensors: give the weights file, or the .index.json file of a sharded "
     "checkpoint",
     .bytes = "{"},
    {"a pickle of NumPy arrays, as PaddlePaddle (.pdparams), Detectron2 (.pkl) and joblib write "
     "them: in Python, load it, make tensors of its arrays with torch.as_tensor, and save the "
     "dictionary with torch.save",
     .test = is_numpy_pickle},
    {"a pickle of PyTorch tensors that torch.save did not write, or the beginning of a checkpoint: "
     "if the file is complete, convert it in Python with torch.save(pickle.load(open(FILE, 'rb')), "
     "'model.pth')",
     .test = is_tensor_pickle},
    {"a pickle that torch.save did not write, or the beginning of a checkpoint: give the file that "
     "torch.save wrote, or download it again",
     .test = is_pickle},
    {"a MessagePack file, as Flax writes it" NEEDS_PYTORCH
     ". Convert a model of Hugging Face in Python with from_pretrained(FOLDER, "
     "from_flax=True).save_pretrained(OUT)",
     .test = is_message_pack},
    {"zeros: was a download or a copy interrupted?", .test = is_zeros},
};

/* Kinds recognised by the end of the name, if the bytes do not show them. */
static const struct {
    const char *end, *what;
} endings[] = {
    {".mlmodel", "a Core ML model" NEEDS_PYTORCH},
    {".pb", "a TensorFlow graph" NEEDS_PYTORCH},
    {".meta", "part of a TensorFlow checkpoint" NEEDS_PYTORCH},
    {".index", "part of a TensorFlow checkpoint" NEEDS_PYTORCH},
    {".data-00000-of-00001", "part of a TensorFlow checkpoint" NEEDS_PYTORCH},
    {".caffemodel", "a Caffe model" NEEDS_PYTORCH},
    {".prototxt", "a Caffe network without weights" NEEDS_PYTORCH},
    {".weights", "a Darknet model" NEEDS_PYTORCH},
    {".cfg", "the description of a network without weights" NEEDS_PYTORCH},
    {".mnn", "an MNN model" NEEDS_PYTORCH},
    {".pdmodel", "a PaddlePaddle program" NEEDS_PYTORCH},
    {".pdiparams", "PaddlePaddle's weights" NEEDS_PYTORCH},
    {".engine", "a TensorRT engine: give the .onnx or .pth file that it was built from"},
    {".plan", "a TensorRT engine: give the .onnx or .pth file that it was built from"},
    {".hef", "a Hailo model: give the .onnx or .pth file that it was made from"},
    {".param", "an ncnn model: give the .onnx or .pth file that it was made from"},
    {".bin", "raw numbers, as in the .bin files of OpenVINO and ncnn or the external data of ONNX: "
             "give the .onnx or .pth file"},
    {".data", "raw numbers, as in the external data of ONNX: give the .onnx file beside it"},
    {".py", "the source code of a program: give the file with the weights"},
    {".yaml", "settings without weights: give the weights"},
    {".yml", "settings without weights: give the weights"},
    {".nnef", "an NNEF graph" NEEDS_PYTORCH},
};

static bool ends_with(const char *text, size_t length, const char *end)
{
    const size_t own = strlen(end);
    return length >= own && memcmp(text + length - own, end, own) == 0;
}

const char *vrn_foreign_describe(const vrn_source *source)
{
    for (size_t i = 0; i < VRN_COUNT(known); i++) {
        if (known[i].test ? known[i].test(source)
                          : vrn_source_has(source, known[i].offset, known[i].bytes)) {
            return known[i].what;
        }
    }
    for (size_t i = 0; i < VRN_COUNT(endings); i++) {
        if (ends_with(source->name, strlen(source->name), endings[i].end)) return endings[i].what;
    }
    return is_text(source) ? "a text file" : NULL;
}

const char *vrn_foreign_describe_zip(const vrn_zip *zip)
{
    /* Kinds of zip archives; the first with an entry in the archive counts. */
    static const struct {
        const char *end, *what;
    } kinds[] = {
        {"model.weights.h5", "a Keras model (.keras)" NEEDS_PYTORCH},
        {"serialized_exported_program.json",
         "a program exported by torch.export (.pt2): convert it in Python with "
         "torch.save(torch.export.load(FILE).state_dict, "
         "'model.pth')"},
        {"archive_format", "a program exported by torch.export (.pt2): convert it in Python with "
                           "torch.save(torch.export.load(FILE).state_dict, "
                           "'model.pth')"},
        {"MAR-INF/MANIFEST.json", "a TorchServe archive (.mar): unpack it, and give the .pth file"},
        {".npy",
         "an archive of NumPy arrays (.npz): if its names are those of a PyTorch network, convert "
         "it in Python with torch.save({k: torch.as_tensor(v) for k, v in "
         "numpy.load(FILE).items()}, 'model.pth')"},
        {"coremldata.bin", "a Core ML model" NEEDS_PYTORCH},
        {".mlmodel", "a Core ML package" NEEDS_PYTORCH},
        {"dlc.metadata",
         "a Qualcomm model (.dlc): give the .onnx or .pth file that it was made from"},
        {".safetensors", "a zip archive of files: unpack it, and give the .safetensors file"},
        {".pth", "a zip archive of files: unpack it, and give the .pth file"},
        {".pt", "a zip archive of files: unpack it, and give the .pt file"},
        {".ckpt", "a zip archive of files: unpack it, and give the .ckpt file"},
        {".onnx", "a zip archive of files: unpack it, and give the .onnx file"},
        {"pytorch_model.bin", "a zip archive of files: unpack it, and give the folder"},
        {".pb", "a zip archive of a TensorFlow model" NEEDS_PYTORCH},
    };
    for (size_t k = 0; k < VRN_COUNT(kinds); k++) {
        for (size_t i = 0; i < zip->count; i++) {
            const vrn_zip_entry *entry = &zip->entries[i];
            if (ends_with(entry->name, entry->name_length, kinds[k].end)) return kinds[k].what;
        }
    }
    return "a zip archive without <name>/data.pkl";
}

const char *vrn_foreign_describe_folder(const char *path)
{
    static const struct {
        const char *member, *what;
    } kinds[] = {
        {"saved_model.pb", "a TensorFlow SavedModel" NEEDS_PYTORCH},
        {"tf_model.h5",
         "a TensorFlow model of Hugging Face: convert it in Python with from_pretrained(FOLDER, "
         "from_tf=True).save_pretrained(OUT)"},
        {"flax_model.msgpack",
         "a Flax model of Hugging Face: convert it in Python with from_pretrained(FOLDER, "
         "from_flax=True).save_pretrained(OUT)"},
        {".metadata", "a checkpoint of torch.distributed: convert it with python -m "
                      "torch.distributed.checkpoint.format_utils dcp_to_torch FOLDER model.pth"},
        {"Manifest.json", "a Core ML package" NEEDS_PYTORCH},
        {"data.pkl", "an unpacked checkpoint: give the archive as torch.save wrote it"},
        {"model.onnx", "model.onnx: give that file"},
    };
    for (size_t i = 0; i < VRN_COUNT(kinds); i++) {
        char *file = vrn_join(path, "/", kinds[i].member);
        const bool there = file && vrn_path_get_kind(file) == VRN_PATH_FILE;
        vrn_free(file);
        if (there) return kinds[i].what;
    }
    return NULL;
}
