#include "cli/images/walk.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "cli/system/os.h"
#include "cli/system/report.h"
#include "pictures/pictures.h"

enum { DEPTH_MAX = 32 };

/* The extensions of image files, without the dot. Includes formats that cannot be read, so that
 * such files are reported. */
static const char *const image_extensions[] = {
    "png", "jpg",  "jpeg", "jpe",  "jfif", "bmp",  "gif", "tga",  "ppm", "pgm", "pnm", "pbm",
    "psd", "webp", "heic", "heif", "hif",  "avif", "tif", "tiff", "jxl", "jp2", "j2k",
};

static bool has_image_extension(const char *name)
{
    const char *dot = strrchr(name, '.');
    if (!dot) return false;
    for (size_t i = 0; i < sizeof image_extensions / sizeof image_extensions[0]; i++) {
        if (vrn_same_text(dot + 1, image_extensions[i])) return true;
    }
    return false;
}

/* True if a file with another or no extension begins like an image. */
static bool begins_as_image(const char *path)
{
    unsigned char head[PIC_HEAD];
    FILE *file;
    uint64_t size;
    if (vrn_file_open(&file, &size, path, &(vrn_log){0}) != VRN_OK) return false;
    const size_t count = fread(head, 1, sizeof head, file);
    fclose(file);
    return pic_begins_as_image(head, count);
}

bool cli_is_hidden(const char *path)
{
    const char *name = path + cli_path_folder_length(path);
    return *name == '.' || strcmp(name, "@eaDir") == 0 || strcmp(name, "__MACOSX") == 0;
}

/* Takes ownership of the path of a file that is not an image. */
static void leave_out(cli_paths *paths, char *path)
{
    if (paths->left_out++ > 0) {
        free(path);
    } else {
        paths->example = path;
    }
}

/* Recurses at most DEPTH_MAX deep. NOLINTNEXTLINE(misc-no-recursion) */
static bool walk(cli_paths *paths, const char *folder, unsigned depth)
{
    if (depth == DEPTH_MAX) {
        return cli_error("%s: folders are nested more than %d deep", folder, DEPTH_MAX);
    }
    cli_paths found;
    if (!cli_list_folder(&found, folder)) return false;
    bool complete = true;
    for (size_t i = 0; i < found.count; i++) {
        char *path = found.items[i];
        vrn_path_kind kind = cli_path_get_entry_kind(path);
        if (cli_is_hidden(path)) {
            free(path);
            continue;
        }
        if (kind == VRN_PATH_DIRECTORY) {
            complete = walk(paths, path, depth + 1) && complete;
            free(path);
        } else if (kind != VRN_PATH_OTHER && (has_image_extension(path) || begins_as_image(path))) {
            /* This includes broken links, which are reported when they are read. */
            complete = cli_paths_push(paths, path) && complete;
        } else {
            leave_out(paths, path);
        }
    }
    free(found.items);
    return complete;
}

bool cli_paths_add_folder(cli_paths *paths, const char *folder)
{
    return walk(paths, folder, 0);
}

void cli_paths_note_left_out(cli_paths *paths)
{
    if (paths->left_out == 1) {
        cli_note("%s: left out: it is not an image", paths->example);
    } else if (paths->left_out > 1) {
        cli_note("%s and %zu more: left out: they are not images", paths->example,
                 paths->left_out - 1);
    }
    free(paths->example);
    paths->example = NULL;
    paths->left_out = 0;
}

bool cli_paths_add(cli_paths *paths, const char *argument)
{
    if (vrn_path_get_kind(argument) != VRN_PATH_DIRECTORY) {
        return cli_paths_push(paths, cli_copy_text(argument));
    }
    size_t before = paths->count;
    bool complete = cli_paths_add_folder(paths, argument);
    cli_paths_note_left_out(paths);
    if (complete && paths->count == before) {
        return cli_error("%s: no images in this folder", argument);
    }
    return complete;
}

/* Opens a file, or a stream without a size, such as a pipe. NULL: reported. */
static FILE *open_list(const char *file)
{
    uint64_t size;
    if (vrn_path_get_kind(file) != VRN_PATH_OTHER) return cli_open_file(file, &size);
    FILE *stream = fopen(file, "rb");
    if (!stream) cli_error("%s: cannot open: %s", file, strerror(errno));
    return stream;
}

/* Adds one path per line, as find and git ls-files print them. Lines end in LF or CRLF; empty lines
 * are skipped. */
static bool add_list(cli_paths *paths, const char *file)
{
    const bool is_input = strcmp(file, "-") == 0;
    const char *name = is_input ? "standard input" : file;
    FILE *stream = is_input ? stdin : open_list(file);
    char *text = stream ? cli_read_text(stream, name) : NULL;
    if (stream && !is_input) fclose(stream);
    if (!text) return false;
    const size_t before = paths->count;
    bool good = true;
    for (char *line = text, *next; *line; line = next) {
        const size_t length = strcspn(line, "\n");
        next = line + length + (line[length] == '\n');
        line[length] = 0;
        if (length > 0 && line[length - 1] == '\r') line[length - 1] = 0;
        if (*line) good = cli_paths_add(paths, line) && good;
    }
    free(text);
    return good && (paths->count > before || cli_error("%s: no images in this list", name));
}

bool cli_paths_add_all(cli_paths *paths, const cli_options *options)
{
    const char *list = options->files_from;
    if (options->argument_count == 0 && !list) {
        return cli_usage("expected images or folders, or --files-from");
    }
    bool good = true;
    for (uint32_t i = 0; i < options->argument_count; i++) {
        if (list && strcmp(list, "-") == 0 && strcmp(options->arguments[i], "-") == 0) {
            return cli_usage("standard input cannot be both an image and the list of --files-from");
        }
        good = cli_paths_add(paths, options->arguments[i]) && good;
    }
    return (!list || add_list(paths, list)) && good;
}
