"""No room where files are kept. See ./check."""

import os
import subprocess

import samples
from newsroom import Newsroom, check, main, say

SIZE = 4 << 20


def mounted(place):
    """Whether a file system of 4 MiB could be mounted there."""
    place.mkdir()
    if os.getuid() != 0:
        return False
    command = ["mount", "-t", "tmpfs", "-o", "size=4m,mode=0700", "tmpfs", str(place)]
    return subprocess.run(command, capture_output=True).returncode == 0


def ballast(place, left):
    """Takes room until so many bytes are left."""
    disk = os.statvfs(place)
    with open(place / "ballast", "wb") as file:
        file.write(bytes(max(0, disk.f_bavail * disk.f_bsize - left)))


def is_refused(server, data, what):
    before = server.files()
    answer = server.send(data, "image/jpeg")
    is_clear = answer.status == 503 and answer.is_problem() and "no room" in answer.json()["detail"]
    check(is_clear, f"{what}: {answer}")
    check(server.files() == before, f"{what}: it left {server.files() - before}")
    check(server.is_ready(), f"{what}: the server is not ready afterwards")
    check(server.get("/v1/articles").status == 200, f"{what}: articles cannot be read")


def work(folder):
    place = folder / "small"
    if not mounted(place):
        say("NOT CHECKED: no file system could be mounted, so no disk was full")
        return
    try:
        with Newsroom(folder / "newsroom", store=place) as server:
            kept = server.upload(samples.photo(320, 240, "kept"))
            data = samples.photo(1600, 1200, "full", quality=92)
            ballast(place, len(data) // 2)
            is_refused(server, data, "a file that does not fit")
            (place / "ballast").unlink()
            ballast(place, len(data) + (len(data) // 4))
            is_refused(server, data, "a file whose renditions do not fit")
            (place / "ballast").unlink()
            item = server.upload(data)
            for one in (kept, item):
                check(len(server.file(one["original_url"])) == one["bytes"], "a file is not whole")
            check(len(server.verify()) == 1, f"verify said {server.verify()}")
    finally:
        subprocess.run(["umount", "-l", str(place)], capture_output=True)
    say(f"a full disk of 4 MiB: {len(data)} bytes are refused, leave nothing, and are taken once there is room")


main(work)
