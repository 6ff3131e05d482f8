/* HTML pages without other files: data/page.html has a style and a script that draws the data,
 * which is JSON inside the page. */
#ifndef VRN_CLI_PAGE_H
#define VRN_CLI_PAGE_H

#include <stdbool.h>
#include <stdio.h>

#include "cli/evaluation/evaluation.h"
#include "cli/options.h"
#include "cli/system/os.h"

/* Writes the page up to its data, an object, which the caller fills: with "evaluation" or "profile"
 * and the members that the script reads beside it. "version" and "date" are there. */
cli_json cli_page_begin(FILE *out);
void cli_page_end(cli_json *json);

/* An evaluation as such a page. */
typedef struct cli_evaluation_page {
    const cli_evaluation *evaluation; /* its confusion is settled */
    const char *data;                 /* what was read: a list, a folder; NULL: not known */
    const cli_options *options;       /* whose command line is shown */
    const cli_mistakes *mistakes;     /* NULL: not known */
    char *const *paths;               /* of the images that mistakes->items number */
} cli_evaluation_page;

/* Opens FOLDER/index.html, for cli_file_end, and makes the folder unless it is there. */
bool cli_evaluation_page_begin(cli_file *file, const char *folder);

/* Reads the images of the mistakes again: one that cannot be read is reported, and shown by its
 * name alone. Faults of writing are left to cli_file_end. `out`: NULL
 * where no page is wanted. */
void cli_evaluation_page_write(FILE *out, const cli_evaluation_page *page);

#endif
