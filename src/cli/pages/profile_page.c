#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "cli/pages/html.h"
#include "cli/pages/profile.h"
#include "cli/system/os.h"

/* Colours that people with any kind of colour vision tell apart (Okabe and Ito 2008, but for the
 * sixth). */
static const char style[] =
    ".k0{--kind:#0072b2}.k1{--kind:#e69f00}.k2{--kind:#009e73}.k3{--kind:#cc79a7}"
    ".k4{--kind:#d55e00}.k5{--kind:#9467bd}.k6{--kind:#8a8f94}\n"
    "@media (prefers-color-scheme:dark){.k0{--kind:#3d9be0}}\n"
    "figure{margin:0}\n"
    "svg{display:block}svg text{font-size:12px}svg .soft{fill:var(--soft)}\n"
    "svg .grid{stroke:var(--line)}svg .minor{stroke:var(--line);stroke-opacity:.45}\n"
    "svg .axis{stroke:var(--soft)}\n"
    "svg .roof{stroke:var(--ink);stroke-width:2;fill:none;stroke-linejoin:round}\n"
    "svg .ridge{stroke:var(--soft);stroke-dasharray:3 4}\n"
    ".bar .all{fill:var(--kind);fill-opacity:.4}.bar .least{fill:var(--kind)}\n"
    ".bar .hit{fill:transparent}.bar:hover .hit{fill:var(--ink);fill-opacity:.09}\n"
    ".dot circle{fill:var(--kind);fill-opacity:.55;stroke:var(--kind);stroke-width:1.5}\n"
    ".dot:hover circle{fill-opacity:1;stroke:var(--ink)}\n"
    ".legend{list-style:none;display:flex;flex-wrap:wrap;gap:.2rem 1.4rem;margin:.2rem 0 .6rem;"
    "padding:0;font-size:.85rem}\n"
    ".legend i{display:inline-block;width:.8em;height:.8em;margin-right:.45em;border-radius:2px;"
    "background:var(--kind)}\n"
    "td i{display:inline-block;width:.6em;"
    "height:.6em;margin-right:.5em;border-radius:50%;background:var(--kind)}\n"
    "table{width:100%;font-size:.78rem}th,td{padding-right:.6rem;white-space:nowrap}"
    "th:last-child,td:last-child{padding-right:0}tfoot td{font-weight:600;border:0}\n"
    "@media "
    "print{table{font-size:9px}tfoot{display:table-row-group}.scroll>svg{min-width:0!important}}"
    "\n";

double cli_profile_roof_ms(const cli_network_profile *profile, double flops, double bytes)
{
    const vrn_device_peak *peak = &profile->peak;
    if (!(peak->gflops > 0 && peak->gb_s > 0)) return 0;
    return fmax(flops / peak->gflops, bytes / peak->gb_s) * 1e-6;
}

/* The first two words of a kernel's name. */
static void kind_name(char name[CLI_PROFILE_KIND_TEXT], const char *kernel)
{
    size_t length = strcspn(kernel, "_");
    if (kernel[length]) length += 1 + strcspn(kernel + length + 1, "_");
    if (length >= CLI_PROFILE_KIND_TEXT) length = CLI_PROFILE_KIND_TEXT - 1;
    memcpy(name, kernel, length);
    name[length] = 0;
}

/* The kind of this name, or the first that is free, or the last. */
static uint32_t find_kind(const cli_profile_kinds *kinds, const char *name)
{
    uint32_t i = 0;
    while (i < kinds->count && strcmp(kinds->names[i], name) != 0) i++;
    return i < CLI_PROFILE_KINDS ? i : CLI_PROFILE_KINDS - 1;
}

static int compare_kinds(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x < y) - (x > y);
}

/* Those that take most time have colours of their own. */
void cli_profile_find_kinds(cli_profile_kinds *kinds, const cli_network_profile *profile)
{
    enum { ALL = 64 };
    struct {
        double ms;
        char name[CLI_PROFILE_KIND_TEXT];
    } all[ALL] = {{0}};
    uint32_t count = 0;
    for (uint32_t i = 0; i < profile->count; i++) {
        char name[CLI_PROFILE_KIND_TEXT];
        uint32_t k = 0;
        kind_name(name, profile->layers[i].kernel);
        while (k < count && strcmp(all[k].name, name) != 0) k++;
        if (k == ALL) k = ALL - 1;
        if (k == count) strcpy(all[count++].name, name);
        all[k].ms += profile->layers[i].gpu_ms;
    }
    qsort(all, count, sizeof all[0], compare_kinds);
    *kinds = (cli_profile_kinds){.count = count < CLI_PROFILE_KINDS ? count : CLI_PROFILE_KINDS};
    for (uint32_t k = 0; k < count; k++) {
        const uint32_t to = k < CLI_PROFILE_KINDS ? k : CLI_PROFILE_KINDS - 1;
        strcpy(kinds->names[to], to == k ? all[k].name : "others");
        kinds->ms[to] += all[k].ms;
    }
}

uint32_t cli_profile_kind(const cli_profile_kinds *kinds, const vrn_layer *layer)
{
    char name[CLI_PROFILE_KIND_TEXT];
    kind_name(name, layer->kernel);
    return find_kind(kinds, name);
}

static void write_facts(FILE *out, const cli_network_profile *profile)
{
    const cli_engine *engine = profile->engine;
    const vrn_session_info *info = &engine->info;
    const vrn_device_peak *peak = &profile->peak;
    char date[64] = "";
    const time_t now = time(NULL);
    const struct tm *utc = gmtime(&now);
    if (utc) strftime(date, sizeof date, "%Y-%m-%d %H:%M UTC", utc);

    cli_html_facts_begin(out);
    cli_html_fact(out, "Model", "%s", engine->model.info.name);
    cli_html_fact(out, "Device", "%s", engine->device_info.name);
    cli_html_fact(out, "Driver", "%s", engine->device_info.driver);
    cli_html_fact(out, "Input", "batch of %u, %ux%u pixels, %s", info->batch, info->height,
                  info->width, vrn_precision_name(info->precision));
    cli_html_fact(out, "Device's peak", "%.1f GFLOP/s, %.1f GB/s, measured", peak->gflops,
                  peak->gb_s);
    cli_html_fact(out, "Times", "median of %u runs, %s", profile->repeats, date);
    cli_html_facts_end(out);
}

static void write_head(FILE *out, const cli_network_profile *profile)
{
    const double rate = cli_profile_rate(profile->total_flops, profile->total_ms);
    const double peak = profile->peak.gflops;
    double least = 0;
    for (uint32_t i = 0; i < profile->count; i++) {
        const vrn_layer *layer = &profile->layers[i];
        least += cli_profile_roof_ms(profile, layer->flops, layer->bytes);
    }
    cli_html_figures_begin(out);
    cli_html_figure(out, "on the device", "%.2f ms", profile->total_ms);
    if (profile->total_ms > 0) {
        cli_html_figure(out, "images a second", "%.1f",
                        profile->engine->info.batch / profile->total_ms * 1e3);
    }
    cli_html_figure(out, "GFLOP/s", "%.1f", rate);
    if (peak > 0) cli_html_figure(out, "of the device's peak", "%.0f %%", 100 * rate / peak);
    if (least > 0) cli_html_figure(out, "by the roofline", "%.2f ms", least);
    cli_html_figure(out, "dispatches", "%u", profile->count);
    cli_html_figures_end(out);
    write_facts(out, profile);
}

static void write_legend(FILE *out, const cli_network_profile *profile,
                         const cli_profile_kinds *kinds)
{
    fputs("<ul class=\"legend\">\n", out);
    for (uint32_t k = 0; k < kinds->count; k++) {
        fprintf(out, "<li class=\"k%u\"><i></i>", k);
        cli_html_format(out, "%s, %.1f %%", kinds->names[k],
                        cli_profile_share(profile, kinds->ms[k]));
        fputs("</li>\n", out);
    }
    fputs("</ul>\n", out);
}

static void write_row(FILE *out, const cli_network_profile *profile, uint32_t kind,
                      const vrn_layer *layer)
{
    const double roof = cli_profile_roof_ms(profile, layer->flops, layer->bytes);
    fprintf(out, "<tr class=\"k%u\"><td><i></i><code>", kind);
    cli_html_text(out, layer->name);
    fputs("</code></td><td><code>", out);
    cli_html_text(out, layer->kernel);
    fputs("</code></td><td>", out);
    cli_html_text(out, layer->fused);
    fputs("</td><td>", out);
    cli_html_text(out, layer->precision);
    fprintf(out, "</td><td class=\"number\">%ux%ux%u", layer->channels, layer->height,
            layer->width);
    fprintf(out, "</td><td class=\"number\">%.3f</td><td class=\"number\">%.1f %%", layer->gpu_ms,
            cli_profile_share(profile, layer->gpu_ms));
    fprintf(out, "</td><td class=\"number\">%.2f</td><td class=\"number\">%.2f",
            cli_profile_rate(layer->flops, layer->gpu_ms), layer->bytes * 1e-6);
    fprintf(out, "</td><td class=\"number\">%.1f</td><td class=\"number\">",
            cli_profile_intensity(layer));
    if (roof > 0 && layer->gpu_ms > 0) fprintf(out, "%.0f %%", 100 * roof / layer->gpu_ms);
    fputs("</td></tr>\n", out);
}

static void write_table(FILE *out, const cli_network_profile *profile,
                        const cli_profile_kinds *kinds)
{
    fputs("<section>\n<h2>All layers</h2>\n<div class=\"scroll\"><table>\n<thead><tr><th>Layer</th>"
          "<th>Kernel</th><th>Fused</th><th>Precision</th><th class=\"number\">C x H x W</th>"
          "<th class=\"number\">ms</th><th class=\"number\">Share</th>"
          "<th class=\"number\">GFLOP/s</th><th class=\"number\">MB</th>"
          "<th class=\"number\">FLOP/byte</th><th class=\"number\">Of the roof</th></tr></thead>\n"
          "<tbody>\n",
          out);
    for (uint32_t i = 0; i < profile->count; i++) {
        write_row(out, profile, cli_profile_kind(kinds, &profile->layers[i]), &profile->layers[i]);
    }
    fprintf(
        out,
        "</tbody>\n<tfoot><tr><td colspan=\"5\">%u dispatches</td><td class=\"number\">%.3f</td>"
        "<td></td><td class=\"number\">%.2f</td><td class=\"number\">%.2f</td>"
        "<td class=\"number\">%.1f</td><td></td></tr></tfoot>\n</table></div>\n</section>\n",
        profile->count, profile->total_ms,
        cli_profile_rate(profile->total_flops, profile->total_ms), profile->total_bytes * 1e-6,
        profile->total_bytes > 0 ? profile->total_flops / profile->total_bytes : 0);
}

static void write_content(FILE *out, const cli_network_profile *profile)
{
    cli_profile_kinds kinds;
    cli_profile_find_kinds(&kinds, profile);
    write_head(out, profile);
    fputs("<section>\n<h2>Time of each layer, in order</h2>\n", out);
    write_legend(out, profile, &kinds);
    cli_profile_draw_times(out, profile, &kinds);
    fputs(
        "<p class=\"note\">The solid part of a bar is the time that the roofline below would take: "
        "the rest is what a better kernel could win at most. Point at a bar for its "
        "numbers.</p>\n</section>\n",
        out);
    if (profile->peak.gflops > 0 && profile->peak.gb_s > 0) {
        fputs("<section>\n<h2>Roofline</h2>\n", out);
        cli_profile_draw_roofline(out, profile, &kinds);
        fputs(
            "<p class=\"note\">A dot is a layer, the larger the more time it takes. The lines are "
            "what was measured on this device: on the slope memory is the limit, on the level "
            "arithmetic. Bytes are counted as if each value moved once, and weights once for each "
            "image; operations as the definition of a layer has them, so that Winograd's kernels, "
            "which need fewer, and data that stays in caches can be above the roof.</p>\n"
            "</section>\n",
            out);
    }
    write_table(out, profile, &kinds);
}

bool cli_profile_write_page(const cli_network_profile *profile, const char *path)
{
    char title[320];
    cli_file file;
    if (!cli_file_begin(&file, path)) return false;
    snprintf(title, sizeof title, "Profile of %s", profile->engine->model.info.name);
    cli_html_begin(file.stream, title, style);
    write_content(file.stream, profile);
    cli_html_end(file.stream);
    return cli_file_end(&file, true);
}
