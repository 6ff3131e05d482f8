#if defined(__linux__)
#define _GNU_SOURCE /* sched_getaffinity */
#else
#define _POSIX_C_SOURCE 200809L
#endif

#include "base/os.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/log.h"

struct vrn_mutex {
    pthread_mutex_t native;
};

vrn_mutex *vrn_mutex_create(void)
{
    vrn_mutex *mutex = vrn_alloc(1, sizeof *mutex);
    if (mutex && pthread_mutex_init(&mutex->native, NULL) != 0) {
        vrn_free(mutex);
        mutex = NULL;
    }
    return mutex;
}

void vrn_mutex_destroy(vrn_mutex **mutex)
{
    if (!*mutex) return;
    pthread_mutex_destroy(&(*mutex)->native);
    vrn_free(*mutex);
    *mutex = NULL;
}

void vrn_mutex_lock(vrn_mutex *mutex)
{
    pthread_mutex_lock(&mutex->native);
}

void vrn_mutex_unlock(vrn_mutex *mutex)
{
    pthread_mutex_unlock(&mutex->native);
}

struct vrn_condition {
    pthread_cond_t native;
};

vrn_condition *vrn_condition_create(void)
{
    vrn_condition *condition = vrn_alloc(1, sizeof *condition);
    if (condition && pthread_cond_init(&condition->native, NULL) != 0) {
        vrn_free(condition);
        condition = NULL;
    }
    return condition;
}

void vrn_condition_destroy(vrn_condition **condition)
{
    if (!*condition) return;
    pthread_cond_destroy(&(*condition)->native);
    vrn_free(*condition);
    *condition = NULL;
}

void vrn_condition_wait(vrn_condition *condition, vrn_mutex *mutex)
{
    pthread_cond_wait(&condition->native, &mutex->native);
}

void vrn_condition_broadcast(vrn_condition *condition)
{
    pthread_cond_broadcast(&condition->native);
}

struct vrn_thread {
    pthread_t native;
    void (*function)(void *user);
    void *user;
};

static void *run_thread(void *pointer)
{
    vrn_thread *thread = pointer;
    thread->function(thread->user);
    return NULL;
}

vrn_thread *vrn_thread_start(void (*function)(void *user), void *user)
{
    vrn_thread *thread = vrn_alloc(1, sizeof *thread);
    if (!thread) return NULL;
    thread->function = function;
    thread->user = user;
    if (pthread_create(&thread->native, NULL, run_thread, thread) != 0) {
        vrn_free(thread);
        thread = NULL;
    }
    return thread;
}

void vrn_thread_join(vrn_thread **thread)
{
    if (!*thread) return;
    pthread_join((*thread)->native, NULL);
    vrn_free(*thread);
    *thread = NULL;
}

uint32_t vrn_core_count(void)
{
#if defined(__linux__)
    cpu_set_t set;
    if (sched_getaffinity(0, sizeof set, &set) == 0 && CPU_COUNT(&set) > 0) {
        return (uint32_t)CPU_COUNT(&set);
    }
#endif
    long count = sysconf(_SC_NPROCESSORS_ONLN);
    return count > 0 ? (uint32_t)count : 1;
}

void vrn_once(void (*function)(void))
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, function);
}

double vrn_time_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec * 1e3 + (double)now.tv_nsec * 1e-6;
}

char *vrn_environment(const char *name, bool *lacking)
{
    const char *value = getenv(name);
    char *copy = value ? vrn_strndup(value, strlen(value)) : NULL;
    if (value && !copy) *lacking = true;
    return copy;
}

bool vrn_file_look(const char *path, uint64_t *size, int64_t *changed)
{
    struct stat info;
    if (stat(path, &info) != 0 || !S_ISREG(info.st_mode)) return false;
    *size = (uint64_t)info.st_size;
#if defined(__APPLE__)
    const struct timespec time = info.st_mtimespec;
#else
    const struct timespec time = info.st_mtim;
#endif
    *changed = (int64_t)time.tv_sec * 1000000000 + (int64_t)time.tv_nsec;
    return true;
}

vrn_result vrn_map_file(vrn_mapping *mapping, const char *path, const vrn_log *log)
{
    *mapping = (vrn_mapping){0};
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0) {
        return vrn_fail(log, VRN_ERROR_FILE, "%s: cannot open: %s", path, strerror(errno));
    }
    vrn_result result = VRN_OK;
    struct stat info;
    if (fstat(fd, &info) != 0) {
        result = vrn_fail(log, VRN_ERROR_FILE, "%s: cannot read: %s", path, strerror(errno));
    } else if (!S_ISREG(info.st_mode)) {
        result = vrn_fail(log, VRN_ERROR_FILE, "%s: not a regular file", path);
    } else if (info.st_size > 0) {
        void *data = mmap(NULL, (size_t)info.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
        if (data == MAP_FAILED) {
            result = vrn_fail(log, VRN_ERROR_FILE, "%s: cannot map: %s", path, strerror(errno));
        } else {
            mapping->data = data;
            mapping->size = (size_t)info.st_size;
        }
    }
    close(fd);
    return result;
}

void vrn_unmap_file(vrn_mapping *mapping)
{
    if (mapping->data) munmap((void *)(uintptr_t)mapping->data, mapping->size);
    *mapping = (vrn_mapping){0};
}

struct vrn_file_writer {
    FILE *stream;
    char *path, *temporary;
    int error; /* errno of the first failure */
    bool hurry;
};

static void writer_free(vrn_file_writer *writer)
{
    vrn_free(writer->path);
    vrn_free(writer->temporary);
    vrn_free(writer);
}

vrn_result vrn_file_begin(vrn_file_writer **out, const char *path, const vrn_log *log)
{
    *out = NULL;
    struct stat info; /* a rename would replace a device or a folder's link */
    if (stat(path, &info) == 0 && !S_ISREG(info.st_mode)) {
        return vrn_fail(log, VRN_ERROR_FILE, "%s: cannot write: not a regular file", path);
    }
    vrn_file_writer *writer = vrn_alloc(1, sizeof *writer);
    if (!writer) return vrn_fail_memory(log);
    size_t length = strlen(path), capacity = length + 48;
    writer->path = vrn_strndup(path, length);
    writer->temporary = vrn_alloc(capacity, 1);
    if (!writer->path || !writer->temporary) {
        writer_free(writer);
        return vrn_fail_memory(log);
    }

    int fd = -1;
    for (unsigned attempt = 0; attempt < 100 && fd < 0; attempt++) {
        snprintf(writer->temporary, capacity, "%s.part-%ld-%u", path, (long)getpid(), attempt);
        fd = open(writer->temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
        if (fd < 0 && errno != EEXIST) break;
    }
    if (fd >= 0) {
        writer->stream = fdopen(fd, "wb");
        if (!writer->stream) close(fd);
    }
    if (!writer->stream) {
        int reason = errno;
        if (fd >= 0) unlink(writer->temporary);
        writer_free(writer);
        return vrn_fail(log, VRN_ERROR_FILE, "%s: cannot write: %s", path, strerror(reason));
    }
    *out = writer;
    return VRN_OK;
}

void vrn_file_write(vrn_file_writer *writer, const void *data, size_t size)
{
    if (writer->error || size == 0) return;
    if (fwrite(data, 1, size, writer->stream) != size) writer->error = errno ? errno : EIO;
}

void vrn_file_hurry(vrn_file_writer *writer)
{
    writer->hurry = true;
}

vrn_result vrn_file_end(vrn_file_writer **writer_pointer, bool commit, const vrn_log *log)
{
    vrn_file_writer *writer = *writer_pointer;
    if (!writer) return VRN_OK;
    *writer_pointer = NULL;

    if (fflush(writer->stream) != 0 && !writer->error) writer->error = errno;
    if (commit && !writer->hurry && !writer->error && fsync(fileno(writer->stream)) != 0 &&
        errno != EINVAL) {
        writer->error = errno;
    }
    if (fclose(writer->stream) != 0 && !writer->error) writer->error = errno;
    if (commit && !writer->error && rename(writer->temporary, writer->path) != 0) {
        writer->error = errno;
    }
    vrn_result result = VRN_OK;
    if (!commit || writer->error) unlink(writer->temporary);
    if (commit && writer->error) {
        result = vrn_fail(log, VRN_ERROR_FILE, "%s: cannot write: %s", writer->path,
                          strerror(writer->error));
    }
    writer_free(writer);
    return result;
}

/* Reads `size` bytes, and checks that no more follow. Returns an errno, or 0. */
static int read_all(int fd, char *data, size_t size)
{
    char further;
    size_t done = 0;
    while (done < size) {
        ssize_t got = read(fd, data + done, size - done);
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return errno;
        if (got == 0) return EIO; /* it became shorter */
        done += (size_t)got;
    }
    return read(fd, &further, 1) == 0 ? 0 : EIO;
}

vrn_result vrn_file_read(void **data, size_t *size, const char *path, size_t limit,
                         const vrn_log *log)
{
    *data = NULL;
    *size = 0;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0) {
        return vrn_fail(log, VRN_ERROR_FILE, "%s: cannot open: %s", path, strerror(errno));
    }
    struct stat info;
    vrn_result result = VRN_OK;
    if (fstat(fd, &info) != 0) {
        result = vrn_fail(log, VRN_ERROR_FILE, "%s: cannot read: %s", path, strerror(errno));
    } else if (!S_ISREG(info.st_mode)) {
        result = vrn_fail(log, VRN_ERROR_FILE, "%s: not a regular file", path);
    } else if ((uintmax_t)info.st_size > limit) {
        result = vrn_fail(log, VRN_ERROR_FILE, "%s: larger than %zu bytes", path, limit);
    } else {
        *size = (size_t)info.st_size;
        *data = vrn_alloc(*size, 1);
        if (!*data) result = vrn_fail_memory(log);
    }
    int error = result ? 0 : read_all(fd, *data, *size);
    if (error) {
        result = vrn_fail(log, VRN_ERROR_FILE, "%s: cannot read: %s", path, strerror(error));
    }
    close(fd);
    if (result) {
        vrn_free(*data);
        *data = NULL;
        *size = 0;
    }
    return result;
}

vrn_result vrn_make_directories(const char *path, const vrn_log *log)
{
    struct stat info;
    if (stat(path, &info) == 0 && S_ISDIR(info.st_mode)) return VRN_OK;
    char *part = vrn_strndup(path, strlen(path));
    if (!part) return vrn_fail_memory(log);
    int error = 0;
    /* Each prefix that ends before a slash, then the whole. What exists is no failure, whatever the
     * error: a mount point above may be read only. */
    for (char *end = part; !error; end++) {
        if ((*end != '/' || end == part) && *end) continue;
        char here = *end;
        *end = '\0';
        if (*part && mkdir(part, 0700) != 0) {
            error = errno;
            if (stat(part, &info) == 0) error = S_ISDIR(info.st_mode) ? 0 : ENOTDIR;
        }
        *end = here;
        if (!here) break;
    }
    vrn_free(part);
    if (!error) return VRN_OK;
    return vrn_fail(log, VRN_ERROR_FILE, "%s: cannot make this directory: %s", path,
                    strerror(error));
}
