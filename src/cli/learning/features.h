/* Features of photos from a network's inner layers: a row of numbers for each photo. */
#ifndef VRN_CLI_FEATURES_H
#define VRN_CLI_FEATURES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cli/engine.h"

#define CLI_FEATURES_TAP "avgpool"

/* How the row of a photo is made. */
typedef struct cli_feature_form {
    const char *tap;
    bool pool; /* the mean over the places: [C] instead of [C, H, W] */
    bool l2;   /* a length of 1; zeros stay zeros */
} cli_feature_form;

/* The shape of a row: C alone where the tap has one place or is pooled. Returns the rank. */
uint32_t cli_feature_shape(uint64_t shape[3], const cli_feature_form *form, const uint32_t tap[3]);

/* Makes a row from the values of a tap of shape `tap`. */
void cli_feature_row(float *row, const cli_feature_form *form, const float *values,
                     const uint32_t tap[3]);

/* The values of all of a session's taps for a fixed picture, one after the other. They show whether
 * features were made in the same way. Release with free; NULL: a failure, which is reported. */
float *cli_probe_run(const cli_engine *engine, uint32_t tap_count);

/* Draws that picture. */
enum { CLI_PROBE_WIDTH = 96, CLI_PROBE_HEIGHT = 64 };
vrn_image cli_probe_draw(uint8_t pixels[CLI_PROBE_HEIGHT][CLI_PROBE_WIDTH][4]);

/* Takes some of the `count` values of a row, scaled to a row of length 1. */
enum { CLI_PROBE_VALUES = 32 };
void cli_probe_take(float probe[CLI_PROBE_VALUES], const float *row, size_t count);

/* True if two probes may be from the same network and transform, in any precision. */
bool cli_probe_agrees(const float a[CLI_PROBE_VALUES], const float b[CLI_PROBE_VALUES]);

#endif
