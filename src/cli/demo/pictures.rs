//! The pictures of the sample newsroom, drawn for it (scripts/draw-pictures).

use std::collections::HashMap;

use serde::Deserialize;
use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::app::StartError;
use crate::cli::CommandError;
use crate::config::MediaConfig;
use crate::db::Id;
use crate::media::files::{new_name, put_all};
use crate::media::input::MediaInput;
use crate::media::processing::{Processed, process};
use crate::media::store::write::NewItem;
use crate::objects::{Location, ObjectStore};
use crate::validation::from_json;
use pictures::Format;

/// What is said of a picture.
#[derive(Clone, Deserialize)]
pub(super) struct SamplePicture {
    /// Its file below `pictures/`.
    file: String,
    /// As whoever uploads it says it.
    #[serde(flatten)]
    said: serde_json::Map<String, Value>,
}

impl SamplePicture {
    /// What articles call it.
    fn name(&self) -> &str {
        self.file.trim_end_matches(".jpg")
    }
}

macro_rules! files {
    ($($name:literal),* $(,)?) => {
        &[$(($name, include_bytes!(concat!("pictures/", $name, ".jpg")))),*]
    };
}

/// The files, by name.
const FILES: &[(&str, &[u8])] = files![
    "brenn-footbridge",
    "carrow-houseboats",
    "gull-head-lighthouse",
    "harbour-cities-signing",
    "harbour-night",
    "harbour-night-session",
    "harbour-noon",
    "marrow-line-train",
    "marrow-valley-ditches",
    "neuwarden-kran",
    "san-aldo-volcano",
    "sand-silo-pool",
];

/// Stores the files of all pictures; returns what is to be written of them, by name.
pub(super) fn store(
    pictures: &[SamplePicture],
    location: &Location,
) -> Result<Vec<(String, NewItem)>, CommandError> {
    let objects =
        ObjectStore::open(location, MediaConfig::credentials()).map_err(StartError::from)?;
    // Making renditions takes the most of a start: on as many threads as there are cores.
    let cores = std::thread::available_parallelism().map_or(2, usize::from);
    let processed: Vec<_> = std::thread::scope(|scope| {
        let parts = FILES.chunks(FILES.len().div_ceil(cores).max(1));
        let threads: Vec<_> = parts
            .map(|part| scope.spawn(move || part.iter().map(read).collect::<Vec<_>>()))
            .collect();
        let made = threads.into_iter().map(|thread| thread.join());
        let made: Result<Vec<_>, _> = made.collect();
        made.map(|parts| parts.into_iter().flatten().collect())
            .map_err(|_| CommandError::Panicked)
    })?;
    let runtime = tokio::runtime::Handle::current();
    let mut items = Vec::new();
    for one in processed {
        let (name, bytes, mut processed) = one?;
        let files = new_name();
        let (renditions, original) = processed.take_files();
        let stored = put_all(&objects, &files, Format::Jpeg, renditions, original);
        runtime
            .block_on(stored)
            .map_err(|error| CommandError::Media(error.to_string()))?;
        let said = pictures.iter().find(|picture| picture.name() == name);
        let mut said = said.map_or_else(Default::default, |picture| picture.said.clone());
        said.insert("file_name".into(), Value::String(format!("{name}.jpg")));
        let said: MediaInput = from_json(Value::Object(said))
            .map_err(|wrong| CommandError::Media(format!("{name}: {wrong:?}")))?;
        let hash = Sha256::digest(bytes).into();
        let item = NewItem::of(&files, hash, Format::Jpeg, processed, said);
        items.push((name.to_owned(), item));
    }
    Ok(items)
}

/// A picture with all that is made of it.
fn read(
    &(name, bytes): &(&'static str, &'static [u8]),
) -> Result<(&'static str, &'static [u8], Processed), CommandError> {
    let made = process(bytes.to_vec(), Format::Jpeg, false);
    let made = made.map_err(|error| CommandError::Media(format!("{name}: {error}")))?;
    Ok((name, bytes, made))
}

/// Puts the id of a picture where the newsroom names it: `"media": NAME` becomes `"media_id"`.
pub(super) fn name(value: &mut Value, items: &HashMap<String, Id>) {
    match value {
        Value::Array(values) => values.iter_mut().for_each(|value| name(value, items)),
        Value::Object(members) => {
            if let Some(Value::String(picture)) = members.shift_remove("media")
                && let Some(id) = items.get(&picture)
            {
                members.insert("media_id".into(), Value::String(id.to_string()));
            }
            members.values_mut().for_each(|value| name(value, items));
        }
        _ => {}
    }
}
