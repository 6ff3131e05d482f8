#include "cli/pages/evaluation_page.h"

#include <stdlib.h>

#include "cli/images/image.h"
#include "cli/images/thumbnail.h"
#include "cli/images/walk.h"
#include "cli/pages/page.h"

bool cli_evaluation_page_begin(cli_file *file, const char *folder)
{
    if (!cli_make_folder(folder)) return false;
    char *path = cli_join(folder, "index.html");
    bool good = path && cli_file_begin(file, path);
    free(path);
    return good;
}

static void write_command(cli_json *json, const cli_options *options)
{
    cli_json_begin_array(json, "command");
    cli_json_text(json, NULL, "vkresnet");
    cli_json_text(json, NULL, options->command);
    for (int i = 0; i < options->word_count; i++) cli_json_text(json, NULL, options->words[i]);
    cli_json_end_array(json);
}

static void write_mistake(cli_json *json, const char *path, const cli_verdict *verdict)
{
    vrn_image image;
    char *picture = NULL;
    bool tiny = false;
    if (cli_image_load(&image, path)) {
        picture = cli_thumbnail_address(&image, &tiny);
        cli_image_free(&image);
    }
    cli_json_begin_object(json, NULL);
    cli_json_text(json, "path", path);
    cli_json_text(json, "name", path + cli_path_folder_length(path));
    cli_json_text(json, "picture", picture);
    cli_json_bool(json, "tiny", tiny);
    cli_json_integer(json, "label", verdict->label);
    cli_json_integer(json, "predicted", verdict->predicted);
    cli_json_number(json, "probability", verdict->probability);
    cli_json_number(json, "label_probability", verdict->label_probability);
    cli_json_end_object(json);
    free(picture);
}

void cli_evaluation_page_write(FILE *out, const cli_evaluation_page *page)
{
    const cli_mistakes *mistakes = page->mistakes;
    cli_json json = cli_page_begin(out);
    cli_evaluation_write(&json, "evaluation", page->evaluation);
    cli_json_text(&json, "data", page->data);
    write_command(&json, page->options);
    cli_json_begin_array(&json, "mistakes");
    for (uint32_t i = 0; mistakes && i < mistakes->count; i++) {
        const cli_mistake *mistake = &mistakes->items[i];
        write_mistake(&json, page->paths[mistake->item], &mistake->verdict);
    }
    cli_json_end_array(&json);
    cli_page_end(&json);
}
