/* File functions built on os_file.h, shared by all systems. */
#if !defined(_WIN32)
#define _POSIX_C_SOURCE 200809L
#endif
#define _FILE_OFFSET_BITS 64

#include "base/os_file.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#if defined(_WIN32)
#include <io.h>
#include <process.h>
#endif

#include "base/alloc.h"
#include "base/log.h"
#include "base/os.h"

/* Waits until a file is on the disk, if its file system supports that. */
static bool sync_file(int fd)
{
#if defined(_WIN32)
    return _commit(fd) == 0;
#else
    return fsync(fd) == 0 || errno == EINVAL;
#endif
}

static vrn_result fail(const vrn_log *log, const char *path, const char *what, int reason)
{
    return vrn_fail(log, VRN_ERROR_FILE, "%s: %s: %s", path, what, strerror(reason));
}

/* Opens a regular file for reading. On failure neither descriptor nor size is set. */
static vrn_result open_regular(int *out, uint64_t *size, const char *path, const vrn_log *log)
{
    *out = -1;
    *size = 0;
    const int fd = vrn_os_open(path);
    if (fd < 0) return fail(log, path, "cannot open", errno);
    struct stat info;
    vrn_result result = VRN_OK;
    if (fstat(fd, &info) != 0) {
        result = fail(log, path, "cannot read", errno);
    } else if (!S_ISREG(info.st_mode)) {
        result =
            vrn_fail(log, VRN_ERROR_FILE, "%s: not a regular file, but a folder or a device", path);
    }
    if (result) {
        close(fd);
        return result;
    }
    *out = fd;
    *size = (uint64_t)info.st_size;
    return VRN_OK;
}

/* Files of up to this many bytes are copied, not mapped: if a mapped file is truncated, reading it
 * kills the process. A copy takes about a millisecond per MiB at startup. */
enum { COPIED_MAX = 64 << 20 };

struct vrn_file_writer {
    vrn_file_params params;
    FILE *stream;
    char *path, *temporary; /* temporary is NULL if the file is written directly */
    int error;              /* errno of the first failure of vrn_file_write */
};

static void tell_temporary(const vrn_file_writer *writer, const char *path, bool there)
{
    if (writer->params.temporary) writer->params.temporary(writer->params.user, path, there);
}

/* `moved`: the temporary file has been renamed. */
static void writer_free(vrn_file_writer *writer, bool moved)
{
    if (writer->temporary) {
        if (!moved) vrn_os_remove(writer->temporary);
        tell_temporary(writer, writer->temporary, false);
    }
    vrn_free(writer->path);
    vrn_free(writer->temporary);
    vrn_free(writer);
}

/* Opens the path itself if it is written directly, else a new file beside it. Returns a descriptor,
 * or -1 and errno. */
static int open_to_write(vrn_file_writer *writer, bool direct)
{
    if (direct) return vrn_os_write(writer->path);
    const size_t capacity = strlen(writer->path) + 48;
    char *name = vrn_alloc(capacity, 1);
    int fd = -1;
    errno = ENOMEM;
    for (unsigned attempt = 0; name && attempt < 100; attempt++) {
        snprintf(name, capacity, "%s.part-%ld-%u", writer->path, (long)getpid(), attempt);
        tell_temporary(writer, name, true);
        fd = vrn_os_create(name);
        if (fd >= 0) break;
        const int reason = errno;
        tell_temporary(writer, name, false);
        errno = reason;
        if (reason != EEXIST) break;
    }
    if (fd >= 0) {
        writer->temporary = name;
    } else {
        const int reason = errno;
        vrn_free(name);
        errno = reason;
    }
    return fd;
}

vrn_result vrn_file_begin(vrn_file_writer **out, const char *path, const vrn_file_params *params,
                          const vrn_log *log)
{
    *out = NULL;
    vrn_file_writer *writer = vrn_alloc(1, sizeof *writer);
    if (writer) writer->path = vrn_strndup(path, strlen(path));
    if (!writer || !writer->path) {
        vrn_free(writer);
        return vrn_fail_memory(log);
    }
    if (params) writer->params = *params;
    const vrn_path_kind kind = vrn_path_get_kind(path);
    const bool regular = kind == VRN_PATH_MISSING || kind == VRN_PATH_FILE;
    const bool direct = kind == VRN_PATH_OTHER && writer->params.direct;
    vrn_result result = VRN_OK;
    if (!regular && !direct) { /* a rename would replace a device or a link to a folder */
        result = vrn_fail(log, VRN_ERROR_FILE,
                          "%s: cannot write: not a regular file, but a folder or a device", path);
    } else {
        const int fd = open_to_write(writer, direct);
        if (fd >= 0) writer->stream = fdopen(fd, "wb");
        if (!writer->stream) {
            result =
                errno == ENOMEM ? vrn_fail_memory(log) : fail(log, path, "cannot write", errno);
        }
        if (!writer->stream && fd >= 0) close(fd);
    }
    if (result) {
        writer_free(writer, false);
        return result;
    }
    *out = writer;
    return VRN_OK;
}

void vrn_file_write(vrn_file_writer *writer, const void *data, size_t size)
{
    if (writer->error || size == 0) return;
    if (fwrite(data, 1, size, writer->stream) != size) writer->error = errno ? errno : EIO;
}

FILE *vrn_file_stream(vrn_file_writer *writer)
{
    return writer->stream;
}

vrn_result vrn_file_end(vrn_file_writer **writer_pointer, bool commit, const vrn_log *log)
{
    vrn_file_writer *writer = *writer_pointer;
    if (!writer) return VRN_OK;
    *writer_pointer = NULL;

    /* After a failed write, errno may come from a later call. Flushing retries the write. */
    int error = writer->error;
    const bool failed = ferror(writer->stream) != 0;
    errno = 0;
    if ((fflush(writer->stream) != 0 || failed) && !error) error = errno ? errno : EIO;
    if (commit && !writer->params.hurry && !error && !sync_file(fileno(writer->stream))) {
        error = errno;
    }
    if (fclose(writer->stream) != 0 && !error) error = errno;
    if (commit && !error && writer->temporary && !vrn_os_replace(writer->temporary, writer->path)) {
        error = errno;
    }
    vrn_result result = VRN_OK;
    if (commit && error) result = fail(log, writer->path, "cannot write", error);
    writer_free(writer, commit && !error);
    return result;
}

vrn_result vrn_file_open(FILE **file, uint64_t *size, const char *path, const vrn_log *log)
{
    int fd;
    *file = NULL;
    vrn_result result = open_regular(&fd, size, path, log);
    if (result) return result;
    *file = fdopen(fd, "rb");
    if (*file) return VRN_OK;
    result = fail(log, path, "cannot open", errno);
    close(fd);
    return result;
}

/* Reads `size` bytes into new memory, checks that the file ends there, and closes it. */
static vrn_result read_all(void **data, FILE *file, size_t size, const char *path,
                           const vrn_log *log)
{
    vrn_result result = VRN_OK;
    *data = vrn_alloc(size, 1);
    errno = 0;
    if (!*data) {
        result = vrn_fail_memory(log);
    } else if (fread(*data, 1, size, file) != size || fgetc(file) != EOF || ferror(file)) {
        result = errno ? fail(log, path, "cannot read", errno)
                       : vrn_fail(log, VRN_ERROR_FILE,
                                  "%s: the file changed while it was read: try again", path);
    }
    fclose(file);
    if (result) {
        vrn_free(*data);
        *data = NULL;
    }
    return result;
}

vrn_result vrn_file_read(void **data, size_t *size, const char *path, size_t limit,
                         const vrn_log *log)
{
    *data = NULL;
    *size = 0;
    FILE *file;
    uint64_t length;
    vrn_result result = vrn_file_open(&file, &length, path, log);
    if (result) return result;
    if (length > limit) {
        fclose(file);
        return vrn_fail(log, VRN_ERROR_FILE, "%s: expected at most %zu bytes, found %" PRIu64, path,
                        limit, length);
    }
    result = read_all(data, file, (size_t)length, path, log);
    if (!result) *size = (size_t)length;
    return result;
}

vrn_result vrn_map_file(vrn_mapping *mapping, const char *path, const vrn_log *log)
{
    *mapping = (vrn_mapping){0};
    FILE *file;
    uint64_t size;
    vrn_result result = vrn_file_open(&file, &size, path, log);
    if (result) return result;
    if (size > SIZE_MAX) {
        result = vrn_fail(log, VRN_ERROR_FILE,
                          "%s: too large for the address space of this program", path);
    } else if (size > 0 && (size <= COPIED_MAX || vrn_os_is_remote(fileno(file)))) {
        void *data;
        result = read_all(&data, file, (size_t)size, path, log);
        if (!result) *mapping = (vrn_mapping){.data = data, .size = (size_t)size, .copied = true};
        return result;
    } else if (size > 0) {
        mapping->data = vrn_os_map(fileno(file), (size_t)size);
        mapping->size = mapping->data ? (size_t)size : 0;
        if (!mapping->data) result = fail(log, path, "cannot map into memory", errno);
    }
    fclose(file);
    return result;
}

void vrn_unmap_file(vrn_mapping *mapping)
{
    if (mapping->copied) {
        vrn_free((void *)(uintptr_t)mapping->data);
    } else if (mapping->data) {
        vrn_os_unmap(mapping->data, mapping->size);
    }
    *mapping = (vrn_mapping){0};
}

vrn_result vrn_make_directories(const char *path, const vrn_log *log)
{
    if (vrn_path_get_kind(path) == VRN_PATH_DIRECTORY) return VRN_OK;
    char *part = vrn_strndup(path, strlen(path));
    if (!part) return vrn_fail_memory(log);
    /* Makes each prefix that ends before a separator, then the whole path. An error does not count
     * if the directory exists: a mount point above may be read-only. The reported error is the
     * first one after the last directory that exists, because "C:" and server names cannot be
     * made. */
    int error = 0;
    for (char *end = part;; end++) {
        const char here = *end;
        if (here && (!vrn_is_separator(here) || end == part)) continue;
        *end = '\0';
        const int reason = vrn_os_make_directory(part, 0700) ? 0 : errno;
        const vrn_path_kind kind = vrn_path_get_kind(part);
        if (kind == VRN_PATH_DIRECTORY) {
            error = 0;
        } else if (!error) {
            error = kind == VRN_PATH_MISSING ? reason : ENOTDIR;
        }
        if (!here) break;
        *end = here;
    }
    vrn_free(part);
    return error ? fail(log, path, "cannot make this directory", error) : VRN_OK;
}
