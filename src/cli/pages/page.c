#include "cli/pages/page.h"

#include <string.h>
#include <time.h>

#include <vkresnet/vkresnet.h>

#include "cli/embedded.h"

static const char marker[] = "@DATA@"; /* where the template has its data */

cli_json cli_page_begin(FILE *out)
{
    char text[64] = "";
    const time_t now = time(NULL);
    const struct tm *utc = gmtime(&now);
    fwrite(cli_page_html, 1, (size_t)(strstr(cli_page_html, marker) - cli_page_html), out);
    cli_json json = {.out = out, .in_html = true};
    cli_json_begin_object(&json, NULL);
    if (utc) strftime(text, sizeof text, "%Y-%m-%d %H:%M UTC", utc);
    cli_json_text(&json, "date", text);
    snprintf(text, sizeof text, "%d.%d.%d", VRN_VERSION_MAJOR, VRN_VERSION_MINOR,
             VRN_VERSION_PATCH);
    cli_json_text(&json, "version", text);
    return json;
}

void cli_page_end(cli_json *json)
{
    cli_json_end_object(json);
    fputs(strstr(cli_page_html, marker) + strlen(marker), json->out);
}
