/* The stages of an architecture, and functions that complete, check, read and compare
 * architectures. */
#ifndef VRN_NET_ARCH_H
#define VRN_NET_ARCH_H

#include <vkresnet/vkresnet.h>

/* Bounds that vrn_arch_check enforces, so that later arithmetic cannot overflow and a wrong number
 * cannot ask for unlimited memory. Real networks stay far below. */
enum {
    VRN_MAX_BLOCKS = 4096,      /* of a stage */
    VRN_MAX_CHANNELS = 1 << 17, /* of any activation */
    VRN_MAX_CLASSES = 1 << 20,
    VRN_MAX_STRIDE = 8,
    VRN_MAX_IN_CHANNELS = 16,
    VRN_MAX_BLUR = 7,
    VRN_MAX_CHANNEL_KERNEL = 63, /* of VRN_ATTENTION_ECA */
};
#define VRN_MAX_PARAMETERS (UINT64_C(1) << 31) /* running statistics included */

/* A stage, torchvision's `_make_layer`. Wide integers: vrn_arch_check looks at these before it
 * knows that they are small. */
typedef struct vrn_stage {
    uint64_t in;             /* channels of the input */
    uint64_t width;          /* channels between a block's convolutions */
    uint64_t out;            /* channels of every block's output */
    uint32_t stride;         /* of the first block; the others have 1 */
    uint32_t first_dilation; /* of the first block: that of the stage before */
    uint32_t dilation;       /* of the other blocks */
    bool reshapes;           /* the first block needs a shortcut that is not the identity */
    uint32_t attention;      /* vrn_arch.attention_width */
} vrn_stage;

/* Describes every stage of an architecture without defaults left. */
void vrn_arch_stages(const vrn_arch *arch, vrn_stage stages[VRN_MAX_STAGES]);

/* True if shortcuts fill new channels with zeros. */
static inline bool vrn_arch_pads(const vrn_arch *arch)
{
    return arch->shortcut == VRN_SHORTCUT_PAD || arch->shortcut == VRN_SHORTCUT_PAD_END;
}

/* Output channels of a block are its planes times this. */
uint32_t vrn_arch_expansion(vrn_block block);

/* vrn_arch_check and vrn_arch_parse with `subject` in front of their messages ("file.pth"). */
vrn_result vrn_arch_complete(vrn_arch *arch, const char *subject, const vrn_log *log);
vrn_result vrn_arch_read(vrn_arch *arch, const char *text, const char *subject, const vrn_log *log);

/* True if `text`, which may be NULL, has `key=`. */
bool vrn_arch_text_has(const char *text, const char *key);

/* Sets the keys of "key=value,..." and leaves the other fields; does not complete or check the
 * result. */
vrn_result vrn_arch_override(vrn_arch *arch, const char *text, const char *subject,
                             const vrn_log *log);

/* Writes the keys, "key=value,...", in which one complete architecture differs from another with
 * the same number of stages. The text is cut after `capacity` bytes. */
void vrn_arch_format_difference(const vrn_arch *arch, const vrn_arch *other, char *text,
                                size_t capacity);

/* Checks that a text for vrn_arch_parse can express every field of a complete architecture. */
vrn_result vrn_arch_check_keys(const vrn_arch *arch, const char *subject, const vrn_log *log);

/* Logs "<subject>: ..." as an error. `by` points to a struct with the members `subject` and
 * `log`. */
#define VRN_ARCH_REFUSE(by, format, ...)                                                           \
    vrn_fail((by)->log, VRN_ERROR_INVALID_ARGUMENT, "%s: " format, (by)->subject, __VA_ARGS__)

/* Fills in the fields that are zero, without checks. `base_planes`: of the first stage; 0: by the
 * stem. */
void vrn_arch_fill(vrn_arch *arch, uint32_t base_planes);

#endif
