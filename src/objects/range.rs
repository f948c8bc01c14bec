//! Parts of objects.

use std::ops::Range;

/// Some bytes of an object, as a `Range` of HTTP asks for them (RFC 9110, section 14.1.2). Positions are bytes and
/// begin with 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ByteRange {
    /// From this one on: `bytes=5-`.
    From(u64),
    /// From the first to the last, both included: `bytes=5-9`.
    Between(u64, u64),
    /// So many at the end: `bytes=-5`.
    Last(u64),
}

impl ByteRange {
    /// The bytes that an object of `total` bytes has of it; `None` when it has none, which HTTP answers with 416.
    pub fn within(self, total: u64) -> Option<Range<u64>> {
        let range = match self {
            Self::From(first) => first..total,
            Self::Between(first, last) => first..last.saturating_add(1).min(total),
            Self::Last(count) => total.saturating_sub(count)..total,
        };
        (range.start < range.end).then_some(range)
    }

    /// As the header `Range` has it.
    pub(super) fn header(self) -> String {
        match self {
            Self::From(first) => format!("bytes={first}-"),
            Self::Between(first, last) => format!("bytes={first}-{last}"),
            Self::Last(count) => format!("bytes=-{count}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::ByteRange::{Between, From, Last};

    #[test]
    fn a_range_is_cut_to_what_there_is() {
        assert_eq!(From(3).within(10), Some(3..10));
        assert_eq!(Between(3, 4).within(10), Some(3..5));
        assert_eq!(Between(3, u64::MAX).within(10), Some(3..10));
        assert_eq!(Last(4).within(10), Some(6..10));
        assert_eq!(Last(40).within(10), Some(0..10));
    }

    #[test]
    fn a_range_beyond_the_end_has_nothing() {
        assert_eq!(From(10).within(10), None);
        assert_eq!(Between(10, 12).within(10), None);
        assert_eq!(Between(5, 4).within(10), None);
        assert_eq!(Last(0).within(10), None);
        assert_eq!(Last(5).within(0), None);
        assert_eq!(From(0).within(0), None);
    }
}
