#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/number.h"
#include "base/text.h"
#include "cli/answer.h"
#include "cli/command.h"
#include "cli/engine.h"
#include "cli/formats/json.h"
#include "cli/images/heat.h"
#include "cli/images/image.h"
#include "cli/images/picture.h"
#include "cli/system/report.h"
#include "pictures/pictures.h"

enum { DEFAULT_TOP = 5, SIDE_LEAST = 256, SIDE_MOST = 2048 };

typedef struct explanation {
    cli_engine engine;
    vrn_image photo;
    uint32_t map_height, map_width;
    float *maps;          /* [classes][map_height][map_width] */
    float *probabilities; /* [classes] */
    cli_score *scores;    /* [classes], ranked */
    cli_score explained;
    vrn_rect seen;
    cli_heat_region region;
} explanation;

/* True if `text` contains `part`, ignoring the case of ASCII letters. */
static bool contains(const char *text, const char *part)
{
    const size_t length = strlen(part);
    for (; *text; text++) {
        size_t i = 0;
        while (i < length && text[i] && vrn_same_text((char[2]){text[i]}, (char[2]){part[i]})) i++;
        if (i == length) return true;
    }
    return false;
}

/* Finds the class called `name`, or the only one whose name contains it. */
static bool find_named_class(const cli_model *model, uint32_t classes, const char *name,
                             uint32_t *index)
{
    const char *examples[2] = {NULL, NULL};
    uint32_t partly = 0;
    for (uint32_t i = 0; i < classes; i++) {
        const char *label = cli_model_class_name(model, i);
        if (!label) break;
        if (vrn_same_text(label, name)) {
            *index = i;
            return true;
        }
        if (!contains(label, name)) continue;
        *index = i;
        if (partly < 2) examples[partly] = label;
        partly++;
    }
    if (partly == 1) return true;
    if (partly == 0)
        return cli_usage("--class: no class is called '%s': give its number, or a part of its name",
                         name);
    return cli_usage(
        "--class: %u classes have names that contain '%s': '%s', '%s'%s: give more of the "
        "name",
        partly, name, examples[0], examples[1], partly > 2 ? ", ..." : "");
}

/* Finds the class of the options, before anything runs. */
static bool find_class(const explanation *e, const cli_options *options, uint32_t *index)
{
    const uint32_t classes = e->engine.info.classes;
    uint64_t number;
    if (!vrn_parse_number(options->class_name, strlen(options->class_name), UINT64_MAX, &number)) {
        return find_named_class(&e->engine.model, classes, options->class_name, index);
    }
    if (number >= classes) {
        return cli_usage("--class: expected a class from 0 to %u, found %s", classes - 1,
                         options->class_name);
    }
    *index = (uint32_t)number;
    return true;
}

static bool run_network(explanation *e, const char *path)
{
    const vrn_session *session = e->engine.session;
    uint32_t shape[3];
    if (vrn_session_get_tap_shape(session, 0, shape) != VRN_OK) return false;
    e->map_height = shape[1];
    e->map_width = shape[2];
    e->maps = cli_alloc((size_t)shape[0] * shape[1] * shape[2], sizeof *e->maps);
    e->probabilities = cli_alloc(shape[0], sizeof *e->probabilities);
    e->scores = cli_alloc(shape[0], sizeof *e->scores);
    const vrn_inputs inputs = {.count = 1, .images = &e->photo};
    const vrn_outputs outputs = {.probabilities = e->probabilities, .taps = &e->maps};
    if (!e->maps || !e->probabilities || !e->scores ||
        vrn_session_run(e->engine.session, &inputs, &outputs) != VRN_OK ||
        vrn_session_get_crop_rect(session, e->photo.width, e->photo.height, &e->seen) != VRN_OK) {
        return false;
    }
    if (!cli_check_outputs(path, e->probabilities, shape[0])) return false;
    cli_rank(e->scores, e->probabilities, shape[0]);
    return true;
}

/* The picture's side: the photo's, within bounds that keep its proportions. */
static uint32_t picture_side(uint32_t side, uint32_t longer)
{
    uint32_t to = longer < SIDE_LEAST ? SIDE_LEAST : longer > SIDE_MOST ? SIDE_MOST : longer;
    uint32_t scaled = (uint32_t)(((uint64_t)side * to + longer / 2) / longer);
    return scaled ? scaled : 1;
}

static vrn_rect scaled(const vrn_rect *part, double x, double y)
{
    return (vrn_rect){part->left * x, part->top * y, part->right * x, part->bottom * y};
}

static bool write_picture(const explanation *e, const cli_heat *heat, const char *path)
{
    const uint32_t width = e->photo.width, height = e->photo.height;
    const uint32_t longer = width > height ? width : height;
    cli_picture picture;
    bool good = cli_picture_scale(&picture, &e->photo, picture_side(width, longer),
                                  picture_side(height, longer));
    if (good) {
        const double x = (double)picture.width / width, y = (double)picture.height / height;
        const vrn_rect seen = scaled(&e->seen, x, y), box = scaled(&e->region.box, x, y);
        cli_heat_draw(heat, &picture, &seen, e->region.found ? &box : NULL);
        good = cli_picture_write(&picture, path);
    }
    cli_picture_free(&picture);
    return good;
}

static void write_part(cli_json *json, const char *key, const vrn_rect *part)
{
    cli_json_write(json, "%s: {left: %g, top: %g, right: %g, bottom: %g}", key, part->left,
                   part->top, part->right, part->bottom);
}

static void print_json(const explanation *e, const cli_options *options, uint32_t top)
{
    cli_json json = {.out = stdout};
    cli_json_write(&json, "{");
    cli_answer_write(&json, &e->engine.model, options->arguments[0], e->scores, top);
    cli_json_write(&json, "class:");
    cli_answer_write_class(&json, &e->engine.model, e->explained);
    cli_json_write(&json, "width: %u, height: %u, map: [%u, %u]", e->photo.width, e->photo.height,
                   e->map_height, e->map_width);
    write_part(&json, "seen", &e->seen);
    if (e->region.found) {
        write_part(&json, "box", &e->region.box);
        cli_json_write(&json, "peak: {x: %g, y: %g}", e->region.x, e->region.y);
    } else {
        cli_json_write(&json, "box: null, peak: null");
    }
    cli_json_write(&json, "picture: %s}\n", options->write);
}

static void print_text(const explanation *e, const cli_options *options, uint32_t top)
{
    const vrn_rect *box = &e->region.box;
    char buffer[32];
    cli_answer_print(CLI_ANSWER_TABLE, &e->engine.model, options->arguments[0], e->scores, top);
    putchar('\n');
    cli_print_name(cli_model_label(&e->engine.model, e->explained.index, buffer));
    if (e->engine.model.info.probabilities == VRN_PROBABILITIES_LOGITS) {
        printf(" (logit %.4f): ", (double)e->explained.value);
    } else {
        printf(" (%.2f %%): ", (double)e->explained.value * 100);
    }
    if (e->region.found) {
        printf("strongest at %.0f,%.0f, in the box from %.0f,%.0f to %.0f,%.0f of %ux%u; ",
               e->region.x, e->region.y, box->left, box->top, box->right, box->bottom,
               e->photo.width, e->photo.height);
    } else {
        printf("not seen; ");
    }
    cli_print_name(options->write);
    putchar('\n');
}

static bool explain(explanation *e, const cli_options *options)
{
    uint32_t index = UINT32_MAX, top = options->top ? options->top : DEFAULT_TOP;
    if (options->class_name && !find_class(e, options, &index)) return false;
    if (!cli_image_load(&e->photo, options->arguments[0]) ||
        !run_network(e, options->arguments[0])) {
        return false;
    }
    if (index == UINT32_MAX) index = e->scores[0].index;
    cli_model_note_names(&e->engine.model);
    e->explained = (cli_score){e->probabilities[index], index};
    const cli_heat heat = {
        .values = e->maps + (size_t)index * e->map_height * e->map_width,
        .width = e->map_width,
        .height = e->map_height,
    };
    if (!cli_heat_find(&heat, &e->seen, e->photo.width, e->photo.height, &e->region) ||
        !write_picture(e, &heat, options->write)) {
        return false;
    }
    if (top > e->engine.info.classes) top = e->engine.info.classes;
    if (options->json) {
        print_json(e, options, top);
    } else {
        print_text(e, options, top);
    }
    return true;
}

static bool run(const cli_options *options)
{
    static const char *const taps[] = {"class_map"};
    if (!options->write) return cli_usage("expected -o FILE.png or -o FILE.jpg");
    if (!cli_picture_is_name(options->write)) {
        return cli_usage("-o: expected a name that ends in .png or .jpg, found '%s'",
                         options->write);
    }
    explanation e = {0};
    const vrn_session_params params = {.taps = taps, .tap_count = 1};
    const bool good = cli_engine_open(&e.engine, options, CLI_MODEL_SHIPPED) &&
                      cli_engine_compile_for_images(&e.engine, options, params) &&
                      explain(&e, options);
    pic_free(&e.photo);
    free(e.maps);
    free(e.probabilities);
    free(e.scores);
    cli_engine_close(&e.engine);
    return good;
}

const cli_command cli_explain = {
    .name = "explain",
    .summary = "show where in a photo a class is seen",
    .usage = "[--class K|NAME] [OPTION]... PHOTO -o FILE.png|FILE.jpg",
    .details =
        "Prints what classify prints, and draws a class activation map (Zhou et al.\n"
        "2016) over the photo: for the most probable class, or for --class. Pale places\n"
        "do not support the class; violet, red and yellow ones support it more and more.\n"
        "The picture keeps the photo's size, but its longer side is at least 256 and at\n"
        "most 2048 pixels. What the network does not see, because the transform crops\n"
        "it, is dark.\n"
        "\n"
        "The frame encloses the region around the map's largest value in which the map\n"
        "has at least half of that value. Its edges are printed in the photo's pixels. A\n"
        "map has few positions (7x7 at 224 pixels); a larger --resize and --crop give a\n"
        "finer one.\n"
        "\n"
        "With --json it prints the object of classify, with \"class\", \"width\" and\n"
        "\"height\" of the photo, \"map\": [height, width], \"seen\", \"box\", \"peak\" and\n"
        "\"picture\". \"box\" and \"peak\" are null if the class is seen nowhere.",
    .examples =
        "  vkresnet explain photo.jpg -o heat.png\n"
        "  vkresnet explain --model resnet50.pth --class tabby photo.jpg -o heat.jpg\n"
        "  vkresnet explain --model resnet50.pth --resize 512 --crop 448 --json photo.jpg \\\n"
        "      -o heat.png\n",
    .options = CLI_COMMON | CLI_NETWORK | CLI_TRANSFORM | CLI_BIT(TOP) | CLI_BIT(CLASS) |
               CLI_BIT(WRITE) | CLI_BIT(JSON) | CLI_SESSION,
    .least = 1,
    .most = 1,
    .arguments = "a photo",
    .run = run,
};
