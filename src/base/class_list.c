#include "base/class_list.h"

#include <stdio.h>
#include <string.h>

#include "base/json.h"
#include "base/number.h"
#include "base/utf8.h"
#include "base/util.h"

static const char *const keys[] = {"class_to_idx", "id2label", "idx_to_class", "label2id",
                                   "classes",      "CLASSES",  "class_names",  "label_names"};

const char *vrn_class_list_key(size_t i)
{
    return i < VRN_COUNT(keys) ? keys[i] : NULL;
}

static bool refuse(char *message, const char *text)
{
    snprintf(message, VRN_CLASS_LIST_MESSAGE, "%s", text);
    return false;
}

bool vrn_class_list_set(vrn_class_list *list, vrn_arena *arena, uint64_t index, const char *name,
                        char message[VRN_CLASS_LIST_MESSAGE])
{
    if (!name) return refuse(message, "out of memory");
    if (index >= VRN_CLASS_LIST_MAX) {
        snprintf(message, VRN_CLASS_LIST_MESSAGE,
                 "'%.60s' has the number %llu: expected a number below %d", name,
                 (unsigned long long)index, VRN_CLASS_LIST_MAX);
        return false;
    }
    if (strchr(name, '\n')) return refuse(message, "a name contains a line feed");
    void *names =
        vrn_arena_grow(arena, list->names, &list->capacity, (size_t)index + 1, sizeof *list->names);
    if (!names) return refuse(message, "the class numbers are too far apart, or memory ran out");
    list->names = names;
    if (list->names[index]) {
        snprintf(message, VRN_CLASS_LIST_MESSAGE, "class %llu is both '%.40s' and '%.40s'",
                 (unsigned long long)index, list->names[index], name);
        return false;
    }
    list->names[index] = name;
    if (list->count <= index) list->count = (size_t)index + 1;
    return true;
}

bool vrn_class_list_complete(const vrn_class_list *list, char message[VRN_CLASS_LIST_MESSAGE])
{
    if (list->count == 0) return refuse(message, "there are no names");
    for (size_t i = 0; i < list->count; i++) {
        if (list->names[i]) continue;
        snprintf(message, VRN_CLASS_LIST_MESSAGE, "class %zu has no name", i);
        return false;
    }
    return true;
}

/* ---- JSON ------------------------------------------------------------------------------------ */

typedef struct reader {
    vrn_class_list *list;
    vrn_arena *arena;
    vrn_json json;
    char *message;
} reader;

static bool fail_json(reader *r, const char *expected)
{
    char found[VRN_JSON_FOUND_MAX];
    snprintf(r->message, VRN_CLASS_LIST_MESSAGE, "at byte %zu: expected %s, found %s", r->json.at,
             expected, vrn_json_found(&r->json, found));
    return false;
}

/* Takes the string at the cursor; NULL, with a message, if there is none. */
static char *take_text(reader *r)
{
    char *text = NULL;
    if (!vrn_json_string(&r->json, r->arena, &text)) {
        fail_json(r, "a quoted string");
        return NULL;
    }
    if (!text) refuse(r->message, "out of memory");
    return text;
}

/* Takes a name: a string, or the last string of an array such as ["n01440764", "tench"]. */
static char *take_name(reader *r)
{
    if (!vrn_json_take(&r->json, '[')) return take_text(r);
    char *name;
    do {
        name = take_text(r);
    } while (name && vrn_json_take(&r->json, ','));
    if (name && vrn_json_take(&r->json, ']')) return name;
    if (name) fail_json(r, "',' or ']'");
    return NULL;
}

static bool read_array(reader *r)
{
    uint64_t index = 0;
    if (vrn_json_take(&r->json, ']')) return true;
    do {
        char *name = take_name(r);
        if (!name || !vrn_class_list_set(r->list, r->arena, index++, name, r->message)) {
            return false;
        }
    } while (vrn_json_take(&r->json, ','));
    return vrn_json_take(&r->json, ']') || fail_json(r, "',' or ']'");
}

/* Reads the value of one key of id2label or class_to_idx. */
static bool read_pair(reader *r, char *key)
{
    uint64_t index;
    const size_t at = r->json.at;
    if (vrn_json_unsigned(&r->json, &index)) {
        return vrn_class_list_set(r->list, r->arena, index, key, r->message);
    }
    r->json.at = at;
    if (!vrn_parse_number(key, strlen(key), UINT64_MAX, &index)) {
        return fail_json(r, "a number after a name, or a name after a number");
    }
    char *name = take_name(r);
    return name && vrn_class_list_set(r->list, r->arena, index, name, r->message);
}

static bool read_pairs(reader *r)
{
    if (vrn_json_take(&r->json, '}')) return true;
    do {
        char *key = take_text(r);
        if (!key) return false;
        if (!vrn_json_take(&r->json, ':')) return fail_json(r, "':'");
        if (!read_pair(r, key)) return false;
    } while (vrn_json_take(&r->json, ','));
    return vrn_json_take(&r->json, '}') || fail_json(r, "',' or '}'");
}

static bool read_value(reader *r)
{
    if (vrn_json_take(&r->json, '[')) return read_array(r);
    return vrn_json_take(&r->json, '{') ? read_pairs(r) : fail_json(r, "'[' or '{'");
}

/* Finds the member of the object at the cursor that lists classes: the one whose key comes first in
 * `keys`. True: the cursor is at its value. False: there is none, and the cursor has not moved. */
static bool find_member(reader *r)
{
    const size_t start = r->json.at;
    size_t best = VRN_COUNT(keys), place = start;
    bool good = vrn_json_take(&r->json, '{');
    while (good) {
        char *key = NULL;
        good = vrn_json_string(&r->json, r->arena, &key) && key && vrn_json_take(&r->json, ':');
        const size_t at = r->json.at;
        const bool holds = good && (vrn_json_take(&r->json, '{') || vrn_json_take(&r->json, '['));
        r->json.at = at;
        for (size_t i = 0; i < best && holds; i++) {
            if (strcmp(key, keys[i]) != 0) continue;
            best = i;
            place = at;
        }
        good = good && vrn_json_skip(&r->json) && vrn_json_take(&r->json, ',');
    }
    r->json.at = place;
    return best < VRN_COUNT(keys);
}

static bool parse_json(reader *r)
{
    const bool inside = find_member(r);
    if (!read_value(r)) return false;
    return inside || vrn_json_at_end(&r->json) || fail_json(r, "the end");
}

/* ---- Lines ----------------------------------------------------------------------------------- */

/* The length of a line's index and the separator before the name: "7 horse", "7: horse". */
static size_t number_length(const char *line, size_t index)
{
    char number[24];
    const int digits = snprintf(number, sizeof number, "%zu", index);
    const size_t length = (size_t)digits;
    if (strncmp(line, number, length) != 0 || !line[length] || !strchr(" \t,:", line[length])) {
        return 0;
    }
    return length + 1 + strspn(line + length + 1, " \t");
}

static bool parse_lines(reader *r, const char *text, size_t size)
{
    while (size > 0 && strchr(" \t\r\n", text[size - 1])) size--;
    char *copy = vrn_arena_text(r->arena, text, size);
    if (!copy) return refuse(r->message, "out of memory");
    size_t index = 0;
    bool numbered = true;
    for (char *line = copy, *next = line; next && size > 0; line = next, index++) {
        char *end = line + strcspn(line, "\n");
        next = *end ? end + 1 : NULL;
        *end = 0;
        while (end > line && strchr(" \t\r", end[-1])) *--end = 0;
        line += strspn(line, " \t");
        if (!*line) {
            snprintf(r->message, VRN_CLASS_LIST_MESSAGE, "line %zu is empty", index + 1);
            return false;
        }
        if (!vrn_class_list_set(r->list, r->arena, index, line, r->message)) return false;
        numbered = numbered && number_length(line, index) > 0;
    }
    for (size_t i = 0; i < index && numbered; i++) {
        r->list->names[i] += number_length(r->list->names[i], i);
    }
    return true;
}

bool vrn_class_list_parse(vrn_class_list *list, vrn_arena *arena, const char *text, size_t size,
                          char message[VRN_CLASS_LIST_MESSAGE])
{
    if (size >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0) {
        text += 3;
        size -= 3;
    }
    if (!vrn_utf8_valid(text, size)) return refuse(message, "expected text in UTF-8");
    reader r = {list, arena, {text, size, 0}, message};
    size_t at = 0;
    while (at < size && strchr(" \t\r\n", text[at])) at++;
    const bool json = at < size && (text[at] == '{' || text[at] == '[');
    return (json ? parse_json(&r) : parse_lines(&r, text, size)) &&
           vrn_class_list_complete(list, message);
}
