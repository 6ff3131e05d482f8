/* Lives of the library's objects, for tests that make something fail in the middle: each makes,
 * uses and destroys something, checks what every call promises whether or not it succeeds, and
 * returns the result of the first failed call. */
#ifndef VRN_TESTS_LIFE_H
#define VRN_TESTS_LIFE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <vkresnet/vkresnet.h>

enum { LIFE_NUMBERS = 512 };

/* What came out of a life that went well. */
typedef struct life_outcome {
    float numbers[LIFE_NUMBERS];
    uint32_t count;
} life_outcome;

/* What lives are led in. */
typedef struct life_world {
    char directory[128]; /* temporary */
    char zip[160], legacy[160], safetensors[160], saved[160], cache[160];
    char registry[160], hub[160], torch[160]; /* of weights by name */
    bool validation;
    vrn_device *device; /* for the lives that do not make their own */
    vrn_model *model, *calibrated;
    int errors, complaints; /* lines: why a call failed, and of the validation layer */
    char last[512];         /* the last of them */
} life_world;

typedef struct life {
    const char *name;
    vrn_result (*lead)(life_world *world, life_outcome *outcome);
    bool needs_device; /* world->device: pipelines are made once, and stay */
    bool no_device;    /* knows nothing of Vulkan */
    /* Takes long, or not any device will do: led where somebody asks for it by name. */
    bool asked;
    /* Needs a driver that tells about kernels, be it one that runs nothing (RADV without a GPU). */
    bool compiles;
} life;

/* The life of this name; NULL: there is none. */
const life *life_find(const char *name);

enum { LIFE_TESTS = 16 };

/* A test for each life, which is its initial state: for `only`, or where that is NULL for all but
 * those that somebody has to ask for. `vulkan`: for those with a device. Returns their number. */
uint32_t life_tests(struct CMUnitTest tests[LIFE_TESTS], CMUnitTestFunction function,
                    const life *only, bool vulkan);

/* VRN_FAULT_STRIDE: of the n-th things, one in so many fails; 1 where nothing is said. With
 * VRN_TEST_QUICK=1 half of them do. */
uint64_t life_stride(void);

/* Makes the files and models; where only a life that `compiles` is led, without the calibrated one.
 * Ends the process with 77, or 1, where there is no device. */
void life_world_create(life_world *world, const life *only);
void life_world_destroy(life_world *world);

/* A device with the world's log. */
vrn_result life_device(life_world *world, vrn_device **device);

/* Leads a life and checks what it leaves. `what` names it in messages. */
vrn_result life_lead(const life *one, life_world *world, life_outcome *outcome, const char *what);

/* True if two outcomes are the same, bit for bit. */
bool life_same(const life_outcome *a, const life_outcome *b);

/* Every call on a lost device says so, without asking the driver. A session of it, or NULL. */
void life_check_lost(life_world *world, vrn_device *device, vrn_session *session);

/* Called with what is alive when a call has failed, before it is destroyed; NULL: nobody looks. */
extern void (*life_on_failure)(life_world *world, vrn_result result, vrn_device *device,
                               vrn_session *session);

#endif
