/* What the operating system does for the library and the program: os_posix.c, os_windows.c,
 * os_file.c and os_thread.c have the calls beyond the C library. Paths are UTF-8. */
#ifndef VRN_BASE_OS_H
#define VRN_BASE_OS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <vkresnet/vkresnet.h>

/* A lock, and where threads wait for a change of what it guards. Made and destroyed explicitly; not
 * recursive. */
typedef struct vrn_mutex vrn_mutex;
vrn_mutex *vrn_mutex_create(void); /* NULL: out of memory */
void vrn_mutex_destroy(vrn_mutex **mutex);
void vrn_mutex_lock(vrn_mutex *mutex);
void vrn_mutex_unlock(vrn_mutex *mutex);
/* Releases the lock, which the caller holds, waits for a signal, and takes the lock again. May
 * return without a signal: look again at what is waited for. */
void vrn_mutex_wait(vrn_mutex *mutex);
void vrn_mutex_wake_all(vrn_mutex *mutex);

/* Two locks exist from the start of the process: one guards standard error, the other the Vulkan
 * loader's list of instances and devices (gpu/instance.h). */
void vrn_output_lock(void);
void vrn_output_unlock(void);
void vrn_loader_lock(void);
void vrn_loader_unlock(void);

/* A thread that runs `function`. */
typedef struct vrn_thread vrn_thread;
vrn_thread *vrn_thread_start(void (*function)(void *user), void *user); /* NULL: there is none */
void vrn_thread_join(vrn_thread **thread);

/* The processor's cores that this process may use; at least 1. */
uint32_t vrn_core_count(void);

/* Runs `function` once in the life of the process, whichever threads ask; all wait until it is
 * done. There is one such function only: the one that opens the Vulkan loader. */
void vrn_once(void (*function)(void));

/* A function of a shared library, which stays loaded: NULL where the library lacks it. *found says
 * whether the library itself is there. */
typedef void (*vrn_function)(void);
vrn_function vrn_library_function(const char *library, const char *function, bool *found);

/* Milliseconds of a clock that only goes forward. */
double vrn_time_ms(void);

/* A copy of an environment variable, to be released with vrn_free. NULL where it is not set; or
 * where there is no memory, and *lacking is set then, else left as it is. */
char *vrn_environment(const char *name, bool *lacking);

typedef enum vrn_path_kind {
    VRN_PATH_MISSING,
    VRN_PATH_FILE,
    VRN_PATH_DIRECTORY,
    VRN_PATH_OTHER,
} vrn_path_kind;

vrn_path_kind vrn_path_get_kind(const char *path);

static inline bool vrn_is_separator(char c)
{
#if defined(_WIN32)
    if (c == '\\') return true;
#endif
    return c == '/';
}

/* Size and time of the last change, in units of the system's own, of a regular file; false: there
 * is none. */
bool vrn_file_look(const char *path, uint64_t *size, int64_t *changed);

/* A file in memory, read only. A zero-length file has data NULL. */
typedef struct vrn_mapping {
    const uint8_t *data;
    size_t size;
    bool copied; /* whatever becomes of the file */
} vrn_mapping;

/* Copies a regular file of up to 64 MiB or on a network's file system, and maps a larger one.
 * Errors: VRN_ERROR_FILE (the log names path and reason), VRN_ERROR_OUT_OF_MEMORY. */
vrn_result vrn_map_file(vrn_mapping *mapping, const char *path, const vrn_log *log);
void vrn_unmap_file(vrn_mapping *mapping); /* accepts a zeroed struct, and zeroes it */

/* How a file is written. NULL means that every field is zero. */
typedef struct vrn_file_params {
    /* Do not wait at the end until the file is on the disk: for what a power failure may take. */
    bool hurry;
    /* Write something that exists and is no regular file (a pipe, /dev/null) directly. */
    bool direct;
    /* Is told the temporary file's name before that file is made (there), and again when it is gone
     * or has its last name. For a program that removes such files when a signal ends it. */
    void (*temporary)(void *user, const char *path, bool there);
    void *user;
} vrn_file_params;

/* Writes a file as a whole: into a new file beside `path`, which takes the name at the end.
 * begin opens it; end closes it and moves the file (commit) or removes it. */
typedef struct vrn_file_writer vrn_file_writer;
vrn_result vrn_file_begin(vrn_file_writer **writer, const char *path, const vrn_file_params *params,
                          const vrn_log *log);
/* After a failed write the rest is skipped, and end reports it. */
void vrn_file_write(vrn_file_writer *writer, const void *data, size_t size);
/* The stream to write to, until end; end reports what failed on it. */
FILE *vrn_file_stream(vrn_file_writer *writer);
vrn_result vrn_file_end(vrn_file_writer **writer, bool commit, const vrn_log *log);

/* Opens a regular file for reading and gives its size. Errors: VRN_ERROR_FILE, with *file NULL. */
vrn_result vrn_file_open(FILE **file, uint64_t *size, const char *path, const vrn_log *log);

/* Reads a regular file as a whole into memory that the caller releases with vrn_free: unlike a
 * mapping it stays as it is, whatever others do to the file. Errors: VRN_ERROR_FILE (also where the
 * file has more than `limit` bytes), VRN_ERROR_OUT_OF_MEMORY. */
vrn_result vrn_file_read(void **data, size_t *size, const char *path, size_t limit,
                         const vrn_log *log);

/* Makes a directory, and those above it, for this user alone; one that is there is VRN_OK. */
vrn_result vrn_make_directories(const char *path, const vrn_log *log);

#endif
