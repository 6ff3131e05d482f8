#include "cli/learning/own_size.h"

#include <stdlib.h>
#include <string.h>

#include "base/util.h"
#include "cli/answer.h"
#include "cli/images/feed.h"
#include "cli/images/image.h"
#include "cli/system/report.h"
#include "cli/transform.h"
#include "pictures/pictures.h"

bool cli_sizes_check(const cli_options *options)
{
    const bool squashed = (options->given & CLI_BIT(RESIZE)) &&
                          options->transform.mode != VRN_RESIZE_SHORTER &&
                          options->transform.mode != VRN_RESIZE_LONGER;
    return !(squashed || options->letterbox || (options->given & CLI_BIT(CROP))) ||
           cli_usage("--own-size: the only sizes that can be given with it are --resize N and "
                     "--resize longer:N");
}

/* The size of a photo after the transform's resize, which keeps its proportions like torchvision's
 * Resize. */
static void choose_size(const vrn_transform *t, const vrn_image *image, uint32_t size[2])
{
    const uint64_t side = t->resize, width = image->width, height = image->height;
    const bool longer = t->mode == VRN_RESIZE_LONGER;
    size[0] = image->height;
    size[1] = image->width;
    if (side == 0) return;
    if (longer ? width >= height : width <= height) {
        size[1] = (uint32_t)side;
        size[0] = (uint32_t)vrn_min_u64(vrn_max_u64(side * height / width, 1), UINT32_MAX);
    } else {
        size[1] = (uint32_t)vrn_min_u64(vrn_max_u64(side * width / height, 1), UINT32_MAX);
        size[0] = (uint32_t)side;
    }
}

/* Moves the session for a size to the front of `kept`, or compiles it. */
static bool find_session(cli_sizes *s, const uint32_t size[2])
{
    uint32_t at = 0;
    while (at < CLI_SIZES_KEPT - 1 && s->kept[at].session &&
           (s->kept[at].info.height != size[0] || s->kept[at].info.width != size[1])) {
        at++;
    }
    cli_engine found = s->kept[at];
    memmove(&s->kept[1], &s->kept[0], at * sizeof found);
    s->kept[0] = (cli_engine){0};
    if (found.session && found.info.height == size[0] && found.info.width == size[1]) {
        s->kept[0] = found;
        return true;
    }
    vrn_session_destroy(&found.session);
    cli_engine engine = *s->engine;
    engine.session = NULL;
    engine.shares_model = true;
    if (!cli_engine_compile_for_images(&engine, s->options,
                                       (vrn_session_params){.batch = 1,
                                                            .height = size[0],
                                                            .width = size[1],
                                                            .taps = s->taps,
                                                            .tap_count = s->tap_count})) {
        return false;
    }
    s->kept[0] = engine;
    return true;
}

static bool make_room(cli_sizes *s, size_t values)
{
    if (!s->shapes) s->shapes = cli_alloc(s->tap_count, sizeof *s->shapes);
    if (!s->shapes) return false;
    if (values <= s->capacity) return true;
    free(s->values);
    s->values = cli_alloc(values, sizeof *s->values);
    s->capacity = s->values ? values : 0;
    return s->values;
}

bool cli_sizes_run(cli_sizes *s, const vrn_image *image)
{
    vrn_transform transform;
    uint32_t size[2];
    if (!cli_transform_choose(&transform, &s->engine->model, s->options)) return false;
    choose_size(&transform, image, size);
    if (!find_session(s, size)) return false;
    vrn_session *session = s->kept[0].session;
    size_t values = 0;
    for (uint32_t i = 0; i < s->tap_count; i++) values += cli_tap_size(session, i);
    float **taps = cli_alloc(s->tap_count, sizeof *taps);
    bool good = taps && make_room(s, values);
    float *at = s->values;
    for (uint32_t i = 0; i < s->tap_count && good; i++) {
        taps[i] = at;
        at += cli_tap_size(session, i);
        good = vrn_session_get_tap_shape(session, i, s->shapes[i]) == VRN_OK;
    }
    good = good && vrn_session_run(session, &(vrn_inputs){.count = 1, .images = image},
                                   &(vrn_outputs){.taps = taps}) == VRN_OK;
    free(taps);
    return good;
}

void cli_sizes_free(cli_sizes *s)
{
    for (int i = 0; i < CLI_SIZES_KEPT; i++) vrn_session_destroy(&s->kept[i].session);
    free(s->values);
    free(s->shapes);
    *s = (cli_sizes){0};
}

/* Reports and returns false if a photo's taps have values that are not finite. */
static bool check_values(const cli_sizes *s, const char *path)
{
    size_t values = 0;
    for (uint32_t i = 0; i < s->tap_count; i++) values += cli_tap_size(s->kept[0].session, i);
    return cli_check_outputs(path, s->values, values);
}

static bool run_path(cli_sizes *s, const char *path, char fault[CLI_LINE_BYTES])
{
    vrn_image image = {0};
    cli_capture_errors(fault);
    const bool good =
        cli_image_load(&image, path) && cli_sizes_run(s, &image) && check_values(s, path);
    cli_capture_errors(NULL);
    pic_free(&image);
    return good;
}

bool cli_sizes_feed_run(const cli_sizes_feed *feed, size_t *failed)
{
    *failed = 0;
    for (size_t i = 0; i < feed->count; i++) {
        const char *path = feed->paths[i];
        const size_t length = strlen(path);
        char fault[CLI_LINE_BYTES] = "";
        cli_progress(i, feed->count);
        if (run_path(feed->sizes, path, fault)) {
            if (!feed->result(feed->user, i)) return false;
            continue;
        }
        const bool named =
            strncmp(fault, path, length) == 0 && strncmp(fault + length, ": ", 2) == 0;
        const char *error = named ? fault + length + 2 : fault;
        ++*failed;
        cli_error("%s: %s", path, error);
        if (feed->failure && !feed->failure(feed->user, i, error)) return false;
    }
    cli_progress(feed->count, feed->count);
    return true;
}
