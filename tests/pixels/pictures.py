"""Image files of many kinds, made with PIL; and the content of those that PIL cannot write."""

import io
import random
import struct
import zlib

from PIL import Image


def noise(width, height, bands, seed=1):
    """Bytes of a picture that is smooth here and rough there."""
    source = random.Random(seed)
    values = bytearray()
    for y in range(height):
        for x in range(width):
            rough = 80 if (x // 16 + y // 16) % 2 else 8
            for band in range(bands):
                value = (x * (3 + band) + y *
                         (5 - band)) * 255 // (8 * max(width, height)) + source.randrange(rough)
                values.append(value % 256 if rough > 8 else min(value, 255))
    return bytes(values)


def picture(width, height, mode="RGB", seed=1):
    return Image.frombytes(mode, (width, height), noise(width, height, len(mode), seed))


def png_chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png(width, height, depth, colour, rows, interlaced=0):
    """A PNG of raw rows, each without its filter byte."""
    head = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, interlaced)
    data = b"".join(b"\0" + row for row in rows)
    return (b"\x89PNG\r\n\x1a\n" + png_chunk(b"IHDR", head) +
            png_chunk(b"IDAT", zlib.compress(data)) + png_chunk(b"IEND", b""))


def deep_png(width, height, mode, colour):
    """16 bits a channel, of which `mode`'s picture is the upper half."""
    upper, lower = noise(width, height, len(mode)), noise(width, height, len(mode), seed=2)
    line = width * len(mode)
    values = bytes(byte for pair in zip(upper, lower) for byte in pair)
    return (png(width, height, 16, colour,
                [values[2 * line * y:2 * line * (y + 1)]
                 for y in range(height)]), Image.frombytes(mode, (width, height), upper))


def interlaced_png(width, height):
    image = picture(width, height)
    rows = []
    for left, top, right, down in ((0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4),
                                   (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2)):
        columns = range(left, width, right)
        for y in range(top, height, down):
            if columns:
                rows.append(b"".join(bytes(image.getpixel((x, y))) for x in columns))
    return png(width, height, 8, 2, rows, interlaced=1)


def bmp16(width, height, masks):
    line = (width * 2 + 3) // 4 * 4
    data = noise(line, height, 1)
    head = struct.pack("<IiiHHIIiiII", 40, width, height, 1, 16, 3, len(data), 0, 0, 0,
                       0) + struct.pack("<III", *masks)
    return b"BM" + struct.pack("<IHHI", 14 + len(head) + len(data), 0, 0,
                               14 + len(head)) + head + data


def psd(width, height):
    """Photoshop's form: RGB in planes, as it is."""
    image = picture(width, height)
    planes = b"".join(band.tobytes() for band in image.split())
    return (b"8BPS" + struct.pack(">H6xHIIHH", 1, 3, height, width, 8, 3) +
            struct.pack(">III", 0, 0, 0) + struct.pack(">H", 0) + planes)


def exif(orientation, little=True):
    order = "<" if little else ">"
    head = b"II*\0" if little else b"MM\0*"
    entries = [(0x010f, 2, 4, b"abc\0"), (0x0112, 3, 1, struct.pack(order + "HH", orientation, 0))]
    body = b"".join(
        struct.pack(order + "HHI", tag, kind, count) + value for tag, kind, count, value in entries)
    return head + struct.pack(order + "IH", 8, len(entries)) + body + bytes(4)


def saved(image, form, **options):
    file = io.BytesIO()
    image.save(file, form, **options)
    return file.getvalue()


def jpeg(image, **options):
    return saved(image, "JPEG", **options)


def sizes():
    for width, height in ((1, 1), (1, 500), (500, 3), (2, 7), (97, 89), (211, 13), (13, 211), (64,
                                                                                               64)):
        yield f"{width}x{height}.png", saved(picture(width, height), "PNG")


def jpegs():
    plain = picture(97, 61)
    for name, options in (("444", {"subsampling": 0}), ("422", {"subsampling": 1}),
                          ("420", {"subsampling": 2}), ("rough", {"quality": 20
                                                                  }), ("fine", {"quality": 100}),
                          ("optimized", {"optimize": True}), ("progressive", {"progressive": True}),
                          ("restarts", {"restart_marker_blocks": 3
                                        }), ("profile", {"icc_profile": b"nonsense" * 20})):
        yield f"{name}.jpg", jpeg(plain, **options)
    yield "grey.jpg", jpeg(plain.convert("L"))
    yield "grey-progressive.jpg", jpeg(plain.convert("L"), progressive=True)
    yield "cmyk.jpg", jpeg(picture(97, 61, "CMYK"))
    yield "cmyk-progressive.jpg", jpeg(picture(97, 61, "CMYK"), progressive=True, quality=95)
    yield "large.jpg", jpeg(picture(160, 120).resize((1601, 1203), Image.BICUBIC), quality=90)


def orientations():
    plain = picture(61, 40)
    for value in range(1, 9):
        yield f"exif-{value}.jpg", jpeg(plain, exif=b"Exif\0\0" + exif(value))
    yield "exif-6-big-endian.jpg", jpeg(plain, exif=b"Exif\0\0" + exif(6, little=False))
    yield "exif-9-nonsense.jpg", jpeg(plain, exif=b"Exif\0\0" + exif(9))
    yield "exif-7.png", saved(plain, "PNG", exif=exif(7))
    yield "exif-8.png", saved(plain, "PNG", exif=exif(8, little=False))


def pngs():
    plain, grey = picture(97, 61), picture(97, 61, "L")
    palette = plain.quantize(200)
    yield "grey.png", saved(grey, "PNG")
    yield "grey-alpha.png", saved(picture(97, 61, "LA"), "PNG")
    yield "alpha.png", saved(picture(97, 61, "RGBA"), "PNG")
    yield "palette.png", saved(palette, "PNG")
    yield "palette-4-bits.png", saved(plain.quantize(13), "PNG")
    yield "palette-2-bits.png", saved(plain.quantize(4), "PNG")
    yield "palette-transparent.png", saved(palette, "PNG", transparency=5)
    yield "palette-alphas.png", saved(palette, "PNG", transparency=bytes(range(200)))
    yield "1-bit.png", saved(plain.convert("1"), "PNG")
    yield "transparent.png", saved(plain, "PNG", transparency=plain.getpixel((3, 3)))
    yield "grey-transparent.png", saved(grey, "PNG", transparency=grey.getpixel((3, 3)))
    yield "interlaced.png", interlaced_png(97, 61)
    for name, mode, colour in (("16-bits", "RGB", 2), ("16-bits-alpha", "RGBA", 6),
                               ("16-bits-grey-alpha", "LA", 4), ("16-bits-grey", "L", 0)):
        content, upper = deep_png(97, 61, mode, colour)
        # PIL makes integers of 16-bit grey, and takes whatever is above 255 for white.
        yield f"{name}.png", content, upper if mode == "L" else None


def others():
    plain = picture(97, 61)
    palette = plain.quantize(200)
    alpha = picture(97, 61, "RGBA")
    yield "rgb.bmp", saved(plain, "BMP")
    yield "32-bits.bmp", saved(alpha, "BMP")
    yield "palette.bmp", saved(palette, "BMP")
    yield "1-bit.bmp", saved(plain.convert("1"), "BMP")
    yield "565.bmp", bmp16(97, 61, (0xf800, 0x7e0, 0x1f))
    yield "555.bmp", bmp16(97, 61, (0x7c00, 0x3e0, 0x1f))
    yield "palette.gif", saved(palette, "GIF")
    yield "transparent.gif", saved(palette, "GIF", transparency=palette.getpixel((3, 3)))
    yield "animated.gif", saved(palette, "GIF", save_all=True,
                                append_images=[picture(97, 61, seed=3).quantize(50)])
    yield "rgb.tga", saved(plain, "TGA")
    yield "alpha.tga", saved(alpha, "TGA", compression="tga_rle")
    yield "rgb.ppm", saved(plain, "PPM")
    yield "grey.pgm", saved(plain.convert("L"), "PPM")
    yield "rgb.psd", psd(97, 61)


def good():
    """Yields the name, the content and, where that is not what PIL makes of it, the picture."""
    for source in (sizes, jpegs, orientations, pngs, others):
        for name, content, *rest in source():
            yield name, content, rest[0] if rest else None


def bad():
    """Yields the name, the content and a part of the one line that is said of it."""
    plain = picture(97, 61)
    whole = {
        "jpg": jpeg(plain), "progressive.jpg": jpeg(plain, progressive=True),
        "png": saved(plain, "PNG"), "bmp": saved(plain, "BMP"),
        "gif": saved(plain.quantize(200), "GIF"), "tga": saved(plain,
                                                               "TGA"), "ppm": saved(plain, "PPM")
    }
    for name, content in whole.items():
        yield f"truncated.{name}", content[:len(content) * 2 // 3], ""
    for form, content in (("JPEG 2000", b"\0\0\0\x0cjP  \r\n\x87\n" + bytes(20)),
                          ("PBM", saved(plain.convert("1"), "PPM"))):
        yield f"{form}.jpg", content, f"{form} is not supported; expected PNG, JPEG"
    for form, content in (("WebP", b"RIFF\x10\0\0\0WEBPVP8 " + bytes(20)),
                          ("AVIF", b"\0\0\0\x18ftypavif" + bytes(20)),
                          ("HEIC", b"\0\0\0\x18ftypheic" + bytes(20)),
                          ("TIFF", b"II*\0\x08\0\0\0\0\0\0\0\0\0"),
                          ("JPEG XL", b"\0\0\0\x0cJXL \r\n\x87\n" + bytes(20))):
        yield f"{form}.jpg", content, ""
    yield "16-bits.ppm", b"P6\n# deep\n4 4\n65535\n" + bytes(96), "a maximum value of 255"
    yield "text.png", b"hello\n", ""
