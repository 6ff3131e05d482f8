/* Operating system services for the library and the program. Only os_posix.c, os_windows.c,
 * os_file.c and os_thread.c make calls beyond the C library. Paths are UTF-8. */
#ifndef VRN_BASE_OS_H
#define VRN_BASE_OS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <vkresnet/vkresnet.h>

/* A lock with a condition variable for the data that it guards. Not recursive. */
typedef struct vrn_mutex vrn_mutex;
vrn_mutex *vrn_mutex_create(void); /* NULL: out of memory */
void vrn_mutex_destroy(vrn_mutex **mutex);
void vrn_mutex_lock(vrn_mutex *mutex);
void vrn_mutex_unlock(vrn_mutex *mutex);
/* Releases the lock, which the caller holds, waits for a wake-up, and takes the lock again. May
 * return without a wake-up: check the condition in a loop. */
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
vrn_thread *vrn_thread_start(void (*function)(void *user), void *user); /* NULL: failed */
void vrn_thread_join(vrn_thread **thread);

/* The number of processor cores that this process may use, at least 1. */
uint32_t vrn_core_count(void);

/* Runs `function` once per process, however many threads call this; all of them wait until it has
 * returned. Supports only one function: the one that opens the Vulkan loader. */
void vrn_once(void (*function)(void));

/* Looks up a function in a shared library, which stays loaded. NULL if the library lacks it; *found
 * says whether the library itself was found. */
typedef void (*vrn_function)(void);
vrn_function vrn_library_function(const char *library, const char *function, bool *found);

/* Milliseconds on a monotonic clock. */
double vrn_time_ms(void);

/* The processor time of all threads of this process, in milliseconds. Negative if the system does
 * not report it, or only in steps too coarse to time a kernel (Windows). */
double vrn_processor_time_ms(void);

/* A copy of an environment variable, to be released with vrn_free. NULL if it is not set, or if
 * memory runs out; only the latter sets *lacking. */
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

/* The size of a regular file and the time of its last change, in system-specific units. False:
 * there is no such file. */
bool vrn_file_look(const char *path, uint64_t *size, int64_t *changed);

/* A file in memory, read-only. `data` is NULL for an empty file. */
typedef struct vrn_mapping {
    const uint8_t *data;
    size_t size;
    bool copied; /* later changes to the file have no effect */
} vrn_mapping;

/* Copies a regular file if it has at most 64 MiB or is on a network file system; maps any other.
 * Errors: VRN_ERROR_FILE (the log names path and reason), VRN_ERROR_OUT_OF_MEMORY. */
vrn_result vrn_map_file(vrn_mapping *mapping, const char *path, const vrn_log *log);
void vrn_unmap_file(vrn_mapping *mapping); /* accepts a zeroed struct, and zeroes it */

/* How to write a file. NULL means that every field is zero. */
typedef struct vrn_file_params {
    /* Do not wait until the file is on the disk: for files that may be lost in a power failure. */
    bool hurry;
    /* If the path exists and is not a regular file (a pipe, /dev/null), write to it directly. */
    bool direct;
    /* Called with the temporary file's path before the file is created (`there` is true), and again
     * after it has been removed or renamed. For a program that removes temporary files when a
     * signal ends it. */
    void (*temporary)(void *user, const char *path, bool there);
    void *user;
} vrn_file_params;

/* Writes a file atomically: into a new file beside `path`, which is renamed at the end. begin opens
 * it; end closes it and renames it (`commit`) or removes it. */
typedef struct vrn_file_writer vrn_file_writer;
vrn_result vrn_file_begin(vrn_file_writer **writer, const char *path, const vrn_file_params *params,
                          const vrn_log *log);
/* After a failed write, later writes do nothing, and end reports the failure. */
void vrn_file_write(vrn_file_writer *writer, const void *data, size_t size);
/* The stream to write to, valid until end, which reports failed writes. */
FILE *vrn_file_stream(vrn_file_writer *writer);
vrn_result vrn_file_end(vrn_file_writer **writer, bool commit, const vrn_log *log);

/* Opens a regular file for reading and gives its size. Errors: VRN_ERROR_FILE, with *file NULL. */
vrn_result vrn_file_open(FILE **file, uint64_t *size, const char *path, const vrn_log *log);

/* Reads a whole regular file into memory that the caller releases with vrn_free. Unlike a mapping,
 * the copy does not change when the file does. Errors: VRN_ERROR_FILE (also if the file has more
 * than `limit` bytes), VRN_ERROR_OUT_OF_MEMORY. */
vrn_result vrn_file_read(void **data, size_t *size, const char *path, size_t limit,
                         const vrn_log *log);

/* Makes a directory and its parents, accessible only to this user. Returns VRN_OK if it already
 * exists. */
vrn_result vrn_make_directories(const char *path, const vrn_log *log);

#endif
