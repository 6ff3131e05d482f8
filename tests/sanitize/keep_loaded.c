/* Preloaded under LeakSanitizer: libraries stay loaded to the end of the process.
 *
 * The Vulkan loader unloads drivers and layers, whose static objects (LLVM's, above all) keep
 * memory until the process ends. Once the library is gone nothing points there any more, and what
 * is reported as leaked has no name that it could be suppressed by. */
int dlclose(void *handle);

int dlclose(void *handle)
{
    (void)handle;
    return 0;
}
