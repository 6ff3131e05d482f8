/* Threads, and how they wait for each other; os_thread_posix.c and os_thread_windows.c have
 * them. */
#ifndef VRN_CLI_THREAD_H
#define VRN_CLI_THREAD_H

/* A thread that runs `function`. NULL: there is none to be had, which is reported. */
typedef struct cli_thread cli_thread;
cli_thread *cli_thread_start(void (*function)(void *user), void *user);
void cli_thread_join(cli_thread **thread); /* accepts NULL, and writes NULL */

/* A lock, and what changes of what it guards are waited for with. */
typedef struct cli_monitor cli_monitor;
cli_monitor *cli_monitor_create(void); /* NULL: out of memory, which is reported */
void cli_monitor_destroy(cli_monitor **monitor);
void cli_monitor_enter(cli_monitor *monitor);
void cli_monitor_leave(cli_monitor *monitor);
/* Inside: leaves, waits until somebody wakes, and enters again; perhaps without a reason. */
void cli_monitor_wait(cli_monitor *monitor);
void cli_monitor_wake(cli_monitor *monitor); /* inside; all who wait */

/* The lock of standard error and of what is known of it. */
void cli_output_enter(void);
void cli_output_leave(void);

#endif
