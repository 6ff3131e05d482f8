#include <math.h>
#include <string.h>

#include "cli/pages/html.h"
#include "cli/pages/profile.h"

/* The plot's place in a picture, in its units. */
typedef struct frame {
    double width, height; /* of the picture */
    double left, top, right, bottom;
} frame;

static void begin_picture(FILE *out, const frame *f, const char *label)
{
    fprintf(out,
            "<div class=\"scroll\"><svg viewBox=\"0 0 %.0f %.0f\" width=\"%.0f\" height=\"%.0f\" "
            "style=\"min-width:%.0fpx\" role=\"img\" aria-label=\"",
            f->width, f->height, f->width, f->height, f->width > 1200 ? f->width : 640.0);
    cli_html_text(out, label);
    fputs("\">\n", out);
}

static void end_picture(FILE *out)
{
    fputs("</svg></div>\n", out);
}

static void line(FILE *out, const char *kind, double x1, double y1, double x2, double y2)
{
    fprintf(out, "<line class=\"%s\" x1=\"%.2f\" y1=\"%.2f\" x2=\"%.2f\" y2=\"%.2f\"/>\n", kind, x1,
            y1, x2, y2);
}

/* `anchor`: start, middle or end. */
static void write_label(FILE *out, double x, double y, const char *anchor, const char *text)
{
    fprintf(out, "<text class=\"soft\" x=\"%.2f\" y=\"%.2f\" text-anchor=\"%s\">", x, y, anchor);
    cli_html_text(out, text);
    fputs("</text>\n", out);
}

/* An axis' name, which runs upwards. */
static void write_upward(FILE *out, double x, double y, const char *text)
{
    fprintf(out,
            "<text class=\"soft\" text-anchor=\"middle\" transform=\"translate(%.2f %.2f) "
            "rotate(-90)\">",
            x, y);
    cli_html_text(out, text);
    fputs("</text>\n", out);
}

/* What is shown of a layer while it is pointed at. */
static void write_details(FILE *out, const cli_network_profile *profile, const vrn_layer *layer)
{
    const double roof = cli_profile_roof_ms(profile, layer->flops, layer->bytes);
    fputs("<title>", out);
    cli_html_text(out, layer->name);
    fputs("\n", out);
    cli_html_format(out, "%s%s%s, %s, %ux%ux%u", layer->kernel, *layer->fused ? " with " : "",
                    layer->fused, layer->precision, layer->channels, layer->height, layer->width);
    fprintf(out, "\n%.3f ms, %.1f %% of all\n", layer->gpu_ms,
            cli_profile_share(profile, layer->gpu_ms));
    fprintf(out, "%.2f GFLOP/s, %.2f MB, %.1f FLOP/byte",
            cli_profile_rate(layer->flops, layer->gpu_ms), layer->bytes * 1e-6,
            cli_profile_intensity(layer));
    if (roof > 0 && layer->gpu_ms > 0) {
        fprintf(out, "\n%.0f %% of what the roofline allows", 100 * roof / layer->gpu_ms);
    }
    fputs("</title>", out);
}

/* 1, 2 or 5 times a power of ten, so that `most` has about five steps. */
static double step_for(double most)
{
    const double power = pow(10, floor(log10(most / 5))), rest = most / 5 / power;
    return power * (rest < 1.5 ? 1 : rest < 3.5 ? 2 : rest < 7.5 ? 5 : 10);
}

static void draw_time_axis(FILE *out, const frame *f, double most)
{
    const double step = step_for(most);
    const int digits = step >= 1 ? 0 : (int)ceil(-log10(step));
    for (int i = 0; i * step <= most * 1.0001; i++) {
        const double y = f->bottom - (f->bottom - f->top) * i * step / most;
        char text[32];
        snprintf(text, sizeof text, "%.*f", digits, i * step);
        line(out, i == 0 ? "axis" : "grid", f->left, y, f->right, y);
        write_label(out, f->left - 8, y + 4, "end", text);
    }
    write_upward(out, 14, (f->top + f->bottom) / 2, "ms");
}

/* The module that a layer is part of: "layer1". */
static size_t stage_length(const char *name)
{
    return strcspn(name, ".");
}

static bool same_stage(const vrn_layer *a, const vrn_layer *b)
{
    const size_t length = stage_length(a->name);
    return length == stage_length(b->name) && strncmp(a->name, b->name, length) == 0;
}

/* Below the bars: the stages, with their share where there is room. */
static void draw_stages(FILE *out, const frame *f, const cli_network_profile *profile, double pitch)
{
    for (uint32_t i = 0, end; i < profile->count; i = end) {
        double ms = 0;
        for (end = i;
             end < profile->count && same_stage(&profile->layers[i], &profile->layers[end]);
             end++) {
            ms += profile->layers[end].gpu_ms;
        }
        const double from = f->left + pitch * i, to = f->left + pitch * end;
        const int length = (int)stage_length(profile->layers[i].name);
        if (i > 0) line(out, "grid", from, f->top, from, f->bottom + 18);
        if ((to - from) < length * 7.5) continue;
        char text[80];
        snprintf(text, sizeof text, "%.*s", length < 40 ? length : 40, profile->layers[i].name);
        write_label(out, (from + to) / 2, f->bottom + 17, "middle", text);
        snprintf(text, sizeof text, "%.1f %%", cli_profile_share(profile, ms));
        write_label(out, (from + to) / 2, f->bottom + 33, "middle", text);
    }
}

static void draw_bar(FILE *out, const frame *f, const cli_network_profile *profile, uint32_t i,
                     uint32_t kind, double pitch, double most)
{
    const vrn_layer *layer = &profile->layers[i];
    const double scale = (f->bottom - f->top) / most;
    const double roof = cli_profile_roof_ms(profile, layer->flops, layer->bytes);
    const double least = fmin(roof, layer->gpu_ms);
    const double gap = pitch > 4 ? pitch * 0.12 : 0, x = f->left + pitch * i + gap;
    fprintf(out, "<g class=\"bar k%u\">", kind);
    write_details(out, profile, layer);
    fprintf(out,
            "<rect class=\"all\" x=\"%.2f\" y=\"%.2f\" width=\"%.2f\" height=\"%.2f\"/>"
            "<rect class=\"least\" x=\"%.2f\" y=\"%.2f\" width=\"%.2f\" height=\"%.2f\"/>"
            "<rect class=\"hit\" x=\"%.2f\" y=\"%.2f\" width=\"%.2f\" height=\"%.2f\"/></g>\n",
            x, f->bottom - layer->gpu_ms * scale, pitch - 2 * gap, layer->gpu_ms * scale, x,
            f->bottom - least * scale, pitch - 2 * gap, least * scale, f->left + pitch * i, f->top,
            pitch, f->bottom - f->top);
}

void cli_profile_draw_times(FILE *out, const cli_network_profile *profile,
                            const cli_profile_kinds *kinds)
{
    /* A bar needs some pixels to be pointed at: long networks are scrolled. */
    const double inner = fmax(980, profile->count * 5.0);
    const frame f = {.width = inner + 68,
                     .height = 340,
                     .left = 58,
                     .top = 12,
                     .right = inner + 58,
                     .bottom = 296};
    double most = 0;
    for (uint32_t i = 0; i < profile->count; i++) most = fmax(most, profile->layers[i].gpu_ms);
    most = most > 0 ? most * 1.04 : 1;
    const double pitch = inner / (profile->count ? profile->count : 1);
    begin_picture(out, &f, "Bars: milliseconds of each layer, in the order of execution");
    draw_time_axis(out, &f, most);
    draw_stages(out, &f, profile, pitch);
    for (uint32_t i = 0; i < profile->count; i++) {
        draw_bar(out, &f, profile, i, cli_profile_kind(kinds, &profile->layers[i]), pitch, most);
    }
    end_picture(out);
}

/* A logarithmic axis, whose ends are 1, 2 or 5 times a power of ten. */
typedef struct axis {
    double least, most;
    double begin, end; /* their places */
} axis;

static double place(const axis *a, double value)
{
    return a->begin + (a->end - a->begin) * log(value / a->least) / log(a->most / a->least);
}

static axis axis_for(double least, double most, double begin, double end)
{
    double low = pow(10, floor(log10(least))), high = pow(10, floor(log10(most)));
    const double first = least / low, last = most / high;
    low *= first >= 5 ? 5 : first >= 2 ? 2 : 1;
    high *= last <= 1 ? 1 : last <= 2 ? 2 : last <= 5 ? 5 : 10;
    if (high < low * 10) high = low * 10;
    return (axis){low, high, begin, end};
}

static void draw_tick(FILE *out, const frame *f, double at, const char *kind, bool upright)
{
    if (upright) {
        line(out, kind, f->left, at, f->right, at);
    } else {
        line(out, kind, at, f->top, at, f->bottom);
    }
}

static void draw_logarithmic(FILE *out, const frame *f, const axis *a, bool upright)
{
    const bool wide = a->most > a->least * 2000;
    for (int power = (int)floor(log10(a->least) + 1e-9); pow(10, power) < a->most * 1.001;
         power++) {
        for (int i = 1; i < 10; i++) {
            const double value = i * pow(10, power), at = place(a, value);
            if (value < a->least * 0.999 || value > a->most * 1.001) continue;
            draw_tick(out, f, at, i == 1 ? "grid" : "minor", upright);
            if (i != 1 && (wide || (i != 2 && i != 5))) continue;
            char text[32];
            snprintf(text, sizeof text, "%.*f", power < 0 ? -power : 0, value);
            if (upright) write_label(out, f->left - 8, at + 4, "end", text);
            if (!upright) write_label(out, at, f->bottom + 18, "middle", text);
        }
    }
}

static void draw_roof(FILE *out, const frame *f, const axis *x, const axis *y,
                      const vrn_device_peak *peak)
{
    const double ridge = peak->gflops / peak->gb_s;
    const double start = fmax(x->least, y->least / peak->gb_s);
    const double x0 = place(x, start), y0 = place(y, start * peak->gb_s);
    const double x1 = place(x, ridge), y1 = place(y, peak->gflops);
    line(out, "ridge", x1, y1, x1, f->bottom);
    fprintf(out, "<polyline class=\"roof\" points=\"%.2f,%.2f %.2f,%.2f %.2f,%.2f\"/>\n", x0, y0,
            x1, y1, f->right, y1);
    fprintf(out,
            "<text text-anchor=\"end\" x=\"%.2f\" y=\"%.2f\">%.1f GFLOP/s</text>\n"
            "<text text-anchor=\"middle\" transform=\"translate(%.2f %.2f) rotate(%.1f)\" "
            "dy=\"-8\">%.1f GB/s</text>\n",
            f->right - 6, y1 - 8, peak->gflops, (x0 + x1) / 2, (y0 + y1) / 2,
            atan2(y1 - y0, x1 - x0) * 57.29578, peak->gb_s);
    char text[48];
    snprintf(text, sizeof text, "%.1f FLOP/byte", ridge);
    write_label(out, x1 + 6, f->bottom - 8, "start", text);
}

static void draw_dot(FILE *out, const cli_network_profile *profile, const vrn_layer *layer,
                     uint32_t kind, const axis *x, const axis *y)
{
    const double radius = fmax(3, 5 * sqrt(cli_profile_share(profile, layer->gpu_ms)));
    fprintf(out, "<g class=\"dot k%u\">", kind);
    write_details(out, profile, layer);
    fprintf(out, "<circle cx=\"%.2f\" cy=\"%.2f\" r=\"%.2f\"/></g>\n",
            place(x, cli_profile_intensity(layer)),
            place(y, cli_profile_rate(layer->flops, layer->gpu_ms)), fmin(radius, 30));
}

void cli_profile_draw_roofline(FILE *out, const cli_network_profile *profile,
                               const cli_profile_kinds *kinds)
{
    const frame f = {
        .width = 1048, .height = 520, .left = 68, .top = 14, .right = 1022, .bottom = 466};
    const vrn_device_peak *peak = &profile->peak;
    const double ridge = peak->gflops / peak->gb_s;
    double least_x = ridge, most_x = ridge, least_y = peak->gflops, most_y = peak->gflops * 1.2;
    uint32_t left_out = 0;
    for (uint32_t i = 0; i < profile->count; i++) {
        const vrn_layer *layer = &profile->layers[i];
        const double intensity = cli_profile_intensity(layer);
        const double rate = cli_profile_rate(layer->flops, layer->gpu_ms);
        if (!(intensity > 0 && rate > 0)) continue;
        least_x = fmin(least_x, intensity);
        most_x = fmax(most_x, intensity);
        least_y = fmin(least_y, rate);
        most_y = fmax(most_y, rate);
    }
    const axis x = axis_for(least_x, most_x, f.left, f.right);
    const axis y = axis_for(least_y, most_y, f.bottom, f.top);
    begin_picture(out, &f, "Roofline: GFLOP/s of each layer against its FLOP/byte");
    draw_logarithmic(out, &f, &x, false);
    draw_logarithmic(out, &f, &y, true);
    write_label(out, (f.left + f.right) / 2, f.bottom + 42, "middle",
                "arithmetic intensity, FLOP/byte");
    write_upward(out, 14, (f.top + f.bottom) / 2, "GFLOP/s");
    draw_roof(out, &f, &x, &y, peak);
    for (uint32_t i = 0; i < profile->count; i++) {
        const vrn_layer *layer = &profile->layers[i];
        if (cli_profile_intensity(layer) > 0 && layer->flops > 0 && layer->gpu_ms > 0) {
            draw_dot(out, profile, layer, cli_profile_kind(kinds, layer), &x, &y);
        } else {
            left_out++;
        }
    }
    end_picture(out);
    if (left_out > 0) {
        fprintf(out,
                "<p class=\"note\">%u without arithmetic, or too short to be timed, %s left "
                "out.</p>\n",
                left_out, left_out == 1 ? "is" : "are");
    }
}
