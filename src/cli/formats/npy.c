#include "cli/formats/npy.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/half.h"
#include "base/json.h"
#include "base/text.h"
#include "cli/system/report.h"

/* NumPy itself refuses headers of more than 10,000 characters. */
enum { HEADER_MAX_BYTES = 65536 };

/* Takes a quoted text without escapes, truncated to fit. Headers are Python, which has JSON's
 * punctuation, words and integers, but other quotes. */
static bool take_text(vrn_json *cursor, char *text, size_t capacity)
{
    char quote = '\'';
    if (!vrn_json_take(cursor, quote)) {
        quote = '"';
        if (!vrn_json_take(cursor, quote)) return false;
    }
    const char *begin = cursor->text + cursor->at, *end = strchr(begin, quote);
    if (!end) return false;
    snprintf(text, capacity, "%.*s", (int)(end - begin), begin);
    cursor->at += (size_t)(end - begin) + 1;
    return true;
}

const char *cli_npy_show_shape(const cli_npy *npy, char text[CLI_NPY_SHAPE_TEXT])
{
    snprintf(text, CLI_NPY_SHAPE_TEXT, "[");
    for (uint32_t i = 0; i < npy->rank; i++) {
        vrn_append(text, CLI_NPY_SHAPE_TEXT, "%s%" PRIu64, i ? ", " : "", npy->shape[i]);
    }
    vrn_append(text, CLI_NPY_SHAPE_TEXT, "]");
    return text;
}

/* Takes "(2, 3)", "(2,)" or "()". */
static bool take_shape(vrn_json *cursor, cli_npy *npy)
{
    if (!vrn_json_take(cursor, '(')) return false;
    npy->rank = 0;
    while (!vrn_json_take(cursor, ')')) {
        if (npy->rank == CLI_NPY_MAX_RANK || !vrn_json_unsigned(cursor, &npy->shape[npy->rank])) {
            return false;
        }
        npy->rank++;
        if (!vrn_json_take(cursor, ',')) return vrn_json_take(cursor, ')');
    }
    return true;
}

/* Reads the header, a Python dictionary with exactly three entries. Returns NULL, or what is
 * wrong. */
static const char *read_header(cli_npy *npy, const char *header, char *type, size_t type_capacity)
{
    enum { DESCR = 1, ORDER = 2, SHAPE = 4 };
    vrn_json cursor = {.text = header, .size = strlen(header)};
    unsigned seen = 0;
    bool fortran = false;
    if (!vrn_json_take(&cursor, '{')) return "its header is not a dictionary";
    while (!vrn_json_take(&cursor, '}')) {
        char key[16];
        if (!take_text(&cursor, key, sizeof key) || !vrn_json_take(&cursor, ':')) {
            return "its header is damaged";
        }
        if (strcmp(key, "descr") == 0) {
            if (!take_text(&cursor, type, type_capacity)) {
                return "expected float32, found a structured type";
            }
            seen |= DESCR;
        } else if (strcmp(key, "fortran_order") == 0) {
            fortran = vrn_json_word(&cursor, "True");
            if (!fortran && !vrn_json_word(&cursor, "False")) return "its fortran_order is damaged";
            seen |= ORDER;
        } else if (strcmp(key, "shape") == 0) {
            if (!take_shape(&cursor, npy)) return "its shape is damaged, or has too many axes";
            seen |= SHAPE;
        } else {
            return "its header has an unknown entry";
        }
        if (vrn_json_take(&cursor, ',')) continue;
        if (!vrn_json_take(&cursor, '}')) return "its header is damaged";
        break;
    }
    if (!vrn_json_at_end(&cursor)) return "its header is damaged";
    if (seen != (DESCR | ORDER | SHAPE)) return "its header lacks descr, fortran_order or shape";
    return fortran ? "expected C order, found Fortran order" : NULL;
}

static bool fail_header(const cli_npy *npy)
{
    if (ferror(npy->stream)) return cli_error("%s: cannot read: %s", npy->path, strerror(errno));
    return cli_error("%s: the file is cut off in its header", npy->path);
}

/* Reads magic, version and header. Release the header with free. */
static bool load_header(const cli_npy *npy, char **header, uint64_t *data_offset)
{
    unsigned char head[12];
    size_t length = 0, count = fread(head, 1, 10, npy->stream);
    if (count < 10 || memcmp(head, "\x93NUMPY", 6) != 0) {
        return cli_error("%s: not a .npy file: save the array with numpy.save", npy->path);
    }
    unsigned version = head[6];
    if (version < 1 || version > 3 || head[7] != 0) {
        return cli_error("%s: .npy version %u.%u: expected 1.0, 2.0 or 3.0", npy->path, version,
                         head[7]);
    }
    if (version > 1 && fread(head + 10, 1, 2, npy->stream) != 2) {
        return fail_header(npy);
    }
    for (unsigned i = version > 1 ? 4 : 2; i-- > 0;) length = length << 8 | head[8 + i];
    if (length > HEADER_MAX_BYTES) {
        return cli_error("%s: a header of %zu bytes: expected at most %d", npy->path, length,
                         HEADER_MAX_BYTES);
    }
    *header = cli_alloc(length + 1, 1);
    if (!*header) return false;
    if (fread(*header, 1, length, npy->stream) != length) {
        return fail_header(npy);
    }
    *data_offset = (version > 1 ? 12 : 10) + length;
    if (memchr(*header, 0, length)) **header = 0;
    return true;
}

static const struct {
    const char *descr, *text;
    uint32_t bytes;
} types[] = {
    [CLI_NPY_FLOAT] = {"<f4", "float32 ('<f4')", 4},
    [CLI_NPY_HALF] = {"<f2", "float16 ('<f2')", 2},
};

static bool check_type(cli_npy *npy, const char *type, bool any)
{
    npy->type = strcmp(type, types[CLI_NPY_HALF].descr) == 0 ? CLI_NPY_HALF : CLI_NPY_FLOAT;
    if (strcmp(type, types[npy->type].descr) == 0 && (any || npy->type == CLI_NPY_FLOAT)) {
        return true;
    }
    return cli_error("%s: expected little-endian %s%s%s, found '%s'", npy->path,
                     types[CLI_NPY_FLOAT].text, any ? " or " : "",
                     any ? types[CLI_NPY_HALF].text : "", type);
}

/* Checks that the header describes an array of floats with this many bytes. */
static bool check_header(cli_npy *npy, const char *header, uint64_t bytes, bool any)
{
    char type[16] = "";
    uint64_t values = 1;
    const char *fault = read_header(npy, header, type, sizeof type);
    if (fault) return cli_error("%s: %s", npy->path, fault);
    if (!check_type(npy, type, any)) return false;
    const uint32_t each = types[npy->type].bytes;
    bool empty = false;
    for (uint32_t i = 0; i < npy->rank; i++) empty = empty || npy->shape[i] == 0;
    for (uint32_t i = 0; i < npy->rank && !empty; i++) {
        if (npy->shape[i] > UINT64_MAX / each / values) {
            return cli_error("%s: its shape has more values than any file", npy->path);
        }
        values *= npy->shape[i];
    }
    if (empty) values = 0;
    return bytes == values * each ||
           cli_error("%s: expected %" PRIu64 " bytes of values, as its shape says, found %" PRIu64,
                     npy->path, values * each, bytes);
}

static bool open_array(cli_npy *npy, const char *path, bool any)
{
    uint64_t size, offset = 0;
    char *header = NULL;
    *npy = (cli_npy){.path = path};
    npy->stream = cli_open_file(path, &size);
    const bool good = npy->stream && load_header(npy, &header, &offset) &&
                      check_header(npy, header, size - offset, any);
    free(header);
    if (!good) cli_npy_close(npy);
    return good;
}

bool cli_npy_open(cli_npy *npy, const char *path)
{
    return open_array(npy, path, false);
}

bool cli_npy_open_any(cli_npy *npy, const char *path)
{
    return open_array(npy, path, true);
}

static bool read_values(cli_npy *npy, void *to, size_t count)
{
    return fread(to, types[npy->type].bytes, count, npy->stream) == count ||
           cli_error("%s: cannot read: %s", npy->path,
                     ferror(npy->stream) ? strerror(errno) : "the file became shorter");
}

/* The values are little-endian, like all supported machines. */
bool cli_npy_read(cli_npy *npy, float *values, size_t count)
{
    uint16_t halves[1024];
    const size_t part = sizeof halves / sizeof halves[0];
    if (npy->type == CLI_NPY_FLOAT) return read_values(npy, values, count);
    for (size_t at = 0; at < count; at += part) {
        const size_t now = count - at < part ? count - at : part;
        if (!read_values(npy, halves, now)) return false;
        for (size_t i = 0; i < now; i++) values[at + i] = vrn_half_to_float(halves[i]);
    }
    return true;
}

void cli_npy_close(cli_npy *npy)
{
    if (npy->stream) fclose(npy->stream);
    *npy = (cli_npy){0};
}

/* Writes everything before the values, in `bytes` bytes, or as many as needed if that is 0. Returns
 * the number of bytes. */
static int write_header(FILE *stream, cli_npy_type type, uint32_t rank, const uint64_t *shape,
                        int bytes)
{
    char header[64 + CLI_NPY_MAX_RANK * 24];
    int length = snprintf(header, sizeof header,
                          "{'descr': '%s', 'fortran_order': False, 'shape': (", types[type].descr);
    for (uint32_t i = 0; i < rank; i++) {
        length +=
            snprintf(header + length, sizeof header - (size_t)length, "%" PRIu64 ", ", shape[i]);
    }
    length += snprintf(header + length, sizeof header - (size_t)length, "), }");
    /* The values begin at a multiple of 64. There are 10 bytes before the header, and a line feed
     * at its end. */
    if (bytes == 0) bytes = (10 + length + 1 + 63) / 64 * 64;
    const int padded = bytes - 10;
    fwrite("\x93NUMPY\x01\x00", 1, 8, stream);
    fputc(padded & 0xff, stream);
    fputc(padded >> 8, stream);
    fprintf(stream, "%s%*s\n", header, padded - length - 1, "");
    return bytes;
}

bool cli_npy_begin(cli_file *file, const char *path, uint32_t rank, const uint64_t *shape)
{
    if (!cli_file_begin(file, path)) return false;
    write_header(file->stream, CLI_NPY_FLOAT, rank, shape, 0);
    return true;
}

bool cli_npy_writer_begin(cli_npy_writer *writer, const char *path, cli_npy_type type,
                          uint32_t rank, const uint64_t *shape)
{
    *writer = (cli_npy_writer){.type = type, .rank = rank};
    memcpy(writer->shape, shape, rank * sizeof *shape);
    if (!cli_path_may_be_replaced(path) || !cli_file_begin(&writer->file, path)) return false;
    writer->header_bytes = write_header(writer->file.stream, type, rank, shape, 0);
    return true;
}

void cli_npy_writer_put(cli_npy_writer *writer, const float *values, size_t count)
{
    uint16_t halves[1024];
    const size_t part = sizeof halves / sizeof halves[0];
    if (writer->type == CLI_NPY_FLOAT) fwrite(values, sizeof *values, count, writer->file.stream);
    for (size_t at = 0; at < count && writer->type == CLI_NPY_HALF; at += part) {
        const size_t now = count - at < part ? count - at : part;
        vrn_floats_to_halves(halves, values + at, now);
        fwrite(halves, sizeof *halves, now, writer->file.stream);
    }
}

bool cli_npy_writer_end(cli_npy_writer *writer, uint64_t rows, bool commit)
{
    FILE *stream = writer->file.stream;
    if (stream && commit && rows != writer->shape[0]) {
        writer->shape[0] = rows;
        fseek(stream, 0, SEEK_SET);
        write_header(stream, writer->type, writer->rank, writer->shape, writer->header_bytes);
    }
    return cli_file_end(&writer->file, commit);
}
