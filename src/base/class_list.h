/* Lists of classes' names, as people and other programs keep them:
 *     lines                      the first is class 0; perhaps each with its number before it
 *     ["cat", "dog"]             JSON
 *     {"0": "cat", "1": "dog"}   id2label; a value may be an array, whose last text is the name
 *     {"cat": 0, "dog": 1}       class_to_idx
 *     {.., "id2label": {..}}     any of these under a key that says so, such as config.json has */
#ifndef VRN_BASE_CLASS_LIST_H
#define VRN_BASE_CLASS_LIST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"

enum { VRN_CLASS_LIST_MAX = 1 << 20, VRN_CLASS_LIST_MESSAGE = 160 };

/* Names in the order of their numbers; NULL where none was entered yet. */
typedef struct vrn_class_list {
    const char **names;
    size_t count, capacity;
} vrn_class_list;

/* What a list may be called where it is a part of something. NULL behind the last. */
const char *vrn_class_list_key(size_t i);

/* Enters a name, which must outlive the list; false, with the reason in `message`: the number is
 * taken or too large, the name has a line feed, or there is no memory. */
bool vrn_class_list_set(vrn_class_list *list, vrn_arena *arena, uint64_t index, const char *name,
                        char message[VRN_CLASS_LIST_MESSAGE]);

/* Whether there are names, without a gap between them. */
bool vrn_class_list_complete(const vrn_class_list *list, char message[VRN_CLASS_LIST_MESSAGE]);

/* Reads a zeroed list, all of which the arena holds. False: `message` says what is wrong. */
bool vrn_class_list_parse(vrn_class_list *list, vrn_arena *arena, const char *text, size_t size,
                          char message[VRN_CLASS_LIST_MESSAGE]);

#endif
