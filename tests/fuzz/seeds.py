#!/usr/bin/env python3
"""Writes the inputs that the fuzzers start from, and that the tests replay: FOLDER/TARGET/NAME,
small files of every kind that a target reads, right ones and broken ones. Python's standard library
alone.

    seeds.py FOLDER
"""

import json
import os
import shutil
import struct
import sys
import zipfile
import io

HERE = os.path.dirname(os.path.abspath(__file__))
DATA = os.path.join(os.path.dirname(HERE), "data")
sys.path.insert(0, os.path.join(os.path.dirname(HERE), "cli"))
import files  # noqa: E402 (the path above)

FOLDER = None


def write(targets, name, content):
    for target in targets.split():
        folder = os.path.join(FOLDER, target)
        os.makedirs(folder, exist_ok=True)
        with open(os.path.join(folder, name), "wb") as file:
            file.write(content)


# ---- Networks and checkpoints --------------------------------------------------------------------

def network(stages, planes, classes, stem=3, bottleneck=False, tracked=True, pad=False):
    """Names and shapes of a small ResNet, in torchvision's order."""
    tensors = []

    def conv(name, out, into, kernel):
        tensors.append((name + ".weight", (out, into, kernel, kernel)))

    def norm(name, channels):
        for part in ("weight", "bias", "running_mean", "running_var"):
            tensors.append((f"{name}.{part}", (channels,)))
        if tracked:
            tensors.append((name + ".num_batches_tracked", ()))

    channels, expansion = planes[0], 4 if bottleneck else 1
    conv("conv1", channels, 3, stem)
    norm("bn1", channels)
    for stage, blocks in enumerate(stages):
        for block in range(blocks):
            at, width = f"layer{stage + 1}.{block}", planes[stage]
            kernels = (1, 3, 1) if bottleneck else (3, 3)
            into = channels
            for i, kernel in enumerate(kernels):
                out = width * expansion if i == len(kernels) - 1 else width
                conv(f"{at}.conv{i + 1}", out, into, kernel)
                norm(f"{at}.bn{i + 1}", out)
                into = out
            if channels != into and not pad:
                conv(at + ".downsample.0", into, channels, 1)
                norm(at + ".downsample.1", into)
            channels = into
    tensors.append(("fc.weight", (classes, channels)))
    tensors.append(("fc.bias", (classes,)))
    return tensors


def count(shape):
    product = 1
    for side in shape:
        product *= side
    return product


def safetensors(tensors, metadata=None, dtype="F32", size=4):
    header, offset = {}, 0
    if metadata:
        header["__metadata__"] = metadata
    for name, shape in tensors:
        whole = name.endswith("tracked")
        length = count(shape) * (8 if whole else size)
        header[name] = {"dtype": "I64" if whole else dtype, "shape": list(shape),
                        "data_offsets": [offset, offset + length]}
        offset += length
    text = json.dumps(header, separators=(",", ":")).encode()
    return struct.pack("<Q", len(text)) + text + bytes(offset)


def text_of(value):
    value = value.encode()
    return b"X" + struct.pack("<I", len(value)) + value


def number(value):
    return b"K" + bytes([value]) if value < 256 else b"J" + struct.pack("<i", value)


def tuple_of(items):
    return b"(" + b"".join(items) + b"t"


def pickled(tensors, extra=b""):
    """A state dictionary as torch.save pickles it, in protocol 2; the storages' keys are numbers.
    """
    out = b"\x80\x02ccollections\nOrderedDict\n)R("
    for key, (name, shape) in enumerate(tensors):
        whole = name.endswith("tracked")
        strides = [count(shape[i + 1:]) for i in range(len(shape))]
        storage = b"ctorch\n" + (b"LongStorage\n" if whole else b"FloatStorage\n")
        persistent = tuple_of([text_of("storage"), storage, text_of(str(key)), text_of("cpu"),
                               number(count(shape))]) + b"Q"
        arguments = [
            persistent,
            number(0),
            tuple_of(map(number, shape)),
            tuple_of(map(number, strides)), b"\x89", b"ccollections\nOrderedDict\n)R"
        ]
        out += text_of(name) + b"ctorch._utils\n_rebuild_tensor_v2\n" + tuple_of(arguments) + b"R"
    return out + extra + b"u."


def storages(tensors):
    return [bytes(count(shape) * (8 if name.endswith("tracked") else 4)) for name, shape in tensors]


def pth_zip(tensors, compression=zipfile.ZIP_STORED):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", compression) as archive:
        archive.writestr("net/data.pkl", pickled(tensors))
        archive.writestr("net/byteorder", b"little")
        for key, data in enumerate(storages(tensors)):
            archive.writestr(f"net/data/{key}", data)
        archive.writestr("net/version", b"3\n")
    return out.getvalue()


def pth_legacy(tensors):
    magic = b"\x80\x02\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19."
    keys = b"\x80\x02]("
    for key in range(len(tensors)):
        keys += text_of(str(key))
    out = magic + b"\x80\x02M\xe9\x03.\x80\x02}X\x0d\x00\x00\x00little_endian\x88s." + pickled(
        tensors) + keys + b"e."
    for (_, shape), data in zip(tensors, storages(tensors)):
        out += struct.pack("<Q", count(shape)) + data
    return out


METADATA = {
    "format": "pt", "vkresnet.name": "net", "vkresnet.classes": "cat\ndog", "vkresnet.resize": "32",
    "vkresnet.crop": "24", "vkresnet.interpolation": "bilinear", "vkresnet.mean": "0.5,0.5,0.5",
    "vkresnet.std": "0.25, 0.25, 1e-1", "vkresnet.int8": "conv1 0.01\nlayer1.0.add 0.5",
}


def checkpoints():
    nets = {
        "basic": network([1], [2], 2),
        "two": network([1, 1], [2, 4], 2, stem=7, tracked=False),
        "pad": network([1, 1], [2, 4], 2, pad=True),
        "bottleneck": network([1], [2], 2, bottleneck=True),
        "kinds": [("a", (2, 3)), ("b.num_batches_tracked", ()), ("c", (0, 4))],
    }
    for name, tensors in nets.items():
        write("safetensors model", name + ".safetensors", safetensors(tensors))
        write("zip model", name + ".pth", pth_zip(tensors))
        write("legacy model", name + "-legacy.pth", pth_legacy(tensors))
        write("pickle", name + ".pkl", pickled(tensors))
    basic = nets["basic"]
    write("safetensors model", "half.safetensors", safetensors(basic, METADATA, "F16", 2))
    write(
        "safetensors model", "arch.safetensors",
        safetensors(basic, {"vkresnet.arch": "resnet,layers=1,planes=2,num_classes=2,stem=cifar"}))
    hf = [("resnet." + n.replace("conv1.", "embedder.embedder.convolution."), s) for n, s in basic]
    write("safetensors model", "hf.safetensors", safetensors(hf))
    write("model", "module.safetensors", safetensors([("module." + n, s) for n, s in basic]))
    write("zip", "deflated.pth", pth_zip(nets["kinds"], zipfile.ZIP_DEFLATED))
    write("zip", "empty.zip", b"PK\x05\x06" + bytes(18))
    write("safetensors", "escapes.safetensors",
          safetensors([("\u00e4\U0001f600\"\\\n", (1,))], {"a\t": "\u2028"}))
    header = (b'{"a":{"x":[{},[1,-2.5e3,null,true,"\\ud83d\\ude00"]],"dtype":"F4","shape":[2],'
              b'"data_offsets":[0,1]}} ')
    write("safetensors", "skipped.safetensors", struct.pack("<Q", len(header)) + header + b"\x00")
    for name in sorted(os.listdir(os.path.join(DATA, "checkpoints"))):
        with open(os.path.join(DATA, "checkpoints", name), "rb") as file:
            content = file.read()
        if name.endswith((".pth", ".npz")):
            write("zip model" if content[:2] == b"PK" else "legacy model", name, content)
        elif name.endswith(".safetensors"):
            write("safetensors model", name, content)
    for name in ("whole.pth", "whole-legacy.pth", "sequential.pth", "ema.pth.tar", "script.pt"):
        with open(os.path.join(DATA, "files", name), "rb") as file:
            content = file.read()
        write("zip model" if content[:2] == b"PK" else "legacy model", name, content)
        if content[:2] == b"PK":
            archive = zipfile.ZipFile(io.BytesIO(content))
            entry = next(each for each in archive.namelist() if each.endswith("/data.pkl"))
            write("pickle", name + ".pkl", archive.read(entry))


def neighbours():
    beside = (("hugging-face", "config.json"), ("parts", "model.safetensors.index.json"))
    for folder, name in beside:
        with open(os.path.join(DATA, "files", folder, name), "rb") as file:
            write("neighbours", name, file.read())
    write("neighbours", "timm.json", json.dumps({
        "architecture": "resnet50d", "num_classes": 3, "label_names": ["a", "b\n", "c"],
        "pretrained_cfg": {
            "mean": [0.5, 0.5, 0.5], "std": [1, 1, 2.5], "input_size": [3, 224, 224],
            "crop_pct": 0.875, "interpolation": "bicubic", "x": [{}, None]}}).encode())
    write("neighbours", "v1.json", b'{"downsample_in_bottleneck": true, "hidden_act": "silu", '
          b'"downsample_in_first_stage": true, "id2label": {"1": "a", "0": "b"}}')
    write("neighbours", "outside.json", b'{"weight_map": {"a": "../b", "c": "d"}}')


def pickles():
    """Opcodes that torch does not write for weights, and misuses."""
    write(
        "pickle", "wrapped.pkl",
        b"\x80\x02}(" + text_of("state_dict") + pickled([("a", (2,))])[2:-1] + text_of("epoch") +
        b"K\x03" + text_of("args") + b"cargparse\nNamespace\n)\x81}b" + b"u.")
    write(
        "pickle", "protocol4.pkl",
        b"\x80\x04\x95\x10\x00\x00\x00\x00\x00\x00\x00}\x94(\x8c\x01a\x94"
        b"\x8c\x05torch\x94\x8c\x0cFloatStorage\x94\x93\x94\x8c\x01b\x94"
        b"]\x94(K\x01M\x00\x01J\xff\xff\xff\xffe\x8f\x94"
        b"(K\x01\x90\x8c\x01c(K\x01\x91u.")
    write(
        "pickle", "numbers.pkl",
        b"\x80\x02]\x94(N\x88\x89G?\xf0\x00\x00\x00\x00\x00\x00\x8a\x01\xff\x8a\x09" + bytes(9) +
        b"\x8b\x02\x00\x00\x00\x00\x01C\x01xB\x01\x00\x00\x00x"
        b"U\x01xT\x01\x00\x00\x00x))\x85\x86\x87h\x00e."
    )
    write("pickle", "cycle.pkl", b"\x80\x02}q\x00" + text_of("a") + b"h\x00s.")
    write("pickle", "doubling.pkl", b"\x80\x02)" + b"q\x00h\x00\x86" * 40 + b".")
    write("pickle", "dictionaries.pkl", b"\x80\x02}q\x00}" + b"".join(
        text_of(key) + b"h\x00s" for key in "abcdefgh") + b".")
    write(
        "pickle", "parameter.pkl",
        b"\x80\x02}" + text_of("a") + b"ctorch._utils\n_rebuild_parameter\n("
        b"ctorch._utils\n_rebuild_tensor_v2\n((" + text_of("storage") + b"ctorch\nHalfStorage\n" +
        text_of("0") + text_of("cpu") + b"K\x04tQK\x00K\x02\x85K\x02\x85\x89}tR\x88}tRs.")


# ---- ONNX ----------------------------------------------------------------------------------------

def graph(block, activation="Relu c1 r", features=2, norm="Identity c c1", header=""):
    """Lines for unit/onnx_builder.h: a stem, which ends with r, a block, which begins with it and
    ends with o, and a head."""
    return (f"input x n,3,h,w\noutput y\n{header}float w1 2,3,3,3\nfloat b1 2\n"
            f"Conv x,w1,b1 c pads=[1,1,1,1] strides=[1,1]\n{norm}\n{activation}\n{block}"
            f"float h 3,{features}\nfloat hb 3\nGlobalAveragePool o g\nFlatten g f axis=1\n"
            "Gemm f,h,hb y transB=1\n").encode()


def instances(value, name):
    """GroupNorm as exporters write it for older opsets."""
    return (f"Reshape {value},shape i{name}\nInstanceNormalization i{name},one,none j{name} "
            f"epsilon=0.1\nShape {value} k{name}\nReshape j{name},k{name} l{name}\n"
            f"Mul l{name},gamma m{name}\nAdd m{name},gamma {name}\n")


def onnx():
    write("onnx", "basic", graph(
        "float w2 2,2,3,3\nConv r,w2,b1 c2 pads=[1,1,1,1]\nRelu c2 r2\n"
        "Conv r2,w2,b1 c3 auto_pad=SAME_UPPER\nAdd c3,r a\nRelu a o\n"))
    write("onnx", "norms", graph(
        "packed w2 2,2,3,3\nhalf g1 2\nConv r,w2 c2 pads=[1,1,1,1]\n"
        "BatchNormalization c2,g1,b1,b1,g1 n2 epsilon=0.001\nClip n2 r2 min=0.0 max=6.0\n"
        "Conv r2,w2,b1 c3 pads=[1,1,1,1]\nBatchNormalization c3,g1,b1,b1,g1 n3\nAdd n3,r a\n"
        "Clip a o min=0.0 max=6.0\n", activation="Clip c1 r min=0.0 max=6.0"))
    write("onnx", "bottleneck", graph(
        "typed w2 2,2,1,1\nhalf_typed w3 2,1,3,3\nfloat w4 8,2,1,1\nConv r,w2,b1 c2\n"
        "Relu c2 r2\nConv r2,w3,b1 c3 pads=[2,2,2,2] dilations=[2,2] group=2 strides=[2,2]\n"
        "Relu c3 r3\nConv r3,w4 c4\nAveragePool r s kernel_shape=[2,2] strides=[2,2] ceil_mode=1\n"
        "Conv s,w4 d\nAdd c4,d a\nRelu a o\n", features=8))
    write("onnx", "zeros", graph(
        "float w2 4,2,3,3\nfloat w3 4,4,3,3\nint axes 2,3\nint zero 0,0\nint ends "
        "9223372036854775807,9223372036854775807\nint steps 2,2\nint some 0,1,0,0\n"
        "Concat some,some pads axis=0\nConv r,w2 c2 pads=[1,1,1,1] strides=[2,2]\nSigmoid c2 q\n"
        "Mul c2,q r2\nConv r2,w3 c3 pads=[1,1,1,1]\nSlice r,zero,ends,axes,steps s\n"
        "Pad s,pads t mode=constant\nAdd c3,t a\nSigmoid a u\nMul a,u o\n",
        activation="Sigmoid c1 p\nMul c1,p r", features=4))
    write("onnx", "groups", graph(
        f"float w2 2,2,3,3\nConv r,w2 c2 pads=[1,1,1,1]\n{instances('c2', 'n2')}Relu n2 r2\n"
        f"Conv r2,w2 c3 pads=[1,1,1,1]\n{instances('c3', 'n3')}Add n3,r a\nRelu a o\n",
        header="int shape 0,1,-1\none one 1\nzero none 1\nfloat gamma 2,1,1\n",
        norm=instances("c", "c1")).replace(b"x,w1,b1", b"x,w1"))
    write("onnx", "linear", b"input x 2,3,8,8\noutput y\nopset 9\nproperty names [\"a\"]\n"
          b"float w1 2,3,3,3\nfloat v 2,3\nfloat b1 3\nConv x,w1 c pads=[1,1,1,1]\nRelu c r\n"
          b"MaxPool r p kernel_shape=[3,3] strides=[2,2] pads=[0,0,2,2]\n"
          b"float w2 2,2,3,3\nConv p,w2 c2 pads=[1,1,1,1]\nRelu c2 r2\n"
          b"Conv r2,w2 c3 pads=[1,1,1,1]\nAdd c3,p a\nRelu a o\nReduceMean o q axes=[2,3]\n"
          b"MatMul q,v m\nAdd m,b1 z\nSoftmax z y\n")
    for folder, name in (("onnx", "folded"), ("onnx", "kept"), ("onnx", "dynamo"),
                         ("onnx-half", "model")):
        with open(os.path.join(DATA, "reference", folder, name + ".onnx"), "rb") as file:
            write("onnx model", name, file.read())


# ---- Everything else -----------------------------------------------------------------------------

def arrays():
    path = os.path.join(FOLDER, "npy", "{}.npy")
    os.makedirs(os.path.join(FOLDER, "npy"), exist_ok=True)
    files.write_npy(path.format("vector"), (3,), [1, 2, 3])
    files.write_npy(path.format("image"), (1, 3, 2, 2), range(12), version=2)
    files.write_npy(path.format("scalar"), (), [1], version=3)
    files.write_npy(path.format("empty"), (0, 18446744073709551615), [])
    files.write_npy(path.format("doubles"), (1,), [1, 2], descr="<f8")
    files.write_npy(path.format("fortran"), (1, 1), [1], fortran=True)
    header = b'{"shape":(2,),"descr":"<f4",\t"fortran_order":False}\n'
    write("npy", "quoted.npy",
          b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header + bytes(8))
    write("npy", "large.npy", b"\x93NUMPY\x02\x00\xff\xff\xff\xff{")


def labels():
    write("labels", "plain.csv", b"a.png,1\nb.png,tench\n\nc/d.png,3,4\n")
    write("labels", "header.csv",
          b"\xef\xbb\xbffile,class,label\r\n\"/x \"\"y\"\".png\",7,\"a, b\"\r\nz.png,,cat\r\n")
    write("labels", "numbers.csv", b"a,999\nb,1000\n")
    write("labels", "quote.csv", b"\"a,1\n\",2\n")
    write("labels", "binary.csv", b"a,1\0\n")
    write("labels", "empty.csv", b"FILE,LABEL\n")


def facts():
    whole = {
        "format": 1, "rows": 2, "tap": "avgpool", "pool": False, "l2": True, "model": "resnet8",
        "options": ["--model", "a.pth", "--letterbox", "--mean", "-1,0,0"],
        "transform": {"resize": 32, "mean": [0.5, 0.5, 0.5]}, "probe": [0.5] * 32
    }
    write("facts", "whole.json", json.dumps(whole).encode())
    for name, change in (("options", ["--json"]), ("value", ["--model"]), ("probe", [1e300] * 32),
                         ("rows", 1 << 65), ("tap", "a\0b")):
        key = "options" if name == "value" else name
        write("facts", f"{name}.json", json.dumps({**whole, key: change}).encode())
    write("facts", "deep.json", b'{"x": ' + b"[" * 70)


def jpeg(progressive, components):
    """8 x 8 grey pixels, with the smallest Huffman tables that say so."""
    def segment(marker, data):
        return b"\xff" + bytes([marker]) + struct.pack(">H", len(data) + 2) + data

    table = bytes([1, 1, 1] + [0] * 13)  # the codes 0, 10 and 110
    tables = b"".join(bytes([kind << 4]) + table + symbols
                      for kind, symbols in ((0, b"\x00\x03\x05"), (1, b"\x00\x01\xf0")))
    layout = b"".join(
        bytes([i + 1, 0x22 if i == 0 and components == 3 else 0x11, 0]) for i in range(components))
    scan = bytes([components]) + b"".join(bytes([i + 1, 0]) for i in range(components))
    blocks = 6 if components == 3 else 1
    out = b"\xff\xd8" + segment(0xe0, b"JFIF\0\x01\x01\0\0\x01\0\x01\0\0") + segment(
        0xdb, b"\0" + b"\x10" * 64)
    out += segment(0xc2 if progressive else 0xc0,
                   struct.pack(">BHHB", 8, 8, 8, components) + layout)
    out += segment(0xc4, tables)
    if progressive:
        out += segment(0xda, scan + b"\x00\x00\x01") + b"\x00"
        out += segment(0xda, b"\x01\x01\x00" + b"\x01\x3f\x00") + b"\x00"
    else:
        bits = "0" * 2 * blocks
        bits += "1" * (-len(bits) % 8)
        out += segment(0xda, scan + b"\x00\x3f\x00") + int(bits, 2).to_bytes(len(bits) // 8, "big")
    return out + b"\xff\xd9"


def riff(*chunks):
    body = b"WEBP"
    for kind, data in zip(chunks[::2], chunks[1::2]):
        body += kind + struct.pack("<I", len(data)) + data + bytes(len(data) % 2)
    return b"RIFF" + struct.pack("<I", len(body)) + body


def tiff(entries, order="<"):
    """8 x 4 pixels in one strip, with these entries instead of those of plain RGB."""
    data = bytes(range(256))
    every = {256: (4, 8), 257: (4, 4), 258: (3, 8), 259: (3, 1), 262: (3, 2), 273: (4, 8),
             277: (3, 3), 278: (4, 4), 279: (4, len(data)), **entries}
    if 322 in every:
        every.update({324: every.pop(273), 325: every.pop(279)})
    out = (b"II*\0" if order == "<" else b"MM\0*") + struct.pack(order + "I", 8 + len(data)) + data
    out += struct.pack(order + "H", len(every))
    for tag, (kind, value) in sorted(every.items()):
        form = "HHII" if kind == 4 else "HHIHxx"
        out += struct.pack(order + form, tag, kind, 1, value)
    return out + bytes(4)


# What Pillow makes of 8 x 8 pixels; the standard library has no coder.
WEBP_LOSSLESS = bytes.fromhex(
    "524946464e000000574542505650384c420000002f07c00100893244f43f1611d1ff90306a1b49522119"
    "fe4017c4598a54f98c0741b64dee5088a31ef1389177ba1ee25144662ce8ed28225323d52145e6adde1d"
    "2205")
WEBP_LOSSY = bytes.fromhex(
    "524946463c000000574542505650382030000000b001009d012a080008000900ac25b0027400f4282000"
    "00febbb313336f95372334053ecbefd680cc1f91282312f18000")


def images():
    def pixel(x, y):
        return (x * 16 % 256, y * 16 % 256, (x ^ y) % 256)

    write("image", "rgb.png", files.png(5, 4, pixel))
    write("image", "rgba.png", files.png(3, 3, lambda x, y: pixel(x, y) + (x,), alpha=True))
    write("image", "deep.png", files.png(2, 2, pixel, depth=16))
    write("image", "cut.png", files.png(5, 4, pixel)[:50])
    write("image", "claims.png", files.png_bomb(60000, 60000, 100))
    write("image", "swells.png", files.png_bomb(1, 1, 1 << 16))
    head = struct.pack(">IIBBBBB", 4, 4, 2, 3, 0, 0, 1)
    write(
        "image", "palette.png", b"\x89PNG\r\n\x1a\n" + files.png_chunk(b"IHDR", head) +
        files.png_chunk(b"PLTE", bytes(range(12))) + files.png_chunk(b"tRNS", b"\x00\x80") +
        files.png_chunk(b"IDAT", files.zlib.compress(bytes(20))) + files.png_chunk(b"IEND", b""))
    for progressive in (False, True):
        for components in (1, 3):
            write("image", f"{'progressive' if progressive else 'baseline'}{components}.jpg",
                  jpeg(progressive, components))
    write(
        "image", "rgb.bmp", b"BM" +
        struct.pack("<IHHIIiiHHIIiiII", 54 + 16, 0, 0, 54, 40, 2, 2, 1, 24, 0, 16, 0, 0, 0, 0) +
        bytes(16))
    write(
        "image", "palette.bmp", b"BM" +
        struct.pack("<IHHIIiiHHIIiiII", 62 + 4, 0, 0, 62, 40, 8, -1, 1, 1, 0, 4, 0, 0, 2, 0) +
        bytes(8) + b"\xaa\0\0\0")
    write(
        "image", "one.gif",
        b"GIF89a\x02\x00\x02\x00\x80\x00\x00\x00\x00\x00\xff\xff\xff!\xf9\x04\x01\x00\x00\x00\x00"
        b",\x00\x00\x00\x00\x02\x00\x02\x00\x00\x02\x03\x04\x12\x05\x00;")
    write("image", "rle.tga",
          bytes([0, 0, 10, 0, 0, 0, 0, 0, 0, 0, 0, 0, 4, 0, 1, 0, 24, 0x20, 0x83, 1, 2, 3]))
    write("image", "map.tga",
          bytes([0, 1, 1, 0, 0, 2, 0, 24, 0, 0, 0, 0, 2, 0, 1, 0, 8, 0]) + bytes(6) + b"\0\1")
    write("image", "grey.pgm", b"P5\n# comment\n2 2\n255\n\0\1\2\3")
    write("image", "deep.ppm", b"P6 1 1 65535 \0\1\2\3\4\5")
    write(
        "image", "rle.psd", b"8BPS\0\1" + bytes(6) + struct.pack(">HIIHH", 3, 1, 2, 8, 3) +
        bytes(12) + b"\0\1" + b"\0\2" * 3 + b"\xff\x07" * 3)
    write("image", "text.jpg", b"hello\n")
    pictures = os.path.join(DATA, "pictures")
    for name in os.listdir(pictures):
        if name.endswith((".avif", ".heic", ".jxl")):
            with open(os.path.join(pictures, name), "rb") as file:
                write("image", name, file.read())
    write("image", "lossless.webp", WEBP_LOSSLESS)
    write("image", "lossy.webp", WEBP_LOSSY)
    write("image", "frames.webp", riff(
        b"VP8X", struct.pack("<I", 0x12) + struct.pack("<I", 16)[:3] + struct.pack("<I", 8)[:3],
        b"ANIM", bytes(6),
        b"ANMF", bytes(6) + struct.pack("<I", 7)[:3] + struct.pack("<I", 7)[:3] + bytes(4) +
        WEBP_LOSSLESS[12:],
        b"EXIF", b"Exif\0\0II*\0" + struct.pack("<IHHHIHHI", 8, 1, 0x112, 3, 1, 6, 0, 0)))
    for name, entries in (
        ("rgb", {}), ("deep", {258: (3, 16)}), ("white", {262: (3, 0), 277: (3, 1)}),
        ("one-bit", {258: (3, 1), 262: (3, 1), 277: (3, 1)}),
        ("cmyk", {262: (3, 5), 277: (3, 4)}), ("planes", {284: (3, 2)}),
        ("ycbcr", {262: (3, 6)}), ("packbits", {259: (3, 32773)}), ("lzw", {259: (3, 5)}),
        ("deflate", {259: (3, 8)}), ("fax", {258: (3, 1), 259: (3, 4), 262: (3, 0), 277: (3, 1)}),
        ("jpeg", {259: (3, 7)}), ("old-jpeg", {259: (3, 6), 262: (3, 6)}),
        ("tiles", {322: (4, 16), 323: (4, 16)}), ("huge-tile", {322: (4, 1 << 30), 323: (4, 16)}),
        ("premultiplied", {277: (3, 4), 338: (3, 1)}), ("turned", {274: (3, 6)}),
        ("predictor", {259: (3, 5), 317: (3, 2)})):
        write("image", f"{name}.tif", tiff(entries))
        write("image", f"{name}-mm.tif", tiff(entries, ">"))


def texts():
    write(
        "metadata", "all",
        b"resnet,block=bottleneck,layers=1:1,planes=4:8,groups=2,width_per_group=32,num_classes=2\0"
        b"name\0cat\ndog\x00256\x00224\x000.485,0.456,0.406\x000.229, 0.224, 0.225\0conv1 "
        b"0.01\nlayer1.0.add 1e-3\0bilinear"
    )
    for i, arch in enumerate(
        ("resnet50", "resnet20,num_classes=7,norm=frozen,norm_eps=1e-3",
         "resnext101_64x4d,dilate=0:1:1,v1=1",
         "resnet,layers=2:2,stem=cifar,shortcut=pad,norm=group,norm_groups=8,zero_init_residual=1",
         "resnet,layers=4096:4096:4096:4096:4096:4096:4096:4096,planes=131072",
         "resnet1202,planes=1:1:1", "resnet18,num_classes=0", "resnet,layers=", "resnet9,", "")):
        write("metadata", f"arch{i}", arch.encode() + b"\0\0a\nb\0" + b"0\0" * 2)
    write(
        "cache", "tuned",
        b"\x01123456789abcdef0 conv_fast 1500000 - 0\n0000000000000007 conv_slow 2 conv_slower "
        b"3\nx\n"
    )
    write("cache", "right", b"\x02payload")
    write("cache", "raw",
          b"\x00VRNCACHE" + struct.pack("<IIQQ", 1, 24, 1, 0) + b"a key of 24 bytes or so\0x")
    write("cache", "key", b"\x00VRNCACHE" + struct.pack("<IIQQ", 1, 0xffffffff, 0, 0))
    write("cache", "short", b"\x00VRN")


def evaluations():
    """Lines of eval --json, for merge."""
    def line(**changes):
        value = {
            "images": 3, "top1_count": 2, "top5_count": 3, "images_per_s": 12.5,
            "model": "m.safetensors", "device": "d", "weights": "0123456789abcdef",
            "precision": "fp32", "transform": "resize 32", "unreadable": 1, "total": 4,
            "num_classes": 3, "classes": ["a", "b\\u00e9", "c"],
            "confidence": [[1, 1, 0.5]] * 2 + [[0, 0, 0]] * 8, "confusion": [[0, 0, 2], [1, 2, 1]]
        }
        value.update(changes)
        return json.dumps({key: value for key, value in value.items() if value is not None}) + "\n"

    halves = [line(total=8, shard=i, shards=2) for i in range(2)]
    write("merge", "whole", line().encode())
    write("merge", "parts", "".join(halves).encode())
    write("merge", "twice", "".join(halves + halves).encode())
    write("merge", "cut", (halves[0] + halves[1][:200] + halves[1]).encode())
    write("merge", "missing", line(total=4000000, shard=7, shards=1000000).encode())
    write("merge", "unnamed", line(classes=None, num_classes=1 << 24).encode())
    write(
        "merge", "none",
        line(images=0, total=0, unreadable=0, top1_count=0, top5_count=0, confusion=[],
             confidence=[[0, 0, 0]] * 10).encode())
    write("merge", "null", line(confusion=[[0, 0, 2], [1, None, 1]]).encode())
    write("merge", "text", b"path,label\na.png,3\n[1, 2]\n")


def registries():
    entry = {
        "network": "resnet18", "weights": "A_V1", "default": True, "file": "a-01234567.pth",
        "sha256": "01234567", "bytes": 100, "parameters": 25, "classes": "imagenet", "resize": 232,
        "crop": 224, "interpolation": "bicubic", "mean": [0.5, 0.25, 1e-1], "std": [0.5, 0.5, 0.5],
        "acc1": 80.5, "acc5": 95.25, "recipe": "https://x"
    }
    base = {"format": 1, "base": "https://example.org/models"}
    least = {key: entry[key] for key in ("network", "weights", "file", "sha256")}
    for name, entries in (("one", [entry]),
                          ("two", [entry,
                                   dict(least, weights="V2", min_bytes=1,
                                        max_bytes=9)]), ("same", [entry, entry]),
                          ("path", [dict(entry, file="../a")]), ("other", [dict(entry, x=[{}])])):
        write("registry", name, json.dumps(dict(base, entries=entries)).encode())
    write("registry", "format", b'{"format":2}')
    with open(os.path.join(os.path.dirname(os.path.dirname(HERE)), "data", "registry.json"),
              "rb") as file:
        write("registry", "real", file.read())


def programs():
    """For the architecture deduction: first the network, then steps (fuzz/deduce.c)."""
    for net in range(13):
        write("deduce", f"net{net}", bytes([net]))
        write("deduce", f"prefix{net}", bytes([net, 6, 0, 0]) + b"module.\0")
    steps = {
        "drop": b"\0\0\0", "rename": b"\1\0\0\3", "literal": b"\1\0\0\xfflayer1.1.conv1.weight\0",
        "reshape": b"\2\0\0\0\x0b", "rank": b"\3\0\0\1", "dtype": b"\4\0\0\4",
        "copy": b"\5\0\0\x05", "cut": b"\7\5\0"
    }
    for name, step in steps.items():
        for net in (1, 3, 10, 11, 12):
            write("deduce", f"{name}{net}", bytes([net]) + step)


def main():
    global FOLDER
    FOLDER = sys.argv[1]
    shutil.rmtree(FOLDER, ignore_errors=True)
    checkpoints()
    neighbours()
    pickles()
    onnx()
    arrays()
    labels()
    facts()
    images()
    texts()
    evaluations()
    registries()
    programs()
    print(sum(len(names) for _, _, names in os.walk(FOLDER)), "seeds")


if __name__ == "__main__":
    main()
