/* Encoded images, as classify and eval read them. */
#include "pictures/pictures.h"

#include "fuzz/fuzz.h"

/* Any file may be a picture of 16 million pixels: some formats hold one in a few bytes. The decoder
 * has what it needs for them at most three times at once. */
const fuzz_bounds fuzz_target_bounds = {(size_t)400 << 20, 1 << 17};

void fuzz_target(const uint8_t *data, size_t size)
{
    vrn_image image = {0};
    const char *fault = pic_decode(data, size, &image);
    if (fault) {
        fuzz_require(*fault && !image.pixels);
        return;
    }
    fuzz_require(image.pixels && image.width > 0 && image.height > 0);
    fuzz_touch(image.pixels, (size_t)image.width * image.height * 4);
    pic_free(&image);
}
