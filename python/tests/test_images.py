"""Pictures of every kind, and files that are not pictures."""

import io
import struct
import zlib

import numpy as np
import pytest

import vkresnet
from vkresnet import _core, _images

try:
    from PIL import Image as PIL
except ImportError:
    PIL = None
needs_pillow = pytest.mark.skipif(PIL is None, reason="no Pillow")


@pytest.fixture
def without_pillow(monkeypatch):
    monkeypatch.setattr(_images, "_pil", None)


def png(pixels, extra=b""):
    """A PNG's bytes, written by hand."""
    def chunk(kind, data):
        return (struct.pack(">I", len(data)) + kind + data
                + struct.pack(">I", zlib.crc32(kind + data)))

    height, width, channels = pixels.shape
    rows = b"".join(b"\0" + row.tobytes() for row in pixels)
    kind = {1: 0, 3: 2, 4: 6}[channels]
    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, kind,
                                                              0, 0, 0))
            + extra + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b""))


def exif(orientation):
    data = struct.pack("<2sHIHHHIHHI", b"II", 42, 8, 1, 0x0112, 3, 1, orientation, 0, 0)
    return struct.pack(">I", len(data)) + b"eXIf" + data + struct.pack(
        ">I", zlib.crc32(b"eXIf" + data))


@pytest.fixture
def pixels():
    return np.random.default_rng(5).integers(0, 256, (20, 30, 3), np.uint8)


def test_all_kinds_of_one_image_agree(model, samples, tmp_path):
    expected = model.classify(str(samples[1]), top=10)
    array = vkresnet.read_image(samples[1])
    assert array.dtype == np.uint8 and array.ndim == 3
    bgra = np.concatenate([array, np.zeros_like(array[..., :1])], 2)
    wide = np.zeros((array.shape[0], array.shape[1] + 5, 3), np.uint8)
    wide[:, :-5] = array
    kinds = [samples[1], samples[1].read_bytes(), array, bgra, wide[:, :-5],
             array[:, ::-1][:, ::-1], np.asfortranarray(array)]
    if PIL:
        kinds.append(PIL.open(samples[1]))
    for kind in kinds:
        assert model.classify(kind, top=10) == expected
    eight = model.classify([str(samples[1])] * 3, top=10)
    assert eight == model.classify(np.stack([array] * 3), top=10)
    assert eight == model.classify((array for _ in range(3)), top=10)
    assert [p.index for p in eight[0]] == [p.index for p in expected]


def test_grey_is_equal_red_green_and_blue(model):
    grey = np.random.default_rng(6).integers(0, 256, (40, 40), np.uint8)
    colour = np.repeat(grey[..., None], 3, 2)
    assert model.classify(grey) == model.classify(colour) == model.classify(grey[..., None])


def test_top(model, samples):
    assert len(model.classify(samples[0])) == 5
    assert len(model.classify(samples[0], top=100)) == 10
    assert model.classify(samples[0], top=0) == []
    best = model.classify(samples[0], top=3)
    assert best[0].label == "airplane"
    assert best[0].probability >= best[1].probability >= best[2].probability


def test_no_images_are_no_results(model):
    assert model.classify([]) == []
    assert model.classify(iter(())) == []


def test_more_images_than_a_batch(model, samples):
    labels = [best[0].label for best in model.classify(samples * 7, top=1, batch=4)]
    assert labels == ["airplane", "ship", "truck"] * 7


@needs_pillow
@pytest.mark.parametrize("orientation", range(1, 9))
def test_orientation_without_pillow_is_pillow_s(monkeypatch, pixels, orientation):
    data = png(pixels, exif(orientation))
    expected = vkresnet.read_image(data)
    monkeypatch.setattr(_images, "_pil", None)
    assert np.array_equal(vkresnet.read_image(data), expected)


@needs_pillow
def test_jpeg_without_pillow(monkeypatch, pixels):
    smooth = np.array(PIL.fromarray(pixels).resize((64, 48)))
    file = io.BytesIO()
    header = PIL.Exif()
    header[0x0112] = 6
    PIL.fromarray(smooth).save(file, "JPEG", quality=95, exif=header)
    expected = vkresnet.read_image(file.getvalue())
    monkeypatch.setattr(_images, "_pil", None)
    found = vkresnet.read_image(file.getvalue())
    assert found.shape == expected.shape == (64, 48, 3)
    assert np.abs(found.astype(int) - expected).max() < 16
    assert np.abs(found.astype(int) - expected).mean() < 2
    with pytest.raises(vkresnet.FileError, match="cut short"):  # stb_image would take zeros
        vkresnet.read_image(file.getvalue()[:len(file.getvalue()) * 3 // 4])


@needs_pillow
@pytest.mark.parametrize("kind", ["GIF", "BMP", "TGA", "PPM"])
def test_other_formats_without_pillow(monkeypatch, pixels, kind):
    file = io.BytesIO()
    PIL.fromarray(pixels).convert("P" if kind == "GIF" else "RGB").save(file, kind)
    expected = vkresnet.read_image(file.getvalue())
    monkeypatch.setattr(_images, "_pil", None)
    assert np.array_equal(vkresnet.read_image(file.getvalue()), expected)


def test_samples_without_pillow(model, samples, without_pillow):
    labels = [best[0].label for best in model.classify(samples)]
    assert labels == ["airplane", "ship", "truck"]


@pytest.mark.parametrize("pillow", [True, False])
def test_files_that_are_no_pictures(monkeypatch, tmp_path, pixels, pillow):
    if not pillow:
        monkeypatch.setattr(_images, "_pil", None)
    elif PIL is None:
        pytest.skip("no Pillow")
    good = png(pixels)
    for name, data in (("empty", b""), ("text", b"not a picture" * 9), ("head", good[:20]),
                       ("cut", good[:len(good) // 2]), ("jpeg", b"\xff\xd8\xff\xe1\0\1")):
        path = tmp_path / name
        path.write_bytes(data)
        with pytest.raises(vkresnet.FileError, match=str(path)):
            vkresnet.read_image(path)
    with pytest.raises(FileNotFoundError):
        vkresnet.read_image(tmp_path / "absent.png")
    with pytest.raises(IsADirectoryError):
        vkresnet.read_image(tmp_path)


def test_hostile_files_end(without_pillow, pixels):
    """Damaged bytes give pixels or an error, never anything else."""
    good, random = png(pixels, exif(6)), np.random.default_rng(7)
    jpeg = b"\xff\xd8\xff\xc4\xff\xff" + bytes([255] * 70000)
    for _ in range(300):
        data = bytearray(good)
        for at in random.integers(0, len(data), 3):
            data[at] = random.integers(256)
        try:
            assert vkresnet.read_image(bytes(data)).dtype == np.uint8
        except vkresnet.FileError:
            pass
    with pytest.raises(ValueError, match="Huffman tables"):
        _core.decode(jpeg)
    large = bytearray(good)  # whole: some versions of stb_image read on to the pixels for the size
    large[16:24] = struct.pack(">II", 17000, 17000)
    large[29:33] = struct.pack(">I", zlib.crc32(bytes(large[12:29])))
    with pytest.raises(ValueError, match="134 million pixels"):
        _core.decode(bytes(large))


def test_wrong_arrays(model):
    for wrong, error in ((np.zeros((8, 8, 3), np.float32), TypeError),
                         (np.zeros((8, 8, 5), np.uint8), ValueError),
                         (np.zeros((0, 8, 3), np.uint8), ValueError),
                         (np.zeros((8,), np.uint8), ValueError), (None, TypeError)):
        with pytest.raises(error):
            model.classify(wrong)


def test_class_map(model, samples):
    found = model.class_map(samples[1])
    assert (found.label, found.values.shape) == ("ship", (8, 8))
    assert abs(float(found.values.mean()) - found.logit) < 1e-3
    height, width = vkresnet.read_image(samples[1]).shape[:2]
    heat = found.heat(height, width)
    assert heat.shape == (height, width) and 0 <= heat.min() and 0.8 < heat.max() <= 1.000001
    other = model.class_map(samples[1], 0)
    assert other.label == "airplane" and other.logit < found.logit
    with pytest.raises(ValueError, match="class 10: the model has 10"):
        model.class_map(samples[1], 10)
    features = model.features(samples)
    assert features.shape == (3, 64)
    assert model.features(samples[0], "layer1").shape == (1, 16, 32, 32)
