#version 450
// A model's vertex, seen by the camera; or one of the backdrop (it has no normal), which lies in
// clip space and follows the horizon.
layout(location = 0) in vec3 position;
layout(location = 1) in vec3 normal;
layout(location = 2) in vec3 colour;

layout(push_constant) uniform Push {
    mat4 camera;
    vec4 sun; // direction; w: where the horizon is in clip space
} push;

layout(location = 0) out vec3 lit;

void main() {
    if (normal == vec3(0)) {
        gl_Position = vec4(position.x, position.y + push.sun.w, 0.9999, 1);
        lit = colour;
        return;
    }
    gl_Position = push.camera * vec4(position, 1);
    float sunlight = max(dot(normal, push.sun.xyz), 0.0);
    float skylight = 0.5 + 0.5 * normal.y;
    lit = colour * (0.16 + 0.28 * skylight + 0.7 * sunlight);
}
