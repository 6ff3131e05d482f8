#if defined(__linux__)
#define _GNU_SOURCE /* sched_getaffinity */
#else
#define _POSIX_C_SOURCE 200809L
#endif
#define _FILE_OFFSET_BITS 64

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
#include "base/os_file.h"

struct vrn_mutex {
    pthread_mutex_t lock;
    pthread_cond_t changed;
};

vrn_mutex *vrn_mutex_create(void)
{
    vrn_mutex *mutex = vrn_alloc(1, sizeof *mutex);
    if (!mutex) return NULL;
    if (pthread_mutex_init(&mutex->lock, NULL) == 0) {
        if (pthread_cond_init(&mutex->changed, NULL) == 0) return mutex;
        pthread_mutex_destroy(&mutex->lock);
    }
    vrn_free(mutex);
    return NULL;
}

void vrn_mutex_destroy(vrn_mutex **mutex)
{
    if (!*mutex) return;
    pthread_cond_destroy(&(*mutex)->changed);
    pthread_mutex_destroy(&(*mutex)->lock);
    vrn_free(*mutex);
    *mutex = NULL;
}

void vrn_mutex_lock(vrn_mutex *mutex)
{
    pthread_mutex_lock(&mutex->lock);
}

void vrn_mutex_unlock(vrn_mutex *mutex)
{
    pthread_mutex_unlock(&mutex->lock);
}

void vrn_mutex_wait(vrn_mutex *mutex)
{
    pthread_cond_wait(&mutex->changed, &mutex->lock);
}

void vrn_mutex_wake_all(vrn_mutex *mutex)
{
    pthread_cond_broadcast(&mutex->changed);
}

static pthread_mutex_t output = PTHREAD_MUTEX_INITIALIZER;

void vrn_output_lock(void)
{
    pthread_mutex_lock(&output);
}

void vrn_output_unlock(void)
{
    pthread_mutex_unlock(&output);
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

vrn_path_kind vrn_path_get_kind(const char *path)
{
    struct stat info;
    if (stat(path, &info) != 0) return VRN_PATH_MISSING;
    if (S_ISREG(info.st_mode)) return VRN_PATH_FILE;
    return S_ISDIR(info.st_mode) ? VRN_PATH_DIRECTORY : VRN_PATH_OTHER;
}

bool vrn_is_separator(char c)
{
    return c == '/';
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

/* Without O_NONBLOCK the open of a pipe would wait for its other end. */
int vrn_os_open(const char *path)
{
    return open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
}

int vrn_os_write(const char *path)
{
    return open(path, O_WRONLY | O_CLOEXEC);
}

int vrn_os_create(const char *path)
{
    return open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
}

bool vrn_os_sync(int fd)
{
    return fsync(fd) == 0 || errno == EINVAL;
}

bool vrn_os_replace(const char *from, const char *to)
{
    return rename(from, to) == 0;
}

void vrn_os_remove(const char *path)
{
    unlink(path);
}

bool vrn_os_make_directory(const char *path, unsigned mode)
{
    return mkdir(path, (mode_t)mode) == 0;
}

const void *vrn_os_map(int fd, size_t size)
{
    const void *data = mmap(NULL, size, PROT_READ, MAP_PRIVATE, fd, 0);
    return data == MAP_FAILED ? NULL : data;
}

void vrn_os_unmap(const void *data, size_t size)
{
    munmap((void *)(uintptr_t)data, size);
}

long vrn_os_process(void)
{
    return (long)getpid();
}
