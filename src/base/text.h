/* Texts that are put together. */
#ifndef VRN_BASE_TEXT_H
#define VRN_BASE_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/log.h"

/* Appends to a text that ends with a NUL. What does not fit into `capacity` bytes is cut. */
void vrn_append(char *text, size_t capacity, const char *format, ...) VRN_PRINTF(3, 4);

/* The three in a row. Release with vrn_free; NULL: out of memory. */
char *vrn_join(const char *a, const char *between, const char *b);

/* How many letters have to be put in, left out or changed, or neighbours swapped, to make one word
 * of the other; UINT32_MAX for words of 32 letters and more. */
uint32_t vrn_edit_distance(const char *a, size_t a_length, const char *b);

/* Whether they are the same without regard to the case of ASCII letters. */
bool vrn_same_text(const char *a, const char *b);

#endif
