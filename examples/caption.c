#include "caption.h"

#include <ctype.h>

#define STB_IMAGE_WRITE_IMPLEMENTATION
#include <stb_image_write.h>

enum { SCALE = CAPTION_SCALE, BAR = CAPTION_HEIGHT };

/* Three by five dots: five rows of three bits, the top row first. */
static const uint16_t glyphs[128] = {
    ['A'] = 025755, ['B'] = 065656, ['C'] = 034443, ['D'] = 065556, ['E'] = 074647, ['F'] = 074644,
    ['G'] = 034553, ['H'] = 055755, ['I'] = 072227, ['J'] = 011152, ['K'] = 055655, ['L'] = 044447,
    ['M'] = 057755, ['N'] = 065555, ['O'] = 025552, ['P'] = 065644, ['Q'] = 025563, ['R'] = 065655,
    ['S'] = 034216, ['T'] = 072222, ['U'] = 055557, ['V'] = 055522, ['W'] = 055775, ['X'] = 055255,
    ['Y'] = 055222, ['Z'] = 071247, ['0'] = 075557, ['1'] = 026227, ['2'] = 061247, ['3'] = 061216,
    ['4'] = 055711, ['5'] = 074616, ['6'] = 034757, ['7'] = 071222, ['8'] = 075757, ['9'] = 075716,
    ['%'] = 051245, ['.'] = 000002,
};

static void dot(uint8_t *rgba, int width, int x, int y, const uint8_t colour[3])
{
    for (int i = 0; i < SCALE * SCALE; i++) {
        uint8_t *to = rgba + ((y + i / SCALE) * width + x + i % SCALE) * 4;
        for (int c = 0; c < 3; c++) to[c] = colour[c];
    }
}

void caption_draw(uint8_t *rgba, int width, int height, const char *text, const uint8_t colour[3])
{
    for (int i = (height - BAR) * width * 4; i < height * width * 4; i++) {
        rgba[i] = i % 4 == 3 ? 255 : rgba[i] / 4;
    }
    int x = SCALE;
    for (; *text && x + 4 * SCALE <= width; text++, x += 4 * SCALE) {
        const uint16_t glyph = glyphs[toupper((unsigned char)*text) & 127];
        for (int i = 0; i < 15; i++) {
            if (!(glyph >> (14 - i) & 1)) continue;
            dot(rgba, width, x + i % 3 * SCALE, height - BAR + (1 + i / 3) * SCALE, colour);
        }
    }
}

bool caption_save(const char *path, const uint8_t *rgba, int width, int height)
{
    return stbi_write_png(path, width, height, 4, rgba, width * 4) != 0;
}
