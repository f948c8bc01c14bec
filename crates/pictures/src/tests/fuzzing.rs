//! Files that were changed at random. `EXECUTIONS` sets how many are tried.

use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};

use super::*;

#[derive(Debug, Clone)]
enum Change {
    Flip(usize, u8),
    Cut(usize),
    Remove(usize, usize),
    Repeat(usize, usize),
    Splice(usize, usize, usize, usize),
    Number(usize, u32),
}

fn change() -> impl Strategy<Value = Change> {
    let place = || any::<u16>().prop_map(usize::from);
    prop_oneof![
        6 => (place(), any::<u8>()).prop_map(|(at, by)| Change::Flip(at, by)),
        1 => place().prop_map(Change::Cut),
        1 => (place(), 0_usize..64).prop_map(|(at, count)| Change::Remove(at, count)),
        1 => (place(), 0_usize..400).prop_map(|(at, count)| Change::Repeat(at, count)),
        2 => (0_usize..100, place(), place(), 0_usize..600)
            .prop_map(|(file, from, to, count)| Change::Splice(file, from, to, count)),
        2 => (place(), prop_oneof![Just(0), Just(u32::MAX), Just(0x7fff_ffff), 0_u32..300, any::<u32>()])
            .prop_map(|(at, number)| Change::Number(at, number)),
    ]
}

/// Most changes go to the start, where sizes and structure are.
fn place(at: usize, length: usize) -> usize {
    let within = if at.is_multiple_of(3) {
        length
    } else {
        length.min(200)
    };
    at % within.max(1)
}

fn changed(mut file: Vec<u8>, change: &Change, files: &[(String, Format, Vec<u8>)]) -> Vec<u8> {
    let length = file.len();
    match *change {
        Change::Flip(at, by) if length > 0 => file[place(at, length)] ^= by,
        Change::Cut(at) => file.truncate(at % (length + 1)),
        Change::Remove(at, count) => {
            let at = place(at, length);
            file.drain(at.min(length)..(at + count).min(length));
        }
        Change::Repeat(at, count) => {
            let at = place(at, length).min(length);
            let part = file[at..(at + count).min(length)].to_vec();
            file.splice(at..at, part);
        }
        Change::Splice(other, from, to, count) => {
            let other = &files[other % files.len()].2;
            let from = place(from, other.len());
            let to = place(to, length).min(length);
            file.splice(
                to..to,
                other[from..(from + count).min(other.len())].to_vec(),
            );
        }
        Change::Number(at, number) if length >= 4 => {
            let at = place(at, length - 3);
            file[at..at + 4].copy_from_slice(&number.to_be_bytes());
        }
        _ => {}
    }
    file
}

fn executions(otherwise: u32) -> u32 {
    let wanted = std::env::var("EXECUTIONS").ok();
    wanted
        .and_then(|wanted| wanted.parse().ok())
        .unwrap_or(otherwise)
}

/// Tries a claim with changed files of all formats.
fn try_with(cases: u32, claim: impl Fn(&[u8], Format) -> Result<(), TestCaseError>) {
    let files = fixtures();
    let config = Config {
        cases,
        failure_persistence: None,
        max_shrink_iters: 2_000,
        ..Config::default()
    };
    let inputs = (0..files.len(), prop::collection::vec(change(), 1..5));
    let tried = TestRunner::new(config).run(&inputs, |(file, changes)| {
        let (_, format, bytes) = files[file].clone();
        let changed = changes
            .iter()
            .fold(bytes, |bytes, change| changed(bytes, change, &files));
        claim(&changed, sniff(&changed).unwrap_or(format))
    });
    tried.unwrap_or_else(|error| panic!("{error}"));
}

#[test]
fn changed_files_are_read_or_refused() {
    try_with(executions(3_000), |bytes, format| {
        let said = super::super::metadata(bytes, format);
        prop_assert!(
            said.caption
                .is_none_or(|caption| caption.chars().count() <= 5_000)
        );
        let inspected = inspect(bytes, format);
        let Ok(bare) = without_metadata(bytes, format) else {
            return Ok(());
        };
        if format.kind() == Kind::Image {
            prop_assert_eq!(inspect(&bare, format), inspected);
            prop_assert!(super::super::metadata(&bare, format).is_empty());
        }
        prop_assert!(bare.len() <= bytes.len() + 64);
        let again = without_metadata(&bare, format);
        prop_assert_eq!(again, Ok(bare));
        Ok(())
    });
}

#[test]
fn changed_pictures_are_rendered_or_refused() {
    try_with(executions(500), |bytes, format| {
        // Larger ones take long, and go the same way.
        let pixels = |found: Inspected| {
            u64::from(found.width.unwrap_or(0)) * u64::from(found.height.unwrap_or(0))
        };
        if inspect(bytes, format).is_ok_and(|found| pixels(found) > 100_000) {
            return Ok(());
        }
        if let Ok(picture) = Picture::decode(bytes, format) {
            let (width, height) = (picture.width(), picture.height());
            prop_assert_eq!(inspect(bytes, format).unwrap().width, Some(width));
            prop_assert!(!picture.thumbhash().is_empty());
            let (smallest, _) = sizes(width, height, Crop::Square)[0];
            let wanted = Encoding::QUICK.map(|encoding| {
                Variant::new(smallest, Crop::Square, Focal::CENTRE, encoding).unwrap()
            });
            for (_, rendered) in picture.render(&wanted) {
                prop_assert!(rendered.is_ok());
            }
        }
        Ok(())
    });
}
