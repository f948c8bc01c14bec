//! What becomes of calls when a server of S3 fails.

use std::time::Duration;

use futures_util::{StreamExt, TryStreamExt};

use super::*;
use crate::objects::tests::{body, key, pattern};
use crate::objects::{Location, Received};
use crate::outbound::fake_server::{Answer, FakeServer, answer};

/// A store that does not wait long.
fn store(server: &FakeServer) -> S3 {
    let location = format!("s3://bucket/pre?endpoint=http://{}", server.address);
    let Ok(Location::S3(bucket)) = location.parse() else {
        panic!("a bucket was expected")
    };
    let credentials = Credentials {
        access_key_id: "ACCESSKEY".into(),
        secret_access_key: "hush".into(),
        session_token: Some("quiet".into()),
        region: None,
    };
    let mut s3 = S3::open(&bucket, credentials).unwrap();
    let patience = Patience {
        tries: 4,
        whole: Duration::from_secs(30),
        idle: Duration::from_millis(300),
        pause: Duration::from_millis(2),
    };
    (s3.reading, s3.writing) = (patience, patience);
    s3
}

fn error(status: &str, code: &str) -> Answer {
    let body = format!("<Error><Code>{code}</Code><Message>hush</Message></Error>");
    answer(status, "", body.as_bytes())
}

async fn file(s3: &S3, bytes: &[u8]) -> Received {
    let mut incoming = s3.incoming().await.unwrap();
    incoming.write(bytes).await.unwrap();
    incoming.finish().await.unwrap()
}

#[tokio::test]
async fn an_upload_is_tried_again_until_it_succeeds() {
    let server = FakeServer::start(|number, _| match number {
        0 => error("500 Internal Server Error", "InternalError"),
        1 => error("503 Slow Down", "SlowDown"),
        2 => Answer::Bytes(Vec::new()),
        _ => answer("200 OK", "", b""),
    })
    .await;
    let s3 = store(&server);
    let bytes = pattern(700_001);
    let file = file(&s3, &bytes).await;
    let path = file.path().to_owned();
    let hash = crate::objects::signature::hexadecimal(&file.sha256());
    s3.put(&key("a/b"), file.into(), "image/jpeg")
        .await
        .unwrap();
    assert!(!path.exists());
    let requests = server.requests();
    assert_eq!(requests.len(), 4);
    for request in requests {
        assert!(request.body == bytes);
        assert!(request.head.starts_with("PUT /bucket/pre/a/b HTTP/1.1"));
        let head = request.head.to_lowercase();
        assert!(head.contains("content-type: image/jpeg"), "{head}");
        assert!(head.contains("content-length: 700001"), "{head}");
        assert!(
            head.contains(&format!("x-amz-content-sha256: {hash}")),
            "{head}"
        );
        assert!(!head.contains("transfer-encoding"), "{head}");
    }
}

#[tokio::test]
async fn an_upload_that_fails_always_is_given_up() {
    let server = FakeServer::start(|_, _| error("502 Bad Gateway", "")).await;
    let s3 = store(&server);
    let result = s3.put(&key("a"), vec![1].into(), "image/jpeg").await;
    let error = result.unwrap_err();
    assert!(matches!(error, ObjectError::Unavailable(_)), "{error}");
    assert_eq!(server.requests().len(), 4);
}

#[tokio::test]
async fn a_slow_upload_is_not_silence() {
    let server = FakeServer::start(|_, _| answer("200 OK", "", b"")).await;
    let s3 = store(&server);
    // At 64 KiB a millisecond it takes longer than may pass without a sign of life.
    let bytes = pattern(30_000_000);
    let file = file(&s3, &bytes).await;
    s3.put(&key("a"), file.into(), "image/jpeg").await.unwrap();
    assert!(server.requests().last().unwrap().body == bytes);
}

#[tokio::test]
async fn what_would_fail_again_is_not_tried_again() {
    type Kind = fn(&ObjectError) -> bool;
    let refused: Kind = |error| matches!(error, ObjectError::Refused(_));
    let full: Kind = |error| matches!(error, ObjectError::Full(_));
    let broken: Kind = |error| matches!(error, ObjectError::Broken(_));
    for (status, code, is_kind) in [
        ("403 Forbidden", "SignatureDoesNotMatch", refused),
        ("401 Unauthorized", "", refused),
        ("404 Not Found", "NoSuchBucket", refused),
        ("301 Moved Permanently", "PermanentRedirect", refused),
        ("400 Bad Request", "AuthorizationHeaderMalformed", refused),
        ("403 Forbidden", "QuotaExceeded", full),
        ("400 Bad Request", "EntityTooLarge", full),
        ("413 Content Too Large", "", full),
        ("507 Insufficient Storage", "XMinioStorageFull", full),
        ("400 Bad Request", "XAmzContentSHA256Mismatch", broken),
        ("418 Teapot", "<x>", broken),
    ] {
        let server = FakeServer::start(move |_, _| error(status, code)).await;
        let s3 = store(&server);
        let result = s3.put(&key("a"), vec![1].into(), "image/jpeg").await;
        let error = result.unwrap_err();
        assert!(is_kind(&error), "{status} {code}: {error}");
        let text = format!("{error} {error:?}");
        assert!(!text.contains("hush") && !text.contains("quiet"), "{text}");
        assert!(
            text.contains(&status[..3]) || code == "NoSuchBucket",
            "{text}"
        );
        assert_eq!(server.requests().len(), 1, "{status} {code}");
    }
}

#[tokio::test]
async fn a_server_that_never_answers_is_given_up() {
    let server = FakeServer::start(|_, _| Answer::Silence).await;
    let s3 = store(&server);
    let error = s3.get(&key("a"), None).await.err().unwrap();
    assert!(matches!(error, ObjectError::Unavailable(_)), "{error}");
    let result = s3.put(&key("a"), vec![1].into(), "image/jpeg").await;
    assert!(matches!(result, Err(ObjectError::Unavailable(_))));
    assert_eq!(server.requests().len(), 8);
}

#[tokio::test]
async fn a_server_that_is_away_is_unavailable() {
    let address = {
        let server = FakeServer::start(|_, _| Answer::Silence).await;
        server.address
    };
    let server = FakeServer::start(|_, _| Answer::Silence).await;
    let mut s3 = store(&server);
    let Ok(Location::S3(bucket)) = format!("s3://bucket?endpoint=http://{address}").parse() else {
        panic!("a bucket was expected")
    };
    let credentials = Credentials {
        access_key_id: "a".into(),
        secret_access_key: "hush".into(),
        session_token: None,
        region: None,
    };
    s3.server = Arc::new(Server::new(&bucket, credentials).unwrap());
    let error = s3.size(&key("a")).await.unwrap_err();
    assert!(matches!(error, ObjectError::Unavailable(_)), "{error}");
}

#[tokio::test]
async fn a_slow_object_is_read_whole() {
    let server = FakeServer::start(|_, _| {
        let head = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nConnection: close\r\n\r\n".to_vec();
        let parts = [&b"a"[..], b"b", b"c", b"d", b"e"].map(<[u8]>::to_vec);
        let parts = std::iter::once(head).chain(parts).collect();
        Answer::Slowly(Duration::from_millis(30), parts)
    })
    .await;
    let object = store(&server).get(&key("a"), None).await.unwrap().unwrap();
    assert_eq!((object.total, object.range.clone()), (5, 0..5));
    assert_eq!(body(object).await.unwrap(), b"abcde");
}

/// A body that is cut off after three of ten bytes.
fn cut() -> Answer {
    Answer::Bytes(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc".to_vec())
}

#[tokio::test]
async fn a_body_that_is_cut_off_is_an_error() {
    let server = FakeServer::start(|_, _| cut()).await;
    let object = store(&server).get(&key("a"), None).await.unwrap().unwrap();
    let chunks: Vec<_> = object.body.collect().await;
    assert!(chunks.last().unwrap().is_err());
}

#[tokio::test]
async fn a_body_that_falls_silent_is_an_error() {
    let server = FakeServer::start(|_, _| {
        Answer::Hanging(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc".to_vec())
    })
    .await;
    let object = store(&server).get(&key("a"), None).await.unwrap().unwrap();
    let error = body(object).await.unwrap_err();
    assert_eq!(error.kind(), std::io::ErrorKind::TimedOut);
}

#[tokio::test]
async fn a_small_object_is_read_again_when_it_was_cut_off() {
    let server = FakeServer::start(|number, _| match number {
        0 => cut(),
        _ => answer("200 OK", "", b"abcdefghij"),
    })
    .await;
    let read = store(&server).read(&key("a"), 10).await.unwrap();
    assert_eq!(read.as_deref(), Some(&b"abcdefghij"[..]));
    let server = FakeServer::start(|_, _| cut()).await;
    let error = store(&server).read(&key("a"), 10).await.unwrap_err();
    assert!(matches!(error, ObjectError::Unavailable(_)), "{error}");
}

#[tokio::test]
async fn other_bytes_than_were_asked_for_are_refused() {
    for headers in [
        "",
        "Content-Range: bytes 5-9/20\r\n",
        "Content-Range: bytes 0-8/20\r\n",
        "Content-Range: bytes 0-9/*\r\n",
        "Content-Range: bytes 9-0/20\r\n",
        "Content-Range: bytes 0-18446744073709551615/20\r\n",
        "Content-Range: garbage\r\n",
    ] {
        let server =
            FakeServer::start(move |_, _| answer("206 Partial", headers, b"0123456789")).await;
        let range = Some(ByteRange::Between(0, 9));
        let result = store(&server).get(&key("a"), range).await;
        // The whole object of ten bytes is what was asked for.
        assert_eq!(result.is_err(), !headers.is_empty(), "{headers}");
    }
    let chunked = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\n\r\n";
    let server = FakeServer::start(move |_, _| Answer::Bytes(chunked.into())).await;
    assert!(store(&server).get(&key("a"), None).await.is_err());
}

#[tokio::test]
async fn a_missing_object_is_none_and_a_missing_bucket_an_error() {
    let server = FakeServer::start(|_, _| error("404 Not Found", "NoSuchKey")).await;
    let s3 = store(&server);
    assert!(s3.get(&key("a"), None).await.unwrap().is_none());
    assert!(s3.read(&key("a"), 1).await.unwrap().is_none());
    assert!(s3.size(&key("a")).await.unwrap().is_none());
    s3.delete(&key("a")).await.unwrap();
    let server = FakeServer::start(|_, _| error("404 Not Found", "NoSuchBucket")).await;
    let s3 = store(&server);
    let error = s3.get(&key("a"), None).await.err().unwrap();
    assert!(matches!(error, ObjectError::Refused(_)), "{error}");
    assert!(s3.check().await.is_err());
}

#[tokio::test]
async fn garbage_is_no_answer() {
    let server = FakeServer::start(|_, _| Answer::Bytes(b"garbage\r\n\r\n".to_vec())).await;
    let error = store(&server).size(&key("a")).await.unwrap_err();
    assert!(matches!(error, ObjectError::Unavailable(_)), "{error}");
}

#[tokio::test]
async fn a_list_goes_on_until_its_end_and_passes_over_what_is_not_the_stores() {
    let server = FakeServer::start(|_, head| {
        let page = match head.contains("continuation-token=a%2Bb%3D") {
            false => {
                "<IsTruncated>true</IsTruncated><NextContinuationToken>a+b=</NextContinuationToken>
                <Contents><Key>pre/a</Key><Size>1</Size></Contents>
                <Contents><Key>pre/a b</Key><Size>1</Size></Contents>
                <Contents><Key>pre/dir/</Key><Size>0</Size></Contents>"
            }
            true => {
                "<Contents><Key>other/a</Key><Size>1</Size></Contents>
                <Contents><Key>pre/z/y</Key><Size>2</Size></Contents>"
            }
        };
        let page = format!("<ListBucketResult>{page}</ListBucketResult>");
        answer("200 OK", "", page.as_bytes())
    })
    .await;
    let found: Vec<_> = store(&server).list(None).try_collect().await.unwrap();
    assert_eq!(found, [(key("a"), 1), (key("z/y"), 2)]);
    let first = &server.requests()[0].head;
    assert!(
        first.starts_with("GET /bucket?list-type=2&max-keys=1000&prefix=pre%2F HTTP"),
        "{first}"
    );
}

#[tokio::test]
async fn a_list_that_breaks_off_ends_with_an_error() {
    let server = FakeServer::start(|number, _| match number {
        0 => answer(
            "200 OK",
            "",
            b"<ListBucketResult><IsTruncated>true</IsTruncated>\
            <NextContinuationToken>x</NextContinuationToken>\
            <Contents><Key>pre/a</Key><Size>1</Size></Contents></ListBucketResult>",
        ),
        _ => answer("200 OK", "", b"<html>"),
    })
    .await;
    let found: Vec<_> = store(&server).list(None).collect().await;
    assert_eq!(found.len(), 2);
    assert!(found[0].is_ok() && found[1].is_err());
}
