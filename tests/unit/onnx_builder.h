/* ONNX files in memory, made of lines of text:
 *     input NAME 2,3,H,W      the graph's input; a letter is a side that is not known
 *     output NAME
 *     float NAME 4,3,7,7      an initializer of floats: 0.01, 0.02, ..
 *     one, zero, quarter      the same of nothing but ones, zeros, or quarters
 *     half, typed, packed     the same in halves; in float_data, one by one; packed
 *     half_typed              halves in int32_data
 *     int NAME 0,0,1          an initializer [3] of int64
 *     opset N                 else 17
 *     property KEY VALUE
 *     OP INPUTS OUTPUTS [ATTRIBUTE=VALUE]..   a node that is called as its first output; '-' for an
 *                             input that is left out; values: 3, 0.5, [1,2], or a word
 * What is none of these is left out, and so are numbers beyond ONNX_NUMBERS_MAX: fuzz/onnx.c has
 * any text. */
#ifndef VRN_TESTS_ONNX_BUILDER_H
#define VRN_TESTS_ONNX_BUILDER_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/half.h"

enum { ONNX_NUMBERS_MAX = 1 << 14 };

/* A message that grows. */
typedef struct onnx_message {
    uint8_t *data;
    size_t size;
} onnx_message;

static inline void onnx_bytes(onnx_message *m, const void *data, size_t size)
{
    m->data = realloc(m->data, m->size + size + 1);
    if (!m->data) abort();
    if (size) memcpy(m->data + m->size, data, size);
    m->size += size;
}

static inline void onnx_varint(onnx_message *m, uint64_t value)
{
    do {
        const uint8_t byte = (uint8_t)((value & 0x7f) | (value > 0x7f ? 0x80 : 0));
        onnx_bytes(m, &byte, 1);
        value >>= 7;
    } while (value);
}

static inline void onnx_number(onnx_message *m, uint32_t field, uint64_t value)
{
    onnx_varint(m, field << 3);
    onnx_varint(m, value);
}

static inline void onnx_float(onnx_message *m, uint32_t field, float value)
{
    onnx_varint(m, field << 3 | 5);
    onnx_bytes(m, &value, sizeof value);
}

static inline void onnx_text(onnx_message *m, uint32_t field, const char *text, size_t length)
{
    onnx_varint(m, field << 3 | 2);
    onnx_varint(m, length);
    onnx_bytes(m, text, length);
}

/* Puts a message into another, and releases it. */
static inline void onnx_inside(onnx_message *m, uint32_t field, onnx_message *part)
{
    onnx_text(m, field, (const char *)part->data, part->size);
    free(part->data);
    *part = (onnx_message){0};
}

/* The next word of a line, which is moved behind it. */
static inline size_t onnx_word(const char **line, const char **word)
{
    *line += strspn(*line, " ");
    *word = *line;
    const size_t length = strcspn(*line, " \n");
    *line += length;
    return length;
}

/* Each part of a list with commas. */
static inline bool onnx_part(const char **list, size_t *left, const char **part, size_t *length)
{
    if (*left == 0) return false;
    const char *comma = memchr(*list, ',', *left);
    *part = *list;
    *length = comma ? (size_t)(comma - *list) : *left;
    const size_t taken = *length + (comma ? 1 : 0);
    *list += taken;
    *left -= taken;
    return true;
}

static inline void onnx_tensor(onnx_message *graph, const char *kind, size_t kind_length,
                               const char *line)
{
    const char *name, *dims, *part;
    const size_t name_length = onnx_word(&line, &name);
    size_t left = onnx_word(&line, &dims), length, count = 1;
    onnx_message tensor = {0}, values = {0};
    const bool ints = strncmp(kind, "int", kind_length) == 0;
    const bool half = strncmp(kind, "half", 4) == 0,
               typed = strstr(kind, "typed") != NULL && strstr(kind, "typed") < kind + kind_length;
    const bool packed = strncmp(kind, "packed", kind_length) == 0;
    if (ints) count = 0;
    while (onnx_part(&dims, &left, &part, &length)) {
        if (ints) {
            const int64_t number = strtoll(part, NULL, 10);
            onnx_bytes(&values, &number, sizeof number);
            count++;
        } else {
            const uint64_t side = strtoull(part, NULL, 10);
            onnx_number(&tensor, 1, side);
            count = side <= ONNX_NUMBERS_MAX && count <= ONNX_NUMBERS_MAX ? count * (size_t)side
                                                                          : ONNX_NUMBERS_MAX + 1;
        }
    }
    if (ints) onnx_number(&tensor, 1, count);
    if (count > ONNX_NUMBERS_MAX) count = 0;
    onnx_number(&tensor, 2, ints ? 7 : half ? 10 : 1);
    for (size_t i = 0; i < count && !ints; i++) {
        const float value = *kind == 'o'   ? 1
                            : *kind == 'z' ? 0
                            : *kind == 'q' ? 0.25f
                                           : (float)(i + 1) * 0.01f;
        const uint16_t short_value = vrn_float_to_half(value);
        if (half && typed) {
            onnx_varint(&values, short_value);
        } else if (half) {
            onnx_bytes(&values, &short_value, sizeof short_value);
        } else if (typed) {
            onnx_float(&tensor, 4, value);
        } else {
            onnx_bytes(&values, &value, sizeof value);
        }
    }
    onnx_text(&tensor, 8, name, name_length);
    if (!typed || half) onnx_inside(&tensor, half && typed ? 5 : packed ? 4 : 9, &values);
    free(values.data);
    onnx_inside(graph, 5, &tensor);
}

static inline void onnx_attribute(onnx_message *node, const char *word, size_t length)
{
    const char *equals = memchr(word, '=', length);
    if (!equals || equals + 1 == word + length) return;
    const char *value = equals + 1, *part;
    size_t left = length - (size_t)(value - word), part_length;
    onnx_message attribute = {0};
    onnx_text(&attribute, 1, word, (size_t)(equals - word));
    if (*value == '[') {
        value++;
        left--;
        if (left && value[left - 1] == ']') left--;
        while (onnx_part(&value, &left, &part, &part_length)) {
            onnx_number(&attribute, 8, (uint64_t)strtoll(part, NULL, 10));
        }
        onnx_number(&attribute, 20, 7);
    } else if ((*value < '0' || *value > '9') && *value != '-') {
        onnx_text(&attribute, 4, value, left);
        onnx_number(&attribute, 20, 3);
    } else if (memchr(value, '.', left)) {
        onnx_float(&attribute, 2, strtof(value, NULL));
        onnx_number(&attribute, 20, 1);
    } else {
        onnx_number(&attribute, 3, (uint64_t)strtoll(value, NULL, 10));
        onnx_number(&attribute, 20, 2);
    }
    onnx_inside(node, 5, &attribute);
}

static inline void onnx_node(onnx_message *graph, const char *op, size_t op_length,
                             const char *line)
{
    const char *list, *part;
    size_t length;
    onnx_message node = {0};
    for (uint32_t field = 1; field <= 2; field++) {
        size_t left = onnx_word(&line, &list);
        while (onnx_part(&list, &left, &part, &length)) {
            onnx_text(&node, field, part, *part == '-' ? 0 : length);
        }
    }
    onnx_text(&node, 4, op, op_length);
    while ((length = onnx_word(&line, &part)) > 0) onnx_attribute(&node, part, length);
    onnx_inside(graph, 1, &node);
}

static inline void onnx_value(onnx_message *graph, uint32_t field, const char *line)
{
    const char *name, *dims, *part;
    const size_t name_length = onnx_word(&line, &name);
    size_t left = onnx_word(&line, &dims), length;
    onnx_message shape = {0}, tensor = {0}, type = {0}, value = {0};
    onnx_text(&value, 1, name, name_length);
    onnx_number(&tensor, 1, 1);
    while (onnx_part(&dims, &left, &part, &length)) {
        onnx_message dimension = {0};
        const bool known = *part >= '0' && *part <= '9';
        if (known) onnx_number(&dimension, 1, strtoull(part, NULL, 10));
        if (!known) onnx_text(&dimension, 2, part, length);
        onnx_inside(&shape, 1, &dimension);
    }
    if (shape.size) onnx_inside(&tensor, 2, &shape);
    onnx_inside(&type, 1, &tensor);
    onnx_inside(&value, 2, &type);
    onnx_inside(graph, field, &value);
}

/* To be released with free. */
static inline onnx_message onnx_build(const char *lines)
{
    onnx_message file = {0}, graph = {0}, opset = {0}, properties = {0};
    uint64_t version = 17;
    for (const char *line = lines; *line; line += *line == '\n') {
        const char *rest = line, *word, *value;
        const size_t length = onnx_word(&rest, &word);
        if (strncmp(word, "input ", 6) == 0) {
            onnx_value(&graph, 11, rest);
        } else if (strncmp(word, "output ", 7) == 0) {
            onnx_value(&graph, 12, rest);
        } else if (strncmp(word, "opset ", 6) == 0) {
            version = strtoull(rest, NULL, 10);
        } else if (strncmp(word, "property ", 9) == 0) {
            onnx_message entry = {0};
            const size_t key = onnx_word(&rest, &word);
            value = rest + strspn(rest, " ");
            onnx_text(&entry, 1, word, key);
            onnx_text(&entry, 2, value, strcspn(value, "\n"));
            onnx_inside(&properties, 14, &entry);
        } else if (length && *word >= 'a') {
            onnx_tensor(&graph, word, length, rest);
        } else if (length) {
            onnx_node(&graph, word, length, rest);
        }
        line += strcspn(line, "\n");
    }
    onnx_number(&file, 1, 8);
    onnx_text(&file, 2, "test", 4);
    onnx_inside(&file, 7, &graph);
    onnx_number(&opset, 2, version);
    onnx_inside(&file, 8, &opset);
    onnx_bytes(&file, properties.data, properties.size);
    free(properties.data);
    return file;
}

#endif
