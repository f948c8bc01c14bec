use super::*;

fn holds(bytes: &[u8], text: &[u8]) -> bool {
    memchr::memmem::find(bytes, text).is_some()
}

#[test]
fn nothing_is_left_of_metadata() {
    for (name, format, bytes) in fixtures() {
        let bare = without_metadata(&bytes, format).unwrap();
        assert!(super::super::metadata(&bare, format).is_empty(), "{name}");
        for text in [
            &b"secret"[..],
            b"Lind",
            b"8BIM",
            b"GPS",
            b"xmpmeta",
            b"Camera 1",
            b"(EXIF)",
        ] {
            let is_left = holds(&bare, text);
            assert!(
                !is_left,
                "{name} still holds {}",
                String::from_utf8_lossy(text)
            );
        }
    }
}

#[test]
fn doing_it_twice_is_doing_it_once() {
    for (name, format, bytes) in fixtures() {
        let once = without_metadata(&bytes, format).unwrap();
        assert_eq!(without_metadata(&once, format).unwrap(), once, "{name}");
        assert_eq!(sniff(&once), Ok(format), "{name}");
        assert!(once.len() <= bytes.len() + 64, "{name}");
    }
}

#[test]
fn what_the_file_holds_stays_the_same() {
    for (name, format, bytes) in fixtures() {
        let bare = without_metadata(&bytes, format).unwrap();
        let (before, after) = (
            inspect(&bytes, format).unwrap(),
            inspect(&bare, format).unwrap(),
        );
        match format {
            // Without tags the length that is estimated is another one.
            Format::Mp3 => assert!(before.duration_ms.is_some() && after.duration_ms.is_some()),
            _ => assert_eq!(before, after, "{name}"),
        }
        if format.kind() == Kind::Image {
            let before = Picture::decode(&bytes, format).unwrap();
            let after = Picture::decode(&bare, format).unwrap();
            let all = |picture: &Picture| {
                let (width, height) = (picture.width(), picture.height());
                let whole = crop_rectangle(width, height, Crop::Whole, Focal::CENTRE);
                picture.part(whole, width, height).to_rgba()
            };
            assert_eq!(all(&before), all(&after), "{name}");
        }
    }
}

#[test]
fn boxes_of_films_stay_where_they_are() {
    for name in ["film.mp4", "film-fragments.mp4", "tone.m4a"] {
        let bytes = fixture(name);
        let bare = without_metadata(&bytes, Format::Mp4).unwrap();
        assert_eq!(bare.len(), bytes.len(), "{name}");
        assert_ne!(bare, bytes, "{name}");
    }
}

#[test]
fn what_follows_a_picture_is_cut_off() {
    let page = b"<html><script>alert(1)</script>";
    for (name, format, bytes) in fixtures() {
        if format.kind() == Kind::Image {
            let with_page = [&bytes[..], page].concat();
            let bare = without_metadata(&with_page, format).unwrap();
            assert_eq!(bare, without_metadata(&bytes, format).unwrap(), "{name}");
            assert!(Picture::decode(&with_page, format).is_ok(), "{name}");
        }
    }
}

#[test]
fn a_second_picture_is_cut_off() {
    let picture = fixture("grey.jpg");
    let two = [&picture[..], &picture].concat();
    let bare = without_metadata(&two, Format::Jpeg).unwrap();
    assert!(bare.len() <= picture.len());
}

#[test]
fn an_upright_picture_gets_no_exif() {
    for name in ["orientation-1.jpg", "all.png", "all.webp", "exif.jpg"] {
        let bytes = fixture(name);
        let bare = without_metadata(&bytes, sniff(&bytes).unwrap()).unwrap();
        assert!(
            !holds(&bare, b"Exif") && !holds(&bare, b"eXIf") && !holds(&bare, b"EXIF"),
            "{name}"
        );
    }
}

#[test]
fn colour_profiles_and_notes_on_channels_stay() {
    for name in ["p3.jpg", "cmyk.jpg"] {
        let bare = without_metadata(&fixture(name), Format::Jpeg).unwrap();
        assert!(
            holds(&bare, b"ICC_PROFILE") || holds(&bare, b"Adobe"),
            "{name}"
        );
    }
}

#[test]
fn a_thumbnail_is_taken_out() {
    let mut bytes = fixture("progressive.jpg");
    // The first segment, JFIF, with a thumbnail of one pixel.
    assert_eq!(&bytes[2..6], b"\xff\xe0\0\x10");
    bytes.splice(18..20, [1, 1, 0xaa, 0xbb, 0xcc]);
    bytes[5] = 0x13;
    let bare = without_metadata(&bytes, Format::Jpeg).unwrap();
    assert!(!holds(&bare, b"\xaa\xbb\xcc"));
    assert!(Picture::decode(&bare, Format::Jpeg).is_ok());
}

#[test]
fn an_animation_goes_on_as_often_as_before() {
    let bare = without_metadata(&fixture("animated.gif"), Format::Gif).unwrap();
    assert!(holds(&bare, b"NETSCAPE2.0\x03\x01\x03\0\0"));
}
