#include "cli/learning/features.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "cli/images/feed.h"
#include "cli/system/report.h"

uint32_t cli_feature_shape(uint64_t shape[3], const cli_feature_form *form, const uint32_t tap[3])
{
    const bool flat = form->pool || (uint64_t)tap[1] * tap[2] == 1;
    for (int i = 0; i < 3; i++) shape[i] = flat && i > 0 ? 1 : tap[i];
    return flat ? 1 : 3;
}

/* Scales a row to length 1, in double precision. */
static void normalise(float *row, size_t count)
{
    double sum = 0;
    for (size_t i = 0; i < count; i++) sum += (double)row[i] * (double)row[i];
    const double factor = sum > 0 ? 1 / sqrt(sum) : 0;
    for (size_t i = 0; i < count; i++) row[i] = (float)(row[i] * factor);
}

void cli_feature_row(float *row, const cli_feature_form *form, const float *values,
                     const uint32_t tap[3])
{
    const size_t places = (size_t)tap[1] * tap[2];
    size_t count = tap[0] * places;
    if (form->pool) {
        for (uint32_t channel = 0; channel < tap[0]; channel++) {
            double sum = 0;
            for (size_t i = 0; i < places; i++) sum += (double)values[channel * places + i];
            row[channel] = (float)(sum / (double)places);
        }
        count = tap[0];
    } else {
        memcpy(row, values, count * sizeof *row);
    }
    if (form->l2) normalise(row, count);
}

vrn_image cli_probe_draw(uint8_t pixels[CLI_PROBE_HEIGHT][CLI_PROBE_WIDTH][4])
{
    for (int y = 0; y < CLI_PROBE_HEIGHT; y++) {
        for (int x = 0; x < CLI_PROBE_WIDTH; x++) {
            const bool dark = (x / 12 + y / 16) % 2;
            pixels[y][x][0] = (uint8_t)(x * 255 / CLI_PROBE_WIDTH);
            pixels[y][x][1] = (uint8_t)(y * 255 / CLI_PROBE_HEIGHT);
            pixels[y][x][2] = dark ? 40 : 210;
            pixels[y][x][3] = 255;
        }
    }
    return (vrn_image){
        .pixels = &pixels[0][0][0], .width = CLI_PROBE_WIDTH, .height = CLI_PROBE_HEIGHT};
}

float *cli_probe_run(const cli_engine *engine, uint32_t tap_count)
{
    uint8_t pixels[CLI_PROBE_HEIGHT][CLI_PROBE_WIDTH][4];
    const vrn_image image = cli_probe_draw(pixels);
    size_t values = 0;
    for (uint32_t i = 0; i < tap_count; i++) values += cli_tap_size(engine->session, i);
    float *all = cli_alloc(values, sizeof *all), **taps = cli_alloc(tap_count, sizeof *taps);
    bool good = all && taps;
    float *at = all;
    for (uint32_t i = 0; i < tap_count && good; i++) {
        taps[i] = at;
        at += cli_tap_size(engine->session, i);
    }
    good = good && vrn_session_run(engine->session, &(vrn_inputs){.count = 1, .images = &image},
                                   &(vrn_outputs){.taps = taps}) == VRN_OK;
    free(taps);
    if (good) return all;
    free(all);
    return NULL;
}

void cli_probe_take(float probe[CLI_PROBE_VALUES], const float *row, size_t count)
{
    double sum = 0;
    for (size_t i = 0; i < count; i++) sum += (double)row[i] * (double)row[i];
    const double factor = sum > 0 && isfinite(sum) ? sqrt((double)count / sum) : 0;
    for (size_t i = 0; i < CLI_PROBE_VALUES; i++) {
        const double value = count > 0 ? (double)row[i * count / CLI_PROBE_VALUES] : 0;
        probe[i] = isfinite(value) ? (float)(value * factor) : 0;
    }
}

/* int8 differs by a few hundredths, other weights or another transform by much more. */
bool cli_probe_agrees(const float a[CLI_PROBE_VALUES], const float b[CLI_PROBE_VALUES])
{
    const double tolerance = 0.1;
    double difference = 0, sum = 0;
    for (int i = 0; i < CLI_PROBE_VALUES; i++) {
        const double d = (double)a[i] - (double)b[i];
        difference += d * d;
        sum += (double)a[i] * (double)a[i] + (double)b[i] * (double)b[i];
    }
    return difference <= tolerance * tolerance * sum / 2;
}
