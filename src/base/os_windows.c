/* Windows 7 and later. Paths are UTF-8 for callers and UTF-16 for the system. */
#define WIN32_LEAN_AND_MEAN
#define _WIN32_WINNT 0x0601

#include "base/os.h"

#include <errno.h>
#include <fcntl.h>
#include <io.h>
#include <process.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <windows.h>

#include "base/alloc.h"
#include "base/log.h"

struct vrn_mutex {
    SRWLOCK native;
};

vrn_mutex *vrn_mutex_create(void)
{
    vrn_mutex *mutex = vrn_alloc(1, sizeof *mutex);
    if (mutex) InitializeSRWLock(&mutex->native);
    return mutex;
}

void vrn_mutex_destroy(vrn_mutex **mutex)
{
    vrn_free(*mutex);
    *mutex = NULL;
}

void vrn_mutex_lock(vrn_mutex *mutex)
{
    AcquireSRWLockExclusive(&mutex->native);
}

void vrn_mutex_unlock(vrn_mutex *mutex)
{
    ReleaseSRWLockExclusive(&mutex->native);
}

struct vrn_condition {
    CONDITION_VARIABLE native;
};

vrn_condition *vrn_condition_create(void)
{
    vrn_condition *condition = vrn_alloc(1, sizeof *condition);
    if (condition) InitializeConditionVariable(&condition->native);
    return condition;
}

void vrn_condition_destroy(vrn_condition **condition)
{
    vrn_free(*condition);
    *condition = NULL;
}

void vrn_condition_wait(vrn_condition *condition, vrn_mutex *mutex)
{
    SleepConditionVariableSRW(&condition->native, &mutex->native, INFINITE, 0);
}

void vrn_condition_broadcast(vrn_condition *condition)
{
    WakeAllConditionVariable(&condition->native);
}

struct vrn_thread {
    HANDLE native;
    void (*function)(void *user);
    void *user;
};

static unsigned __stdcall run_thread(void *pointer)
{
    vrn_thread *thread = pointer;
    thread->function(thread->user);
    return 0;
}

vrn_thread *vrn_thread_start(void (*function)(void *user), void *user)
{
    vrn_thread *thread = vrn_alloc(1, sizeof *thread);
    if (!thread) return NULL;
    thread->function = function;
    thread->user = user;
    thread->native = (HANDLE)_beginthreadex(NULL, 0, run_thread, thread, 0, NULL);
    if (!thread->native) {
        vrn_free(thread);
        thread = NULL;
    }
    return thread;
}

void vrn_thread_join(vrn_thread **thread)
{
    if (!*thread) return;
    WaitForSingleObject((*thread)->native, INFINITE);
    CloseHandle((*thread)->native);
    vrn_free(*thread);
    *thread = NULL;
}

uint32_t vrn_core_count(void)
{
    DWORD_PTR mine, all;
    uint32_t count = 0;
    if (GetProcessAffinityMask(GetCurrentProcess(), &mine, &all)) {
        for (; mine; mine &= mine - 1) count++;
    }
    return count > 0 ? count : 1;
}

static BOOL CALLBACK call_once(INIT_ONCE *once, void *pointer, void **context)
{
    (void)once, (void)context;
    void (**function)(void) = pointer;
    (*function)();
    return TRUE;
}

void vrn_once(void (*function)(void))
{
    static INIT_ONCE once = INIT_ONCE_STATIC_INIT;
    InitOnceExecuteOnce(&once, call_once, &function, NULL);
}

double vrn_time_ms(void)
{
    LARGE_INTEGER frequency, now;
    QueryPerformanceFrequency(&frequency);
    QueryPerformanceCounter(&now);
    return (double)now.QuadPart * 1e3 / (double)frequency.QuadPart;
}

/* NULL where there is no memory or the text is no UTF-8. */
static wchar_t *widen(const char *text)
{
    int length = MultiByteToWideChar(CP_UTF8, MB_ERR_INVALID_CHARS, text, -1, NULL, 0);
    wchar_t *wide = length > 0 ? vrn_alloc((size_t)length, sizeof *wide) : NULL;
    if (wide) MultiByteToWideChar(CP_UTF8, MB_ERR_INVALID_CHARS, text, -1, wide, length);
    return wide;
}

/* The other way; NULL where there is no memory. */
static char *narrow(const wchar_t *wide)
{
    int length = WideCharToMultiByte(CP_UTF8, 0, wide, -1, NULL, 0, NULL, NULL);
    char *text = length > 0 ? vrn_alloc((size_t)length, 1) : NULL;
    if (text) WideCharToMultiByte(CP_UTF8, 0, wide, -1, text, length, NULL, NULL);
    return text;
}

char *vrn_environment(const char *name, bool *lacking)
{
    wchar_t *wide = widen(name);
    const wchar_t *value = wide ? _wgetenv(wide) : NULL;
    char *copy = value ? narrow(value) : NULL;
    if (!wide || (value && !copy)) *lacking = true;
    vrn_free(wide);
    return copy;
}

bool vrn_file_look(const char *path, uint64_t *size, int64_t *changed)
{
    wchar_t *wide = widen(path);
    WIN32_FILE_ATTRIBUTE_DATA info;
    bool there = wide && GetFileAttributesExW(wide, GetFileExInfoStandard, &info) &&
                 !(info.dwFileAttributes & (FILE_ATTRIBUTE_DIRECTORY | FILE_ATTRIBUTE_DEVICE));
    vrn_free(wide);
    if (!there) return false;
    *size = (uint64_t)info.nFileSizeHigh << 32 | info.nFileSizeLow;
    *changed = (int64_t)((uint64_t)info.ftLastWriteTime.dwHighDateTime << 32 |
                         info.ftLastWriteTime.dwLowDateTime);
    return true;
}

static vrn_result fail_name(const char *path, const vrn_log *log)
{
    return vrn_fail(log, VRN_ERROR_FILE, "%s: no memory for this name, or it is not UTF-8", path);
}

/* VRN_ERROR_FILE, with the system's words for an error of its own. */
static vrn_result fail_system(const vrn_log *log, const char *path, const char *what, DWORD code)
{
    wchar_t wide[256];
    char text[sizeof wide / sizeof *wide * 3 + 1] = "unknown error";
    DWORD length = FormatMessageW(FORMAT_MESSAGE_FROM_SYSTEM | FORMAT_MESSAGE_IGNORE_INSERTS, NULL,
                                  code, 0, wide, sizeof wide / sizeof *wide, NULL);
    while (length > 0 && (wide[length - 1] <= L' ' || wide[length - 1] == L'.')) length--;
    int bytes =
        WideCharToMultiByte(CP_UTF8, 0, wide, (int)length, text, (int)sizeof text - 1, NULL, NULL);
    if (bytes > 0) text[bytes] = '\0';
    return vrn_fail(log, VRN_ERROR_FILE, "%s: %s: %s", path, what, text);
}

/* Opens a regular file for reading. Others may go on using it, and give its name to another file.
 * Where it fails there is no handle and no size. */
static vrn_result open_regular(HANDLE *out, uint64_t *size, const char *path, const vrn_log *log)
{
    *out = INVALID_HANDLE_VALUE;
    *size = 0;
    wchar_t *wide = widen(path);
    if (!wide) return fail_name(path, log);
    HANDLE file =
        CreateFileW(wide, GENERIC_READ, FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE,
                    NULL, OPEN_EXISTING, FILE_ATTRIBUTE_NORMAL, NULL);
    DWORD code = GetLastError();
    vrn_free(wide);
    if (file == INVALID_HANDLE_VALUE) return fail_system(log, path, "cannot open", code);

    LARGE_INTEGER length;
    vrn_result result = VRN_OK;
    if (GetFileType(file) != FILE_TYPE_DISK) {
        result = vrn_fail(log, VRN_ERROR_FILE, "%s: not a regular file", path);
    } else if (!GetFileSizeEx(file, &length)) {
        result = fail_system(log, path, "cannot read", GetLastError());
    }
    if (result) {
        CloseHandle(file);
        return result;
    }
    *out = file;
    *size = (uint64_t)length.QuadPart;
    return VRN_OK;
}

vrn_result vrn_map_file(vrn_mapping *mapping, const char *path, const vrn_log *log)
{
    *mapping = (vrn_mapping){0};
    HANDLE file;
    uint64_t size;
    vrn_result result = open_regular(&file, &size, path, log);
    if (result) return result;
    if (size > SIZE_MAX) {
        result = vrn_fail(log, VRN_ERROR_FILE, "%s: too large to map", path);
    } else if (size > 0) {
        HANDLE section = CreateFileMappingW(file, NULL, PAGE_READONLY, 0, 0, NULL);
        void *data = section ? MapViewOfFile(section, FILE_MAP_READ, 0, 0, (size_t)size) : NULL;
        if (!data) result = fail_system(log, path, "cannot map", GetLastError());
        if (section) CloseHandle(section); /* the view keeps it */
        mapping->data = data;
        mapping->size = data ? (size_t)size : 0;
    }
    CloseHandle(file);
    return result;
}

void vrn_unmap_file(vrn_mapping *mapping)
{
    if (mapping->data) UnmapViewOfFile(mapping->data);
    *mapping = (vrn_mapping){0};
}

struct vrn_file_writer {
    FILE *stream;
    char *path;
    wchar_t *target, *temporary;
    int error; /* errno of the first failure */
    bool hurry;
};

static void writer_free(vrn_file_writer *writer)
{
    vrn_free(writer->path);
    vrn_free(writer->target);
    vrn_free(writer->temporary);
    vrn_free(writer);
}

/* A new file beside the target, whose name goes to `writer->temporary`. Returns an errno, or 0. */
static int open_temporary(vrn_file_writer *writer, size_t capacity)
{
    int fd = -1;
    for (unsigned attempt = 0; attempt < 100 && fd < 0; attempt++) {
        swprintf(writer->temporary, capacity, L"%ls.part-%lu-%u", writer->target,
                 (unsigned long)GetCurrentProcessId(), attempt);
        fd = _wopen(writer->temporary, _O_WRONLY | _O_CREAT | _O_EXCL | _O_BINARY | _O_NOINHERIT,
                    _S_IREAD | _S_IWRITE);
        if (fd < 0 && errno != EEXIST) break;
    }
    if (fd < 0) return errno;
    writer->stream = _fdopen(fd, "wb");
    if (writer->stream) return 0;
    int reason = errno;
    _close(fd);
    _wunlink(writer->temporary);
    return reason;
}

vrn_result vrn_file_begin(vrn_file_writer **out, const char *path, const vrn_log *log)
{
    *out = NULL;
    vrn_file_writer *writer = vrn_alloc(1, sizeof *writer);
    if (!writer) return vrn_fail_memory(log);
    writer->path = vrn_strndup(path, strlen(path));
    writer->target = widen(path);
    size_t capacity = writer->target ? wcslen(writer->target) + 48 : 0;
    writer->temporary = vrn_alloc(capacity, sizeof *writer->temporary);
    vrn_result result = VRN_OK;
    if (!writer->path || !writer->target || !writer->temporary) {
        result = fail_name(path, log);
    } else {
        DWORD attributes = GetFileAttributesW(writer->target);
        if (attributes != INVALID_FILE_ATTRIBUTES &&
            (attributes & (FILE_ATTRIBUTE_DIRECTORY | FILE_ATTRIBUTE_DEVICE))) {
            result = vrn_fail(log, VRN_ERROR_FILE, "%s: cannot write: not a regular file", path);
        }
    }
    int error = result ? 0 : open_temporary(writer, capacity);
    if (error) {
        result = vrn_fail(log, VRN_ERROR_FILE, "%s: cannot write: %s", path, strerror(error));
    }
    if (result) {
        writer_free(writer);
    } else {
        *out = writer;
    }
    return result;
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
    if (commit && !writer->hurry && !writer->error && _commit(_fileno(writer->stream)) != 0) {
        writer->error = errno;
    }
    if (fclose(writer->stream) != 0 && !writer->error) writer->error = errno;
    vrn_result result = VRN_OK;
    bool moved = false;
    if (commit && writer->error) {
        result = vrn_fail(log, VRN_ERROR_FILE, "%s: cannot write: %s", writer->path,
                          strerror(writer->error));
    } else if (commit) {
        moved = MoveFileExW(writer->temporary, writer->target, MOVEFILE_REPLACE_EXISTING);
        if (!moved) result = fail_system(log, writer->path, "cannot write", GetLastError());
    }
    if (!moved) _wunlink(writer->temporary);
    writer_free(writer);
    return result;
}

/* Reads `size` bytes, and checks that no more follow. Returns an error of the system, or 0. */
static DWORD read_all(HANDLE file, char *data, size_t size)
{
    const DWORD most = 1u << 30;
    char further;
    DWORD got;
    for (size_t done = 0; done < size; done += got) {
        DWORD wanted = size - done < most ? (DWORD)(size - done) : most;
        if (!ReadFile(file, data + done, wanted, &got, NULL)) return GetLastError();
        if (got == 0) return ERROR_HANDLE_EOF; /* it became shorter */
    }
    if (!ReadFile(file, &further, 1, &got, NULL)) return GetLastError();
    return got == 0 ? 0 : ERROR_FILE_INVALID;
}

vrn_result vrn_file_read(void **data, size_t *size, const char *path, size_t limit,
                         const vrn_log *log)
{
    *data = NULL;
    *size = 0;
    HANDLE file;
    uint64_t length;
    vrn_result result = open_regular(&file, &length, path, log);
    if (result) return result;
    if (length > limit) {
        result = vrn_fail(log, VRN_ERROR_FILE, "%s: larger than %zu bytes", path, limit);
    } else {
        *size = (size_t)length;
        *data = vrn_alloc(*size, 1);
        if (!*data) result = vrn_fail_memory(log);
    }
    DWORD code = result ? 0 : read_all(file, *data, *size);
    if (code) result = fail_system(log, path, "cannot read", code);
    CloseHandle(file);
    if (result) {
        vrn_free(*data);
        *data = NULL;
        *size = 0;
    }
    return result;
}

static bool is_directory(const wchar_t *path)
{
    DWORD attributes = GetFileAttributesW(path);
    return attributes != INVALID_FILE_ATTRIBUTES && (attributes & FILE_ATTRIBUTE_DIRECTORY);
}

/* Who may read a new directory is inherited: below a user's own folders, this user alone. */
vrn_result vrn_make_directories(const char *path, const vrn_log *log)
{
    wchar_t *part = widen(path);
    if (!part) return fail_name(path, log);
    bool there = is_directory(part);
    DWORD code = 0;
    /* Each prefix that ends before a separator, then the whole. Only of the whole it matters
     * whether it is there: "C:" and the names of a server cannot be made. */
    for (wchar_t *end = part; !there; end++) {
        wchar_t here = *end;
        if (here && ((here != L'/' && here != L'\\') || end == part)) continue;
        *end = L'\0';
        bool made = CreateDirectoryW(part, NULL);
        code = made ? 0 : GetLastError();
        if (!here) {
            there = made || is_directory(part);
            break;
        }
        *end = here;
    }
    vrn_free(part);
    if (there) return VRN_OK;
    return fail_system(log, path, "cannot make this directory", code);
}
