"""Downloads, from a server that works and from one that misbehaves."""

import os
import resource
import signal
import subprocess
import tempfile
import threading
import time

import program
from base import HubTest, entry
from server import Answer, Server


class DownloadTest(HubTest):
    def setUp(self):
        super().setUp()
        self.server = self.start_server()
        self.settings.update(VKRESNET_OFFLINE=None, VKRESNET_HUB_URL=self.server.address)
        self.file = self.entry["file"]

    def start_server(self, **options):
        server = Server(**options)
        self.addCleanup(server.close)
        return server

    def answer(self, *answers, path=None, server=None):
        """The answers for a path, the last one for good."""
        (server or self.server).answers[path or "/" + self.file] = list(answers)

    def fetch(self, *errors, status=0, **environment):
        """Downloads; `errors`: lines of standard error."""
        return self.run_program("models", "--fetch", "tiny",
                                environment=self.environment(**environment), errors=errors
                                or ["tiny:TEST_V1: downloaded to " + self.cached()], status=status)

    def refuse(self, *errors, **environment):
        self.fetch(*errors, status=1, **environment)
        self.assertFalse(os.path.exists(self.cached()))

    def arrived(self):
        with open(self.cached(), "rb") as file:
            self.assertEqual(file.read(), self.content)
        self.assertEqual(
            [name for name in os.listdir(self.path("cache/hub")) if name.endswith(".part")], [])

    def part(self, content):
        return self.put(self.cached() + ".part", content)

    def ranges(self):
        """What was asked for, and forgets it."""
        asked = [wanted for _, wanted in self.server.requests]
        self.server.requests.clear()
        return asked


class Downloads(DownloadTest):
    def test_download(self):
        self.answer(Answer(self.content))
        model = self.run_json("info", "--model", "tiny", environment=self.environment(),
                              errors=["tiny:TEST_V1: downloaded to " + self.cached()])
        self.assertEqual((model["model"], model["transform"]["resize"]), ("tiny:TEST_V1", 40))
        self.arrived()
        self.assertEqual(self.ranges(), [None])
        # From now on the server is not asked, and need not be there.
        for values in ({}, {"VKRESNET_OFFLINE": "1"}):
            again = self.run_json("info", "--model", "tiny:TEST_V1",
                                  environment=self.environment(**values))
            self.assertEqual(again, model)
        self.assertEqual(self.place(), ("cache", self.cached()))
        self.assertEqual(self.ranges(), [])

    def test_torch_has_it(self):
        self.put(self.path(".cache/torch/hub/checkpoints", self.file), self.content)
        self.run_json("info", "--model", "tiny", environment=self.environment())
        self.assertEqual(self.ranges(), [])

    def test_torch_has_another(self):
        self.answer(Answer(self.content))
        path = self.put(self.path(".cache/torch/hub/checkpoints", self.file),
                        b"x" * len(self.content))
        self.fetch(f"{path}: not used: its SHA-256", "downloaded")
        self.arrived()

    def test_wrong_file_in_cache(self):
        self.answer(Answer(self.content))
        self.put(self.cached(), b"x" * len(self.content))
        self.fetch("not used: its SHA-256", "downloaded")
        self.arrived()

    def test_several(self):
        other = entry(b"other" * 1000, "other")
        self.register(self.entry, other)
        self.answer(Answer(b"other" * 1000), path="/" + other["file"])
        self.run_program("models", "--fetch", "other", "tiny", environment=self.environment(),
                         status=1, errors=["tiny:TEST_V1 is not", "other:TEST_V1: downloaded"])
        self.assertTrue(os.path.exists(self.cached(other["file"])))

    def test_address_without_slash(self):
        self.answer(Answer(self.content), path="/below/" + self.file)
        self.fetch(VKRESNET_HUB_URL=self.server.address + "below")
        self.arrived()

    def test_chunks(self):
        self.answer(Answer(self.content, length="chunks"))
        self.fetch()
        self.arrived()

    def test_no_length(self):
        self.answer(Answer(self.content, length="none"))
        self.fetch()
        self.arrived()

    def test_redirection(self):
        self.answer(Answer(to="/elsewhere"))
        self.answer(Answer(to=self.server.address + "there"), path="/elsewhere")
        self.answer(Answer(self.content), path="/there")
        self.fetch()
        self.arrived()

    def test_proxy(self):
        self.answer(Answer(self.content), path="http://weights.invalid/" + self.file)
        self.fetch(VKRESNET_HUB_URL="http://weights.invalid/", http_proxy=self.server.address)
        self.arrived()

    def test_bar(self):
        """On a terminal a bar with bytes, rate and time; it goes away."""
        go_on = threading.Event()
        self.answer(Answer(self.content, cut=len(self.content) // 2, hold=go_on),
                    Answer(self.content))
        values = {
            name: value for name, value in {**os.environ, **self.environment()}.items()
            if value is not None
        }
        ours, theirs = os.openpty()
        with subprocess.Popen([program.PROGRAM, "models", "--fetch", "tiny"],
                              stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=theirs,
                              env=values) as process:
            os.close(theirs)
            text = ""
            try:
                while piece := os.read(ours, 4096).decode():
                    text += piece
                    if not go_on.is_set() and text.count(" MB") > 3:
                        go_on.set()
            except OSError:  # the end, in Linux's words
                pass
            os.close(ours)
            self.assertEqual(process.wait(), 0)
        self.assertIn("downloaded to", text)
        self.assertRegex(text, rf"\r\[#+ +\] {self.file}: 0\.0 of 0\.1 MB")
        self.assertRegex(text, r"MB/s, \d+:\d\d left\x1b\[K")
        self.assertTrue(text.split("MB")[-1].count("\r\x1b[K") >= 1, text)
        self.arrived()


class Interruptions(DownloadTest):
    def test_continued(self):
        """What breaks off is continued by the same run."""
        half = len(self.content) // 2
        for length in (None, "chunks", "none"):
            self.answer(Answer(self.content, cut=half, length=length), Answer(self.content))
            self.fetch(f"interrupted after {half} bytes", "downloaded")
            self.arrived()
            self.assertEqual(self.ranges(), [None, f"bytes={half}-"])
            os.remove(self.cached())

    def test_again_and_again(self):
        self.answer(Answer(self.content, cut=100, ranges=True))
        self.refuse(*[f"interrupted after {100 * i} bytes" for i in range(1, 6)],
                    "interrupted too often")
        # The next run begins where that one ended.
        self.answer(Answer(self.content))
        self.ranges()
        self.fetch()
        self.assertEqual(self.ranges(), ["bytes=500-"])
        self.arrived()

    def kill(self, how):
        """Kills a run in the middle of a download; gives how many bytes are there."""
        hold = threading.Event()
        self.addCleanup(hold.set)
        half = len(self.content) // 2
        self.answer(Answer(self.content, cut=half, hold=hold))
        values = {
            name: value for name, value in {**os.environ, **self.environment()}.items()
            if value is not None
        }
        with subprocess.Popen([program.PROGRAM, "models", "--fetch", "tiny"],
                              stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                              stderr=subprocess.DEVNULL, env=values) as process:
            part = self.cached() + ".part"
            for _ in range(500):
                if os.path.exists(part) and os.path.getsize(part) == half:
                    break
                time.sleep(0.02)
            process.send_signal(how)
            process.wait()
        self.assertEqual(os.path.getsize(part), half)
        self.assertFalse(os.path.exists(self.cached()))
        self.assertEqual(self.place(VKRESNET_OFFLINE="1"), (None, None))
        return half

    def test_killed(self):
        for how in (signal.SIGINT, signal.SIGKILL):
            half = self.kill(how)
            self.ranges()
            self.answer(Answer(self.content))
            self.fetch()
            self.assertEqual(self.ranges(), [f"bytes={half}-"])
            self.arrived()
            os.remove(self.cached())

    def test_stall(self):
        hold = threading.Event()
        self.addCleanup(hold.set)
        # One that says nothing, and one that stops in the middle and then says nothing.
        self.answer(Answer(self.content, cut=0, hold=hold))
        begin = time.monotonic()
        self.refuse("cannot be downloaded: no data arrived for 1 seconds",
                    VKRESNET_HUB_TIMEOUT="1")
        self.answer(Answer(self.content, cut=1000, hold=hold), Answer(self.content, cut=0,
                                                                      hold=hold))
        self.refuse("interrupted after 1000 bytes (no data arrived for 1 seconds): resuming",
                    "cannot be downloaded: no data arrived", VKRESNET_HUB_TIMEOUT="1")
        self.assertLess(time.monotonic() - begin, 20)
        # What has come is there the next time.
        self.answer(Answer(self.content))
        self.ranges()
        self.fetch()
        self.assertEqual(self.ranges(), ["bytes=1000-"])
        self.arrived()

    def test_server_without_ranges(self):
        self.part(b"x" * 1000)
        self.answer(Answer(self.content, ranges=False))
        self.fetch()
        self.assertEqual(self.ranges(), ["bytes=1000-"])
        self.arrived()

    def test_foreign_part(self):
        """The rest does not fit: all is got, once."""
        self.part(b"x" * 1000)
        self.answer(Answer(self.content))
        self.fetch("the rest does not match", "downloaded")
        self.assertEqual(self.ranges(), ["bytes=1000-", None])
        self.arrived()

    def test_long_part(self):
        self.part(self.content + b"x")
        self.answer(Answer(self.content))
        self.fetch()
        self.assertEqual(self.ranges(), [None])
        self.arrived()

    def test_whole_part(self):
        """It was killed before it could give the file its name."""
        self.part(self.content)
        self.fetch()
        self.assertEqual(self.ranges(), [])
        self.arrived()

    def test_nothing_behind_part(self):
        """The server's file is shorter than what is there: 416."""
        self.part(self.content[:1000])
        self.answer(Answer(status=416), Answer(self.content))
        self.fetch()
        self.assertEqual(self.ranges(), ["bytes=1000-", None])
        self.arrived()

    def test_wrong_range(self):
        self.part(self.content[:1000])
        self.answer(Answer(self.content, wrong_range=True))
        self.refuse("a different part of the file than was requested")

    def test_link_instead_of_part(self):
        """A link is not followed: what it points to stays."""
        victim = self.write("victim", b"precious")
        os.makedirs(self.path("cache/hub"))
        os.symlink(victim, self.cached() + ".part")
        self.answer(Answer(self.content))
        self.refuse("cannot write")
        with open(victim, "rb") as file:
            self.assertEqual(file.read(), b"precious")


class Refusals(DownloadTest):
    def left(self):
        folder = self.path("cache/hub")
        return os.listdir(folder) if os.path.isdir(folder) else []

    def refused(self, expected, *answers, **environment):
        """Fails with this, and leaves nothing."""
        self.answer(*answers)
        self.refuse(expected, **environment)
        self.assertEqual(self.left(), [])

    def test_wrong_bytes(self):
        wrong = bytes([self.content[0] ^ 1]) + self.content[1:]
        self.refused(f"but it should begin with {self.entry['sha256']}", Answer(wrong))

    def test_length(self):
        size = len(self.content)
        self.refused(f"has {size + 1} bytes, but should have {size}",
                     Answer(self.content, length=size + 1))
        self.refused(f"has {size - 1} bytes, but should have {size}",
                     Answer(self.content, length=size - 1))
        self.refused(f"has 0 bytes, but should have {size}", Answer(b""))
        self.refused(f"has {1 << 40} bytes", Answer(self.content, length=1 << 40))

    def test_endless(self):
        """More than there should be, without a length: never written."""
        self.answer(Answer(self.content * 10, length="chunks"))
        self.refuse("sent more than the file should have")
        self.assertLessEqual(os.path.getsize(self.cached() + ".part"), len(self.content))

    def test_status(self):
        for status in (403, 404, 500, 503):
            self.refused(
                f"the server answered with status {status}. "
                f"Download {self.server.address}{self.file} in another way "
                f"and put it at {self.cached()}", Answer(status=status))

    def test_redirections(self):
        self.refused("redirects", Answer(to="/" + self.file))
        victim = self.put(self.path("local"), self.content)
        self.refused("cannot be downloaded", Answer(to="file://" + victim))
        self.refused("cannot be downloaded", Answer(to="ftp://localhost/x"))

    def test_no_server(self):
        self.refused("cannot be downloaded: Failed to connect",
                     VKRESNET_HUB_URL="http://localhost:9/")
        self.refused("cannot be downloaded: Could not resolve",
                     VKRESNET_HUB_URL="https://nowhere.invalid/")
        self.run_program("models",
                         environment=self.environment(VKRESNET_HUB_URL="ftp://localhost/"),
                         status=1, errors=["begins with https:// or http://"])

    def test_offline(self):
        self.refused("downloads are switched off", Answer(self.content), VKRESNET_OFFLINE="1")
        self.assertEqual(self.ranges(), [])

    def test_no_folder(self):
        self.answer(Answer(self.content))
        self.refuse("cannot make this directory", VKRESNET_CACHE=self.path("registry.json"))
        self.assertEqual(self.ranges(), [])

    def test_read_only(self):
        if os.geteuid() == 0:
            self.skipTest("root may write everywhere")
        os.makedirs(self.path("cache/hub"))
        os.chmod(self.path("cache/hub"), 0o500)
        self.addCleanup(os.chmod, self.path("cache/hub"), 0o700)
        self.refused("cannot write", Answer(self.content))

    def test_full_disk(self):
        """As a limit on the size of files has it."""
        def limit():
            signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
            resource.setrlimit(resource.RLIMIT_FSIZE, (10000, 10000))

        self.answer(Answer(self.content))
        values = {
            name: value for name, value in {**os.environ, **self.environment()}.items()
            if value is not None
        }
        done = subprocess.run([program.PROGRAM, "models", "--fetch", "tiny"],
                              stdin=subprocess.DEVNULL, check=False, capture_output=True, text=True,
                              env=values, preexec_fn=limit)
        self.assertEqual(done.returncode, 1)
        self.assertRegex(done.stderr, r"^vkresnet: .*\.part: cannot write: .*\n$")
        self.assertFalse(os.path.exists(self.cached()))
        # With room it goes on.
        self.fetch()
        self.arrived()


class Processes(DownloadTest):
    def test_two(self):
        """Two processes want the same file: one gets it, the other waits."""
        go_on = threading.Event()
        self.answer(Answer(self.content, cut=1000, hold=go_on), Answer(self.content))
        values = {
            name: value for name, value in {**os.environ, **self.environment()}.items()
            if value is not None
        }
        command = [program.PROGRAM, "info", "--model", "tiny", "--json"]
        runs = [
            subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                             stderr=subprocess.PIPE, text=True, env=values) for _ in range(3)
        ]
        for _ in range(500):
            if self.server.requests:
                break
            time.sleep(0.02)
        time.sleep(0.5)  # for the others to come and wait
        self.assertEqual(len(self.server.requests), 1)
        go_on.set()
        results = [run.communicate() for run in runs]
        self.assertEqual([run.returncode for run in runs], [0, 0, 0], results)
        self.assertEqual(len({out for out, _ in results}), 1)
        self.assertEqual(self.ranges(), [None, "bytes=1000-"])
        self.arrived()


class Certificates(DownloadTest):
    @classmethod
    def setUpClass(cls):
        cls.keys = tempfile.TemporaryDirectory()
        cls.addClassCleanup(cls.keys.cleanup)
        cls.certificate, key = os.path.join(cls.keys.name, "certificate.pem"), os.path.join(
            cls.keys.name, "key.pem")
        subprocess.run([
            "openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1",
            "-nodes", "-days", "2", "-subj", "/CN=localhost", "-addext",
            "subjectAltName=DNS:localhost", "-keyout", key, "-out", cls.certificate
        ], check=True, capture_output=True)
        cls.key = key

    def setUp(self):
        super().setUp()
        self.secure = self.start_server(certificate=(self.certificate, self.key))
        self.settings["VKRESNET_HUB_URL"] = self.secure.address
        self.answer(Answer(self.content), server=self.secure)

    def test_unknown(self):
        self.refuse("cannot be downloaded: SSL certificate problem")
        self.assertEqual(self.secure.requests, [])

    def test_known(self):
        for variable in ("CURL_CA_BUNDLE", "SSL_CERT_FILE"):
            self.fetch(**{variable: self.certificate})
            self.arrived()
            os.remove(self.cached())

    def test_of_another_host(self):
        self.refuse("no alternative certificate subject name matches",
                    VKRESNET_HUB_URL=self.secure.address.replace("localhost", "127.0.0.1"),
                    SSL_CERT_FILE=self.certificate)

    def test_no_way_back_to_http(self):
        self.answer(Answer(self.content))
        self.answer(Answer(to=self.server.address + self.file), server=self.secure)
        self.refuse("cannot be downloaded", SSL_CERT_FILE=self.certificate)
        self.assertEqual(self.server.requests, [])
