/* Threads and the clock by POSIX, which mingw-w64 provides on Windows. */
#define _POSIX_C_SOURCE 200809L

#include "base/os.h"

#include <pthread.h>
#include <time.h>

#include "base/alloc.h"

struct vrn_mutex {
    pthread_mutex_t lock;
    pthread_cond_t changed;
};

vrn_mutex *vrn_mutex_create(void)
{
    vrn_mutex *mutex = vrn_alloc(1, sizeof *mutex);
    if (!mutex) return NULL;
    if (pthread_mutex_init(&mutex->lock, NULL) == 0) {
        if (pthread_cond_init(&mutex->changed, NULL) == 0) return mutex;
        pthread_mutex_destroy(&mutex->lock);
    }
    vrn_free(mutex);
    return NULL;
}

void vrn_mutex_destroy(vrn_mutex **mutex)
{
    if (!*mutex) return;
    pthread_cond_destroy(&(*mutex)->changed);
    pthread_mutex_destroy(&(*mutex)->lock);
    vrn_free(*mutex);
    *mutex = NULL;
}

void vrn_mutex_lock(vrn_mutex *mutex)
{
    pthread_mutex_lock(&mutex->lock);
}

void vrn_mutex_unlock(vrn_mutex *mutex)
{
    pthread_mutex_unlock(&mutex->lock);
}

void vrn_mutex_wait(vrn_mutex *mutex)
{
    pthread_cond_wait(&mutex->changed, &mutex->lock);
}

void vrn_mutex_wake_all(vrn_mutex *mutex)
{
    pthread_cond_broadcast(&mutex->changed);
}

static pthread_mutex_t output = PTHREAD_MUTEX_INITIALIZER;

void vrn_output_lock(void)
{
    pthread_mutex_lock(&output);
}

void vrn_output_unlock(void)
{
    pthread_mutex_unlock(&output);
}

static pthread_mutex_t loader = PTHREAD_MUTEX_INITIALIZER;

void vrn_loader_lock(void)
{
    pthread_mutex_lock(&loader);
}

void vrn_loader_unlock(void)
{
    pthread_mutex_unlock(&loader);
}

struct vrn_thread {
    pthread_t native;
    void (*function)(void *user);
    void *user;
};

static void *run_thread(void *pointer)
{
    vrn_thread *thread = pointer;
    thread->function(thread->user);
    return NULL;
}

vrn_thread *vrn_thread_start(void (*function)(void *user), void *user)
{
    vrn_thread *thread = vrn_alloc(1, sizeof *thread);
    if (!thread) return NULL;
    thread->function = function;
    thread->user = user;
    if (pthread_create(&thread->native, NULL, run_thread, thread) != 0) {
        vrn_free(thread);
        thread = NULL;
    }
    return thread;
}

void vrn_thread_join(vrn_thread **thread)
{
    if (!*thread) return;
    pthread_join((*thread)->native, NULL);
    vrn_free(*thread);
    *thread = NULL;
}

void vrn_once(void (*function)(void))
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, function);
}

double vrn_time_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec * 1e3 + (double)now.tv_nsec * 1e-6;
}

double vrn_processor_time_ms(void)
{
#if defined(CLOCK_PROCESS_CPUTIME_ID) && !defined(_WIN32)
    struct timespec used;
    if (clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used)) return -1;
    return (double)used.tv_sec * 1e3 + (double)used.tv_nsec * 1e-6;
#else
    return -1;
#endif
}
