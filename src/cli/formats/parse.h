/* Texts to numbers: the whole text or nothing, the same in every locale. */
#ifndef VRN_CLI_PARSE_H
#define VRN_CLI_PARSE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Decimal digits only. */
bool cli_parse_integer(const char *text, uint64_t maximum, uint64_t *value);

/* `HxW`, each from 1 to `maximum`. */
bool cli_parse_size(const char *text, uint32_t maximum, uint32_t size[2]);

/* A decimal number, perhaps with an exponent, that is finite as a float. */
bool cli_parse_float(const char *text, float *value);

/* Three of them with commas between. */
bool cli_parse_triple(const char *text, float values[3]);

/* Texts without regard to the case of ASCII letters. */
bool cli_same_text(const char *a, const char *b);

/* The length of the UTF-8 sequence at `text`, or 0 where it is not valid (RFC 3629: no overlong
 * forms, no surrogates, nothing above U+10FFFF). Reads no further than the NUL. */
size_t cli_utf8_length(const char *text);

#endif
