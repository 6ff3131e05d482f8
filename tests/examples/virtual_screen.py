"""A screen without hardware (Xvfb), and a hand on its windows: what the window's test needs of X11,
through the libraries that GLFW itself has loaded, so that no further tool must be installed."""

import ctypes
import os
import shutil
import struct
import subprocess
import time

KEY_PRESS, CLIENT_MESSAGE = 2, 33
KEY_ESCAPE = 0xFF1B
NORMAL_STATE, ICONIC_STATE = 1, 3


class ClientMessage(ctypes.Structure):
    _fields_ = [("type", ctypes.c_int), ("serial", ctypes.c_ulong), ("send_event", ctypes.c_int),
                ("display", ctypes.c_void_p), ("window", ctypes.c_ulong),
                ("message_type", ctypes.c_ulong), ("format", ctypes.c_int),
                ("data", ctypes.c_long * 5)]


class KeyPress(ctypes.Structure):
    _fields_ = [("type", ctypes.c_int), ("serial", ctypes.c_ulong), ("send_event", ctypes.c_int),
                ("display", ctypes.c_void_p), ("window", ctypes.c_ulong), ("root", ctypes.c_ulong),
                ("subwindow", ctypes.c_ulong), ("time", ctypes.c_ulong), ("x", ctypes.c_int),
                ("y", ctypes.c_int), ("x_root", ctypes.c_int), ("y_root", ctypes.c_int),
                ("state", ctypes.c_uint), ("keycode", ctypes.c_uint), ("same_screen", ctypes.c_int)]


class Event(ctypes.Union):
    _fields_ = [("message", ClientMessage), ("key", KeyPress), ("pad", ctypes.c_long * 24)]


class Screen:
    """With Xvfb: `name` is for $DISPLAY; the picture lies in a file of `folder`."""

    def __init__(self, folder, width, height):
        self.folder = folder
        reader, writer = os.pipe()
        environment = {key: value for key, value in os.environ.items() if key != "LD_PRELOAD"}
        self.server = subprocess.Popen([
            "Xvfb", "-displayfd",
            str(writer), "-screen", "0", f"{width}x{height}x24", "-fbdir", folder, "-noreset"
        ], pass_fds=[writer], env=environment, stderr=subprocess.DEVNULL)
        os.close(writer)
        with os.fdopen(reader) as pipe:
            self.name = ":" + pipe.readline().strip()
        if self.name == ":":
            raise RuntimeError("Xvfb does not start")

    @staticmethod
    def exists():
        return shutil.which("Xvfb") is not None

    def close(self):
        self.server.terminate()
        self.server.wait()

    def pixels(self):
        """Rows of (red, green, blue), from an XWD file that the server keeps up to date."""
        with open(os.path.join(self.folder, "Xvfb_screen0"), "rb") as file:
            data = file.read()
        header = struct.unpack(">25I", data[:100])
        width, height, little, stride, colours = header[4], header[5], header[7] == 0, header[
            12], header[19]
        assert header[11] == 32 and little, "not a screen of 32-bit little-endian pixels"
        start = header[0] + colours * 12
        rows = []
        for y in range(height):
            row = data[start + y * stride:start + y * stride + width * 4]
            rows.append(list(zip(row[2::4], row[1::4], row[0::4])))
        return rows


class Hand:
    """A client of the server that resizes, closes and presses keys in another's window."""

    def __init__(self, name):
        self.x11 = x11 = ctypes.CDLL("libX11.so.6")
        for function in ("XOpenDisplay", "XDefaultRootWindow", "XInternAtom"):
            getattr(x11, function).restype = ctypes.c_ulong
        self.display = ctypes.c_void_p(x11.XOpenDisplay(name.encode()))
        assert self.display.value, "the display cannot be opened"
        self.root = ctypes.c_ulong(x11.XDefaultRootWindow(self.display))

    def window(self, title):
        """The one whose title begins so; None until there is one."""
        root, parent, count = ctypes.c_ulong(), ctypes.c_ulong(), ctypes.c_uint()
        children = ctypes.POINTER(ctypes.c_ulong)()
        self.x11.XQueryTree(self.display, self.root, ctypes.byref(root), ctypes.byref(parent),
                            ctypes.byref(children), ctypes.byref(count))
        for i in range(count.value):
            found = ctypes.c_ulong(children[i])
            if self.title(found).startswith(title):
                return found
        return None

    def title(self, window):
        """Empty if it has none."""
        name = ctypes.c_char_p()
        self.x11.XFetchName(self.display, window, ctypes.byref(name))
        return (name.value or b"").decode()

    def _set_state(self, window, state):
        """What a window manager notes on windows."""
        atom = ctypes.c_ulong(self.x11.XInternAtom(self.display, b"WM_STATE", 0))
        data = (ctypes.c_long * 2)(state, 0)
        self.x11.XChangeProperty(self.display, window, atom, atom, 32, 0, data, 2)

    def minimise(self, window):
        """As a window manager does."""
        self._set_state(window, ICONIC_STATE)
        self.x11.XUnmapWindow(self.display, window)
        self.x11.XFlush(self.display)

    def restore(self, window):
        self._set_state(window, NORMAL_STATE)
        self.x11.XMapWindow(self.display, window)
        self.x11.XFlush(self.display)

    def resize(self, window, width, height):
        self.x11.XResizeWindow(self.display, window, width, height)
        self.x11.XFlush(self.display)

    def _send(self, window, event, mask):
        self.x11.XSendEvent(self.display, window, 0, ctypes.c_long(mask), ctypes.byref(event))
        self.x11.XFlush(self.display)

    def close(self, window):
        """As a window manager does when the cross is clicked."""
        atom = [
            self.x11.XInternAtom(self.display, name, 0)
            for name in (b"WM_PROTOCOLS", b"WM_DELETE_WINDOW")
        ]
        event = Event(message=ClientMessage(type=CLIENT_MESSAGE, window=window,
                                            message_type=atom[0], format=32))
        event.message.data[0] = atom[1]
        self._send(window, event, 0)

    def press_escape(self, window):
        code = self.x11.XKeysymToKeycode(self.display, ctypes.c_ulong(KEY_ESCAPE)) & 0xFF
        event = Event(key=KeyPress(type=KEY_PRESS, window=window, root=self.root, keycode=code,
                                   same_screen=1))
        self._send(window, event, 1)


def wait_for(condition, what, seconds=60):
    end = time.monotonic() + seconds
    while True:
        result = condition()
        if result:
            return result
        assert time.monotonic() < end, f"waited {seconds} s in vain for {what}"
        time.sleep(0.05)
