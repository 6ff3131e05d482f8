#include "cli/pages/evaluation_page.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "cli/images/image.h"
#include "cli/images/thumbnail.h"
#include "cli/images/walk.h"
#include "cli/pages/confidence_chart.h"
#include "cli/pages/html.h"
#include "cli/system/report.h"

enum { MATRIX_MOST = 50, PAIRS_SHOWN = 12, CLASSES_SHOWN = 20 };

static const char page_style[] =
    ":root{--good-tint:44 108 176;--bad-tint:190 68 44;--on-tint:#fff}\n"
    "@media (prefers-color-scheme:dark){:root{--good-tint:106 167 232;--bad-tint:232 128 108;"
    "--on-tint:#101418}}\n"
    "@media print{:root{--good-tint:44 108 176;--bad-tint:190 68 44;--on-tint:#fff}}\n"
    ".matrix th,.matrix td{border:1px solid var(--paper);padding:.15rem .35rem}\n"
    ".matrix td{text-align:center;min-width:2.1rem;height:2rem;background:var(--wash)}\n"
    ".matrix td.right{background:rgb(var(--good-tint)/var(--a))}\n"
    ".matrix td.wrong{background:rgb(var(--bad-tint)/var(--a))}\n"
    ".matrix thead td{background:none}\n"
    ".matrix td.strong{color:var(--on-tint)}\n"
    ".matrix tbody th{text-align:right;font-weight:400;white-space:nowrap}\n"
    ".matrix thead th{vertical-align:bottom;text-align:center;font-weight:400}\n"
    ".matrix thead span{writing-mode:vertical-rl;transform:rotate(180deg);white-space:nowrap}\n"
    ".columns{display:flex;flex-wrap:wrap;gap:2.25rem 3rem}\n"
    ".columns section{flex:0 1 auto;min-width:0}\n"
    ".bar{min-width:9rem;padding:0;background:linear-gradient(var(--accent),var(--accent)) "
    "left center/var(--share) .6rem no-repeat}\n"
    "@media (max-width:40rem){.bar{min-width:4rem}}\n"
    ".scroll th,.scroll td{white-space:nowrap}\n"
    ".bar+td,.bar+th{padding-left:.75rem}\n"
    "details{margin-top:.75rem}summary{cursor:pointer;color:var(--soft);font-size:.9rem}"
    "\n" CLI_CONFIDENCE_CHART_STYLE
    ".mistakes{display:grid;grid-template-columns:repeat(auto-fill,minmax(9.5rem,1fr));"
    "gap:1.25rem 1rem}\n"
    ".mistakes figure{margin:0;min-width:0}\n"
    ".mistakes .frame{height:8.5rem;display:flex;align-items:center;justify-content:center;"
    "background:var(--wash)}\n"
    ".mistakes img{max-width:100%;max-height:100%}\n"
    ".mistakes img.tiny{width:7.5rem;height:7.5rem;object-fit:contain;image-rendering:pixelated}\n"
    ".mistakes figcaption{font-size:.85rem;line-height:1.35;margin-top:.4rem;"
    "overflow-wrap:anywhere}\n"
    ".mistakes figcaption b{color:var(--bad);font-weight:600}\n"
    ".mistakes figcaption small{display:block;color:var(--soft)}\n";

bool cli_page_begin(cli_file *file, const char *folder)
{
    if (!cli_make_folder(folder)) return false;
    char *path = cli_join(folder, "index.html");
    bool good = path && cli_file_begin(file, path);
    free(path);
    return good;
}

static void write_label(FILE *out, const cli_evaluation *evaluation, uint32_t index)
{
    char buffer[32];
    cli_html_text(out, cli_evaluation_label(evaluation, index, buffer));
}

/* ---- What was run ---------------------------------------------------------------------------- */

/* As a shell would take it. */
static void write_word(FILE *out, const char *word)
{
    static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                                "-_./=:,+@%";
    if (*word && strspn(word, plain) == strlen(word)) {
        fputs(word, out);
        return;
    }
    cli_html_text(out, "'");
    for (; *word; word += strcspn(word, "'") == 0 ? 1 : strcspn(word, "'")) {
        if (*word == '\'') {
            cli_html_text(out, "'\\''");
        } else {
            cli_html_format(out, "%.*s", (int)strcspn(word, "'"), word);
        }
    }
    cli_html_text(out, "'");
}

static void write_command(FILE *out, const cli_options *options)
{
    fprintf(out, "<dt>command</dt><dd><code>vkresnet %s", options->command);
    for (int i = 0; i < options->word_count; i++) {
        fputc(' ', out);
        write_word(out, options->words[i]);
    }
    fputs("</code></dd>\n", out);
}

static void write_head(FILE *out, const cli_page *page)
{
    const cli_evaluation *evaluation = page->evaluation;
    unsigned long long images = evaluation->images;
    char date[64] = "";
    time_t now = time(NULL);
    const struct tm *broken = gmtime(&now);
    if (broken) strftime(date, sizeof date, "%Y-%m-%d %H:%M UTC", broken);

    cli_html_figures_begin(out);
    cli_html_figure(out, "top-1", "%.2f %%", cli_percent(evaluation->top1, images));
    cli_html_figure(out, "top-5", "%.2f %%", cli_percent(evaluation->top5, images));
    cli_html_figure(out, "images", "%llu", images);
    cli_html_figure(out, "wrong", "%llu", images - evaluation->top1);
    cli_html_figure(out, "images/s with reading the files", "%.1f", evaluation->images_per_s);
    cli_html_figures_end(out);
    cli_html_facts_begin(out);
    cli_html_fact(out, "model", "%s, %u classes (%s)", evaluation->model, evaluation->classes,
                  evaluation->weights);
    cli_html_fact(out, "precision", "%s", evaluation->precision);
    cli_html_fact(out, "transform", "%s", evaluation->transform);
    cli_html_fact(out, "device", "%s", evaluation->device);
    if (page->data) cli_html_fact(out, "data", "%s", page->data);
    if (evaluation->shard.count > 1) {
        cli_html_fact(out, "part", "%u/%u of %llu images", evaluation->shard.index,
                      evaluation->shard.count, (unsigned long long)evaluation->total);
    }
    if (evaluation->unreadable > 0) {
        cli_html_fact(out, "left out", "%llu that could not be read",
                      (unsigned long long)evaluation->unreadable);
    }
    cli_html_fact(out, "date", "%s", date);
    write_command(out, page->options);
    cli_html_facts_end(out);
}

/* ---- Classes --------------------------------------------------------------------------------- */

static void write_class_rows(FILE *out, const cli_evaluation *evaluation,
                             const cli_class_result *results, size_t count)
{
    fputs("<div class=\"scroll\"><table>\n<thead><tr><th>class</th><th class=\"number\">images</th>"
          "<th class=\"number\">right</th><th class=\"number\">accuracy</th>"
          "<th class=\"bar\" style=\"--share:0\"></th><th>most often taken "
          "for</th></tr></thead>\n<tbody>\n",
          out);
    for (size_t i = 0; i < count; i++) {
        const cli_class_result *result = &results[i];
        double share = cli_percent(result->right, result->images);
        fputs("<tr><td>", out);
        write_label(out, evaluation, result->index);
        fprintf(
            out,
            "</td><td class=\"number\">%llu</td><td class=\"number\">%llu</td>"
            "<td class=\"number\">%.1f %%</td><td class=\"bar\" style=\"--share:%.1f%%\"></td><td>",
            (unsigned long long)result->images, (unsigned long long)result->right, share, share);
        if (result->rival_count > 0) {
            write_label(out, evaluation, result->rival);
            fprintf(out, " (%llu)", (unsigned long long)result->rival_count);
        }
        fputs("</td></tr>\n", out);
    }
    fputs("</tbody></table></div>\n", out);
}

static void write_classes(FILE *out, const cli_evaluation *evaluation,
                          const cli_class_result *results, size_t count)
{
    bool many = count > MATRIX_MOST;
    fputs(many ? "<section>\n<h2>The least accurate classes</h2>\n"
               : "<section>\n<h2>Accuracy of the classes</h2>\n",
          out);
    write_class_rows(out, evaluation, results, many ? CLASSES_SHOWN : count);
    if (many) {
        fprintf(out, "<details><summary>All %zu classes</summary>\n", count);
        write_class_rows(out, evaluation, results, count);
        fputs("</details>\n", out);
    }
    fputs("</section>\n", out);
}

/* ---- Confusion ------------------------------------------------------------------------------- */

static int compare_indices(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return x < y ? -1 : x > y;
}

/* The classes that occur, as a label or as a prediction: fills `classes` [MATRIX_MOST]. 0: more
 * than fit. */
static size_t find_involved(const cli_confusion *confusion, uint32_t *classes)
{
    size_t count = 0;
    for (size_t i = 0; i < confusion->count; i++) {
        const uint32_t both[2] = {confusion->pairs[i].label, confusion->pairs[i].predicted};
        for (int k = 0; k < 2; k++) {
            size_t at = 0;
            while (at < count && classes[at] != both[k]) at++;
            if (at < count) continue;
            if (count == MATRIX_MOST) return 0;
            classes[count++] = both[k];
        }
    }
    if (count > 0) qsort(classes, count, sizeof *classes, compare_indices);
    return count;
}

/* `count` of the row's `sum` images. A mistake shows from a few percent on. */
static void write_cell(FILE *out, bool right, uint64_t count, uint64_t sum)
{
    if (count == 0) {
        fputs("<td></td>", out);
        return;
    }
    double share = (double)count / (double)sum;
    double alpha = right ? 0.1 + 0.9 * share : fmin(0.15 + 2 * share, 1);
    fprintf(out, "<td class=\"%s%s\" style=\"--a:%.2f\">%llu</td>", right ? "right" : "wrong",
            alpha > 0.6 ? " strong" : "", alpha, (unsigned long long)count);
}

static void write_matrix_row(FILE *out, const cli_confusion_pair *pairs, size_t pair_count,
                             const uint32_t *classes, size_t count)
{
    uint64_t sum = 0;
    for (size_t i = 0; i < pair_count; i++) sum += pairs[i].count;
    for (size_t column = 0, next = 0; column < count; column++) {
        bool here = next < pair_count && pairs[next].predicted == classes[column];
        write_cell(out, classes[column] == pairs[0].label, here ? pairs[next].count : 0, sum);
        next += here;
    }
}

static void write_matrix(FILE *out, const cli_evaluation *evaluation, const uint32_t *classes,
                         size_t count)
{
    const cli_confusion *confusion = &evaluation->confusion;
    fputs("<section>\n<h2>Confusion matrix</h2>\n<p class=\"note\">A row for each true class, a "
          "column for each answer.</p>\n<div class=\"scroll\"><table class=\"matrix\">\n"
          "<thead><tr><td></td>",
          out);
    for (size_t i = 0; i < count; i++) {
        fputs("<th><span>", out);
        write_label(out, evaluation, classes[i]);
        fputs("</span></th>", out);
    }
    fputs("</tr></thead>\n<tbody>\n", out);
    for (size_t begin = 0, end; begin < confusion->count; begin = end) {
        uint32_t label = confusion->pairs[begin].label;
        for (end = begin; end < confusion->count && confusion->pairs[end].label == label;) end++;
        fputs("<tr><th>", out);
        write_label(out, evaluation, label);
        fputs("</th>", out);
        write_matrix_row(out, confusion->pairs + begin, end - begin, classes, count);
        fputs("</tr>\n", out);
    }
    fputs("</tbody></table></div>\n</section>\n", out);
}

static void write_pairs(FILE *out, const cli_evaluation *evaluation)
{
    cli_confusion_pair pairs[PAIRS_SHOWN];
    size_t count = cli_confusion_most(&evaluation->confusion, pairs, PAIRS_SHOWN);
    if (count == 0) return;
    fputs("<section>\n<h2>Most confused</h2>\n<div class=\"scroll\"><table>\n<thead><tr>"
          "<th>shows</th><th>taken for</th><th class=\"number\">images</th></tr></thead>\n"
          "<tbody>\n",
          out);
    for (size_t i = 0; i < count; i++) {
        fputs("<tr><td>", out);
        write_label(out, evaluation, pairs[i].label);
        fputs("</td><td>", out);
        write_label(out, evaluation, pairs[i].predicted);
        fprintf(out, "</td><td class=\"number\">%llu</td></tr>\n",
                (unsigned long long)pairs[i].count);
    }
    fputs("</tbody></table></div>\n</section>\n", out);
}

/* ---- Mistakes -------------------------------------------------------------------------------- */

static void write_picture(FILE *out, const char *path)
{
    vrn_image image;
    bool tiny = false;
    fputs("<div class=\"frame\">", out);
    if (cli_image_load(&image, path)) {
        fputs("<img src=\"", out);
        bool good = cli_thumbnail_write(out, &image, &tiny);
        fputs(good && tiny ? "\" class=\"tiny\" alt=\"" : "\" alt=\"", out);
        cli_html_text(out, path);
        fputs("\">", out);
        cli_image_free(&image);
    }
    fputs("</div>\n", out);
}

static void write_mistakes(FILE *out, const cli_page *page)
{
    const cli_mistakes *mistakes = page->mistakes;
    if (!mistakes || mistakes->count == 0) return;
    fputs("<section>\n<h2>Surest mistakes</h2>\n<p class=\"note\">What the network answered, how "
          "probable that was to it, and what the label says.</p>\n<div class=\"mistakes\">\n",
          out);
    for (uint32_t i = 0; i < mistakes->count; i++) {
        const cli_verdict *verdict = &mistakes->items[i].verdict;
        const char *path = page->paths[mistakes->items[i].item];
        fputs("<figure>", out);
        write_picture(out, path);
        fputs("<figcaption><b>", out);
        write_label(out, page->evaluation, verdict->predicted);
        fprintf(out, "</b> %.1f %%<br>is ", verdict->probability * 100);
        write_label(out, page->evaluation, verdict->label);
        fprintf(out, " (%.1f %%)<small>", verdict->label_probability * 100);
        cli_html_text(out, path + cli_path_folder_length(path));
        fputs("</small></figcaption></figure>\n", out);
    }
    fputs("</div>\n</section>\n", out);
}

bool cli_page_write(FILE *out, const cli_page *page)
{
    const cli_evaluation *evaluation = page->evaluation;
    uint32_t involved[MATRIX_MOST];
    size_t involved_count = find_involved(&evaluation->confusion, involved), class_count;
    cli_class_result *results = cli_evaluation_classes(evaluation, &class_count);
    char *title = cli_alloc(strlen(evaluation->model) + sizeof "Evaluation of ", 1);
    bool good = results && title;
    if (good) {
        strcpy(title, "Evaluation of ");
        strcat(title, evaluation->model);
        cli_html_begin(out, title, page_style);
        write_head(out, page);
        if (involved_count > 0) {
            fputs("<div class=\"columns\">\n", out);
            write_matrix(out, evaluation, involved, involved_count);
        }
        write_pairs(out, evaluation);
        if (involved_count > 0) fputs("</div>\n", out);
        write_classes(out, evaluation, results, class_count);
        write_mistakes(out, page);
        cli_confidence_chart_write(out, evaluation);
        cli_html_end(out);
    }
    free(results);
    free(title);
    return good;
}
