/* What every consumer does: runs the small model on one picture and prints the probabilities. C and
 * C++. */
#ifndef CLASSIFY_H
#define CLASSIFY_H

#include <stdio.h>
#include <stdlib.h>

#include <vkresnet/vkresnet.h>

enum { SKIPPED = 77, SIZE = 32, CLASSES = 10 };

#define FUNCTIONS(X)                                                                               \
    X(device_create)                                                                               \
    X(device_destroy)                                                                              \
    X(model_load)                                                                                  \
    X(model_destroy)                                                                               \
    X(session_create)                                                                              \
    X(session_destroy)                                                                             \
    X(session_run)

/* The library's functions, linked or looked up. */
typedef struct library {
#define DECLARE(name) __typeof__(vrn_##name) *name;
    FUNCTIONS(DECLARE)
#undef DECLARE
} library;

static inline void print_message(void *user, vrn_log_level level, const char *text)
{
    (void)user, (void)level;
    fprintf(stderr, "vkresnet says: %s\n", text);
}

/* Returns an exit status. Without a device it is SKIPPED, unless the tests ask for one. */
static inline int classify(const library *vrn, const char *path)
{
    static unsigned char pixels[SIZE * SIZE * 4];
    for (int i = 0; i < SIZE * SIZE * 4; i++) pixels[i] = (unsigned char)(i * i / 61);

    vrn_device *device = NULL;
    vrn_model *model = NULL;
    vrn_session *session = NULL;
    vrn_device_params device_params = {};
    device_params.log.message = print_message;
    int status = vrn->device_create(&device, &device_params);
    if (status == VRN_ERROR_NO_DEVICE && !getenv("VRN_TEST_REQUIRE_DEVICE")) return SKIPPED;
    if (status == VRN_OK) status = vrn->model_load(&model, path, NULL);
    if (status == VRN_OK) status = vrn->session_create(&session, device, model, NULL);

    float probabilities[CLASSES], sum = 0;
    vrn_image image = {};
    image.pixels = pixels;
    image.width = image.height = SIZE;
    vrn_inputs inputs = {};
    inputs.count = 1;
    inputs.images = &image;
    vrn_outputs outputs = {};
    outputs.probabilities = probabilities;
    if (status == VRN_OK) status = vrn->session_run(session, &inputs, &outputs);

    for (int i = 0; i < CLASSES && status == VRN_OK; i++) {
        sum += probabilities[i];
        printf("%.4f%c", (double)probabilities[i], i + 1 < CLASSES ? ' ' : '\n');
    }
    vrn->session_destroy(&session);
    vrn->model_destroy(&model);
    vrn->device_destroy(&device);
    return status == VRN_OK && sum > 0.999f && sum < 1.001f ? 0 : 1;
}

#endif
