/* What the program needs from the operating system beyond base/os.h. os_posix.c and os_windows.c
 * are its only files with calls beyond the C library. Paths and texts are UTF-8 everywhere.
 * Failures are reported unless a comment says otherwise. */
#ifndef VRN_CLI_OS_H
#define VRN_CLI_OS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "base/os.h"

/* Call it once, first. It converts the arguments to UTF-8 and prepares the standard streams. The
 * arguments live as long as the program. */
void cli_os_start(int *argc, char ***argv);

/* A copy of an environment variable, or NULL if it is not set. Release it with free. */
char *cli_environment(const char *name);

/* True if text for users may have characters beyond ASCII, according to POSIX's locale variables
 * where they exist. */
bool cli_text_is_utf8(void);

/* The folder that contains the program, or NULL if it is unknown. Release it with free. */
char *cli_program_folder(void);

/* vrn_path_get_kind, but a symbolic link to a directory is VRN_PATH_OTHER: such links can form
 * circles. */
vrn_path_kind cli_path_get_entry_kind(const char *path);

/* True if both name the same regular file, which need not exist yet. */
bool cli_path_same_file(const char *a, const char *b);

/* True if a finished file may replace whatever is at this path. Folders and devices may not be
 * replaced. */
bool cli_path_may_be_replaced(const char *path);

bool cli_path_is_absolute(const char *path);

/* True if this account may create files in a folder, or create the folder. */
bool cli_folder_is_writable(const char *path);

/* The length of a path's folder, including the slash at its end. */
size_t cli_path_folder_length(const char *path);

typedef struct cli_paths {
    char **items;
    size_t count, capacity;
    /* How many files were not images since the last note about it (images/walk.h), and the
     * first. */
    size_t left_out;
    char *example;
} cli_paths;

/* Takes ownership of a path from malloc, even on failure. A NULL path is a failure that has been
 * reported. */
bool cli_paths_push(cli_paths *paths, char *path);
void cli_paths_free(cli_paths *paths);

/* folder + "/" + name, or NULL (reported). Release with free. */
char *cli_join(const char *folder, const char *name);

/* Lists a directory without "." and "..", in byte order of the names. */
bool cli_list_folder(cli_paths *paths, const char *directory);

/* Reads a directory, for cli_list_folder. Both return NULL and set errno on failure.
 * cli_folder_next returns a copy, to be released with free; NULL with errno 0 at the end. */
typedef struct cli_folder cli_folder;
cli_folder *cli_folder_open(const char *path);
char *cli_folder_next(cli_folder *folder);
void cli_folder_close(cli_folder *folder);

/* The path of a GPU's device file that this account may not open, so that drivers do not see it.
 * Release it with free. NULL: none is known. */
char *cli_find_closed_gpu(void);

/* Makes a folder unless it exists. */
bool cli_make_folder(const char *path);

/* Opens a regular file for reading and gives its size. NULL on failure. */
FILE *cli_open_file(const char *path, uint64_t *size);

/* Reads a text, of at most 1 GiB, to the stream's end. NULL on failure; release it with free. */
char *cli_read_text(FILE *stream, const char *name);

/* A file that is written as a whole: it appears under its name when cli_file_end commits it.
 * If something other than a regular file exists there (a pipe, /dev/null), it is written
 * directly. */
typedef struct cli_file {
    FILE *stream;
    vrn_file_writer *writer;
} cli_file;

/* cli_file_end accepts a zeroed struct, reports failed writes, and zeroes the struct. */
bool cli_file_begin(cli_file *file, const char *path);
bool cli_file_end(cli_file *file, bool commit);

/* Notes a temporary file, or forgets it where `there` is false: a signal that ends the program
 * removes those that are noted. For vrn_model_save_params.temporary. */
void cli_note_temporary(void *user, const char *path, bool there);

#endif
