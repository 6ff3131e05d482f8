#include "window.h"

#include <stdio.h>

bool window_start(const char *const **extensions, uint32_t *count)
{
    *extensions = NULL;
    *count = 0;
    fprintf(stderr, "no window: this program was built without GLFW\n");
    return false;
}

/* None of these does anything: nothing was started. */
bool window_open(window *w, renderer *r)
{
    (void)w, (void)r;
    return false;
}

void window_create(window *w)
{
    (void)w;
}

void window_destroy(window *w)
{
    (void)w;
}

bool window_acquire(window *w, uint32_t slot)
{
    (void)w, (void)slot;
    return false;
}

void window_draw(window *w, frame *f, uint32_t slot, const char *text, const uint8_t colour[3])
{
    (void)w, (void)f, (void)slot, (void)text, (void)colour;
}

void window_submit(window *w, frame *f, uint32_t slot)
{
    (void)w, (void)f, (void)slot;
}
