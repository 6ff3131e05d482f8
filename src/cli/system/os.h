/* What the program asks of the operating system beyond base/os.h: os_posix.c and os_windows.c are
 * its only files with calls beyond the C library. Paths and texts are UTF-8 everywhere. What fails
 * is reported, unless it says otherwise. */
#ifndef VRN_CLI_OS_H
#define VRN_CLI_OS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "base/os.h"

/* To be called once, first: makes the arguments UTF-8, which live as long as the program, and the
 * standard streams fit for it. */
void cli_os_start(int *argc, char ***argv);

/* A copy of an environment variable, or NULL where it is not set. Release it with free. */
char *cli_environment(const char *name);

/* Whether text for people may have characters beyond ASCII, as POSIX's variables say where that is
 * written. */
bool cli_text_is_utf8(void);

/* The folder that the program lies in, or NULL where nobody knows. Release it with free. */
char *cli_program_folder(void);

/* vrn_path_get_kind, but a symbolic link to a directory is VRN_PATH_OTHER: such links can form
 * circles. */
vrn_path_kind cli_path_get_entry_kind(const char *path);

/* Whether both name the same regular file, which need not be there yet. */
bool cli_path_same_file(const char *a, const char *b);

/* Whether a finished file may take this one's place, which a folder or a device must not lose. */
bool cli_path_may_be_replaced(const char *path);

bool cli_path_is_absolute(const char *path);

/* Whether this account may make files in a folder, or make the folder. */
bool cli_folder_is_writable(const char *path);

/* How much of a path is the folder, with the slash at its end. */
size_t cli_path_folder_length(const char *path);

typedef struct cli_paths {
    char **items;
    size_t count, capacity;
    /* What was no image in a folder, since this was last said (images/walk.h), and the first. */
    size_t left_out;
    char *example;
} cli_paths;

/* Takes over a path from malloc, also where there is no memory. NULL is a failure that has been
 * reported. */
bool cli_paths_push(cli_paths *paths, char *path);
void cli_paths_free(cli_paths *paths);

/* folder + "/" + name, or NULL (reported). Release with free. */
char *cli_join(const char *folder, const char *name);

/* What is in a directory but "." and "..", in byte order of the names. */
bool cli_list_folder(cli_paths *paths, const char *directory);

/* What cli_list_folder reads a directory with. NULL, and errno, on failure; cli_folder_next gives a
 * copy to release with free, and NULL with errno 0 at the end. */
typedef struct cli_folder cli_folder;
cli_folder *cli_folder_open(const char *path);
char *cli_folder_next(cli_folder *folder);
void cli_folder_close(cli_folder *folder);

/* A GPU's device file that this account may not open, and which the drivers therefore do not see.
 * A copy of its path, to be released with free; NULL: there is none, or nobody knows. */
char *cli_find_closed_gpu(void);

/* Makes a folder unless it is there. */
bool cli_make_folder(const char *path);

/* Opens a regular file for reading and gives its size. NULL on failure. */
FILE *cli_open_file(const char *path, uint64_t *size);

/* Reads a text, of at most 1 GiB, to the stream's end. NULL on failure; release it with free. */
char *cli_read_text(FILE *stream, const char *name);

/* A file that is written as a whole: it appears under its name when cli_file_end commits it.
 * Something that is there and no regular file (a pipe, /dev/null) is written directly. */
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
