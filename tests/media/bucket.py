"""A server of buckets, and newsrooms that keep their files in one."""

import http.client
import random
import shutil
import socket
import subprocess
import time

from newsroom import Newsroom, ask, check

KEY, SECRET = "KEYKEY1234567", "secretsecretsecret12"


def free_port():
    """One that is free again after a restart: the kernel hands out those from 32768 on to whoever connects."""
    while True:
        port = random.randrange(20_000, 32_000)
        with socket.socket() as one:
            one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                one.bind(("127.0.0.1", port))
                return port
            except OSError:
                continue


class Bucket:
    """rclone, which serves a directory as buckets."""

    def __init__(self, folder):
        self.folder, self.port = folder / "buckets", free_port()
        (self.folder / "newsroom").mkdir(parents=True)
        self.address = f"http://127.0.0.1:{self.port}"
        self.start()

    def start(self):
        command = [shutil.which("rclone"), "serve", "s3", "--config", "", "--addr", f"127.0.0.1:{self.port}",
                   "--auth-key", f"{KEY},{SECRET}", str(self.folder)]
        with open(self.folder.parent / "rclone.log", "ab") as log:
            self.process = subprocess.Popen(command, stdout=log, stderr=log)
        for _ in range(300):
            try:
                ask(self.address, "GET", "/")
                return
            except (OSError, http.client.HTTPException):
                check(self.process.poll() is None, (self.folder.parent / "rclone.log").read_text())
                time.sleep(0.1)
        check(False, "rclone did not start in time")

    def end(self):
        self.process.kill()
        self.process.wait()

    def restart(self):
        """So that it sees what was done to its directory meanwhile."""
        self.end()
        self.start()

    def files(self):
        return {str(path.relative_to(self.folder)) for path in self.folder.rglob("*") if path.is_file()}


def newsroom(folder, address, secret=SECRET):
    keys = {"AWS_ACCESS_KEY_ID": KEY, "AWS_SECRET_ACCESS_KEY": secret}
    return Newsroom(folder, f"s3://newsroom/media?endpoint={address}&region=eu-1", environment=keys)
