#include "checkpoint/recognise.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "base/util.h"
#include "checkpoint/pth.h"
#include "checkpoint/safetensors.h"

/* What people give instead of a checkpoint. */
static const struct {
    size_t offset;
    const char *bytes;
    size_t length;
    const char *what;
} signatures[] = {
    {257, "ustar", 5,
     "PyTorch's form from before 0.1.10 (tar): load it with an old PyTorch and save it again with "
     "torch.save"},
    {0, "version https://git-lfs", 23,
     "a Git LFS pointer: fetch the file itself with 'git lfs pull', or download it"},
    {0, "\x93NUMPY", 6, "a NumPy array (.npy)"},
    {0, "\x1f\x8b", 2, "a gzip archive: unpack it first"},
    {0, "\3757zXZ", 5, "an xz archive: unpack it first"},
    {0, "\x28\xb5\x2f\xfd", 4, "a zstd archive: unpack it first"},
    {0, "BZh", 3, "a bzip2 archive: unpack it first"},
    {0, "7z\xbc\xaf\x27\x1c", 6, "a 7-zip archive: unpack it first"},
    {0, "\x89HDF\r\n\x1a\n", 8, "an HDF5 file (Keras): expected PyTorch's weights"},
    {0, "GGUF", 4, "a GGUF file: expected PyTorch's weights"},
    {4, "TFL3", 4, "a TensorFlow Lite model: expected PyTorch's weights"},
    {0, "\x89PNG", 4, "a PNG image"},
    {0, "\xff\xd8\xff", 3, "a JPEG image"},
    {0, "\177ELF", 4, "a program"},
    {0, "%PDF", 4, "a PDF document"},
};

static bool starts_with(const vrn_source *source, size_t offset, const char *bytes, size_t length)
{
    return source->size >= offset + length && memcmp(source->data + offset, bytes, length) == 0;
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

/* Protocol buffers: field 1 (ir_version), then field 2 (producer_name) or 7 (graph). */
static bool is_onnx(const vrn_source *source)
{
    return source->size > 4 && source->data[0] == 0x08 && source->data[1] < 0x20 &&
           (source->data[2] == 0x12 || source->data[2] == 0x3a);
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

vrn_file_form vrn_recognise(const vrn_source *source)
{
    if (starts_with(source, 0, "PK\3\4", 4) || starts_with(source, 0, "PK\5\6", 4)) {
        return VRN_FORM_ZIP;
    }
    if (vrn_pth_is_legacy(source)) return VRN_FORM_LEGACY;
    if (vrn_safetensors_recognise(source)) return VRN_FORM_SAFETENSORS;
    return VRN_FORM_UNKNOWN;
}

vrn_result vrn_fail_unknown(const vrn_source *source)
{
    char bytes[64] = "";
    const char *what = NULL;
    for (size_t i = 0; i < VRN_COUNT(signatures) && !what; i++) {
        if (starts_with(source, signatures[i].offset, signatures[i].bytes, signatures[i].length)) {
            what = signatures[i].what;
        }
    }
    if (source->size == 0) {
        what = "an empty file: was a download interrupted?";
    } else if (what) {
    } else if (is_html(source)) {
        what = "a web page: was an error page or a login page downloaded?";
    } else if (source->data[0] == '{') {
        what = "JSON text: of a sharded safetensors checkpoint, give the file with the tensors";
    } else if (source->size > 2 && source->data[0] == 0x80 && source->data[1] <= 5) {
        what = "a pickle that torch.save did not write, or the beginning of a checkpoint";
    } else if (is_onnx(source)) {
        what = "an ONNX model: expected PyTorch's weights";
    } else if (is_text(source)) {
        what = "a text file";
    } else {
        size_t length = 0;
        for (size_t i = 0; i < 8 && i < source->size; i++) {
            length +=
                (size_t)snprintf(bytes + length, sizeof bytes - length, " %02x", source->data[i]);
        }
    }
    return vrn_fail(source->log, VRN_ERROR_FILE,
                    "%s: expected a checkpoint (.pth of PyTorch, or safetensors), found %s%s",
                    source->name, what ? what : "a file that begins with the bytes", bytes);
}
