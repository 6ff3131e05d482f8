#include "base/json.h"

#include <math.h>
#include <string.h>

#include "base/number.h"
#include "base/utf8.h"

enum { DEPTH_MAX = 64 }; /* nesting of skipped values: one bit for each open bracket */

static void skip_space(vrn_json *json)
{
    while (json->at < json->size && json->text[json->at] &&
           strchr(" \t\r\n", json->text[json->at])) {
        json->at++;
    }
}

static bool peek(vrn_json *json, char *next)
{
    skip_space(json);
    if (json->at == json->size) return false;
    *next = json->text[json->at];
    return true;
}

const char *vrn_json_found(const vrn_json *json, char text[VRN_JSON_FOUND_MAX])
{
    vrn_json rest = *json;
    char next;
    if (!peek(&rest, &next)) return "the end";
    const bool shown = next > ' ' && next < 0x7f;
    snprintf(text, VRN_JSON_FOUND_MAX, shown ? "'%c'" : "byte 0x%02x", (unsigned char)next);
    return text;
}

bool vrn_json_take(vrn_json *json, char punctuation)
{
    char next;
    if (!peek(json, &next) || next != punctuation) return false;
    json->at++;
    return true;
}

bool vrn_json_at_end(vrn_json *json)
{
    char next;
    return !peek(json, &next);
}

static size_t count_digits(const vrn_json *json, size_t at)
{
    size_t end = at;
    while (end < json->size && vrn_is_digit(json->text[end])) end++;
    return end - at;
}

/* The end of the number at the cursor; the cursor's position if there is none. */
static size_t number_end(const vrn_json *json)
{
    const char *text = json->text;
    size_t at = json->at + (json->at < json->size && text[json->at] == '-');
    size_t digits = count_digits(json, at);
    if (digits == 0 || (digits > 1 && text[at] == '0')) return json->at;
    at += digits;
    if (at < json->size && text[at] == '.') {
        digits = count_digits(json, ++at);
        if (digits == 0) return json->at;
        at += digits;
    }
    if (at < json->size && (text[at] == 'e' || text[at] == 'E')) {
        at++;
        at += at < json->size && (text[at] == '+' || text[at] == '-');
        digits = count_digits(json, at);
        if (digits == 0) return json->at;
        at += digits;
    }
    return at;
}

bool vrn_json_unsigned(vrn_json *json, uint64_t *number)
{
    skip_space(json);
    const size_t start = json->at;
    json->at = number_end(json);
    return vrn_parse_number(json->text + start, json->at - start, UINT64_MAX, number);
}

bool vrn_json_number(vrn_json *json, double *number)
{
    skip_space(json);
    const size_t start = json->at;
    json->at = number_end(json);
    return json->at > start && vrn_parse_double(json->text + start, json->at - start, number) &&
           isfinite(*number);
}

bool vrn_json_word(vrn_json *json, const char *word)
{
    skip_space(json);
    const size_t length = strlen(word);
    if (json->size - json->at < length || memcmp(json->text + json->at, word, length) != 0) {
        return false;
    }
    json->at += length;
    return true;
}

/* Four hexadecimal digits. */
static bool take_hex(vrn_json *json, uint32_t *code)
{
    static const char digits[] = "0123456789abcdefABCDEF";
    if (json->size - json->at < 4) return false;
    *code = 0;
    for (int i = 0; i < 4; i++) {
        const char *found = memchr(digits, json->text[json->at++], sizeof digits - 1);
        if (!found) return false;
        const uint32_t digit = (uint32_t)(found - digits);
        *code = *code << 4 | (digit < 16 ? digit : digit - 6);
    }
    return true;
}

/* Takes what follows "\u": one code, or the rest of a surrogate pair. */
static bool take_unicode(vrn_json *json, uint32_t *code)
{
    if (!take_hex(json, code)) return false;
    if (*code >= 0xd800 && *code < 0xdc00) {
        uint32_t low;
        if (json->size - json->at < 2 || memcmp(json->text + json->at, "\\u", 2) != 0) return false;
        json->at += 2;
        if (!take_hex(json, &low) || low < 0xdc00 || low >= 0xe000) return false;
        *code = 0x10000 + ((*code - 0xd800) << 10) + (low - 0xdc00);
    }
    return true;
}

static size_t encode_utf8(uint32_t code, char *out)
{
    static const uint8_t leads[] = {0, 0, 0xc0, 0xe0, 0xf0};
    if (code < 0x80) {
        out[0] = (char)code;
        return 1;
    }
    size_t size = code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
    for (size_t i = size - 1; i > 0; i--) {
        out[i] = (char)(0x80 | (code & 0x3f));
        code >>= 6;
    }
    out[0] = (char)(leads[size] | code);
    return size;
}

/* Takes what follows a backslash; writes up to four bytes, never more than it read. */
static bool take_escape(vrn_json *json, char *out, size_t *length)
{
    static const char escapes[] = "\"\\/bfnrt", meanings[] = "\"\\/\b\f\n\r\t";
    if (json->at == json->size) return false;
    char c = json->text[json->at++];
    if (c == 'u') {
        uint32_t code;
        if (!take_unicode(json, &code)) return false;
        *length = encode_utf8(code, out);
        return true;
    }
    const char *found = c ? strchr(escapes, c) : NULL;
    if (!found) return false;
    *out = meanings[found - escapes];
    *length = 1;
    return true;
}

/* Takes a string's characters and its closing quote. Unescapes them into `out` unless that is
 * NULL. */
static bool take_characters(vrn_json *json, char *out, size_t *length)
{
    *length = 0;
    while (json->at < json->size && json->text[json->at] != '"') {
        char meaning[4] = {json->text[json->at++]};
        size_t size = 1;
        if ((unsigned char)meaning[0] < 0x20 ||
            (meaning[0] == '\\' && !take_escape(json, meaning, &size))) {
            return false;
        }
        if (out) memcpy(out + *length, meaning, size);
        *length += size;
    }
    return vrn_json_take(json, '"');
}

bool vrn_json_string(vrn_json *json, vrn_arena *arena, char **text)
{
    size_t length;
    *text = NULL;
    if (!vrn_json_take(json, '"')) return false;
    vrn_json ahead = *json;
    if (!take_characters(&ahead, NULL, &length)) return false;
    *text = vrn_arena_alloc(arena, length + 1, 1);
    return !*text || (take_characters(json, *text, &length) && vrn_utf8_valid(*text, length));
}

static bool skip_string(vrn_json *json)
{
    size_t length;
    if (!vrn_json_take(json, '"')) return false;
    const size_t start = json->at;
    return take_characters(json, NULL, &length) &&
           vrn_utf8_valid(json->text + start, json->at - 1 - start);
}

static bool skip_key(vrn_json *json)
{
    return skip_string(json) && vrn_json_take(json, ':');
}

/* A string, a number, true, false or null. */
static bool skip_scalar(vrn_json *json)
{
    double number;
    if (json->text[json->at] == '"') return skip_string(json);
    return vrn_json_number(json, &number) || vrn_json_word(json, "true") ||
           vrn_json_word(json, "false") || vrn_json_word(json, "null");
}

bool vrn_json_skip(vrn_json *json)
{
    uint64_t objects = 0; /* bit i: the i-th open bracket, counted from the innermost, is '{' */
    uint32_t depth = 0;
    do {
        char next;
        if (!peek(json, &next)) return false;
        const bool object = next == '{';
        if (object || next == '[') {
            if (depth == DEPTH_MAX) return false;
            objects = objects << 1 | object;
            depth++;
            json->at++;
            if (!peek(json, &next)) return false;
            if (next != '}' && next != ']') {
                if (object && !skip_key(json)) return false;
                continue;
            }
        } else if (!skip_scalar(json)) {
            return false;
        }
        while (depth > 0 && vrn_json_take(json, objects & 1 ? '}' : ']')) {
            objects >>= 1;
            depth--;
        }
        if (depth > 0 && !vrn_json_take(json, ',')) return false;
        if (depth > 0 && (objects & 1) && !skip_key(json)) return false;
    } while (depth > 0);
    return true;
}

void vrn_json_write(FILE *out, const char *text, bool in_html)
{
    fputc('"', out);
    for (size_t left = strlen(text), length; left > 0; left -= length, text += length) {
        const unsigned char c = (unsigned char)*text;
        length = vrn_utf8_length(text, left);
        if (length == 0) {
            fputs("\\ufffd", out);
            length = 1;
        } else if (c == '\n') {
            fputs("\\n", out);
        } else if (c < 0x20 || c == 0x7f || (c == '<' && in_html)) {
            fprintf(out, "\\u%04x", c);
        } else {
            if (c == '"' || c == '\\') fputc('\\', out);
            fwrite(text, 1, length, out);
        }
    }
    fputc('"', out);
}
