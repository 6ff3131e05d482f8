/* Sessions as an application uses them, through the public header alone: results do not depend on
 * fusion, slices, other work in flight, the number of runs or what the device is made to do
 * without. */
#include "fixture.h"

#include <math.h>
#include <pthread.h>
#include <stdatomic.h>

static vrn_device *device;
static fixture_log messages;

enum { SIDE = 32, PIXELS = SIDE * SIDE };

static vrn_model *make_model(const char *text)
{
    vrn_arch arch;
    vrn_model *model = NULL;
    assert_int_equal(vrn_arch_parse(&arch, text, NULL), VRN_OK);
    assert_int_equal(vrn_model_create_random(&model, &arch, 7, NULL), VRN_OK);
    return model;
}

static vrn_session *make_session(vrn_device *on, const vrn_model *model,
                                 const vrn_session_params *params)
{
    vrn_session *session = NULL;
    assert_int_equal(vrn_session_create(&session, on, model, params), VRN_OK);
    return session;
}

static float *make_input(uint32_t count, uint64_t seed)
{
    float *input = malloc((size_t)count * 3 * PIXELS * sizeof *input);
    assert_non_null(input);
    for (size_t i = 0; i < (size_t)count * 3 * PIXELS; i++) input[i] = fixture_random(&seed);
    return input;
}

static void run(vrn_session *session, const float *input, uint32_t count, float *logits)
{
    const vrn_inputs inputs = {.count = count, .nchw = input};
    const vrn_outputs outputs = {.logits = logits};
    assert_int_equal(vrn_session_run(session, &inputs, &outputs), VRN_OK);
}

static double relative_error(const float *found, const float *expected, size_t count)
{
    double difference = 0, norm = 0;
    for (size_t i = 0; i < count; i++) {
        difference += pow((double)found[i] - expected[i], 2);
        norm += pow(expected[i], 2);
    }
    return sqrt(difference / norm);
}

/* Networks with every kind of block, norm and shortcut; small, as SwiftShader runs them too. */
static const char *const networks[] = {
    "resnet20",
    "resnet8,shortcut=projection",
    "resnet,block=bottleneck,layers=1:2,planes=8:16,stem=cifar,num_classes=7",
    "resnet,block=bottleneck,layers=1:1:1,planes=16:16:32,groups=4,width_per_group=8,v1=1",
    "resnet,block=basic,layers=1:1,planes=32:64,norm=group",
    "resnet,block=bottleneck,layers=2:2:1,planes=16:16:16,dilate=0:1,norm=frozen",
    "resnet,block=basic,layers=2:1,planes=5:11,stem=cifar,shortcut=pad,num_classes=3",
};

static void fusion_changes_nothing(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof networks / sizeof networks[0]; i++) {
        vrn_model *model = make_model(networks[i]);
        static const char *const taps[] = {"conv1", "layer1", "layer2", "avgpool"};
        vrn_session_params params = {
            .batch = 2, .height = SIDE, .width = SIDE, .taps = taps, .tap_count = 4};
        float *outputs[2][5] = {{0}};
        size_t sizes[5] = {0};
        uint32_t operations[2];
        float *input = make_input(2, 3);
        for (int plain = 0; plain < 2; plain++) {
            params.no_fusion = plain;
            vrn_session *session = make_session(device, model, &params);
            vrn_session_info info;
            vrn_session_get_info(session, &info);
            assert_int_equal(vrn_session_get_layers(session, NULL, 0, &operations[plain]), VRN_OK);
            assert_true(info.dispatches >= operations[plain]);
            for (uint32_t t = 0; t < 4; t++) {
                uint32_t shape[3];
                assert_int_equal(vrn_session_get_tap_shape(session, t, shape), VRN_OK);
                sizes[t] = (size_t)2 * shape[0] * shape[1] * shape[2];
                outputs[plain][t] = calloc(sizes[t], sizeof(float));
            }
            sizes[4] = (size_t)2 * info.classes;
            outputs[plain][4] = calloc(sizes[4], sizeof(float));
            const vrn_inputs in = {.count = 2, .nchw = input};
            const vrn_outputs out = {.logits = outputs[plain][4], .taps = outputs[plain]};
            assert_int_equal(vrn_session_run(session, &in, &out), VRN_OK);
            vrn_session_destroy(&session);
        }
        for (int t = 0; t < 5; t++) {
            double error = relative_error(outputs[0][t], outputs[1][t], sizes[t]);
            if (!(error <= 1e-5)) fprintf(stderr, "%s, %d: %g\n", networks[i], t, error);
            assert_true(error <= 1e-5);
            free(outputs[0][t]);
            free(outputs[1][t]);
        }
        /* A group norm cannot be folded, and keeps its neighbours apart. */
        if (strstr(networks[i], "norm=group")) {
            assert_int_equal(operations[0], operations[1]);
        } else {
            assert_true(operations[0] * 2 <= operations[1] + 4);
        }
        free(input);
        vrn_model_destroy(&model);
    }
}

static void a_thousand_replays_give_the_same_bytes(void **state)
{
    (void)state;
    vrn_model *model = make_model("resnet,block=bottleneck,layers=1:1,planes=8:16,stem=cifar");
    vrn_session *session =
        make_session(device, model, &(vrn_session_params){.height = SIDE, .width = SIDE});
    float *input = make_input(1, 5), first[10], logits[10];
    run(session, input, 1, first);
    for (int i = 1; i < 1000; i++) {
        run(session, input, 1, logits);
        assert_memory_equal(first, logits, sizeof first);
    }
    free(input);
    vrn_session_destroy(&session);
    vrn_model_destroy(&model);
}

/* A result of the same kernels depends on its image alone: not on slices, the batch around it or
 * what ran before. (Which kernels are best can depend on the number of images.) */
static void slices_and_batches_change_nothing(void **state)
{
    (void)state;
    vrn_model *model = make_model("resnet20");
    const vrn_session_diagnostics direct = {.kernel = "conv_direct"};
    vrn_session_params params = {.batch = 7, .diagnostics = &direct};
    vrn_session *whole = make_session(device, model, &params);
    vrn_session_info info;
    vrn_session_get_info(whole, &info);
    assert_int_equal(info.slice, 7);
    params.memory_limit = info.activation_bytes / 2;
    vrn_session *sliced = make_session(device, model, &params);
    vrn_session_get_info(sliced, &info);
    assert_true(info.slice < 7 && info.activation_bytes <= params.memory_limit);

    float *input = make_input(7, 9), expected[70], logits[70];
    run(whole, input, 7, expected);
    run(sliced, input, 7, logits);
    assert_memory_equal(expected, logits, sizeof expected);
    for (uint32_t i = 0; i < 7; i++) {
        run(whole, input + (size_t)i * 3 * PIXELS, 1, logits);
        assert_memory_equal(expected + i * 10, logits, 10 * sizeof(float));
    }
    run(sliced, input, 5, logits);
    assert_memory_equal(expected, logits, 50 * sizeof(float));
    free(input);
    vrn_session_destroy(&sliced);
    vrn_session_destroy(&whole);
    vrn_model_destroy(&model);
}

static bool computes_pool(const vrn_session *session)
{
    vrn_layer layers[16];
    uint32_t count;
    assert_int_equal(vrn_session_get_layers(session, layers, 16, &count), VRN_OK);
    return strncmp(layers[0].kernel, "conv_pooled", 11) == 0 &&
           strstr(layers[0].fused, "maxpool") && strcmp(layers[1].op, "max_pool") != 0;
}

/* A stem computes its max pool too if such a kernel is chosen, unless what it passes to the pool is
 * read. */
static void stems_compute_their_pool(void **state)
{
    (void)state;
    static const char *const read[] = {"relu", "maxpool"};
    vrn_model *model = make_model("resnet,block=basic,layers=1:1,planes=16:32");
    const vrn_session_diagnostics pooled = {.kernel = "conv_pooled"};
    vrn_session_params params = {.batch = 2, .height = SIDE, .width = SIDE, .taps = read};
    float *input = make_input(2, 5), logits[5][2000];
    for (uint32_t i = 0; i < 5; i++) { /* apart; without taps; with both; the second; in halves */
        static const uint32_t firsts[] = {0, 0, 0, 1, 0}, counts[] = {2, 0, 2, 1, 0};
        params.diagnostics = i ? &pooled : NULL;
        params.taps = read + firsts[i];
        params.tap_count = counts[i];
        params.precision = i == 4 ? VRN_PRECISION_FP16 : VRN_PRECISION_FP32;
        vrn_session *session = make_session(device, model, &params);
        float tap[2][2 * 16 * 16 * 16];
        const vrn_inputs inputs = {.count = 2, .nchw = input};
        float *const taps[] = {tap[0], tap[1]};
        const vrn_outputs outputs = {.logits = logits[i], .taps = taps};
        assert_int_equal(vrn_session_run(session, &inputs, &outputs), VRN_OK);
        assert_int_equal(computes_pool(session), i == 1 || i > 2);
        vrn_session_destroy(&session);
    }
    for (uint32_t i = 1; i < 5; i++) {
        assert_true(relative_error(logits[i], logits[0], 2000) < (i == 4 ? 5e-3 : 1e-5));
    }
    free(input);
    vrn_model_destroy(&model);
}

static void several_in_flight(void **state)
{
    (void)state;
    vrn_model *model = make_model("resnet8");
    vrn_session *session = make_session(device, model, &(vrn_session_params){.in_flight = 3});
    enum { RUNS = 8 };
    float *input = make_input(RUNS, 11), expected[RUNS][10], logits[RUNS][10];
    vrn_ticket tickets[RUNS];
    for (int i = 0; i < RUNS; i++) run(session, input + (size_t)i * 3 * PIXELS, 1, expected[i]);
    for (int i = 0; i < RUNS; i++) {
        const vrn_inputs inputs = {.count = 1, .nchw = input + (size_t)i * 3 * PIXELS};
        const vrn_outputs outputs = {.logits = logits[i]};
        assert_int_equal(vrn_session_submit(session, &inputs, &outputs, &tickets[i]), VRN_OK);
    }
    for (int i = RUNS - 1; i >= 0; i--) {
        assert_int_equal(vrn_session_wait(session, tickets[i]), VRN_OK);
    }
    assert_memory_equal(expected, logits, sizeof expected);

    /* What is in flight when a session goes is waited for. */
    const vrn_inputs inputs = {.count = 1, .nchw = input};
    const vrn_outputs outputs = {.logits = logits[0]};
    assert_int_equal(vrn_session_submit(session, &inputs, &outputs, &tickets[0]), VRN_OK);
    vrn_session_destroy(&session);
    free(input);
    vrn_model_destroy(&model);
}

/* Values inside blocks, one of them twice, with slices and fewer images than the batch has room
 * for. */
static void taps_anywhere(void **state)
{
    (void)state;
    static const char *const taps[] = {"layer1.0.bn2", "layer2.0.conv1", "layer1.0.bn2",
                                       "layer2.0"};
    enum { TAPS = 4, COUNT = 3 };
    vrn_model *model = make_model("resnet8");
    vrn_session_params params = {.batch = 5, .taps = taps, .tap_count = TAPS, .no_fusion = true};
    vrn_session *plain = make_session(device, model, &params);
    params.no_fusion = false;
    params.memory_limit = 1; /* slices of one image */
    vrn_session *fused = make_session(device, model, &params);
    vrn_session_info info;
    vrn_session_get_info(fused, &info);
    assert_int_equal(info.slice, 1);

    float *input = make_input(COUNT, 23), *outputs[2][TAPS];
    for (int i = 0; i < 2; i++) {
        for (uint32_t t = 0; t < TAPS; t++) outputs[i][t] = calloc(COUNT * 16 * PIXELS, 4);
        const vrn_inputs in = {.count = COUNT, .nchw = input};
        const vrn_outputs out = {.taps = outputs[i]};
        assert_int_equal(vrn_session_run(i ? fused : plain, &in, &out), VRN_OK);
    }
    for (uint32_t t = 0; t < TAPS; t++) {
        uint32_t shape[3];
        assert_int_equal(vrn_session_get_tap_shape(fused, t, shape), VRN_OK);
        assert_true(relative_error(outputs[1][t], outputs[0][t],
                                   (size_t)COUNT * shape[0] * shape[1] * shape[2]) <= 1e-5);
    }
    assert_memory_equal(outputs[1][0], outputs[1][2], COUNT * 16 * PIXELS * sizeof(float));
    for (int i = 0; i < 2; i++) {
        for (uint32_t t = 0; t < TAPS; t++) free(outputs[i][t]);
    }
    free(input);
    vrn_session_destroy(&fused);
    vrn_session_destroy(&plain);
    vrn_model_destroy(&model);
}

/* What one thread does to a device and a model that it shares with others. */
typedef struct thread_work {
    pthread_t thread;
    const vrn_model *model;
    const float *input;
    float logits[10];
    bool ok;
} thread_work;

static void *work(void *user)
{
    thread_work *w = user;
    w->ok = true;
    for (int round = 0; round < 3 && w->ok; round++) {
        vrn_session *session = NULL;
        const vrn_inputs inputs = {.count = 1, .nchw = w->input};
        const vrn_outputs outputs = {.logits = w->logits};
        w->ok = vrn_session_create(&session, device, w->model, NULL) == VRN_OK;
        for (int i = 0; i < 5 && w->ok; i++)
            w->ok = vrn_session_run(session, &inputs, &outputs) == VRN_OK;
        vrn_session_destroy(&session);
    }
    return NULL;
}

static void threads_share_a_device(void **state)
{
    (void)state;
    enum { THREADS = 4 };
    vrn_model *model = make_model("resnet8");
    float *input = make_input(1, 29), expected[10];
    vrn_session *session = make_session(device, model, NULL);
    run(session, input, 1, expected);
    vrn_session_destroy(&session);
    thread_work works[THREADS];
    for (int i = 0; i < THREADS; i++) {
        works[i] = (thread_work){.model = model, .input = input};
        assert_int_equal(pthread_create(&works[i].thread, NULL, work, &works[i]), 0);
    }
    for (int i = 0; i < THREADS; i++) pthread_join(works[i].thread, NULL);
    for (int i = 0; i < THREADS; i++) {
        assert_true(works[i].ok);
        assert_memory_equal(works[i].logits, expected, sizeof expected);
    }
    free(input);
    vrn_model_destroy(&model);
}

/* Makes and destroys devices of its own. */
static void *come_and_go(void *user)
{
    atomic_int *left = user;
    while (atomic_load(left) > 0) {
        vrn_device *own = NULL;
        if (vrn_device_create(&own, NULL) != VRN_OK) atomic_store(left, -1);
        vrn_device_destroy(&own);
        atomic_fetch_sub(left, 1);
    }
    return NULL;
}

/* A session names what it makes, and the loader searches its list of devices for each name. */
static void devices_come_and_go_beside_sessions(void **state)
{
    (void)state;
    vrn_model *model = make_model("resnet8");
    atomic_int left;
    pthread_t thread;
    atomic_init(&left, 20);
    assert_int_equal(pthread_create(&thread, NULL, come_and_go, &left), 0);
    do {
        vrn_session *session = make_session(device, model, NULL);
        vrn_session_destroy(&session);
    } while (atomic_load(&left) > 0);
    pthread_join(thread, NULL);
    assert_int_equal(atomic_load(&left), 0);
    vrn_model_destroy(&model);
}

static void input_forms_agree(void **state)
{
    (void)state;
    vrn_model *model = make_model("resnet8");
    vrn_session *session = make_session(device, model, &(vrn_session_params){.batch = 2});
    vrn_model_info info;
    vrn_model_get_info(model, &info);
    uint8_t pixels[2][PIXELS][4];
    float nchw[2][3][PIXELS], nhwc[2][PIXELS][3], logits[3][20], probabilities[20];
    uint64_t seed = 1;
    for (int n = 0; n < 2; n++) {
        for (int i = 0; i < PIXELS; i++) {
            for (int c = 0; c < 4; c++) {
                pixels[n][i][c] = (uint8_t)((fixture_random(&seed) + 1) * 127.9f);
            }
            for (int c = 0; c < 3; c++) {
                nchw[n][c][i] = nhwc[n][i][c] =
                    ((float)pixels[n][i][c] / 255 - info.transform.mean[c]) / info.transform.std[c];
            }
        }
    }
    const vrn_image images[2] = {{.pixels = &pixels[0][0][0], .width = SIDE, .height = SIDE},
                                 {.pixels = &pixels[1][0][0], .width = SIDE, .height = SIDE}};
    const vrn_inputs inputs[3] = {
        {.count = 2, .nchw = &nchw[0][0][0]},
        {.count = 2, .nhwc = &nhwc[0][0][0]},
        {.count = 2, .images = images},
    };
    for (int i = 0; i < 3; i++) {
        const vrn_outputs outputs = {.logits = logits[i],
                                     .probabilities = i == 0 ? probabilities : NULL};
        assert_int_equal(vrn_session_run(session, &inputs[i], &outputs), VRN_OK);
    }
    assert_memory_equal(logits[0], logits[1], sizeof logits[0]);
    assert_true(relative_error(logits[2], logits[0], 20) < 1e-5);
    for (int n = 0; n < 2; n++) {
        double sum = 0, expected = 0;
        for (int k = 0; k < 10; k++) expected += exp(logits[0][n * 10 + k]);
        for (int k = 0; k < 10; k++) {
            sum += probabilities[n * 10 + k];
            assert_true(fabs(probabilities[n * 10 + k] - exp(logits[0][n * 10 + k]) / expected) <
                        1e-5);
        }
        assert_true(fabs(sum - 1) < 1e-5);
    }
    vrn_session_destroy(&session);
    vrn_model_destroy(&model);
}

/* By sessions whose kernels want them packed in the same way: here the same kernels. */
/* One channel: photos of any format become the brightness, as Pillow has it. */
static void grey_networks_take_photos(void **state)
{
    (void)state;
    vrn_model *model = make_model("resnet8,in_channels=1");
    const vrn_transform transform = {.crop = SIDE, .mean = {0.25f}, .std = {0.5f}};
    vrn_session *session =
        make_session(device, model,
                     &(vrn_session_params){.height = SIDE, .width = SIDE, .transform = &transform});
    uint8_t colours[PIXELS * 3], greys[PIXELS];
    float input[PIXELS], logits[3][10];
    uint64_t seed = 5;
    for (int i = 0; i < PIXELS; i++) {
        uint32_t sum = 32768;
        static const uint32_t shares[] = {19595, 38470, 7471};
        for (int c = 0; c < 3; c++) {
            colours[3 * i + c] = (uint8_t)((fixture_random(&seed) + 1) * 127);
            sum += colours[3 * i + c] * shares[c];
        }
        greys[i] = (uint8_t)(sum >> 16);
        input[i] = ((float)greys[i] / 255 - 0.25f) / 0.5f;
    }
    const vrn_image images[] = {
        {.pixels = colours, .width = SIDE, .height = SIDE, .format = VRN_PIXEL_RGB},
        {.pixels = greys, .width = SIDE, .height = SIDE, .format = VRN_PIXEL_GREY},
    };
    for (int i = 0; i < 2; i++) {
        const vrn_inputs in = {.count = 1, .images = &images[i]};
        assert_int_equal(vrn_session_run(session, &in, &(vrn_outputs){.logits = logits[i]}),
                         VRN_OK);
    }
    run(session, input, 1, logits[2]);
    assert_memory_equal(logits[0], logits[1], sizeof logits[0]);
    assert_true(relative_error(logits[0], logits[2], 10) <= 1e-5);
    vrn_session_destroy(&session);
    vrn_model_destroy(&model);
}

/* A head of one logit, or of several labels, gives sigmoids. */
static void sigmoids_of_labels(void **state)
{
    (void)state;
    static const struct {
        const char *arch;
        uint32_t classes;
        vrn_precision precision;
    } cases[] = {{"resnet8,num_classes=1", 1, VRN_PRECISION_FP32},
                 {"resnet8,num_classes=6,probabilities=sigmoid", 6, VRN_PRECISION_FP16}};
    for (int i = 0; i < 2; i++) {
        vrn_model *model = make_model(cases[i].arch);
        vrn_session *session =
            make_session(device, model, &(vrn_session_params){.precision = cases[i].precision});
        float *input = make_input(1, 3), logits[6], probabilities[6];
        const vrn_inputs in = {.count = 1, .nchw = input};
        const vrn_outputs out = {.logits = logits, .probabilities = probabilities};
        assert_int_equal(vrn_session_run(session, &in, &out), VRN_OK);
        for (uint32_t k = 0; k < cases[i].classes; k++) {
            const double expected = 1 / (1 + exp(-(double)logits[k]));
            assert_true(fabs(probabilities[k] - expected) <= 1e-6);
        }
        free(input);
        vrn_session_destroy(&session);
        vrn_model_destroy(&model);
    }
}

/* No logits without a head, and features all the same. */
static void headless_networks_give_features(void **state)
{
    (void)state;
    vrn_model *model = make_model("resnet8,head=none");
    static const char *const taps[] = {"avgpool"};
    vrn_session *session = make_session(
        device, model,
        &(vrn_session_params){.height = SIDE, .width = SIDE, .taps = taps, .tap_count = 1});
    vrn_session_info info;
    vrn_session_get_info(session, &info);
    assert_int_equal(info.classes, 0);
    float *input = make_input(1, 3), logits[64], features[64] = {0};
    const vrn_inputs in = {.count = 1, .nchw = input};
    assert_int_equal(vrn_session_run(session, &in, &(vrn_outputs){.logits = logits}),
                     VRN_ERROR_UNSUPPORTED);
    assert_int_equal(messages.errors, 1);
    messages.errors = 0;
    assert_int_equal(
        vrn_session_run(session, &in, &(vrn_outputs){.taps = (float *const[]){features}}), VRN_OK);
    double sum = 0;
    for (int i = 0; i < 64; i++) sum += fabs((double)features[i]);
    assert_true(sum > 0);
    free(input);
    vrn_session_destroy(&session);
    vrn_model_destroy(&model);
}

static void weights_are_shared(void **state)
{
    (void)state;
    vrn_model *model = make_model("resnet20");
    const vrn_session_diagnostics direct = {.kernel = "conv_direct"};
    vrn_session *one = make_session(device, model, &(vrn_session_params){.diagnostics = &direct});
    vrn_session_info first, second;
    vrn_session_get_info(one, &first);
    vrn_session *two =
        make_session(device, model, &(vrn_session_params){.batch = 3, .diagnostics = &direct});
    vrn_model_destroy(&model); /* the sessions keep what they need */
    vrn_session_get_info(two, &second);
    assert_true(first.weight_bytes > 0);
    assert_int_equal(first.weight_bytes, second.weight_bytes);
    float *input = make_input(1, 13), expected[10], logits[10];
    run(one, input, 1, expected);
    vrn_session_destroy(&one);
    run(two, input, 1, logits);
    assert_memory_equal(expected, logits, sizeof logits);
    free(input);
    vrn_session_destroy(&two);
}

/* Memory follows the widest point of the network, not its depth; and a thousand layers run. */
static void depth_costs_no_activations(void **state)
{
    (void)state;
    vrn_session_info shallow, deep;
    vrn_model *model = make_model("resnet20");
    vrn_session *session = make_session(device, model, NULL);
    vrn_session_get_info(session, &shallow);
    vrn_session_destroy(&session);
    vrn_model_destroy(&model);

    /* Residual branches of zero: random ones double the activations 600 times. */
    model = make_model("resnet1202,zero_init_residual=1");
    session = make_session(device, model, NULL);
    vrn_session_get_info(session, &deep);
    assert_true(deep.activation_bytes <= shallow.activation_bytes * 11 / 10);
    float *input = make_input(1, 17), logits[10];
    run(session, input, 1, logits);
    for (int i = 0; i < 10; i++) assert_true(isfinite(logits[i]));
    free(input);
    vrn_session_destroy(&session);
    vrn_model_destroy(&model);
}

/* Each capability switched off, alone and together with all others. */
static void every_tier_computes_the_same(void **state)
{
    (void)state;
    vrn_model *model = make_model("resnet20");
    float *input = make_input(2, 19), expected[20], logits[20];
    vrn_session *session = make_session(device, model, &(vrn_session_params){.batch = 2});
    run(session, input, 2, expected);
    vrn_session_destroy(&session);
    vrn_device_info info;
    vrn_device_get_info(device, &info);
    for (uint32_t bit = 0; bit <= VRN_CAPABILITY_COUNT; bit++) {
        uint32_t without = bit < VRN_CAPABILITY_COUNT ? 1u << bit : UINT32_MAX;
        if (!(info.capabilities & without)) continue;
        vrn_device *lesser = fixture_device(&messages, without);
        vrn_device_info lesser_info;
        vrn_device_get_info(lesser, &lesser_info);
        assert_int_equal(lesser_info.capabilities & without, 0);
        session = make_session(lesser, model, &(vrn_session_params){.batch = 2});
        run(session, input, 2, logits);
        assert_true(relative_error(logits, expected, 20) <= 1e-5);
        vrn_session_destroy(&session);
        fixture_done(&lesser, &messages);
    }
    free(input);
    vrn_model_destroy(&model);
}

static void profile_names_every_layer(void **state)
{
    (void)state;
    vrn_device_info info;
    vrn_device_get_info(device, &info);
    vrn_model *model = make_model("resnet20");
    vrn_session *session = make_session(device, model, NULL);
    vrn_layer layers[64];
    uint32_t count = 0;
    if (info.capabilities & VRN_CAPABILITY_TIMESTAMPS) {
        double total = 0;
        assert_int_equal(vrn_session_profile(session, 3, layers, 64, &count), VRN_OK);
        for (uint32_t i = 0; i < count; i++) total += layers[i].gpu_ms;
        assert_true(total > 0);
    } else {
        assert_int_equal(vrn_session_get_layers(session, layers, 64, &count), VRN_OK);
    }
    assert_int_equal(count, 22); /* 19 convolutions, average pool, linear, softmax */
    assert_string_equal(layers[0].name, "conv1");
    assert_string_equal(layers[0].fused, "bn relu");
    assert_string_equal(layers[2].fused, "bn add relu");
    assert_string_equal(layers[count - 1].op, "softmax");
    vrn_session_destroy(&session);
    vrn_model_destroy(&model);
}

static void wrong_arguments_are_refused(void **state)
{
    (void)state;
    vrn_model *model = make_model("resnet8");
    vrn_session *session = NULL;
    static const char *const taps[] = {"layer9"};
    const int errors = messages.errors;
    vrn_session_params params = {.taps = taps, .tap_count = 1};
    assert_int_equal(vrn_session_create(&session, device, model, &params),
                     VRN_ERROR_INVALID_ARGUMENT);
    assert_null(session);
    params = (vrn_session_params){.height = 1u << 30};
    assert_int_equal(vrn_session_create(&session, device, model, &params),
                     VRN_ERROR_INVALID_ARGUMENT);
    params = (vrn_session_params){.height = 30000, .width = 30000};
    assert_int_equal(vrn_session_create(&session, device, model, &params), VRN_ERROR_UNSUPPORTED);
    params = (vrn_session_params){.batch = UINT32_MAX};
    assert_int_equal(vrn_session_create(&session, device, model, &params),
                     VRN_ERROR_INVALID_ARGUMENT);
    params = (vrn_session_params){.batch = 65536};
    assert_int_equal(vrn_session_create(&session, NULL, model, &params),
                     VRN_ERROR_INVALID_ARGUMENT);
    const vrn_transform transforms[] = {{.resize = 65537},
                                        {.interpolation = (vrn_interpolation)2},
                                        {.crop_width = 65537},
                                        {.mode = (vrn_resize_mode)4},
                                        {.mode = VRN_RESIZE_LONGER},
                                        {.channels = (vrn_channels)2},
                                        {.scale = -1},
                                        {.scale = INFINITY}};
    enum { BROKEN = sizeof transforms / sizeof transforms[0] };
    for (int i = 0; i < BROKEN; i++) {
        params = (vrn_session_params){.transform = &transforms[i]};
        assert_int_equal(vrn_session_create(&session, device, model, &params),
                         VRN_ERROR_INVALID_ARGUMENT);
        vrn_calibration *calibration = NULL;
        vrn_calibration_params watching = {.transform = &transforms[i]};
        assert_int_equal(vrn_calibration_create(&calibration, device, model, &watching),
                         VRN_ERROR_INVALID_ARGUMENT);
        assert_null(calibration);
    }
    assert_int_equal(messages.errors, errors + 4 + 2 * BROKEN);

    session = make_session(device, model, NULL);
    float input[3 * PIXELS] = {0};
    vrn_ticket ticket;
    vrn_inputs inputs = {.count = 2, .nchw = input};
    assert_int_equal(vrn_session_run(session, &inputs, NULL), VRN_ERROR_INVALID_ARGUMENT);
    inputs = (vrn_inputs){.count = 1};
    assert_int_equal(vrn_session_run(session, &inputs, NULL), VRN_ERROR_INVALID_ARGUMENT);
    inputs = (vrn_inputs){.count = 1, .nchw = input, .nhwc = input};
    assert_int_equal(vrn_session_submit(session, &inputs, NULL, &ticket),
                     VRN_ERROR_INVALID_ARGUMENT);
    assert_int_equal(vrn_session_wait(session, 99), VRN_ERROR_INVALID_ARGUMENT);
    assert_int_equal(vrn_session_submit(session, NULL, NULL, &ticket), VRN_ERROR_INVALID_ARGUMENT);
    assert_int_equal(messages.errors, errors + 9 + 2 * BROKEN);
    messages.errors = errors;
    vrn_session_destroy(&session);
    vrn_model_destroy(&model);
}

int main(void)
{
    device = fixture_device(&messages, 0);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fusion_changes_nothing),
        cmocka_unit_test(a_thousand_replays_give_the_same_bytes),
        cmocka_unit_test(slices_and_batches_change_nothing),
        cmocka_unit_test(stems_compute_their_pool),
        cmocka_unit_test(several_in_flight),
        cmocka_unit_test(taps_anywhere),
        cmocka_unit_test(threads_share_a_device),
        cmocka_unit_test(devices_come_and_go_beside_sessions),
        cmocka_unit_test(input_forms_agree),
        cmocka_unit_test(grey_networks_take_photos),
        cmocka_unit_test(headless_networks_give_features),
        cmocka_unit_test(sigmoids_of_labels),
        cmocka_unit_test(weights_are_shared),
        cmocka_unit_test(depth_costs_no_activations),
        cmocka_unit_test(every_tier_computes_the_same),
        cmocka_unit_test(profile_names_every_layer),
        cmocka_unit_test(wrong_arguments_are_refused),
    };
    int failed = cmocka_run_group_tests_name("session", tests, NULL, NULL);
    vrn_device_destroy(&device);
    return failed || messages.errors || messages.warnings;
}
