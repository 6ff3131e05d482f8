/* Runs a target once on each file that is named, or lies in a folder that is named. */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static unsigned replayed;

static _Noreturn void fail(const char *path, const char *what)
{
    fprintf(stderr, "%s: %s\n", path, what);
    exit(1);
}

static void replay(const char *path, size_t size)
{
    FILE *file = fopen(path, "rb");
    uint8_t *data =
        malloc(size ? size : 1); /* just so large: the sanitizer sees what lies beyond */
    if (!file || !data || fread(data, 1, size, file) != size) fail(path, "cannot read");
    fclose(file);
    fprintf(stderr, "%s\n", path); /* whoever looks for the one that fails finds it last */
    LLVMFuzzerTestOneInput(data, size);
    free(data);
    replayed++;
}

static void visit(const char *path)
{
    struct stat info;
    if (stat(path, &info) != 0) fail(path, "cannot open");
    if (!S_ISDIR(info.st_mode)) {
        replay(path, (size_t)info.st_size);
        return;
    }
    DIR *folder = opendir(path);
    if (!folder) fail(path, "cannot open");
    for (struct dirent *entry; (entry = readdir(folder)) != NULL;) {
        char name[4096];
        if (entry->d_name[0] == '.') continue;
        if (snprintf(name, sizeof name, "%s/%s", path, entry->d_name) >= (int)sizeof name) {
            fail(path, "too long");
        }
        visit(name);
    }
    closedir(folder);
}

int main(int argc, char **argv)
{
    for (int i = 1; i < argc; i++) visit(argv[i]);
    printf("%u files\n", replayed);
    return replayed ? 0 : 1;
}
