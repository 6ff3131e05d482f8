/* A network's layers with their times, and the page that shows them. */
#ifndef VRN_CLI_PROFILE_H
#define VRN_CLI_PROFILE_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include <vkresnet/vkresnet.h>

#include "cli/engine.h"

typedef struct cli_network_profile {
    const cli_engine *engine;
    uint32_t repeats;
    vrn_layer *layers; /* flops and bytes are of the whole batch, unlike vrn_session_profile's */
    uint32_t count;
    double total_ms, total_flops, total_bytes; /* of the whole batch */
    vrn_device_peak peak;                      /* for the page */
} cli_network_profile;

/* GFLOP/s. */
static inline double cli_profile_rate(double flops, double ms)
{
    return ms > 0 ? flops / ms * 1e-6 : 0;
}

/* Of the whole, in percent. */
static inline double cli_profile_share(const cli_network_profile *profile, double ms)
{
    return profile->total_ms > 0 ? 100 * ms / profile->total_ms : 0;
}

/* FLOP/byte. */
static inline double cli_profile_intensity(const vrn_layer *layer)
{
    return layer->bytes > 0 ? layer->flops / layer->bytes : 0;
}

/* The time that the roofline leaves (Williams et al. 2009): what arithmetic or memory takes at the
 * device's peak, whichever is longer, in milliseconds. 0 where the peak is not known. */
double cli_profile_roof_ms(const cli_network_profile *profile, double flops, double bytes);

/* Kernels of a kind ("conv_winograd") share a colour: of so many kinds, the last for all others. */
enum { CLI_PROFILE_KINDS = 7, CLI_PROFILE_KIND_TEXT = 32 };

typedef struct cli_profile_kinds {
    char names[CLI_PROFILE_KINDS][CLI_PROFILE_KIND_TEXT];
    double ms[CLI_PROFILE_KINDS];
    uint32_t count;
} cli_profile_kinds;

void cli_profile_find_kinds(cli_profile_kinds *kinds, const cli_network_profile *profile);
uint32_t cli_profile_kind(const cli_profile_kinds *kinds, const vrn_layer *layer);

/* profile_charts.c: SVG elements, whose parts have the classes k0 .. k6, by kind. */
void cli_profile_draw_times(FILE *out, const cli_network_profile *profile,
                            const cli_profile_kinds *kinds);
void cli_profile_draw_roofline(FILE *out, const cli_network_profile *profile,
                               const cli_profile_kinds *kinds);

/* profile_page.c: writes the page. Reports and returns false on failure. */
bool cli_profile_write_page(const cli_network_profile *profile, const char *path);

#endif
