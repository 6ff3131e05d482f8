#include "cli/system/os.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/os_file.h"
#include "cli/system/report.h"

enum { TEXT_MAX_BYTES = 1 << 30 };

char *cli_environment(const char *name)
{
    bool lacking = false;
    char *value = vrn_environment(name, &lacking);
    if (lacking) cli_error("out of memory");
    return value;
}

bool cli_text_is_utf8(void)
{
    static const char *const variables[] = {"LC_ALL", "LC_CTYPE", "LANG"};
    for (int i = 0; i < 3; i++) {
        char *value = cli_environment(variables[i]);
        bool set = value && *value;
        bool utf8 = set && (strstr(value, "UTF-8") || strstr(value, "utf8"));
        free(value);
        if (set) return utf8;
    }
#if defined(_WIN32)
    return true;
#else
    return false;
#endif
}

bool cli_path_may_be_replaced(const char *path)
{
    const vrn_path_kind kind = vrn_path_get_kind(path);
    return kind == VRN_PATH_FILE || kind == VRN_PATH_MISSING ||
           cli_error("%s: not a regular file, but a folder or a device", path);
}

bool cli_path_is_absolute(const char *path)
{
#if defined(_WIN32)
    if (*path && path[1] == ':') return true;
#endif
    return vrn_is_separator(*path);
}

size_t cli_path_folder_length(const char *path)
{
    size_t length = strlen(path);
    while (length > 0 && !vrn_is_separator(path[length - 1])) {
#if defined(_WIN32)
        if (path[length - 1] == ':') break;
#endif
        length--;
    }
    return length;
}

static int compare_names(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

char *cli_join(const char *folder, const char *name)
{
    size_t length = strlen(folder), capacity = length + strlen(name) + 2;
    char *path = cli_alloc(capacity, 1);
    const char *slash = length > 0 && folder[length - 1] == '/' ? "" : "/";
    if (path) snprintf(path, capacity, "%s%s%s", folder, slash, name);
    return path;
}

bool cli_paths_push(cli_paths *paths, char *path)
{
    const bool good = path && cli_grow(&paths->items, paths->count, &paths->capacity, sizeof path);
    if (good) {
        paths->items[paths->count++] = path;
    } else {
        free(path);
    }
    return good;
}

void cli_paths_free(cli_paths *paths)
{
    for (size_t i = 0; i < paths->count; i++) free(paths->items[i]);
    free(paths->items);
    free(paths->example);
    *paths = (cli_paths){0};
}

bool cli_list_folder(cli_paths *paths, const char *directory)
{
    char *name = NULL;
    bool good = true;
    *paths = (cli_paths){0};
    cli_folder *folder = cli_folder_open(directory);
    while (folder && good && (name = cli_folder_next(folder))) {
        if (strcmp(name, ".") != 0 && strcmp(name, "..") != 0) {
            good = cli_paths_push(paths, cli_join(directory, name));
        }
        free(name);
    }
    if (!folder || (good && errno)) {
        good = cli_error("%s: cannot read the folder: %s", directory, strerror(errno));
    }
    if (folder) cli_folder_close(folder);
    if (!good) cli_paths_free(paths);
    if (paths->count) qsort(paths->items, paths->count, sizeof *paths->items, compare_names);
    return good;
}

bool cli_make_folder(const char *path)
{
    if (vrn_os_make_directory(path, 0777)) return true;
    const int reason = errno;
    if (vrn_path_get_kind(path) == VRN_PATH_DIRECTORY) return true;
    return cli_error("%s: cannot make the folder: %s", path, strerror(reason));
}

static void report(void *user, vrn_log_level level, const char *text)
{
    (void)user, (void)level;
    cli_error("%s", text);
}

static const vrn_log errors = {.message = report, .level = VRN_LOG_ERROR};

FILE *cli_open_file(const char *path, uint64_t *size)
{
    FILE *file;
    vrn_file_open(&file, size, path, &errors);
    return file;
}

char *cli_read_text(FILE *stream, const char *name)
{
    char *text = NULL;
    size_t size = 0, capacity = 0, got;
    do {
        if (size > TEXT_MAX_BYTES) {
            cli_error("%s: expected a text file of at most 1 GiB, found more", name);
            goto error;
        }
        if (!cli_grow(&text, size, &capacity, 1)) goto error;
        got = fread(text + size, 1, capacity - size, stream);
        size += got;
    } while (got > 0);
    if (!ferror(stream) && !memchr(text, 0, size)) {
        text[size] = 0;
        return text;
    }
    if (ferror(stream)) {
        cli_error("%s: cannot read: %s", name, strerror(errno));
    } else {
        cli_error("%s: not a text file: it contains a zero byte", name);
    }
error:
    free(text);
    return NULL;
}

bool cli_file_begin(cli_file *file, const char *path)
{
    const vrn_file_params params = {.hurry = true, .direct = true, .temporary = cli_note_temporary};
    *file = (cli_file){0};
    if (vrn_file_begin(&file->writer, path, &params, &errors)) return false;
    file->stream = vrn_file_stream(file->writer);
    return true;
}

bool cli_file_end(cli_file *file, bool commit)
{
    file->stream = NULL;
    return vrn_file_end(&file->writer, commit, &errors) == VRN_OK;
}
