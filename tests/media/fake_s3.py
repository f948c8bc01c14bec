"""A server in front of a bucket's that can be told to misbehave: what it passes on stays as it was, signatures too."""

import http.client
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Fake:
    """`behave` says what comes next: "pass", "refuse" (403), "hang", or a number of 500s before it passes on."""

    def __init__(self, port):
        self.port, self.behave, self.lock, self.failed = port, "pass", threading.Lock(), 0
        self.over = threading.Event()
        fake = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *_):
                pass

            def answer(self):
                body = self.rfile.read(int(self.headers.get("content-length") or 0))
                fake.answer(self, body)

            do_GET = do_PUT = do_HEAD = do_DELETE = do_POST = answer

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        # Of clients that went away while it hung.
        self.server.handle_error = lambda *_: None
        self.address = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def answer(self, handler, body):
        if self.behave == "hang":
            self.over.wait(300)
            handler.close_connection = True
        elif self.behave == "refuse":
            self.say(handler, 403, "AccessDenied")
        elif self.fails_now():
            self.say(handler, 500, "InternalError")
        else:
            self.pass_on(handler, body)

    def fails_now(self):
        with self.lock:
            if self.behave == "pass" or self.behave == 0:
                return False
            self.behave -= 1
            self.failed += 1
            return True

    @staticmethod
    def say(handler, status, code):
        text = f'<?xml version="1.0"?><Error><Code>{code}</Code><Message>No.</Message></Error>'.encode()
        handler.send_response(status)
        handler.send_header("Content-Type", "application/xml")
        handler.send_header("Content-Length", str(len(text)))
        handler.end_headers()
        if handler.command != "HEAD":
            handler.wfile.write(text)

    def pass_on(self, handler, body):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        connection.putrequest(handler.command, handler.path, skip_host=True, skip_accept_encoding=True)
        for name, value in handler.headers.items():
            connection.putheader(name, value)
        connection.endheaders(body or None)
        response = connection.getresponse()
        data = response.read()
        handler.send_response(response.status)
        for name, value in response.getheaders():
            if name.lower() not in ("transfer-encoding", "connection", "content-length", "date", "server"):
                handler.send_header(name, value)
        length = response.getheader("content-length") if handler.command == "HEAD" else len(data)
        handler.send_header("Content-Length", str(length or 0))
        handler.end_headers()
        handler.wfile.write(data)
        connection.close()

    def end(self):
        self.over.set()
        self.server.shutdown()
