//! Opaque, signed positions in lists.
//!
//! A cursor is the sort value and id of the last item of a page, for the page after it, or of the
//! first one, for the page before it, under an HMAC (RFC 2104) over both and
//! over the list it belongs to. Nobody can make one up, and one from another list, other filters
//! or another order is refused rather than misread.

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use hmac::{Hmac, Mac};
use sha2::Sha256;
use uuid::Uuid;

use crate::db::Id;
use crate::problem::{INVALID_CURSOR, Problem};

/// Bytes of the HMAC that are kept.
const MAC_BYTES: usize = 12;

/// The key that cursors are signed with: the same in all processes of one database.
#[derive(Clone)]
pub struct CursorKey(Hmac<Sha256>);

/// Where a page ended, or began.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Position {
    /// The item's value of what the list is sorted by.
    pub value: String,
    /// The item's id, which tells apart what sorts alike.
    pub id: Id,
    /// Whether the page before the item is meant, not the one after it.
    pub backward: bool,
    /// Whether the item itself belongs to that page: what a page without items is left by.
    pub inclusive: bool,
}

impl CursorKey {
    /// A key from secret bytes.
    pub fn new(secret: &[u8]) -> Self {
        Self(Hmac::new_from_slice(secret).expect("HMAC takes keys of any length"))
    }

    fn mac(&self, list: &str, payload: &[u8]) -> Hmac<Sha256> {
        let mut mac = self.0.clone();
        mac.update(&(list.len() as u64).to_be_bytes());
        mac.update(list.as_bytes());
        mac.update(payload);
        mac
    }

    /// The cursor of a position in `list` (which names the list, its order and its filters).
    pub fn seal(&self, list: &str, position: &Position) -> String {
        let mut payload = vec![u8::from(position.backward) | u8::from(position.inclusive) << 1];
        payload.extend_from_slice(position.id.0.as_bytes());
        payload.extend_from_slice(position.value.as_bytes());
        let mut cursor = self.mac(list, &payload).finalize().into_bytes()[..MAC_BYTES].to_vec();
        cursor.extend_from_slice(&payload);
        BASE64_URL_SAFE_NO_PAD.encode(cursor)
    }

    /// The position that a cursor of `list` stands for.
    ///
    /// # Errors
    /// `invalid-cursor` when it is anything but one that [`seal`](Self::seal) made for this list.
    pub fn open(&self, list: &str, cursor: &str) -> Result<Position, Problem> {
        self.try_open(list, cursor)
            .ok_or_else(|| Problem::new(&INVALID_CURSOR, INVALID_CURSOR.meaning))
    }

    fn try_open(&self, list: &str, cursor: &str) -> Option<Position> {
        if cursor.len() > 2_000 {
            return None;
        }
        let bytes = BASE64_URL_SAFE_NO_PAD.decode(cursor).ok()?;
        let (mac, payload) = bytes.split_at_checked(MAC_BYTES)?;
        self.mac(list, payload).verify_truncated_left(mac).ok()?;
        let (direction, payload) = payload.split_first()?;
        let (id, value) = payload.split_at_checked(16)?;
        Some(Position {
            value: String::from_utf8(value.to_vec()).ok()?,
            id: Id(Uuid::from_slice(id).ok()?),
            backward: direction & 1 != 0,
            inclusive: direction & 2 != 0,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_cursor_opens_to_what_was_sealed(value in ".*", id in any::<u128>(), backward in any::<bool>(), inclusive in any::<bool>(), list in ".*") {
            let key = CursorKey::new(b"secret");
            let position = Position { value, id: Id(Uuid::from_u128(id)), backward, inclusive };
            let cursor = key.seal(&list, &position);
            prop_assert_eq!(key.open(&list, &cursor).unwrap(), position);
            let foreign = key.open(&(list.clone() + "x"), &cursor);
            prop_assert!(foreign.is_err());
            prop_assert!(CursorKey::new(b"other").open(&list, &cursor).is_err());
        }

        #[test]
        fn a_tampered_cursor_is_refused(value in "[a-z]{0,9}", index in any::<prop::sample::Index>(), bit in 0_u8..8) {
            let key = CursorKey::new(b"secret");
            let cursor = key.seal("list", &Position { value, id: Id(Uuid::from_u128(7)), backward: false, inclusive: false });
            let mut bytes = BASE64_URL_SAFE_NO_PAD.decode(&cursor).unwrap();
            let at = index.index(bytes.len());
            bytes[at] ^= 1 << bit;
            prop_assert!(key.open("list", &BASE64_URL_SAFE_NO_PAD.encode(bytes)).is_err());
        }

        #[test]
        fn noise_is_refused(cursor in ".*") {
            prop_assert!(CursorKey::new(b"secret").open("list", &cursor).is_err());
        }
    }
}
