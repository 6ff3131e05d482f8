#define _POSIX_C_SOURCE 200809L

#include <pthread.h>
#include <stdlib.h>

#include "cli/system/report.h"
#include "cli/system/thread.h"

struct cli_thread {
    pthread_t native;
    void (*function)(void *user);
    void *user;
};

static void *run(void *pointer)
{
    cli_thread *thread = pointer;
    thread->function(thread->user);
    return NULL;
}

cli_thread *cli_thread_start(void (*function)(void *user), void *user)
{
    cli_thread *thread = cli_alloc(1, sizeof *thread);
    if (!thread) return NULL;
    thread->function = function;
    thread->user = user;
    if (pthread_create(&thread->native, NULL, run, thread) == 0) return thread;
    cli_error("cannot start a thread");
    free(thread);
    return NULL;
}

void cli_thread_join(cli_thread **thread)
{
    if (!*thread) return;
    pthread_join((*thread)->native, NULL);
    free(*thread);
    *thread = NULL;
}

struct cli_monitor {
    pthread_mutex_t lock;
    pthread_cond_t changed;
};

cli_monitor *cli_monitor_create(void)
{
    cli_monitor *monitor = cli_alloc(1, sizeof *monitor);
    if (!monitor) return NULL;
    pthread_mutex_init(&monitor->lock, NULL); /* neither fails on a system of today */
    pthread_cond_init(&monitor->changed, NULL);
    return monitor;
}

void cli_monitor_destroy(cli_monitor **monitor)
{
    if (!*monitor) return;
    pthread_cond_destroy(&(*monitor)->changed);
    pthread_mutex_destroy(&(*monitor)->lock);
    free(*monitor);
    *monitor = NULL;
}

void cli_monitor_enter(cli_monitor *monitor)
{
    pthread_mutex_lock(&monitor->lock);
}

void cli_monitor_leave(cli_monitor *monitor)
{
    pthread_mutex_unlock(&monitor->lock);
}

void cli_monitor_wait(cli_monitor *monitor)
{
    pthread_cond_wait(&monitor->changed, &monitor->lock);
}

void cli_monitor_wake(cli_monitor *monitor)
{
    pthread_cond_broadcast(&monitor->changed);
}

static pthread_mutex_t output = PTHREAD_MUTEX_INITIALIZER;

void cli_output_enter(void)
{
    pthread_mutex_lock(&output);
}

void cli_output_leave(void)
{
    pthread_mutex_unlock(&output);
}
