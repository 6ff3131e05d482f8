"""A server on this machine that serves files, and misbehaves on request."""

import http.server
import re
import ssl
import threading


class Answer:
    """How a path is answered. `content`: the whole file.

    ranges: whether parts are served.            cut: the connection is closed after so many bytes.
    length: what Content-Length says; None: how many bytes there are; "none": nothing, the end is
    the connection's; "chunks": chunks.                            status: another than 200, without
    content. to: a redirection.                           hold: an event that is waited for after
    `cut` bytes. wrong_range: answers with a part that begins elsewhere.
    """

    def __init__(self, content=b"", ranges=True, cut=None, length=None, status=200, to=None,
                 hold=None, wrong_range=False):
        self.content, self.ranges, self.cut, self.length = content, ranges, cut, length
        self.status, self.to, self.hold, self.wrong_range = status, to, hold, wrong_range


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def do_GET(self):
        self.close_connection = True
        server = self.server.owner
        with server.lock:
            server.requests.append((self.path, self.headers.get("Range")))
            answers = server.answers.get(self.path) or server.answers.get("*", [Answer(status=404)])
            answer = answers.pop(0) if len(answers) > 1 else answers[0]
        try:
            self.answer(answer)
        except OSError:  # the program has gone
            pass

    def answer(self, answer):
        if answer.to:
            self.send_response(302)
            self.send_header("Location", answer.to)
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        content, status = answer.content, answer.status
        wanted = re.fullmatch(r"bytes=(\d+)-", self.headers.get("Range") or "")
        first = int(wanted.group(1)) if wanted and answer.ranges and status == 200 else 0
        if first:
            status = 206 if first < len(content) else 416
        if status not in (200, 206):
            self.send_response(status)
            self.send_header("Content-Length", "9")
            self.end_headers()
            self.wfile.write(b"go away!\n")
            return
        content = content[first:]
        self.send_response(status)
        if first:
            shown = first - 1 if answer.wrong_range else first
            self.send_header("Content-Range",
                             f"bytes {shown}-{len(answer.content) - 1}/{len(answer.content)}")
        if answer.length == "chunks":
            self.send_header("Transfer-Encoding", "chunked")
        elif answer.length != "none":
            self.send_header("Content-Length",
                             str(len(content) if answer.length is None else answer.length))
        self.end_headers()
        self.send(answer, content)

    def send(self, answer, content):
        content = content if answer.cut is None else content[:answer.cut]
        for at in range(0, len(content), 4096):
            piece = content[at:at + 4096]
            if answer.length == "chunks":
                piece = b"%x\r\n%b\r\n" % (len(piece), piece)
            self.wfile.write(piece)
        self.wfile.flush()
        if answer.hold:
            answer.hold.wait(60)
        if answer.length == "chunks" and answer.cut is None:
            self.wfile.write(b"0\r\n\r\n")


class Server:
    """answers: path -> list of Answer; each but the last is given once. requests: (path, Range) in
    order.

    A path of "*" stands for all others. `certificate`: files with a certificate and its key, for
    https."""

    def __init__(self, certificate=None):
        self.answers, self.requests, self.lock = {}, [], threading.Lock()
        self.http = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.http.daemon_threads = True
        self.http.owner = self
        self.http.handle_error = lambda *_: None  # a client that does not like the certificate
        scheme = "http"
        if certificate:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(*certificate)
            self.http.socket = context.wrap_socket(self.http.socket, server_side=True,
                                                   do_handshake_on_connect=False)
            scheme = "https"
        self.address = f"{scheme}://localhost:{self.http.server_port}/"
        self.thread = threading.Thread(target=self.http.serve_forever, args=(0.02,))
        self.thread.start()

    def close(self):
        self.http.shutdown()
        self.thread.join()
        self.http.server_close()
