// The two factors of an implicit matrix product, as conv_tile.comp and conv_matrix.comp read them:
// the elements of X and of W that a work group needs in a step, and how they get from memory into
// registers. Expects TILE_M, TILE_N4, TILE_K4 and THREADS, and how elements are read: X_ELEMENT
// fetch_x(i), four channels of
//   x: [N, IN_H, IN_W, IN_C4],
// and W_ELEMENT fetch_w(i), what W_ROWS of them take to give all that an element of four channels
// gives,
//   w: [W_HEADER] bias and the like, then [KERNEL_H, KERNEL_W, GROUP_IN4 * W_ROWS, OUT_C4]

const uint GROUP_OUT4 = (GROUP_OUT + 3u) / 4u;
const uint K4 = KERNEL_H * KERNEL_W * GROUP_IN4;
const uint STEPS = (K4 + TILE_K4 - 1u) / TILE_K4;
const uint BLOCKS_N = (GROUP_OUT4 + TILE_N4 - 1u) / TILE_N4; // work groups along N of one group

// Work that the shape can make unnecessary: zeros around the image; finding the position in the
// kernel, with an integer division, in every invocation (a step lies in one position); and zeros
// after K.
const bool PADDED = PAD_Y != 0u || PAD_X != 0u;
const bool WHOLE_STEPS = GROUP_IN4 % TILE_K4 == 0u;
const bool K_ENDS_WITHIN = K4 % TILE_K4 != 0u;

// Elements that an invocation copies in a step. Neighbours read along the channels of X and of W.
const uint COPIES_X = TILE_M * TILE_K4 / THREADS;
const uint COPIES_W = TILE_K4 * W_ROWS * TILE_N4 / THREADS;

// The elements on their way, and whether those of X lie inside the image.
X_ELEMENT next_x[COPIES_X];
W_ELEMENT next_w[COPIES_W];
bool inside[COPIES_X];

// of the kernel's first position and the group's first channel; may wrap below zero
uint from_x[COPIES_X];
uint top[COPIES_X], left[COPIES_X];
uint from_w;

void prepare(uint first_m, uint group, uint first_n4) {
    uint thread = gl_LocalInvocationID.x, total = push.images * OUT_PIXELS;
    [[unroll]] for (uint i = 0; i < COPIES_X; i++) {
        uint pixel = min(first_m + thread / TILE_K4 + i * (THREADS / TILE_K4), total - 1u);
        uint within = pixel % OUT_PIXELS;
        top[i] = within / OUT_W * STRIDE_Y - PAD_Y; // wraps below zero
        left[i] = within % OUT_W * STRIDE_X - PAD_X;
        uint row = pixel / OUT_PIXELS * IN_H + top[i];
        from_x[i] = (row * IN_W + left[i]) * IN_C4 + group * GROUP_IN4;
    }
    uint n4 = min(first_n4 + thread % TILE_N4, GROUP_OUT4 - 1u);
    from_w = W_HEADER + thread / TILE_N4 * OUT_C4 + group * GROUP_OUT4 + n4;
}

void fetch(uint step) {
    uint lane_k4 = gl_LocalInvocationID.x % TILE_K4;
    // The position in the kernel and the channel: the same for all invocations if steps are whole.
    uint k4 = step * TILE_K4 + (WHOLE_STEPS ? 0u : lane_k4);
    uint position = k4 / GROUP_IN4, c4 = k4 % GROUP_IN4 + (WHOLE_STEPS ? lane_k4 : 0u);
    uint y_offset = position / KERNEL_W * DILATION_Y, x_offset = position % KERNEL_W * DILATION_X;
    uint offset = (y_offset * IN_W + x_offset) * IN_C4 + c4;
    [[unroll]] for (uint i = 0; i < COPIES_X; i++) {
        inside[i] = !PADDED || (top[i] + y_offset < IN_H && left[i] + x_offset < IN_W);
        if (K_ENDS_WITHIN) inside[i] = inside[i] && k4 < K4;
        uint from = from_x[i] + offset;
        next_x[i] = fetch_x(PADDED || K_ENDS_WITHIN ? (inside[i] ? from : 0u) : from);
    }
    [[unroll]] for (uint i = 0; i < COPIES_W; i++) {
        uint k = step * (TILE_K4 * W_ROWS) + i * (THREADS / TILE_N4);
        uint from = from_w + k * OUT_C4;
        if (K_ENDS_WITHIN) { // X is zero there, so the weight does not matter
            from = min(from, W_HEADER + K4 * W_ROWS * OUT_C4 - 1u);
        }
        next_w[i] = fetch_w(from);
    }
}
