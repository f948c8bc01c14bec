//! Tests with files, most of which `tests/make_pictures.py` made.

mod decoding;
mod fuzzing;
mod metadata;
mod reading;
mod rendering;
mod stripping;

use super::*;

/// A file of the fixtures.
fn fixture(name: &str) -> Vec<u8> {
    let path = format!("{}/tests/fixtures/{name}", env!("CARGO_MANIFEST_DIR"));
    std::fs::read(&path).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// All fixtures, with their formats.
fn fixtures() -> Vec<(String, Format, Vec<u8>)> {
    let folder = format!("{}/tests/fixtures", env!("CARGO_MANIFEST_DIR"));
    let mut names: Vec<_> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    let with_content = names.into_iter().map(|name| {
        let bytes = fixture(&name);
        let format = sniff(&bytes).unwrap();
        assert!(name.ends_with(format.extension()), "{name}: {format}");
        (name, format, bytes)
    });
    with_content.collect()
}

/// The pixel of a picture at a place, in sRGB with alpha.
fn pixel(picture: &Picture, x: u32, y: u32) -> [u8; 4] {
    let place = Rectangle {
        left: x,
        top: y,
        width: 1,
        height: 1,
    };
    picture.part(place, 1, 1).to_rgba().try_into().unwrap()
}

/// Whether two colours look nearly the same.
fn is_near(one: [u8; 4], other: [u8; 4], most: u8) -> bool {
    one.iter()
        .zip(other)
        .all(|(one, other)| one.abs_diff(other) <= most)
}

const RED: [u8; 4] = [220, 20, 20, 255];
const GREEN: [u8; 4] = [20, 160, 20, 255];
const BLUE: [u8; 4] = [20, 20, 220, 255];
const LIGHT: [u8; 4] = [240, 240, 230, 255];

/// Whether the corners of a picture have their colours where they were drawn.
fn assert_upright(picture: &Picture, name: &str, most: u8) {
    assert_eq!((picture.width(), picture.height()), (64, 48), "{name}");
    for (x, y, colour) in [(6, 6, RED), (57, 6, GREEN), (6, 41, BLUE), (57, 41, LIGHT)] {
        let found = pixel(picture, x, y);
        assert!(
            is_near(found, colour, most),
            "{name} at {x}, {y}: {found:?}, not {colour:?}"
        );
    }
}

/// A chunk of a PNG.
fn png_chunk(name: &[u8; 4], data: &[u8]) -> Vec<u8> {
    let mut checked = name.to_vec();
    checked.extend_from_slice(data);
    let mut chunk = (data.len() as u32).to_be_bytes().to_vec();
    chunk.extend_from_slice(&checked);
    chunk.extend(crc32fast::hash(&checked).to_be_bytes());
    chunk
}

/// A PNG that claims a size, with compressed bytes for pixels.
fn png_of_size(width: u32, height: u32, pixels: &[u8]) -> Vec<u8> {
    let mut header = [width.to_be_bytes(), height.to_be_bytes()].concat();
    header.extend([8, 2, 0, 0, 0]);
    let mut file = b"\x89PNG\r\n\x1a\n".to_vec();
    file.extend(png_chunk(b"IHDR", &header));
    file.extend(png_chunk(b"IDAT", pixels));
    file.extend(png_chunk(b"IEND", b""));
    file
}

/// A GIF with many frames of one pixel.
fn gif_of_frames(frames: usize) -> Vec<u8> {
    let mut file = b"GIF89a\x40\0\x30\0\x80\0\0\0\0\0\xff\xff\xff".to_vec();
    for _ in 0..frames {
        file.extend(b"\x21\xf9\x04\0\x0a\0\0\0\x2c\0\0\0\0\x01\0\x01\0\0\x02\x02\x44\x01\0");
    }
    file.push(b';');
    file
}
