#include "cli/evaluation/mistakes.h"

#include <math.h>

void cli_mistakes_add(cli_mistakes *mistakes, size_t item, const cli_verdict *verdict)
{
    if (verdict->label == verdict->predicted || !isfinite(verdict->probability)) return;
    uint32_t place = mistakes->count;
    while (place > 0 && mistakes->items[place - 1].verdict.probability < verdict->probability) {
        place--;
    }
    if (place == CLI_MISTAKES_MOST) return;
    if (mistakes->count < CLI_MISTAKES_MOST) mistakes->count++;
    for (uint32_t i = mistakes->count - 1; i > place; i--) {
        mistakes->items[i] = mistakes->items[i - 1];
    }
    mistakes->items[place] = (cli_mistake){item, *verdict};
}
