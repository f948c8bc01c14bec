"""Renditions as AVIF, of a program that was built with that feature. See ./check."""

import io
import time

from PIL import Image

import samples
from newsroom import Newsroom, check, main, say
from samples import saved

# Colours are halved in both directions, and at a corner there may be an edge.
NEAR = 20


def opened(server, url):
    """The picture, and how long the server took (seconds)."""
    before = time.monotonic()
    answer = server.get(url)
    took = time.monotonic() - before
    check(answer.status == 200, f"{url}: {answer}")
    check(answer.headers["content-type"] == "image/avif", f"{url} is {answer.headers['content-type']}")
    check("immutable" in answer.headers["cache-control"], f"{url} may change")
    picture = Image.open(io.BytesIO(answer.body))
    picture.load()
    check(picture.format == "AVIF", f"{url} is {picture.format}")
    check(not picture.getexif() and "xmp" not in picture.info, f"{url} says something of itself")
    return picture, len(answer.body), took


def work(folder):
    with Newsroom(folder / "newsroom") as server:
        picture = samples.corners()
        item = server.upload(saved(picture, "PNG"))
        seen, _, _ = opened(server, item["url"].replace(".jpg", ".avif"))
        check(seen.size == (400, 300), f"it is {seen.size}")
        colours = zip(samples.colours_at_corners(seen.convert("RGB")), samples.colours_at_corners(picture))
        for found, expected in colours:
            check(samples.distance(found, expected) <= NEAR, f"{found} is not {expected}")
        for crop in item["crops"]:
            across, down = map(int, crop["ratio"].split("x"))
            width = crop["widths"][0]
            seen, _, _ = opened(server, crop["url"].replace("{width}", str(width)).replace(".webp", ".avif"))
            is_shape = seen.width == width and abs(seen.height - width * down / across) <= 1
            check(is_shape, f"{crop['ratio']} is {seen.size}")
        for wrong in ("321.avif", "640.avif", "original.avif"):
            answer = server.get(item["url"].rsplit("/", 1)[0] + "/" + wrong)
            check(answer.status == 404 and answer.is_problem(), f"{wrong}: {answer}")

        clear = picture.convert("RGBA")
        clear.paste((0, 0, 0, 0), (200, 0, 400, 150))
        item = server.upload(saved(clear, "PNG"))
        seen, _, _ = opened(server, item["url"].replace(".jpg", ".avif"))
        alpha = [seen.convert("RGBA").getpixel(place)[3] for place in ((50, 50), (350, 50))]
        check(alpha[0] > 250 and alpha[1] < 5, f"alpha is {alpha}")

        item = server.upload(samples.photo(2400, 1600, "avif"))
        widest = item["url"].replace(".jpg", ".avif")
        _, size, took = opened(server, widest)
        webp = len(server.file(item["url"].replace(".jpg", ".webp")))
        _, _, again = opened(server, widest)
        say(f"1920 pixels as AVIF: {size} bytes after {took:.1f} s, and {again:.3f} s when it was there; WebP {webp} bytes")
        say(server.verify()[-1])


main(work)
