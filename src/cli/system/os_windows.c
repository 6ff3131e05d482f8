/* Windows: converts between the system's UTF-16 and UTF-8. */
#define WIN32_LEAN_AND_MEAN
#undef _WIN32_WINNT
#define _WIN32_WINNT 0x0601

#include "cli/system/os.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <io.h>
#include <stdlib.h>
#include <string.h>
#include <windows.h>

#include <shellapi.h> /* needs the headers above */

#include "base/os_windows.h"
#include "cli/system/report.h"

/* Enables escape sequences, which progress lines need, in terminals of Windows 10 and later. */
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
    _setmode(_fileno(stdout), _O_BINARY); /* the same bytes as on other systems */
    _setmode(_fileno(stdin), _O_BINARY);  /* it may be an image */

    int count = 0;
    wchar_t **wide = CommandLineToArgvW(GetCommandLineW(), &count);
    if (!wide) return;
    char **words = cli_alloc((size_t)count + 1, sizeof *words);
    bool complete = words != NULL;
    for (int i = 0; complete && i < count; i++) {
        words[i] = vrn_narrow(wide[i]);
        complete = words[i] != NULL;
    }
    LocalFree(wide);
    if (!complete) exit(CLI_FAILURE);
    *argc = count;
    *argv = words;
}

/* Windows cannot remove open files, so signals remove none. */
void cli_note_temporary(void *user, const char *path, bool there)
{
    (void)user, (void)path, (void)there; /* Windows has no such signals */
}

uint32_t cli_terminal_width(FILE *stream)
{
    CONSOLE_SCREEN_BUFFER_INFO info;
    const bool known = GetConsoleScreenBufferInfo((HANDLE)_get_osfhandle(_fileno(stream)), &info);
    return known ? (uint32_t)(info.srWindow.Right - info.srWindow.Left + 1) : 0;
}

vrn_path_kind cli_path_get_entry_kind(const char *path)
{
    const DWORD link_to_directory = FILE_ATTRIBUTE_REPARSE_POINT | FILE_ATTRIBUTE_DIRECTORY;
    wchar_t *wide = vrn_widen(path);
    const DWORD attributes = wide ? GetFileAttributesW(wide) : INVALID_FILE_ATTRIBUTES;
    free(wide);
    if (attributes != INVALID_FILE_ATTRIBUTES &&
        (attributes & link_to_directory) == link_to_directory) {
        return VRN_PATH_OTHER;
    }
    return vrn_path_get_kind(path);
}

/* Compares names; links are not followed. */
bool cli_path_same_file(const char *a, const char *b)
{
    wchar_t *wide_a = vrn_widen(a), *wide_b = vrn_widen(b);
    wchar_t *full_a = wide_a ? _wfullpath(NULL, wide_a, 0) : NULL;
    wchar_t *full_b = wide_b ? _wfullpath(NULL, wide_b, 0) : NULL;
    const bool same = full_a && full_b && _wcsicmp(full_a, full_b) == 0;
    free(wide_a);
    free(wide_b);
    free(full_a);
    free(full_b);
    const vrn_path_kind kind = same ? vrn_path_get_kind(a) : VRN_PATH_OTHER;
    return kind == VRN_PATH_FILE || kind == VRN_PATH_MISSING;
}

cli_folder *cli_folder_open(const char *path)
{
    wchar_t *wide = vrn_widen(path);
    _WDIR *folder = wide ? _wopendir(wide) : NULL;
    free(wide);
    return (cli_folder *)folder;
}

char *cli_folder_next(cli_folder *folder)
{
    errno = 0;
    const struct _wdirent *entry = _wreaddir((_WDIR *)folder);
    if (!entry) return NULL;
    char *name = vrn_narrow(entry->d_name);
    if (!name) errno = ENOMEM;
    return name;
}

bool cli_folder_is_writable(const char *path)
{
    (void)path;
    return true; /* only trying can tell */
}

char *cli_find_closed_gpu(void)
{
    return NULL;
}

void cli_folder_close(cli_folder *folder)
{
    _wclosedir((_WDIR *)folder);
}

char *cli_program_folder(void)
{
    enum { CAPACITY = 32768 }; /* the longest path */
    wchar_t *wide = cli_alloc(CAPACITY, sizeof *wide);
    char *path = NULL;
    if (wide) {
        DWORD length = GetModuleFileNameW(NULL, wide, CAPACITY);
        if (length > 0 && length < CAPACITY) path = vrn_narrow(wide);
    }
    free(wide);
    char *slash = path ? strrchr(path, '\\') : NULL;
    if (slash) *slash = '\0';
    return path;
}
