#define _POSIX_C_SOURCE 200809L

#include "cli/system/os.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "cli/system/report.h"

/* The files that are being written, for a signal that ends the process. */
static struct temporary {
    volatile sig_atomic_t there;
    char path[4096];
} temporaries[64];

static const int endings[] = {SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGPIPE, SIGXFSZ};

enum {
    TEMPORARIES = sizeof temporaries / sizeof *temporaries,
    ENDINGS = sizeof endings / sizeof *endings,
};

/* The signal's own action follows, when this returns: the handler is for once. */
static void remove_temporaries(int number)
{
    for (int i = 0; i < TEMPORARIES; i++) {
        if (temporaries[i].there) unlink(temporaries[i].path);
    }
    raise(number);
}

void cli_os_start(int *argc, char ***argv)
{
    (void)argc, (void)argv;
    for (size_t i = 0; i < ENDINGS; i++) {
        struct sigaction action;
        const bool known = sigaction(endings[i], NULL, &action) == 0;
        if (!known || action.sa_handler == SIG_IGN) continue; /* as nohup wants it */
        action = (struct sigaction){.sa_handler = remove_temporaries, .sa_flags = SA_RESETHAND};
        sigaction(endings[i], &action, NULL);
    }
}

/* Beyond so many, and with longer names, files are left where they are. */
static void note_temporary(const char *path)
{
    if (strlen(path) >= sizeof temporaries[0].path) return;
    for (int i = 0; i < TEMPORARIES; i++) {
        if (temporaries[i].there) continue;
        strcpy(temporaries[i].path, path);
        atomic_signal_fence(memory_order_release);
        temporaries[i].there = 1;
        return;
    }
}

/* Makes a new file and notes it, with no signal between; returns -1 and errno where it is there
 * already. */
static int make_temporary(const char *path)
{
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_BLOCK, &all, &before);
    const int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666), reason = errno;
    if (fd >= 0) note_temporary(path);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    errno = reason;
    return fd;
}

static void forget_temporary(const char *path)
{
    for (int i = 0; i < TEMPORARIES; i++) {
        if (temporaries[i].there && strcmp(temporaries[i].path, path) == 0)
            temporaries[i].there = 0;
    }
}

char *cli_environment(const char *name)
{
    const char *value = getenv(name);
    return value ? cli_copy_text(value) : NULL;
}

double cli_time_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec * 1e3 + (double)now.tv_nsec * 1e-6;
}

bool cli_is_terminal(FILE *stream)
{
    return isatty(fileno(stream)) == 1;
}

uint32_t cli_terminal_width(FILE *stream)
{
    struct winsize size;
    bool known = ioctl(fileno(stream), TIOCGWINSZ, &size) == 0 && size.ws_col > 0;
    return known ? size.ws_col : 80;
}

uint32_t cli_core_count(void)
{
    long count = sysconf(_SC_NPROCESSORS_ONLN);
    return count > 0 ? (uint32_t)count : 1;
}

static cli_path_kind kind_of_mode(mode_t mode)
{
    if (S_ISREG(mode)) return CLI_PATH_FILE;
    return S_ISDIR(mode) ? CLI_PATH_DIRECTORY : CLI_PATH_OTHER;
}

cli_path_kind cli_path_get_kind(const char *path)
{
    struct stat info;
    return stat(path, &info) == 0 ? kind_of_mode(info.st_mode) : CLI_PATH_MISSING;
}

cli_path_kind cli_path_get_entry_kind(const char *path)
{
    struct stat info;
    if (lstat(path, &info) != 0) return CLI_PATH_MISSING;
    if (!S_ISLNK(info.st_mode)) return kind_of_mode(info.st_mode);
    cli_path_kind target = cli_path_get_kind(path);
    return target == CLI_PATH_DIRECTORY ? CLI_PATH_OTHER : target;
}

/* The folder of a file that is not there. */
static bool look_at_folder(const char *path, struct stat *info)
{
    char *folder = cli_copy_text(path);
    if (!folder) return false;
    const size_t length = cli_path_folder_length(path);
    folder[length] = '\0';
    const bool found = stat(length ? folder : ".", info) == 0;
    free(folder);
    return found;
}

bool cli_path_same_file(const char *a, const char *b)
{
    struct stat of_a, of_b;
    const bool a_there = stat(a, &of_a) == 0, b_there = stat(b, &of_b) == 0;
    if (a_there != b_there || (a_there && !S_ISREG(of_a.st_mode))) return false;
    if (!a_there && (strcmp(a + cli_path_folder_length(a), b + cli_path_folder_length(b)) != 0 ||
                     !look_at_folder(a, &of_a) || !look_at_folder(b, &of_b))) {
        return false;
    }
    return of_a.st_dev == of_b.st_dev && of_a.st_ino == of_b.st_ino;
}

bool cli_path_is_absolute(const char *path)
{
    return *path == '/';
}

size_t cli_path_folder_length(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? (size_t)(slash - path) + 1 : 0;
}

static int compare_names(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

bool cli_list_names(const char *directory, char ***out, size_t *out_count)
{
    char **names = NULL;
    size_t count = 0, capacity = 0;
    DIR *stream = opendir(directory);
    if (!stream) {
        cli_error("%s: cannot read the folder: %s", directory, strerror(errno));
        return false;
    }
    for (;;) {
        errno = 0;
        const struct dirent *entry = readdir(stream);
        if (!entry) {
            if (errno == 0) break;
            cli_error("%s: cannot read the folder: %s", directory, strerror(errno));
            goto error;
        }
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0) continue;
        char **place = cli_grow(names, count, &capacity, sizeof *names);
        if (!place) goto error;
        names = place;
        names[count] = cli_copy_text(entry->d_name);
        if (!names[count]) goto error;
        count++;
    }
    closedir(stream);
    if (count) qsort(names, count, sizeof *names, compare_names);
    *out = names;
    *out_count = count;
    return true;

error:
    closedir(stream);
    while (count > 0) free(names[--count]);
    free(names);
    return false;
}

bool cli_make_folder(const char *path)
{
    if (mkdir(path, 0777) == 0) return true;
    int reason = errno;
    if (reason == EEXIST && cli_path_get_kind(path) == CLI_PATH_DIRECTORY) return true;
    cli_error("%s: cannot make the folder: %s", path, strerror(reason));
    return false;
}

FILE *cli_open_file(const char *path, uint64_t *size)
{
    /* Without O_NONBLOCK the open of a pipe would wait for its other end. */
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    struct stat info;
    if (fd < 0 || fstat(fd, &info) != 0) {
        cli_error("%s: cannot open: %s", path, strerror(errno));
        if (fd >= 0) close(fd);
        return NULL;
    }
    if (!S_ISREG(info.st_mode)) {
        cli_error("%s: not a regular file", path);
        close(fd);
        return NULL;
    }
    FILE *stream = fdopen(fd, "rb");
    if (!stream) {
        cli_error("%s: cannot open: %s", path, strerror(errno));
        close(fd);
        return NULL;
    }
    *size = (uint64_t)info.st_size;
    return stream;
}

/* A new file beside `file->path`, whose name goes to `file->temporary`. Returns -1 and errno. */
static int open_temporary(cli_file *file)
{
    size_t capacity = strlen(file->path) + 48;
    file->temporary = cli_alloc(capacity, 1);
    if (!file->temporary) {
        errno = ENOMEM;
        return -1;
    }
    int fd = -1;
    for (unsigned attempt = 0; attempt < 100; attempt++) {
        snprintf(file->temporary, capacity, "%s.part-%ld-%u", file->path, (long)getpid(), attempt);
        fd = make_temporary(file->temporary);
        if (fd >= 0 || errno != EEXIST) break;
    }
    if (fd < 0) {
        int reason = errno;
        free(file->temporary);
        file->temporary = NULL;
        errno = reason;
    }
    return fd;
}

bool cli_file_begin(cli_file *file, const char *path)
{
    *file = (cli_file){.path = cli_copy_text(path)};
    if (!file->path) return false;
    int fd = cli_path_get_kind(path) == CLI_PATH_OTHER ? open(path, O_WRONLY | O_CLOEXEC)
                                                       : open_temporary(file);
    if (fd >= 0) file->stream = fdopen(fd, "wb");
    if (file->stream) return true;
    cli_error("%s: cannot write: %s", path, strerror(errno));
    if (fd >= 0) close(fd);
    cli_file_end(file, false);
    return false;
}

bool cli_file_end(cli_file *file, bool commit)
{
    int reason = 0;
    if (file->stream) {
        bool failed = ferror(file->stream) != 0;
        if (fflush(file->stream) != 0 || failed) reason = errno ? errno : EIO;
        if (fclose(file->stream) != 0 && !reason) reason = errno;
    }
    if (file->temporary) {
        if (commit && !reason && rename(file->temporary, file->path) != 0) reason = errno;
        if (!commit || reason) unlink(file->temporary);
        forget_temporary(file->temporary);
    }
    if (commit && reason) cli_error("%s: cannot write: %s", file->path, strerror(reason));
    free(file->path);
    free(file->temporary);
    *file = (cli_file){0};
    return !commit || !reason;
}

char *cli_program_folder(void)
{
    char path[4096];
    ssize_t length = readlink("/proc/self/exe", path, sizeof path - 1); /* Linux alone has it */
    if (length <= 0 || (size_t)length >= sizeof path - 1) return NULL;
    path[length] = '\0';
    char *slash = strrchr(path, '/');
    if (!slash) return NULL;
    *slash = '\0';
    return cli_copy_text(path);
}
