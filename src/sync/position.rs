//! How far a client has come: through everything first, then along the log.

use std::fmt;
use std::str::FromStr;

use uuid::Uuid;

use crate::db::Id;
use crate::events::mark::Mark;
use crate::http::cursor::{CursorKey, Position};
use crate::problem::{INVALID_CURSOR, Problem};

/// What it is sent next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// All articles, the oldest first.
    Articles,
    /// All tags, by name.
    Tags,
    /// All authors, by name.
    Authors,
    /// What the log says.
    Changes,
    /// The articles that show a tag whose name has changed.
    OfTag(Id),
    /// The same of an author.
    OfAuthor(Id),
}

/// How far it has come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Progress {
    /// What it is sent next.
    pub stage: Stage,
    /// The number in the log up to which it knows all, once the stage is over.
    pub sequence: i64,
    /// The last entry of the log when it was sent what it has: things are sent as they are then.
    pub known: Mark,
    /// The last item of the stage that it was sent, by the value that they are sorted by and its id.
    pub last: Option<(String, Id)>,
}

/// What cursors of it belong to.
const LIST: &str = "sync";

const NONE: Id = Id(Uuid::nil());

impl fmt::Display for Stage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Articles => f.write_str("articles"),
            Self::Tags => f.write_str("tags"),
            Self::Authors => f.write_str("authors"),
            Self::Changes => f.write_str("changes"),
            Self::OfTag(id) => write!(f, "tag-{id}"),
            Self::OfAuthor(id) => write!(f, "author-{id}"),
        }
    }
}

impl FromStr for Stage {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let id = |text: &str| text.parse::<Uuid>().map(Id).map_err(|_| ());
        match (text, text.split_once('-')) {
            ("articles", _) => Ok(Self::Articles),
            ("tags", _) => Ok(Self::Tags),
            ("authors", _) => Ok(Self::Authors),
            ("changes", _) => Ok(Self::Changes),
            (_, Some(("tag", tag))) => id(tag).map(Self::OfTag),
            (_, Some(("author", author))) => id(author).map(Self::OfAuthor),
            _ => Err(()),
        }
    }
}

impl Progress {
    /// At the beginning of a stage.
    pub fn at(stage: Stage, sequence: i64, known: Mark) -> Self {
        Self {
            stage,
            sequence,
            known,
            last: None,
        }
    }

    /// The same after an item.
    pub fn after(&self, value: String, id: Id) -> Self {
        Self {
            last: Some((value, id)),
            ..self.clone()
        }
    }

    /// The cursor of it.
    pub fn seal(&self, key: &CursorKey) -> String {
        let (value, id) = self.last.clone().unwrap_or((String::new(), NONE));
        let position = Position {
            value: format!("{} {}@{} {value}", self.stage, self.sequence, self.known),
            id,
            backward: false,
            inclusive: self.last.is_none(),
        };
        key.seal(LIST, &position)
    }

    /// What a cursor stands for.
    ///
    /// # Errors
    /// `invalid-cursor` when it is anything but one that this newsroom's servers made.
    pub fn open(key: &CursorKey, cursor: &str) -> Result<Self, Problem> {
        let position = key.open(LIST, cursor)?;
        let read = || {
            let mut parts = position.value.splitn(3, ' ');
            let stage = parts.next()?.parse().ok()?;
            // A cursor of before there were marks has only the number.
            let place = parts.next()?;
            let (sequence, known) = place.split_once('@').unwrap_or((place, place));
            let (sequence, known) = (sequence.parse().ok()?, known.parse().ok()?);
            let value = parts.next()?.to_owned();
            Some(Self {
                stage,
                sequence,
                known,
                last: (!position.inclusive).then_some((value, position.id)),
            })
        };
        read().ok_or_else(|| Problem::new(&INVALID_CURSOR, INVALID_CURSOR.meaning))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_sealed_is_opened() {
        let key = CursorKey::new(b"secret");
        let id = Id::generate();
        for stage in [
            Stage::Articles,
            Stage::Tags,
            Stage::Authors,
            Stage::Changes,
            Stage::OfTag(id),
            Stage::OfAuthor(id),
        ] {
            let start = Progress::at(stage, 42, Mark::of(57, Some(&[7; 32])));
            let later = start.after("2026-03-01T08:30:00.000Z of 1".into(), Id::generate());
            for progress in [start, later] {
                let opened = Progress::open(&key, &progress.seal(&key)).unwrap();
                assert_eq!(opened, progress);
            }
        }
        let other = CursorKey::new(b"another newsroom");
        let cursor = Progress::at(Stage::Changes, 1, Mark::BEGINNING).seal(&other);
        assert!(Progress::open(&key, &cursor).is_err());
    }

    #[test]
    fn a_cursor_with_a_number_alone_is_opened() {
        let key = CursorKey::new(b"secret");
        let position = Position {
            value: "changes 42 ".into(),
            id: NONE,
            backward: false,
            inclusive: true,
        };
        let opened = Progress::open(&key, &key.seal(LIST, &position)).unwrap();
        let known = Mark::of(42, None);
        assert_eq!(opened, Progress::at(Stage::Changes, 42, known));
    }
}
