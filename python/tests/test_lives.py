"""Closing, collecting, threads, processes, the interpreter's end."""

import gc
import itertools
import multiprocessing
import os
import subprocess
import sys
import textwrap
import threading
import time
import weakref

import numpy as np
import pytest

import vkresnet


ORDERS = list(itertools.permutations(["device", "model", "session"]))
IMAGE = np.ones((1, 3, 16, 16), np.float32)


def make():
    device = vkresnet.Device()
    model = vkresnet.load(arch="resnet8,planes=8:8:8", random_weights=5)
    session = vkresnet.Session(model, device=device, size=16)
    return {"device": device, "model": model, "session": session}


@pytest.mark.parametrize("order", ORDERS)
def test_objects_close_in_any_order(order):
    objects = make()
    objects["session"](IMAGE)
    for name in order:
        objects[name].close()
        objects[name].close()
        assert objects[name].closed
    with pytest.raises(ValueError, match="the session is closed"):
        objects["session"](IMAGE)
    with pytest.raises(ValueError, match="the (device|model) is closed"):
        vkresnet.Session(objects["model"], device=objects["device"])
    with pytest.raises(ValueError, match="the device is closed"):
        objects["device"].info


@pytest.mark.parametrize("order", ORDERS)
def test_objects_are_collected_in_any_order(order):
    objects = make()
    expected = objects["session"](IMAGE)
    seen = {name: weakref.ref(value) for name, value in objects.items()}
    session = objects["session"]
    for name in order:
        if name == "session":
            session = None
        del objects[name]
        gc.collect()
        if session is not None:
            assert np.array_equal(session(IMAGE), expected)
    gc.collect()
    assert all(reference() is None for reference in seen.values())


def test_a_cycle_is_collected():
    with vkresnet.load(arch="resnet8,planes=8:8:8", random_weights=1) as model:
        pass
    model = vkresnet.load(arch="resnet8,planes=8:8:8", random_weights=1)
    model.classify(np.zeros((32, 32, 3), np.uint8))
    session = weakref.ref(model.session())
    model.myself = model
    del model
    gc.collect()
    assert session() is None


def test_a_closed_device_lives_as_long_as_its_sessions():
    objects = make()
    objects["device"].close()
    objects["model"].close()
    assert objects["session"](IMAGE).shape == (1, 10)
    with objects["session"] as session:
        session.submit(IMAGE)
    assert session.closed


def test_outputs_live_until_they_are_written(tiny):
    with vkresnet.Session(tiny, batch=2, size=16) as session:
        x = np.ones((2, 3, 16, 16), np.float32)
        expected = session(x)
        for _ in range(30):
            session.submit(x)
            gc.collect()
        ticket = session.submit(x)
        assert np.array_equal(session.wait(ticket).logits, expected)
        last = session.submit(x)
    with pytest.raises(ValueError, match="closed"):
        last.wait()


def test_threads_share_a_session(session, x):
    expected, problems = session(x), []

    def work():
        for _ in range(15):
            if not np.array_equal(session(x), expected):
                problems.append("other results")
            ticket = session.submit(x[:1])
            if not np.array_equal(ticket.wait().logits, expected[:1]):
                problems.append("other results by ticket")

    threads = [threading.Thread(target=work) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not problems


def test_threads_make_and_close_sessions(tiny):
    problems = []

    def work():
        try:
            for _ in range(4):
                with vkresnet.Session(tiny, size=16) as session:
                    session(IMAGE)
                tiny.session(batch=1, taps=("avgpool",))
        except Exception as error:  # of any kind: the test names it
            problems.append(error)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not problems


def test_closing_waits_for_a_run(tiny):
    session = vkresnet.Session(tiny, batch=8, size=16)
    x, stopped = np.zeros((64, 3, 16, 16), np.float32), []

    def work():
        try:
            while True:
                session(x)
        except ValueError as error:
            stopped.append(str(error))

    thread = threading.Thread(target=work)
    thread.start()
    time.sleep(0.05)
    session.close()
    thread.join(60)
    assert stopped == ["the session is closed"]


def test_python_goes_on_while_a_run_waits(model):
    """The interpreter's lock is free: this thread does things in the middle of another's run."""
    with vkresnet.Session(model, batch=24) as session:
        x = np.zeros((24, 3, 32, 32), np.float32)
        session(x)
        for _ in range(5):
            span, seen = [], []

            def work():
                span.append(time.perf_counter())
                session(x)
                span.append(time.perf_counter())

            thread = threading.Thread(target=work)
            thread.start()
            while thread.is_alive():
                seen.append(time.perf_counter())
                time.sleep(0.0005)
            begin, end = span
            margin = (end - begin) / 5
            if any(begin + margin < at < end - margin for at in seen):
                return
        pytest.fail("no other thread ran in the middle of a run")


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork")
def test_a_fork_is_refused(session, tiny, x):
    session(x)
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        texts = []
        for action in (lambda: session(x), lambda: vkresnet.Session(tiny, size=16),
                       vkresnet.devices, lambda: session.submit(x), session.layers,
                       lambda: session._core.run(0, x, 4, None, None, None, False),
                       lambda: vkresnet.Device()):
            try:
                action()
                texts.append("nothing was raised")
            except vkresnet.InvalidArgumentError as error:
                texts.append("fork" if "fork" in str(error) else str(error))
        session.close()
        gc.collect()
        os.write(writer, "\n".join(texts).encode())
        os._exit(0)
    os.close(writer)
    with os.fdopen(reader) as file:
        assert file.read().split("\n") == ["fork"] * 7
    assert os.waitpid(child, 0)[1] == 0
    assert session(x).shape == (4, 7)  # the parent goes on


def in_a_child(path):
    import vkresnet
    with vkresnet.load() as model:
        return model.classify(path, top=1)[0].label


@pytest.mark.parametrize("method", ["spawn", "forkserver"])
def test_children_that_are_no_forks(samples, method):
    if method not in multiprocessing.get_all_start_methods():
        pytest.skip(method)
    with multiprocessing.get_context(method).Pool(2) as pool:
        assert pool.map(in_a_child, map(str, samples)) == ["airplane", "ship", "truck"]


def script(text, *arguments, **environment):
    return subprocess.run([sys.executable, "-c", textwrap.dedent(text), *map(str, arguments)],
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, timeout=300,
                          env={**os.environ, **environment}, check=False)


def test_children_may_use_vulkan_if_the_parent_did_not(samples):
    run = script("""
        import os, sys, vkresnet
        model = vkresnet.load()
        model._lock.acquire()  # as another thread may at that moment
        if os.fork() == 0:
            assert model.classify(sys.argv[1], top=1)[0].label == "ship"
            os._exit(7)
        print(os.waitstatus_to_exitcode(os.wait()[1]))
        """, samples[1])
    assert run.stdout == "7\n", run.stderr


def test_the_end_of_the_interpreter():
    """Everything alive, in globals, cycles and a running thread: closed in the right order."""
    run = script("""
        import atexit
        atexit.register(lambda: print(session.closed, session.device.closed))  # after the package
        import threading, numpy as np, vkresnet
        model = vkresnet.load(arch="resnet8,planes=8:8:8", random_weights=1)
        session = vkresnet.Session(model, size=16, batch=2)
        session.again = session
        x = np.zeros((2, 3, 16, 16), np.float32)
        ticket = session.submit(x)
        threading.Thread(target=lambda: [session(x) for _ in iter(int, 1)], daemon=True).start()
        session(x)
        """)
    assert (run.returncode, run.stdout, run.stderr) == (0, "True True\n", "")
