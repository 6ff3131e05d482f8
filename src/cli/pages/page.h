/* Pages of HTML that stand alone: data/page.html has a style and a script, which draws the data:
 * JSON inside the page. */
#ifndef VRN_CLI_PAGE_H
#define VRN_CLI_PAGE_H

#include <stdio.h>

#include "cli/formats/json.h"

/* Writes the page up to its data, an object, which the caller fills: with "evaluation" or "profile"
 * and the members that the script reads beside it. "version" and "date" are there. */
cli_json cli_page_begin(FILE *out);
void cli_page_end(cli_json *json);

#endif
