"""ResNets in PyTorch, written plainly, with every option of --arch.

torchvision has the networks of ImageNet; this adds what it has not: CIFAR's and deep stems,
option-A and averaging shortcuts, v1's place of the stride, other pools, strides, activations and
heads, weight standardisation, anti-aliasing, any number and width of stages.
Modules have torchvision's names, so that weights and taps are called the same. That both compute
the same where both can is checked by check_against_torchvision.
"""

import dataclasses
import math

import torch
import torchvision
from torch import nn
from torch.nn import functional


@dataclasses.dataclass
class Arch:
    block: str = "basic"
    layers: tuple = ()
    planes: tuple = ()
    num_classes: int = 0
    groups: int = 1
    width_per_group: int = 64
    dilate: tuple = ()
    norm: str = "batch"
    norm_groups: int = 32
    norm_eps: float = 1e-5
    stem: str = "imagenet"
    shortcut: str = "projection"
    v1: int = 0
    in_channels: int = 3
    stem_kernel: int = 0
    stem_stride: int = 0
    stem_planes: int = 0
    stem_width: int = 0
    stem_width2: int = 0
    pool: str = ""
    strides: tuple = ()
    dilations: tuple = ()
    activation: str = "relu"
    negative_slope: float = 0.01
    standardize: str = "none"
    antialias: str = "none"
    head: str = "linear"
    head_width: int = 512
    v2: int = 0
    final_norm: int = 0
    blur_size: int = 3
    attention: str = "none"
    attention_width: tuple = ()

    def complete(self):
        imagenet = self.stem != "cifar"
        stages = len(self.layers)
        self.planes = self.planes or tuple((64 if imagenet else 16) << i for i in range(stages))
        self.strides = self.strides or (1,) + (2,) * (stages - 1)
        self.stem_kernel = self.stem_kernel or (7 if self.stem == "imagenet" else 3)
        self.stem_stride = self.stem_stride or (2 if imagenet else 1)
        self.stem_planes = self.stem_planes or self.planes[0]
        self.stem_width = self.stem_width or max(self.stem_planes // 2, 1)
        self.stem_width2 = self.stem_width2 or self.stem_width
        pool = {"none": "max", "mean": "mean", "blur": "max_blur"}[self.antialias]
        self.pool = self.pool or ("none" if not imagenet else pool)
        self.dilate = self.dilate or (0,) * (stages - 1)
        self.num_classes = self.num_classes or (1000 if imagenet else 10)
        return self


NAMED = {
    "resnet": Arch(),
    "resnet18": Arch("basic", (2, 2, 2, 2)),
    "resnet34": Arch("basic", (3, 4, 6, 3)),
    "resnet50": Arch("bottleneck", (3, 4, 6, 3)),
    "resnet101": Arch("bottleneck", (3, 4, 23, 3)),
    "resnet152": Arch("bottleneck", (3, 8, 36, 3)),
    "resnext50_32x4d": Arch("bottleneck", (3, 4, 6, 3), groups=32, width_per_group=4),
    "resnext101_32x8d": Arch("bottleneck", (3, 4, 23, 3), groups=32, width_per_group=8),
    "resnext101_64x4d": Arch("bottleneck", (3, 4, 23, 3), groups=64, width_per_group=4),
    "wide_resnet50_2": Arch("bottleneck", (3, 4, 6, 3), width_per_group=128),
    "wide_resnet101_2": Arch("bottleneck", (3, 4, 23, 3), width_per_group=128),
}
for depth in (20, 32, 44, 56, 110, 1202):
    NAMED[f"resnet{depth}"] = Arch("basic", ((depth - 2) // 6,) * 3, stem="cifar", shortcut="pad")

TORCHVISION = [name for name in NAMED if name in torchvision.models.__dict__]


def parse(text):
    """Reads NAME[,key=value]..., as the program's --arch does."""
    name, *settings = text.split(",")
    arch = dataclasses.replace(NAMED[name])
    for setting in settings:
        key, value = setting.split("=")
        kind = type(getattr(arch, key))
        setattr(arch, key, tuple(map(int, value.split(":"))) if kind is tuple else kind(value))
    return arch.complete()


def norm_layer(arch):
    if arch.norm == "group":
        return lambda channels: nn.GroupNorm(arch.norm_groups, channels, arch.norm_eps)
    if arch.norm == "frozen":
        return lambda channels: torchvision.ops.FrozenBatchNorm2d(channels, arch.norm_eps)
    return lambda channels: nn.BatchNorm2d(channels, arch.norm_eps)


ACTIVATIONS = {
    "relu": lambda arch: nn.ReLU(),
    "leaky_relu": lambda arch: nn.LeakyReLU(arch.negative_slope),
    "silu": lambda arch: nn.SiLU(),
    "relu6": lambda arch: nn.ReLU6(),
}


class BlurPool2d(nn.Module):
    """Binomial coefficients over windows of the image and its reflection. antialiased-cnns keeps
    them in files, timm does not, after which the class and its attributes are named."""

    def __init__(self, arch, channels, stride):
        super().__init__()
        size = arch.blur_size
        row = torch.tensor([float(math.comb(size - 1, i)) for i in range(size)])
        filt = (row[:, None] * row) / row.sum() ** 2
        self.register_buffer("filt", filt.repeat(channels, 1, 1, 1),
                             persistent=arch.pool == "max2_blur")
        self.filt_size, self.stride, self.pad_mode = size, stride, "reflect"
        self.padding = [(size - 1) // 2, size // 2] * 2

    def forward(self, x):
        x = functional.pad(x, self.padding, self.pad_mode)
        return functional.conv2d(x, self.filt, stride=self.stride, groups=x.shape[1])


POOLS = {
    "max": lambda arch: nn.MaxPool2d(3, 2, 1),
    "none": lambda arch: nn.Identity(),
    "caffe": lambda arch: nn.MaxPool2d(3, 2, 0, ceil_mode=True),
    "mean": lambda arch: nn.AvgPool2d(2),
    "max_zeros": lambda arch: nn.Sequential(nn.ConstantPad2d(1, 0.0), nn.MaxPool2d(3, 2)),
    "max_blur": lambda arch: nn.Sequential(
        nn.MaxPool2d(3, 1, 1), BlurPool2d(arch, arch.stem_planes, 2)),
    "max2_blur": lambda arch: nn.Sequential(
        nn.MaxPool2d(2, 1), BlurPool2d(arch, arch.stem_planes, 2)),
}


class StandardizedConv2d(nn.Conv2d):
    """The weights of each output channel have a mean of 0, and a deviation or a variance of 1."""

    how = "deviation"

    def forward(self, x):
        weight = self.weight.flatten(1)
        weight = weight - weight.mean(1, keepdim=True)
        if self.how == "deviation":
            weight = weight / (weight.std(1, keepdim=True) + 1e-5)
        else:
            little = 1e-8 if self.how == "bit" else 1e-6
            weight = weight / (weight.var(1, unbiased=False, keepdim=True) + little).sqrt()
        return functional.conv2d(x, weight.view_as(self.weight), None, self.stride, self.padding,
                                 self.dilation, self.groups)


class PadShortcut(nn.Module):
    """Every second pixel; the new channels are zero, half of them before and half after, or all
    after."""

    def __init__(self, channels, out, stride, where):
        super().__init__()
        self.before, self.stride = (out - channels) // 2 if where == "pad" else 0, stride
        self.after = out - channels - self.before

    def forward(self, x):
        x = x[:, :, :: self.stride, :: self.stride]
        return functional.pad(x, (0, 0, 0, 0, self.before, self.after))


class Attention(nn.Module):
    """Channels times a sigmoid of what their means say: two layers' answer, or a filter's."""

    def __init__(self, kind, channels, width):
        super().__init__()
        self.filters = kind == "eca"
        if self.filters:
            self.conv = nn.Conv1d(1, 1, width, padding=width // 2, bias=False)
        else:
            self.fc1, self.fc2 = nn.Conv2d(channels, width, 1), nn.Conv2d(width, channels, 1)

    def forward(self, x):
        mean = x.mean((2, 3), keepdim=True)
        if self.filters:
            gate = self.conv(mean.flatten(2).transpose(1, 2)).transpose(1, 2).unsqueeze(3)
        else:
            gate = self.fc2(torch.relu(self.fc1(mean)))
        return x * torch.sigmoid(gate)


class Block(nn.Module):
    """Convolutions with a norm each, the activation between them, and the shortcut. `window`: what
    is averaged before the last convolution, where that is what strides."""

    def __init__(self, arch, convs, shortcut, window=1, stage=0):
        super().__init__()
        norm = norm_layer(arch)
        self.count = len(convs)
        for i, conv in enumerate(convs, 1):
            setattr(self, f"conv{i}", conv)
            setattr(self, f"bn{i}", norm(conv.out_channels))
        self.attends = arch.attention != "none"
        if self.attends:
            self.se = Attention(arch.attention, convs[-1].out_channels, arch.attention_width[stage])
        if shortcut is not None:
            self.downsample = shortcut
        self.has_shortcut = shortcut is not None
        self.activation = ACTIVATIONS[arch.activation](arch)
        self.aa = nn.Identity()
        if window > 1 and arch.antialias == "blur":
            self.aa = BlurPool2d(arch, convs[-1].in_channels, window)
        elif window > 1:
            self.aa = nn.AvgPool2d(window)

    def forward(self, x):
        y = x
        for i in range(1, self.count + 1):
            y = getattr(self, f"bn{i}")(getattr(self, f"conv{i}")(y))
            if i < self.count:
                y = self.activation(y)
            if i == self.count - 1:
                y = self.aa(y)
        if self.attends:
            y = self.se(y)
        return self.activation(y + (self.downsample(x) if self.has_shortcut else x))


def plain_conv(channels, out, kernel, stride=1, dilation=1, groups=1, kind=nn.Conv2d):
    return kind(channels, out, kernel, stride, kernel // 2 * dilation, dilation, groups, bias=False)


def conv_layer(arch):
    if arch.standardize == "none":
        return plain_conv

    def conv(*arguments):
        made = plain_conv(*arguments, kind=StandardizedConv2d)
        made.how = arch.standardize
        return made
    return conv


class PreactivationBlock(nn.Module):
    """A norm and the activation before each convolution (He et al. 2016)."""

    def __init__(self, arch, convs, shortcut, stage):
        super().__init__()
        self.count = len(convs)
        for i, conv in enumerate(convs, 1):
            setattr(self, f"bn{i}", norm_layer(arch)(conv.in_channels))
            setattr(self, f"conv{i}", conv)
        self.activation = ACTIVATIONS[arch.activation](arch)
        if shortcut is not None:
            self.downsample = nn.Sequential(*shortcut)
        self.has_shortcut = shortcut is not None
        self.attends = arch.attention != "none"
        if self.attends:
            self.se = Attention(arch.attention, convs[-1].out_channels, arch.attention_width[stage])

    def forward(self, x):
        before = self.activation(self.bn1(x))
        y = self.conv1(before)
        for i in range(2, self.count + 1):
            y = getattr(self, f"conv{i}")(self.activation(getattr(self, f"bn{i}")(y)))
        if self.attends:
            y = self.se(y)
        return y + (self.downsample(before) if self.has_shortcut else x)


def block(arch, channels, planes, stride, dilation, stage):
    conv, window = conv_layer(arch), 1
    if arch.antialias != "none":
        window, whole, stride = stride, stride, 1
    else:
        whole = stride
    out = planes * (4 if arch.block == "bottleneck" else 1)
    if arch.block == "bottleneck":
        width = int(planes * (arch.width_per_group / 64)) * arch.groups
        outer, inner = (stride, 1) if arch.v1 else (1, stride)
        convs = [conv(channels, width, 1, outer),
                 conv(width, width, 3, inner, dilation, arch.groups), conv(width, out, 1)]
    else:
        convs = [conv(channels, planes, 3, stride), conv(planes, planes, 3)]
    if arch.v2:
        changes = stride != 1 or channels != out
        shortcut = [conv(channels, out, 1, stride)] if changes else None
        if changes and arch.shortcut == "mean":
            pool = nn.AvgPool2d(stride, stride, ceil_mode=True, count_include_pad=False)
            shortcut = [pool if stride > 1 else nn.Identity(), conv(channels, out, 1)]
        return PreactivationBlock(arch, convs, shortcut, stage), out
    shortcut = None
    if whole != 1 or channels != out:
        if arch.shortcut.startswith("pad"):
            shortcut = PadShortcut(channels, out, whole, arch.shortcut)
        elif arch.shortcut == "blur" and whole > 1:
            shortcut = nn.Sequential(BlurPool2d(arch, channels, whole), conv(channels, out, 1),
                                     norm_layer(arch)(out))
        elif arch.shortcut == "mean":
            pool = nn.AvgPool2d(whole, whole, ceil_mode=True, count_include_pad=False)
            shortcut = nn.Sequential(pool if whole > 1 else nn.Identity(),
                                     conv(channels, out, 1), norm_layer(arch)(out))
        else:
            shortcut = nn.Sequential(conv(channels, out, 1, whole), norm_layer(arch)(out))
    return Block(arch, convs, shortcut, window, stage), out


class ResNet(nn.Module):
    def __init__(self, arch):
        super().__init__()
        conv, norm = conv_layer(arch), norm_layer(arch)
        channels, width, stride = arch.stem_planes, arch.stem_width, arch.stem_stride
        width2 = arch.stem_width2
        if arch.stem == "deep":
            self.conv1 = nn.Sequential(
                conv(arch.in_channels, width, 3, stride), norm(width),
                ACTIVATIONS[arch.activation](arch), conv(width, width2, 3), norm(width2),
                ACTIVATIONS[arch.activation](arch), conv(width2, channels, 3))
        else:
            self.conv1 = conv(arch.in_channels, channels, arch.stem_kernel, stride)
        self.v2, self.final_norm = arch.v2, arch.final_norm
        self.bn1 = nn.Identity() if arch.v2 else norm(channels)
        self.relu = ACTIVATIONS[arch.activation](arch)
        if arch.pool == "conv":
            self.maxpool = nn.Sequential(conv(channels, channels, 3, 2), norm(channels),
                                         ACTIVATIONS[arch.activation](arch))
        else:
            self.maxpool = POOLS[arch.pool](arch)
        self.stages, dilation = len(arch.layers), 1
        for i, (count, planes) in enumerate(zip(arch.layers, arch.planes)):
            stride, first_dilation = arch.strides[i], dilation
            if i > 0 and arch.dilate[i - 1]:
                dilation, stride = dilation * stride, 1
            if arch.dilations:
                first_dilation = dilation = arch.dilations[i]
            blocks = []
            for j in range(count):
                made, channels = block(arch, channels, planes, stride if j == 0 else 1,
                                       first_dilation if j == 0 else dilation, i)
                blocks.append(made)
            setattr(self, f"layer{i + 1}", nn.Sequential(*blocks))
        self.norm = norm(channels) if arch.final_norm else nn.Identity()
        self.avgpool = nn.AdaptiveAvgPool2d(1)
        if arch.head == "mlp":
            self.fc = nn.Sequential(nn.Linear(channels, arch.head_width), nn.ReLU(),
                                    nn.Linear(arch.head_width, arch.num_classes))
        else:
            self.fc = nn.Linear(channels, arch.num_classes)

    def forward(self, x):
        x = self.conv1(x)
        x = self.maxpool(x if self.v2 else self.relu(self.bn1(x)))
        for i in range(self.stages):
            x = getattr(self, f"layer{i + 1}")(x)
        x = self.relu(self.norm(x)) if self.final_norm else x
        return self.fc(torch.flatten(self.avgpool(x), 1))


def build(text):
    """The network of an --arch text: torchvision's own where the text is just a name of its."""
    if text in TORCHVISION:
        return torchvision.models.__dict__[text]()
    return ResNet(parse(text))


def check_against_torchvision(randomise):
    """The networks above compute what torchvision's compute with the same weights."""
    from torchvision.models.resnet import BasicBlock, Bottleneck

    cases = [
        ("resnet18", dict(block=BasicBlock, layers=[2, 2, 2, 2])),
        ("resnet50,layers=1:1:1:1,num_classes=7,dilate=0:1:1",
         dict(block=Bottleneck, layers=[1, 1, 1, 1], num_classes=7,
              replace_stride_with_dilation=[False, True, True])),
        ("resnext50_32x4d,layers=1:2:1:1", dict(block=Bottleneck, layers=[1, 2, 1, 1], groups=32,
                                                width_per_group=4)),
        ("resnet50,layers=1:1:1:1,norm=group,norm_groups=16",
         dict(block=Bottleneck, layers=[1, 1, 1, 1], norm_layer=lambda c: nn.GroupNorm(16, c))),
    ]
    x = torch.randn(1, 3, 64, 48)
    for text, keywords in cases:
        ours, theirs = ResNet(parse(text)).eval(), torchvision.models.ResNet(**keywords).eval()
        randomise(theirs, x)
        ours.load_state_dict(theirs.state_dict())
        with torch.no_grad():
            assert torch.equal(ours(x), theirs(x)), text
