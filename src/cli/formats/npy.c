#include "cli/formats/npy.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "cli/system/report.h"

/* NumPy itself refuses headers of more than 10,000 characters. */
enum { HEADER_MAX_BYTES = 65536 };

/* Headers are Python's, which has JSON's punctuation, words and whole numbers, but other quotes:
 * this takes a quoted text without escapes, cut to fit. */
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

/* "(2, 3)", "(2,)" or "()". */
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

/* The header is a Python dictionary of exactly three entries. Returns NULL, or what is wrong. */
static const char *read_header(cli_npy *npy, const char *header, char *type, size_t type_capacity)
{
    enum { DESCR = 1, ORDER = 2, SHAPE = 4 };
    vrn_json cursor = {.text = header, .size = strlen(header)};
    unsigned seen = 0;
    bool fortran = false;
    if (!vrn_json_take(&cursor, '{')) return "its header is no dictionary";
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

/* Reads magic, version and header, whose text is released with free. */
static bool load_header(const cli_npy *npy, char **header, uint64_t *data_offset)
{
    unsigned char head[12];
    size_t length = 0, count = fread(head, 1, 10, npy->stream);
    if (count < 10 || memcmp(head, "\x93NUMPY", 6) != 0) {
        return cli_error("%s: not a .npy file", npy->path);
    }
    unsigned version = head[6];
    if (version < 1 || version > 3 || head[7] != 0) {
        return cli_error("%s: .npy version %u.%u: expected 1.0, 2.0 or 3.0", npy->path, version,
                         head[7]);
    }
    if (version > 1 && fread(head + 10, 1, 2, npy->stream) != 2) {
        return cli_error("%s: the file is cut off in its header", npy->path);
    }
    for (unsigned i = version > 1 ? 4 : 2; i-- > 0;) length = length << 8 | head[8 + i];
    if (length > HEADER_MAX_BYTES) {
        return cli_error("%s: a header of %zu bytes: expected at most %d", npy->path, length,
                         HEADER_MAX_BYTES);
    }
    *header = cli_alloc(length + 1, 1);
    if (!*header) return false;
    if (fread(*header, 1, length, npy->stream) != length) {
        return cli_error("%s: the file is cut off in its header", npy->path);
    }
    *data_offset = (version > 1 ? 12 : 10) + length;
    if (memchr(*header, 0, length)) **header = 0;
    return true;
}

/* Whether the header is of an array of floats that has so many bytes. */
static bool check_header(cli_npy *npy, const char *header, uint64_t bytes)
{
    char type[16] = "";
    uint64_t values = 1;
    const char *fault = read_header(npy, header, type, sizeof type);
    if (fault) return cli_error("%s: %s", npy->path, fault);
    if (strcmp(type, "<f4") != 0) {
        return cli_error("%s: expected little-endian float32 ('<f4'), found '%s'", npy->path, type);
    }
    bool empty = false;
    for (uint32_t i = 0; i < npy->rank; i++) empty = empty || npy->shape[i] == 0;
    for (uint32_t i = 0; i < npy->rank && !empty; i++) {
        if (npy->shape[i] > UINT64_MAX / 4 / values) {
            return cli_error("%s: its shape has more values than any file", npy->path);
        }
        values *= npy->shape[i];
    }
    if (empty) values = 0;
    return bytes == values * 4 ||
           cli_error("%s: expected %" PRIu64 " bytes of values, as its shape says, found %" PRIu64,
                     npy->path, values * 4, bytes);
}

bool cli_npy_open(cli_npy *npy, const char *path)
{
    uint64_t size, offset = 0;
    char *header = NULL;
    *npy = (cli_npy){.path = path};
    npy->stream = cli_open_file(path, &size);
    const bool good = npy->stream && load_header(npy, &header, &offset) &&
                      check_header(npy, header, size - offset);
    free(header);
    if (!good) cli_npy_close(npy);
    return good;
}

/* The values are little-endian, as every machine that the library is for. */
bool cli_npy_read(cli_npy *npy, float *values, size_t count)
{
    return fread(values, sizeof *values, count, npy->stream) == count ||
           cli_error("%s: cannot read: the file has become shorter", npy->path);
}

void cli_npy_close(cli_npy *npy)
{
    if (npy->stream) fclose(npy->stream);
    *npy = (cli_npy){0};
}

bool cli_npy_begin(cli_file *file, const char *path, uint32_t rank, const uint64_t *shape)
{
    char header[64 + CLI_NPY_MAX_RANK * 24];
    int length =
        snprintf(header, sizeof header, "{'descr': '<f4', 'fortran_order': False, 'shape': (");
    for (uint32_t i = 0; i < rank; i++) {
        length +=
            snprintf(header + length, sizeof header - (size_t)length, "%" PRIu64 ", ", shape[i]);
    }
    length += snprintf(header + length, sizeof header - (size_t)length, "), }");
    /* The values begin at a multiple of 64: 10 bytes before the header, a line feed at its end. */
    int padded = (10 + length + 1 + 63) / 64 * 64 - 10;
    if (!cli_file_begin(file, path)) return false;
    fwrite("\x93NUMPY\x01\x00", 1, 8, file->stream);
    fputc(padded & 0xff, file->stream);
    fputc(padded >> 8, file->stream);
    fprintf(file->stream, "%s%*s\n", header, padded - length - 1, "");
    return true;
}
