"""Arrays of every kind and layout, in and out."""

import ctypes

import numpy as np
import pytest

import vkresnet
from vkresnet._arrays import NCHW, NHWC, as_inputs


@pytest.fixture
def expected(session, x):
    return session(x)


class Interface:
    """Has __array_interface__ and nothing else."""

    def __init__(self, array):
        self.array = array

    @property
    def __array_interface__(self):
        return self.array.__array_interface__


class DLPack:
    """Has DLPack's protocol and nothing else."""

    def __init__(self, array, kind=1):
        self.array, self.kind = array, kind

    def __dlpack__(self, stream=None):
        return self.array.__dlpack__()

    def __dlpack_device__(self):
        return self.kind, 0


def test_layouts_without_a_copy(session, x, expected):
    chw = (3, 16, 16)
    nhwc = np.ascontiguousarray(x.transpose(0, 2, 3, 1))
    for array, kind in ((x, NCHW), (nhwc, NHWC), (nhwc.transpose(0, 3, 1, 2), NHWC),
                        (x.transpose(0, 2, 3, 1), NCHW), (x[1:3], NCHW)):
        inputs = as_inputs(array, chw)
        assert inputs.kind == kind
        assert np.shares_memory(inputs.data, array)
        assert inputs.data.flags.c_contiguous
    assert np.array_equal(session(nhwc), expected)
    assert np.array_equal(session(nhwc.transpose(0, 3, 1, 2)), expected)
    assert np.array_equal(session(x.transpose(0, 2, 3, 1)), expected)
    assert np.array_equal(session(nhwc, layout="nhwc"), expected)


def test_other_strides_and_types_are_copied(session, x, expected):
    wide = np.zeros((4, 3, 16, 32), np.float32)
    wide[..., ::2] = x
    assert np.array_equal(session(wide[..., ::2]), expected)
    assert np.array_equal(session(x.astype(np.float64)), expected)
    assert np.array_equal(session(x.astype(">f4")), expected)
    assert np.array_equal(session(np.asfortranarray(x)), expected)
    shifted = np.zeros(x.nbytes + 1, np.uint8)[1:].view(np.float32).reshape(x.shape)
    shifted[:] = x
    assert np.array_equal(session(shifted), expected)
    frozen = x.copy()
    frozen.flags.writeable = False
    assert np.array_equal(session(frozen), expected)


def test_other_objects(session, x, expected):
    memory = (ctypes.c_float * x.size).from_buffer_copy(x.tobytes())
    shaped = memoryview(memory).cast("B").cast("f", x.shape)
    for wrapped in (Interface(x), DLPack(x), shaped, list(x), [image for image in x]):
        assert np.array_equal(session(wrapped), expected)
    assert np.array_equal(session(x[0]), session(x[:1]))
    with pytest.raises(TypeError, match="in the memory of a device .*copy it to the CPU"):
        session(DLPack(x, kind=2))


def test_results_go_to_others(session, x, expected):
    assert np.array_equal(np.from_dlpack(expected), expected)
    assert expected.__array_interface__["typestr"] == "<f4"
    assert memoryview(expected).shape == (4, 7)


def test_out(session, x, expected):
    out = np.empty((4, 7), np.float32)
    assert session(x, out=out) is out
    assert np.array_equal(out, expected)
    whole = np.zeros((8, 7), np.float32)
    session(x, out=whole[4:])
    assert np.array_equal(whole[4:], expected) and not whole[:4].any()
    for wrap in (Interface, DLPack):
        out = np.zeros((4, 7), np.float32)
        session(x, out=wrap(out))
        assert np.array_equal(out, expected)
    memory = bytearray(4 * 7 * 4)
    session(x, out=memoryview(memory).cast("f", (4, 7)))
    assert np.array_equal(np.frombuffer(memory, np.float32).reshape(4, 7), expected)


def test_wrong_out(session, x):
    frozen = np.empty((4, 7), np.float32)
    frozen.flags.writeable = False
    for out, text in ((np.empty((4, 8), np.float32), r"\[4, 8\], but the result is .*\[4, 7\]"),
                      (np.empty((4, 7)), "float64"), (frozen, "writable"),
                      (np.empty((4, 14), np.float32)[:, ::2], "C-contiguous"),
                      ([[0.0] * 7] * 4, "float64")):
        with pytest.raises(ValueError, match=text):
            session(x, out=out)


def test_wrong_inputs(session, x):
    for wrong, error, text in (
            (np.zeros((4, 3, 16, 15), np.float32), ValueError, r"\[4, 3, 16, 15\], but .*\[N, 3"),
            (np.zeros((0, 3, 16, 16), np.float32), ValueError, "at least one image"),
            (np.zeros((16, 16), np.float32), ValueError, r"\[16, 16\]"),
            (np.zeros((1, 1, 3, 16, 16), np.float32), ValueError, "but the session takes"),
            (np.zeros((4, 3, 16, 16), np.int32), TypeError, "int32"),
            (np.zeros((4, 3, 16, 16), complex), TypeError, "complex128"),
            ([], ValueError, "at least one image"), (None, TypeError, "object")):
        with pytest.raises(error, match=text):
            session(wrong)
    with pytest.raises(ValueError, match="layout 'chwn'"):
        session(x, layout="chwn")
    with pytest.raises(ValueError, match="but the session takes"):
        session(x, layout="nhwc")


def test_square_images_of_as_many_channels(x):
    with vkresnet.load(arch="resnet8,planes=8:8:8,in_channels=16", random_weights=1) as model, \
            vkresnet.Session(model, size=16) as session:
        image = np.random.default_rng(3).standard_normal((1, 16, 16, 16), dtype=np.float32)
        assert not np.array_equal(session(image, layout="nchw"), session(image, layout="nhwc"))
        assert np.array_equal(session(image), session(image, layout="nchw"))


def test_the_extension_checks_for_itself(session, x):
    """What the package's Python code never does must not reach memory."""
    core, out = session._core, np.empty((4, 7), np.float32)
    taps = tuple(np.empty((4, *shape), np.float32) for shape in session.taps.values())

    class Liar:
        def __init__(self, **changes):
            self.__array_interface__ = {**x.__array_interface__, **changes}

    for arguments, error in (
            ((0, x, 3, out, None, None, False), ValueError),
            ((0, x, 0, None, None, None, False), ValueError),
            ((0, x, 5, None, None, None, False), ValueError),
            ((0, x, -1, None, None, None, False), OverflowError),
            ((0, x[:, :, ::2], 4, out, None, None, False), ValueError),
            ((0, x.astype(np.float64), 4, out, None, None, False), TypeError),
            ((0, x, 4, out[:3], None, None, False), ValueError),
            ((0, x, 4, None, out.astype(np.int32), None, False), TypeError),
            ((0, x, 4, None, None, taps[:2], False), ValueError),
            ((0, x, 4, None, None, (taps[1], taps[0], taps[2]), False), ValueError),
            ((0, Liar(typestr="<f8"), 4, out, None, None, False), TypeError),
            ((0, Liar(shape=(4, 3, 16)), 4, out, None, None, False), ValueError),
            ((0, Liar(shape=(2 ** 62, 2 ** 62)), 4, out, None, None, False), ValueError),
            ((0, Liar(shape=(1,) * 9), 4, out, None, None, False), ValueError),
            ((0, Liar(strides=(4,)), 4, out, None, None, False), ValueError),
            ((0, Liar(data=None), 4, out, None, None, False), TypeError),
            ((2, [np.zeros((8, 8, 3), np.uint8)] * 3, 4, out, None, None, False), TypeError),
            ((2, [np.zeros((8, 8, 5), np.uint8)], 1, None, None, None, False), ValueError),
            ((2, [np.zeros((8, 8, 3), np.uint8)[:, ::-1]], 1, None, None, None, False),
             ValueError),
            ((2, [x], 1, None, None, None, False), TypeError)):
        with pytest.raises(error):
            core.run(*arguments)
    with pytest.raises(vkresnet.InvalidArgumentError):
        core.wait(123456789)


def test_torch(session, x, expected):
    torch = pytest.importorskip("torch")
    tensor, out = torch.from_numpy(x.copy()), torch.empty(4, 7)
    assert session(tensor, out=out) is out
    assert np.array_equal(out.numpy(), expected)
    assert np.array_equal(session(tensor.to(memory_format=torch.channels_last)), expected)
    assert np.array_equal(session(tensor.double().requires_grad_().detach()), expected)
    assert torch.from_dlpack(session(tensor)).shape == (4, 7)
