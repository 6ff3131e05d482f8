#include "cli/formats/json_read.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "cli/formats/parse.h"
#include "cli/system/report.h"

enum { DEPTH_MAX = 64 };

static void skip_space(cli_json_cursor *json)
{
    json->at += strspn(json->at, " \t\r\n");
}

bool cli_json_take(cli_json_cursor *json, char punctuation)
{
    skip_space(json);
    if (*json->at != punctuation) return false;
    json->at++;
    return true;
}

static bool take_word(cli_json_cursor *json, const char *word)
{
    skip_space(json);
    size_t length = strlen(word);
    if (strncmp(json->at, word, length) != 0) return false;
    json->at += length;
    return true;
}

bool cli_json_take_null(cli_json_cursor *json)
{
    return take_word(json, "null");
}

bool cli_json_at_end(cli_json_cursor *json)
{
    skip_space(json);
    return !*json->at;
}

static size_t digits_at(const char *text)
{
    return strspn(text, "0123456789");
}

/* The length of the number at `text`, or 0; *whole: it has neither sign nor fraction nor
 * exponent. */
static size_t number_length(const char *text, bool *whole)
{
    const char *at = text + (*text == '-');
    size_t digits = digits_at(at);
    if (digits == 0 || (*at == '0' && digits > 1)) return 0;
    at += digits;
    *whole = *text != '-';
    if (*at == '.') {
        digits = digits_at(++at);
        if (digits == 0) return 0;
        at += digits;
        *whole = false;
    }
    if (*at == 'e' || *at == 'E') {
        at++;
        at += *at == '+' || *at == '-';
        digits = digits_at(at);
        if (digits == 0) return 0;
        at += digits;
        *whole = false;
    }
    return (size_t)(at - text);
}

bool cli_json_read_integer(cli_json_cursor *json, uint64_t *number)
{
    skip_space(json);
    bool whole = false;
    char text[24];
    size_t length = number_length(json->at, &whole);
    if (length == 0 || !whole || length >= sizeof text) return false;
    memcpy(text, json->at, length);
    text[length] = 0;
    if (!cli_parse_integer(text, UINT64_MAX, number)) return false;
    json->at += length;
    return true;
}

bool cli_json_read_number(cli_json_cursor *json, double *number)
{
    skip_space(json);
    bool whole;
    size_t length = number_length(json->at, &whole);
    if (length == 0) return false;
    /* The program never calls setlocale, so that the decimal point is '.'. */
    *number = strtod(json->at, NULL);
    json->at += length;
    return isfinite(*number);
}

static bool read_hex(const char *text, uint32_t *value)
{
    static const char digits[] = "0123456789abcdef0123456789ABCDEF";
    *value = 0;
    for (int i = 0; i < 4; i++) {
        const char *digit = text[i] ? strchr(digits, text[i]) : NULL;
        if (!digit) return false;
        *value = *value * 16 + (uint32_t)(digit - digits) % 16;
    }
    return true;
}

static char *put_utf8(char *to, uint32_t code)
{
    if (code < 0x80) {
        *to++ = (char)code;
    } else if (code < 0x800) {
        *to++ = (char)(0xc0 | code >> 6);
        *to++ = (char)(0x80 | (code & 0x3f));
    } else if (code < 0x10000) {
        *to++ = (char)(0xe0 | code >> 12);
        *to++ = (char)(0x80 | (code >> 6 & 0x3f));
        *to++ = (char)(0x80 | (code & 0x3f));
    } else {
        *to++ = (char)(0xf0 | code >> 18);
        *to++ = (char)(0x80 | (code >> 12 & 0x3f));
        *to++ = (char)(0x80 | (code >> 6 & 0x3f));
        *to++ = (char)(0x80 | (code & 0x3f));
    }
    return to;
}

/* What stands behind a backslash at *from, which is moved behind it. NULL where it is wrong. */
static char *unescape(char *to, const char **from)
{
    static const char names[] = "\"\\/bfnrt", values[] = "\"\\/\b\f\n\r\t";
    const char *at = *from, *name = *at ? strchr(names, *at) : NULL;
    if (name) {
        *to = values[name - names];
        *from = at + 1;
        return to + 1;
    }
    uint32_t code, low;
    if (*at != 'u' || !read_hex(at + 1, &code) || code == 0) return NULL;
    at += 5;
    if (code >= 0xd800 && code <= 0xdbff) {
        if (at[0] != '\\' || at[1] != 'u' || !read_hex(at + 2, &low)) return NULL;
        if (low < 0xdc00 || low > 0xdfff) return NULL;
        code = 0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00);
        at += 6;
    } else if (code >= 0xdc00 && code <= 0xdfff) {
        return NULL;
    }
    *from = at;
    return put_utf8(to, code);
}

/* The end of the string whose quote `text` stands behind: its other quote, or NULL. */
static const char *find_end(const char *text)
{
    for (; *text && *text != '"'; text++) {
        if (*text == '\\' && !*++text) return NULL;
    }
    return *text ? text : NULL;
}

char *cli_json_read_text(cli_json_cursor *json)
{
    skip_space(json);
    const char *from = json->at + 1, *end = *json->at == '"' ? find_end(from) : NULL;
    char *text = end ? cli_alloc((size_t)(end - from) + 1, 1) : NULL; /* escapes are longer */
    char *to = text;
    while (to && from < end) {
        size_t length = cli_utf8_length(from);
        if (*from == '\\') {
            from++;
            to = unescape(to, &from);
        } else if (length == 0 || (unsigned char)*from < 0x20) {
            to = NULL;
        } else {
            memcpy(to, from, length);
            to += length;
            from += length;
        }
    }
    if (!to) {
        free(text);
        return NULL;
    }
    json->at = end + 1;
    return text;
}

static bool skip_text(cli_json_cursor *json)
{
    char *text = cli_json_read_text(json);
    const bool good = text;
    free(text);
    return good;
}

static bool skip_value(cli_json_cursor *json, unsigned depth);

/* The two recurse DEPTH_MAX deep at most. NOLINTNEXTLINE(misc-no-recursion) */
static bool skip_members(cli_json_cursor *json, char close, unsigned depth)
{
    if (depth == DEPTH_MAX) return false;
    if (cli_json_take(json, close)) return true;
    do {
        if (close == '}' && (!skip_text(json) || !cli_json_take(json, ':'))) return false;
        if (!skip_value(json, depth + 1)) return false;
    } while (cli_json_take(json, ','));
    return cli_json_take(json, close);
}

/* NOLINTNEXTLINE(misc-no-recursion): see skip_members */
static bool skip_value(cli_json_cursor *json, unsigned depth)
{
    skip_space(json);
    double number;
    if (cli_json_take(json, '{')) return skip_members(json, '}', depth);
    if (cli_json_take(json, '[')) return skip_members(json, ']', depth);
    if (*json->at == '"') return skip_text(json);
    return take_word(json, "null") || take_word(json, "true") || take_word(json, "false") ||
           cli_json_read_number(json, &number);
}

bool cli_json_skip(cli_json_cursor *json)
{
    return skip_value(json, 0);
}
