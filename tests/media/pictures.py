"""What becomes of pictures: sizes, colours, orientation, what they say of themselves, crops. See ./check."""

import io
import json
import os
import subprocess
import time
import urllib.parse

from PIL import Image, ImageCms

import samples
from newsroom import Background, Newsroom, check, main, say, sha256
from samples import saved

EXIFTOOL = os.environ.get("EXIFTOOL")
WIDTHS = [320, 640, 960, 1280, 1920]
# How far JPEG and WebP may move a colour of a plain area.
NEAR = 14

# What exiftool says of any file, or works out itself; and what it takes to show a picture.
OF_THE_FILE = {"System", "File", "ExifTool", "Composite", "JFIF", "PNG", "PNG-pHYs", "RIFF", "GIF", "ICC_Profile",
               "ICC-header", "ICC-view", "ICC-meas", "ICC-chrm", "Adobe"}
# Of the groups of the file itself, what would be said by somebody.
SAID = {"Comment", "Author", "Copyright", "Description", "Title", "Software", "CreationTime", "ModifyDate"}


def opened(data):
    picture = Image.open(io.BytesIO(data))
    picture.load()
    return picture


def widths_of(width):
    return [one for one in WIDTHS if one < min(width, WIDTHS[-1])] + [min(width, WIDTHS[-1])]


class Kept:
    """Served files, for exiftool to look at in one go."""

    def __init__(self, folder):
        self.folder = folder / "served"
        self.folder.mkdir()
        self.names = {}

    def add(self, name, data, may_be_turned):
        file = f"{len(self.names)}.bin"
        (self.folder / file).write_bytes(data)
        self.names[file] = (name, may_be_turned)

    def look(self):
        if not EXIFTOOL or not self.names:
            return
        command = [EXIFTOOL, "-j", "-G1", "-a", "-u", "-U", "-ext", "*", str(self.folder)]
        told = json.loads(subprocess.run(command, capture_output=True, check=True).stdout)
        check(len(told) == len(self.names), f"exiftool read {len(told)} of {len(self.names)} files")
        for one in told:
            name, may_be_turned = self.names[os.path.basename(one.pop("SourceFile"))]
            for key in one:
                group, tag = key.split(":")
                is_orientation = may_be_turned and (group, tag) == ("IFD0", "Orientation")
                is_plain = group in OF_THE_FILE and tag not in SAID
                check(is_orientation or is_plain, f"{name} still says {key}: {one[key]!r}")
                check(key != "ExifTool:Warning", f"{name}: exiftool warns: {one[key]}")
        say(f"exiftool: {len(told)} served files say nothing that was taken out of them")


def look_at(server, kept, name, item):
    """Whether the renditions are what the item says. The widest JPEG, as it is seen."""
    expected = [(width, kind) for width in widths_of(item["width"]) for kind in ("image/webp", "image/jpeg")]
    said = [(one["width"], one["format"]) for one in item["renditions"]]
    check(said == expected, f"{name}: renditions {said}, not {expected}")
    for one in item["renditions"]:
        data = server.file(one["url"])
        picture = opened(data)
        truth = (picture.width, picture.height, Image.MIME[picture.format], len(data))
        check(truth == (one["width"], one["height"], one["format"], one["bytes"]), f"{name}: {one} is {truth}")
        height = one["width"] * item["height"] / item["width"]
        check(abs(one["height"] - height) <= 1, f"{name}: {one} has another shape")
        found = {"exif", "xmp", "photoshop", "XML:com.adobe.xmp", "comment", "icc_profile"} & set(picture.info)
        check(not found, f"{name}: {one['url']} has {found}")
        check(getattr(picture, "n_frames", 1) == 1, f"{name}: a rendition moves")
        kept.add(f"{name} {one['url']}", data, False)
    original = server.file(item["original_url"])
    check(sha256(original) == item["hash"] and len(original) == item["bytes"], f"{name}: the original is another")
    opened(original)
    kept.add(f"{name}, original", original, True)
    check(item["url"] == item["renditions"][-1]["url"], f"{name}: url is {item['url']}")
    return opened(server.file(item["url"]))


def show(seen, expected, name, near=NEAR):
    far = [samples.distance(*pair) for pair in zip(seen, expected)]
    check(max(far) <= near, f"{name}: colours {seen} are {far} from {expected}")


def orientations(server, kept):
    expected = samples.colours_at_corners(samples.corners())
    cases = [(number, "JPEG") for number in range(1, 9)] + [(6, "PNG"), (8, "WEBP"), (5, "WEBP")]
    for number, kind in cases:
        options = {"quality": 95} if kind != "PNG" else {}
        item = server.upload(samples.oriented(number, kind, **options))
        name = f"{kind} with orientation {number}"
        check((item["width"], item["height"]) == (400, 300), f"{name}: {item['width']} × {item['height']}")
        show(samples.colours_at_corners(look_at(server, kept, name, item)), expected, name)
        # Who opens the original must see it upright as well.
        original = opened(server.file(item["original_url"]))
        check(original.getexif().get(0x0112, 1) == number, f"{name}: the original lost its orientation")
    say(f"{len(cases)} orientations are upright")


# What agencies write. Each has a mark that no served file may have.
WORDS = {
    "alt": "Cranes over a harbour MARKED", "caption": "The harbour on Tuesday MARKED", "by_line": "Jo Lind MARKED",
    "credit": "Agency MARKED", "copyright_notice": "© 2026 Agency MARKED", "usage_terms": "Not for sale MARKED",
}
SOURCE = "http://cv.iptc.org/newscodes/digitalsourcetype/"


def exiftool_writes(data, extension, folder, *tags):
    file = folder / f"written.{extension}"
    file.write_bytes(data)
    command = [EXIFTOOL, "-q", "-m", "-overwrite_original", "-codedcharacterset=utf8", *tags, str(file)]
    done = subprocess.run(command, capture_output=True, text=True)
    check(done.returncode == 0, f"exiftool could not write {tags}: {done.stderr}")
    return file.read_bytes()


def described(data, extension, folder, iptc=False):
    words = WORDS
    tags = [
        f"-XMP-dc:Creator={words['by_line']}", f"-XMP-photoshop:Credit={words['credit']}",
        f"-XMP-dc:Description={words['caption']}", f"-XMP-dc:Rights={words['copyright_notice']}",
        f"-XMP-xmpRights:UsageTerms={words['usage_terms']}", f"-XMP-iptcCore:AltTextAccessibility={words['alt']}",
        f"-XMP-iptcExt:DigitalSourceType={SOURCE}trainedAlgorithmicMedia", "-XMP-iptcCore:Location=SECRET-PLACE",
        "-XMP-exif:GPSLatitude=52.5N",
    ]
    if iptc:
        tags = [
            f"-IPTC:By-line={words['by_line']}", f"-IPTC:Credit={words['credit']}",
            f"-IPTC:Caption-Abstract={words['caption']}", f"-IPTC:CopyrightNotice={words['copyright_notice']}",
            "-IPTC:City=SECRET-PLACE",
        ]
    return exiftool_writes(data, extension, folder, *tags)


def located(folder):
    """As a phone makes it: where it was, its maker's notes, a small likeness of itself."""
    (folder / "small.jpg").write_bytes(saved(samples.corners(160, 120), "JPEG", comment=b"SECRET-LIKENESS"))
    return exiftool_writes(
        samples.with_maker_notes(), "jpg", folder, "-GPSLatitude=52.5167", "-GPSLatitudeRef=N", "-GPSLongitude=13.3833",
        "-GPSLongitudeRef=E", "-GPSAltitude=34", "-GPSDateStamp=2026:11:01", f"-ThumbnailImage<={folder}/small.jpg",
        "-EXIF:Artist=Somebody else", "-EXIF:OwnerName=SECRET-OWNER", "-Comment=SECRET-COMMENT",
        "-DateTimeOriginal=2026:11:01 10:00:00",
    )


def metadata(server, kept, folder):
    if not EXIFTOOL:
        return
    plain = {kind: saved(samples.corners(), kind) for kind in ("JPEG", "PNG", "WEBP", "GIF")}
    files = [
        ("a JPEG with XMP", described(plain["JPEG"], "jpg", folder), True),
        ("a PNG with XMP", described(plain["PNG"], "png", folder), True),
        ("a WebP with XMP", described(plain["WEBP"], "webp", folder), True),
        ("a GIF with XMP", described(plain["GIF"], "gif", folder), True),
        ("a JPEG with IPTC", described(plain["JPEG"], "jpg", folder, iptc=True), False),
        ("a phone's JPEG with both", described(described(located(folder), "jpg", folder, iptc=True), "jpg", folder), True),
    ]
    for name, data, has_xmp in files:
        item = server.upload(data, query="?file_name=harbour")
        expected = {
            "credit": "Jo Lind MARKED/Agency MARKED", "caption": WORDS["caption"],
            "copyright_notice": WORDS["copyright_notice"], "alt": WORDS["alt"] if has_xmp else None,
            "usage_terms": WORDS["usage_terms"] if has_xmp else None,
            "digital_source_type": "trainedAlgorithmicMedia" if has_xmp else None,
        }
        said = {key: item[key] for key in expected}
        check(said == expected, f"{name}: {said}, not {expected}")
        look_at(server, kept, name, item)
        original = server.file(item["original_url"])
        for mark in (b"SECRET", b"MARKED", "MARKED".encode("utf-16-le"), b"GPS", b"Photoshop", b"adobe:ns:meta", b"xpacket"):
            check(mark != b"MARKED" or mark in data, f"{name}: the sample has no {mark}")
            check(mark not in original, f"{name}: the original still has {mark}")
        # Only what was said was taken out, not the picture.
        show(samples.colours_at_corners(opened(original)), samples.colours_at_corners(opened(data)), name, 0)
    say(f"{len(files)} files: items say what they said, and the files say nothing any more")
    place = server.upload(located(folder))
    check(place["credit"] == "Somebody else", f"of a phone's picture: {place['credit']}")
    said = {"alt": "Said", "caption": "by", "credit": "whoever uploads"}
    item = server.upload(described(samples.oriented(3), "jpg", folder), query="?" + urllib.parse.urlencode(said))
    check({key: item[key] for key in said} == said, "what the upload says does not count before what the file says")


def converted(picture, profile):
    """To sRGB by another library."""
    source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
    to = ImageCms.createProfile("sRGB")
    return ImageCms.profileToProfile(picture, source, to, ImageCms.Intent.PERCEPTUAL, outputMode="RGB")


def kinds(server, kept):
    base = samples.corners()
    expected = samples.colours_at_corners(base)
    p3 = samples.display_p3()
    grey = samples.colours_at_corners(base.convert("L"))
    wide_grey = base.convert("L").convert("I").point(lambda value: value * 257).convert("I;16")
    ink, printed = samples.ink(), samples.printed()
    files = {
        "a progressive JPEG": (saved(base, "JPEG", quality=95, progressive=True), expected),
        "a JPEG with full colour": (saved(base, "JPEG", quality=95, subsampling=0, restart_marker_rows=1), expected),
        "a CMYK JPEG": (saved(base.convert("CMYK"), "JPEG", quality=95), expected),
        "a CMYK JPEG with a profile": (
            saved(printed, "JPEG", quality=95, icc_profile=ink), samples.colours_at_corners(converted(printed, ink))
        ),
        "a grey JPEG": (saved(base.convert("L"), "JPEG", quality=95), grey),
        "a PNG": (saved(base, "PNG"), expected),
        "a PNG of 16 bits": (samples.png_of_16_bits(), expected),
        "a grey PNG of 16 bits": (saved(wide_grey, "PNG"), grey),
        "a PNG of one bit": (saved(base.convert("L").point(lambda v: 255 * (v > 128)).convert("1"), "PNG"), None),
        "a PNG with a palette": (saved(base.quantize(16), "PNG"), samples.colours_at_corners(base.quantize(16))),
        "a GIF": (saved(base, "GIF"), expected),
        "a WebP": (saved(base, "WEBP", quality=95), expected),
        "a WebP without loss": (saved(base, "WEBP", lossless=True), expected),
        "a Display P3 JPEG": (
            saved(base, "JPEG", quality=95, icc_profile=p3), samples.colours_at_corners(converted(base, p3))
        ),
        "a Display P3 PNG": (saved(base, "PNG", icc_profile=p3), samples.colours_at_corners(converted(base, p3))),
        "a Display P3 WebP": (
            saved(base, "WEBP", quality=95, icc_profile=p3), samples.colours_at_corners(converted(base, p3))
        ),
    }
    # A profile that changes nothing would prove nothing.
    moved = max(map(samples.distance, files["a Display P3 PNG"][1], expected))
    check(moved > 2 * NEAR, f"Display P3 moves colours by {moved} only")
    for name, (data, colours) in files.items():
        item = server.upload(data)
        seen = look_at(server, kept, name, item)
        check(not item["is_animated"], f"{name} is said to move")
        show(samples.colours_at_corners(seen), colours or samples.colours_at_corners(opened(data)), name)
        original = opened(server.file(item["original_url"]))
        has_profile = "icc_profile" in original.info
        check(has_profile == ("P3" in name or "profile" in name), f"{name}: the original {'has' if has_profile else 'has no'} profile")
    say(f"{len(files)} kinds of pictures have their colours; Display P3 moved by {moved}")


def transparency(server, kept):
    clear = samples.corners().convert("RGBA")
    clear.paste((0, 0, 0, 0), (200, 0, 400, 150))
    palette = samples.corners().quantize(8)
    files = {
        "a PNG with alpha": saved(clear, "PNG"),
        "a WebP with alpha": saved(clear, "WEBP", lossless=True),
        "a GIF with alpha": saved(clear, "GIF"),
        "a PNG with a clear colour": saved(palette, "PNG", transparency=palette.getpixel((300, 50))),
    }
    for name, data in files.items():
        item = server.upload(data)
        jpeg = look_at(server, kept, name, item)
        show([samples.colours_at_corners(jpeg)[1]], [(255, 255, 255)], f"{name}, as JPEG")
        show([samples.colours_at_corners(jpeg)[0]], [samples.RED], f"{name}, as JPEG")
        webp = opened(server.file(item["renditions"][-2]["url"]))
        check(webp.mode == "RGBA", f"{name}: the WebP is {webp.mode}")
        alpha = [webp.getpixel(place)[3] for place in ((50, 50), (350, 50))]
        check(alpha[0] > 250 and alpha[1] < 5, f"{name}: the WebP has alpha {alpha}")
    say(f"{len(files)} clear pictures are clear as WebP, and white as JPEG")


def moving(server, kept):
    frames = [samples.corners(), samples.corners().rotate(180), samples.corners().rotate(90, expand=False)]
    options = {"save_all": True, "append_images": frames[1:], "duration": 100, "loop": 0}
    expected = samples.colours_at_corners(frames[0])
    for kind in ("GIF", "PNG", "WEBP"):
        data = saved(frames[0], kind, **options, **({"quality": 95} if kind == "WEBP" else {}))
        item = server.upload(data)
        check(item["is_animated"], f"a moving {kind} is not said to move")
        show(samples.colours_at_corners(look_at(server, kept, f"a moving {kind}", item)), expected, f"a moving {kind}")
        original = opened(server.file(item["original_url"]))
        facts = (original.n_frames, original.info.get("loop"))
        check(facts == (3, 0), f"a moving {kind}: the original has {facts} frames and loops")
    say("moving GIF, PNG and WebP: renditions show the first frame, originals move")


def look_at_crop(server, kept, crop, focal):
    """Its narrowest as WebP, its widest as JPEG: the shape, and whether it shows the focal point."""
    across, down = map(int, crop["ratio"].split("x"))
    widest = crop["url"].removesuffix(".webp") + ".jpg"
    for width, url in [(crop["widths"][0], crop["url"]), (crop["widths"][-1], widest)]:
        url = url.replace("{width}", str(width))
        data = server.file(url)
        kept.add(url, data, False)
        seen = opened(data).convert("RGB")
        is_shape = seen.width == width and abs(seen.height - width * down / across) <= 1
        check(is_shape, f"{url} is {seen.width} × {seen.height}")
        left, top, _ = seen.getpixel((0, 0))
        right, bottom, _ = seen.getpixel((seen.width - 1, seen.height - 1))
        shown = f"{url} shows {left}–{right} × {top}–{bottom} of 255"
        (x, y) = (part * 255 for part in focal)
        check(left - 4 <= x <= right + 4 and top - 4 <= y <= bottom + 4, f"{shown}, and not {focal}")
        # One side of the picture is there whole: a crop is no smaller than it must be.
        check((left < 8 and right > 247) or (top < 8 and bottom > 247), f"{shown} only")


def crops(server, kept):
    item = server.upload(saved(samples.places(), "JPEG", quality=95))
    before = item["crops"]
    for x, y in [(0.5, 0.5), (0.1, 0.8), (1, 0)]:
        path = f"/v1/editorial/media/{item['id']}"
        patch = json.dumps({"focal_point": {"x": x, "y": y}})
        headers = {"If-Match": "*", "Content-Type": "application/merge-patch+json"}
        answer = server.ask("PATCH", path, patch, headers)
        check(answer.status == 200, f"a focal point: {answer}")
        for crop in answer.json()["crops"]:
            look_at_crop(server, kept, crop, (x, y))
    # Where the old one was not made, its address leads to the new one.
    answer = server.get(before[0]["url"].replace("{width}", "320"))
    check(answer.status in (200, 302), f"an old crop: {answer}")
    unmade = before[0]["url"].replace("{width}", "320").replace("-50-50", "-33-33")
    answer = server.get(unmade)
    check(answer.status == 302, f"a crop around another point: {answer}")
    check(server.get(urllib.parse.urljoin(unmade, answer.headers["location"])).status == 200, "it leads nowhere")
    for wrong in ("321", "1920", "0", "99999"):
        answer = server.get(before[0]["url"].replace("{width}", wrong))
        check(answer.status == 404 and answer.is_problem(), f"a crop of {wrong} pixels: {answer}")
    say("crops have their ratios, and show the focal point")


def large(server, kept):
    """Wide enough for all widths; and as wide or high as pictures can be."""
    for size in ((2000, 400), (16383, 8), (7, 1300), (1, 1)):
        item = server.upload(saved(samples.corners(*size) if min(size) > 1 else Image.new("RGB", size), "PNG"))
        check((item["width"], item["height"]) == size, f"{size}: {item['width']} × {item['height']}")
        look_at(server, kept, f"a picture of {size}", item)


def served(server):
    """How files are served."""
    item = server.upload(samples.photo(640, 480, "served"))
    for url in (item["original_url"], item["url"]):
        whole = server.get(url)
        expected = {
            "content-type": "image/jpeg", "cache-control": "public, max-age=31536000, immutable",
            "x-content-type-options": "nosniff", "content-security-policy": "default-src 'none'; sandbox",
            "accept-ranges": "bytes", "content-length": str(len(whole.body)),
        }
        said = {name: whole.headers.get(name) for name in expected}
        check(said == expected, f"{url}: {said}")
        ranges = {"bytes=0-99": (0, 100), "bytes=100-": (100, None), "bytes=-50": (-50, None)}
        for asked, (begin, end) in ranges.items():
            answer = server.get(url, {"Range": asked})
            check(answer.status == 206 and answer.body == whole.body[begin:end], f"{url}, {asked}: {answer.status}")
        check(server.get(url, {"Range": "bytes=9999999-"}).status == 416, f"{url}: a range beyond the end")
        check(server.get(url, {"If-None-Match": whole.headers["etag"]}).status == 304, f"{url}: one who has it")


def kept_as_it_was(folder):
    """With `--keep-media-metadata`."""
    with Newsroom(folder / "keeping", options=["--keep-media-metadata"]) as server:
        kept = Kept(folder / "keeping")
        data = samples.oriented(6)
        if EXIFTOOL:
            data = described(located(folder), "jpg", folder)
        item = server.upload(data)
        check(server.file(item["original_url"]) == data, "the original is not as it was")
        # The renditions never have any of it.
        for one in item["renditions"]:
            kept.add(one["url"], server.file(one["url"]), False)
        kept.look()
    say("with --keep-media-metadata an original is byte by byte what was sent")


def twice(server):
    data = samples.photo(320, 240, "twice")
    senders = [Background(lambda: server.send(data)) for _ in range(6)]
    answers = [sender.result() for sender in senders]
    statuses = sorted(answer.status for answer in answers)
    check(statuses == [200] * 5 + [201], f"the same file six times at once: {statuses}")
    check(len({answer.json()["id"] for answer in answers}) == 1, "the same file six times is several items")
    check(len(server.verify()) == 1, f"the same file six times left {server.verify()}")


def deleted_meanwhile(server):
    """An item that is deleted while a crop of it is made is gone, and so is the crop."""
    for number, pause in enumerate((0.02, 0.05, 0.1, 0.2)):
        item = server.upload(samples.photo(1000, 624, f"deleted {number}"))
        url = item["crops"][0]["url"].replace("{width}", "960")
        crop = Background(lambda: server.get(url))
        time.sleep(pause)
        answer = server.ask("DELETE", f"/v1/editorial/media/{item['id']}", headers={"If-Match": "*"})
        check(answer.status == 204, f"deleting: {answer}")
        check(crop.result().status in (200, 404), f"a crop of what is deleted meanwhile: {crop.result()}")
        for gone in (url, item["url"], item["original_url"]):
            answer = server.get(gone)
            check(answer.status == 404, f"{gone} is {answer.status} after its item was deleted, {pause} s after it was asked for")
    check(len(server.verify()) == 1, f"deleted items left {server.verify()}")


def work(folder):
    with Newsroom(folder / "newsroom") as server:
        kept = Kept(folder)
        orientations(server, kept)
        kinds(server, kept)
        transparency(server, kept)
        moving(server, kept)
        crops(server, kept)
        large(server, kept)
        metadata(server, kept, folder)
        served(server)
        kept.look()
        twice(server)
        deleted_meanwhile(server)
        say(server.verify()[-1])
    kept_as_it_was(folder)


main(work)
