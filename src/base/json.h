/* JSON (RFC 8259): a cursor that takes what a file's fixed schema expects next, and the way back
 * for writing.
 *
 * Why not jsmn, which distributions package: it needs 20 bytes of tokens for each two bytes of a
 * hostile header, takes quadratic time for some, accepts what is no JSON, and leaves texts escaped:
 * all the checks would come on top. A cursor needs no memory and is strict by being what it is. */
#ifndef VRN_BASE_JSON_H
#define VRN_BASE_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "base/arena.h"

typedef struct vrn_json {
    const char *text; /* not NUL-terminated */
    size_t size, at;
} vrn_json;

/* Each skips white space, and takes what it is asked for or returns false and takes nothing that
 * could be relied upon. */
bool vrn_json_take(vrn_json *json, char punctuation);
bool vrn_json_at_end(vrn_json *json);

/* A number without sign, fraction or exponent; and any number that is finite as a double. */
bool vrn_json_unsigned(vrn_json *json, uint64_t *number);
bool vrn_json_number(vrn_json *json, double *number);

/* true, false or null, as `word` says. */
bool vrn_json_word(vrn_json *json, const char *word);

/* A string, unescaped, with a NUL, in the arena; NULL in *text: no memory. False also for a string
 * that contains NUL or is no UTF-8. */
bool vrn_json_string(vrn_json *json, vrn_arena *arena, char **text);

/* Any value, with at most 64 brackets inside each other. */
bool vrn_json_skip(vrn_json *json);

/* Writes `text` as a string; what is no UTF-8 becomes U+FFFD. With `in_html` it has no '<' that
 * could end a script. */
void vrn_json_write(FILE *out, const char *text, bool in_html);

#endif
