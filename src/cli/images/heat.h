/* Class activation maps (Zhou et al. 2016, "Learning deep features for discriminative
 * localization"): where a map is strongest, and drawing it over a photo. */
#ifndef VRN_CLI_HEAT_H
#define VRN_CLI_HEAT_H

#include <stdbool.h>
#include <stdint.h>

#include <vkresnet/vkresnet.h>

#include "cli/images/picture.h"

/* The map of one class. Values below zero speak against it; they count as zero, as do values that
 * are not finite. */
typedef struct cli_heat {
    const float *values; /* [height][width] */
    uint32_t width, height;
} cli_heat;

/* The connected region around the largest value in which the interpolated map is at least half of
 * that value. */
typedef struct cli_heat_region {
    vrn_rect box;
    double x, y; /* of the largest value */
    bool found;  /* false: the class is not seen */
} cli_heat_region;

/* `seen` is the part of the photo under the map. All coordinates are in the same pixels, clipped to
 * a photo of width x height. False: out of memory. */
bool cli_heat_find(const cli_heat *heat, const vrn_rect *seen, double width, double height,
                   cli_heat_region *region);

/* Colours the photo's part under the map, dims the rest of it, and frames the box; `box` may be
 * NULL. Both are in the picture's pixels. */
void cli_heat_draw(const cli_heat *heat, cli_picture *picture, const vrn_rect *seen,
                   const vrn_rect *box);

#endif
