"""Checkpoints as other people's code writes them: names, dictionaries, types and formats. All but
the damaged and the foreign ones are small networks of zoo_networks.py."""

import argparse
import collections
import dataclasses
import datetime
import io
import json
import math
import os
import pathlib
import pickletools
import re
import struct
import zipfile

from renames import by_number, hugging_face, prefixed
from torch_files import (Global, Instance, Reduced, Storage, Tensor, legacy_pth, pack, pickled, pth,
                         safetensors, tensor, values_of)
from zoo_networks import weights

BOTTLENECK = "resnet,block=bottleneck,layers=2:1:1:1,planes=4:4:5:6,num_classes=5"
HEADLESS = BOTTLENECK.replace(",num_classes=5", ",head=none")
BASIC = "resnet,layers=1:1:1:1,planes=4:5:6:7,num_classes=5"
TIMM = "resnet,block=bottleneck,layers=1:1:1:1,planes=8:4:4:4,num_classes=5"
CIFAR = "resnet,layers=1:1:1:1,planes=4:4:5:6,num_classes=5,stem=cifar"
SMALL = "resnet,layers=2:1:2,planes=4:5:6,num_classes=5,stem=cifar"
GROUPS = "resnet,layers=1:1,planes=32:32,num_classes=5,norm=group"
FEATURES = 24
DATA = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "data")


@dataclasses.dataclass
class Case:
    """`content`: an object for torch.save, the bytes of a file, or a dictionary of such bytes by
    name, for a folder. `net`: the network with whose values the result is compared, after
    `options`. `refused`: what the message says without them. `file`: what the program is given."""

    name: str
    content: object
    net: str = None
    options: tuple = ()
    refused: str = None
    file: str = None

    def write(self, folder):
        """Returns the path for the program."""
        files, file = self.content, self.file or self.name + ".pth"
        if not isinstance(files, dict) or not all(isinstance(each, bytes)
                                                  for each in files.values()):
            files = {file: files if isinstance(files, bytes) else pth(files)}
        for name, data in files.items():
            path = os.path.join(folder, name)
            os.makedirs(os.path.dirname(path), exist_ok=True)
            with open(path, "wb") as out:
                out.write(data)
        return os.path.join(folder, file)


# ---- Names ---------------------------------------------------------------------------------------


def renamed(named, *rules):
    """Patterns of names and what they become; of several the first; None leaves a tensor out."""
    result = collections.OrderedDict()
    for name, value in named.items():
        for pattern, replacement in rules:
            if re.search(pattern, name):
                name = None if replacement is None else re.sub(pattern, replacement, name)
                break
        if name is not None:
            result[name] = value
    return result


def without_head(named):
    return renamed(named, (r"^fc\.", None))


def detectron(named, prefix=""):
    def stage(match):
        return f"{prefix}res{int(match[1]) + 1}.{match[2]}.{match[3]}"
    named = renamed(without_head(named), (r"^conv1\.", prefix + "stem.conv1."),
                    (r"^bn1\.", prefix + "stem.conv1.norm."),
                    (r"downsample\.0\.", "shortcut."), (r"downsample\.1\.", "shortcut.norm."),
                    (r"\.bn(\d)\.", r".conv\1.norm."))
    return collections.OrderedDict((re.sub(r"^layer(\d)\.(\d)\.(.*)", stage, name), value)
                                   for name, value in named.items())


# ---- What is saved beside ------------------------------------------------------------------------


def zeros(*shape):
    return tensor(shape, [0.0] * math.prod(shape))


def linear(name, into, out, *more):
    """A layer that stands somewhere beside the network."""
    shape = (out, into, *more)
    return {f"{name}.weight": tensor(shape, [0.125] * math.prod(shape)), f"{name}.bias":
            tensor((out,), [0.25] * out)}


def optimizer(named):
    moments = {i: {"momentum_buffer": value, "step": 3} for i, value in enumerate(named.values())}
    return {"state": moments, "param_groups": [{"lr": 0.1, "params": list(moments)}]}


def numpy_type(letters):
    return Reduced("numpy.dtype", letters, False, True,
                   state=(3, "<", None, None, None, -1, -1, 0))


def numpy_scalar(letters, data):
    return Reduced("numpy.core.multiarray.scalar", numpy_type(letters), data)


def numpy_array(one):
    kind = {"F32": "f4", "I64": "i8"}[one.storage.kind]
    return Reduced("numpy.core.multiarray._reconstruct", Global("numpy.ndarray"), (0,), b"b",
                   state=(1, one.shape, numpy_type(kind), False, one.storage.data))


def lightning(named):
    hyper = Instance("__main__.MyHyper", lr=0.1, cfg={"a": [1, 2]})
    return {"epoch": 3, "global_step": 100, "pytorch-lightning_version": "2.1.0",
            "state_dict": named, "loops": {"fit_loop": {"state_dict": {}, "epoch_progress": {
                "total": {"ready": 3}}}},
            "callbacks": {"ModelCheckpoint{'monitor': 'val_acc'}": {
                "best_model_score": tensor((), [0.875]), "dirpath": pathlib.PurePosixPath("/x")}},
            "optimizer_states": [optimizer({"a": zeros(5)})], "lr_schedulers": [],
            "hyper_parameters": {"model_cfg": hyper, "seed": numpy_scalar("i8", bytes(8)),
                                 "cls": Global("torch.nn.modules.loss.CrossEntropyLoss")}}


# ---- The kinds -----------------------------------------------------------------------------------

# What the program says of a network without a head.
NO_HEAD = "no head.*--tap avgpool="


def torchvision():
    w, other = weights(BOTTLENECK), weights(BOTTLENECK, 7)
    frozen = renamed(w, ("tracked", None))
    average = {**prefixed(w, "module."), "n_averaged": tensor((), [10], "I64")}
    yield Case("tv_basic", weights(BASIC), BASIC)
    yield Case("tv_bottleneck", w, BOTTLENECK)
    yield Case("tv_no_tracked", frozen, BOTTLENECK)
    yield Case("tv_frozen_bn", frozen, BOTTLENECK)
    yield Case("tv_reference_ema", {
        "model": other, "optimizer": optimizer(other), "lr_scheduler": {"last_epoch": 3},
        "epoch": 3, "args": argparse.Namespace(a=1), "model_ema": average}, BOTTLENECK)
    yield Case("tv_fasterrcnn", {
        **prefixed(without_head(frozen), "backbone.body."), **linear("rpn.head.conv.0.0", 8, 8, 3,
                                                                     3),
        **linear("backbone.fpn.inner_blocks.0.0", 16, 8, 1, 1),
        **linear("roi_heads.box_head.fc6", 8, 8)}, HEADLESS, refused=NO_HEAD)
    dilated = "resnet,block=bottleneck,layers=1:1:1:1,planes=4:4:5:6,num_classes=5"
    yield Case("dilated_classifier", weights(dilated), dilated + ",dilate=0:0:1",
               ("--arch", "dilate=0:0:1"), "'dilated'.*--arch dilate=")
    quantized = Reduced("torch._utils._rebuild_qtensor", Storage("F32", bytes(4 * 196)), 0,
                        (4, 3, 7, 7), (147, 49, 7, 1), (Global("torch.per_tensor_affine"), 0.1, 0),
                        False, collections.OrderedDict())
    yield Case("tv_quantized", {**w, "conv1.weight": quantized},
               refused=r"quantized tensor: .*dequantize\(\)")
    yield Case("qat_observers", {**w, "activation_post_process.scale": zeros(1),
                                 "conv1.weight_fake_quant.scale": zeros(4)},
               refused="quantization-aware training: convert it to floats first")


def timm():
    def case(name, net, **options):
        return Case("timm_" + name, weights(net), net, **options)
    deep = TIMM.replace("num_classes", "stem=deep,stem_width=4,shortcut=mean,num_classes")
    squeeze = TIMM.replace("num_classes", "attention=se,attention_width=2:1:1:1,num_classes")
    mean, blur = TIMM + ",antialias=mean", BASIC + ",antialias=blur"
    other = weights(TIMM, 7)
    yield case("resnet50", TIMM)
    yield case("resnet18", BASIC)
    yield case("resnet50d", deep)
    yield case("seresnet50", squeeze)
    yield case("resnetaa50", mean)
    yield case("resnetblur18", blur)
    yield case("resnet50_gn", GROUPS + ",norm_groups=32")
    yield case("wide_resnet50_2", TIMM + ",width_per_group=128")
    yield Case("timm_avgmax_pool", weights(TIMM), refused="'avgmax'.*--arch head=linear")
    yield Case("timm_features_only_no_fc", without_head(weights(BOTTLENECK)), HEADLESS,
               refused=NO_HEAD)
    yield Case("timm_train_ckpt", {
        "epoch": 9, "arch": "resnet50", "state_dict": other, "version": 2, "optimizer":
        optimizer(other), "args": argparse.Namespace(model="resnet50", lr=0.1), "amp_scaler":
        {"scale": 65536.0}, "state_dict_ema": weights(TIMM), "metric":
        numpy_scalar("f8", bytes(8))}, TIMM, file="timm_train_ckpt.pth.tar")
    yield Case("timm_arch_key_says_aa", {"epoch": 9, "arch": "resnetaa50", "state_dict":
                                         weights(mean), "version": 2}, mean)
    v2 = "resnet,block=bottleneck,layers=1:1,planes=4:5,stem_planes=8,num_classes=5,v2=1," \
        "final_norm=1"
    named = renamed(weights(v2), (r"^conv1\.", "stem.conv."), (r"^layer1\.", "stages.0.blocks."),
                    (r"^layer2\.", "stages.1.blocks."), (r"^fc\.", "head.fc."))
    named = renamed(named, (r"\.bn(\d)\.", r".norm\1."), (r"downsample\.0\.", "downsample.conv."))
    head = named["head.fc.weight"]
    named["head.fc.weight"] = Tensor((*head.shape, 1, 1), head.storage)
    yield Case("timm_resnetv2_50", named, v2)


def hugging():
    def case(name, net, change=hugging_face):
        return Case("hf_" + name, safetensors(change(weights(net))), net,
                    file=f"hf_{name}.safetensors")
    w = hugging_face(weights(BOTTLENECK))
    config = {"architectures": ["ResNetForImageClassification"], "model_type": "resnet",
              "id2label": {"0": "cat"}}
    yield case("resnet50", BOTTLENECK)
    yield case("resnet18_basic", BASIC)
    yield Case("hf_resnet50_bin", w, BOTTLENECK, file="hf_resnet50.bin")
    yield case("downsample_in_bottleneck", BOTTLENECK + ",v1=1")
    yield case("hidden_act_silu", BOTTLENECK + ",activation=silu")
    yield case("embedding_size_32", BOTTLENECK + ",stem_planes=6")
    yield Case("hf_folder", {"hf_folder/model.safetensors": safetensors(w), "hf_folder/config.json":
                             json.dumps(config).encode()}, BOTTLENECK, file="hf_folder")
    names, parts, where = list(w), {}, {}
    for i, some in enumerate((names[:50], names[50:]), 1):
        part = f"model-0000{i}-of-00002.safetensors"
        parts["hf_sharded/" + part] = safetensors({name: w[name] for name in some})
        where.update((name, part) for name in some)
    index = "hf_sharded/model.safetensors.index.json"
    parts[index] = json.dumps({"metadata": {"total_size": 1}, "weight_map": where}).encode()
    yield Case("hf_sharded_index", parts, BOTTLENECK, file=index)
    yield Case("hf_sharded_part", parts, BOTTLENECK, file="hf_sharded/" + part)
    yield case("timm_wrapper", BOTTLENECK, lambda named: prefixed(named, "timm_model."))
    yield Case("hf_flax_msgpack", b"\x82\xa6params\x81\xa5conv1\xc7\x10\x01" + bytes(64),
               refused="MessagePack.*from_flax=True", file="flax_model.msgpack")


def collections_of_models():
    w, v1 = weights(BOTTLENECK), BOTTLENECK + ",v1=1"
    body = without_head(w)
    yield Case("mmpretrain_resnet50", {"meta": {"epoch": 100, "CLASSES": ["a", "b"]}, "state_dict":
                                       {**prefixed(body, "backbone."), **renamed(
                                           w, (r"^fc\.", "head.fc."), ("", None))}}, BOTTLENECK)
    yield Case("mmpretrain_backbone_only", {"state_dict": body}, HEADLESS, refused=NO_HEAD)
    yield Case("detectron2_pth", {"model": detectron(w, "backbone.bottom_up."), "__author__": "x"},
               HEADLESS + ",v1=1", ("--arch", "v1=1"), "STRIDE_IN_1X1.*--arch v1=1 or --arch v1=0")
    arrays = {name: numpy_array(value) for name, value in detectron(w).items()}
    yield Case("detectron2_pkl", pickled({"model": arrays, "matching_heuristics": True})[0],
               refused=r"Detectron2 \(.pkl\).*torch.as_tensor.*torch.save", file="R-50.pkl")
    yield Case("caffe_torchvision_names", w, v1 + ",pool=caffe", file="resnet50_caffe.pth")
    yield Case("v1_stride_1x1", w, v1)
    data = {"epoch": 90, "arch": "resnet18", "state_dict": prefixed(weights(BASIC), "module."),
            "best_prec1": 54.0}
    yield Case("places365_resnet18_py2", python2(legacy_pth(data)), BASIC, file="places.pth.tar")
    yield Case("fastai_body", by_number(w), HEADLESS, refused=NO_HEAD)
    yield Case("sequential_children_fc", by_number(w, "0.", "2"), BOTTLENECK)
    inside = prefixed(w, "model.")
    yield Case("pl_model", lightning(inside), BOTTLENECK, file="pl_model.ckpt")
    yield Case("pl_net", lightning(prefixed(w, "net.")), BOTTLENECK)
    yield Case("pl_model_plus_criterion_weight", lightning({**inside, "criterion.weight":
                                                            zeros(5)}), BOTTLENECK)
    confusion = tensor((5, 5), [0] * 25, "I64")
    yield Case("pl_metric_confmat", lightning({**inside, "val_cm.confmat": confusion}), BOTTLENECK)
    yield Case("pl_feature_extractor_classifier", lightning(
        by_number(w, "feature_extractor.", "classifier")), BOTTLENECK)


def python2(data):
    """Python 2's texts are bytes."""
    out, at = b"", 0
    for _ in range(5):  # the pickles of the legacy form
        stream = io.BytesIO(data[at:])
        operations = list(pickletools.genops(stream))
        ends = [where for _, _, where in operations[1:]] + [stream.tell()]
        for (operation, argument, where), end in zip(operations, ends):
            raw = data[at + where:at + end]
            if operation.name == "BINUNICODE" and len(argument) < 256:
                raw = b"U" + bytes([len(argument)]) + argument.encode()
            out += raw
        at += stream.tell()
    return out + data[at:]


def wrappers():
    w = weights(BOTTLENECK)
    moments = optimizer(w)

    def case(name, content):
        return Case("wrap_" + name, content, BOTTLENECK)
    yield case("ddp_module", prefixed(w, "module."))
    yield case("imagenet_example", {"epoch": 3, "arch": "resnet50", "state_dict":
                                    prefixed(w, "module."), "best_acc1": tensor((), [76.0]),
                                    "optimizer": moments, "scheduler": {}})
    yield case("compile", prefixed(w, "_orig_mod."))
    yield case("ddp_compile", prefixed(w, "module._orig_mod."))
    yield case("swa_averaged", {**prefixed(w, "module."), "n_averaged": tensor((), [5], "I64")})
    yield case("kuangliu_net", {"net": prefixed(w, "module."), "acc": 95.1, "epoch": 199})
    yield case("model_state_dict", {"epoch": 5, "model_state_dict": w, "optimizer_state_dict":
                                    moments, "loss": tensor((), [0.5])})
    for key in ("model_state", "weights", "network", "backbone", "resnet", "best_model",
                "state_dict_ema", "model_ema", "ema", "module", "models", "teacher"):
        yield case("key_" + key, {"epoch": 5, key: w, "optimizer": moments})
    yield case("key_model_state_no_opt", {"epoch": 5, "model_state": w})
    yield case("nested_model_state_dict", {"model": {"state_dict": w}, "optimizer": moments})
    yield case("deepspeed", {"module": w, "buffer_names": ["a"], "optimizer": None, "ds_config": {},
                             "param_shapes": [collections.OrderedDict(
                                 (name, Reduced("torch.Size", value.shape))
                                 for name, value in w.items())]})
    random_state = {"torch": tensor((8,), [0] * 8, "I64")}
    yield case("composer", {"state": {"model": prefixed(w, "module."), "optimizers":
                                      {"SGD": moments}}, "rng": [random_state]})
    yield case("list", [w, 5])
    yield case("tuple", (5, w))
    yield Case("wrap_model_is_module", "files/whole-wrapped.pth")


def self_supervised():
    w = weights(BOTTLENECK)
    body, projection = without_head(w), "projection.*--arch head=none"

    def headless(name, content):
        return Case("ssl_" + name, content, HEADLESS, refused=NO_HEAD)

    def moco(layers):
        both = {}
        for encoder in "module.encoder_q.", "module.encoder_k.":
            both.update(prefixed(body if encoder.endswith("q.") else
                                 without_head(weights(BOTTLENECK, 7)), encoder))
            for layer, out in layers:
                both.update(linear(encoder + layer, FEATURES, out))
        return {"epoch": 200, "arch": "resnet50", "optimizer": optimizer(w), "state_dict":
                {**both, "module.queue": zeros(8, 16)}}
    encoder = "choose one with --prefix module.encoder_q"
    features = ("--prefix", "module.encoder_q", "--arch", "head=none")
    yield Case("ssl_moco_v1", moco([("fc", 8)]), HEADLESS, features, encoder)
    yield Case("ssl_moco_v2", moco([("fc.0", FEATURES), ("fc.2", 8)]), HEADLESS, features, encoder)
    yield Case("ssl_simclr", {"epoch": 100, "arch": "resnet18", "state_dict": {
        **prefixed(body, "backbone."), **linear("backbone.fc.0", FEATURES, FEATURES),
        **linear("backbone.fc.2", FEATURES, 8)}}, HEADLESS, ("--arch", "head=none"), projection)
    yield headless("no_fc", body)
    yield headless("barlow_full", {"epoch": 1, "model": {
        **prefixed(body, "module.backbone."), **linear("module.projector.0", FEATURES, 8),
        "module.bn.running_mean": zeros(8)}, "optimizer": optimizer(w)})
    yield headless("lightly", {**by_number(w, "backbone."),
                               **linear("projection_head.layers.0", FEATURES, 8)})
    yield headless("vissl", {"classy_state_dict": {"base_model": {"model": {
        "trunk": prefixed(body, "_feature_blocks."), "heads": {"0.clf.weight": zeros(3, 8)}}}}})
    yield Case("ssl_byol_lightning", lightning({
        **prefixed(w, "learner.net."), **prefixed(w, "learner.online_encoder.net."),
        **linear("learner.online_encoder.projector.0", FEATURES, 8),
        **prefixed(w, "learner.target_encoder.net.")}), BOTTLENECK)
    yield Case("ssl_byol_net", w, BOTTLENECK)
    clip = renamed(without_head(w), (r"^(conv1|bn1)\.", None))
    for i, into, out in (1, 3, 2), (2, 2, 2), (3, 2, 4):
        clip.update({f"conv{i}.weight": zeros(out, into, 3, 3), **{
            f"bn{i}.{part}": zeros(out) for part in ("weight", "bias", "running_mean",
                                                     "running_var")}})
    yield Case("clip_rn50_state_dict", {
        **prefixed(clip, "visual."), "visual.attnpool.positional_embedding": zeros(50, FEATURES),
        "visual.attnpool.k_proj.weight": zeros(FEATURES, FEATURES), "text_projection":
        zeros(8, 8)}, refused="CLIP's ResNet, whose pool is an attention layer")
    normalizer = {part: zeros(3, 1, 1) for part in ("new_mean", "new_std")}
    yield Case("robustness", {"model": {
        **prefixed(normalizer, "module.normalizer."), **prefixed(w, "module.model."),
        **prefixed(normalizer, "module.attacker.normalize."),
        **prefixed(w, "module.attacker.model.")}, "optimizer": optimizer(w), "epoch": 90,
        "amp": None}, BOTTLENECK)
    yield Case("normalize_in_model", {"mean": zeros(3, 1, 1), "std": zeros(3, 1, 1),
                                      **prefixed(w, "model.")}, BOTTLENECK, ("--prefix", "model"),
               "normalises its input itself; --prefix model selects")


def cifar():
    def kuangliu(net):
        return renamed(weights(net), ("downsample", "shortcut"), (r"^fc\.", "linear."))
    yield Case("cifar_kuangliu", {"net": prefixed(kuangliu(CIFAR), "module."), "acc": 95.0}, CIFAR)
    point = CIFAR.replace("resnet,", "resnet,block=bottleneck,") + ",stem_kernel=1"
    yield Case("cifar_kuangliu_resnext", kuangliu(point), point)
    v2 = CIFAR + ",v2=1"
    yield Case("cifar_preact", kuangliu(v2), v2)
    yield Case("cifar_chenyaofo", weights(SMALL), SMALL)
    half, end = SMALL + ",shortcut=pad", SMALL + ",shortcut=pad_end"
    yield Case("cifar_akamaster", {"state_dict": prefixed(kuangliu(half), "module."), "best_prec1":
                                   92.0}, half, file="akamaster.th")
    yield Case("cifar_option_a_end", weights(end), end, ("--arch", "shortcut=pad_end"),
               "option A.*--arch shortcut=pad")
    stem = "max pool.*--arch pool=none or --arch pool=max"
    yield Case("cifar_huyvnphan", weights(CIFAR), CIFAR + ",pool=max", ("--arch", "pool=max"), stem)
    narrow = SMALL + ",stem_planes=3"
    yield Case("cifar_repdistiller_x4", {"epoch": 240, "model": weights(narrow), "best_acc": 72.0},
               narrow)
    yield Case("cifar_repdistiller_20", {"epoch": 240, "model": weights(SMALL), "best_acc": 72.0},
               SMALL)
    yield Case("tiny_stem3_stride2_pool", weights(CIFAR), CIFAR + ",pool=max,stem_stride=2",
               ("--arch", "pool=max,stem_stride=2"), stem, "stem3_s2.pth")
    yield Case("stem7_stride1_no_pool", weights(BASIC), BASIC + ",pool=none,stem_stride=1",
               ("--arch", "pool=none"), "follows the stem.*--arch pool=none or --arch pool=max",
               "stem7_s1.pth")


def modules():
    yield Case("whole_module_zip", "files/whole.pth")
    yield Case("whole_module_tv", "files/whole-legacy.pth")
    yield Case("torchscript", "files/script.pt")
    archive = zipped({"export/archive_format": b"pt2", "export/models/model.json": b"{}"})
    yield Case("pt2_new", archive, refused=r"torch.export.load\(FILE\).state_dict", file="e.pt2")
    yield Case("executorch_pte", b"\x1c\0\0\0ET12" + bytes(64),
               refused=r"ExecuTorch program \(.pte\): give the checkpoint", file="m.pte")


def zipped(entries):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, data in entries.items():
            archive.writestr(name, data)
    return out.getvalue()


# ---- How tensors are stored ----------------------------------------------------------------------


def reordered(one, order):
    """The same tensor, stored in another order of its dimensions."""
    if len(one.shape) < len(order):
        return one
    values, shape = values_of(one), [one.shape[i] for i in order]
    strides, stored = [0] * len(order), Tensor(shape, None).strides
    for place, i in enumerate(order):
        strides[i] = stored[place]
    result = [0.0] * len(values)
    for index in range(len(values)):
        rest, at = index, 0
        for side, whole in zip(strides, one.strides):
            at, rest = at + rest // whole * side, rest % whole
        result[at] = values[index]
    return Tensor(one.shape, Storage("F32", pack("F32", result)), tuple(strides))


def views(named):
    """All floats in one storage."""
    floats = {name: one for name, one in named.items() if one.storage.kind == "F32"}
    buffer, at, result = Storage("F32", b"".join(each.storage.data for each in floats.values())), \
        0, collections.OrderedDict(named)
    for name, one in floats.items():
        result[name] = Tensor(one.shape, buffer, offset=at)
        at += one.storage.count
    return result


def stretched(one):
    """Every second element of a storage."""
    if one.storage.kind != "F32":
        return one
    values = [number for value in values_of(one) for number in (value, value + 1)]
    return Tensor(one.shape, Storage("F32", pack("F32", values)),
                  tuple(2 * stride for stride in one.strides))


def swapped(data):
    """Big-endian floats."""
    return b"".join(data[i:i + 4][::-1] for i in range(0, len(data), 4)) if len(data) > 8 else data


class Bytes:
    """As many float8."""

    def __init__(self, storage):
        self.kind, self.data, self.count = "F8_E4M3", bytes(storage.count), storage.count


def each(named, change):
    return collections.OrderedDict((name, change(one)) for name, one in named.items())


def saved():
    w = weights(BOTTLENECK)

    def case(name, content, **more):
        return Case("save_" + name, content, BOTTLENECK, **more)
    yield case("legacy", legacy_pth(w))
    yield case("torch2_records", pth(w, [("byteorder", b"little"), (".format_version", b"1"), (
        ".storage_alignment", b"64"), (".data/serialization_id", b"0" * 40)]))
    yield Case("save_big_endian", pth(w, [("byteorder", b"big")], change=swapped),
               refused="found 'big': load it with PyTorch.*save it again")
    yield case("recompressed", pth(w, compression=zipfile.ZIP_DEFLATED))
    yield case("channels_last", each(w, lambda one: reordered(one, (0, 2, 3, 1))))
    yield case("transposed", each(w, lambda one: one if len(one.shape) < 2 else reordered(
        one, (1, 0, 2, 3)[:len(one.shape)])))
    yield case("flat_views", views(w))
    yield case("flat_views_legacy", legacy_pth(views(w)))
    yield case("strided_slice", each(w, stretched))
    without = BOTTLENECK + ",head_bias=0"
    yield Case("save_expanded", {**weights(without), "fc.bias": Tensor(
        (5,), zeros(1).storage, (0,))}, without)
    parameter = each(w, lambda one: one if one.storage.kind == "I64" else Reduced(
        "torch._utils._rebuild_parameter", one, True, collections.OrderedDict()))
    yield case("parameters", {**parameter, **renamed(w, (r"weight$|bias$", None))})
    yield case("requires_grad_hooks", parameter)
    yield case("defaultdict", collections.defaultdict(list, w))
    yield Case("save_numpy_values", each(w, numpy_array),
               refused="NumPy's arrays.*torch.as_tensor")
    yield case("numpy_scalars", {"state_dict": w, "acc": numpy_scalar("f8", bytes(8)), "epoch":
                                 numpy_scalar("i8", bytes(8)), "hist": numpy_array(zeros(4))})
    yield case("python_zoo", {
        "state_dict": w, "a": {1, 2}, "b": frozenset([1]), "p": pathlib.PurePosixPath("/a"), "t":
        datetime.datetime(2020, 1, 1), "d": collections.deque([1]), "c": 1j, "dt":
        Global("torch.float16"), "dev": Reduced("torch.device", "cpu"), "sz":
        Reduced("torch.Size", (1, 2)), "ba": bytearray(b"x"), "big": 1 << 80, "neg": -5})
    yield case("cuda_location", each(w, lambda one: Tensor(one.shape, Storage(
        one.storage.kind, one.storage.data, "cuda:0"))))
    yield case("pickle4", pth(w, protocol=4))
    yield case("big_optimizer", {"state_dict": w, "optimizer": optimizer(w)})
    sparse = Reduced("torch._utils._rebuild_sparse_tensor", Global("torch.sparse_coo"),
                     (tensor((2, 1), [0, 0], "I64"), zeros(1), Reduced("torch.Size", (5, 24))))
    yield Case("save_sparse", {**w, "fc.weight": sparse}, refused=r"sparse tensor: call to_dense")
    yield Case("save_parameters_only", renamed(w, ("running|tracked", None)),
               refused=r"running statistics, found none.*named_parameters\(\) leaves the")
    for name, kind in ("float16", "F16"), ("bfloat16", "BF16"), ("float64", "F64"):
        yield Case("dtype_" + name, each(w, lambda one, kind=kind: typed(one, kind)), BOTTLENECK)
    yield Case("dtype_st_bf16", safetensors(each(w, lambda one: typed(one, "BF16")),
                                            {"format": "pt", "author": "x"}), BOTTLENECK,
               file="st_bf16.safetensors")
    float8 = safetensors(each(w, lambda one: Tensor(one.shape, Bytes(one.storage))))
    yield Case("dtype_float8", float8, refused="found another type: save the network in",
               file="float8.safetensors")


def typed(one, kind):
    return one if one.storage.kind == "I64" else tensor(one.shape, list(values_of(one)), kind)


# ---- Heads, inputs, norms ------------------------------------------------------------------------


def heads():
    w = weights(BOTTLENECK)
    body, two = without_head(w), BOTTLENECK + ",head=mlp,head_width=6"

    def case(name, content, net=BOTTLENECK):
        return Case("head_" + name, content, net)
    yield case("dropout_linear", renamed(w, (r"^fc\.", "fc.1.")))
    yield case("two_layers", renamed(weights(two), (r"^fc\.2\.", "fc.3.")), two)
    without = BOTTLENECK + ",head_bias=0"
    yield case("no_bias", weights(without), without)
    yield Case("head_none", body, HEADLESS, refused=NO_HEAD)
    for name, classes in ("one_class", 1), ("two_classes", 2):
        net = BOTTLENECK.replace("num_classes=5", f"num_classes={classes}")
        yield case(name, weights(net), net)
    yield case("classifier", renamed(w, (r"^fc\.", "classifier.")))
    yield case("head_fc", renamed(w, (r"^fc\.", "head.fc.")))
    weight = values_of(w["fc.weight"])
    lengths = [sum(value * value for value in weight[i:i + FEATURES])**0.5
               for i in range(0, len(weight), FEATURES)]
    yield case("weight_norm", {**body, "fc.bias": w["fc.bias"], "fc.weight_v": w["fc.weight"],
                               "fc.weight_g": tensor((5, 1), lengths)})
    yield case("aux_head", {**w, **linear("aux", FEATURES, 3)})
    yield Case("head_arcface_margin", {**w, "head.kernel": zeros(FEATURES, 5)},
               refused=r"margin head.*delete it")


def inputs():
    for name, channels in ("grey", 1), ("rgba", 4), ("two", 2):
        net = f"{BOTTLENECK},in_channels={channels}"
        yield Case("in_" + name, weights(net), net)
    net = BASIC + ",stem_kernel=5"
    yield Case("in_stem5", weights(net), net)
    yield Case("in_3d", each(weights(BASIC), lambda one: Tensor(
        (*one.shape[:2], 1, *one.shape[2:]), one.storage) if len(one.shape) == 4 else one),
        refused="3D convolutions, which is not supported")


def norms():
    def case(name, net, **more):
        return Case("norm_" + name, weights(net), net, **more)
    eight = GROUPS.replace("32:32", "16:24") + ",norm_groups=8"
    none = "norms with running statistics, found none.*--arch norm=group"
    yield case("gn32", GROUPS + ",norm_groups=32")
    yield case("gn16", GROUPS + ",norm_groups=16")
    yield case("gn8_small", eight)
    yield Case("norm_opacus_gcd", weights(GROUPS.replace("32:32", "32:48")), refused=none)
    for name in "instance_affine", "bn_no_running":
        yield Case("norm_" + name, weights(GROUPS), refused=none)
    yield case("bn_ws", BASIC + ",standardize=deviation")
    zero = BASIC + ",norm=frozen,norm_eps=0"
    yield case("eps_0", zero, options=("--arch", "norm_eps=0"))
    yield case("act_leaky", BASIC + ",activation=leaky_relu")
    yield case("act_silu", BASIC + ",activation=silu")
    yield case("act_relu6", BASIC + ",activation=relu6")
    yield case("last_stride1", BASIC + ",strides=1:2:2:1")
    w = weights(BASIC)
    yield Case("norm_prelu_ir", {**w, "prelu.weight": zeros(4), "layer1.0.prelu.weight": zeros(4)},
               refused="PReLU, which is not supported")


def others():
    w, not_supported = weights(BOTTLENECK), "which is not supported"

    def case(name, content, words):
        return Case("net_" + name, content, refused=words)
    yield case("pruned_masks", {**renamed(w, (r"conv1\.weight$", "conv1.weight_orig")),
                                "conv1.weight_mask": tensor((4, 3, 7, 7), [1.0] * 588)},
               "torch.nn.utils.prune.remove")
    yield case("pruned_channels", {**w, "layer1.0.conv1.weight": zeros(3, 4, 1, 1)},
               r"expected \[4, 4, 1, 1\], found \[3, 4, 1, 1\]")
    yield case("resnest", {**renamed(w, (r"^conv1\.", None)), "conv1.0.weight": zeros(2, 3, 3, 3),
                           "layer1.0.conv2.fc1.weight": zeros(4, 4, 1, 1)},
               "ResNeSt, " + not_supported)
    yield case("res2net", renamed(w, (r"layer1\.0\.conv2", "layer1.0.convs.0")),
               "Res2Net, " + not_supported)
    yield case("ibn", renamed(w, (r"layer1\.0\.bn1\.", "layer1.0.bn1.BN.")), "IBN-Net")
    yield case("antialiased_cnns", {**w, "maxpool.1.filt": zeros(4, 1, 3, 3)},
               "expected the filter of a blur")
    deep = {"conv1.weight": zeros(4, 3, 3, 3), "conv2.weight": zeros(4, 4, 3, 3)}
    yield case("csail_deepbase", {**w, **deep}, "--arch pool=none or --arch pool=max")
    yield case("vgg", {**linear("features.0", 3, 4, 3, 3), **linear("classifier.6", 8, 5)}, "VGG")
    yield case("vit", {"cls_token": zeros(1, 1, 8), **linear("patch_embed.proj", 3, 8, 16, 16),
                       **linear("head", 8, 5)}, "vision transformer")
    yield Case("net_model_is_config", {"model": {"name": "resnet50", "num_classes": 5}, "weights":
                                       w}, BOTTLENECK)
    yield case("optimizer_only", optimizer(w), "an optimizer's state, without weights")


def formats():
    w = weights(BOTTLENECK)
    other_framework = "give PyTorch's weights, or ONNX"
    made_from = "give the .onnx or .pth file"

    def case(name, file, content, words):
        return Case("fmt_" + name, content, refused=words, file=file)
    yield Case("fmt_onnx", "reference/onnx/folded.onnx")
    yield case("keras_h5", "resnet.h5", b"\x89HDF\r\n\x1a\n" + bytes(512), other_framework)
    yield case("keras_v3", "resnet.keras", zipped({"metadata.json": b"{}", "config.json": b"{}",
                                                   "model.weights.h5": b"\x89HDF"}),
               "Keras model.*" + other_framework)
    yield case("savedmodel", "saved", {"saved/saved_model.pb": b"\x08\x01\x12\0"},
               "TensorFlow SavedModel.*" + other_framework)
    yield case("savedmodel_pb", "saved_model.pb", b"\x08\x01\x12\xf0\x01\n ",
               "TensorFlow's .pb.*give PyTorch's weights or an ONNX file")
    arrays = {"conv1.weight": numpy_array(zeros(4, 3, 7, 7))}
    to_tensors = "torch.as_tensor.*torch.save"
    yield case("pdparams", "resnet50.pdparams", pickled(arrays, protocol=4)[0], to_tensors)
    yield case("mxnet_params", "resnet50.params", struct.pack("<QQQ", 274, 0, 3) + bytes(64),
               "MXNet.*" + other_framework)
    yield case("tflite", "resnet.tflite", b"\x1c\0\0\0TFL3" + bytes(32), other_framework)
    yield case("npz", "BiT-M-R50x1.npz", zipped({"a.npy": b"\x93NUMPY"}),
               "torch.as_tensor.*numpy.load")
    yield case("numpy_pickle", "w.pkl", pickled(arrays)[0], to_tensors)
    yield case("coreml", "resnet50.mlmodel", b"\x08\x04\x12 \n\x05input" + bytes(64),
               "Core ML.*give PyTorch's weights or an ONNX file")
    yield case("trt_engine", "resnet50.engine", b"ftrt" + bytes(64), made_from)
    yield case("ncnn_param", "resnet50.param", b"7767517\n75 83\nInput data 0 1 data\n", made_from)
    again = "incomplete.*download or copy it again"
    yield case("truncated_zip", "truncated.pth", pth(w)[:12000], again)
    yield case("truncated_legacy", "truncated.pth", legacy_pth(w)[:30000], again)


def cases():
    for group in (torchvision, timm, hugging, collections_of_models, wrappers, self_supervised,
                  cifar, modules, saved, heads, inputs, norms, others, formats):
        yield from group()
