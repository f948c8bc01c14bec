//! Content codings (RFC 9110, section 8.4).

use std::cell::RefCell;
use std::io::Write;

use actix_web::HttpMessage;
use actix_web::http::header::{
    self, AcceptEncoding, ContentEncoding, Encoding, Header, HeaderValue,
};

/// Shorter responses are sent as they are: compressing them saves no packet.
const WORTHWHILE: usize = 1024;

/// How a response's bytes are coded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Coding {
    /// As they are.
    Identity,
    /// Brotli (RFC 7932).
    Brotli,
    /// Zstandard (RFC 8878).
    Zstd,
    /// gzip (RFC 1952).
    Gzip,
}

/// Distinct `Accept-Encoding` headers that a worker remembers: browsers send very few.
const REMEMBERED: usize = 16;

thread_local! {
    static NEGOTIATED: RefCell<Vec<(HeaderValue, Coding)>> = const { RefCell::new(Vec::new()) };
}

impl Coding {
    /// All, the one that is preferred among equals first.
    pub const ALL: [Self; 4] = [Self::Brotli, Self::Zstd, Self::Gzip, Self::Identity];

    /// The coding that the client wants most, by the q-values of `Accept-Encoding`. A client that
    /// refuses all of them gets the bytes as they are.
    pub fn accepted(request: &impl HttpMessage) -> Self {
        let mut values = request.headers().get_all(header::ACCEPT_ENCODING);
        let Some(value) = values.next() else {
            return Self::Identity;
        };
        if values.next().is_some() {
            return Self::negotiate(request);
        }
        NEGOTIATED.with_borrow_mut(|negotiated| {
            if let Some((_, coding)) = negotiated.iter().find(|(known, _)| known == value) {
                return *coding;
            }
            let coding = Self::negotiate(request);
            if negotiated.len() < REMEMBERED && value.len() <= 64 {
                negotiated.push((value.clone(), coding));
            }
            coding
        })
    }

    fn negotiate(request: &impl HttpMessage) -> Self {
        let wanted = AcceptEncoding::parse(request).ok();
        let supported = [
            Encoding::brotli(),
            Encoding::zstd(),
            Encoding::gzip(),
            Encoding::identity(),
        ];
        match wanted.and_then(|wanted| wanted.negotiate(supported.iter())) {
            Some(Encoding::Known(ContentEncoding::Brotli)) => Self::Brotli,
            Some(Encoding::Known(ContentEncoding::Zstd)) => Self::Zstd,
            Some(Encoding::Known(ContentEncoding::Gzip)) => Self::Gzip,
            _ => Self::Identity,
        }
    }

    /// `Content-Encoding`, which bytes as they are go without.
    pub fn name(self) -> Option<&'static str> {
        match self {
            Self::Identity => None,
            Self::Brotli => Some("br"),
            Self::Zstd => Some("zstd"),
            Self::Gzip => Some("gzip"),
        }
    }

    /// The bytes in this coding; `None` when it is not worth it.
    pub fn code(self, bytes: &[u8]) -> Option<Vec<u8>> {
        if bytes.len() < WORTHWHILE {
            return None;
        }
        let coded = match self {
            Self::Identity => return None,
            Self::Brotli => {
                let mut coded = Vec::new();
                let mut writer = brotli::CompressorWriter::new(&mut coded, 4096, 5, 20);
                writer.write_all(bytes).ok()?;
                drop(writer);
                coded
            }
            Self::Zstd => zstd::bulk::compress(bytes, 6).ok()?,
            Self::Gzip => {
                let mut writer =
                    flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::new(6));
                writer.write_all(bytes).ok()?;
                writer.finish().ok()?
            }
        };
        (coded.len() < bytes.len()).then_some(coded)
    }
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;

    use super::*;

    fn accepted(value: &'static str) -> Coding {
        let request = TestRequest::default().insert_header((header::ACCEPT_ENCODING, value));
        Coding::accepted(&request.to_request())
    }

    #[test]
    fn the_client_chooses_by_quality() {
        let request = TestRequest::default().to_request();
        assert_eq!(Coding::accepted(&request), Coding::Identity);
        for (value, coding) in [
            ("", Coding::Identity),
            ("gzip, deflate, br, zstd", Coding::Brotli),
            ("gzip, deflate, br, zstd", Coding::Brotli),
            ("gzip;q=1.0, br;q=0.5", Coding::Gzip),
            ("zstd;q=0.9, gzip;q=0.9", Coding::Zstd),
            ("br;q=0", Coding::Identity),
            ("deflate", Coding::Identity),
            ("identity;q=0", Coding::Identity),
            ("nonsense;;q", Coding::Identity),
        ] {
            assert_eq!(accepted(value), coding, "{value}");
        }
    }

    #[test]
    fn short_bytes_stay_as_they_are() {
        assert!(Coding::Brotli.code(b"short").is_none());
        let long = vec![b'a'; 2 * WORTHWHILE];
        for coding in Coding::ALL {
            assert_eq!(coding.code(&long).is_some(), coding != Coding::Identity);
        }
    }
}
