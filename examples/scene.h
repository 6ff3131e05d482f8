/* Simple 3D models, made of code: an aeroplane, a ship, a car and a lorry, each before its
 * backdrop. */
#ifndef EXAMPLES_SCENE_H
#define EXAMPLES_SCENE_H

#include <stdint.h>

typedef struct vertex {
    float position[3]; /* x forward, y up, z to the right */
    float normal[3];   /* zero: of the backdrop, in clip space */
    float colour[3];   /* linear */
} vertex;

enum { SCENE_COUNT = 4, SCENE_VERTICES_MAX = 20000 };

typedef struct scene {
    const char *class_name; /* what it shows, in CIFAR-10's words */
    uint32_t first, count;  /* its vertices: triangles */
    float distance, lift;   /* of the camera, and how far above the model's middle it looks from */
    float middle;           /* height of what it looks at */
} scene;

/* Writes the vertices of all scenes and returns how many they are. */
uint32_t scenes_build(scene scenes[SCENE_COUNT], vertex *vertices);

/* The camera in frame `i` of `count` of a scene: the matrix (by columns), and the horizon. */
void scene_camera(const scene *s, uint32_t i, uint32_t count, float matrix[16], float *horizon);

#endif
