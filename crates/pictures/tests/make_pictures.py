"""Writes the small files that the tests read, into tests/fixtures.

Needs Pillow and numpy (pip), exiftool (Debian: libimage-exiftool-perl) and ffmpeg. The files are kept, so that the tests need none
of them.
"""

import io
import pathlib
import struct
import subprocess
import zlib

import numpy
from PIL import Image, ImageCms, ImageDraw

HERE = pathlib.Path(__file__).parent / "fixtures"
HERE.mkdir(exist_ok=True)
SIZE = (64, 48)
PRIMARIES = {
    # Red, green, blue, in xy; the white point is D65; the exponent of the curves, None for that of sRGB.
    "p3": ((0.680, 0.320), (0.265, 0.690), (0.150, 0.060), None),
    "adobe": ((0.64, 0.33), (0.21, 0.71), (0.15, 0.06), 563 / 256),
    "srgb": ((0.64, 0.33), (0.30, 0.60), (0.15, 0.06), None),
}


def marked(mode="RGB"):
    """A light picture with a red top left corner, a green top right one and a blue bottom left one."""
    picture = Image.new("RGB", SIZE, (240, 240, 230))
    draw = ImageDraw.Draw(picture)
    draw.rectangle((0, 0, 15, 15), (220, 20, 20))
    draw.rectangle((48, 0, 63, 15), (20, 160, 20))
    draw.rectangle((0, 32, 15, 47), (20, 20, 220))
    return picture.quantize(16) if mode == "P" else picture.convert(mode)


def save(name, picture, **options):
    picture.save(HERE / name, **options)
    return HERE / name


def exiftool(path, *arguments):
    command = ["exiftool", "-q", "-overwrite_original", *arguments, str(path)]
    subprocess.run(command, check=True)


def ffmpeg(name, *arguments):
    command = ["ffmpeg", "-v", "error", "-y", *arguments, "-fflags", "+bitexact", str(HERE / name)]
    subprocess.run(command, check=True)


def profile(name):
    """An ICC profile (version 2) of three colourants and curves."""
    *xy, gamma = PRIMARIES[name]
    white = numpy.array([0.3127 / 0.3290, 1, (1 - 0.3127 - 0.3290) / 0.3290])
    columns = numpy.array([[x / y, 1, (1 - x - y) / y] for x, y in xy]).T
    to_xyz = columns * numpy.linalg.solve(columns, white)
    bradford = numpy.array([[0.8951, 0.2664, -0.1614], [-0.7502, 1.7135, 0.0367], [0.0389, -0.0685, 1.0296]])
    d50 = numpy.array([0.9642, 1, 0.8249])
    scale = numpy.diag((bradford @ d50) / (bradford @ white))
    colourants = numpy.linalg.inv(bradford) @ scale @ bradford @ to_xyz

    def fixed(number):
        return struct.pack(">i", round(number * 65536))

    def xyz(numbers):
        return b"XYZ \0\0\0\0" + b"".join(map(fixed, numbers))

    if gamma:
        curve = b"curv\0\0\0\0" + struct.pack(">IH", 1, round(gamma * 256))
    else:
        steps = [i / 255 for i in range(256)]
        linear = [v / 12.92 if v <= 0.04045 else ((v + 0.055) / 1.055) ** 2.4 for v in steps]
        curve = b"curv\0\0\0\0" + struct.pack(">I", 256) + b"".join(struct.pack(">H", round(v * 65535)) for v in linear)
    text = f"{name} of a test".encode() + b"\0"
    description = b"desc\0\0\0\0" + struct.pack(">I", len(text)) + text + bytes(4 + 4 + 2 + 1 + 67)
    tags = [(b"desc", description), (b"cprt", b"text\0\0\0\0None\0"), (b"wtpt", xyz(d50))]
    tags += [(b"rXYZ", xyz(colourants[:, 0])), (b"gXYZ", xyz(colourants[:, 1])), (b"bXYZ", xyz(colourants[:, 2]))]
    tags += [(b"rTRC", curve), (b"gTRC", curve), (b"bTRC", curve)]
    table, data, seen = b"", b"", {}
    start = 128 + 4 + 12 * len(tags)
    for tag, content in tags:
        if content not in seen:
            seen[content] = start + len(data)
            data += content + bytes(-len(content) % 4)
        table += tag + struct.pack(">II", seen[content], len(content))
    size = start + len(data)
    header = struct.pack(">I4sI4s4s4s", size, b"none", 0x02400000, b"mntr", b"RGB ", b"XYZ ")
    header += bytes(12) + b"acsp" + bytes(28) + b"".join(map(fixed, d50)) + bytes(48)
    assert len(header) == 128, len(header)
    return header + struct.pack(">I", len(tags)) + table + data


def chunk(name, data):
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def with_chunk(path, name, data):
    """Puts a chunk behind the header of a PNG."""
    png = path.read_bytes()
    path.write_bytes(png[:33] + chunk(name, data) + png[33:])


# Orientation: what is stored is what the camera saw, turned so that the tag makes it upright again.
BACK = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_90,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_270,
}
for orientation in range(1, 9):
    picture = marked()
    if orientation > 1:
        picture = picture.transpose(BACK[orientation])
    exif = Image.Exif()
    exif[0x0112] = orientation
    save(f"orientation-{orientation}.jpg", picture, quality=85, exif=exif)
exif = Image.Exif()
exif[0x0112] = 6
save("orientation-6.png", marked().transpose(BACK[6]), exif=exif)
save("orientation-6.webp", marked().transpose(BACK[6]), exif=exif, quality=90)

# What agencies and cameras write.
ALL = [
    "-XMP-dc:Creator=Jo Lind", "-XMP-dc:Creator=Ana Müller", "-XMP-dc:Rights=© 2026 Jo Lind", "-XMP-dc:Title=DSC_0001",
    "-XMP-dc:Description=Cranes in the harbour, 船", "-XMP-dc:Description-de=Kräne im Hafen",
    "-XMP-photoshop:Credit=Agency", "-XMP-photoshop:Headline=Harbour at work",
    "-XMP-xmpRights:UsageTerms=For one use only.", "-XMP-xmpRights:WebStatement=https://example.org/licence",
    "-XMP-iptcCore:AltTextAccessibility=Two cranes", "-XMP-plus:LicensorURL=https://example.org/buy",
    "-XMP-iptcExt:DigitalSourceType=http://cv.iptc.org/newscodes/digitalsourcetype/digitalCapture",
]
IIM = [
    "-codedcharacterset=utf8", "-IPTC:By-line=Jo Lind (IIM)", "-IPTC:Credit=Agency (IIM)", "-IPTC:Headline=Headline (IIM)",
    "-IPTC:Caption-Abstract=Kräne (IIM)", "-IPTC:CopyrightNotice=© IIM",
]
CAMERA = [
    "-EXIF:ImageDescription=A description (EXIF)", "-EXIF:Artist=Artist (EXIF)", "-EXIF:Copyright=© EXIF",
    "-EXIF:GPSLatitude=54.5", "-EXIF:GPSLatitudeRef=N", "-EXIF:GPSLongitude=9.4", "-EXIF:GPSLongitudeRef=E",
    "-EXIF:Model=Camera 1", "-EXIF:UserComment=secret",
]
for name, arguments in {
    "all.jpg": ["-EXIF:Orientation#=6", *ALL, *IIM, *CAMERA, "-Comment=secret"],
    "iim.jpg": IIM,
    "exif.jpg": CAMERA,
    "xmp.jpg": ALL,
    "all.png": [*ALL, *CAMERA],
    "all.webp": [*ALL, *CAMERA],
    "all.gif": [*ALL, "-Comment=secret"],
}.items():
    exiftool(save(name, marked()), *arguments)
latin = save("iim-latin1.jpg", marked())
exiftool(latin, "-charset", "iptc=Latin1", "-IPTC:By-line=Jürgen Ærø", "-IPTC:Caption-Abstract=Straße")
ATTRIBUTES = """<?xpacket begin='' id='W5M0MpCehiHzreSzNTczkc9d'?><x:xmpmeta xmlns:x='adobe:ns:meta/'>
<r:RDF xmlns:r='http://www.w3.org/1999/02/22-rdf-syntax-ns#'><r:Description r:about=''
 xmlns:ps='http://ns.adobe.com/photoshop/1.0/' xmlns:cc='http://creativecommons.org/ns#'
 ps:Credit='Smith &amp; S&#xF6;hne' ps:Headline='A &lt;b&gt;'>
<cc:license r:resource='https://creativecommons.org/licenses/by/4.0/'/></r:Description></r:RDF></x:xmpmeta>
<?xpacket end='w'?>"""
keyword = b"XML:com.adobe.xmp\0"
packed = save("xmp-deflated.png", marked("P"))
with_chunk(packed, b"iTXt", keyword + b"\1\0\0\0" + zlib.compress(ATTRIBUTES.encode(), 9))
bomb = save("xmp-bomb.png", marked("P"))
zeros = zlib.compressobj(9)
filler = b"".join([zeros.compress(ATTRIBUTES.replace("r:about=''", "r:about='" + " " * 20_000_000 + "'").encode()), zeros.flush()])
with_chunk(bomb, b"iTXt", keyword + b"\1\0\0\0" + filler)

# Channels, depths and colours.
save("grey.jpg", marked("L"), quality=85)
save("progressive.jpg", marked(), quality=85, progressive=True)
save("cmyk.jpg", marked("CMYK"), quality=90)
plain = (HERE / "cmyk.jpg").read_bytes()
at = plain.index(b"\xff\xee")
inverted = Image.fromarray(255 - numpy.asarray(marked("CMYK")), "CMYK")
inverted.save(HERE / "cmyk-plain.jpg", quality=90)
stored = (HERE / "cmyk-plain.jpg").read_bytes()
at = stored.index(b"\xff\xee")
length = struct.unpack(">H", stored[at + 2 : at + 4])[0]
(HERE / "cmyk-plain.jpg").write_bytes(stored[:at] + stored[at + 2 + length :])
save("rgba.png", marked("RGBA"))
alpha = marked("RGBA")
alpha.putalpha(Image.linear_gradient("L").resize(SIZE))
save("alpha.png", alpha)
save("alpha.webp", alpha, quality=90)
save("alpha-lossless.webp", alpha, lossless=True)
save("palette.png", marked("P"))
see_through = marked("P")
save("palette-transparent.png", see_through, transparency=see_through.getpixel((2, 2)))
save("grey.png", marked("L"))
save("grey-alpha.png", marked("LA"))
save("interlaced-1-bit.png", marked("1"))
deep = numpy.asarray(marked()).astype(">u2") * 257
rows = b"".join(b"\0" + row.tobytes() for row in deep)
png = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", *SIZE, 16, 2, 0, 0, 0))
(HERE / "16-bit.png").write_bytes(png + chunk(b"IDAT", zlib.compress(rows, 9)) + chunk(b"IEND", b""))
for name in PRIMARIES:
    save(f"{name}.jpg", marked(), quality=95, subsampling=0, icc_profile=profile(name))
save("p3.png", marked(), icc_profile=profile("p3"))
save("p3.webp", marked(), icc_profile=profile("p3"), lossless=True)
save("broken-profile.jpg", marked(), quality=85, icc_profile=b"\0" * 200)

# Animations.
frames = [marked(), marked("L").convert("RGB"), marked().transpose(Image.Transpose.FLIP_LEFT_RIGHT)]
for name in ("animated.gif", "animated.webp", "animated.png"):
    save(name, frames[0], save_all=True, append_images=frames[1:], duration=100, loop=3)
save("still.gif", marked("P"))
part = Image.new("P", (20, 10), 1)
buffer = io.BytesIO()
part.save(buffer, "gif")
gif = bytearray(buffer.getvalue())
image = gif.index(b"\x2c", 13 + 3 * (2 << (gif[10] & 7)))
gif[6:10] = struct.pack("<HH", *SIZE)
gif[image + 1 : image + 5] = struct.pack("<HH", 50, 5)
(HERE / "part.gif").write_bytes(gif)

# Sound, film, document.
tags = ["-metadata", "title=secret", "-metadata", "artist=secret"]
tone = ["-f", "lavfi", "-i", "sine=frequency=440:duration=1.5"]
film = ["-f", "lavfi", "-i", "testsrc=duration=1:size=64x48:rate=5"]
ffmpeg("tone-constant.mp3", *tone, "-b:a", "32k", "-ar", "22050", "-write_xing", "0", *tags, "-write_id3v1", "1")
ffmpeg("tone-variable.mp3", *tone, "-q:a", "9", *tags)
ffmpeg("tone.m4a", *tone, "-b:a", "16k", "-ar", "22050", *tags)
ffmpeg("film.mp4", *film, "-c:v", "mpeg4", "-q:v", "20", *tags)
exiftool(HERE / "film.mp4", "-XMP-dc:Creator=secret")
ffmpeg("film-fragments.mp4", *film, "-c:v", "mpeg4", "-q:v", "20", "-movflags", "frag_keyframe+empty_moov", *tags)
(HERE / "page.pdf").write_bytes(b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n")

sizes = {path.name: path.stat().st_size for path in sorted(HERE.iterdir())}
for name, size in sizes.items():
    print(f"{size:7} {name}")
print(sum(sizes.values()), "bytes in", len(sizes), "files")
