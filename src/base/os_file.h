/* Calls that os_file.c and the program need from each system, modelled on POSIX, with UTF-8 paths.
 * Implemented in os_posix.c and os_windows.c. All set errno on failure. */
#ifndef VRN_BASE_OS_FILE_H
#define VRN_BASE_OS_FILE_H

#include <stdbool.h>
#include <stddef.h>

/* These return a file descriptor, or -1. vrn_os_open opens a file for reading, and lets others use
 * and replace it; vrn_os_write opens an existing file for writing; vrn_os_create makes a new file,
 * and fails if the path exists. */
int vrn_os_open(const char *path);
int vrn_os_write(const char *path);
int vrn_os_create(const char *path);

/* Renames a file atomically, replacing any file with the new name. */
bool vrn_os_replace(const char *from, const char *to);
void vrn_os_remove(const char *path);

/* `mode` holds the POSIX permissions; on Windows they are inherited. */
bool vrn_os_make_directory(const char *path, unsigned mode);

/* True if the file is on another machine, so that reading any page of a mapping may fail. */
bool vrn_os_is_remote(int fd);

/* Maps a file's first `size` bytes, at least one. NULL on failure. */
const void *vrn_os_map(int fd, size_t size);
void vrn_os_unmap(const void *data, size_t size);

#endif
