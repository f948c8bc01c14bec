//! Signature Version 4 of AWS, as S3 has it: the path is encoded once, and the hash of the payload is a header.

use std::fmt::Write as _;

use chrono::{DateTime, Utc};
use hmac::{Hmac, Mac};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use sha2::{Digest, Sha256};

/// What is encoded in a value of a query: all but the unreserved characters of RFC 3986.
const IN_QUERY: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');
/// What is encoded in a path: the same, but slashes stay.
pub(super) const IN_PATH: &AsciiSet = &IN_QUERY.remove(b'/');

/// Who signs.
pub(super) struct Signer<'a> {
    pub access_key_id: &'a str,
    pub secret_access_key: &'a str,
    pub region: &'a str,
}

/// What is signed.
pub(super) struct Signed<'a> {
    pub method: &'a str,
    /// Encoded, as it is sent.
    pub path: &'a str,
    /// As [`query`] makes it.
    pub query: &'a str,
    /// All headers that are signed, `host` and `x-amz-date` among them: lower-case names in ascending order.
    pub headers: &'a [(&'a str, String)],
    /// The hash of the payload in hexadecimal.
    pub payload: &'a str,
}

/// A path encoded as it is signed and sent.
pub(super) fn path(text: &str) -> String {
    utf8_percent_encode(text, IN_PATH).to_string()
}

/// Parameters encoded and ordered as they are signed and sent.
pub(super) fn query(parameters: &[(&str, &str)]) -> String {
    let encoded = |text| utf8_percent_encode(text, IN_QUERY).to_string();
    let mut pairs: Vec<_> = parameters
        .iter()
        .map(|(name, value)| (encoded(name), encoded(value)))
        .collect();
    pairs.sort();
    let pairs: Vec<_> = pairs
        .iter()
        .map(|(name, value)| format!("{name}={value}"))
        .collect();
    pairs.join("&")
}

/// An instant as `x-amz-date` has it.
pub(super) fn timestamp(now: DateTime<Utc>) -> String {
    now.format("%Y%m%dT%H%M%SZ").to_string()
}

/// Bytes in hexadecimal.
pub(super) fn hexadecimal(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len() * 2);
    for byte in bytes {
        write!(text, "{byte:02x}").expect("writing to a string does not fail");
    }
    text
}

impl Signer<'_> {
    /// The header `Authorization` of a request that is made now.
    pub fn authorization(&self, signed: &Signed<'_>, now: DateTime<Utc>) -> String {
        let names: Vec<_> = signed.headers.iter().map(|(name, _)| *name).collect();
        let names = names.join(";");
        let request = canonical(signed, &names);
        let scope = format!("{}/{}/s3/aws4_request", now.format("%Y%m%d"), self.region);
        let text = format!(
            "AWS4-HMAC-SHA256\n{}\n{scope}\n{}",
            timestamp(now),
            hexadecimal(&Sha256::digest(request))
        );
        let signature = hexadecimal(&mac(&self.key(now), &text));
        format!(
            "AWS4-HMAC-SHA256 Credential={}/{scope},SignedHeaders={names},Signature={signature}",
            self.access_key_id
        )
    }

    /// What a day's requests are signed with.
    fn key(&self, now: DateTime<Utc>) -> [u8; 32] {
        let secret = format!("AWS4{}", self.secret_access_key);
        let day = mac(secret.as_bytes(), &now.format("%Y%m%d").to_string());
        let steps = [self.region, "s3", "aws4_request"];
        steps.iter().fold(day, |key, step| mac(&key, step))
    }
}

fn canonical(signed: &Signed<'_>, names: &str) -> String {
    let mut text = format!("{}\n{}\n{}\n", signed.method, signed.path, signed.query);
    for (name, value) in signed.headers {
        let words: Vec<_> = value.split_ascii_whitespace().collect();
        writeln!(text, "{name}:{}", words.join(" ")).expect("writing to a string does not fail");
    }
    write!(text, "\n{names}\n{}", signed.payload).expect("writing to a string does not fail");
    text
}

fn mac(key: &[u8], text: &str) -> [u8; 32] {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("HMAC takes keys of any length");
    mac.update(text.as_bytes());
    mac.finalize().into_bytes().into()
}

#[cfg(test)]
mod tests {
    //! The examples of "Authenticating Requests: Using the Authorization Header" in the documentation of S3.

    use chrono::TimeZone;

    use super::*;

    const EMPTY: &str = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
    const DATE: &str = "20130524T000000Z";
    const HOST: &str = "examplebucket.s3.amazonaws.com";

    /// The signature of a request, and the names of its signed headers.
    fn signature(
        method: &str,
        path: &str,
        query: &str,
        headers: &[(&str, &str)],
        payload: &str,
    ) -> (String, String) {
        let mut headers: Vec<_> = headers
            .iter()
            .chain(&[
                ("host", HOST),
                ("x-amz-content-sha256", payload),
                ("x-amz-date", DATE),
            ])
            .map(|(name, value)| (*name, (*value).to_owned()))
            .collect();
        headers.sort();
        let signer = Signer {
            access_key_id: "AKIAIOSFODNN7EXAMPLE",
            secret_access_key: "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
            region: "us-east-1",
        };
        let signed = Signed {
            method,
            path,
            query,
            headers: &headers,
            payload,
        };
        let now = Utc.with_ymd_and_hms(2013, 5, 24, 0, 0, 0).unwrap();
        let text = signer.authorization(&signed, now);
        let rest = text
            .strip_prefix(
                "AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request,SignedHeaders=",
            )
            .unwrap();
        let (names, signature) = rest.split_once(",Signature=").unwrap();
        (signature.to_owned(), names.to_owned())
    }

    #[test]
    fn getting_a_part_of_an_object_is_signed_as_aws_publishes_it() {
        let (signature, names) =
            signature("GET", "/test.txt", "", &[("range", "bytes=0-9")], EMPTY);
        assert_eq!(
            signature,
            "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41"
        );
        assert_eq!(names, "host;range;x-amz-content-sha256;x-amz-date");
    }

    #[test]
    fn putting_an_object_is_signed_as_aws_publishes_it() {
        let payload = hexadecimal(&Sha256::digest("Welcome to Amazon S3."));
        let headers = [
            ("date", "Fri, 24 May 2013 00:00:00 GMT"),
            ("x-amz-storage-class", "REDUCED_REDUNDANCY"),
        ];
        let (signature, _) = signature("PUT", &path("/test$file.text"), "", &headers, &payload);
        assert_eq!(
            signature,
            "98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd"
        );
    }

    #[test]
    fn listing_objects_is_signed_as_aws_publishes_it() {
        let query = query(&[("prefix", "J"), ("max-keys", "2")]);
        let (signature, _) = signature("GET", "/", &query, &[], EMPTY);
        assert_eq!(
            signature,
            "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7"
        );
    }

    #[test]
    fn a_parameter_without_a_value_is_signed_as_aws_publishes_it() {
        let (signature, _) = signature("GET", "/", &query(&[("lifecycle", "")]), &[], EMPTY);
        assert_eq!(
            signature,
            "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543"
        );
    }

    #[test]
    fn characters_are_encoded_as_aws_wants_it() {
        assert_eq!(path("/a b/ä+$~_-.x"), "/a%20b/%C3%A4%2B%24~_-.x");
        assert_eq!(
            query(&[("prefix", "a b/"), ("list-type", "2"), ("a", "1+1=2")]),
            "a=1%2B1%3D2&list-type=2&prefix=a%20b%2F"
        );
    }
}
