#define WIN32_LEAN_AND_MEAN
#define _WIN32_WINNT 0x0601

#include <process.h>
#include <stdlib.h>
#include <windows.h>

#include "cli/system/report.h"
#include "cli/system/thread.h"

struct cli_thread {
    HANDLE native;
    void (*function)(void *user);
    void *user;
};

static unsigned __stdcall run(void *pointer)
{
    cli_thread *thread = pointer;
    thread->function(thread->user);
    return 0;
}

cli_thread *cli_thread_start(void (*function)(void *user), void *user)
{
    cli_thread *thread = cli_alloc(1, sizeof *thread);
    if (!thread) return NULL;
    thread->function = function;
    thread->user = user;
    thread->native = (HANDLE)_beginthreadex(NULL, 0, run, thread, 0, NULL);
    if (thread->native) return thread;
    cli_error("cannot start a thread");
    free(thread);
    return NULL;
}

void cli_thread_join(cli_thread **thread)
{
    if (!*thread) return;
    WaitForSingleObject((*thread)->native, INFINITE);
    CloseHandle((*thread)->native);
    free(*thread);
    *thread = NULL;
}

struct cli_monitor {
    SRWLOCK lock;
    CONDITION_VARIABLE changed;
};

cli_monitor *cli_monitor_create(void)
{
    cli_monitor *monitor = cli_alloc(1, sizeof *monitor);
    if (!monitor) return NULL;
    InitializeSRWLock(&monitor->lock);
    InitializeConditionVariable(&monitor->changed);
    return monitor;
}

void cli_monitor_destroy(cli_monitor **monitor)
{
    free(*monitor);
    *monitor = NULL;
}

void cli_monitor_enter(cli_monitor *monitor)
{
    AcquireSRWLockExclusive(&monitor->lock);
}

void cli_monitor_leave(cli_monitor *monitor)
{
    ReleaseSRWLockExclusive(&monitor->lock);
}

void cli_monitor_wait(cli_monitor *monitor)
{
    SleepConditionVariableSRW(&monitor->changed, &monitor->lock, INFINITE, 0);
}

void cli_monitor_wake(cli_monitor *monitor)
{
    WakeAllConditionVariable(&monitor->changed);
}

static SRWLOCK output = SRWLOCK_INIT;

void cli_output_enter(void)
{
    AcquireSRWLockExclusive(&output);
}

void cli_output_leave(void)
{
    ReleaseSRWLockExclusive(&output);
}
