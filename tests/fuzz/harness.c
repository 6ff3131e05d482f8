#define _GNU_SOURCE /* memfd_create */

#include "fuzz.h"

#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#if defined(__has_feature)
#define HAS_FEATURE(feature) __has_feature(feature)
#else
#define HAS_FEATURE(feature) 0
#endif
#if defined(__SANITIZE_ADDRESS__) || HAS_FEATURE(address_sanitizer)
#define MEASURES_MEMORY 1
#else
#define MEASURES_MEMORY 0
#endif

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

_Noreturn void fuzz_fail(const char *file, int line, const char *what)
{
    fprintf(stderr, "%s:%d: not so: %s\n", file, line, what);
    abort();
}

/* ---- Memory ---------------------------------------------------------------------------------- */

/* Of all threads: libheif's decoder starts some. libFuzzer must start none (-rss_limit_mb=0). */
static struct {
    atomic_bool on;
    atomic_size_t now;
    size_t limit;
} memory;

#if MEASURES_MEMORY
/* Of the sanitizers' run-time library (sanitizer/allocator_interface.h). */
int __sanitizer_install_malloc_and_free_hooks(void (*allocated)(const volatile void *, size_t),
                                              void (*released)(const volatile void *));
size_t __sanitizer_get_allocated_size(const volatile void *memory);

static void count_allocated(const volatile void *pointer, size_t size)
{
    (void)size; /* may be 0, where a byte is taken */
    if (!memory.on) return;
    const size_t bytes = __sanitizer_get_allocated_size(pointer);
    const size_t now = atomic_fetch_add(&memory.now, bytes) + bytes;
    if (now <= memory.limit) return;
    memory.on = false;
    fprintf(stderr, "%zu bytes of memory at once: expected at most %zu for this input\n", now,
            memory.limit);
    abort(); /* here, so that the stack shows who asked */
}

static void count_released(const volatile void *pointer)
{
    if (memory.on && pointer) memory.now -= __sanitizer_get_allocated_size(pointer);
}
#endif

static void memory_begin(size_t size)
{
#if MEASURES_MEMORY
    static bool installed;
    if (!installed) {
        installed = true;
        fuzz_require(__sanitizer_install_malloc_and_free_hooks(count_allocated, count_released));
    }
#endif
    memory.now = 0;
    memory.limit = fuzz_target_bounds.constant + fuzz_target_bounds.multiple * size;
    memory.on = true;
}

/* How many bytes were not released. */
static size_t memory_end(void)
{
    memory.on = false;
    return memory.now;
}

/* ---- Messages -------------------------------------------------------------------------------- */

static unsigned errors;

static void count_error(void *user, vrn_log_level level, const char *text)
{
    (void)user;
    for (const char *c = text; *c; c++) fuzz_require((unsigned char)*c >= ' ' && *c != 0x7f);
    errors += level == VRN_LOG_ERROR && *text;
}

const vrn_log *fuzz_log(void)
{
    static const vrn_log log = {.message = count_error, .level = VRN_LOG_DEBUG};
    return &log;
}

/* The linker puts it in place of the program's cli_error (--wrap). */
bool __wrap_cli_error(const char *format, ...) __attribute__((format(printf, 1, 2)));
bool __wrap_cli_error(const char *format, ...)
{
    static char text[4096];
    va_list arguments;
    va_start(arguments, format);
    fuzz_require(vsnprintf(text, sizeof text, format, arguments) > 0);
    va_end(arguments);
    errors++;
    return false;
}

void fuzz_expect(bool succeeded)
{
    if (errors != (succeeded ? 0u : 1u)) {
        fprintf(stderr, "%u errors were said by a call that %s\n", errors,
                succeeded ? "succeeded" : "failed");
        abort();
    }
    errors = 0;
}

/* ---- Files ----------------------------------------------------------------------------------- */

const char *fuzz_file_name(const void *data, size_t size)
{
    static int file = -1;
    static char name[16];
    if (file < 0) {
        file = memfd_create("fuzz", 0);
        fuzz_require(file >= 0);
        snprintf(name, sizeof name, "%d", file);
    }
    fuzz_require(ftruncate(file, 0) == 0);
    for (size_t done = 0; done < size;) {
        const ssize_t part = pwrite(file, (const char *)data + done, size - done, (off_t)done);
        fuzz_require(part > 0);
        done += (size_t)part;
    }
    return name;
}

const char *fuzz_file(const void *data, size_t size)
{
    static char path[40];
    snprintf(path, sizeof path, FUZZ_FILE_FOLDER "/%s", fuzz_file_name(data, size));
    return path;
}

/* ---- Input ----------------------------------------------------------------------------------- */

void fuzz_touch(const void *data, size_t size)
{
    const volatile unsigned char *bytes = data;
    for (size_t i = 0; i < size; i++) (void)bytes[i];
}

uint64_t fuzz_take(fuzz_input *input, size_t bytes)
{
    uint64_t number = 0;
    for (size_t i = 0; i < bytes && input->left > 0; i++, input->left--) {
        number |= (uint64_t)*input->at++ << (8 * i);
    }
    return number;
}

char *fuzz_take_text(fuzz_input *input)
{
    const uint8_t *end = input->left ? memchr(input->at, 0, input->left) : NULL;
    const size_t length = end ? (size_t)(end - input->at) : input->left;
    char *text = malloc(length + 1);
    fuzz_require(text);
    if (length) memcpy(text, input->at, length);
    text[length] = 0;
    const size_t taken = end ? length + 1 : length;
    input->at += taken;
    input->left -= taken;
    return text;
}

/* ---- One input ------------------------------------------------------------------------------- */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    /* What a library keeps from its first use is no leak: a leak comes each time. */
    size_t kept = 1;
    for (int i = 0; i < 2 && kept > 0; i++) {
        errors = 0;
        memory_begin(size);
        fuzz_target(data, size);
        kept = memory_end();
    }
    if (kept == 0) return 0;
    fprintf(stderr, "%zu bytes of memory were not released\n", kept);
    abort();
}
