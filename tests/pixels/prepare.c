/* Writes a network's input from image files: prepare MODEL OUTPUT RESIZE CROP INTERPOLATION
 * IMAGE...
 *
 * The files go the program's way: its decoder, a session, the preparation on the device. MODEL is a
 * network whose conv1 gives its input back (check_pixels.py makes it). OUTPUT receives float32
 * [images, 3, CROP, CROP], each value pixel / 255; NaN where an image could not be read, which is
 * said on standard error in one line. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/images/image.h"
#include "cli/system/report.h"
#include "pictures/pictures.h"

static int find_interpolation(const char *name)
{
    int i = 0;
    while (vrn_interpolation_name((vrn_interpolation)i) &&
           strcmp(vrn_interpolation_name((vrn_interpolation)i), name) != 0) {
        i++;
    }
    return i;
}

static bool prepare(vrn_session *session, const char *path, uint32_t side, float *seen)
{
    vrn_image image;
    const size_t values = (size_t)3 * side * side;
    if (!cli_image_load(&image, path)) {
        for (size_t i = 0; i < values; i++) seen[i] = NAN;
        return true;
    }
    /* The tap has conv1's four channels, of which three are the input's. */
    float *taps[1] = {malloc((size_t)4 * side * side * sizeof(float))};
    const bool good =
        taps[0] && vrn_session_run(session, &(vrn_inputs){.count = 1, .images = &image},
                                   &(vrn_outputs){.taps = taps}) == VRN_OK;
    if (good) memcpy(seen, taps[0], values * sizeof *seen);
    free(taps[0]);
    pic_free(&image);
    return good;
}

static bool run(vrn_session *session, uint32_t side, const char *output, char **paths, int count)
{
    const size_t values = (size_t)3 * side * side;
    float *seen = malloc(values * sizeof *seen);
    FILE *file = fopen(output, "wb");
    bool good = seen && file;
    for (int i = 0; i < count && good; i++) {
        good = prepare(session, paths[i], side, seen) &&
               fwrite(seen, sizeof *seen, values, file) == values;
    }
    free(seen);
    return file && fclose(file) == 0 && good;
}

int main(int argc, char **argv)
{
    if (argc < 6) return CLI_USAGE;
    const vrn_transform transform = {
        .resize = (uint32_t)atoi(argv[3]),
        .crop = (uint32_t)atoi(argv[4]),
        .interpolation = (vrn_interpolation)find_interpolation(argv[5]),
    };
    static const char *const taps[] = {"conv1"};
    const vrn_session_params params = {.transform = &transform, .taps = taps, .tap_count = 1};
    vrn_device *device = NULL;
    vrn_model *model = NULL;
    vrn_session *session = NULL;
    const bool good =
        vrn_device_create(&device, &(vrn_device_params){.log = *cli_log()}) == VRN_OK &&
        vrn_model_load(&model, argv[1], &(vrn_model_params){.log = *cli_log()}) == VRN_OK &&
        vrn_session_create(&session, device, model, &params) == VRN_OK &&
        run(session, transform.crop, argv[2], argv + 6, argc - 6);
    vrn_session_destroy(&session);
    vrn_model_destroy(&model);
    vrn_device_destroy(&device);
    return good ? CLI_SUCCESS : CLI_FAILURE;
}
