/* The smallest use of the library: which of a model's classes is a picture?
 *
 *     example_classify MODEL PICTURE
 */
#define STB_IMAGE_IMPLEMENTATION
#include <stb_image.h>

#include <stdio.h>
#include <stdlib.h>

#include <vkresnet/vkresnet.h>

static void print_message(void *user, vrn_log_level level, const char *text)
{
    (void)user, (void)level;
    fprintf(stderr, "%s\n", text);
}

int main(int argc, char **argv)
{
    if (argc != 3) {
        fprintf(stderr, "usage: %s MODEL PICTURE\n", argv[0]);
        return 2;
    }
    vrn_device *device = NULL;
    vrn_model *model = NULL;
    vrn_session *session = NULL;
    const vrn_log log = {.message = print_message};
    int width, height, status = 1;
    uint8_t *pixels = stbi_load(argv[2], &width, &height, NULL, 4);
    float *probabilities = NULL;
    if (!pixels) fprintf(stderr, "%s: no picture\n", argv[2]);
    if (!pixels || vrn_device_create(&device, &(vrn_device_params){.log = log}) ||
        vrn_model_load(&model, argv[1], &(vrn_model_params){.log = log}) ||
        vrn_session_create(&session, device, model, NULL)) {
        goto done;
    }
    vrn_session_info info;
    vrn_session_get_info(session, &info);
    probabilities = malloc(info.classes * sizeof *probabilities);
    const vrn_image photo = {
        .pixels = pixels, .width = (uint32_t)width, .height = (uint32_t)height};
    const vrn_inputs inputs = {.count = 1, .images = &photo};
    const vrn_outputs outputs = {.probabilities = probabilities};
    if (!probabilities || vrn_session_run(session, &inputs, &outputs)) goto done;
    uint32_t best = 0;
    for (uint32_t i = 1; i < info.classes; i++) {
        if (probabilities[i] > probabilities[best]) best = i;
    }
    const char *name = vrn_model_get_class_name(model, best);
    printf("%u %s %.1f %%\n", best, name ? name : "", 100 * probabilities[best]);
    status = 0;
done:
    vrn_session_destroy(&session);
    vrn_model_destroy(&model);
    vrn_device_destroy(&device);
    free(probabilities);
    stbi_image_free(pixels);
    return status;
}
