#include "scene.h"

#include <math.h>
#include <string.h>

typedef struct vec3 {
    float x, y, z;
} vec3;

static const float pi = 3.14159265f;

static vec3 sub(vec3 a, vec3 b)
{
    return (vec3){a.x - b.x, a.y - b.y, a.z - b.z};
}

static vec3 cross(vec3 a, vec3 b)
{
    return (vec3){a.y * b.z - a.z * b.y, a.z * b.x - a.x * b.z, a.x * b.y - a.y * b.x};
}

static float dot(vec3 a, vec3 b)
{
    return a.x * b.x + a.y * b.y + a.z * b.z;
}

static vec3 normalised(vec3 v)
{
    float length = sqrtf(dot(v, v));
    return length > 0 ? (vec3){v.x / length, v.y / length, v.z / length} : (vec3){0, 1, 0};
}

/* ---- Shapes ---- */

typedef struct mesh {
    vertex *vertices;
    uint32_t count;
    vec3 colour; /* of what comes next, linear */
} mesh;

/* As in a picture editor: sRGB, 0xrrggbb. */
static vec3 paint(uint32_t rgb)
{
    float c[3];
    for (int i = 0; i < 3; i++) c[i] = powf((float)(rgb >> (16 - 8 * i) & 255) / 255, 2.2f);
    return (vec3){c[0], c[1], c[2]};
}

static void put(mesh *m, vec3 p, vec3 n)
{
    if (m->count == SCENE_VERTICES_MAX) return;
    m->vertices[m->count++] =
        (vertex){{p.x, p.y, p.z}, {n.x, n.y, n.z}, {m->colour.x, m->colour.y, m->colour.z}};
}

/* A flat triangle whose normal points away from `inside`. */
static void triangle(mesh *m, vec3 a, vec3 b, vec3 c, vec3 inside)
{
    vec3 n = normalised(cross(sub(b, a), sub(c, a)));
    if (dot(n, sub(a, inside)) < 0) n = (vec3){-n.x, -n.y, -n.z};
    put(m, a, n);
    put(m, b, n);
    put(m, c, n);
}

static void quad(mesh *m, vec3 a, vec3 b, vec3 c, vec3 d, vec3 inside)
{
    triangle(m, a, b, c, inside);
    triangle(m, a, c, d, inside);
}

/* The body between two convex outlines of equally many corners. */
static void hull(mesh *m, const vec3 *a, const vec3 *b, int corners)
{
    vec3 inside = {0};
    for (int i = 0; i < corners; i++) {
        inside.x += (a[i].x + b[i].x) / (float)(2 * corners);
        inside.y += (a[i].y + b[i].y) / (float)(2 * corners);
        inside.z += (a[i].z + b[i].z) / (float)(2 * corners);
    }
    for (int i = 0; i < corners; i++) {
        int j = (i + 1) % corners;
        quad(m, a[i], a[j], b[j], b[i], inside);
    }
    for (int i = 2; i < corners; i++) {
        triangle(m, a[0], a[i - 1], a[i], inside);
        triangle(m, b[0], b[i - 1], b[i], inside);
    }
}

/* A convex outline in x and y, from z0 to z1. */
static void prism(mesh *m, const float (*xy)[2], int corners, float z0, float z1)
{
    vec3 a[16], b[16];
    for (int i = 0; i < corners; i++) {
        a[i] = (vec3){xy[i][0], xy[i][1], z0};
        b[i] = (vec3){xy[i][0], xy[i][1], z1};
    }
    hull(m, a, b, corners);
}

static void box(mesh *m, float x0, float x1, float y0, float y1, float z0, float z1)
{
    const float xy[4][2] = {{x0, y0}, {x1, y0}, {x1, y1}, {x0, y1}};
    prism(m, xy, 4, z0, z1);
}

typedef enum axis { ALONG_X, ALONG_Y, ALONG_Z } axis;

/* A body turned on a lathe: (place on the axis, radius) pairs, about a centre line. */
static void lathe(mesh *m, axis along, vec3 centre, const float (*profile)[2], int points)
{
    enum { SIDES = 14 };
    for (int i = 0; i + 1 < points; i++) {
        for (int s = 0; s < SIDES; s++) {
            vec3 corner[4];
            for (int k = 0; k < 4; k++) {
                const float *p = profile[i + (k == 1 || k == 2)];
                float angle = 2 * pi * (float)(s + k / 2) / SIDES;
                float u = p[1] * cosf(angle), v = p[1] * sinf(angle);
                corner[k] = along == ALONG_X   ? (vec3){p[0], u, v}
                            : along == ALONG_Y ? (vec3){u, p[0], v}
                                               : (vec3){u, v, p[0]};
                corner[k].x += centre.x;
                corner[k].y += centre.y;
                corner[k].z += centre.z;
            }
            vec3 inside = centre;
            float middle = (profile[i][0] + profile[i + 1][0]) / 2;
            if (along == ALONG_X) inside.x += middle;
            if (along == ALONG_Y) inside.y += middle;
            if (along == ALONG_Z) inside.z += middle;
            quad(m, corner[0], corner[1], corner[2], corner[3], inside);
        }
    }
}

static void wheel(mesh *m, float x, float y, float z, float radius, float width)
{
    const float tyre[4][2] = {
        {-width / 2, 0}, {-width / 2, radius}, {width / 2, radius}, {width / 2, 0}};
    const float hub[4][2] = {{-width * 0.55f, 0},
                             {-width * 0.55f, radius * 0.55f},
                             {width * 0.55f, radius * 0.55f},
                             {width * 0.55f, 0}};
    m->colour = paint(0x18181a);
    lathe(m, ALONG_Z, (vec3){x, y, z}, tyre, 4);
    m->colour = paint(0xb4b8be);
    lathe(m, ALONG_Z, (vec3){x, y, z}, hub, 4);
}

typedef struct band {
    float y;
    uint32_t colour;
} band;

/* Bands of colour from the top of the picture to its bottom; 0 is the horizon. */
static void backdrop(mesh *m, const band *bands, int count)
{
    const vec3 none = {0};
    for (int i = 0; i + 1 < count; i++) {
        const vec3 upper = paint(bands[i].colour), lower = paint(bands[i + 1].colour);
        const float y0 = -bands[i].y, y1 = -bands[i + 1].y; /* Vulkan's y points down */
        const vec3 corners[6] = {{-1, y0, 0}, {1, y0, 0}, {-1, y1, 0},
                                 {1, y0, 0},  {1, y1, 0}, {-1, y1, 0}};
        for (int k = 0; k < 6; k++) {
            m->colour = corners[k].y == y0 ? upper : lower;
            put(m, corners[k], none);
        }
    }
}

/* ---- Models ---- */

static void aeroplane(mesh *m)
{
    backdrop(m, (const band[]){{3, 0x3a76be}, {0.5f, 0x84b6e2}, {-3, 0xd2e4f2}}, 3);
    const float body[8][2] = {{-5, 0.05f}, {-4.4f, 0.3f}, {-3, 0.5f},    {-1, 0.58f},
                              {3, 0.58f},  {4.2f, 0.48f}, {4.8f, 0.25f}, {5, 0}};
    m->colour = paint(0xf2f4f6);
    lathe(m, ALONG_X, (vec3){0, 0, 0}, body, 8);
    for (int side = -1; side <= 1; side += 2) {
        const float s = (float)side;
        const vec3 wing[2][4] = {{{1.4f, -0.2f, s * 0.4f},
                                  {-1.0f, -0.2f, s * 0.4f},
                                  {-2.4f, 0.25f, s * 5},
                                  {-1.6f, 0.25f, s * 5}},
                                 {{1.4f, -0.36f, s * 0.4f},
                                  {-1.0f, -0.36f, s * 0.4f},
                                  {-2.4f, 0.2f, s * 5},
                                  {-1.6f, 0.2f, s * 5}}};
        m->colour = paint(0xc6ccd4);
        hull(m, wing[0], wing[1], 4);
        const vec3 tail[2][4] = {{{-3.7f, 0.2f, s * 0.2f},
                                  {-4.8f, 0.2f, s * 0.2f},
                                  {-5.3f, 0.3f, s * 1.9f},
                                  {-4.7f, 0.3f, s * 1.9f}},
                                 {{-3.7f, 0.1f, s * 0.2f},
                                  {-4.8f, 0.1f, s * 0.2f},
                                  {-5.3f, 0.25f, s * 1.9f},
                                  {-4.7f, 0.25f, s * 1.9f}}};
        hull(m, tail[0], tail[1], 4);
        const float engine[4][2] = {{-0.7f, 0.18f}, {-0.4f, 0.3f}, {0.6f, 0.3f}, {0.7f, 0.22f}};
        m->colour = paint(0x6a7686);
        lathe(m, ALONG_X, (vec3){0.4f, -0.55f, s * 1.8f}, engine, 4);
    }
    const float fin[4][2] = {{-3.2f, 0.4f}, {-4.6f, 0.4f}, {-5.3f, 2.1f}, {-4.6f, 2.1f}};
    m->colour = paint(0x22428a);
    prism(m, fin, 4, -0.08f, 0.08f);
    m->colour = paint(0x2a3a50);
    box(m, 4.0f, 4.4f, 0.25f, 0.42f, -0.3f, 0.3f);
}

static void ship(mesh *m)
{
    backdrop(
        m,
        (const band[]){
            {3, 0x68a0d2}, {0.01f, 0xdce8ea}, {0, 0x3e708e}, {-0.5f, 0x285c82}, {-3, 0x10345c}},
        5);
    /* Half widths of the hull from stern to bow, at the deck and at the water. */
    static const float x[6] = {-6, -5, -1, 3, 5, 6.6f},
                       deck[6] = {0.9f, 1.1f, 1.2f, 1.1f, 0.7f, 0.03f};
    static const float line[6] = {0.7f, 0.9f, 1.1f, 0.9f, 0.4f, 0.01f};
    for (int i = 0; i < 5; i++) {
        for (int part = 0; part < 2; part++) { /* red below, then the hull's own colour */
            const float y0 = part ? 0.28f : -0.3f, y1 = part ? 1.35f : 0.28f;
            vec3 outline[2][4];
            for (int k = 0; k < 2; k++) {
                const float low = part ? (line[i + k] + deck[i + k]) / 2 : line[i + k];
                const float high = part ? deck[i + k] : (line[i + k] + deck[i + k]) / 2;
                const float bow = i + k == 5 ? -0.5f : 0, px = x[i + k];
                outline[k][0] = (vec3){px + (part ? bow : bow * 1.8f), y0, -low};
                outline[k][1] = (vec3){px + (part ? 0 : bow), y1, -high};
                outline[k][2] = (vec3){px + (part ? 0 : bow), y1, high};
                outline[k][3] = (vec3){px + (part ? bow : bow * 1.8f), y0, low};
            }
            m->colour = paint(part ? 0x1a2642 : 0xac2a26);
            hull(m, outline[0], outline[1], 4);
        }
    }
    m->colour = paint(0xf4f4f0);
    box(m, -4.6f, 3.0f, 1.35f, 2.05f, -0.95f, 0.95f);
    box(m, -3.8f, 2.3f, 2.05f, 2.7f, -0.8f, 0.8f);
    box(m, 0.9f, 2.0f, 2.7f, 3.3f, -0.7f, 0.7f);
    m->colour = paint(0x3c546a);
    for (int i = 0; i < 9; i++) {
        const float at = -4.3f + 0.8f * (float)i;
        box(m, at, at + 0.4f, 1.6f, 1.82f, -0.97f, 0.97f);
        if (i < 7) box(m, at + 0.8f, at + 1.2f, 2.28f, 2.5f, -0.82f, 0.82f);
    }
    box(m, 1.95f, 2.03f, 2.95f, 3.18f, -0.6f, 0.6f);
    for (int i = 0; i < 2; i++) {
        const float lower[2][2] = {{2.7f, 0.42f}, {3.9f, 0.42f}},
                    upper[3][2] = {{3.9f, 0.42f}, {4.25f, 0.42f}, {4.25f, 0}};
        m->colour = paint(0xca382c);
        lathe(m, ALONG_Y, (vec3){-2.6f + 1.9f * (float)i, 0, 0}, lower, 2);
        m->colour = paint(0x1e2026);
        lathe(m, ALONG_Y, (vec3){-2.6f + 1.9f * (float)i, 0, 0}, upper, 3);
    }
    m->colour = paint(0x585c62);
    box(m, 1.3f, 1.42f, 3.3f, 4.6f, -0.05f, 0.05f);
    box(m, 4.3f, 4.42f, 1.35f, 3.0f, -0.05f, 0.05f);
    m->colour = paint(0xe2eef2);
    box(m, -6.4f, 6.4f, -0.32f, -0.18f, -1.35f, 1.35f); /* foam */
}

static void road(mesh *m, float shadow_x, float shadow_z)
{
    backdrop(m,
             (const band[]){{3, 0x80b6de},
                            {0.01f, 0xdce6ec},
                            {0, 0x76945c},
                            {-0.25f, 0x62844e},
                            {-0.3f, 0x66666a},
                            {-3, 0x86868a}},
             6);
    m->colour = paint(0x38383e);
    box(m, -shadow_x, shadow_x, -0.03f, 0, -shadow_z, shadow_z);
}

static void car(mesh *m)
{
    road(m, 2.2f, 1.0f);
    const float lower[8][2] = {{-2.1f, 0.35f}, {2.1f, 0.35f},  {2.15f, 0.6f},  {2.0f, 0.82f},
                               {0.9f, 0.95f},  {-1.9f, 0.98f}, {-2.1f, 0.85f}, {-2.15f, 0.6f}};
    const float cabin[4][2] = {{0.95f, 0.94f}, {0.3f, 1.42f}, {-1.0f, 1.42f}, {-1.65f, 0.96f}};
    const float glass[4][2] = {{0.72f, 0.98f}, {0.24f, 1.36f}, {-0.94f, 1.36f}, {-1.4f, 0.98f}};
    m->colour = paint(0xc81e1e);
    prism(m, lower, 8, -0.85f, 0.85f);
    vec3 a[4], b[4];
    for (int i = 0; i < 4; i++) { /* the roof is narrower than the sills */
        const float half = cabin[i][1] > 1.2f ? 0.62f : 0.78f;
        a[i] = (vec3){cabin[i][0], cabin[i][1], -half};
        b[i] = (vec3){cabin[i][0], cabin[i][1], half};
    }
    hull(m, a, b, 4);
    m->colour = paint(0x1c2836);
    for (int i = 0; i < 4; i++) {
        const float half = glass[i][1] > 1.2f ? 0.66f : 0.8f;
        a[i] = (vec3){glass[i][0], glass[i][1], -half};
        b[i] = (vec3){glass[i][0], glass[i][1], half};
    }
    hull(m, a, b, 4);
    const vec3 wind[2][4] = {
        {{1.0f, 0.97f, -0.68f}, {0.4f, 1.38f, -0.55f}, {0.4f, 1.38f, 0.55f}, {1.0f, 0.97f, 0.68f}},
        {{0.8f, 0.97f, -0.68f}, {0.2f, 1.38f, -0.55f}, {0.2f, 1.38f, 0.55f}, {0.8f, 0.97f, 0.68f}}};
    hull(m, wind[0], wind[1], 4);
    const vec3 rear[2][4] = {{{-1.7f, 0.99f, -0.68f},
                              {-1.08f, 1.38f, -0.55f},
                              {-1.08f, 1.38f, 0.55f},
                              {-1.7f, 0.99f, 0.68f}},
                             {{-1.5f, 0.99f, -0.68f},
                              {-0.9f, 1.38f, -0.55f},
                              {-0.9f, 1.38f, 0.55f},
                              {-1.5f, 0.99f, 0.68f}}};
    hull(m, rear[0], rear[1], 4);
    m->colour = paint(0xfff2c8);
    for (int side = -1; side <= 1; side += 2) {
        box(m, 2.0f, 2.17f, 0.6f, 0.74f, 0.6f * (float)side - 0.17f, 0.6f * (float)side + 0.17f);
    }
    m->colour = paint(0x26262a);
    box(m, 2.05f, 2.19f, 0.36f, 0.52f, -0.7f, 0.7f);
    for (int i = 0; i < 4; i++) {
        wheel(m, i % 2 ? 1.35f : -1.3f, 0.36f, i / 2 ? 0.78f : -0.78f, 0.36f, 0.24f);
    }
}

static void lorry(mesh *m)
{
    road(m, 4.0f, 1.3f);
    m->colour = paint(0x34363c);
    box(m, -3.7f, 3.4f, 0.55f, 0.85f, -0.8f, 0.8f);
    m->colour = paint(0xf0f0ec);
    box(m, -3.9f, 1.5f, 0.9f, 3.6f, -1.2f, 1.2f);
    m->colour = paint(0x2c5ca0);
    box(m, -3.91f, 1.51f, 1.5f, 2.0f, -1.21f, 1.21f);
    const float cab[6][2] = {{1.75f, 0.5f}, {3.8f, 0.5f},  {3.85f, 1.5f},
                             {3.5f, 2.6f},  {3.0f, 2.75f}, {1.75f, 2.75f}};
    m->colour = paint(0xcc2c28);
    prism(m, cab, 6, -1.1f, 1.1f);
    m->colour = paint(0x22364a);
    const vec3 wind[2][4] = {
        {{3.88f, 1.55f, -0.95f},
         {3.54f, 2.5f, -0.95f},
         {3.54f, 2.5f, 0.95f},
         {3.88f, 1.55f, 0.95f}},
        {{3.6f, 1.55f, -0.95f}, {3.3f, 2.5f, -0.95f}, {3.3f, 2.5f, 0.95f}, {3.6f, 1.55f, 0.95f}}};
    hull(m, wind[0], wind[1], 4);
    const float window[4][2] = {{2.4f, 1.6f}, {3.5f, 1.6f}, {3.25f, 2.45f}, {2.4f, 2.45f}};
    prism(m, window, 4, -1.13f, 1.13f);
    m->colour = paint(0x404248);
    box(m, 3.7f, 3.95f, 0.4f, 0.75f, -1.1f, 1.1f);
    m->colour = paint(0xfff0b8);
    for (int side = -1; side <= 1; side += 2) {
        box(m, 3.8f, 3.9f, 0.9f, 1.15f, 0.8f * (float)side - 0.2f, 0.8f * (float)side + 0.2f);
        wheel(m, 2.8f, 0.52f, 1.0f * (float)side, 0.52f, 0.36f);
        wheel(m, -1.4f, 0.52f, 0.95f * (float)side, 0.52f, 0.5f);
        wheel(m, -2.7f, 0.52f, 0.95f * (float)side, 0.52f, 0.5f);
    }
}

uint32_t scenes_build(scene scenes[SCENE_COUNT], vertex *vertices)
{
    static const struct {
        scene scene;
        void (*build)(mesh *m);
    } table[SCENE_COUNT] = {
        {{.class_name = "airplane", .distance = 15.5f, .lift = -1.5f, .middle = 0.3f}, aeroplane},
        {{.class_name = "ship", .distance = 18, .lift = 2.2f, .middle = 1.6f}, ship},
        {{.class_name = "automobile", .distance = 6.4f, .lift = 1.0f, .middle = 0.72f}, car},
        {{.class_name = "truck", .distance = 11.5f, .lift = 1.0f, .middle = 1.75f}, lorry},
    };
    mesh m = {.vertices = vertices};
    for (int i = 0; i < SCENE_COUNT; i++) {
        scenes[i] = table[i].scene;
        scenes[i].first = m.count;
        table[i].build(&m);
        scenes[i].count = m.count - scenes[i].first;
    }
    return m.count;
}

/* ---- Camera ---- */

void scene_camera(const scene *s, uint32_t i, uint32_t count, float matrix[16], float *horizon)
{
    const float angle = 2 * pi * ((float)i + 0.5f) / (float)count;
    const float focal = 1 / tanf(0.5f * 44 * pi / 180), near_ = 0.5f, far_ = 60;
    const vec3 target = {0, s->middle, 0};
    const vec3 eye = {s->distance * sinf(angle), s->middle + s->lift, s->distance * cosf(angle)};
    const vec3 forward = normalised(sub(target, eye));
    const vec3 right = normalised(cross(forward, (vec3){0, 1, 0}));
    const vec3 down = cross(forward, right);
    const vec3 rows[3] = {right, down, forward};
    float view[3][4];
    for (int r = 0; r < 3; r++) {
        view[r][0] = rows[r].x, view[r][1] = rows[r].y, view[r][2] = rows[r].z;
        view[r][3] = -dot(rows[r], eye);
    }
    for (int c = 0; c < 4; c++) {
        matrix[c * 4 + 0] = focal * view[0][c];
        matrix[c * 4 + 1] = focal * view[1][c];
        matrix[c * 4 + 2] = far_ / (far_ - near_) * view[2][c];
        matrix[c * 4 + 3] = view[2][c];
    }
    matrix[14] -= far_ * near_ / (far_ - near_);
    /* A point at the horizon, straight ahead: its direction is level. */
    const vec3 level = normalised((vec3){forward.x, 0, forward.z});
    *horizon = focal * dot(down, level) / dot(forward, level);
}
