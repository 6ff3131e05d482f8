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
#include <unistd.h>

#include "base/alloc.h"
#include "base/os_file.h"
#include "cli/system/report.h"

/* The temporary files, to be removed if a signal ends the process. */
static struct temporary {
    volatile sig_atomic_t there;
    char path[4096];
} temporaries[64];

static const int endings[] = {SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGPIPE, SIGXFSZ};

enum {
    TEMPORARIES = sizeof temporaries / sizeof *temporaries,
    ENDINGS = sizeof endings / sizeof *endings,
};

/* raise repeats the signal, whose default action follows, because the handler runs only once. */
static void remove_temporaries(int number)
{
    for (int i = 0; i < TEMPORARIES; i++) {
        if (temporaries[i].there) unlink(temporaries[i].path);
    }
    raise(number);
}

/* The number of a closed standard stream would go to the next opened file, which would then receive
 * messages. Opening it in the wrong direction makes it fail like a closed stream. */
static void keep_standard_streams(void)
{
    for (int fd = 0; fd < 3; fd++) {
        if (fcntl(fd, F_GETFD) != -1 || errno != EBADF) continue;
        if (open("/dev/null", fd == 0 ? O_WRONLY : O_RDONLY) != fd) _exit(CLI_FAILURE);
    }
}

void cli_os_start(int *argc, char ***argv)
{
    (void)argc, (void)argv;
    keep_standard_streams();
    for (size_t i = 0; i < ENDINGS; i++) {
        struct sigaction action;
        const bool known = sigaction(endings[i], NULL, &action) == 0;
        if (!known || action.sa_handler == SIG_IGN) continue; /* respect nohup */
        action = (struct sigaction){.sa_handler = remove_temporaries};
        action.sa_flags = (int)SA_RESETHAND;
        sigaction(endings[i], &action, NULL);
    }
}

/* Files beyond the table's size, or with longer names, are not removed. */
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

static void forget_temporary(const char *path)
{
    for (int i = 0; i < TEMPORARIES; i++) {
        if (temporaries[i].there && strcmp(temporaries[i].path, path) == 0)
            temporaries[i].there = 0;
    }
}

void cli_note_temporary(void *user, const char *path, bool there)
{
    (void)user;
    if (there) {
        note_temporary(path);
    } else {
        forget_temporary(path);
    }
}

uint32_t cli_terminal_width(FILE *stream)
{
    struct winsize size;
    if (ioctl(fileno(stream), TIOCGWINSZ, &size) == 0 && size.ws_col > 0) return size.ws_col;
    return isatty(fileno(stream)) ? 80 : 0;
}

vrn_path_kind cli_path_get_entry_kind(const char *path)
{
    struct stat info;
    const bool link = lstat(path, &info) == 0 && S_ISLNK(info.st_mode);
    const vrn_path_kind kind = vrn_path_get_kind(path);
    return link && kind == VRN_PATH_DIRECTORY ? VRN_PATH_OTHER : kind;
}

/* Looks up the folder of a file that does not exist. */
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

cli_folder *cli_folder_open(const char *path)
{
    return (cli_folder *)opendir(path);
}

bool cli_folder_is_writable(const char *path)
{
    char *part = cli_copy_text(path);
    if (!part) return false;
    size_t end = strlen(part);
    while (end > 0 && vrn_path_get_kind(part) == VRN_PATH_MISSING) {
        end = cli_path_folder_length(part);
        while (end > 1 && part[end - 1] == '/') end--;
        strcpy(part + end, end > 0 ? "" : ".");
    }
    const bool good = vrn_path_get_kind(part) == VRN_PATH_DIRECTORY && access(part, W_OK) == 0;
    free(part);
    return good;
}

char *cli_find_closed_gpu(void)
{
    static const char folder[] = "/dev/dri";
    DIR *nodes = opendir(folder);
    const struct dirent *entry;
    char *found = NULL;
    while (nodes && !found && (entry = readdir(nodes))) {
        if (strncmp(entry->d_name, "renderD", 7) != 0) continue;
        char path[sizeof folder + sizeof entry->d_name];
        snprintf(path, sizeof path, "%s/%s", folder, entry->d_name);
        if (access(path, R_OK | W_OK) != 0 && errno == EACCES) found = cli_copy_text(path);
    }
    if (nodes) closedir(nodes);
    return found;
}

char *cli_folder_next(cli_folder *folder)
{
    errno = 0;
    const struct dirent *entry = readdir((DIR *)folder);
    return entry ? vrn_strndup(entry->d_name, SIZE_MAX) : NULL;
}

void cli_folder_close(cli_folder *folder)
{
    closedir((DIR *)folder);
}

char *cli_program_folder(void)
{
    char path[4096];
    ssize_t length = readlink("/proc/self/exe", path, sizeof path - 1); /* exists only on Linux */
    if (length <= 0 || (size_t)length >= sizeof path - 1) return NULL;
    path[length] = '\0';
    const char *slash = strrchr(path, '/');
    return slash ? vrn_strndup(path, (size_t)(slash - path)) : NULL;
}
