//! Where the files of an item are: below one address, under a name that cannot be guessed.

use crate::body::media::ImageCrop;
use pictures::{Crop, Encoding, Focal, Format, Variant, sizes};

/// The addresses of one item's files.
#[derive(Debug, Clone, Copy)]
pub struct Addresses<'a> {
    base: &'a str,
    name: &'a str,
}

impl<'a> Addresses<'a> {
    /// Of the item with a name, below an address without a slash at its end.
    pub fn new(base: &'a str, name: &'a str) -> Self {
        Self { base, name }
    }

    /// Of a file of its.
    pub fn of(&self, file: &str) -> String {
        format!("{}/{}/{file}", self.base, self.name)
    }

    /// What the file is called that was uploaded.
    pub fn original_file(format: Format) -> String {
        format!("original.{}", format.extension())
    }

    /// Of the file that was uploaded.
    pub fn original(&self, format: Format) -> String {
        self.of(&Self::original_file(format))
    }

    /// Of its parts with fixed ratios, of a picture of a size.
    pub fn crops(&self, size: Option<(u32, u32)>, focal: Focal) -> Vec<ImageCrop> {
        let Some((width, height)) = size else {
            return Vec::new();
        };
        let crops = Crop::ALL.into_iter().filter(|crop| *crop != Crop::Whole);
        let described = crops.filter_map(|crop| {
            let sizes = sizes(width, height, crop);
            let widths = sizes
                .iter()
                .filter_map(|(width, _)| u16::try_from(*width).ok());
            let file = Variant::new(1, crop, focal, Encoding::WebP)?.to_string();
            // The width stands before the first hyphen.
            let (_, rest) = file.split_once('-')?;
            Some(ImageCrop {
                ratio: crop.name()?.to_owned(),
                url: self.of(&format!("{{width}}-{rest}")),
                widths: widths.collect(),
            })
        });
        described.collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_crop_names_its_widths_and_where_they_are() {
        let addresses = Addresses::new("/media", "a1");
        let crops = addresses.crops(Some((1000, 600)), Focal::new(50, 40).unwrap());
        assert_eq!(crops.len(), 3);
        assert_eq!(crops[0].ratio, "16x9");
        assert_eq!(crops[0].url, "/media/a1/{width}-16x9-50-40.webp");
        assert_eq!(crops[0].widths, [320, 640, 960, 1000]);
        for width in &crops[0].widths {
            let file = format!("{width}-16x9-50-40.webp");
            let variant: Variant = file.parse().unwrap();
            assert!(variant.exists_for(1000, 600), "{file}");
        }
        assert!(addresses.crops(None, Focal::CENTRE).is_empty());
    }
}
