/* How sure a network is, and how often it is right then. */
#ifndef VRN_CLI_CONFIDENCE_CHART_H
#define VRN_CLI_CONFIDENCE_CHART_H

#include <stdio.h>

#include "cli/evaluation/evaluation.h"

/* Rules for the page's style. */
#define CLI_CONFIDENCE_CHART_STYLE                                                                 \
    ".confidence text{font-size:12px}.confidence text.soft{fill:var(--soft)}\n"                    \
    ".confidence .grid{stroke:var(--line)}.confidence .axis{stroke:var(--soft)}\n"                 \
    ".confidence .right{fill:var(--accent)}.confidence .few{opacity:.4}.confidence "               \
    ".count{fill:var(--soft)}\n"                                                                   \
    ".confidence .ideal{stroke:var(--ink);stroke-dasharray:5 4}\n"

/* A section of a page of html.h, with an SVG; nothing where there are no probabilities. */
void cli_confidence_chart_write(FILE *out, const cli_evaluation *evaluation);

#endif
