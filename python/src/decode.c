#include "core.h"

#include <limits.h>
#include <stdlib.h>

/* The most that the decoder may allocate at once: stb_image grows the buffer of a PNG's data for as
 * long as there is data, whatever the picture's size. */
static _Thread_local size_t allocation_limit;

static void *limited_malloc(size_t size)
{
    return size <= allocation_limit ? malloc(size) : NULL;
}

static void *limited_realloc(void *old, size_t size)
{
    return size <= allocation_limit ? realloc(old, size) : NULL;
}

#define STBI_MALLOC(size)       limited_malloc(size)
#define STBI_REALLOC(old, size) limited_realloc(old, size)
#define STBI_FREE(memory)       free(memory)
#define STBI_MAX_DIMENSIONS     65535
#define STBI_FAILURE_USERMSG
#define STBI_NO_STDIO
#define STBI_NO_LINEAR
#define STBI_ONLY_PNG
#define STBI_ONLY_JPEG
#define STBI_ONLY_BMP
#define STB_IMAGE_IMPLEMENTATION
#include <stb_image.h>

enum { MAX_PIXELS = 1 << 28, SLACK_BYTES = 1 << 20 };

/* Whether a JPEG has tables of more than 256 Huffman codes, which stb_image writes beyond its
 * memory. They are looked for behind every marker of theirs, whatever segment it stands in. */
static bool has_large_table(const uint8_t *file, size_t size)
{
    enum { MARKER = 0xc4, LENGTHS = 16, CODES_MAX = 256 };
    for (size_t marker = 0; marker + 4 <= size; marker++) {
        if (file[marker] != 0xff || file[marker + 1] != MARKER) continue;
        size_t end = marker + 2 + ((size_t)file[marker + 2] << 8 | file[marker + 3]);
        if (end > size) end = size;
        for (size_t at = marker + 4; at + 1 + LENGTHS <= end;) {
            size_t codes = 0;
            for (size_t i = 1; i <= LENGTHS; i++) codes += file[at + i];
            if (codes > CODES_MAX) return true;
            at += 1 + LENGTHS + codes;
        }
    }
    return false;
}

/* RGB of the file, to be freed; NULL: *why says it. */
static uint8_t *decode(const uint8_t *file, int size, int *width, int *height, const char **why)
{
    int channels;
    *why = NULL;
    allocation_limit = SLACK_BYTES;
    if (size > 2 && file[0] == 0xff && file[1] == 0xd8 && has_large_table(file, (size_t)size)) {
        *why = "its Huffman tables are damaged";
    } else if (!stbi_info_from_memory(file, size, width, height, &channels)) {
        *why = stbi_failure_reason();
    } else if (*width <= 0 || *height <= 0 || *width > MAX_PIXELS / *height) {
        *why = "larger than 2^28 pixels";
    }
    if (*why || *width <= 0) return NULL;
    /* up to four channels of 16 bits, with a filter byte a row, rounded to a JPEG's blocks, and
     * doubled as a growing buffer is */
    allocation_limit = ((size_t)*width + 64) * ((size_t)*height + 64) * 16 + SLACK_BYTES;
    uint8_t *pixels = stbi_load_from_memory(file, size, width, height, &channels, 3);
    if (!pixels) *why = stbi_failure_reason();
    return pixels;
}

PyObject *pyvrn_decode(PyObject *module, PyObject *args)
{
    const char *file, *why;
    Py_ssize_t size;
    int width = 0, height = 0;
    uint8_t *pixels = NULL;
    (void)module;
    if (!PyArg_ParseTuple(args, "y#", &file, &size)) return NULL;
    if (size > INT_MAX) return PyErr_Format(PyExc_ValueError, "larger than 2 GiB");
    PyThreadState *const thread = PyEval_SaveThread();
    pixels = decode((const uint8_t *)file, (int)size, &width, &height, &why);
    PyEval_RestoreThread(thread);
    if (!pixels) return PyErr_Format(PyExc_ValueError, "%s", why ? why : "damaged");
    const Py_ssize_t bytes = (Py_ssize_t)width * height * 3;
    PyObject *result = Py_BuildValue("y#ii", (const char *)pixels, bytes, height, width);
    free(pixels);
    return result;
}
