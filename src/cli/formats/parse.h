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

/* Three decimal numbers, perhaps with exponents, that are finite as floats; commas between. */
bool cli_parse_triple(const char *text, float values[3]);

#endif
