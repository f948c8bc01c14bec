"""Pictures as cameras, agencies and programs make them."""

import io
import random
import struct
import zlib

from PIL import Image, ImageDraw

RED, GREEN, BLUE, WHITE = (220, 30, 30), (30, 180, 40), (30, 40, 210), (250, 250, 250)


def corners(width=400, height=300):
    """Each corner has its colour, so that it shows how it was turned: red at the top left, green at the top right, blue
    at the bottom left, white at the bottom right."""
    picture = Image.new("RGB", (width, height))
    draw = ImageDraw.Draw(picture)
    x, y = width // 2, height // 2
    for place, colour in [((0, 0), RED), ((x, 0), GREEN), ((0, y), BLUE), ((x, y), WHITE)]:
        draw.rectangle([place, (place[0] + x, place[1] + y)], fill=colour)
    return picture


def colours_at_corners(picture):
    """The colours of the corners of a picture, in the order of `corners`."""
    picture = picture.convert("RGB")
    x, y = picture.width // 8, picture.height // 8
    right, bottom = picture.width - 1 - x, picture.height - 1 - y
    return [picture.getpixel(place) for place in [(x, y), (right, y), (x, bottom), (right, bottom)]]


def distance(one, other):
    """How far apart two colours are at most, in any channel."""
    return max(abs(a - b) for a, b in zip(one, other))


def saved(picture, kind, **options):
    out = io.BytesIO()
    picture.save(out, kind, **options)
    return out.getvalue()


# How a picture lies in a file with an orientation, when it is upright without one.
TURNED = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_90,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_270,
}


def oriented(number, kind="JPEG", **options):
    picture = corners()
    if number in TURNED:
        picture = picture.transpose(TURNED[number])
    exif = Image.Exif()
    exif[0x0112] = number
    return saved(picture, kind, exif=exif, **options)


def with_maker_notes():
    """As a camera makes it: with notes that only its maker understands, and the camera's number in them."""
    exif = Image.Exif()
    exif[0x010F], exif[0x0110] = "Example Cameras", "One"
    exif.get_ifd(0x8769).update({0x927C: b"EXAMPLE\0serial SECRET-NOTES", 0xA431: "SECRET-SERIAL"})
    return saved(corners(), "JPEG", quality=90, exif=exif)


def places():
    """Of which each pixel says where it is: red grows from left to right, green from top to bottom."""
    width, height = 1000, 625
    across = Image.linear_gradient("L").rotate(90).resize((width, height))
    down = Image.linear_gradient("L").resize((width, height))
    if across.getpixel((0, 0)) > 128:
        across = across.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
    return Image.merge("RGB", (across, down, Image.new("L", (width, height), 128)))


def photo(width, height, seed, quality=90):
    """Something with edges and grain, other for each seed."""
    chance = random.Random(seed)
    small = Image.frombytes("RGB", (width // 8, height // 8), chance.randbytes(width // 8 * (height // 8) * 3))
    return saved(small.resize((width, height), Image.Resampling.BICUBIC), "JPEG", quality=quality)


# --- PNG by hand, for what Pillow does not write

PNG = b"\x89PNG\r\n\x1a\n"


def chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png(width, height, depth, colour, packed, before=b""):
    header = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0)
    return PNG + chunk(b"IHDR", header) + before + chunk(b"IDAT", packed) + chunk(b"IEND", b"")


def png_of_16_bits():
    """`corners` with 16 bits for each of red, green and blue."""
    picture = corners()
    rows = bytearray()
    for y in range(picture.height):
        rows.append(0)
        for x in range(picture.width):
            for value in picture.getpixel((x, y)):
                rows += struct.pack(">H", value * 257)
    return png(picture.width, picture.height, 16, 2, zlib.compress(bytes(rows)))


def zeros(count):
    """So many zeros, packed; never whole in memory."""
    packer = zlib.compressobj(9)
    block, out = bytes(1 << 20), []
    while count > 0:
        out.append(packer.compress(block[: min(count, len(block))]))
        count -= len(block)
    return b"".join(out) + packer.flush()


# --- Colour profiles by hand

def fixed(value):
    return struct.pack(">i", round(value * 65536))


def xyz(*values):
    return b"XYZ \0\0\0\0" + b"".join(map(fixed, values))


def text(value):
    encoded = value.encode("utf-16-be")
    return b"mluc\0\0\0\0" + struct.pack(">II2s2sII", 1, 12, b"en", b"US", len(encoded), 28) + encoded


def profile(version, kind, colours, between, tags):
    table, data = struct.pack(">I", len(tags)), b""
    start = 128 + 4 + 12 * len(tags)
    for name, value in tags.items():
        table += name + struct.pack(">II", start + len(data), len(value))
        data += value + bytes(-len(value) % 4)
    length = 128 + len(table) + len(data)
    header = struct.pack(">I4sI4s4s4s", length, bytes(4), version, kind, colours, between)
    header += struct.pack(">6H4s", 2026, 1, 1, 0, 0, 0, b"acsp") + bytes(28)
    header += fixed(0.9642) + fixed(1.0) + fixed(0.8249)
    return header.ljust(128, b"\0") + table + data


def display_p3():
    """Display P3, as phones write it: its primaries (adapted to D50), and the curve of sRGB."""
    curve = b"para\0\0\0\0" + struct.pack(">HH", 3, 0)
    curve += b"".join(map(fixed, [2.4, 1 / 1.055, 0.055 / 1.055, 1 / 12.92, 0.04045]))
    return profile(0x04000000, b"mntr", b"RGB ", b"XYZ ", {
        b"desc": text("Display P3"), b"cprt": text("Nobody's"), b"wtpt": xyz(0.9642, 1.0, 0.8249),
        b"rXYZ": xyz(0.51512, 0.24120, -0.00105), b"gXYZ": xyz(0.29198, 0.69225, 0.04189),
        b"bXYZ": xyz(0.15710, 0.06657, 0.78407), b"rTRC": curve, b"gTRC": curve, b"bTRC": curve,
    })


# What ink looks like on paper, roughly as in offset printing (L, a, b): cyan, magenta and yellow, there or not.
INKS = {
    (0, 0, 0): (95, 0, -2), (0, 0, 1): (89, -5, 90), (0, 1, 0): (48, 74, -3), (0, 1, 1): (47, 68, 48),
    (1, 0, 0): (55, -37, -50), (1, 0, 1): (50, -65, 27), (1, 1, 0): (24, 20, -46), (1, 1, 1): (23, 0, 0),
}


def ink():
    """A profile of ink. Between the colours above it does what who reads it does; the tables change nothing."""
    same = bytes(range(256))
    table = b"mft1\0\0\0\0" + bytes([4, 3, 2, 0])
    table += b"".join(fixed(value) for value in (1, 0, 0, 0, 1, 0, 0, 0, 1)) + same * 4
    for (c, m, y), (light, a, b) in sorted(INKS.items()):
        for black in (1, 0.15):
            table += bytes([round(light * black * 2.55), round(128 + a * black), round(128 + b * black)])
    return profile(0x02400000, b"prtr", b"CMYK", b"Lab ", {
        b"desc": b"desc\0\0\0\0" + struct.pack(">I", 4) + b"Ink\0" + bytes(78), b"cprt": b"text\0\0\0\0Nobody's\0",
        b"wtpt": xyz(0.9642, 1.0, 0.8249), b"A2B0": table + same * 3,
    })


def printed():
    """Corners of pure ink: magenta and yellow, cyan and yellow, cyan and magenta, none."""
    picture = Image.new("CMYK", (400, 300))
    full = [((0, 0), (0, 255, 255, 0)), ((200, 0), (255, 0, 255, 0)), ((0, 150), (255, 255, 0, 0))]
    for (x, y), colour in full:
        picture.paste(colour, (x, y, x + 200, y + 150))
    return picture
