/* Opens the library by hand: twice in turn, and two copies of it at the same time.
 * opened MODEL LIBRARY COPY */
#include <dlfcn.h>
#include <string.h>

#include "../classify.h"

static void *open_library(library *vrn, const char *path)
{
    void *handle = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    if (!handle) {
        fprintf(stderr, "%s\n", dlerror());
        return NULL;
    }
    void *symbol;
#define LOOK_UP(name)                                                                              \
    symbol = dlsym(handle, "vrn_" #name);                                                          \
    memcpy(&vrn->name, &symbol, sizeof symbol);
    FUNCTIONS(LOOK_UP)
    return handle;
}

int main(int argc, char **argv)
{
    if (argc != 4) return 2;
    for (int i = 0; i < 2; i++) {
        library vrn;
        void *handle = open_library(&vrn, argv[2]);
        if (!handle) return 1;
        int status = classify(&vrn, argv[1]);
        if (dlclose(handle) != 0) return 1;
        if (status) return status;
    }
    library one, other;
    void *handle = open_library(&one, argv[2]), *copy = open_library(&other, argv[3]);
    if (!handle || !copy || one.session_run == other.session_run) return 1;
    int status = classify(&one, argv[1]);
    if (!status) status = classify(&other, argv[1]);
    if (dlclose(copy) != 0 || dlclose(handle) != 0) return 1;
    return status;
}
