use super::*;

fn decoded(name: &str) -> Picture {
    let bytes = fixture(name);
    Picture::decode(&bytes, sniff(&bytes).unwrap())
        .unwrap_or_else(|error| panic!("{name}: {error}"))
}

#[test]
fn every_orientation_is_turned_upright() {
    for orientation in 1..=8 {
        let name = format!("orientation-{orientation}.jpg");
        assert_upright(&decoded(&name), &name, 12);
    }
    for name in ["orientation-6.png", "orientation-6.webp"] {
        assert_upright(&decoded(name), name, 12);
    }
}

#[test]
fn pictures_of_all_sorts_are_decoded() {
    for name in [
        "xmp.jpg",
        "progressive.jpg",
        "broken-profile.jpg",
        "srgb.jpg",
        "16-bit.png",
        "rgba.png",
        "palette.png",
        "all.png",
        "all.webp",
        "all.gif",
        "still.gif",
        "animated.gif",
        "animated.webp",
        "animated.png",
    ] {
        let picture = decoded(name);
        assert_upright(&picture, name, 14);
        assert!(!picture.has_alpha(), "{name}");
    }
}

#[test]
fn grey_pictures_are_grey() {
    for name in ["grey.jpg", "grey.png", "grey-alpha.png"] {
        let picture = decoded(name);
        let [r, g, b, _] = pixel(&picture, 6, 6);
        assert!(
            r == g && g == b && r.abs_diff(80) < 8,
            "{name}: {r} {g} {b}"
        );
        assert!(!picture.has_alpha());
    }
    assert_eq!(pixel(&decoded("interlaced-1-bit.png"), 60, 45), [255; 4]);
}

#[test]
fn ink_becomes_light() {
    for name in ["cmyk.jpg", "cmyk-plain.jpg"] {
        assert_upright(&decoded(name), name, 14);
    }
}

#[test]
fn transparency_stays() {
    for name in ["alpha.png", "alpha.webp", "alpha-lossless.webp"] {
        let picture = decoded(name);
        assert!(picture.has_alpha(), "{name}");
        assert!(pixel(&picture, 6, 0)[3] < 16, "{name}");
        assert!(
            is_near(pixel(&picture, 6, 41), [20, 20, 220, 219], 20),
            "{name}"
        );
        assert!(pixel(&picture, 57, 47)[3] > 240, "{name}");
    }
    let picture = decoded("palette-transparent.png");
    assert_eq!(pixel(&picture, 2, 2)[3], 0);
    assert_eq!(pixel(&picture, 32, 20)[3], 255);
    let part = decoded("part.gif");
    assert_eq!(pixel(&part, 49, 6)[3], 0);
    assert_eq!(pixel(&part, 63, 6)[3], 255);
    assert_eq!(pixel(&part, 63, 20)[3], 0);
}

#[test]
fn colours_of_a_wide_profile_become_srgb() {
    // By the numbers: what (220, 20, 20) of the profile is in sRGB.
    for name in ["p3.jpg", "p3.png", "p3.webp"] {
        let picture = decoded(name);
        let red = pixel(&picture, 6, 6);
        assert!(is_near(red, [242, 0, 0, 255], 6), "{name}: {red:?}");
        let green = pixel(&picture, 57, 6);
        assert!(is_near(green, [0, 163, 0, 255], 8), "{name}: {green:?}");
    }
    let picture = decoded("adobe.jpg");
    let red = pixel(&picture, 6, 6);
    assert!(is_near(red, [254, 20, 20, 255], 8), "{red:?}");
    assert!(is_near(pixel(&picture, 57, 41), LIGHT, 3));
}

#[test]
fn sound_films_and_documents_are_no_pictures() {
    for name in ["tone.m4a", "tone-constant.mp3", "film.mp4", "page.pdf"] {
        let bytes = fixture(name);
        let refused = Picture::decode(&bytes, sniff(&bytes).unwrap());
        assert_eq!(refused.unwrap_err(), Unreadable::NotAPicture, "{name}");
    }
}

#[test]
fn a_file_of_another_format_is_damaged() {
    for (name, format, bytes) in fixtures() {
        for other in [Format::Jpeg, Format::Png, Format::WebP, Format::Gif] {
            if other != format {
                assert!(Picture::decode(&bytes, other).is_err(), "{name} as {other}");
                assert!(
                    without_metadata(&bytes, other).is_err(),
                    "{name} as {other}"
                );
            }
        }
    }
}

#[test]
fn a_placeholder_has_the_shape_of_the_picture() {
    let upright = decoded("orientation-1.jpg").thumbhash();
    assert!((5..=25).contains(&upright.len()));
    for orientation in 2..=8 {
        let turned = decoded(&format!("orientation-{orientation}.jpg"));
        let ratio = |hash: &[u8]| thumbhash::thumb_hash_to_approximate_aspect_ratio(hash).unwrap();
        assert_eq!(ratio(&turned.thumbhash()), ratio(&upright));
    }
    assert!(
        decoded("alpha.png").thumbhash()[2] & 0x80 != 0,
        "it says that it is transparent"
    );
}
