#version 450
layout(location = 0) in vec3 lit; // linear light; the attachment's format encodes it
layout(location = 0) out vec4 colour;

void main() {
    colour = vec4(lit, 1);
}
