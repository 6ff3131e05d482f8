#include "cli/pages/page.h"

#include <string.h>
#include <time.h>

#include <vkresnet/vkresnet.h>

#include "cli/embedded.h"

static const char marker[] = "@DATA@"; /* where the template has its data */

cli_json cli_page_begin(FILE *out)
{
    char date[64] = "", version[64];
    const time_t now = time(NULL);
    const struct tm *utc = gmtime(&now);
    fwrite(cli_page_html, 1, (size_t)(strstr(cli_page_html, marker) - cli_page_html), out);
    cli_json json = {.out = out, .in_html = true};
    if (utc) strftime(date, sizeof date, "%Y-%m-%d %H:%M UTC", utc);
    snprintf(version, sizeof version, "%d.%d.%d", VRN_VERSION_MAJOR, VRN_VERSION_MINOR,
             VRN_VERSION_PATCH);
    cli_json_write(&json, "{date: %s, version: %s", date, version);
    return json;
}

void cli_page_end(cli_json *json)
{
    cli_json_write(json, "}");
    fputs(strstr(cli_page_html, marker) + strlen(marker), json->out);
}
