#include "cli/pages/html.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdlib.h>

#include <vkresnet/vkresnet.h>

#include "cli/formats/parse.h"

static const char base_style[] =
    ":root{color-scheme:light dark;--paper:#fff;--ink:#1c2126;--soft:#5b656f;--line:#d8dde2;"
    "--wash:#f3f5f7;--accent:#2c6cb0;--good:#2f7d4f;--bad:#b3402c}\n"
    "@media (prefers-color-scheme:dark){:root{--paper:#15181c;--ink:#e4e8ec;--soft:#9aa5b0;"
    "--line:#343b43;--wash:#1e2328;--accent:#6aa7e8;--good:#63b585;--bad:#e8806c}}\n"
    "*{box-sizing:border-box}\n"
    "body{margin:0;background:var(--paper);color:var(--ink);"
    "font:16px/1.5 system-ui,-apple-system,'Segoe UI',Roboto,'DejaVu Sans',sans-serif}\n"
    "main{max-width:68rem;margin:0 auto;padding:2rem 1.25rem 3rem}\n"
    "h1{font-size:1.6rem;line-height:1.25;margin:0 0 1.25rem;overflow-wrap:anywhere}\n"
    "h2{font-size:1.1rem;margin:0 0 .6rem}\n"
    "section{margin-top:2.25rem}\n"
    "p{margin:.4rem 0;max-width:44rem}\n"
    ".note{color:var(--soft);font-size:.875rem}\n"
    "code{font:.9em ui-monospace,'DejaVu Sans "
    "Mono',Menlo,Consolas,monospace;overflow-wrap:anywhere}\n"
    ".figures{display:flex;flex-wrap:wrap;gap:.75rem 2.5rem;margin:0;padding:.9rem 0;"
    "list-style:none;border:solid var(--line);border-width:1px 0}\n"
    ".figures b{display:block;font-size:1.7rem;line-height:1.2;font-weight:600;"
    "font-variant-numeric:tabular-nums}\n"
    ".figures span{color:var(--soft);font-size:.875rem}\n"
    "dl{margin:0}\n"
    ".facts{margin-top:1.25rem;display:grid;grid-template-columns:max-content 1fr;gap:.15rem "
    "1.5rem;"
    "font-size:.9rem}\n"
    ".facts dt{color:var(--soft)}\n"
    ".facts dd{margin:0;overflow-wrap:anywhere}\n"
    ".scroll{overflow-x:auto}\n"
    "table{border-collapse:collapse;font-size:.9rem;font-variant-numeric:tabular-nums}\n"
    "th{text-align:left;font-weight:600}\n"
    "th,td{padding:.2rem .75rem .2rem 0;border-bottom:1px solid var(--line)}\n"
    ".number{text-align:right}\n"
    "svg{max-width:100%;height:auto}\n"
    "svg text{fill:var(--ink);font-family:inherit}\n"
    "footer{margin-top:3rem;color:var(--soft);font-size:.8rem}\n"
    "@media print{:root{color-scheme:light;--paper:#fff;--ink:#000;--soft:#444;--line:#bbb;"
    "--wash:#f3f5f7;--accent:#2c6cb0;--good:#2f7d4f;--bad:#b3402c}\n"
    "body{font-size:12px;print-color-adjust:exact;-webkit-print-color-adjust:exact}"
    "main{max-width:none;padding:0}.scroll{overflow:visible}"
    "h2,.note{break-after:avoid}tr,figure,svg{break-inside:avoid}}\n";

void cli_html_begin(FILE *out, const char *title, const char *style)
{
    fputs("<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
          "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<title>",
          out);
    cli_html_text(out, title);
    fprintf(out, "</title>\n<style>\n%s%s</style>\n</head>\n<body>\n<main>\n<h1>", base_style,
            style ? style : "");
    cli_html_text(out, title);
    fputs("</h1>\n", out);
}

void cli_html_end(FILE *out)
{
    fprintf(out, "<footer>Made by vkresnet %d.%d.%d.</footer>\n</main>\n</body>\n</html>\n",
            VRN_VERSION_MAJOR, VRN_VERSION_MINOR, VRN_VERSION_PATCH);
}

void cli_html_text(FILE *out, const char *text)
{
    size_t length = 1;
    for (; *text; text += length ? length : 1) {
        length = cli_utf8_length(text);
        bool control = (unsigned char)*text < 0x20 || *text == 0x7f ||
                       (length == 2 && *text == '\xc2' && (unsigned char)text[1] < 0xa0);
        if (length == 0 || control) {
            fputs("\xef\xbf\xbd", out);
        } else if (*text == '&') {
            fputs("&amp;", out);
        } else if (*text == '<') {
            fputs("&lt;", out);
        } else if (*text == '>') {
            fputs("&gt;", out);
        } else if (*text == '"') {
            fputs("&quot;", out);
        } else if (*text == '\'') {
            fputs("&#39;", out);
        } else {
            fwrite(text, 1, length, out);
        }
    }
}

CLI_PRINTF(2, 0) static void write_formatted(FILE *out, const char *format, va_list args)
{
    va_list again;
    va_copy(again, args);
    int length = vsnprintf(NULL, 0, format, again);
    va_end(again);
    char *text = length >= 0 ? cli_alloc((size_t)length + 1, 1) : NULL;
    if (text) {
        vsnprintf(text, (size_t)length + 1, format, args);
        cli_html_text(out, text);
    }
    free(text);
}

void cli_html_format(FILE *out, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    write_formatted(out, format, args);
    va_end(args);
}

void cli_html_figures_begin(FILE *out)
{
    fputs("<ul class=\"figures\">\n", out);
}

void cli_html_figure(FILE *out, const char *label, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    fputs("<li><b>", out);
    write_formatted(out, format, args);
    fputs("</b> <span>", out);
    cli_html_text(out, label);
    fputs("</span></li>\n", out);
    va_end(args);
}

void cli_html_figures_end(FILE *out)
{
    fputs("</ul>\n", out);
}

void cli_html_facts_begin(FILE *out)
{
    fputs("<dl class=\"facts\">\n", out);
}

void cli_html_fact(FILE *out, const char *name, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    fputs("<dt>", out);
    cli_html_text(out, name);
    fputs("</dt><dd>", out);
    write_formatted(out, format, args);
    fputs("</dd>\n", out);
    va_end(args);
}

void cli_html_facts_end(FILE *out)
{
    fputs("</dl>\n", out);
}

void cli_html_data(FILE *out, const char *type, const unsigned char *bytes, size_t size)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    fprintf(out, "data:%s;base64,", type);
    for (size_t i = 0; i < size; i += 3) {
        size_t count = size - i < 3 ? size - i : 3;
        uint32_t group = (uint32_t)bytes[i] << 16;
        if (count > 1) group |= (uint32_t)bytes[i + 1] << 8;
        if (count > 2) group |= bytes[i + 2];
        for (size_t k = 0; k < 4; k++) {
            fputc(k <= count ? digits[group >> (18 - 6 * k) & 63] : '=', out);
        }
    }
}
