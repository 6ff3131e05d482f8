#include "cli/pages/page.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "cli/embedded.h"
#include "cli/images/image.h"
#include "cli/images/picture.h"
#include "pictures/pictures.h"

static const char marker[] = "@DATA@"; /* the place for the data in the template */

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

bool cli_evaluation_page_begin(cli_file *file, const char *folder)
{
    if (!cli_make_folder(folder)) return false;
    char *path = cli_join(folder, "index.html");
    bool good = path && cli_file_begin(file, path);
    free(path);
    return good;
}

static void write_mistake(cli_json *json, const char *path, const cli_verdict *verdict)
{
    vrn_image image;
    char *picture = NULL;
    bool tiny = false;
    if (cli_image_load(&image, path)) {
        picture = cli_thumbnail_address(&image, &tiny);
        pic_free(&image);
    }
    cli_json_write(json,
                   "{path: %s, name: %s, picture: %s, tiny: %d, label: %u, predicted: %u, "
                   "probability: %g, label_probability: %g}",
                   path, path + cli_path_folder_length(path), picture, tiny, verdict->label,
                   verdict->predicted, verdict->probability, verdict->label_probability);
    free(picture);
}

void cli_evaluation_page_write(FILE *out, const cli_evaluation_page *page)
{
    const cli_mistakes *mistakes = page->mistakes;
    if (!out) return;
    cli_json json = cli_page_begin(out);
    cli_json_write(&json, "evaluation:");
    cli_evaluation_write(&json, page->evaluation);
    cli_json_write(&json, "data: %s, command: [%s, %s", page->data, "vkresnet",
                   page->options->command);
    for (int i = 0; i < page->options->word_count; i++) {
        cli_json_write(&json, "%s", page->options->words[i]);
    }
    cli_json_write(&json, "]");
    cli_json_write(&json, "mistakes: [");
    for (uint32_t i = 0; mistakes && i < mistakes->count; i++) {
        const cli_mistake *mistake = &mistakes->items[i];
        write_mistake(&json, page->paths[mistake->item], &mistake->verdict);
    }
    cli_json_write(&json, "]");
    cli_page_end(&json);
}
