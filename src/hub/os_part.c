#define _DEFAULT_SOURCE /* flock */

#include "hub/part.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/log.h"
#include "base/text.h"

struct vrn_partial {
    int fd;
    char *path, *target;
    bool committed;
};

static vrn_result fail(const vrn_partial *part, int reason, const vrn_log *log)
{
    return vrn_fail(log, VRN_ERROR_FILE, "%s: cannot write: %s", part->path, strerror(reason));
}

/* Opens and locks. Between the two, another process may have renamed or removed the file. The lock
 * is then useless, and the next attempt opens or creates the file again. */
static vrn_result acquire(vrn_partial *part, bool *busy, uint64_t *size, const vrn_log *log)
{
    for (int attempt = 0; attempt < 100; attempt++) {
        struct stat mine, named;
        part->fd = open(part->path, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0644);
        if (part->fd < 0) return fail(part, errno, log);
        int locked = flock(part->fd, LOCK_EX | LOCK_NB);
        *busy = locked != 0 && errno == EWOULDBLOCK;
        if (fstat(part->fd, &mine) != 0) return fail(part, errno, log);
        if (!S_ISREG(mine.st_mode)) return fail(part, EINVAL, log);
        *size = (uint64_t)mine.st_size;
        /* If the file system has no locks, the check of the complete file still protects. */
        if (*busy) return VRN_OK;
        if (stat(part->path, &named) == 0 && named.st_ino == mine.st_ino &&
            named.st_dev == mine.st_dev) {
            return VRN_OK;
        }
        close(part->fd);
        part->fd = -1;
    }
    return fail(part, EBUSY, log);
}

vrn_result vrn_partial_open(vrn_partial **out, const char *path, bool *busy, uint64_t *size,
                            const vrn_log *log)
{
    *out = NULL;
    *busy = false;
    *size = 0;
    vrn_partial *part = vrn_alloc(1, sizeof *part);
    if (!part) return vrn_fail_memory(log);
    part->fd = -1;
    part->path = vrn_join(path, "", ".part");
    part->target = vrn_join(path, "", "");
    vrn_result result =
        part->path && part->target ? acquire(part, busy, size, log) : vrn_fail_memory(log);
    if (result || *busy) {
        part->committed = true; /* not ours to remove */
        vrn_partial_close(&part);
        return result;
    }
    *out = part;
    return VRN_OK;
}

vrn_result vrn_partial_write(vrn_partial *part, const void *data, size_t size, const vrn_log *log)
{
    const char *at = data;
    while (size > 0) {
        ssize_t written = write(part->fd, at, size);
        if (written < 0 && errno == EINTR) continue;
        if (written < 0) return fail(part, errno, log);
        at += written;
        size -= (size_t)written;
    }
    return VRN_OK;
}

vrn_result vrn_partial_empty(vrn_partial *part, const vrn_log *log)
{
    return ftruncate(part->fd, 0) == 0 ? VRN_OK : fail(part, errno, log);
}

const char *vrn_partial_path(const vrn_partial *part)
{
    return part->path;
}

vrn_result vrn_partial_commit(vrn_partial *part, const vrn_log *log)
{
    if (fsync(part->fd) != 0 && errno != EINVAL) return fail(part, errno, log);
    if (rename(part->path, part->target) != 0) return fail(part, errno, log);
    part->committed = true;
    return VRN_OK;
}

void vrn_partial_close(vrn_partial **pointer)
{
    vrn_partial *part = pointer ? *pointer : NULL;
    if (!part) return;
    *pointer = NULL;
    struct stat info;
    if (part->fd >= 0) {
        if (!part->committed && fstat(part->fd, &info) == 0 && info.st_size == 0) {
            unlink(part->path);
        }
        close(part->fd);
    }
    vrn_free(part->path);
    vrn_free(part->target);
    vrn_free(part);
}

void vrn_partial_wait(void)
{
    nanosleep(&(struct timespec){.tv_nsec = 100000000}, NULL);
}
