/* Windows: the system's UTF-16 on one side, UTF-8 on the other. */
#define WIN32_LEAN_AND_MEAN
#define _WIN32_WINNT 0x0601

#include "cli/system/os.h"

#include <errno.h>
#include <fcntl.h>
#include <io.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <windows.h>

#include <shellapi.h> /* needs what is above */

#include "cli/system/report.h"

/* NULL where the text is no UTF-8 or there is no memory. Release with free. */
static wchar_t *widen(const char *text)
{
    int length = MultiByteToWideChar(CP_UTF8, MB_ERR_INVALID_CHARS, text, -1, NULL, 0);
    wchar_t *wide = length > 0 ? cli_alloc((size_t)length, sizeof *wide) : NULL;
    if (wide) MultiByteToWideChar(CP_UTF8, MB_ERR_INVALID_CHARS, text, -1, wide, length);
    return wide;
}

static char *narrow(const wchar_t *wide)
{
    int length = WideCharToMultiByte(CP_UTF8, 0, wide, -1, NULL, 0, NULL, NULL);
    char *text = length > 0 ? cli_alloc((size_t)length, 1) : NULL;
    if (text) WideCharToMultiByte(CP_UTF8, 0, wide, -1, text, length, NULL, NULL);
    return text;
}

/* A terminal of Windows 10 or later understands the escape sequences of progress lines, once
 * asked. */
static void enable_escapes(DWORD which)
{
    HANDLE handle = GetStdHandle(which);
    DWORD mode;
    if (GetConsoleMode(handle, &mode)) {
        SetConsoleMode(handle, mode | 0x0004 /* ENABLE_VIRTUAL_TERMINAL_PROCESSING */);
    }
}

void cli_os_start(int *argc, char ***argv)
{
    SetConsoleOutputCP(CP_UTF8);
    enable_escapes(STD_OUTPUT_HANDLE);
    enable_escapes(STD_ERROR_HANDLE);
    _setmode(_fileno(stdout), _O_BINARY); /* the same bytes as elsewhere */

    int count = 0;
    wchar_t **wide = CommandLineToArgvW(GetCommandLineW(), &count);
    if (!wide) return;
    char **words = cli_alloc((size_t)count + 1, sizeof *words);
    bool complete = words != NULL;
    for (int i = 0; complete && i < count; i++) {
        words[i] = narrow(wide[i]);
        complete = words[i] != NULL;
    }
    LocalFree(wide);
    if (!complete) exit(CLI_FAILURE);
    *argc = count;
    *argv = words;
}

char *cli_environment(const char *name)
{
    wchar_t *wide = widen(name);
    const wchar_t *value = wide ? _wgetenv(wide) : NULL;
    free(wide);
    return value ? narrow(value) : NULL;
}

double cli_time_ms(void)
{
    LARGE_INTEGER frequency, now;
    QueryPerformanceFrequency(&frequency);
    QueryPerformanceCounter(&now);
    return (double)now.QuadPart * 1e3 / (double)frequency.QuadPart;
}

bool cli_is_terminal(FILE *stream)
{
    DWORD mode;
    return GetConsoleMode((HANDLE)_get_osfhandle(_fileno(stream)), &mode) != 0;
}

uint32_t cli_terminal_width(FILE *stream)
{
    CONSOLE_SCREEN_BUFFER_INFO info;
    bool known = GetConsoleScreenBufferInfo((HANDLE)_get_osfhandle(_fileno(stream)), &info);
    return known ? (uint32_t)(info.srWindow.Right - info.srWindow.Left + 1) : 80;
}

uint32_t cli_core_count(void)
{
    SYSTEM_INFO info;
    GetSystemInfo(&info);
    return info.dwNumberOfProcessors > 0 ? info.dwNumberOfProcessors : 1;
}

static DWORD attributes_of(const char *path)
{
    wchar_t *wide = widen(path);
    DWORD attributes = wide ? GetFileAttributesW(wide) : INVALID_FILE_ATTRIBUTES;
    free(wide);
    return attributes;
}

cli_path_kind cli_path_get_kind(const char *path)
{
    DWORD attributes = attributes_of(path);
    if (attributes == INVALID_FILE_ATTRIBUTES) return CLI_PATH_MISSING;
    if (attributes & FILE_ATTRIBUTE_DEVICE) return CLI_PATH_OTHER;
    return attributes & FILE_ATTRIBUTE_DIRECTORY ? CLI_PATH_DIRECTORY : CLI_PATH_FILE;
}

cli_path_kind cli_path_get_entry_kind(const char *path)
{
    const DWORD link_to_directory = FILE_ATTRIBUTE_REPARSE_POINT | FILE_ATTRIBUTE_DIRECTORY;
    DWORD attributes = attributes_of(path);
    if (attributes != INVALID_FILE_ATTRIBUTES &&
        (attributes & link_to_directory) == link_to_directory) {
        return CLI_PATH_OTHER;
    }
    return cli_path_get_kind(path);
}

/* By name: links are not followed. */
bool cli_path_same_file(const char *a, const char *b)
{
    wchar_t *wide_a = widen(a), *wide_b = widen(b);
    wchar_t *full_a = wide_a ? _wfullpath(NULL, wide_a, 0) : NULL;
    wchar_t *full_b = wide_b ? _wfullpath(NULL, wide_b, 0) : NULL;
    const bool same = full_a && full_b && _wcsicmp(full_a, full_b) == 0;
    free(wide_a);
    free(wide_b);
    free(full_a);
    free(full_b);
    const cli_path_kind kind = same ? cli_path_get_kind(a) : CLI_PATH_OTHER;
    return kind == CLI_PATH_FILE || kind == CLI_PATH_MISSING;
}

bool cli_path_is_absolute(const char *path)
{
    return *path == '/' || *path == '\\' || (*path && path[1] == ':');
}

size_t cli_path_folder_length(const char *path)
{
    size_t length = strlen(path);
    while (length > 0 && !strchr("/\\:", path[length - 1])) length--;
    return length;
}

static int compare_names(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Adds a name to those of cli_list_names. */
static bool add_name(char ***names, size_t *count, size_t *capacity, const wchar_t *wide)
{
    char **place = cli_grow(*names, *count, capacity, sizeof **names);
    if (!place) return false;
    *names = place;
    place[*count] = narrow(wide);
    if (!place[*count]) return false;
    ++*count;
    return true;
}

bool cli_list_names(const char *directory, char ***out, size_t *out_count)
{
    char **names = NULL;
    size_t count = 0, capacity = 0, length = strlen(directory) + 3;
    char *pattern = cli_alloc(length, 1);
    if (!pattern) return false;
    snprintf(pattern, length, "%s/*", directory);
    wchar_t *wide = widen(pattern);
    free(pattern);
    WIN32_FIND_DATAW entry;
    HANDLE search = wide ? FindFirstFileW(wide, &entry) : INVALID_HANDLE_VALUE;
    free(wide);
    if (search == INVALID_HANDLE_VALUE) {
        cli_error("%s: cannot read the folder (error %lu)", directory, GetLastError());
        return false;
    }
    bool good = true;
    do {
        if (wcscmp(entry.cFileName, L".") == 0 || wcscmp(entry.cFileName, L"..") == 0) continue;
        good = add_name(&names, &count, &capacity, entry.cFileName);
    } while (good && FindNextFileW(search, &entry));
    if (good && GetLastError() != ERROR_NO_MORE_FILES) {
        cli_error("%s: cannot read the folder (error %lu)", directory, GetLastError());
        good = false;
    }
    FindClose(search);
    if (!good) {
        while (count > 0) free(names[--count]);
        free(names);
        return false;
    }
    if (count) qsort(names, count, sizeof *names, compare_names);
    *out = names;
    *out_count = count;
    return true;
}

bool cli_make_folder(const char *path)
{
    wchar_t *wide = widen(path);
    bool made = wide && CreateDirectoryW(wide, NULL);
    DWORD reason = wide ? GetLastError() : ERROR_INVALID_NAME;
    free(wide);
    if (made || (reason == ERROR_ALREADY_EXISTS && cli_path_get_kind(path) == CLI_PATH_DIRECTORY)) {
        return true;
    }
    cli_error("%s: cannot make the folder (error %lu)", path, reason);
    return false;
}

FILE *cli_open_file(const char *path, uint64_t *size)
{
    wchar_t *wide = widen(path);
    int fd = wide ? _wopen(wide, _O_RDONLY | _O_BINARY | _O_NOINHERIT) : -1;
    if (!wide) errno = EINVAL;
    free(wide);
    struct _stat64 info;
    if (fd < 0 || _fstat64(fd, &info) != 0) {
        cli_error("%s: cannot open: %s", path, strerror(errno));
        if (fd >= 0) _close(fd);
        return NULL;
    }
    if ((info.st_mode & _S_IFMT) != _S_IFREG) {
        cli_error("%s: not a regular file", path);
        _close(fd);
        return NULL;
    }
    FILE *stream = _fdopen(fd, "rb");
    if (!stream) {
        cli_error("%s: cannot open: %s", path, strerror(errno));
        _close(fd);
        return NULL;
    }
    *size = (uint64_t)info.st_size;
    return stream;
}

/* Opens a path for writing with these flags more. Returns -1 and errno. */
static int open_to_write(const char *path, int flags)
{
    wchar_t *wide = widen(path);
    int fd = wide ? _wopen(wide, _O_WRONLY | _O_BINARY | _O_NOINHERIT | flags, _S_IREAD | _S_IWRITE)
                  : -1;
    if (!wide) errno = EINVAL;
    free(wide);
    return fd;
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
        snprintf(file->temporary, capacity, "%s.part-%lu-%u", file->path,
                 (unsigned long)GetCurrentProcessId(), attempt);
        fd = open_to_write(file->temporary, _O_CREAT | _O_EXCL);
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
    int fd =
        cli_path_get_kind(path) == CLI_PATH_OTHER ? open_to_write(path, 0) : open_temporary(file);
    if (fd >= 0) file->stream = _fdopen(fd, "wb");
    if (file->stream) return true;
    cli_error("%s: cannot write: %s", path, strerror(errno));
    if (fd >= 0) _close(fd);
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
        wchar_t *from = widen(file->temporary), *to = widen(file->path);
        bool moved =
            commit && !reason && from && to && MoveFileExW(from, to, MOVEFILE_REPLACE_EXISTING);
        if (commit && !reason && !moved) reason = EACCES;
        if (!moved && from) _wunlink(from);
        free(from);
        free(to);
    }
    if (commit && reason) cli_error("%s: cannot write: %s", file->path, strerror(reason));
    free(file->path);
    free(file->temporary);
    *file = (cli_file){0};
    return !commit || !reason;
}

char *cli_program_folder(void)
{
    enum { CAPACITY = 32768 }; /* the longest path */
    wchar_t *wide = cli_alloc(CAPACITY, sizeof *wide);
    char *path = NULL;
    if (wide) {
        DWORD length = GetModuleFileNameW(NULL, wide, CAPACITY);
        if (length > 0 && length < CAPACITY) path = narrow(wide);
    }
    free(wide);
    char *slash = path ? strrchr(path, '\\') : NULL;
    if (slash) *slash = '\0';
    return path;
}
