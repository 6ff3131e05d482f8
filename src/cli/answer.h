/* A network's answer for one image: for people (a table with bars), for scripts (a line) and for
 * programs (JSON). */
#ifndef VRN_CLI_ANSWER_H
#define VRN_CLI_ANSWER_H

#include <stdbool.h>
#include <stdint.h>

#include "cli/formats/json.h"
#include "cli/model.h"

typedef struct cli_score {
    float value;
    uint32_t index;
} cli_score;

/* Fills `scores` [count] and sorts it: the largest value first, equal ones by index, NaN last. */
void cli_rank(cli_score *scores, const float *values, uint32_t count);

/* Reports and returns false if the outputs [count] for an image are not all finite, and therefore
 * mean nothing. */
bool cli_check_outputs(const char *path, const float *outputs, size_t count);

/* How many of the first `top` scores reach the model's threshold; all of them if it has none. */
uint32_t cli_count_shown(const cli_model *model, const cli_score *scores, uint32_t top);

typedef enum cli_answer_form {
    CLI_ANSWER_TABLE, /* the file's name, then a row for each class */
    CLI_ANSWER_LINE,  /* file, and label and probability of each class, with tabs between */
    CLI_ANSWER_JSON, /* {"file", "model", "top": [{"index", "label", "probability"}]}; or "logit" */
} cli_answer_form;

/* Prints the first `count` of `scores` to standard output. They are probabilities or logits, as the
 * model says. */
void cli_answer_print(cli_answer_form form, const cli_model *model, const char *path,
                      const cli_score *scores, uint32_t count);

/* The first writes only the members of the JSON object, into an object that is already begun. The
 * second writes one class as an object. */
void cli_answer_write(cli_json *json, const cli_model *model, const char *path,
                      const cli_score *scores, uint32_t count);
void cli_answer_write_class(cli_json *json, const cli_model *model, cli_score score);

#endif
