"""A server with a database and a store of files of its own, and what is asked of it."""

import hashlib
import http.client
import json
import os
import pathlib
import re
import signal
import subprocess
import sys
import threading
import time
import urllib.parse

PROGRAM = os.environ["PROGRAM"]
# Servers that were started, to end those of work in the background as well.
STARTED = []


def check(is_so, what):
    """Fails unless it is so. Not `assert`, which -O leaves out."""
    if not is_so:
        raise AssertionError(what)


def say(text):
    print(f"   {text}", flush=True)


def sha256(data):
    return hashlib.sha256(data).hexdigest()


class Answer:
    """What a server answered."""

    def __init__(self, status, headers, body):
        self.status, self.headers, self.body = status, headers, body

    def json(self):
        return json.loads(self.body)

    def __str__(self):
        return f"{self.status} {self.body[:600]!r}"

    def is_problem(self):
        """Whether it is a whole problem document with its own status."""
        kind = self.headers.get("content-type", "")
        if kind != "application/problem+json":
            return False
        problem = self.json()
        return problem["status"] == self.status and bool(problem["title"]) and bool(problem["type"])


def ask(address, method, path, body=None, headers=None, timeout=120):
    """One request on a connection of its own."""
    url = urllib.parse.urlsplit(address)
    connection = http.client.HTTPConnection(url.hostname, url.port, timeout=timeout)
    try:
        connection.request(method, path, body, headers or {})
        response = connection.getresponse()
        return Answer(response.status, response.headers, response.read())
    finally:
        connection.close()


class Newsroom:
    """A server. What it logs is in `folder/log`."""

    def __init__(self, folder, store=None, options=(), environment=None):
        self.folder = pathlib.Path(folder)
        self.folder.mkdir(parents=True, exist_ok=True)
        self.store = str(store or self.folder / "files")
        self.options = list(options)
        self.environment = {**os.environ, "DATABASE_URL": f"sqlite://{self.folder}/news.db", **(environment or {})}
        self.environment["DATELINE_MEDIA_STORE"] = self.store
        self.process = None
        if not (self.folder / "news.db").exists():
            self.run("migrate")
        issue = ["token", "issue", "--name", "check", "--scope"]
        self.token = self.run(*issue, "articles:read,media:read,media:write").stdout.strip()
        self.start()

    def run(self, *arguments, succeeds=True):
        """Runs the program beside the server."""
        done = subprocess.run([PROGRAM, *arguments], env=self.environment, capture_output=True, text=True)
        if succeeds:
            check(done.returncode == 0, f"{arguments}: {done.stdout}{done.stderr}")
        return done

    def start(self):
        command = [PROGRAM, "serve", "--listen", "127.0.0.1:0", "--ops-listen", "127.0.0.1:0", *self.options]
        with open(self.folder / "log", "wb") as log:
            self.process = subprocess.Popen(command, env=self.environment, stdout=log, stderr=log)
        STARTED.append(self.process)
        for _ in range(600):
            log = (self.folder / "log").read_text()
            found = re.search(r'"message":"listening","address":"([^"]*)"', log)
            if found:
                self.address = found.group(1)
                return
            check(self.process.poll() is None, f"the server did not start: {log}")
            time.sleep(0.1)
        check(False, f"the server did not start in time: {log}")

    def kill(self):
        self.end(signal.SIGKILL)

    def stop(self):
        self.end(signal.SIGTERM)

    def end(self, by):
        if self.process and self.process.poll() is None:
            self.process.send_signal(by)
            self.process.wait()

    def __enter__(self):
        return self

    def __exit__(self, failure, *_):
        # What hangs is not waited for once something else went wrong.
        self.kill() if failure else self.stop()

    def ask(self, method, path, body=None, headers=None, **more):
        bearer = {"Authorization": f"Bearer {self.token}"}
        return ask(self.address, method, path, body, {**bearer, **(headers or {})}, **more)

    def get(self, path, headers=None):
        """As a reader: without a token."""
        return ask(self.address, "GET", path, headers=headers)

    def send(self, data, mime="application/octet-stream", query="", headers=None, **more):
        kind = {"Content-Type": mime}
        return self.ask("POST", f"/v1/editorial/media{query}", data, {**kind, **(headers or {})}, **more)

    def upload(self, data, mime="application/octet-stream", query=""):
        """The item that becomes of a file."""
        answer = self.send(data, mime, query)
        check(answer.status == 201, f"an upload was answered with {answer}")
        return answer.json()

    def file(self, path):
        answer = self.get(path)
        for _ in range(5):
            # A crop waits for those before it for some time only, and is made with what others leave of the processor.
            if answer.status != 503:
                break
            answer = self.get(path)
        check(answer.status == 200, f"{path}: {answer}")
        return answer.body

    def verify(self, *options):
        """What `dateline media verify` says, which must find nothing wrong."""
        said = self.run("media", "verify", *options).stdout.splitlines()
        check(all(line.split()[0] in ("orphan", "deleted") for line in said[:-1]), f"verify said {said}")
        return said

    def is_ready(self):
        return self.get("/readyz").status == 200

    def most_memory(self):
        """The most memory it had so far (MB)."""
        status = pathlib.Path(f"/proc/{self.process.pid}/status").read_text()
        return int(re.search(r"VmHWM:\s+(\d+)", status).group(1)) / 1000

    def files(self):
        """All files of a store in a directory, also those that are on their way."""
        paths = pathlib.Path(self.store).rglob("*")
        return {str(path.relative_to(self.store)) for path in paths if path.is_file()}


class Background(threading.Thread):
    """Work that goes on meanwhile. `result` waits for it, and fails as it failed."""

    def __init__(self, work):
        super().__init__(daemon=True)
        self.work, self.value, self.failure = work, None, None
        self.start()

    def run(self):
        try:
            self.value = self.work()
        except BaseException as failure:  # noqa: BLE001 - raised again by who waits
            self.failure = failure

    def result(self):
        self.join()
        if self.failure:
            raise self.failure
        return self.value


def main(work):
    """Runs a part of the check in the folder that was given, and says which it was when it fails."""
    # So that servers end with who is ended.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    began = time.monotonic()
    name = pathlib.Path(sys.argv[0]).stem
    folder = pathlib.Path(sys.argv[1])
    try:
        work(folder)
    except AssertionError as failure:
        import traceback

        traceback.print_exc()
        for log in folder.rglob("log"):
            lines = log.read_text(errors="replace").splitlines()
            lines = [line for line in lines if '"INFO"' not in line]
            print(f"--- the end of {log}", *lines[-10:], sep="\n", file=sys.stderr)
        sys.exit(f"tests/{pathlib.Path(sys.argv[0]).resolve().parent.name}/{name}: {failure}")
    finally:
        for process in STARTED:
            if process.poll() is None:
                process.kill()
        say(f"{name}: {time.monotonic() - began:.0f} s")
