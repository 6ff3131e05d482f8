#include "cli/pages/confidence_chart.h"

#include <stdint.h>

/* In units of the SVG: two plots above each other, with the same horizontal axis. */
enum { FEW = 10 }; /* images that say little of a share */

enum {
    LEFT = 52,
    COLUMN = 46,
    TOP = 14,
    HEIGHT = 200,
    GAP = 40,
    COUNT_HEIGHT = 70,
    RIGHT_EDGE = LEFT + COLUMN * CLI_EVALUATION_BINS,
    FLOOR = TOP + HEIGHT,
    COUNT_FLOOR = FLOOR + GAP + COUNT_HEIGHT,
    TOTAL_WIDTH = RIGHT_EDGE + 16,
    TOTAL_HEIGHT = COUNT_FLOOR + 26,
};

static void write_axes(FILE *out)
{
    for (int part = 0; part <= 100; part += 25) {
        double y = FLOOR - HEIGHT * part / 100.0;
        fprintf(out,
                "<line class=\"grid\" x1=\"%d\" x2=\"%d\" y1=\"%.1f\" y2=\"%.1f\"/>"
                "<text x=\"%d\" y=\"%.1f\" text-anchor=\"end\">%d %%</text>\n",
                LEFT, RIGHT_EDGE, y, y, LEFT - 6, y + 4, part);
    }
    for (int i = 0; i <= CLI_EVALUATION_BINS; i += 2) {
        fprintf(out, "<text x=\"%d\" y=\"%d\" text-anchor=\"middle\">%d %%</text>\n",
                LEFT + COLUMN * i, COUNT_FLOOR + 18, i * 100 / CLI_EVALUATION_BINS);
    }
    fprintf(out, "<line class=\"axis\" x1=\"%d\" x2=\"%d\" y1=\"%d\" y2=\"%d\"/>\n", LEFT,
            RIGHT_EDGE, COUNT_FLOOR, COUNT_FLOOR);
    fprintf(out, "<text x=\"%d\" y=\"%d\" class=\"soft\">images</text>\n", LEFT, FLOOR + GAP - 12);
}

static void write_bar(FILE *out, const char *kind, int bin, double floor, double height,
                      const cli_confidence *confidence)
{
    fprintf(out,
            "<rect class=\"%s\" x=\"%d\" y=\"%.1f\" width=\"%d\" height=\"%.1f\"><title>%llu "
            "images, %.1f %% right, %.1f %% sure</title></rect>\n",
            kind, LEFT + COLUMN * bin + 3, floor - height, COLUMN - 6, height,
            (unsigned long long)confidence->images,
            cli_percent(confidence->right, confidence->images),
            confidence->sum / (double)confidence->images * 100);
}

void cli_confidence_chart_write(FILE *out, const cli_evaluation *evaluation)
{
    uint64_t most = 0;
    for (int i = 0; i < CLI_EVALUATION_BINS; i++) {
        if (evaluation->confidence[i].images > most) most = evaluation->confidence[i].images;
    }
    if (most == 0) return;
    fprintf(out,
            "<section>\n<h2>How sure, and how often right</h2>\n<p class=\"note\">Images by the "
            "probability of the answer; above, the share that is right, which would follow the "
            "dashed line if the probabilities meant what they say. The mean distance from it is "
            "%.1f %% (expected calibration error). Pale: fewer than %d images.</p>\n"
            "<svg class=\"confidence\" viewBox=\"0 0 %d %d\" width=\"%d\" height=\"%d\" "
            "role=\"img\" aria-label=\"Accuracy and number of images by confidence\">\n",
            cli_evaluation_calibration_error(evaluation) * 100, FEW, TOTAL_WIDTH, TOTAL_HEIGHT,
            TOTAL_WIDTH, TOTAL_HEIGHT);
    write_axes(out);
    for (int i = 0; i < CLI_EVALUATION_BINS; i++) {
        const cli_confidence *bin = &evaluation->confidence[i];
        if (bin->images == 0) continue;
        write_bar(out, bin->images < FEW ? "right few" : "right", i, FLOOR,
                  HEIGHT * (double)bin->right / (double)bin->images, bin);
        write_bar(out, "count", i, COUNT_FLOOR, COUNT_HEIGHT * (double)bin->images / (double)most,
                  bin);
    }
    fprintf(out,
            "<line class=\"ideal\" x1=\"%d\" y1=\"%d\" x2=\"%d\" y2=\"%d\"/>\n</svg>\n</section>\n",
            LEFT, FLOOR, RIGHT_EDGE, TOP);
}
