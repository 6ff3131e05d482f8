/* What os_file.c and the program need of each system: calls as POSIX has them, with UTF-8 paths.
 * os_posix.c and os_windows.c have them. All say by errno why they fail. */
#ifndef VRN_BASE_OS_FILE_H
#define VRN_BASE_OS_FILE_H

#include <stdbool.h>
#include <stddef.h>

/* These give a file descriptor, or -1. vrn_os_open reads, and lets others use and replace the file;
 * vrn_os_write writes to what exists; vrn_os_create makes a new file and fails where there is one.
 */
int vrn_os_open(const char *path);
int vrn_os_write(const char *path);
int vrn_os_create(const char *path);

/* Gives a file another name, which may be that of a file: at no time is there none. */
bool vrn_os_replace(const char *from, const char *to);
void vrn_os_remove(const char *path);

/* `mode`: who may use it, as POSIX has it. On Windows that is inherited. */
bool vrn_os_make_directory(const char *path, unsigned mode);

/* Whether it is a file of another machine's, which may fail at any page. */
bool vrn_os_is_remote(int fd);

/* A file's first `size` bytes, more than none; NULL on failure. */
const void *vrn_os_map(int fd, size_t size);
void vrn_os_unmap(const void *data, size_t size);

#endif
