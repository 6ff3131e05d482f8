/* Windows 7 and later. Paths are UTF-8 for callers and UTF-16 for the system. */
#define WIN32_LEAN_AND_MEAN
#undef _WIN32_WINNT
#define _WIN32_WINNT 0x0601

#include "base/os_windows.h"

#include <errno.h>
#include <fcntl.h>
#include <io.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <windows.h>

#include "base/alloc.h"
#include "base/os.h"
#include "base/os_file.h"

uint32_t vrn_core_count(void)
{
    DWORD_PTR mine, all;
    uint32_t count = 0;
    if (GetProcessAffinityMask(GetCurrentProcess(), &mine, &all)) {
        for (; mine; mine &= mine - 1) count++;
    }
    return count > 0 ? count : 1;
}

wchar_t *vrn_widen(const char *text)
{
    int length = MultiByteToWideChar(CP_UTF8, MB_ERR_INVALID_CHARS, text, -1, NULL, 0);
    wchar_t *wide = length > 0 ? vrn_alloc((size_t)length, sizeof *wide) : NULL;
    if (wide) MultiByteToWideChar(CP_UTF8, MB_ERR_INVALID_CHARS, text, -1, wide, length);
    if (!wide) errno = length > 0 ? ENOMEM : EINVAL;
    return wide;
}

char *vrn_narrow(const wchar_t *wide)
{
    int length = WideCharToMultiByte(CP_UTF8, 0, wide, -1, NULL, 0, NULL, NULL);
    char *text = length > 0 ? vrn_alloc((size_t)length, 1) : NULL;
    if (text) WideCharToMultiByte(CP_UTF8, 0, wide, -1, text, length, NULL, NULL);
    return text;
}

char *vrn_environment(const char *name, bool *lacking)
{
    wchar_t *wide = vrn_widen(name);
    const wchar_t *value = wide ? _wgetenv(wide) : NULL;
    char *copy = value ? vrn_narrow(value) : NULL;
    if (!wide || (value && !copy)) *lacking = true;
    vrn_free(wide);
    return copy;
}

vrn_function vrn_library_function(const char *library, const char *function, bool *found)
{
    HMODULE module = LoadLibraryA(library);
    *found = module != NULL;
    return module ? (vrn_function)(void (*)(void))GetProcAddress(module, function) : NULL;
}

/* The attributes, size and time of a path; false: it does not exist. */
static bool look(const char *path, WIN32_FILE_ATTRIBUTE_DATA *info)
{
    wchar_t *wide = vrn_widen(path);
    const bool there = wide && GetFileAttributesExW(wide, GetFileExInfoStandard, info);
    vrn_free(wide);
    return there;
}

vrn_path_kind vrn_path_get_kind(const char *path)
{
    WIN32_FILE_ATTRIBUTE_DATA info;
    if (!look(path, &info)) return VRN_PATH_MISSING;
    if (info.dwFileAttributes & FILE_ATTRIBUTE_DEVICE) return VRN_PATH_OTHER;
    return info.dwFileAttributes & FILE_ATTRIBUTE_DIRECTORY ? VRN_PATH_DIRECTORY : VRN_PATH_FILE;
}

bool vrn_file_look(const char *path, uint64_t *size, int64_t *changed)
{
    WIN32_FILE_ATTRIBUTE_DATA info;
    if (!look(path, &info) ||
        (info.dwFileAttributes & (FILE_ATTRIBUTE_DIRECTORY | FILE_ATTRIBUTE_DEVICE))) {
        return false;
    }
    *size = (uint64_t)info.nFileSizeHigh << 32 | info.nFileSizeLow;
    *changed = (int64_t)((uint64_t)info.ftLastWriteTime.dwHighDateTime << 32 |
                         info.ftLastWriteTime.dwLowDateTime);
    return true;
}

/* Sets errno from the last error of a Windows call. */
static void set_errno(void)
{
    static const struct {
        DWORD code;
        int error;
    } known[] = {
        {ERROR_FILE_NOT_FOUND, ENOENT},      {ERROR_PATH_NOT_FOUND, ENOENT},
        {ERROR_INVALID_NAME, ENOENT},        {ERROR_BAD_NETPATH, ENOENT},
        {ERROR_ACCESS_DENIED, EACCES},       {ERROR_SHARING_VIOLATION, EACCES},
        {ERROR_WRITE_PROTECT, EROFS},        {ERROR_DISK_FULL, ENOSPC},
        {ERROR_NOT_ENOUGH_MEMORY, ENOMEM},   {ERROR_COMMITMENT_LIMIT, ENOMEM},
        {ERROR_TOO_MANY_OPEN_FILES, EMFILE}, {ERROR_FILENAME_EXCED_RANGE, ENAMETOOLONG},
    };
    const DWORD code = GetLastError();
    errno = EIO;
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        if (known[i].code == code) errno = known[i].error;
    }
}

int vrn_os_open(const char *path)
{
    wchar_t *wide = vrn_widen(path);
    if (!wide) return -1;
    HANDLE file =
        CreateFileW(wide, GENERIC_READ, FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE,
                    NULL, OPEN_EXISTING, FILE_ATTRIBUTE_NORMAL, NULL);
    if (file == INVALID_HANDLE_VALUE) set_errno();
    vrn_free(wide);
    if (file == INVALID_HANDLE_VALUE) return -1;
    const int fd = _open_osfhandle((intptr_t)file, _O_RDONLY | _O_BINARY | _O_NOINHERIT);
    if (fd < 0) CloseHandle(file);
    return fd;
}

/* Opens a file for writing with additional flags. */
static int open_to_write(const char *path, int flags)
{
    wchar_t *wide = vrn_widen(path);
    if (!wide) return -1;
    const int fd = _wopen(wide, _O_WRONLY | _O_BINARY | _O_NOINHERIT | flags, _S_IREAD | _S_IWRITE);
    vrn_free(wide);
    return fd;
}

int vrn_os_write(const char *path)
{
    return open_to_write(path, 0);
}

int vrn_os_create(const char *path)
{
    return open_to_write(path, _O_CREAT | _O_EXCL);
}

bool vrn_os_replace(const char *from, const char *to)
{
    wchar_t *wide_from = vrn_widen(from), *wide_to = vrn_widen(to);
    bool done = false;
    if (wide_from && wide_to) {
        done = MoveFileExW(wide_from, wide_to, MOVEFILE_REPLACE_EXISTING);
        if (!done) set_errno();
    }
    vrn_free(wide_from);
    vrn_free(wide_to);
    return done;
}

void vrn_os_remove(const char *path)
{
    wchar_t *wide = vrn_widen(path);
    if (wide) _wunlink(wide);
    vrn_free(wide);
}

bool vrn_os_make_directory(const char *path, unsigned mode)
{
    (void)mode;
    wchar_t *wide = vrn_widen(path);
    const bool made = wide && _wmkdir(wide) == 0;
    vrn_free(wide);
    return made;
}

bool vrn_os_is_remote(int fd)
{
    (void)fd; /* a mapped file cannot be shortened */
    return false;
}

const void *vrn_os_map(int fd, size_t size)
{
    HANDLE section =
        CreateFileMappingW((HANDLE)_get_osfhandle(fd), NULL, PAGE_READONLY, 0, 0, NULL);
    const void *data = section ? MapViewOfFile(section, FILE_MAP_READ, 0, 0, size) : NULL;
    if (!data) set_errno();
    if (section) CloseHandle(section); /* the view keeps it open */
    return data;
}

void vrn_os_unmap(const void *data, size_t size)
{
    (void)size;
    UnmapViewOfFile(data);
}
