#include "net/kinds.h"

#include <string.h>

#include "base/text.h"
#include "base/util.h"

/* A part of some tensor's name, and what it tells. The first that is found counts. */
static const struct {
    const char *part, *kind;
} kinds[] = {
    {"attnpool.", "CLIP's ResNet, whose pool is an attention layer"},
    {".bn1.IN.", "IBN-Net, whose norms are half instance norms"},
    {".convs.", "a Res2Net, which is not supported"},
    {"weight_mask", "a network in the middle of pruning: call torch.nn.utils.prune.remove first"},
    {"weight_fake_quant", "a network in quantization-aware training: convert it to floats first"},
    {"activation_post_process",
     "a network in quantization-aware training: convert it to floats first"},
    {"prelu.", "a network with PReLU, which is not supported"},
    {"cls_token", "a vision transformer, not a ResNet"},
    {"patch_embed.", "a vision transformer, not a ResNet"},
    {"transformer.", "a transformer, not a ResNet"},
    {"features.0.", "a VGG, AlexNet, MobileNet or EfficientNet, not a ResNet"},
    {"denseblock", "a DenseNet, not a ResNet"},
    {"Mixed_5b.", "an Inception network, not a ResNet"},
    {"stem.norm1.", "timm's ResNetV2 with a deep stem, which is not supported"},
    {"root.conv.", "BiT (pre-activation), which is not supported"},
    {"param_groups", "an optimizer's state, without weights"},
    {"momentum_buffer", "an optimizer's state, without weights"},
    {"exp_avg", "an optimizer's state, without weights"},
};

static bool has_part(const vrn_names *names, const char *part)
{
    for (size_t i = 0; i < names->count; i++) {
        if (strstr(names->entries[i].tensor->name, part)) return true;
    }
    return false;
}

void vrn_kinds_describe(const vrn_names *names, bool network, char *text, size_t capacity)
{
    *text = 0;
    for (size_t i = 0; i < VRN_COUNT(kinds); i++) {
        if (!has_part(names, kinds[i].part)) continue;
        vrn_append(text, capacity, ": this seems to be %s", kinds[i].kind);
        return;
    }
    size_t from = 0; /* the first position that is not said yet */
    for (int said = 0; said < 3 && !network; said++) {
        const vrn_named_tensor *next = NULL;
        for (size_t i = 0; i < names->count; i++) {
            const vrn_named_tensor *entry = &names->entries[i];
            if (entry->position >= from && (!next || entry->position < next->position)) {
                next = entry;
            }
        }
        if (!next) return;
        vrn_append(text, capacity, "%s%.60s", said ? ", " : ": the first names here are ",
                   next->tensor->name);
        from = next->position + 1;
    }
}
