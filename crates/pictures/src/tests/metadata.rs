use super::*;

fn read(name: &str) -> Metadata {
    let bytes = fixture(name);
    super::super::metadata(&bytes, sniff(&bytes).unwrap())
}

fn some(text: &str) -> Option<String> {
    Some(text.to_owned())
}

/// What XMP says in the fixtures.
fn xmp() -> Metadata {
    Metadata {
        alt: some("Two cranes"),
        headline: some("Harbour at work"),
        caption: some("Cranes in the harbour, 船"),
        by_line: some("Jo Lind, Ana Müller"),
        credit: some("Agency"),
        copyright_notice: some("© 2026 Jo Lind"),
        usage_terms: some("For one use only."),
        licence_url: some("https://example.org/licence"),
        digital_source_type: some("digitalCapture"),
    }
}

#[test]
fn xmp_is_read_in_all_formats_and_comes_first() {
    for name in ["xmp.jpg", "all.jpg", "all.png", "all.webp", "all.gif"] {
        assert_eq!(read(name), xmp(), "{name}");
    }
}

#[test]
fn iim_is_read_in_its_encoding() {
    let iim = Metadata {
        headline: some("Headline (IIM)"),
        caption: some("Kräne (IIM)"),
        by_line: some("Jo Lind (IIM)"),
        credit: some("Agency (IIM)"),
        copyright_notice: some("© IIM"),
        ..Metadata::default()
    };
    assert_eq!(read("iim.jpg"), iim);
    let latin = read("iim-latin1.jpg");
    assert_eq!(latin.by_line, some("Jürgen Ærø"));
    assert_eq!(latin.caption, some("Straße"));
}

#[test]
fn exif_is_read_where_nothing_else_is() {
    let exif = Metadata {
        caption: some("A description (EXIF)"),
        by_line: some("Artist (EXIF)"),
        copyright_notice: some("© EXIF"),
        ..Metadata::default()
    };
    assert_eq!(read("exif.jpg"), exif);
}

/// A PNG with EXIF of one text in the first directory, in either order of bytes.
fn with_exif(is_big_endian: bool, tag: u16, kind: u16, text: &[u8]) -> Vec<u8> {
    let u16 = |number: u16| {
        if is_big_endian {
            number.to_be_bytes()
        } else {
            number.to_le_bytes()
        }
    };
    let u32 = |number: u32| {
        if is_big_endian {
            number.to_be_bytes()
        } else {
            number.to_le_bytes()
        }
    };
    let mut exif = if is_big_endian { *b"MM" } else { *b"II" }.to_vec();
    exif.extend(u16(42));
    exif.extend(u32(8));
    exif.extend([u16(1), u16(tag), u16(kind)].concat());
    exif.extend(u32(text.len() as u32));
    exif.extend(u32(26));
    exif.extend(u32(0));
    exif.extend_from_slice(text);
    let mut file = png_of_size(1, 1, b"");
    file.splice(33..33, png_chunk(b"eXIf", &exif));
    file
}

#[test]
fn texts_of_exif_are_read_in_any_order_of_bytes_and_encoding() {
    for is_big_endian in [false, true] {
        let caption = |kind, text: &[u8]| {
            let file = with_exif(is_big_endian, 0x010e, kind, text);
            super::super::metadata(&file, Format::Png).caption
        };
        assert_eq!(caption(2, b"A harbour\0"), some("A harbour"));
        assert_eq!(caption(129, "Häfen\0".as_bytes()), some("Häfen"));
        assert_eq!(caption(2, b"H\xe4fen\0"), some("Häfen"));
        assert_eq!(caption(2, b"OLYMPUS DIGITAL CAMERA         \0"), None);
        assert_eq!(caption(7, b"A harbour\0"), None);
        let notice = with_exif(is_big_endian, 0x8298, 2, b"Jo Lind\0Agency\0");
        let notice = super::super::metadata(&notice, Format::Png).copyright_notice;
        assert_eq!(notice, some("Jo Lind, Agency"));
    }
}

#[test]
fn xmp_in_attributes_is_read_under_any_prefix() {
    let found = read("xmp-deflated.png");
    assert_eq!(found.credit, some("Smith & Söhne"));
    assert_eq!(found.headline, some("A <b>"));
    assert_eq!(
        found.licence_url,
        some("https://creativecommons.org/licenses/by/4.0/")
    );
}

#[test]
fn a_document_that_unpacks_to_megabytes_is_read_in_part() {
    assert!(read("xmp-bomb.png").is_empty());
}

#[test]
fn a_picture_that_says_nothing_has_no_metadata() {
    for name in [
        "orientation-6.jpg",
        "p3.jpg",
        "alpha.webp",
        "animated.gif",
        "film.mp4",
        "tone.m4a",
        "page.pdf",
    ] {
        assert!(read(name).is_empty(), "{name}");
    }
}

/// A PNG with a document of XMP.
fn with_xmp(document: &str) -> Vec<u8> {
    let text = [b"XML:com.adobe.xmp\0\0\0\0\0", document.as_bytes()].concat();
    let mut file = png_of_size(1, 1, b"");
    file.splice(33..33, png_chunk(b"iTXt", &text));
    file
}

fn read_xmp(description: &str) -> Metadata {
    let document = format!(
        "<x:xmpmeta xmlns:x='adobe:ns:meta/'><rdf:RDF xmlns:rdf='http://www.w3.org/1999/02/22-rdf-syntax-ns#'>\
         <rdf:Description xmlns:dc='http://purl.org/dc/elements/1.1/' xmlns:plus='http://ns.useplus.org/ldf/xmp/1.0/' \
         xmlns:Iptc4xmpExt='http://iptc.org/std/Iptc4xmpExt/2008-02-29/'>{description}</rdf:Description></rdf:RDF></x:xmpmeta>"
    );
    super::super::metadata(&with_xmp(&document), Format::Png)
}

#[test]
fn the_default_language_is_preferred() {
    let alternatives = |default: &str| {
        read_xmp(&format!(
            "<dc:rights><rdf:Alt><rdf:li xml:lang='de'>Rechte</rdf:li>\
             <rdf:li xml:lang='{default}'>Rights</rdf:li></rdf:Alt></dc:rights>"
        ))
    };
    assert_eq!(alternatives("x-default").copyright_notice, some("Rights"));
    assert_eq!(alternatives("en").copyright_notice, some("Rechte"));
}

#[test]
fn simple_values_count_where_lists_are_expected() {
    let found =
        read_xmp("<dc:creator>Jo Lind</dc:creator><dc:description>\n a\n b </dc:description>");
    assert_eq!(found.by_line, some("Jo Lind"));
    assert_eq!(found.caption, some("a\n b"));
}

#[test]
fn a_licensor_is_found_in_its_list() {
    let found = read_xmp(
        "<plus:Licensor><rdf:Seq><rdf:li rdf:parseType='Resource'><plus:LicensorURL>https://example.org/buy\
         </plus:LicensorURL></rdf:li></rdf:Seq></plus:Licensor>",
    );
    assert_eq!(found.licence_url, some("https://example.org/buy"));
}

#[test]
fn properties_of_other_things_than_the_picture_do_not_count() {
    let found = read_xmp(
        "<other xmlns='x'><rdf:Bag><rdf:li><rdf:Description><dc:rights>theirs</dc:rights>\
         </rdf:Description></rdf:li></rdf:Bag></other>",
    );
    assert!(found.is_empty());
}

#[test]
fn only_terms_of_the_vocabulary_are_source_types() {
    let of = |value: &str| {
        let element = "Iptc4xmpExt:DigitalSourceType";
        read_xmp(&format!("<{element}>{value}</{element}>")).digital_source_type
    };
    let vocabulary = "http://cv.iptc.org/newscodes/digitalsourcetype/";
    let term = "trainedAlgorithmicMedia";
    assert_eq!(of(&format!("{vocabulary}{term}")), some(term));
    for wrong in [
        "trainedAlgorithmicMedia",
        "http://example.org/x",
        vocabulary,
        &format!("{vocabulary}a/b"),
    ] {
        assert_eq!(of(wrong), None, "{wrong}");
    }
}

#[test]
fn entities_are_not_expanded() {
    let document = "<!DOCTYPE x [<!ENTITY a 'aaaa'><!ENTITY b '&a;&a;'>]><rdf:RDF \
        xmlns:rdf='http://www.w3.org/1999/02/22-rdf-syntax-ns#' xmlns:dc='http://purl.org/dc/elements/1.1/'>\
        <rdf:Description dc:creator='&b;'><dc:rights>&b;</dc:rights></rdf:Description></rdf:RDF>";
    assert!(super::super::metadata(&with_xmp(document), Format::Png).is_empty());
}

#[test]
fn deep_and_long_documents_are_read_in_part() {
    let deep = "<a>".repeat(100_000);
    assert!(super::super::metadata(&with_xmp(&deep), Format::Png).is_empty());
    let long = format!("<dc:rights>{}</dc:rights>", "ä".repeat(20_000));
    let found = read_xmp(&long).copyright_notice.unwrap();
    assert_eq!(found.chars().count(), 1_000);
    let names: String = (0..1000).map(|_| "<rdf:li>Jo</rdf:li>").collect();
    let found = read_xmp(&format!(
        "<dc:creator><rdf:Seq>{names}</rdf:Seq></dc:creator>"
    ));
    assert_eq!(found.by_line.unwrap().split(", ").count(), 100);
}

#[test]
fn a_credit_line_names_each_once() {
    let line = |by_line: Option<&str>, credit: Option<&str>| {
        let metadata = Metadata {
            by_line: by_line.map(str::to_owned),
            credit: credit.map(str::to_owned),
            ..Metadata::default()
        };
        metadata.credit_line()
    };
    assert_eq!(
        line(Some("Jo Lind"), Some("Agency")),
        some("Jo Lind/Agency")
    );
    assert_eq!(line(Some("Jo Lind"), None), some("Jo Lind"));
    assert_eq!(line(None, Some("Agency")), some("Agency"));
    assert_eq!(line(Some("Agency"), Some("AGENCY")), some("AGENCY"));
    assert_eq!(
        line(Some("Jo Lind"), Some("Jo Lind/Agency")),
        some("Jo Lind/Agency")
    );
    assert_eq!(
        line(Some("Jo Lind/Agency"), Some("Agency")),
        some("Jo Lind/Agency")
    );
    assert_eq!(line(None, None), None);
}
