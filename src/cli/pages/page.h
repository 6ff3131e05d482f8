/* Self-contained HTML pages: data/page.html has a style and a script, which draws the JSON data
 * inside the page. */
#ifndef VRN_CLI_PAGE_H
#define VRN_CLI_PAGE_H

#include <stdbool.h>
#include <stdio.h>

#include "cli/evaluation/evaluation.h"
#include "cli/options.h"
#include "cli/system/os.h"

/* Writes the page up to its data, an object with "version" and "date". The caller adds "evaluation"
 * or "profile" and the other members that the script reads. */
cli_json cli_page_begin(FILE *out);
void cli_page_end(cli_json *json);

/* An evaluation as such a page. */
typedef struct cli_evaluation_page {
    const cli_evaluation *evaluation; /* its confusion is settled */
    const char *data;                 /* the list or folder; NULL: not known */
    const cli_options *options;       /* their command line is shown */
    const cli_mistakes *mistakes;     /* NULL: not known */
    char *const *paths;               /* of the images, by mistakes->items[].item */
} cli_evaluation_page;

/* Opens FOLDER/index.html, to be closed with cli_file_end. Creates the folder if needed. */
bool cli_evaluation_page_begin(cli_file *file, const char *folder);

/* Writes the page. Reads the images of the mistakes again; one that cannot be read is reported, and
 * shown only by its name. cli_file_end reports failed writes. `out` is NULL if no page was
 * requested. */
void cli_evaluation_page_write(FILE *out, const cli_evaluation_page *page);

#endif
