"""What is to be refused, and what it costs in memory. See ./check."""

import email.parser
import random
import select
import socket
import struct
import time
import urllib.parse
import zlib

import samples
from newsroom import Answer, Background, Newsroom, check, main, say
from samples import saved

MEGABYTE = 1 << 20
GIGABYTE = 1 << 30
# The most memory that all of this may take besides what an idle server has (MB).
MOST_MEMORY = 250
PATH = "/v1/editorial/media"

JPEG, PNG = "image/jpeg", "image/png"


# --- Files

def huge():
    """30,000 × 30,000 pixels that are really there."""
    side = 30_000
    return samples.png(side, side, 1, 0, samples.zeros(side * (1 + (side + 7) // 8)))


def bomb(kind):
    """A small picture with a chunk that grows to a gigabyte."""
    starts = {
        b"iTXt": b"XML:com.adobe.xmp\0\1\0\0\0", b"zTXt": b"Comment\0\0", b"iCCP": b"profile\0\0",
    }
    before = samples.chunk(kind, starts[kind] + samples.zeros(GIGABYTE))
    return samples.png(1, 1, 8, 2, samples.zeros(4), before)


def pixels_without_end():
    """One pixel, whose packed pixels grow to a gigabyte."""
    return samples.png(1, 1, 8, 2, samples.zeros(GIGABYTE))


def frames(count):
    """A GIF of so many frames of 500 × 500 pixels."""
    one = saved(samples.corners(500, 500), "GIF")
    start = 13 + 3 * 2 ** ((one[10] & 7) + 1)
    return one[:start] + one[start:-1] * count + one[-1:]


def polyglot():
    return saved(samples.corners(), "JPEG") + b"<html><script>alert(document.domain)</script></html>"


SVG = b'<?xml version="1.0"?>\n<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'
HEIC = struct.pack(">I", 24) + b"ftypheic" + bytes(4) + b"mif1heic" + bytes(5000)


def sent_whole():
    """What is refused, with how it is sent and the statuses that are right."""
    whole = saved(samples.corners(), "JPEG", quality=90)
    gradual = saved(samples.corners(), "JPEG", quality=90, progressive=True)
    unreadable, unsupported = (422,), (415,)
    for data, kind in ((whole, "a JPEG"), (gradual, "a progressive JPEG")):
        for part in range(20):
            length = max(1, len(data) * part // 20) if part else 2
            # Of its first bytes nobody can tell what it is.
            right = unsupported if length < 3 else unreadable
            yield f"{kind} of {len(data)} bytes cut after {length}", data[:length], JPEG, right
        yield f"{kind} without its last bytes", data[:-2], JPEG, unreadable
    yield "a PNG cut short", saved(samples.corners(), "PNG")[:-30], PNG, unreadable
    yield "a GIF cut short", saved(samples.corners(), "GIF")[:-30], "image/gif", unreadable
    yield "a WebP cut short", saved(samples.corners(), "WEBP")[:-30], "image/webp", unreadable
    yield "a PNG of 30,000 × 30,000", huge(), PNG, unreadable
    yield "a PNG sent as a JPEG", saved(samples.corners(), "PNG"), JPEG, unsupported
    yield "a JPEG with HTML sent as HTML", polyglot(), "text/html", unsupported
    yield "HTML with a JPEG behind it", b"<html>" + whole, JPEG, unsupported
    yield "an SVG with a script", SVG, "image/svg+xml", unsupported
    yield "an SVG with a script sent as a PNG", SVG, PNG, unsupported
    yield "a HEIC", HEIC, "image/heic", unsupported
    yield "a HEIC sent as a JPEG", HEIC, JPEG, unsupported
    yield "nothing", b"", JPEG, (400,)
    yield "zeros", bytes(100_000), "application/octet-stream", unsupported


def refused_or_tamed():
    """What breaks no rule of its format: it may be refused, or taken without what is dangerous in it."""
    yield "a GIF of 10,000 frames", frames(10_000), "image/gif"
    yield "a JPEG with HTML behind it", polyglot(), JPEG
    yield "a PNG with a text of 1 GB", bomb(b"iTXt"), PNG
    yield "a PNG with a comment of 1 GB", bomb(b"zTXt"), PNG
    yield "a PNG with a profile of 1 GB", bomb(b"iCCP"), PNG
    yield "a PNG with pixels of 1 GB too many", pixels_without_end(), PNG


# --- Requests by hand

class Slow:
    """A request whose body is sent piece by piece, by a client that listens meanwhile."""

    def __init__(self, server, headers):
        url = urllib.parse.urlsplit(server.address)
        self.socket = socket.create_connection((url.hostname, url.port), timeout=200)
        lines = [f"POST {PATH} HTTP/1.1", f"Host: {url.netloc}", f"Authorization: Bearer {server.token}", *headers]
        self.socket.sendall("\r\n".join(lines).encode() + b"\r\n\r\n")
        self.sent = 0

    def send(self, data):
        """False when there is an answer already, or nobody listens any more."""
        if select.select([self.socket], [], [], 0)[0]:
            return False
        try:
            self.socket.sendall(data)
        except OSError:
            return False
        self.sent += len(data)
        return True

    def answer(self):
        received = b""
        try:
            while chunk := self.socket.recv(65536):
                received += chunk
                head, _, body = received.partition(b"\r\n\r\n")
                headers = email.parser.BytesParser().parsebytes(head.partition(b"\r\n")[2])
                if body and len(body) >= int(headers.get("content-length", 1 << 40)):
                    break
        except ConnectionError:
            pass
        check(received, f"no answer came after {self.sent} bytes")
        self.socket.close()
        return Answer(int(head.split()[1]), headers, body)


def too_much(server, is_announced):
    """2 GB that are really sent, as long as the server takes them."""
    length = f"Content-Length: {2 * GIGABYTE}" if is_announced else "Transfer-Encoding: chunked"
    client = Slow(server, [f"Content-Type: {JPEG}", length])
    block = saved(samples.corners(), "JPEG").ljust(MEGABYTE, b"\0")
    piece = block if is_announced else b"%x\r\n%s\r\n" % (len(block), block)
    while client.sent < 2 * GIGABYTE and client.send(piece):
        pass
    return client.answer(), client.sent


def byte_by_byte(server):
    """One byte a second. What the server says and after how long."""
    client = Slow(server, [f"Content-Type: {JPEG}", "Content-Length: 5000"])
    began = time.monotonic()
    for byte in saved(samples.corners(), "JPEG")[:300]:
        if not client.send(bytes([byte])):
            break
        # Waits a second, or until there is an answer.
        select.select([client.socket], [], [], 1)
    return client.answer(), time.monotonic() - began


def silent(server):
    """The first bytes, and then nothing."""
    client = Slow(server, [f"Content-Type: {JPEG}", "Content-Length: 5000"])
    client.send(saved(samples.corners(), "JPEG")[:1000])
    return client.answer()


def form(*parts, ends=True):
    """A form, as browsers send it."""
    lines = []
    for disposition, content in parts:
        lines.append(b"--border\r\nContent-Disposition: form-data; %s\r\n\r\n%s\r\n" % (disposition, content))
    return b"".join(lines) + (b"--border--\r\n" if ends else b"")


def forms():
    """Forms that are refused, and the statuses that are right."""
    picture = (b'name="file"; filename="a.jpg"', saved(samples.corners(), "JPEG"))
    yield "a form without end", form(picture, ends=False), (400,)
    yield "a form without its last border", form(picture)[:-20], (400,)
    yield "a form of 1,000 files", form(*[picture] * 1000), (400, 413)
    yield "a form of 1,000 texts", form(*[(b'name="alt"', b"x")] * 1000, picture), (400, 413)
    yield "a form with a text of 1 MB", form((b'name="alt"', b"x" * MEGABYTE), picture), (413,)
    yield "a form with a name of 1 MB", form((b'name="%s"' % (b"x" * MEGABYTE), b"x"), picture), (400, 413, 422)
    yield "a form with what it does not have", form((b'name="price"', b"1"), picture), (422,)
    yield "a form without a file", form((b'name="alt"', b"x")), (422,)
    yield "no form", b"what?" * 1000, (400,)


# --- What is checked

def leaves_nothing(server, what, ask):
    """Asks, and holds the store and the server's readiness against how they were."""
    before = server.files()
    answer = ask()
    status = answer[0].status if isinstance(answer, tuple) else answer.status
    # A temporary file is deleted by a thread that nobody waits for.
    for _ in range(400):
        added = server.files() - before
        if not added or status == 201:
            break
        time.sleep(0.05)
    check(server.is_ready(), f"{what}: the server is not ready afterwards")
    return answer, added


def is_refused(server, what, ask, statuses):
    answer, added = leaves_nothing(server, what, ask)
    check(answer.status in statuses and answer.is_problem(), f"{what}: {answer}")
    check(not added, f"{what}: it left {added}")


def is_harmless(server, what, data, mime):
    answer, added = leaves_nothing(server, what, lambda: server.send(data, mime))
    if answer.status != 201:
        check(400 <= answer.status < 500 and answer.is_problem(), f"{what}: {answer}")
        check(not added, f"{what}: it left {added}")
        return f"{what}: {answer.status}"
    item = answer.json()
    original = server.get(item["original_url"])
    check(b"<script" not in original.body, f"{what}: the original still has a script")
    check(original.headers["content-type"] == mime, f"{what}: served as {original.headers['content-type']}")
    check(len(original.body) <= len(data), f"{what}: the original is larger than what was sent")
    return f"{what}: taken, {len(data)} bytes as {len(original.body)}"


def names(server):
    """Names that lead elsewhere are names, and no places."""
    before = set(server.folder.rglob("*"))
    for number, name in enumerate(["../../etc/passwd", "..\\\\..\\\\boot.ini", "/etc/passwd", "a\\0b.jpg", "..", "."]):
        picture = samples.photo(64, 64, f"name {number}")
        body = form((b'name="file"; filename="%s"' % name.encode(), picture))
        answer = server.send(body, "multipart/form-data; boundary=border")
        check(answer.status == 201, f"the name {name}: {answer}")
        called = answer.json()["file_name"]
        check(called is None or not set(called) & set("/\\\0"), f"the name {name} became {called!r}")
    elsewhere = {path for path in set(server.folder.rglob("*")) - before if "files" not in path.parts}
    unexpected = {path for path in elsewhere if not path.name.startswith("news.db")}
    check(not unexpected, f"names led to {unexpected}")


def crops_at_once(folder):
    """All crops of a large file, asked for at once by who needs no token: what waits must not hold the file."""
    # Many bytes for few pixels: red, green, blue and alpha with 16 bits each, as they are.
    side = 1400
    rows = b"".join(b"\0" + random.Random(row).randbytes(side * 8) for row in range(side))
    data = samples.png(side, side, 16, 6, zlib.compress(rows, 0))
    with Newsroom(folder / "crops") as server:
        item = server.upload(data)
        before = server.most_memory()
        addresses = [crop["url"].replace("{width}", str(width)) for crop in item["crops"] for width in crop["widths"]]
        addresses += [address.replace(".webp", ".jpg") for address in addresses]
        asking = [Background(lambda path=path: server.get(path)) for path in addresses]
        answers = [one.result() for one in asking]
        for path, answer in zip(addresses, answers):
            is_busy = answer.status == 503 and answer.is_problem()
            check(answer.status == 200 or is_busy, f"{path}, asked for with all others: {answer.status}")
        grown = server.most_memory() - before
        said = f"{len(addresses)} crops of a file of {len(data) / 1e6:.0f} MB at once: {grown:.0f} MB more"
        check(grown <= MOST_MEMORY, f"{said}, and {MOST_MEMORY} are right")
        say(said)


def work(folder):
    with Newsroom(folder / "newsroom") as server:
        server.upload(saved(samples.corners(), "PNG"))
        at_rest = server.most_memory()
        slow = [Background(lambda: byte_by_byte(server)), Background(lambda: silent(server))]
        # Their files are there before those of others are looked for.
        for _ in range(600):
            if len([file for file in server.files() if file.startswith(".")]) == len(slow):
                break
            time.sleep(0.1)
        count = 0
        for what, data, mime, statuses in sent_whole():
            is_refused(server, what, lambda: server.send(data, mime), statuses)
            count += 1
        say(f"{count} bad files are refused, and leave nothing")
        whole = server.most_memory()
        for case in refused_or_tamed():
            said = is_harmless(server, *case)
            say(f"{said}; memory at most {server.most_memory():.0f} MB")
        for is_announced, how in ((True, "announced"), (False, "in chunks")):
            (answer, sent), added = leaves_nothing(server, f"2 GB {how}", lambda: too_much(server, is_announced))
            check(answer.status == 413 and answer.is_problem() and not added, f"2 GB {how}: {answer}, it left {added}")
            # What is taken, what is read so that the client gets the answer, and what is on its way.
            check(sent <= (64 + 8 + 32) * MEGABYTE, f"2 GB {how}: {sent} bytes were taken")
            say(f"2 GB {how}: 413 after {sent // MEGABYTE} MiB")
        count = 0
        for what, body, statuses in forms():
            is_refused(server, what, lambda: server.send(body, "multipart/form-data; boundary=border"), statuses)
            count += 1
        say(f"{count} bad forms are refused, and leave nothing")
        crops = Background(lambda: crops_at_once(folder))
        names(server)
        answer, seconds = slow[0].result()
        check(answer.status == 408 and answer.is_problem(), f"a byte a second: {answer}")
        check(seconds >= 16, f"a byte a second: cut after {seconds:.0f} s")
        say(f"a byte a second: 408 after {seconds:.0f} s")
        answer = slow[1].result()
        check(answer.status == 408 and answer.is_problem(), f"one that falls silent: {answer}")
        left = {file for file in server.files() if file.startswith(".")}
        check(not left, f"files on their way are left: {left}")
        say(server.verify()[-1])
        grown = server.most_memory() - at_rest
        check(grown <= MOST_MEMORY, f"memory grew by {grown:.0f} MB from {at_rest:.0f} MB")
        alone = whole - at_rest
        say(f"memory: {at_rest:.0f} MB before, {grown:.0f} MB more at most ({MOST_MEMORY} are right); bad files alone {alone:.0f} MB")
    crops.result()


main(work)
