#if defined(__linux__)
#ifndef _GNU_SOURCE
#define _GNU_SOURCE /* sched_getaffinity */
#endif
#else
#define _POSIX_C_SOURCE 200809L
#if defined(__APPLE__)
#define _DARWIN_C_SOURCE /* _SC_NPROCESSORS_ONLN, st_mtimespec */
#endif
#endif
#define _FILE_OFFSET_BITS 64

#include "base/os.h"

#include <dlfcn.h>
#include <fcntl.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#if defined(__linux__)
#include <sys/vfs.h>
#endif
#include <time.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/os_file.h"

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

char *vrn_environment(const char *name, bool *lacking)
{
    const char *value = getenv(name);
    char *copy = value ? vrn_strndup(value, strlen(value)) : NULL;
    if (value && !copy) *lacking = true;
    return copy;
}

vrn_function vrn_library_function(const char *library, const char *function, bool *found)
{
    vrn_function result = NULL;
    void *handle = dlopen(library, RTLD_NOW | RTLD_LOCAL);
    void *address = handle ? dlsym(handle, function) : NULL;
    *found = handle != NULL;
    /* POSIX, unlike C, stores function addresses in data pointers. */
    memcpy(&result, &address, sizeof result);
    return result;
}

vrn_path_kind vrn_path_get_kind(const char *path)
{
    struct stat info;
    if (stat(path, &info) != 0) return VRN_PATH_MISSING;
    if (S_ISREG(info.st_mode)) return VRN_PATH_FILE;
    return S_ISDIR(info.st_mode) ? VRN_PATH_DIRECTORY : VRN_PATH_OTHER;
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

/* Without O_NONBLOCK, opening a pipe would wait for its other end. */
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

bool vrn_os_is_remote(int fd)
{
#if defined(__linux__)
    /* NFS, SMB, SMB2, CIFS, FUSE, 9P, Ceph, AFS: statfs(2) */
    static const uint32_t types[] = {0x6969,     0x517b,     0xfe534d42, 0xff534d42,
                                     0x65735546, 0x01021997, 0x00c36400, 0x5346414f};
    struct statfs info;
    if (fstatfs(fd, &info) != 0) return false;
    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++) {
        if ((uint32_t)info.f_type == types[i]) return true;
    }
#else
    (void)fd;
#endif
    return false;
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
