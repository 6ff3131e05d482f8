"""Sessions: inputs and outputs."""

import json
import subprocess

import numpy as np
import pytest

import vkresnet


def relative(found, expected):
    return np.linalg.norm(found - expected) / np.linalg.norm(expected)


def test_logits_are_the_program_s(model, program, tmp_path):
    x = np.random.default_rng(2).standard_normal((5, 3, 32, 32), dtype=np.float32)
    np.save(tmp_path / "x.npy", x)
    path = tmp_path / "model.safetensors"
    model.save(path)
    subprocess.run([program, "infer", "--model", path, "--input", tmp_path / "x.npy", "--output",
                    tmp_path / "y.npy", "--batch", "2", "--quiet"], check=True, timeout=300)
    with vkresnet.Session(model, batch=2) as session:
        assert np.array_equal(session(x), np.load(tmp_path / "y.npy"))


def test_labels_are_the_program_s(model, program, samples):
    run = subprocess.run([program, "classify", "--json", "--top", "10", *samples], check=True,
                         timeout=300, stdout=subprocess.PIPE, text=True)
    lines = [json.loads(line)["top"] for line in run.stdout.splitlines()]
    found = model.classify(samples, top=10)
    assert len(found) == len(lines) == len(samples)
    for predictions, line in zip(found, lines):
        assert [p.index for p in predictions] == [best["index"] for best in line]
        assert [p.label for p in predictions] == [best["label"] for best in line]
        assert np.allclose([p.probability for p in predictions],
                           [best["probability"] for best in line], rtol=1e-4, atol=1e-9)


@pytest.mark.parametrize("count", [1, 3, 4, 5, 8, 11])
def test_any_number_of_images_is_run_in_batches(session, count):
    x = np.random.default_rng(count).standard_normal((count, 3, 16, 16), dtype=np.float32)
    outputs = session.run(x, probabilities=True, timing=True)
    single = np.concatenate([session(image) for image in x])
    assert np.array_equal(outputs.logits, single)
    assert outputs.logits.shape == (count, 7)
    exponents = np.exp(single - single.max(1, keepdims=True))
    assert np.allclose(outputs.probabilities, exponents / exponents.sum(1, keepdims=True), 1e-5)
    assert len(outputs.timing) == -(-count // 4)
    assert all(timing.input_ms >= 0 for timing in outputs.timing)
    assert {name: tap.shape for name, tap in outputs.taps.items()} == {
        "layer2": (count, 8, 8, 8), "avgpool": (count, 8, 1, 1), "class_map": (count, 7, 4, 4)}


def test_taps_agree_with_each_other(session, tiny, x):
    outputs = session.run(x)
    assert np.allclose(outputs.taps["class_map"].mean((2, 3)), outputs.logits, atol=1e-4)
    assert list(session.run(x, taps=["layer2"]).taps) == ["layer2"]
    assert session.run(x, taps=[]).taps == {}
    assert session.taps["layer2"] == (8, 8, 8)
    assert session.features(x).shape == (4, 8)
    assert session.features(x, "layer2").shape == (4, 8, 8, 8)
    assert np.array_equal(session.class_map(x), outputs.taps["class_map"])
    with vkresnet.Session(tiny, size=16, batch=4, no_fusion=True) as plain:
        assert relative(plain(x), outputs.logits) < 1e-5
        with pytest.raises(ValueError, match="no tap 'avgpool'"):
            plain.features(x)


def test_precisions(tiny, session, x):
    exact = session(x)
    with vkresnet.Session(tiny, size=16, batch=4, precision="fp16") as half:
        assert half.info.precision == "fp16"
        assert 0 < relative(half(x), exact) < 5e-3


def test_tickets(session, x):
    expected = session.run(x[:2])
    tickets = [session.submit(x[i % 3:i % 3 + 2], timing=True) for i in range(7)]
    for i in (6, 0, 3, 1, 2, 5, 4):
        found = session.wait(tickets[i])
        if i % 3 == 0:
            assert np.array_equal(found.logits, expected.logits)
            assert np.array_equal(found.taps["layer2"], expected.taps["layer2"])
        assert len(found.timing) in (0, 1)  # 0: it made room for a later one
        assert tickets[i].wait() is found
    with pytest.raises(ValueError, match=r"expected 1 to 4 images .*, found 5"):
        session.submit(np.zeros((5, 3, 16, 16), np.float32))


def test_a_forgotten_ticket_harms_nothing(session, x):
    for _ in range(20):
        session.submit(x)
    assert np.array_equal(session(x), session(x))


def test_session_describes_itself(session, tiny):
    info = session.info
    assert (info.batch, info.height, info.width, info.channels, info.classes) == (4, 16, 16, 3, 7)
    assert info.device_bytes >= info.weight_bytes > 0 and info.compile_ms > 0
    assert "batch 4" in repr(session)
    assert "7 classes" in repr(tiny)
    assert session.crop_rect(16, 16) == (0, 0, 16, 16) or session.crop_rect(16, 16)[2] > 0


def test_parameters_are_checked(tiny):
    for wrong, text in (({"precision": "fp8"}, "precision 'fp8'"), ({"batch": 0}, "batch 0"),
                        ({"probabilities": "tanh"}, "probabilities 'tanh'"),
                        ({"transform": "none"}, "transform 'none': expected torchvision"),
                        ({"transform": {"mode": "wide"}}, "mode 'wide'"),
                        ({"taps": ["layer9"]}, "layer9"), ({"size": 1, "batch": 70000}, "70000"),
                        ({"kernel": "nonsense"}, "nonsense")):
        with pytest.raises(ValueError, match=text):
            vkresnet.Session(tiny, **{"size": 16, **wrong})
    for wrong in ({"batch": -1}, {"batch": 2 ** 40}, {"size": (-1, 16)}):
        with pytest.raises((ValueError, OverflowError)):
            vkresnet.Session(tiny, **{"size": 16, **wrong})
    with pytest.raises(TypeError, match="lists of names"):
        vkresnet.Session(tiny, taps="layer1")
    with pytest.raises(TypeError):
        vkresnet.Session(tiny, batches=3)
    with pytest.raises(vkresnet.NoDeviceError, match="no such device|matches"):
        vkresnet.Session(tiny, device="no such device")
