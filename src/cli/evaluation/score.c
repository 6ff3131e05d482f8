#include "cli/evaluation/score.h"

#include <math.h>
#include <stdlib.h>

#include "cli/system/report.h"

static int compare_scores(const void *a, const void *b)
{
    const cli_score *x = a, *y = b;
    int x_nan = isnan(x->value) != 0, y_nan = isnan(y->value) != 0;
    if (x_nan != y_nan) return x_nan - y_nan;
    if (!x_nan && x->value != y->value) return x->value > y->value ? -1 : 1;
    return x->index < y->index ? -1 : x->index > y->index;
}

void cli_rank(cli_score *scores, const float *values, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) scores[i] = (cli_score){values[i], i};
    qsort(scores, count, sizeof *scores, compare_scores);
}

bool cli_check_outputs(const char *path, const float *outputs, uint32_t count)
{
    uint32_t finite = 0;
    while (finite < count && isfinite(outputs[finite])) finite++;
    if (finite < count) cli_error("%s: the network gives no finite numbers for it", path);
    return finite == count;
}
