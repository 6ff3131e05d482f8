"""Weights by name, from a server of this test, downloaded by the library and by Python."""

import functools
import hashlib
import http.server
import json
import threading

import pytest

import vkresnet
from vkresnet import _core, _hub


class Handler(http.server.SimpleHTTPRequestHandler):
    """Serves a folder, also from the middle of a file."""

    def do_GET(self):
        path = self.translate_path(self.path)
        self.server.seen.append(self.headers.get("Range"))
        try:
            with open(path, "rb") as file:
                data = file.read()
        except OSError:
            self.send_error(404)
            return
        begin = 0
        if self.headers.get("Range") and self.server.resumes:
            begin = int(self.headers["Range"][len("bytes="):-1])
            self.send_response(206)
            self.send_header("Content-Range", f"bytes {begin}-{len(data) - 1}/{len(data)}")
        else:
            self.send_response(200)
        self.send_header("Content-Length", str(len(data) - begin))
        self.end_headers()
        self.wfile.write(data[begin:])

    def log_message(self, *_):
        pass


class World:
    def __init__(self, folder, content, url, server):
        self.folder, self.content, self.url, self.server = folder, content, url, server
        digest = hashlib.sha256(content).hexdigest()
        self.file = f"tiny-{digest[:8]}.safetensors"
        self.cached = folder / "cache" / "hub" / self.file
        (folder / "server" / self.file).write_bytes(content)

    def serve(self, content):
        (self.folder / "server" / self.file).write_bytes(content)


@pytest.fixture(params=["library", "python"])
def world(request, tmp_path, monkeypatch, tiny):
    if request.param == "python":
        monkeypatch.setattr(_hub, "_library_downloads", lambda: False)
    elif not _core.Hub.can_download():
        pytest.skip("this build has no downloads of the library's")
    (tmp_path / "server").mkdir()
    tiny.save(tmp_path / "tiny.safetensors")
    content = (tmp_path / "tiny.safetensors").read_bytes()
    server = http.server.ThreadingHTTPServer(
        ("127.0.0.1", 0), functools.partial(Handler, directory=str(tmp_path / "server")))
    server.seen, server.resumes = [], True
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    url = f"http://127.0.0.1:{server.server_port}"
    made = World(tmp_path, content, url, server)
    registry = {"format": 1, "base": "https://nowhere.invalid/", "entries": [{
        "network": "tiny", "weights": "TEST_V1", "default": True, "file": made.file,
        "sha256": hashlib.sha256(content).hexdigest(), "bytes": len(content), "resize": 20,
        "crop": 16}]}
    (tmp_path / "registry.json").write_text(json.dumps(registry))
    for name, value in (("REGISTRY", tmp_path / "registry.json"), ("CACHE", tmp_path / "cache"),
                        ("HUB_URL", url), ("OFFLINE", "0"), ("HUB_TIMEOUT", "5")):
        monkeypatch.setenv(f"VKRESNET_{name}", str(value))
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "torch"))
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
    yield made
    server.shutdown()
    thread.join()
    server.server_close()


def test_a_name_is_downloaded_once(world):
    seen = []
    with vkresnet.load("tiny", progress=lambda *state: seen.append(state)) as model:
        assert (model.classes, model.transform.crop) == (7, 32)  # the file's own transform
    assert world.cached.read_bytes() == world.content
    assert world.server.seen == [None]
    assert not seen or seen[-1][0] == len(world.content)
    assert vkresnet.load("tiny:V1", offline=True).classes == 7
    assert len(world.server.seen) == 1
    assert [row["name"] for row in vkresnet.networks()] == ["tiny:TEST_V1"]


@pytest.mark.parametrize("resumes", [True, False])
def test_a_download_is_resumed(world, resumes):
    world.server.resumes = resumes
    world.cached.parent.mkdir(parents=True)
    part = world.cached.with_name(world.file + ".part")
    part.write_bytes(world.content[:1000])
    assert vkresnet.load("tiny").classes == 7
    assert world.server.seen[0] == "bytes=1000-"
    assert world.cached.read_bytes() == world.content and not part.exists()


def test_wrong_bytes_are_not_kept(world):
    wrong = bytearray(world.content)
    wrong[-1] ^= 1
    for content in (bytes(wrong), world.content[:-1], world.content + b"more"):
        world.serve(content)
        with pytest.raises(vkresnet.NetworkError):
            vkresnet.load("tiny")
        assert not world.cached.exists()
    world.serve(world.content)
    world.cached.write_bytes(bytes(wrong))  # as another program may have left it
    assert vkresnet.load("tiny").classes == 7
    assert world.cached.read_bytes() == world.content


def test_what_cannot_be_downloaded(world, monkeypatch):
    with pytest.raises(vkresnet.NetworkError, match="switched off.*put it at .*tiny-"):
        vkresnet.load("tiny", offline=True)
    (world.folder / "server" / world.file).unlink()
    with pytest.raises(vkresnet.NetworkError, match="404"):
        vkresnet.load("tiny")
    monkeypatch.setenv("VKRESNET_HUB_URL", "http://127.0.0.1:1")
    with pytest.raises(vkresnet.NetworkError):
        vkresnet.load("tiny")


def test_progress_may_raise(world):
    def stop(*_):
        raise KeyboardInterrupt

    try:
        vkresnet.load("tiny", progress=stop)
    except KeyboardInterrupt:
        assert not world.cached.exists()
    assert vkresnet.load("tiny").classes == 7
