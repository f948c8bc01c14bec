"""Draws the pictures that are named, or all of them.

    draw.py FOLDER EXIFTOOL [NAME…]
"""

import pathlib
import subprocess
import sys

import numpy as np
import pyvips

import scenes

LARGEST = 69_000  # bytes
SOURCE_TYPE = "http://cv.iptc.org/newscodes/digitalsourcetype/algorithmicMedia"

# What two of the files say of themselves. Nobody says it again when they are taken up.
WRITTEN = {
    "harbour-noon": [
        "-XMP-photoshop:Credit=Harbour Pictures", "-XMP-dc:Creator=Kim Illustrator",
        "-XMP-dc:Description-x-default=The same quay at noon.",
        "-XMP-iptcCore:AltTextAccessibility-x-default=Red cranes, a container ship and a sea wall under a blue sky at noon",
        "-XMP-dc:Rights-x-default=© Harbour Pictures",
        f"-XMP-iptcExt:DigitalSourceType={SOURCE_TYPE}",
    ],
    "harbour-night": [
        "-codedcharacterset=utf8", "-IPTC:Credit=Harbour Pictures", "-IPTC:By-line=Kim Illustrator",
        "-IPTC:Caption-Abstract=The same quay at night, with the lamps on the sea wall lit.",
        "-IPTC:CopyrightNotice=© Harbour Pictures",
    ],
}


def encode(picture):
    """As good a JPEG as its size allows."""
    picture = pyvips.Image.new_from_array(np.asarray(picture))
    for quality in range(80, 40, -2):
        data = picture.jpegsave_buffer(
            Q=quality, interlace=True, optimize_coding=True, optimize_scans=True, trellis_quant=True,
            overshoot_deringing=True, quant_table=3, keep="none")
        if len(data) <= LARGEST:
            return data, quality
    raise SystemExit("a picture with too much in it")


def main(folder, exiftool, *names):
    if unknown := set(names) - set(scenes.ALL):
        raise SystemExit(f"draw-pictures: no picture is called {', '.join(unknown)}; there are {', '.join(scenes.ALL)}")
    for name in names or scenes.ALL:
        data, quality = encode(scenes.ALL[name](name))
        path = pathlib.Path(folder, f"{name}.jpg")
        path.write_bytes(data)
        if name in WRITTEN:
            subprocess.run([exiftool, "-q", "-z", "-overwrite_original", *WRITTEN[name], path], check=True)
        print(f"{path}: {path.stat().st_size} bytes, quality {quality}")


main(*sys.argv[1:])
