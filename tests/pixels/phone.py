#!/usr/bin/env python3
"""Sixty files like those in the folder of a phone, made with Pillow.

    phone.py --store FOLDER

AVIF, HEIC and JPEG XL need plug-ins of Pillow (Pillow 11.3 or pillow-avif-plugin, pillow-heif,
pillow-jxl-plugin). Where they are missing, their files are taken from tests/data/pictures, with
the pixels that the plug-ins gave as NAME.png beside each; --store wrote these.
"""

import io
import pathlib
import struct
import sys
import tempfile

from PIL import Image, ImageOps
import pictures
from pictures import exif, picture, saved

STORED = pathlib.Path(__file__).resolve().parent.parent / "data" / "pictures"
WIDTH, HEIGHT = 61, 44

# How far decoded pixels may be off, of 255, and twice as far after bicubic filters: two versions of
# a library need not agree about the last bit of what they enlarge or convert. libheif 1.15 turns a
# picture before it enlarges the colours, and later ones after; libjxl 0.9 dithers. With the same
# version as Pillow's all are equal.
ALLOWED = {"photo.heic": 1, "upright-6.heic": 3, "10-bits.heic": 2, "photo.jxl": 1,
           "upright-6.jxl": 1}


def try_plugin(name):
    try:
        module = __import__(name)
    except ImportError:
        return False
    if name == "pillow_heif":
        module.register_heif_opener()
    return True


def plugins():
    """Which of Pillow's names of formats it can write here."""
    for name in ("pillow_avif", "pillow_heif", "pillow_jxl"):
        try_plugin(name)
    Image.init()
    return {form for form in ("AVIF", "HEIF", "JXL") if form in Image.SAVE}


def smooth(mode="RGB"):
    """Slopes, which lossy formats keep well: what differs is the decoder's doing."""
    image = Image.new("RGBA", (WIDTH, HEIGHT))
    image.putdata([(x * 255 // WIDTH, y * 255 // HEIGHT, (x + y) * 255 // (WIDTH + HEIGHT),
                    255 - x * 200 // WIDTH) for y in range(HEIGHT) for x in range(WIDTH)])
    return image.convert(mode)


def turned(orientation):
    return b"Exif\0\0" + exif(orientation)


def tiff(samples, bits, photometric, data, extra=None):
    """A TIFF of one strip, little-endian: what Pillow cannot write."""
    entries = [(256, 4, WIDTH), (257, 4, HEIGHT), (258, 3, bits), (259, 3, 1),
               (262, 3, photometric), (273, 4, 0), (277, 3, samples), (278, 4, HEIGHT),
               (279, 4, len(data))] + ([(338, 3, extra)] if extra is not None else [])
    depths = struct.pack(f"<{samples}H", *[bits] * samples)
    behind = 8 + 2 + 12 * len(entries) + 4
    out = b"II*\0" + struct.pack("<IH", 8, len(entries))
    for tag, kind, value in entries:
        count = samples if tag == 258 else 1
        if tag == 258 and len(depths) > 4:
            value, form = behind, "<HHII"
        elif tag == 258 and samples == 2:
            value, form = bits << 16 | bits, "<HHII"
        else:
            value = behind + len(depths) if tag == 273 else value
            form = "<HHII"
        out += struct.pack(form, tag, kind, count, value)
    return out + bytes(4) + depths + data


def jpegs():
    plain = picture(WIDTH, HEIGHT)
    for orientation in range(1, 9):
        yield (f"IMG_000{orientation}.JPG",
               saved(plain, "JPEG", quality=90, exif=turned(orientation)))
    yield "progressive.jpg", saved(plain, "JPEG", progressive=True)
    yield "444.jpeg", saved(plain, "JPEG", subsampling=0)
    yield "grey.jpe", saved(plain.convert("L"), "JPEG")
    yield "cmyk.jpg", saved(picture(WIDTH, HEIGHT, "CMYK"), "JPEG")
    yield "profile.jfif", saved(plain, "JPEG", icc_profile=bytes(200))
    yield "sent-as.HEIC", saved(plain, "JPEG")


def pngs():
    plain = picture(WIDTH, HEIGHT)
    palette = plain.quantize(200)
    yield "screenshot.png", saved(plain, "PNG", icc_profile=bytes(200))
    yield "alpha.png", saved(picture(WIDTH, HEIGHT, "RGBA"), "PNG")
    yield "palette.png", saved(palette, "PNG")
    yield "palette-alphas.png", saved(palette, "PNG", transparency=bytes(range(200)))
    yield "1-bit.png", saved(plain.convert("1"), "PNG")
    yield "16-bits.png", pictures.deep_png(WIDTH, HEIGHT, "RGB", 2)[0]
    yield "16-bits-alpha.png", pictures.deep_png(WIDTH, HEIGHT, "RGBA", 6)[0]
    yield "upright-6.png", saved(plain, "PNG", exif=exif(6))


def others():
    plain = picture(WIDTH, HEIGHT)
    palette = plain.quantize(200)
    yield "sticker.gif", saved(palette, "GIF", transparency=palette.getpixel((3, 3)))
    yield "animated.gif", saved(palette, "GIF", save_all=True,
                                append_images=[picture(WIDTH, HEIGHT, seed=3).quantize(50)])
    yield "scan.bmp", saved(plain, "BMP")


def webps():
    plain, alpha = picture(WIDTH, HEIGHT), picture(WIDTH, HEIGHT, "RGBA")
    yield "photo.webp", saved(plain, "WEBP")
    yield "lossless.webp", saved(plain, "WEBP", lossless=True)
    yield "alpha.webp", saved(alpha, "WEBP")
    yield "lossless-alpha.webp", saved(alpha, "WEBP", lossless=True, exact=True)
    yield "animated.webp", saved(alpha, "WEBP", save_all=True, append_images=[smooth("RGBA")])
    yield "upright-6.webp", saved(plain, "WEBP", exif=turned(6))


def tiffs():
    plain, alpha = picture(WIDTH, HEIGHT), picture(WIDTH, HEIGHT, "RGBA")
    deep = bytes(byte for pair in zip(pictures.noise(WIDTH, HEIGHT, 3, seed=2),
                                      plain.tobytes()) for byte in pair)
    yield "scan.tif", saved(plain, "TIFF")
    yield "lzw.tiff", saved(alpha, "TIFF", compression="tiff_lzw")
    yield "upright-8.tif", saved(plain, "TIFF", compression="tiff_adobe_deflate",
                                 tiffinfo={274: 8, 278: 7})
    yield "jpeg.tif", saved(smooth("YCbCr"), "TIFF", compression="jpeg")
    yield "palette.tif", saved(plain.quantize(13), "TIFF")
    yield "fax.tif", saved(plain.convert("1"), "TIFF", compression="group4")
    yield "cmyk.tif", saved(picture(WIDTH, HEIGHT, "CMYK"), "TIFF", compression="packbits")
    yield "pages.tif", saved(plain, "TIFF", save_all=True, append_images=[smooth()])
    yield "16-bits.tif", tiff(3, 16, 2, deep)
    yield "premultiplied.tif", tiff(4, 8, 2, alpha.tobytes(), extra=1)


def avifs():
    plain = smooth()
    yield "photo.avif", "AVIF", saved(plain, "AVIF")
    yield "alpha.avif", "AVIF", saved(smooth("RGBA"), "AVIF")
    yield "upright-6.avif", "AVIF", saved(plain, "AVIF", exif=turned(6))


def heics():
    import pillow_heif
    plain = smooth()
    yield "photo.heic", "HEIF", saved(plain, "HEIF")
    yield "444.heic", "HEIF", saved(plain, "HEIF", chroma=444)
    yield "upright-6.heic", "HEIF", saved(plain, "HEIF", exif=turned(6))
    deep = b"".join(struct.pack("<H", value * 257) for value in plain.tobytes())
    file = io.BytesIO()
    pillow_heif.from_bytes("RGB;16", (WIDTH, HEIGHT), deep).save(file)
    yield "10-bits.heic", "HEIF", file.getvalue()


def jxls():
    plain = smooth()
    yield "photo.jxl", "JXL", saved(plain, "JXL")
    yield "lossless.jxl", "JXL", saved(picture(WIDTH, HEIGHT), "JXL", lossless=True)
    yield "upright-6.jxl", "JXL", saved(plain, "JXL", exif=turned(6))
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder) / "photo.jpg"
        plain.save(path, exif=turned(6))
        with Image.open(path) as image:
            yield "from-jpeg.jxl", "JXL", saved(image, "JXL", lossless_jpeg=True)


MODERN = {"AVIF": (".avif", avifs), "HEIF": (".heic", heics), "JXL": (".jxl", jxls)}


def upright(file):
    """What Pillow makes of a file. Pillow 9 turns a TIFF when it is loaded, and would turn it
    again."""
    with Image.open(file) as image:
        image.load()
        kind = f"{image.format} {image.mode}"
        whole = image if image.format == "TIFF" else ImageOps.exif_transpose(image)
        return kind, whole.convert("RGB")


def good():
    """Yields name, content, and what Pillow makes of it: its kind and the upright picture."""
    for source in (jpegs, pngs, others, webps, tiffs):
        for name, content in source():
            yield (name, content, *upright(io.BytesIO(content)))
    present = plugins()
    for form, (suffix, source) in MODERN.items():
        if form in present:
            for name, _, content in source():
                yield (name, content, *upright(io.BytesIO(content)))
            continue
        print(f"Pillow has no plug-in for {form}: its files and their pixels are stored ones")
        for path in sorted(STORED.glob("*" + suffix)):
            with Image.open(f"{path}.png") as image:
                yield path.name, path.read_bytes(), f"{form} stored", image.convert("RGB")


def broken():
    """Yields name and content of what cannot be read."""
    plain = picture(WIDTH, HEIGHT)
    for name, form in (("cut.jpg", "JPEG"), ("cut.png", "PNG"), ("cut.webp", "WEBP"),
                       ("cut.tif", "TIFF")):
        content = saved(plain, form)
        yield name, content[:len(content) * 2 // 3]
    for name in ("photo.heic", "photo.avif", "photo.jxl"):
        content = (STORED / name).read_bytes()
        yield f"cut-{name}", content[:len(content) * 2 // 3]
    yield "text.jpg", b"hello\n"


def store(folder):
    """Writes the files that plug-ins make, and their pixels."""
    for suffix, source in MODERN.values():
        for name, form, content in source():
            assert name.endswith(suffix) and form in plugins()
            (folder / name).write_bytes(content)
            upright(io.BytesIO(content))[1].save(folder / f"{name}.png", optimize=True)


if __name__ == "__main__":
    if len(sys.argv) != 3 or sys.argv[1] != "--store":
        sys.exit(__doc__)
    plugins()
    store(pathlib.Path(sys.argv[2]))
