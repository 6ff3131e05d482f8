/* Lists of class names, in the formats that people and other programs use:
 *     lines                      the first is class 0; each may begin with its number
 *     ["cat", "dog"]             JSON
 *     {"0": "cat", "1": "dog"}   id2label; a value may be an array, whose last string is the name
 *     {"cat": 0, "dog": 1}       class_to_idx
 *     {.., "id2label": {..}}     any of these as a member with a known key, as in config.json */
#ifndef VRN_BASE_CLASS_LIST_H
#define VRN_BASE_CLASS_LIST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"

enum { VRN_CLASS_LIST_MAX = 1 << 20, VRN_CLASS_LIST_MESSAGE = 160 };

/* Names in the order of their indices; NULL where none has been set. */
typedef struct vrn_class_list {
    const char **names;
    size_t count, capacity;
} vrn_class_list;

/* The i-th key under which a file may contain a list; NULL after the last one. */
const char *vrn_class_list_key(size_t i);

/* Sets the name of a class. The text must outlive the list. False, with the reason in `message`:
 * the index is taken or too large, the name contains a line feed, or memory runs out. */
bool vrn_class_list_set(vrn_class_list *list, vrn_arena *arena, uint64_t index, const char *name,
                        char message[VRN_CLASS_LIST_MESSAGE]);

/* True if the list has names and no gaps. */
bool vrn_class_list_complete(const vrn_class_list *list, char message[VRN_CLASS_LIST_MESSAGE]);

/* Parses a text into a zeroed list, whose memory belongs to the arena. False: `message` says what
 * is wrong. */
bool vrn_class_list_parse(vrn_class_list *list, vrn_arena *arena, const char *text, size_t size,
                          char message[VRN_CLASS_LIST_MESSAGE]);

#endif
