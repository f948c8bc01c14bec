"""What pictures cost. See ./measure."""

import json
import os
import pathlib
import random
import re
import socket
import statistics
import subprocess
import sys
import time

from PIL import Image

from newsroom import Background, Newsroom, check
from samples import saved

WRK, NGINX = os.environ["WRK"], os.environ["NGINX"]
ROUNDS = 5


def photo(width, height, size, seed):
    """Shapes of all sizes and a grain, as photographs have them: a JPEG of about so many bytes."""
    chance = random.Random(seed)
    picture = None
    for step in (256, 64, 16, 4):
        small = (width // step + 1, height // step + 1)
        noise = Image.frombytes("RGB", small, chance.randbytes(small[0] * small[1] * 3))
        layer = noise.resize((width, height), Image.Resampling.BICUBIC)
        picture = Image.blend(picture, layer, 0.35) if picture else layer
    grain = Image.effect_noise((width, height), 24).convert("RGB")
    picture = Image.blend(picture, grain, 0.2)
    # The quality that comes nearest.
    low, high = 30, 99
    while low < high:
        quality = (low + high) // 2
        if len(saved(picture, "JPEG", quality=quality)) < size:
            low = quality + 1
        else:
            high = quality
    return saved(picture, "JPEG", quality=low)


def cpu(process):
    """The processor's time that a process had (s)."""
    fields = pathlib.Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def rate(url, seconds=4):
    """Requests a second."""
    done = subprocess.run([WRK, "-t1", "-c32", f"-d{seconds}s", url], capture_output=True, text=True, check=True).stdout
    check("Non-2xx" not in done, done)
    return float(re.search(r"Requests/sec:\s+([\d.]+)", done).group(1))


def listed(numbers, digits=2):
    return ", ".join(f"{number:.{digits}f}" for number in numbers)


def measure_cpu(folder):
    times, walls = [], []
    with Newsroom(folder / "cpu") as server:
        server.upload(photo(320, 240, 30_000, "first"))
        for number in range(ROUNDS):
            data = photo(4000, 3000, 3_800_000, number)
            before, began = cpu(server.process.pid), time.monotonic()
            item = server.upload(data)
            times.append(cpu(server.process.pid) - before)
            walls.append(time.monotonic() - began)
    print(f"cpu: a JPEG of 4000 × 3000, {len(data) / 1e6:.1f} MB, {len(item['renditions'])} renditions: "
          f"{statistics.median(times):.2f} s of one core ({listed(times)}); answered after {statistics.median(walls):.2f} s")


def article(server):
    """The address of an article that is kept in memory."""
    scopes = "articles:read,articles:write,articles:publish,media:read,media:write"
    server.token = server.run("token", "issue", "--name", "measure", "--scope", scopes).stdout.strip()
    headers = {"Content-Type": "application/json", "If-Match": "*"}
    text = " ".join(["A line of an article as newspapers have them."] * 80)
    body = {"headline": "Measured", "slug": "measured", "byline": "Desk", "body": {"format": "text", "content": text}}
    made = server.ask("POST", "/v1/editorial/articles", json.dumps(body), headers)
    check(made.status == 201, str(made))
    published = server.ask("POST", f"/v1/editorial/articles/{made.json()['id']}/publish", "{}", headers)
    check(published.status == 200, str(published))
    return f"{server.address}/v1/articles/measured"


def measure_large(folder, megapixels, width, height):
    """Memory and readers, while 8 large files come in at once."""
    ratios, grown = [], []
    # Making them is slow: each round sends other bytes, of which the server cannot know the picture.
    whole = photo(width, height, 20_000_000, megapixels)
    for number in range(ROUNDS - 2):
        files = [whole[:-2] + b"\xff\xfe\x00\x0a%08d" % (number * 8 + one) + whole[-2:] for one in range(8)]
        with Newsroom(folder / f"large-{megapixels}-{number}") as server:
            url = article(server)
            alone = [rate(url)]
            before = server.most_memory()
            began = time.monotonic()
            uploads = [Background(lambda data=data: server.send(data)) for data in files]
            beside = rate(url)
            all_there = any(upload.is_alive() for upload in uploads)
            statuses = [upload.result().status for upload in uploads]
            seconds = time.monotonic() - began
            check(statuses == [201] * 8, f"uploads were answered with {statuses}")
            grown.append(server.most_memory() - before)
            alone.append(rate(url))
            ratios.append(beside / statistics.mean(alone))
    print(f"memory: 8 JPEGs of {len(whole) / 1e6:.0f} MB and {megapixels} megapixels at once, done after {seconds:.0f} s: "
          f"+ {statistics.median(grown):.0f} MB ({listed(grown, 0)}), from {before:.0f} MB")
    until = "all the while" if all_there else "and some time after"
    median = statistics.median(ratios)
    print(f"beside: kept articles while they come in ({until}): {median:.2f} of the rate alone ({listed(ratios)})")


class Nginx:
    """nginx with one file, sent as it sends files best."""

    def __init__(self, folder, data):
        (folder / "files").mkdir(parents=True)
        (folder / "files" / "picture.webp").write_bytes(data)
        with socket.socket() as one:
            one.bind(("127.0.0.1", 0))
            port = one.getsockname()[1]
        user = "user root;" if os.getuid() == 0 else ""
        (folder / "nginx.conf").write_text(f"""
            {user} daemon off; worker_processes auto; pid {folder}/pid; error_log {folder}/errors;
            events {{ worker_connections 512; }}
            http {{
                access_log off; sendfile on; tcp_nopush on; keepalive_requests 1000000;
                types {{ image/webp webp; }}
                open_file_cache max=10;
                server {{ listen 127.0.0.1:{port}; root {folder}/files; }}
            }}
        """)
        self.process = subprocess.Popen([NGINX, "-e", "stderr", "-c", str(folder / "nginx.conf")], stderr=subprocess.DEVNULL)
        self.url = f"http://127.0.0.1:{port}/picture.webp"
        time.sleep(1)

    def end(self):
        self.process.terminate()
        self.process.wait()


def measure_nginx(folder):
    with Newsroom(folder / "nginx-beside") as server:
        item = server.upload(photo(1600, 1200, 700_000, "rendition"))
        one = min(item["renditions"], key=lambda one: abs(one["bytes"] - 40_000))
        nginx = Nginx(folder / "nginx", server.file(one["url"]))
        try:
            ours, theirs = [], []
            for _ in range(ROUNDS):
                ours.append(rate(server.address + one["url"]))
                theirs.append(rate(nginx.url))
        finally:
            nginx.end()
    ratios = [a / b for a, b in zip(ours, theirs)]
    print(f"nginx: a rendition of {one['bytes'] / 1e3:.0f} KB: {statistics.median(ratios):.2f} of nginx ({listed(ratios)})")


def main():
    folder, parts = pathlib.Path(sys.argv[1]), sys.argv[2:] or ["cpu", "memory", "beside", "nginx"]
    if "cpu" in parts:
        measure_cpu(folder)
    if "memory" in parts or "beside" in parts:
        measure_large(folder, 24, 6000, 4000)
        measure_large(folder, 48, 8000, 6000)
    if "nginx" in parts:
        measure_nginx(folder)


main()
