#include "cli/evaluation/labels.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/number.h"
#include "base/text.h"
#include "base/util.h"
#include "cli/embedded.h"
#include "cli/images/walk.h"
#include "cli/system/os.h"
#include "cli/system/report.h"

enum { FILE_MAX_BYTES = 1 << 28, FIELDS_MAX = 64 };

/* The columns of a list. */
typedef enum column { COLUMN_FILE, COLUMN_LABEL, COLUMN_CLASS, COLUMN_COUNT } column;

/* The names of these columns in other programs. */
static const struct {
    column column;
    const char *name;
} column_names[] = {
    {COLUMN_FILE, "file"},         {COLUMN_FILE, "filename"},  {COLUMN_FILE, "file_name"},
    {COLUMN_FILE, "filepath"},     {COLUMN_FILE, "path"},      {COLUMN_FILE, "image"},
    {COLUMN_FILE, "image_path"},   {COLUMN_LABEL, "label"},    {COLUMN_LABEL, "labels"},
    {COLUMN_LABEL, "class_name"},  {COLUMN_LABEL, "category"}, {COLUMN_LABEL, "target"},
    {COLUMN_LABEL, "wnid"},        {COLUMN_CLASS, "class"},    {COLUMN_CLASS, "class_id"},
    {COLUMN_CLASS, "class_index"},
};

/* Sets the class of the images from number `from` on. */
static bool set_class(cli_labels *labels, size_t from, uint32_t class_index)
{
    for (size_t i = from; i < labels->images.count; i++) {
        if (!cli_grow(&labels->classes, i, &labels->capacity, sizeof class_index)) return false;
        labels->classes[i] = class_index;
    }
    return true;
}

/* ---- Lists ----------------------------------------------------------------------------------- */

typedef struct csv_reader {
    const char *path;
    size_t line;
    char *at;
    char separator; /* ' ': only the last blanks separate, so that names may contain blanks */
    int columns[COLUMN_COUNT]; /* their positions; -1: missing */
} csv_reader;

static char *read_text(const char *path)
{
    uint64_t size;
    FILE *stream = cli_open_file(path, &size);
    char *text = NULL;
    if (stream && size > FILE_MAX_BYTES) {
        cli_error("%s: too large for a list of labels (at most 256 MiB)", path);
    } else if (stream) {
        text = cli_read_text(stream, path);
    }
    if (stream) fclose(stream);
    return text;
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

/* Takes the next field of the line, in place, without the blanks around it. *last: it is the last
 * field. */
static char *next_field(char **at, char separator, bool *last)
{
    char *from = *at;
    while (is_blank(*from) && *from != separator) from++;
    char *to = from, *field = from, *kept = from;
    if (*from == '"') {
        for (from++; *from && (*from != '"' || from[1] == '"'); from++) {
            if (*from == '"') from++;
            *to++ = *from;
        }
        if (*from == '"') from++;
        kept = to;
    }
    for (; *from && *from != separator; *to++ = *from++) {
        if (!is_blank(*from)) kept = to + 1;
    }
    *last = !*from;
    *at = from + 1;
    *kept = 0;
    return field;
}

/* Splits "name of a file 8" into two fields. */
static int split_at_last_blank(char *line, char **fields)
{
    size_t end = strlen(line);
    while (end > 0 && is_blank(line[end - 1])) end--;
    line[end] = 0;
    size_t label = end;
    while (label > 0 && !is_blank(line[label - 1])) label--;
    fields[0] = line;
    fields[1] = line + label;
    if (label == 0) return 1;
    for (size_t name = label; name > 0 && is_blank(line[name - 1]); name--) line[name - 1] = 0;
    return 2;
}

/* Splits a line into its fields and returns their number, at most FIELDS_MAX. */
static int split(const csv_reader *reader, char *line, char **fields)
{
    if (reader->separator == ' ') return split_at_last_blank(line, fields);
    int count = 0;
    for (bool last = false; !last && count < FIELDS_MAX;) {
        fields[count++] = next_field(&line, reader->separator, &last);
    }
    return count;
}

/* Returns the next line that is not empty, without its line end; NULL after the last one. */
static char *next_line(csv_reader *reader)
{
    while (*reader->at) {
        char *line = reader->at;
        size_t length = strcspn(line, "\n");
        reader->at += length + (line[length] == '\n');
        line[length] = 0;
        if (length > 0 && line[length - 1] == '\r') line[length - 1] = 0;
        reader->line++;
        if (*line) return line;
    }
    return NULL;
}

/* Takes the first line if it names the columns, including one for files. Leaves any other line.
 * False: out of memory. */
static bool read_header(csv_reader *reader)
{
    if (strncmp(reader->at, "\xef\xbb\xbf", 3) == 0) reader->at += 3;
    reader->at += strspn(reader->at, "\r\n");
    const size_t length = strcspn(reader->at, "\r\n");
    char *copy = vrn_strndup(reader->at, length);
    if (!copy) return false;
    reader->separator = (char)(strchr(copy, ',') ? ',' : strchr(copy, '\t') ? '\t' : ' ');
    char *fields[FIELDS_MAX];
    const int count = split(reader, copy, fields);
    int columns[COLUMN_COUNT] = {-1, -1, -1};
    for (int i = 0; i < count; i++) {
        for (size_t k = 0; k < VRN_COUNT(column_names); k++) {
            int *found = &columns[column_names[k].column];
            if (*found < 0 && vrn_same_text(fields[i], column_names[k].name)) *found = i;
        }
    }
    vrn_free(copy);
    if (columns[COLUMN_FILE] < 0 || (columns[COLUMN_LABEL] < 0 && columns[COLUMN_CLASS] < 0))
        return true;
    memcpy(reader->columns, columns, sizeof columns);
    next_line(reader);
    return true;
}

static bool find_label(const cli_model *model, const char *label, uint32_t *found)
{
    for (uint32_t i = 0; i < model->info.classes; i++) {
        const char *name = cli_model_class_name(model, i);
        *found = i;
        if (name && strcmp(name, label) == 0) return true;
    }
    return cli_find_imagenet_id(model, label, found);
}

static bool find_row_class(const csv_reader *reader, const cli_model *model, const char *label,
                           const char *number, uint32_t *found)
{
    const uint32_t classes = model->info.classes;
    const bool has_number = *number;
    uint64_t value;
    if (!has_number && find_label(model, label, found)) return true;
    if (!has_number) number = label;
    if (vrn_parse_number(number, strlen(number), UINT64_MAX, &value)) {
        *found = (uint32_t)value;
        return value < classes ||
               cli_error("%s:%zu: class %s: the model has %u class%s, numbered from 0",
                         reader->path, reader->line, number, classes, classes == 1 ? "" : "es");
    }
    if (has_number) {
        return cli_error("%s:%zu: expected a class number, found '%s'", reader->path, reader->line,
                         number);
    }
    if (label[0] == 'n' && strspn(label + 1, "0123456789") == 8 && !label[9]) {
        return cli_error("%s:%zu: '%s' is one of ImageNet's WordNet ids, but nothing says that the "
                         "model's classes are ImageNet's; if they are, give --classes imagenet",
                         reader->path, reader->line, label);
    }
    return cli_error("%s:%zu: the model has no class '%s'; add a column 'class' with its number, "
                     "and a first line that names the columns: file,label,class",
                     reader->path, reader->line, label);
}

static bool add_line(cli_labels *labels, const csv_reader *reader, const char *folder, char *line,
                     const cli_model *model)
{
    char *fields[FIELDS_MAX];
    const char *parts[COLUMN_COUNT];
    const int count = split(reader, line, fields);
    for (int i = 0; i < COLUMN_COUNT; i++) {
        const int at = reader->columns[i];
        parts[i] = at >= 0 && at < count ? fields[at] : "";
    }
    if (reader->columns[COLUMN_LABEL] < 0) { /* "file,class"; the class may be a name */
        parts[COLUMN_LABEL] = parts[COLUMN_CLASS];
        parts[COLUMN_CLASS] = "";
    }
    const char *file = parts[COLUMN_FILE];
    if (!*file || (!*parts[COLUMN_LABEL] && !*parts[COLUMN_CLASS])) {
        return cli_error("%s:%zu: expected %s; a first line may name the columns: file,label,class",
                         reader->path, reader->line,
                         *file ? "a label after the file name" : "a file name");
    }
    uint32_t found = 0;
    if (!find_row_class(reader, model, parts[COLUMN_LABEL], parts[COLUMN_CLASS], &found))
        return false;
    const bool absolute = cli_path_is_absolute(file) || !*folder;
    char *path = absolute ? cli_copy_text(file) : cli_join(folder, file);
    return cli_paths_push(&labels->images, path) &&
           set_class(labels, labels->images.count - 1, found);
}

bool cli_labels_read_list(cli_labels *labels, const char *path, const cli_model *model)
{
    csv_reader reader = {.path = path, .columns = {0, 1, 2}};
    char *text = read_text(path), *folder = cli_copy_text(path), *line;
    bool good = text && folder;
    reader.at = text;
    good = good && read_header(&reader);
    if (good) {
        folder[cli_path_folder_length(folder)] = 0;
        while (good && (line = next_line(&reader))) {
            good = add_line(labels, &reader, folder, line, model);
        }
    }
    if (good && labels->images.count == 0) good = cli_error("%s: no images are listed", path);
    free(text);
    free(folder);
    return good;
}

/* ---- Folders --------------------------------------------------------------------------------- */

typedef struct class_folders {
    const char *path;
    cli_paths paths;
    uint32_t *classes; /* [paths.count] */
} class_folders;

static const char *name_of(const class_folders *folders, size_t i)
{
    const char *path = folders->paths.items[i];
    return path + cli_path_folder_length(path);
}

static bool same_name(const char *folder, const char *name)
{
    for (; *folder && *name; folder++, name++) {
        if (*folder != *name && !(*folder == '_' && (*name == ' ' || *name == '/'))) return false;
    }
    return *folder == *name;
}

static bool find_name(const cli_model *model, const char *folder, uint32_t *found)
{
    for (uint32_t i = 0; i < model->info.classes; i++) {
        const char *name = cli_model_class_name(model, i);
        if (!name || !same_name(folder, name)) continue;
        *found = i;
        return true;
    }
    return false;
}

static bool find_number(const cli_model *model, const char *folder, uint32_t *found)
{
    uint64_t number;
    if (!vrn_parse_number(folder, strlen(folder), model->info.classes - 1, &number)) return false;
    *found = (uint32_t)number;
    return true;
}

/* The ways in which a folder's name tells the class, in order of preference. */
typedef struct naming {
    const char *text;
    bool (*find)(const cli_model *model, const char *folder, uint32_t *found);
} naming;

static const naming namings[] = {
    {"a class name", find_name},
    {"a WordNet id of ImageNet's classes", cli_find_imagenet_id},
    {"a class number", find_number},
};

static size_t count_named(const class_folders *folders, const naming *how, const cli_model *model)
{
    size_t named = 0;
    for (size_t i = 0; i < folders->paths.count; i++) {
        named += how->find(model, name_of(folders, i), &folders->classes[i]);
    }
    return named;
}

/* Reports a folder whose name does not tell its class. `how`: how most folders are named; NULL: in
 * none of the ways. */
static bool report_stranger(const class_folders *folders, const naming *how, const cli_model *model)
{
    uint32_t classes = model->info.classes, found;
    if (!how) {
        const size_t count = folders->paths.count;
        return cli_error("%s: %zu folder%s, but the model has %u class%s: name the folders after "
                         "the classes (names or numbers%s), or have one folder for each class",
                         folders->path, count, count == 1 ? "" : "s", classes,
                         classes == 1 ? "" : "es", model->imagenet ? ", or WordNet ids" : "");
    }
    size_t stranger = 0, other = 0;
    while (how->find(model, name_of(folders, stranger), &found)) stranger++;
    while (!how->find(model, name_of(folders, other), &found)) other++;
    return cli_error("%s: expected %s, like '%s' beside it; the model has %u classes",
                     folders->paths.items[stranger], how->text, name_of(folders, other), classes);
}

/* Fills in folders->classes. */
static bool choose_classes(class_folders *folders, const cli_model *model)
{
    const naming *best = NULL;
    size_t most = 0;
    for (size_t i = 0; i < sizeof namings / sizeof namings[0]; i++) {
        const naming *how = &namings[i];
        size_t named = count_named(folders, how, model);
        if (named == folders->paths.count) {
            cli_note("%s: the name of each folder is %s (folders: %zu)", folders->path, how->text,
                     named);
            return true;
        }
        if (named <= most) continue;
        most = named;
        best = how;
    }
    if (most > 0 || folders->paths.count != model->info.classes) {
        return report_stranger(folders, best, model);
    }
    for (size_t i = 0; i < folders->paths.count; i++) folders->classes[i] = (uint32_t)i;
    cli_note("%s: no folder's name is a class name or number: the folders are taken in byte order "
             "as classes 0 to %zu, as in torchvision's ImageFolder",
             folders->path, folders->paths.count - 1);
    return true;
}

static bool list_folders(class_folders *folders)
{
    cli_paths found;
    bool good = cli_list_folder(&found, folders->path);
    for (size_t i = 0; i < found.count; i++) {
        char *path = found.items[i];
        if (!cli_is_hidden(path) && vrn_path_get_kind(path) == VRN_PATH_DIRECTORY) {
            good = cli_paths_push(&folders->paths, path) && good;
        } else {
            free(path);
        }
    }
    free(found.items);
    return good;
}

static bool add_images(cli_labels *labels, const class_folders *folders, size_t which)
{
    const size_t before = labels->images.count;
    const char *path = folders->paths.items[which];
    if (!cli_paths_add_folder(&labels->images, path)) return false;
    if (labels->images.count == before) cli_note("%s: no images in this folder", path);
    return set_class(labels, before, folders->classes[which]);
}

bool cli_labels_read_folders(cli_labels *labels, const char *path, const cli_model *model)
{
    class_folders folders = {.path = path};
    bool good = list_folders(&folders);
    if (good && folders.paths.count == 0) {
        good =
            cli_error("%s: expected a folder for each class, or a list such as labels.csv", path);
    }
    if (good) folders.classes = cli_alloc(folders.paths.count, sizeof *folders.classes);
    good = good && folders.classes && choose_classes(&folders, model);
    for (size_t i = 0; i < folders.paths.count && good; i++) good = add_images(labels, &folders, i);
    cli_paths_note_left_out(&labels->images);
    if (good && labels->images.count == 0) good = cli_error("%s: no images in its folders", path);
    cli_paths_free(&folders.paths);
    free(folders.classes);
    return good;
}

bool cli_labels_read_classes(cli_labels *labels, cli_paths *names, const char *path)
{
    class_folders folders = {.path = path};
    *names = (cli_paths){0};
    bool good = list_folders(&folders);
    for (size_t i = 0; i < folders.paths.count && good; i++) {
        const size_t before = labels->images.count;
        good = cli_paths_add_folder(&labels->images, folders.paths.items[i]);
        if (good && labels->images.count == before) {
            cli_note("%s: no images in this folder: it is not used as a class",
                     folders.paths.items[i]);
        } else if (good) {
            good = cli_paths_push(names, cli_copy_text(name_of(&folders, i))) &&
                   set_class(labels, before, (uint32_t)names->count - 1);
        }
    }
    cli_paths_note_left_out(&labels->images);
    if (good && names->count < 2) {
        good = cli_error("%s: expected at least two folders with images, one for each class, found "
                         "%zu",
                         path, names->count);
    }
    cli_paths_free(&folders.paths);
    return good;
}

void cli_labels_free(cli_labels *labels)
{
    cli_paths_free(&labels->images);
    free(labels->classes);
    *labels = (cli_labels){0};
}
