use super::*;

#[test]
fn what_is_not_taken_is_named() {
    for (head, seems) in [
        (&b""[..], "empty"),
        (
            b"\xef\xbb\xbf <?xml version='1.0'?><!-- x --><svg xmlns='http://www.w3.org/2000/svg'>",
            "an SVG drawing",
        ),
        (b"<!DOCTYPE html><title>x</title><svg>", "an SVG drawing"),
        (b"\n<!doctype HTML><p>", "an HTML page"),
        (b"<?xml version='1.0'?><rss/>", "an XML document"),
        (b"\0\0\0\x18ftypheic\0\0\0\0mif1heic", "a HEIC picture"),
        (b"\0\0\0\x18ftypmif1\0\0\0\0mif1heic", "a HEIC picture"),
        (b"\0\0\0\x18ftypmif1\0\0\0\0mif1avif", "an AVIF picture"),
        (b"\0\0\0\x18ftypavif\0\0\0\0mif1avif", "an AVIF picture"),
        (b"\0\0\0\x14ftypqt  \0\0\0\0qt  ", "a QuickTime film"),
        (b"\0\0\0\x08wide\0\0\0\x10mdat", "a QuickTime film"),
        (b"\0\0\0\x14ftyp3gp4\0\0\0\x003gp4", "a 3GP film"),
        (b"II*\0\x08\0\0\0", "a TIFF picture"),
        (b"BM\x36\0\0\0\0\0\0\0\x36\0", "a BMP picture"),
        (b"RIFF\x24\0\0\0WAVEfmt ", "WAV audio"),
        (b"OggS\0\x02", "an Ogg file"),
        (b"PK\x03\x04", "a ZIP archive or an office document"),
        (b"\xff\xf1\x50\x80", "AAC audio without a file format"),
        (b"Dear editor,", "a text"),
        (b"\0\x01\x02\x03\x04\x05\x06\x07\x08", "of an unknown type"),
        (b"\xff\xfeh\0i\0", "of an unknown type"),
    ] {
        let found = sniff(head);
        assert_eq!(
            found.unwrap_err().seems,
            seems,
            "{:?}",
            String::from_utf8_lossy(head)
        );
    }
}

#[test]
fn a_format_is_told_by_content_whatever_follows() {
    for (_, format, bytes) in fixtures() {
        let with_page = [&bytes[..], b"<html><script>alert(1)</script>"].concat();
        assert_eq!(sniff(&with_page), Ok(format));
    }
    assert_eq!(
        sniff(b"\0\0\0\x18ftypdash\0\0\0\0iso6mp41"),
        Ok(Format::Mp4)
    );
    assert_eq!(
        sniff(b"\0\0\0\x18ftypXXXX\0\0\0\0M4A mp42"),
        Ok(Format::M4a)
    );
}

#[test]
fn sizes_are_those_of_the_upright_picture() {
    for (name, format, bytes) in fixtures() {
        if format.kind() == Kind::Image {
            let found = inspect(&bytes, format).unwrap();
            let turned = name == "all.jpg";
            let size = if turned { (48, 64) } else { (64, 48) };
            assert_eq!(
                (found.width, found.height),
                (Some(size.0), Some(size.1)),
                "{name}"
            );
            assert_eq!(found.is_animated, name.starts_with("animated"), "{name}");
            assert_eq!(found.duration_ms, None);
        }
    }
}

#[test]
fn sound_and_films_say_how_long_they_are() {
    for (name, around) in [
        ("tone-constant.mp3", 1500),
        ("tone-variable.mp3", 1500),
        ("tone.m4a", 1500),
        ("film.mp4", 1000),
    ] {
        let bytes = fixture(name);
        let found = inspect(&bytes, sniff(&bytes).unwrap()).unwrap();
        let duration = found.duration_ms.unwrap();
        assert!(duration.abs_diff(around) < 120, "{name}: {duration}");
    }
    let film = inspect(&fixture("film.mp4"), Format::Mp4).unwrap();
    assert_eq!((film.width, film.height), (Some(64), Some(48)));
    let sound = inspect(&fixture("tone.m4a"), Format::M4a).unwrap();
    assert_eq!((sound.width, sound.height), (None, None));
    let in_parts = inspect(&fixture("film-fragments.mp4"), Format::Mp4).unwrap();
    assert_eq!((in_parts.width, in_parts.height), (Some(64), Some(48)));
    assert_eq!(
        inspect(&fixture("page.pdf"), Format::Pdf),
        Ok(Inspected::default())
    );
}

#[test]
fn a_truncated_picture_is_refused() {
    for (name, format, bytes) in fixtures() {
        if format.kind() == Kind::Image {
            for length in 0..bytes.len() {
                let cut = &bytes[..length];
                assert!(inspect(cut, format).is_err(), "{name} cut to {length}");
                assert!(
                    without_metadata(cut, format).is_err(),
                    "{name} cut to {length}"
                );
                assert!(
                    Picture::decode(cut, format).is_err(),
                    "{name} cut to {length}"
                );
                assert!(metadata(cut, format).is_empty(), "{name} cut to {length}");
            }
        }
    }
}

#[test]
fn a_truncated_film_is_refused_or_has_its_index() {
    let film = fixture("film.mp4");
    for length in (0..film.len()).step_by(7) {
        match inspect(&film[..length], Format::Mp4) {
            Ok(found) => assert!(found.duration_ms.is_some(), "cut to {length}"),
            Err(error) => assert_ne!(error, Unreadable::NotAPicture),
        }
    }
}

#[test]
fn a_picture_with_too_many_pixels_is_refused_unread() {
    let file = png_of_size(30_000, 30_000, &[0; 40_000]);
    let refused = Unreadable::TooManyPixels {
        width: 30_000,
        height: 30_000,
    };
    assert_eq!(inspect(&file, Format::Png), Err(refused.clone()));
    assert_eq!(Picture::decode(&file, Format::Png).unwrap_err(), refused);
    assert_eq!(without_metadata(&file, Format::Png), Err(refused));
    let long = png_of_size(MAX_SIDE + 1, 1, &[0; 10]);
    assert!(matches!(
        inspect(&long, Format::Png),
        Err(Unreadable::TooManyPixels { .. })
    ));
    let none = png_of_size(0, 1, &[0; 10]);
    assert!(matches!(
        inspect(&none, Format::Png),
        Err(Unreadable::Damaged(_))
    ));
}

#[test]
fn a_picture_of_many_frames_is_read_by_its_first() {
    let file = gif_of_frames(10_000);
    let found = inspect(&file, Format::Gif).unwrap();
    assert!(found.is_animated);
    assert_eq!((found.width, found.height), (Some(64), Some(48)));
    let picture = Picture::decode(&file, Format::Gif).unwrap();
    assert!(picture.has_alpha(), "one pixel of it is drawn");
    assert!(!inspect(&gif_of_frames(1), Format::Gif).unwrap().is_animated);
}
