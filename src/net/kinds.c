#include "net/kinds.h"

#include <string.h>

#include "base/text.h"
#include "base/util.h"

/* A part of some tensor's name, and the kind of network that it shows. The first match counts. */
static const struct {
    const char *part, *kind;
} kinds[] = {
    {"lora_", "a network with LoRA adapters: merge them first (merge_and_unload() of peft; "
              "loralib's eval()), and save the network's state_dict()"},
    {"modules_to_save.", "a network of peft: save model.merge_and_unload().state_dict()"},
    {"attnpool.", "CLIP's ResNet, whose pool is an attention layer"},
    {".bn1.IN.", "IBN-Net, whose norms are half instance norms"},
    {".bn1.BN.", "IBN-Net, whose norms are half instance norms"},
    {".convs.", "a Res2Net, which is not supported"},
    {".conv2.fc1.", "a ResNeSt, which is not supported"},
    {".paths.", "an SKNet, which is not supported"},
    {".conv2.attn.", "an SKNet, which is not supported"},
    {".ca.", "a network with CBAM, which is not supported"},
    {".cbam", "a network with CBAM, which is not supported"},
    {".bias1a", "a network with Fixup instead of norms, which is not supported"},
    {".skipinit_gain", "a normalizer-free network, which is not supported"},
    {"weight_mask", "a network in the middle of pruning: call torch.nn.utils.prune.remove first"},
    {"weight_orig",
     "a network in the middle of pruning, or with an incomplete spectral norm: call "
     "torch.nn.utils.prune.remove or torch.nn.utils.remove_spectral_norm before you save it"},
    {".parametrizations.", "a network with parametrizations: call "
                           "torch.nn.utils.parametrize.remove_parametrizations first"},
    {"weight_fake_quant", "a network in quantization-aware training: convert it to floats first"},
    {"activation_post_process",
     "a network in quantization-aware training: convert it to floats first"},
    {".SCB", "a network with 8-bit weights of bitsandbytes: save it in floats"},
    {".weight_scale", "a network with quantized weights: save it in floats"},
    {"prelu.", "a network with PReLU, which is not supported"},
    {"pool.p", "a network with a GeM pool, which is not supported"},
    {"gem.p", "a network with a GeM pool, which is not supported"},
    {"head.kernel", "a network with a margin head (ArcFace), which only training needs: delete it "
                    "from the dictionary, and save that again"},
    {"cls_token", "a vision transformer, not a ResNet"},
    {"patch_embed.", "a vision transformer, not a ResNet"},
    {"transformer.", "a transformer, not a ResNet"},
    {"embeddings.", "a transformer, not a ResNet"},
    {"features.0.", "a VGG, AlexNet, MobileNet or EfficientNet, not a ResNet"},
    {"conv_stem.", "an EfficientNet or MobileNet, not a ResNet"},
    {"conv_dw.", "a ConvNeXt, EfficientNet or MobileNet, not a ResNet"},
    {"dwconv.", "a ConvNeXt, not a ResNet"},
    {"trunk_output.", "a RegNet, which is not supported"},
    {"stem.conv1.conv.", "one of timm's ByobNets or CSPNets (resnet33ts, resnet50_clip, "
                         "cspresnet50, ...), which are not supported"},
    {"body.conv1.conv.", "a TResNet, which is not supported"},
    {".branches.", "an HRNet, not a ResNet"},
    {"s1.b1.", "a RegNet, which is not supported"},
    {".tree1.", "a DLA, not a ResNet"},
    {".conv1.gain", "a normalizer-free network, which is not supported"},
    {"layer0.conv3.", "SENet-154, which is not supported: its blocks have other widths"},
    {"denseblock", "a DenseNet, not a ResNet"},
    {"Mixed_5b.", "an Inception network, not a ResNet"},
    {"model.0.conv.", "a YOLO network, not a ResNet"},
    {"block1.layer.0.", "a Wide ResNet of the form WRN-N-K (block1 to block3), whose tensor names "
                        "are not known"},
    {"convpath.", "fastai's XResNet, whose tensor names are not known"},
    {"block1.unit01.",
     "BiT with its authors' tensor names, which are not known: timm's resnetv2_50x1_bit "
     "has the same weights"},
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
    for (size_t i = 0; i < names->count; i++) {
        if (names->entries[i].tensor->rank != 5) continue;
        vrn_append(text, capacity,
                   ": this seems to be a network with 3D convolutions, which is not supported");
        return;
    }
    for (size_t i = 0; i < VRN_COUNT(kinds); i++) {
        if (!has_part(names, kinds[i].part)) continue;
        vrn_append(text, capacity, ": this seems to be %s", kinds[i].kind);
        return;
    }
    size_t from = 0; /* the first position that is not listed yet */
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
