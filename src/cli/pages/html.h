/* Pages of HTML that stand alone: one file, nothing from elsewhere, light and dark, fit to be
 * printed. */
#ifndef VRN_CLI_HTML_H
#define VRN_CLI_HTML_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "cli/system/report.h"

/* What stands before and behind the content, which is a <h1> with the title and then blocks:
 * <section>s with <h2>. `style`: more rules of CSS, or NULL. The colours, for style and SVG:
 * --paper, --ink, --soft (secondary text), --line, --wash (a faint ground), --accent, --good,
 * --bad. The classes: "figures" and "facts" (below); "scroll" around what may be too wide; "number"
 * for a cell, or a column's head, whose content is aligned to the right; "note" for a paragraph of
 * small print. */
void cli_html_begin(FILE *out, const char *title, const char *style);
void cli_html_end(FILE *out);

/* A text in element or attribute: escaped, and valid in both. Control characters and what is
 * no UTF-8 become U+FFFD. */
void cli_html_text(FILE *out, const char *text);
void cli_html_format(FILE *out, const char *format, ...) CLI_PRINTF(2, 3);

/* Numbers that everybody looks at first, in a row: value and what it is. */
void cli_html_figures_begin(FILE *out);
void cli_html_figure(FILE *out, const char *label, const char *format, ...) CLI_PRINTF(3, 4);
void cli_html_figures_end(FILE *out);

/* A list of names and values: how the numbers came about. */
void cli_html_facts_begin(FILE *out);
void cli_html_fact(FILE *out, const char *name, const char *format, ...) CLI_PRINTF(3, 4);
void cli_html_facts_end(FILE *out);

/* "data:TYPE;base64,...", the value of an attribute. */
void cli_html_data(FILE *out, const char *type, const unsigned char *bytes, size_t size);

#endif
