"""What webhooks.py starts: newsrooms with their databases, receivers of webhooks, listeners to streams, a proxy."""

import http.client
import http.server
import json
import os
import pathlib
import random
import re
import secrets
import signal
import socket
import struct
import subprocess
import sys
import threading
import time
import urllib.parse

import httpx
import httpx_sse

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent / "media"))
from newsroom import PROGRAM, STARTED, ask, check  # noqa: E402

POSTGRES = os.environ.get("DATELINE_TEST_POSTGRES_URL", "") if os.environ.get("PSQL") else ""
SCOPES = ("articles:read,articles:write,articles:publish,articles:delete,tags:write,authors:write,collections:read,"
          "collections:write,audit:read,webhooks:manage")
OPTIONS = ["--create", "--webhook-allow", "127.0.0.0/8", "--webhook-retries", "0,1,1,1,1,1,1,1,1,1"]
# What a request to a server that is being killed fails with.
BROKEN = (OSError, http.client.HTTPException)


class Unavailable(AssertionError):
    """A server said that it is not there yet, or not any more."""


def until(what, is_so, seconds=150):
    """Waits until it is so, and returns what it is then. Long enough for a machine that is busy."""
    end = time.monotonic() + seconds
    while True:
        found = is_so()
        if found:
            return found
        check(time.monotonic() < end, f"not within {seconds} s: {what() if callable(what) else what}")
        time.sleep(0.02)


GIVEN = set()


def free_port():
    """A port below those that the kernel hands out: nobody else has it while its server is down."""
    while True:
        port = random.randrange(20000, 32000)
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
        if port not in GIVEN:
            GIVEN.add(port)
            return port


class Server:
    """A process of a newsroom, always at the same address. What it logs is in `folder/log`."""

    def __init__(self, folder, environment):
        self.folder, self.environment = folder, environment
        self.folder.mkdir()
        self.port, ops = free_port(), free_port()
        self.address = f"http://127.0.0.1:{self.port}"
        listen = ["--listen", f"127.0.0.1:{self.port}", "--ops-listen", f"127.0.0.1:{ops}"]
        self.command = [PROGRAM, "serve", *OPTIONS, *listen]
        self.process = None
        self.start()

    def start(self):
        with open(self.folder / "log", "ab") as log:
            self.process = subprocess.Popen(self.command, env=self.environment, stdout=log, stderr=log)
        STARTED.append(self.process)
        until("the server is ready", self.is_ready)

    def is_ready(self):
        check(self.process.poll() is None, f"the server did not start: {(self.folder / 'log').read_text()[-2000:]}")
        try:
            return ask(self.address, "GET", "/readyz").status == 200
        except BROKEN:
            return False

    def kill(self):
        self.end(signal.SIGKILL)

    def end(self, by=signal.SIGTERM):
        self.process.send_signal(by)
        self.process.wait()

    def memory(self):
        """The memory that it has now (MB)."""
        status = pathlib.Path(f"/proc/{self.process.pid}/status").read_text()
        return int(re.search(r"VmRSS:\s+(\d+)", status).group(1)) / 1000


class Newsroom:
    """A fresh database and the processes on it: one on SQLite, two on Postgres."""

    def __init__(self, folder, kind):
        folder.mkdir(parents=True)
        self.folder, self.kind, self.name = folder, kind, f"webhooks_{secrets.token_hex(8)}"
        url = f"sqlite://{folder}/news.db"
        if kind == "Postgres":
            self.psql(f"CREATE DATABASE {self.name}")
            url = f"{POSTGRES.rpartition('/')[0]}/{self.name}"
        environment = {**os.environ, "DATABASE_URL": url, "DATELINE_MEDIA_STORE": str(folder / "files")}
        processes = 2 if kind == "Postgres" else 1
        self.servers = [Server(folder / f"server-{number}", environment) for number in range(processes)]
        issue = [PROGRAM, "token", "issue", "--name", "check", "--scope", SCOPES]
        done = subprocess.run(issue, env=environment, capture_output=True, text=True)
        check(done.returncode == 0, f"no token: {done.stderr}")
        self.token = done.stdout.strip()

    @staticmethod
    def psql(statement):
        """What a statement gives, as text."""
        command = [os.environ["PSQL"], "--no-psqlrc", "--quiet", "--no-align", "--tuples-only", POSTGRES, "-c", statement]
        done = subprocess.run(command, capture_output=True, text=True)
        check(done.returncode == 0, f"{statement}: {done.stderr}")
        return done.stdout.strip()

    def close(self, by=signal.SIGTERM):
        """Ends it. Returns how many transactions waited for each other until Postgres ended one of them."""
        for server in self.servers:
            server.end(by)
        if self.kind != "Postgres":
            return 0
        about = f"WHERE datname = '{self.name}'"
        until("connections end", lambda: self.psql(f"SELECT count(*) FROM pg_stat_activity {about}") == "0")
        deadlocks = int(self.psql(f"SELECT deadlocks FROM pg_stat_database {about}"))
        self.psql(f"DROP DATABASE {self.name} WITH (FORCE)")
        return deadlocks

    def ask(self, method, path, body=None, headers=None, at=0):
        """A request at one of the processes, which must succeed; its answer."""
        sent = {"Authorization": f"Bearer {self.token}", **(headers or {})}
        if body is not None:
            merge = "merge-patch+" if method == "PATCH" else ""
            sent["Content-Type"] = f"application/{merge}json"
            body = json.dumps(body)
        answer = ask(self.servers[at].address, method, path, body, sent)
        if answer.status == 503:
            raise Unavailable(f"{method} {path}: {answer}")
        check(200 <= answer.status < 300, f"{method} {path}: {answer}")
        return answer

    def get(self, path, **more):
        return self.ask("GET", path, **more).json()

    def pages(self, path):
        """All that a list has."""
        found, cursor = [], ""
        while cursor is not None:
            more = f"&cursor={urllib.parse.quote(cursor)}" if cursor else ""
            page = self.get(f"{path}&limit=100{more}")
            found += page["data"]
            cursor = page["page"]["next_cursor"]
        return found

    def webhook(self, url, **more):
        """Its path and its secret."""
        created = self.ask("POST", "/v1/editorial/webhooks", {"url": url, **more})
        return created.headers["location"], created.json()["secret"]

    def create(self, slug, at=0, **more):
        article = {"headline": f"Headline of {slug}", "slug": slug, "standfirst": "One sentence.", "byline": "By A",
                   "body": {"format": "text", "content": "One line."}, **more}
        return self.ask("POST", "/v1/editorial/articles", article, at=at)

    def change(self, article_id, method, what="", body=None, at=0):
        """Reads an article and changes it, as one who edits does."""
        path = f"/v1/editorial/articles/{article_id}"
        etag = self.ask("GET", path, at=at).headers["etag"]
        return self.ask(method, path + what, body, {"If-Match": etag}, at=at)

    def log(self, after=0):
        """The entries of the log after a number that readers see something of."""
        entries = self.pages("/v1/editorial/audit?sort=sequence")
        return [entry for entry in entries if entry["readers_see"] and entry["sequence"] > after]

    def last_entry(self):
        return self.get("/v1/editorial/audit?sort=-sequence&limit=1")["data"][0]["sequence"]


# --- Receivers ----------------------------------------------------------------------------------------


class Call:
    """A request to a receiver: when its handling began and ended, and the status that was answered."""

    def __init__(self, headers, body):
        self.headers = {name.lower(): value for name, value in headers.items()}
        self.id, self.body = self.headers["webhook-id"], body
        self.began, self.ended, self.status = time.monotonic(), None, None

    @property
    def message(self):
        return json.loads(self.body)

    @property
    def is_taken(self):
        return self.status is not None and 200 <= self.status < 300

    def key(self):
        """What it tells of: (type, id, version)."""
        message = self.message
        return message["type"], message["data"]["id"], message["data"].get("version")


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        length = int(self.headers["content-length"])
        body = self.rfile.read(length)
        if len(body) < length:
            # Who sent it was killed.
            self.close_connection = True
            return
        call = Call(self.headers, body)
        self.server.receiver.calls.append(call)
        try:
            self.server.receiver.behave(self, call)
        except OSError:
            self.close_connection = True

    def answer(self, call, status, body=b"", headers=()):
        # Before it is sent: what comes of the answer may come before this goes on.
        call.ended = time.monotonic()
        self.send_response(status)
        for name, value in headers:
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
        call.status = status

    def write_and_close(self, call, data=b""):
        """Sends what is no whole answer, or nothing."""
        call.ended = time.monotonic()
        self.close_connection = True
        self.wfile.write(data)

    def reset(self, call):
        """Closes the connection as one who has crashed."""
        call.ended = time.monotonic()
        self.close_connection = True
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))

    def log_message(self, *_):
        pass


class Listening(http.server.ThreadingHTTPServer):
    request_queue_size = 128

    def handle_error(self, request, client_address):
        # Connections of servers that were killed break.
        if not isinstance(sys.exc_info()[1], OSError):
            super().handle_error(request, client_address)


class Receiver:
    """Takes webhooks, and keeps what came. `behave` is given a handler and a call, and answers."""

    def __init__(self, behave=lambda handler, call: handler.answer(call, 204)):
        self.behave, self.calls, self.port = behave, [], free_port()
        self.url = f"http://127.0.0.1:{self.port}/hook"
        self.server = None
        self.start()

    def start(self):
        self.server = Listening(("127.0.0.1", self.port), Handler)
        self.server.receiver = self
        threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True).start()

    def stop(self):
        self.server.shutdown()
        self.server.server_close()

    def taken(self):
        return [call for call in list(self.calls) if call.is_taken]


# --- Listeners ----------------------------------------------------------------------------------------


class Listener(threading.Thread):
    """Reads a stream, and comes again with the last id that it has when the connection ends."""

    def __init__(self, *addresses):
        super().__init__(daemon=True)
        # Where it listens; where there are several, at another one when it comes again.
        self.addresses = addresses
        # Events as (type, sequence), and when each arrived.
        self.events, self.arrived, self.last, self.connections, self.failure = [], {}, None, 0, None
        self.start()
        until("somebody listens", lambda: self.last is not None)
        self.first = int(self.last.split("-")[0])

    def run(self):
        attempt = 0
        while not self.failure:
            address = self.addresses[attempt % len(self.addresses)]
            attempt += 1
            try:
                self.listen(f"{address}/v1/events")
            except httpx.TransportError:
                pass
            except BaseException as failure:  # noqa: BLE001 - told by who waits
                self.failure = failure
            # What streams ask for (`retry`) is longer: this is to be in time for what is written at once.
            time.sleep(0.1)

    def listen(self, url):
        headers = {} if self.last is None else {"Last-Event-ID": self.last}
        # Something comes every 15 seconds.
        with httpx.Client(timeout=httpx.Timeout(10, read=60), trust_env=False) as client, \
                httpx_sse.connect_sse(client, "GET", url, headers=headers) as source:
            if source.response.status_code in (502, 503, 504):
                # The proxy is there, and what is behind it is not.
                return
            check(source.response.status_code == 200, f"{url}: {source.response.status_code}")
            self.connections += 1
            for event in source.iter_sse():
                if event.id:
                    self.last = event.id
                if not event.data:
                    continue
                told = json.loads(event.data)
                check(event.event == told.get("type"), f"an event {event.event} says {told}")
                check(event.id.split("-")[0] == str(told["sequence"]), f"the event {event.id} says {told}")
                self.arrived[event.event, told["sequence"]] = time.monotonic()
                self.events.append((event.event, told["sequence"]))


class Nginx:
    """A proxy with the settings that it has by itself."""

    def __init__(self, folder, address):
        folder.mkdir()
        port = free_port()
        self.address = f"http://127.0.0.1:{port}"
        paths = " ".join(f"{name}_temp_path {folder}/{name};"
                         for name in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
        (folder / "nginx.conf").write_text(f"""
            daemon off; master_process off; pid {folder}/pid; error_log {folder}/log error; events {{}}
            http {{ access_log off; {paths}
                server {{ listen 127.0.0.1:{port}; location / {{ proxy_pass {address}; }} }} }}
        """)
        command = [os.environ["NGINX"], "-e", "stderr", "-c", str(folder / "nginx.conf")]
        self.process = subprocess.Popen(command, stderr=open(folder / "said", "wb"))
        STARTED.append(self.process)
        until("nginx answers", self.is_ready)

    def is_ready(self):
        check(self.process.poll() is None, "nginx did not start")
        try:
            return ask(self.address, "GET", "/readyz").status == 200
        except BROKEN:
            return False

    def stop(self):
        self.process.terminate()
        self.process.wait()
