"""Fixtures of the hub's tests: their own registry, and a folder for each of the caches."""

import hashlib
import json
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "cli"))

from program import ProgramTest  # noqa: E402  (found by the line above)

REFERENCE = ""  # set by test_hub.py: a folder with checkpoints that torch.save has written

# Whatever the machine has of these must not take part.
VARIABLES = ("http_proxy", "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY", "no_proxy",
             "NO_PROXY", "CURL_CA_BUNDLE", "SSL_CERT_FILE", "SSL_CERT_DIR", "TORCH_HOME",
             "XDG_CACHE_HOME", "VKRESNET_OFFLINE", "VKRESNET_HUB_URL", "VKRESNET_REGISTRY",
             "VKRESNET_HUB_TIMEOUT")


def checkpoint():
    """A network of torchvision's class with three classes, as torch.save wrote it."""
    with open(os.path.join(REFERENCE, "basic", "model.zip.pth"), "rb") as file:
        return file.read()


def entry(content, network="tiny", weights="TEST_V1", **others):
    digest = hashlib.sha256(content).hexdigest()
    return {
        "network": network, "weights": weights, "default": True,
        "file": f"{network}-{digest[:8]}.pth", "sha256": digest, "bytes": len(content),
        "resize": 40, "crop": 32, **others
    }


class HubTest(ProgramTest):
    def setUp(self):
        super().setUp()
        self.settings = {name: None for name in VARIABLES}
        self.settings.update(HOME=self.folder, VKRESNET_CACHE=self.path("cache"),
                             VKRESNET_OFFLINE="1", VKRESNET_REGISTRY=self.path("registry.json"))
        self.content = checkpoint()
        self.entry = entry(self.content)
        self.register(self.entry)

    def register(self, *entries, **others):
        content = {"format": 1, "base": "https://nowhere.invalid/", "entries": entries, **others}
        self.write("registry.json", json.dumps(content).encode())

    def environment(self, **others):
        return {**self.settings, **others}

    def cached(self, name=None):
        return self.path("cache", "hub", name or self.entry["file"])

    def put(self, path, content):
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "wb") as file:
            file.write(content)
        return path

    def models(self, *arguments, errors=None, status=0, **environment):
        """The entries that `vkresnet models` lists, by their names."""
        text = self.run_program("models", *arguments, "--json", errors=errors, status=status,
                                environment=self.environment(**environment))
        return {line["name"]: line for line in map(json.loads, text.splitlines())}

    def place(self, **options):
        line = self.models("tiny", **options)["tiny:TEST_V1"]
        return line["place"], line["path"]
