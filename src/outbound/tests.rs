//! What calls reach, and what they make of bad answers.

use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use url::Url;

use super::fake_server::{Answer, FakeServer, answer};
use super::*;

fn limits() -> Limits {
    Limits::new(100_000, Duration::from_secs(20))
}

/// A client that calls the public internet alone.
fn public() -> Client {
    Client::new(Allowed::default(), Schemes::Any).unwrap()
}

/// A client that may call the tests' servers.
fn local() -> Client {
    let loopback = ["127.0.0.0/8", "::1/128"].map(|text| text.parse().unwrap());
    Client::new(Allowed::new(loopback.into()), Schemes::Any).unwrap()
}

/// A host that has no address: a part of its name is longer than parts of names are.
fn unknown() -> Url {
    format!("http://{}.invalid/", "x".repeat(64))
        .parse()
        .unwrap()
}

async fn get(client: &Client, url: &Url) -> Result<Vec<u8>, OutboundError> {
    let response = client.get(url, "image/*", limits()).await?;
    Ok(response.bytes().await?.to_vec())
}

#[tokio::test]
async fn nothing_private_is_connected_to_unless_it_is_allowed() {
    let server = FakeServer::start(|_, _| answer("200 OK", "", b"secret")).await;
    let port = server.address.port();
    for host in [
        "127.0.0.1",
        "localhost",
        "localhost.",
        "2130706433",
        "[::ffff:7f00:1]",
        "0x7f.1",
        "0177.0.0.1",
        "127.1",
        "127.0.0.2",
    ] {
        let url: Url = format!("http://{host}:{port}/").parse().unwrap();
        let error = get(&public(), &url).await.unwrap_err();
        assert_eq!(error, OutboundError::Blocked(Blocked::Address), "{url}");
    }
    for url in [
        "http://127.0.0.1:9",
        "http://169.254.169.254",
        "http://10.0.0.1",
        "http://0",
    ] {
        let error = get(&public(), &url.parse().unwrap()).await.unwrap_err();
        assert!(matches!(error, OutboundError::Blocked(_)), "{url}: {error}");
    }
    assert_eq!(server.connections(), 0);
    for host in ["127.0.0.1", "localhost", "2130706433", "0x7f.1"] {
        let url = format!("http://{host}:{port}/").parse().unwrap();
        assert_eq!(get(&local(), &url).await.unwrap(), b"secret", "{url}");
    }
}

#[tokio::test]
async fn a_name_that_is_resolved_to_a_private_address_is_blocked_there() {
    let server = FakeServer::start(|_, _| answer("200 OK", "", b"secret")).await;
    // The name passes the look at the URL and comes to the resolver.
    let mut client = public();
    client.allowed_before_resolving(local());
    let url = format!("http://localhost:{}/", server.address.port());
    let error = get(&client, &url.parse().unwrap()).await.unwrap_err();
    assert_eq!(error, OutboundError::Blocked(Blocked::Address));
    assert_eq!(server.connections(), 0);
}

#[tokio::test]
async fn a_name_that_nobody_knows_is_not_found() {
    let url = unknown();
    assert_eq!(get(&public(), &url).await, Err(OutboundError::Resolve));
}

#[tokio::test]
async fn a_port_that_nobody_listens_at_is_not_reached() {
    let url = {
        let server = FakeServer::start(|_, _| Answer::Silence).await;
        server.url("/")
    };
    assert_eq!(get(&local(), &url).await, Err(OutboundError::Connect));
    // Nor is one that does not speak TLS.
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("https://{}/", listener.local_addr().unwrap());
    let answering = async {
        let (mut connection, _) = listener.accept().await.unwrap();
        connection
            .write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n")
            .await
            .unwrap();
        // Until it is closed.
        let _ = connection.read_to_end(&mut Vec::new()).await;
    };
    let (client, url) = (local(), url.parse().unwrap());
    let (result, ()) = tokio::join!(get(&client, &url), answering);
    assert_eq!(result, Err(OutboundError::Connect));
}

fn redirect(to: &str) -> Answer {
    answer("302 Found", &format!("Location: {to}\r\n"), b"")
}

#[tokio::test]
async fn redirects_are_followed_three_times() {
    let server = FakeServer::start(|_, head| {
        let path = head.split(' ').nth(1).unwrap();
        match path.strip_prefix("/a/") {
            Some("0") => answer("200 OK", "Content-Type: image/png\r\n", b"picture"),
            Some(number) => redirect(&(number.parse::<u32>().unwrap() - 1).to_string()),
            None => answer("404 Not Found", "", b""),
        }
    })
    .await;
    let response = local()
        .get(&server.url("/a/3"), "image/*", limits())
        .await
        .unwrap();
    assert_eq!(response.url(), &server.url("/a/0"));
    assert_eq!(response.content_type(), Some("image/png"));
    assert_eq!(response.content_length(), Some(7));
    assert_eq!(response.bytes().await.unwrap(), "picture");
    let head = server.requests()[0].head.to_lowercase();
    assert!(head.contains("accept: image/*") && head.contains("accept-encoding: identity"));
    assert!(!head.contains("referer"), "{head}");
    let error = get(&local(), &server.url("/a/4")).await.unwrap_err();
    assert_eq!(error, OutboundError::Redirects);
    let error = get(&local(), &server.url("/b")).await.unwrap_err();
    assert_eq!(error, OutboundError::Status(404));
}

#[tokio::test]
async fn a_redirect_to_what_must_not_be_called_is_not_followed() {
    let hidden = FakeServer::start(|_, _| answer("200 OK", "", b"secret")).await;
    let port = hidden.address.port();
    // One address of this host may be called, and no other.
    let client = |server: &FakeServer| {
        let network = format!("{}/32", server.address.ip()).parse().unwrap();
        Client::new(Allowed::new(vec![network]), Schemes::Any).unwrap()
    };
    for (target, reason) in [
        (format!("http://127.0.0.2:{port}/"), Blocked::Address),
        (format!("http://[::1]:{port}/"), Blocked::Address),
        (format!("//127.2:{port}/"), Blocked::Address),
        (
            "http://169.254.169.254/latest/meta-data".into(),
            Blocked::Address,
        ),
        ("http://2130706434/".into(), Blocked::Address),
        ("http://0x7f.2/".into(), Blocked::Address),
        ("http://[::ffff:7f00:2]/".into(), Blocked::Address),
        ("file:///etc/passwd".into(), Blocked::Scheme),
        ("gopher://example.org/".into(), Blocked::Scheme),
        (
            "http://user:password@example.org/".into(),
            Blocked::Userinfo,
        ),
        ("http://example.org:22/".into(), Blocked::Port(22)),
    ] {
        let to = target.clone();
        let server = FakeServer::start(move |_, _| redirect(&to)).await;
        let error = get(&client(&server), &server.url("/")).await.unwrap_err();
        assert_eq!(error, OutboundError::Blocked(reason), "{target}");
    }
    assert_eq!(hidden.connections(), 0);
}

#[tokio::test]
async fn a_redirect_in_a_circle_or_to_nowhere_is_an_error() {
    let server = FakeServer::start(|_, _| redirect("/")).await;
    let error = get(&local(), &server.url("/")).await.unwrap_err();
    assert_eq!(error, OutboundError::Redirects);
    assert_eq!(server.requests().len(), 4);
    let server = FakeServer::start(|_, _| redirect("http://[")).await;
    let error = get(&local(), &server.url("/")).await.unwrap_err();
    assert!(matches!(error, OutboundError::Protocol(_)), "{error}");
    let server = FakeServer::start(|_, _| answer("302 Found", "", b"")).await;
    let error = get(&local(), &server.url("/")).await.unwrap_err();
    assert_eq!(error, OutboundError::Status(302));
}

#[tokio::test]
async fn https_may_be_required() {
    let allowed = Allowed::new(vec!["127.0.0.0/8".parse().unwrap()]);
    let client = Client::new(allowed, Schemes::HttpsOnly).unwrap();
    let server = FakeServer::start(|_, _| answer("200 OK", "", b"x")).await;
    let error = get(&client, &server.url("/")).await.unwrap_err();
    assert_eq!(error, OutboundError::Blocked(Blocked::NotHttps));
    assert_eq!(server.connections(), 0);
}

#[tokio::test]
async fn a_body_is_cut_at_the_bound() {
    const TOO_LARGE: OutboundError = OutboundError::TooLarge { most: 100_000 };
    let heads = [
        "HTTP/1.1 200 OK\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
    ];
    for (head, again) in heads.into_iter().zip(["0123456789", "a\r\n0123456789\r\n"]) {
        let again = again.repeat(1000);
        let server =
            FakeServer::start(move |_, _| Answer::Endless(head.into(), again.clone().into_bytes()))
                .await;
        let client = local();
        let mut response = client.get(&server.url("/"), "*/*", limits()).await.unwrap();
        let mut received = 0;
        let error = loop {
            match response.chunk().await {
                Ok(chunk) => received += chunk.unwrap().len(),
                Err(error) => break error,
            }
        };
        assert_eq!(error, TOO_LARGE);
        assert!(received <= 100_000);
    }
    // It is not even begun when it says so.
    let server = FakeServer::start(|_, _| answer("200 OK", "", &[0; 100_001])).await;
    let error = local()
        .get(&server.url("/"), "*/*", limits())
        .await
        .unwrap_err();
    assert_eq!(error, TOO_LARGE);
    let server = FakeServer::start(|_, _| answer("200 OK", "", &[0; 100_000])).await;
    assert_eq!(
        get(&local(), &server.url("/")).await.unwrap().len(),
        100_000
    );
}

#[tokio::test]
async fn an_endless_head_is_an_error() {
    let server = FakeServer::start(|_, _| {
        Answer::Endless(
            b"HTTP/1.1 200 OK\r\n".to_vec(),
            b"X-Header: value\r\n".repeat(100),
        )
    })
    .await;
    let error = get(&local(), &server.url("/")).await.unwrap_err();
    assert!(matches!(error, OutboundError::Protocol(_)), "{error}");
}

#[tokio::test]
async fn silence_is_timed_out() {
    let mut short = limits();
    short.idle = Duration::from_millis(200);
    let head = b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc";
    // The rest never comes.
    let server = FakeServer::start(|_, _| Answer::Hanging(head.to_vec())).await;
    let response = local().get(&server.url("/"), "*/*", short).await.unwrap();
    assert_eq!(response.bytes().await, Err(OutboundError::TimedOut));
    // Neither does an answer.
    let server = FakeServer::start(|_, _| Answer::Silence).await;
    let short = Limits::new(10, Duration::from_millis(300));
    let result = local().get(&server.url("/"), "*/*", short).await;
    assert_eq!(result.unwrap_err(), OutboundError::TimedOut);
}

#[tokio::test]
async fn a_trickle_ends_with_the_whole_time() {
    let server = FakeServer::start(|_, _| {
        let head = b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n".to_vec();
        let parts = std::iter::once(head).chain(std::iter::repeat_n(b"x".to_vec(), 1000));
        Answer::Slowly(Duration::from_millis(50), parts.collect())
    })
    .await;
    let limits = Limits::new(10_000, Duration::from_secs(1));
    let response = local().get(&server.url("/"), "*/*", limits).await.unwrap();
    assert_eq!(response.bytes().await, Err(OutboundError::TimedOut));
}

#[tokio::test]
async fn what_is_not_a_whole_answer_of_http_is_an_error() {
    for answer in [
        &b"garbage\r\n\r\n"[..],
        b"SSH-2.0-OpenSSH_9.2\r\n",
        b"",
        b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc",
        b"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\nabc",
        b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 3\r\n\r\nabc",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nabc",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 3\r\n\r\nabc",
        b"HTTP/9.9 200 OK\r\nContent-Length: 3\r\n\r\nabc",
    ] {
        let server = FakeServer::start(move |_, _| Answer::Bytes(answer.to_vec())).await;
        let error = get(&local(), &server.url("/")).await.unwrap_err();
        let text = String::from_utf8_lossy(answer);
        assert!(
            matches!(error, OutboundError::Protocol(_)),
            "{text}: {error:?}"
        );
    }
}

#[tokio::test]
async fn no_sentence_names_an_address_of_the_network() {
    let server = FakeServer::start(|_, _| Answer::Bytes(Vec::new())).await;
    let gone = {
        let server = FakeServer::start(|_, _| Answer::Silence).await;
        server.url("/")
    };
    for (client, url) in [
        (public(), server.url("/")),
        (local(), server.url("/")),
        (local(), gone),
        (public(), unknown()),
    ] {
        let error = get(&client, &url).await.unwrap_err();
        let text = error.to_string();
        assert!(!text.contains("127.") && text.ends_with('.'), "{text}");
    }
}
