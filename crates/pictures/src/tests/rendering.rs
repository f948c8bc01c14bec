use std::collections::HashSet;

use super::*;

fn variant(name: &str) -> Variant {
    name.parse().unwrap()
}

/// A picture of a size whose left half is red and whose right half is blue.
fn halves(width: u32, height: u32) -> Picture {
    let row = (0..width).flat_map(|x| if x < width / 2 { RED } else { BLUE });
    let row: Vec<u8> = row
        .collect::<Vec<_>>()
        .chunks(4)
        .flat_map(|pixel| pixel[..3].to_vec())
        .collect();
    let row = [&[0], &row[..]].concat();
    let mut pixels = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::fast());
    for _ in 0..height {
        std::io::Write::write_all(&mut pixels, &row).unwrap();
    }
    let file = png_of_size(width, height, &pixels.finish().unwrap());
    Picture::decode(&file, Format::Png).unwrap()
}

#[test]
fn the_name_of_a_rendition_is_read_as_it_is_written() {
    for name in [
        "640.webp",
        "1920.jpg",
        "1.jpg",
        "640-16x9-50-40.webp",
        "333-4x3-0-100.jpg",
        "320-1x1-7-9.webp",
    ] {
        assert_eq!(variant(name).to_string(), name);
    }
    let cropped = variant("640-16x9-51-40.webp");
    assert_eq!((cropped.width(), cropped.crop()), (640, Crop::Wide));
    assert_eq!((cropped.focal().x(), cropped.focal().y()), (51, 40));
    assert_eq!(cropped.encoding(), Encoding::WebP);
    let moved = Variant::new(640, Crop::Whole, Focal::new(1, 2).unwrap(), Encoding::Jpeg);
    assert_eq!(moved.unwrap(), variant("640.jpg"));
}

#[test]
fn other_spellings_are_no_names() {
    for name in [
        "",
        ".webp",
        "640",
        "0640.webp",
        "+640.webp",
        "0.webp",
        "1921.webp",
        "640.WEBP",
        "640.png",
        "640.jpeg",
        "640-16x9.webp",
        "640-16x9-50.webp",
        "640-16x9-50-101.webp",
        "640-16x9-050-40.webp",
        "640-16x9-50-40-1.webp",
        "640-9x16-50-40.webp",
        "640-50-40.webp",
        " 640.webp",
        "640.webp ",
        "../640.webp",
        "99999999999.jpg",
        "٦.jpg",
        "640-16x9--1-40.webp",
        "640.webp.jpg",
    ] {
        assert_eq!(name.parse::<Variant>(), Err(NotAVariant), "{name}");
    }
}

#[test]
fn nothing_is_enlarged() {
    let widths = |width, height, crop| {
        sizes(width, height, crop)
            .into_iter()
            .map(|size| size.0)
            .collect::<Vec<_>>()
    };
    assert_eq!(widths(4000, 3000, Crop::Whole), WIDTHS);
    assert_eq!(widths(1920, 3000, Crop::Whole), WIDTHS);
    assert_eq!(widths(1921, 3000, Crop::Whole), WIDTHS);
    assert_eq!(widths(1919, 3000, Crop::Whole), [320, 640, 960, 1280, 1919]);
    assert_eq!(widths(640, 3000, Crop::Whole), [320, 640]);
    assert_eq!(widths(100, 3000, Crop::Whole), [100]);
    assert_eq!(widths(1000, 700, Crop::Square), [320, 640, 700]);
    assert_eq!(sizes(1, 1, Crop::Wide), [(1, 1)]);
    assert_eq!(sizes(16_383, 1, Crop::Whole)[0], (320, 1));
    assert_eq!(sizes(0, 5, Crop::Whole), []);
    assert_eq!(sizes(u32::MAX, u32::MAX, Crop::Wide), []);
    assert_eq!(
        sizes(4000, 3000, Crop::Wide),
        [
            (320, 180),
            (640, 360),
            (960, 540),
            (1280, 720),
            (1920, 1080)
        ]
    );
    assert!(variant("700-1x1-50-50.jpg").exists_for(1000, 700));
    assert!(!variant("960-1x1-50-50.jpg").exists_for(1000, 700));
    assert_eq!(variant("640.jpg").size_for(4000, 3000), Some((640, 480)));
}

#[test]
fn a_crop_lies_within_and_is_as_large_as_can_be() {
    for (width, height) in [
        (1, 1),
        (3, 2),
        (64, 48),
        (4000, 3000),
        (3000, 4000),
        (16_383, 1),
        (1, 16_383),
        (1001, 563),
    ] {
        for crop in Crop::ALL {
            for (x, y) in [(0, 0), (50, 50), (100, 100), (13, 87)] {
                let part = crop_rectangle(width, height, crop, Focal::new(x, y).unwrap());
                assert!(part.width > 0 && part.height > 0);
                assert!(part.left + part.width <= width && part.top + part.height <= height);
                assert!(
                    part.width == width || part.height == height,
                    "{crop:?} of {width} × {height}: {part:?}"
                );
            }
        }
    }
    let at = |x, y| crop_rectangle(4000, 3000, Crop::Square, Focal::new(x, y).unwrap()).left;
    assert_eq!(
        (at(0, 50), at(50, 50), at(60, 0), at(100, 50)),
        (0, 500, 900, 1000)
    );
}

#[test]
fn renditions_have_the_size_they_promise() {
    let picture = halves(2000, 1100);
    let focal = Focal::new(10, 10).unwrap();
    let mut variants = Vec::new();
    for crop in Crop::ALL {
        for (width, _) in sizes(2000, 1100, crop) {
            let of = |encoding| Variant::new(width, crop, focal, encoding).unwrap();
            variants.extend(Encoding::QUICK.map(of));
        }
    }
    for (variant, encoded) in picture.render(&variants) {
        let encoded = encoded.unwrap();
        let size = (encoded.width, encoded.height);
        assert_eq!(Some(size), variant.size_for(2000, 1100), "{variant}");
        let format = format_of(variant);
        assert_eq!(sniff(&encoded.bytes), Ok(format));
        let again = Picture::decode(&encoded.bytes, format).unwrap();
        assert_eq!((again.width(), again.height()), size, "{variant}");
        assert!(is_near(pixel(&again, 2, 2), RED, 12), "{variant}");
        let bare = without_metadata(&encoded.bytes, format).unwrap();
        assert_eq!(bare, encoded.bytes, "{variant} has metadata");
    }
}

#[test]
fn a_crop_shows_the_focal_point() {
    let picture = halves(1000, 200);
    for (name, left, right) in [
        ("200-1x1-0-50.webp", RED, RED),
        ("200-1x1-50-50.jpg", RED, BLUE),
        ("200-1x1-100-50.webp", BLUE, BLUE),
    ] {
        let (variant, encoded) = picture.render(&[variant(name)]).pop().unwrap();
        let picture = Picture::decode(&encoded.unwrap().bytes, format_of(variant)).unwrap();
        assert!(is_near(pixel(&picture, 5, 100), left, 14), "{name}");
        assert!(is_near(pixel(&picture, 194, 100), right, 14), "{name}");
    }
}

#[test]
fn a_turned_picture_is_cropped_as_it_is_seen() {
    for orientation in 1..=8 {
        let name = format!("orientation-{orientation}.jpg");
        let picture = Picture::decode(&fixture(&name), Format::Jpeg).unwrap();
        let wanted = [
            variant("48-1x1-0-0.webp"),
            variant("48-1x1-100-0.webp"),
            variant("64.webp"),
        ];
        let parts: Vec<_> = picture
            .render(&wanted)
            .into_iter()
            .map(|(_, encoded)| Picture::decode(&encoded.unwrap().bytes, Format::WebP).unwrap())
            .collect();
        assert!(is_near(pixel(&parts[0], 6, 6), RED, 20), "{name}");
        assert!(is_near(pixel(&parts[1], 41, 6), GREEN, 20), "{name}");
        assert_upright(&parts[2], &name, 20);
    }
}

#[test]
fn a_rendition_does_not_depend_on_the_others() {
    let picture = halves(1500, 900);
    let names = [
        "320.webp",
        "640.jpg",
        "1500.webp",
        "320-1x1-50-50.jpg",
        "960.webp",
    ];
    let all = picture.render(&names.map(variant));
    for (name, (variant, encoded)) in names.into_iter().zip(all) {
        assert_eq!(variant.to_string(), name);
        assert_eq!(picture.render(&[variant]), [(variant, encoded)]);
    }
}

#[test]
fn a_rendition_that_is_not_there_is_not_made() {
    let picture = halves(1000, 900);
    for name in ["1280.webp", "333.jpg", "1.jpg"] {
        let (_, refused) = picture.render(&[variant(name)]).pop().unwrap();
        assert_eq!(refused, Err(NotRendered::NotThere), "{name}");
    }
}

#[test]
fn transparency_is_kept_in_webp_and_white_in_jpeg() {
    let picture = Picture::decode(&fixture("alpha.png"), Format::Png).unwrap();
    let mut rendered = picture
        .render(&[variant("64.webp"), variant("64.jpg")])
        .into_iter();
    let mut next =
        |format| Picture::decode(&rendered.next().unwrap().1.unwrap().bytes, format).unwrap();
    let webp = next(Format::WebP);
    assert!(webp.has_alpha());
    assert!(is_near(pixel(&webp, 6, 41), pixel(&picture, 6, 41), 16));
    let jpeg = next(Format::Jpeg);
    assert!(!jpeg.has_alpha());
    assert!(is_near(pixel(&jpeg, 6, 0), [255; 4], 14));
    assert!(is_near(pixel(&jpeg, 57, 46), LIGHT, 14));
}

#[test]
fn no_two_renditions_share_a_name() {
    let mut names = HashSet::new();
    for crop in Crop::ALL {
        for encoding in Encoding::ALL.iter().copied() {
            for width in 1..=1920 {
                let variant = Variant::new(width, crop, Focal::CENTRE, encoding).unwrap();
                assert!(names.insert(variant.to_string()));
            }
        }
    }
    assert_eq!(
        Variant::new(0, Crop::Whole, Focal::CENTRE, Encoding::Jpeg),
        None
    );
    assert_eq!(
        Variant::new(1921, Crop::Whole, Focal::CENTRE, Encoding::Jpeg),
        None
    );
}

/// What a rendition that is made quickly is.
fn format_of(variant: Variant) -> Format {
    let format = Format::from_mime(variant.encoding().mime());
    format.expect("AVIF is written, and not read")
}

/// Pixels are read back by another program, in the check of pictures that are served.
#[cfg(feature = "avif")]
#[test]
fn avif_is_a_still_picture_of_the_size_it_promises() {
    let picture = Picture::decode(&fixture("alpha.png"), Format::Png).unwrap();
    let names = ["64.avif", "48-1x1-50-50.avif"];
    for (variant, encoded) in picture.render(&names.map(variant)) {
        let encoded = encoded.unwrap();
        let size = (encoded.width, encoded.height);
        assert_eq!(
            Some(size),
            variant.size_for(picture.width(), picture.height())
        );
        assert_eq!(&encoded.bytes[4..12], b"ftypavif");
        // The extents (ISO/IEC 23008-12, `ispe`) of the picture and of its alpha.
        let mut extents = b"ispe\0\0\0\0".to_vec();
        extents.extend(size.0.to_be_bytes());
        extents.extend(size.1.to_be_bytes());
        assert!(encoded.bytes.windows(16).any(|part| part == extents));
        let alpha = b"urn:mpeg:mpegB:cicp:systems:auxiliary:alpha";
        assert!(encoded.bytes.windows(alpha.len()).any(|part| part == alpha));
    }
    assert!("64.avif".parse::<Variant>().is_ok());
}

#[cfg(not(feature = "avif"))]
#[test]
fn without_its_feature_there_is_no_avif() {
    assert!("64.avif".parse::<Variant>().is_err());
}
