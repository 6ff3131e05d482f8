#include "checkpoint/format.h"

#include <string.h>

#include "base/text.h"
#include "base/util.h"

#define ROW(name) &vrn_checkpoint_##name,
const vrn_checkpoint_format *const vrn_checkpoint_formats[] = {VRN_CHECKPOINT_FORMATS(ROW) NULL};

/* ---- What people give instead of a checkpoint ------------------------------------------------ */

static bool is_empty(const vrn_source *source)
{
    return source->size == 0;
}

/* A page, whatever case its tags have. */
static bool is_html(const vrn_source *source)
{
    static const char *const tags[] = {"<!doctype", "<html", "<?xml", "<head", "<body"};
    size_t start = 0;
    while (start < source->size && start < 64 && source->data[start] <= ' ') start++;
    for (size_t i = 0; i < VRN_COUNT(tags); i++) {
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

static bool is_pickle(const vrn_source *source)
{
    return source->size > 2 && source->data[0] == 0x80 && source->data[1] <= 5;
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

/* By bytes at an offset, or by a function. */
static const struct {
    const char *what;
    size_t offset;
    const char *bytes;
    bool (*test)(const vrn_source *source);
} others[] = {
    {"an empty file: was a download interrupted?", .test = is_empty},
    {"PyTorch's form from before 0.1.10 (tar): load it with an old PyTorch and save it again with "
     "torch.save",
     .offset = 257, .bytes = "ustar"},
    {"a Git LFS pointer: fetch the file itself with 'git lfs pull', or download it",
     .bytes = "version https://git-lfs"},
    {"a NumPy array (.npy)", .bytes = "\x93NUMPY"},
    {"a gzip archive: unpack it first", .bytes = "\x1f\x8b"},
    {"an xz archive: unpack it first", .bytes = "\3757zXZ"},
    {"a zstd archive: unpack it first", .bytes = "\x28\xb5\x2f\xfd"},
    {"a bzip2 archive: unpack it first", .bytes = "BZh"},
    {"a 7-zip archive: unpack it first", .bytes = "7z\xbc\xaf\x27\x1c"},
    {"an HDF5 file (Keras): expected PyTorch's weights", .bytes = "\x89HDF\r\n\x1a\n"},
    {"a GGUF file: expected PyTorch's weights", .bytes = "GGUF"},
    {"a TensorFlow Lite model: expected PyTorch's weights", .offset = 4, .bytes = "TFL3"},
    {"an ONNX Runtime model (.ort): give the .onnx file that it was made from", .offset = 4,
     .bytes = "ORTM"},
    {"a PNG image", .bytes = "\x89PNG"},
    {"a JPEG image", .bytes = "\xff\xd8\xff"},
    {"a program", .bytes = "\177ELF"},
    {"a PDF document", .bytes = "%PDF"},
    {"a web page: was an error page or a login page downloaded?", .test = is_html},
    {"JSON text: for a sharded safetensors checkpoint, give the file with the tensors",
     .bytes = "{"},
    {"a pickle that torch.save did not write, or the beginning of a checkpoint", .test = is_pickle},
    {"a text file", .test = is_text},
};

static vrn_result fail_unknown(const vrn_source *source,
                               const vrn_checkpoint_format *const *formats)
{
    char known[256] = "", found[128] = "a file that begins with the bytes";
    for (; *formats; formats++) {
        const char *separator = !*known ? "" : formats[1] ? ", " : ", or ";
        if ((*formats)->name) vrn_append(known, sizeof known, "%s%s", separator, (*formats)->name);
    }
    const char *what = NULL;
    for (size_t i = 0; i < VRN_COUNT(others) && !what; i++) {
        bool is = others[i].test ? others[i].test(source)
                                 : vrn_source_has(source, others[i].offset, others[i].bytes);
        if (is) what = others[i].what;
    }
    for (size_t i = 0; i < 8 && i < source->size; i++) {
        vrn_append(found, sizeof found, " %02x", source->data[i]);
    }
    return vrn_source_fail(source, "expected a checkpoint (%s), found %s", known,
                           what ? what : found);
}

vrn_result vrn_checkpoint_read(vrn_tensor_list *list, const vrn_source *source,
                               const vrn_checkpoint_format *const *formats)
{
    for (const vrn_checkpoint_format *const *each = formats; *each; each++) {
        if (!(*each)->recognise(source)) continue;
        vrn_result result = (*each)->read(list, source);
        return result ? result : vrn_tensor_list_finish(list, source);
    }
    return fail_unknown(source, formats);
}
