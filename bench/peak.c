/* What this processor can do at best: multiply-adds in registers and copies in memory, on all
 * cores.
 *
 *     vkresnet_peak [--json] [--seconds S]
 *
 * Speeds of networks are compared with these figures, measured within the same minutes. On a
 * machine that others use too, only moments are undisturbed: everything is done in slices of a few
 * milliseconds, which all threads begin together, and the fastest counts. */
#define _GNU_SOURCE /* sched_getaffinity */
#include <pthread.h>
#include <sched.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#if defined(__x86_64__) && defined(__GNUC__)
#define HAS_X86 1
#else
#define HAS_X86 0
#endif

enum {
    CHAINS = 12,     /* more than latency times units of any processor, fewer than 16 registers */
    STEPS = 1 << 14, /* between two looks at the clock */
    MAX_THREADS = 1024,
    MAX_SLICES = 1 << 14,
};

static const size_t copy_bytes = (size_t)64 << 20; /* for each thread: beyond the caches */

/* STEPS multiply-adds in each of CHAINS chains of vectors; the compiler contracts a * b + c where
 * the target has such an instruction. The values converge, so that no denormals slow it down. */
#define DEFINE_FMA(name, width, attributes)                                                        \
    attributes static float name(float factor, float term)                                         \
    {                                                                                              \
        typedef float vector __attribute__((vector_size(4 * width)));                              \
        vector b = (vector){0} + factor, c = (vector){0} + term;                                   \
        vector a0 = c, a1 = c + b, a2 = a1 + b, a3 = a2 + b, a4 = a3 + b, a5 = a4 + b;             \
        vector a6 = a5 + b, a7 = a6 + b, a8 = a7 + b, a9 = a8 + b, a10 = a9 + b, a11 = a10 + b;    \
        for (int i = 0; i < STEPS; i++) {                                                          \
            a0 = a0 * b + c, a1 = a1 * b + c, a2 = a2 * b + c, a3 = a3 * b + c;                    \
            a4 = a4 * b + c, a5 = a5 * b + c, a6 = a6 * b + c, a7 = a7 * b + c;                    \
            a8 = a8 * b + c, a9 = a9 * b + c, a10 = a10 * b + c, a11 = a11 * b + c;                \
        }                                                                                          \
        vector sum = a0 + a1 + a2 + a3 + a4 + a5 + a6 + a7 + a8 + a9 + a10 + a11;                  \
        float result = 0;                                                                          \
        for (int i = 0; i < width; i++) result += sum[i];                                          \
        return result;                                                                             \
    }

DEFINE_FMA(fma_plain, 4, )
#if HAS_X86
DEFINE_FMA(fma_avx2, 8, __attribute__((target("avx2,fma"))))
DEFINE_FMA(fma_avx512, 16, __attribute__((target("avx512f"))))
#endif

static bool has_plain(void)
{
    return true;
}

#if HAS_X86
static bool has_avx2(void)
{
    return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
}

static bool has_avx512(void)
{
    return __builtin_cpu_supports("avx512f");
}
#endif

/* The widest vectors are not always the fastest: all are tried. */
static const struct instruction_set {
    const char *name;
    bool (*supported)(void);
    float (*run)(float factor, float term);
    int width;
} sets[] = {
    {"128 bits", has_plain, fma_plain, 4},
#if HAS_X86
    {"AVX2", has_avx2, fma_avx2, 8},
    {"AVX-512", has_avx512, fma_avx512, 16},
#endif
};

enum { SET_COUNT = sizeof sets / sizeof *sets };

/* What all threads do in the present slice. */
typedef struct slice_job {
    const struct instruction_set *set; /* NULL: copy */
    int repeats;
    bool quit;
} slice_job;

typedef struct peak_team {
    pthread_barrier_t begin, end;
    slice_job job;
    int threads;
} peak_team;

typedef struct team_member {
    peak_team *team;
    pthread_t thread;
    char *from, *to;
    double cpu_seconds;  /* the processor time of its part of the slice */
    volatile float sink; /* keeps the compiler from leaving the work out */
} team_member;

static double seconds(clockid_t clock)
{
    struct timespec now;
    clock_gettime(clock, &now);
    return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

static int count_cores(void)
{
#if defined(__linux__)
    cpu_set_t allowed;
    if (sched_getaffinity(0, sizeof allowed, &allowed) == 0) return CPU_COUNT(&allowed);
#endif
    long online = sysconf(_SC_NPROCESSORS_ONLN);
    return online > 0 ? (int)online : 1;
}

static void *work(void *argument)
{
    team_member *self = argument;
    peak_team *team = self->team;
    volatile float factor = 0.5f, term = 0.25f;
    for (;;) {
        pthread_barrier_wait(&team->begin);
        if (team->job.quit) return NULL;
        double cpu_begin = seconds(CLOCK_THREAD_CPUTIME_ID);
        for (int i = 0; i < team->job.repeats; i++) {
            if (team->job.set) {
                self->sink = team->job.set->run(factor, term);
            } else {
                memcpy(self->to, self->from, copy_bytes / 2);
                self->sink = self->to[i];
            }
        }
        self->cpu_seconds = seconds(CLOCK_THREAD_CPUTIME_ID) - cpu_begin;
        pthread_barrier_wait(&team->end);
    }
}

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return x < y ? -1 : x > y;
}

static double slice(peak_team *team, const struct instruction_set *set, int repeats)
{
    team->job = (slice_job){.set = set, .repeats = repeats};
    double begin = seconds(CLOCK_MONOTONIC);
    pthread_barrier_wait(&team->begin);
    pthread_barrier_wait(&team->end);
    return seconds(CLOCK_MONOTONIC) - begin;
}

/* How many times a second the team does the work of one repeat: in its best slice, by the clock on
 * the wall, with slices of about 4 ms or of one repeat, whichever is longer. Where so much else
 * runs that the threads are never all on a core at once, no slice is undisturbed. Arithmetic in
 * registers does not mind: there, the threads' rates by their own processor time, medians, added
 * up, count where they are more. */
static double best_rate(peak_team *team, const team_member *members,
                        const struct instruction_set *set, double budget)
{
    double until = seconds(CLOCK_MONOTONIC) + budget, once = slice(team, set, 1);
    once = slice(team, set, 1); /* the first brought the cores and the pages to life */
    int repeats = once < 4e-3 ? (int)(4e-3 / once) + 1 : 1, slices = 0;
    double best = 1 / once;
    static double own[MAX_SLICES];
    do {
        double rate = repeats / slice(team, set, repeats), sum = 0;
        if (rate > best) best = rate;
        for (int i = 0; i < team->threads; i++) sum += repeats / members[i].cpu_seconds;
        own[slices++] = sum / team->threads;
    } while (seconds(CLOCK_MONOTONIC) < until && slices < MAX_SLICES);
    qsort(own, (size_t)slices, sizeof *own, compare);
    return set && own[slices / 2] > best ? own[slices / 2] : best;
}

static bool start(peak_team *team, team_member *members)
{
    unsigned parties = (unsigned)team->threads + 1;
    if (pthread_barrier_init(&team->begin, NULL, parties) != 0 ||
        pthread_barrier_init(&team->end, NULL, parties) != 0) {
        return false;
    }
    for (int i = 0; i < team->threads; i++) {
        team_member *m = &members[i];
        m->team = team;
        m->from = malloc(copy_bytes);
        if (!m->from) return false;
        m->to = m->from + copy_bytes / 2;
        memset(m->from, 1, copy_bytes);
        if (pthread_create(&m->thread, NULL, work, m) != 0) return false;
    }
    return true;
}

static void stop(peak_team *team, team_member *members)
{
    team->job = (slice_job){.quit = true};
    pthread_barrier_wait(&team->begin);
    for (int i = 0; i < team->threads; i++) {
        pthread_join(members[i].thread, NULL);
        free(members[i].from);
    }
    pthread_barrier_destroy(&team->begin);
    pthread_barrier_destroy(&team->end);
}

static void measure(peak_team *team, const team_member *members, double budget, bool json)
{
    const char *best_name = "";
    double gflops = 0, each = budget / (SET_COUNT + 1);
    for (int i = 0; i < SET_COUNT; i++) {
        if (!sets[i].supported()) continue;
        double rate = best_rate(team, members, &sets[i], each);
        double reached = 2.0 * CHAINS * STEPS * sets[i].width * team->threads * rate * 1e-9;
        /* Where a processor does as much with narrower vectors, the widest names it all the
         * same. */
        if (reached > 0.98 * gflops) best_name = sets[i].name;
        if (reached > gflops) gflops = reached;
    }
    double gb_s = (double)copy_bytes * team->threads * best_rate(team, members, NULL, each) * 1e-9;
    if (json) {
        printf("{\"threads\": %d, \"vectors\": \"%s\", \"gflops\": %.1f, \"copy_gb_s\": %.2f}\n",
               team->threads, best_name, gflops, gb_s);
    } else {
        printf(
            "%d threads, %s: %.1f GFLOP/s of multiply-adds; copies: %.2f GB/s, read plus written\n",
            team->threads, best_name, gflops, gb_s);
    }
}

int main(int count, char **arguments)
{
    bool json = false, good = true;
    double budget = 1.5;
    for (int i = 1; i < count && good; i++) {
        char *end = NULL;
        if (strcmp(arguments[i], "--json") == 0) {
            json = true;
        } else if (strcmp(arguments[i], "--seconds") == 0 && i + 1 < count) {
            budget = strtod(arguments[++i], &end);
            good = *end == 0 && budget > 0 && budget < 1000;
        } else {
            good = false;
        }
    }
    if (!good) {
        fprintf(stderr, "usage: vkresnet_peak [--json] [--seconds S]\n");
        return 2;
    }
    static team_member members[MAX_THREADS];
    peak_team team = {.threads = count_cores()};
    if (team.threads > MAX_THREADS) team.threads = MAX_THREADS;
    if (!start(&team, members)) {
        fprintf(stderr, "vkresnet_peak: no memory or no threads\n");
        return 1;
    }
    measure(&team, members, budget, json);
    stop(&team, members);
    return 0;
}
