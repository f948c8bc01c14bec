//! Shares as browsers and apps send them: in every form, by every name, from behind one address.

use macro_rules_attribute::apply;
use reqwest::Method;
use serde_json::{Value, json};

use crate::both;
use crate::harness::{On, Reply, TestApp};

const PATH: &str = "/v1/articles/harbour/shares";

async fn with_article(app: &TestApp) {
    let token = app.newsroom().await;
    app.published(&token, "harbour").await;
}

/// A part of a form as browsers send it.
fn part(name: &str, value: &str) -> String {
    format!("--Boundary\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n")
}

const PARTS: &str = "multipart/form-data; boundary=Boundary";

/// With the `Content-Type` as it is given; without one when it is empty.
async fn send(app: &TestApp, content_type: &str, body: &str) -> Reply {
    let request = app
        .request(Method::POST, PATH)
        .header("origin", "https://site.example");
    match content_type {
        "" => request.body(body).send().await,
        _ => request.raw(content_type, body.to_owned()).send().await,
    }
}

#[apply(both)]
async fn beacons_and_forms_are_read_without_a_preflight(app: TestApp) {
    with_article(&app).await;
    let parts = format!("{}--Boundary--\r\n", part("network", "facebook"));
    let blob = "--Boundary\r\nContent-Disposition: form-data; name=\"network\"; filename=\"blob\"\r\n\
                Content-Type: text/plain\r\n\r\nwhatsapp\r\n--Boundary--\r\n";
    let bodies = [
        ("text/plain;charset=UTF-8", "{\"network\":\"x\"}"),
        ("text/plain", "telegram"),
        ("text/plain", "network=reddit\r\n"),
        ("application/x-www-form-urlencoded", "network=email"),
        (
            "application/x-www-form-urlencoded;charset=UTF-8",
            "network=sms",
        ),
        ("application/json", "{\"network\":\"native\"}"),
        ("application/json; charset=utf-8", "{\"network\":\"other\"}"),
        (PARTS, &parts),
        (
            "Multipart/Form-Data; charset=utf-8; boundary=\"Boundary\"",
            blob,
        ),
        ("", "{\"network\":\"linkedin\"}"),
        ("", "pinterest"),
        ("", "network=bluesky"),
    ];
    for (number, (content_type, body)) in bodies.into_iter().enumerate() {
        let reply = send(&app, content_type, body).await;
        assert_eq!(
            reply.json["counted"], true,
            "{content_type} {body}: {}",
            reply.text
        );
        assert_eq!(reply.json["total"], number + 1, "{content_type} {body}");
        assert_eq!(reply.header("access-control-allow-origin"), "*");
    }
}

#[apply(both)]
async fn what_cannot_be_read_as_a_share_is_said_clearly(app: TestApp) {
    with_article(&app).await;
    let twice = format!(
        "{}{}--Boundary--\r\n",
        part("network", "x"),
        part("network", "x")
    );
    let unknown = format!(
        "{}{}--Boundary--\r\n",
        part("network", "x"),
        part("title", "y")
    );
    let whole = format!("{}--Boundary--\r\n", part("network", "x"));
    let many: String = (0..20)
        .map(|number| part(&number.to_string(), ""))
        .collect();
    for (content_type, body, status, says) in [
        ("application/xml", "<x/>", 415, "application/xml"),
        (
            "application/octet-stream",
            "x",
            415,
            "without a Content-Type",
        ),
        ("application/json", "", 400, "JSON"),
        ("application/json", "x", 400, "JSON"),
        ("text/plain", "{\"network\":", 400, "JSON"),
        ("", "{\"network\":", 400, "JSON"),
        ("", "", 422, "/network"),
        ("text/plain", "[\"x\"]", 422, "object"),
        ("text/plain", "network=x&network=x", 400, "twice"),
        (PARTS, &twice, 400, "twice"),
        (PARTS, &unknown, 422, "/title"),
        (PARTS, "--Boundary--\r\n", 422, "/network"),
        (PARTS, "", 400, "multipart/form-data"),
        (PARTS, &whole[..60], 400, "multipart/form-data"),
        ("multipart/form-data", &whole, 400, "boundary"),
        ("multipart/form-data; boundary=x", &whole, 400, "multipart"),
        (PARTS, &many, 413, "1024"),
        ("", &"x".repeat(1025), 413, "1024"),
        ("", "nowhere", 422, "/network"),
        ("", "network=x&installation=short", 422, "/installation"),
        (
            "",
            "network=x&installation=a%20installation",
            422,
            "/installation",
        ),
    ] {
        let reply = send(&app, content_type, body).await;
        assert_eq!(
            reply.status, status,
            "{content_type} {body}: {}",
            reply.text
        );
        assert!(
            reply.text.contains(says),
            "{content_type} {body}: {}",
            reply.text
        );
    }
    let long = json!({"network": "x", "installation": "a".repeat(65)});
    let reply = app.request(Method::POST, PATH).json(long).await;
    assert_eq!(reply.pointers(), ["/installation"]);
    assert_eq!(app.get(PATH).await.json["total"], 0);
}

async fn by(app: &TestApp, user_agent: &str) -> Reply {
    app.request(Method::POST, PATH)
        .header("user-agent", user_agent)
        .json(json!({"network": "x"}))
        .await
}

#[apply(both)]
async fn a_newspapers_app_counts_whatever_its_name_has_in_it(app: TestApp) {
    with_article(&app).await;
    let agents = [
        "CSMonitor/3.1 (iPhone; iOS 17.5)",
        "DailyMonitor/2.4 okhttp/4.9",
        "TalbotCourier/1.0 (Android 14)",
        "BotswanaGazette/5.0 CFNetwork/1494 Darwin/23",
        "Mozilla/5.0 (Macintosh) AppleWebKit/619.1 Version/18.0 Safari/619.1 Safari Technology Preview",
        "Spider-Man Daily/1.0",
        "Crawley Observer/1.0",
        "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) [FBAN/FBIOS;FBAV/480.0]",
        "Mozilla/5.0 (Linux; Android 13; CUBOT KINGKONG 9) AppleWebKit/537.36 Chrome/130.0 Mobile",
    ];
    for (number, agent) in agents.into_iter().enumerate() {
        let reply = by(&app, agent).await;
        assert_eq!(reply.json["counted"], true, "{agent}");
        assert_eq!(reply.json["total"], number + 1, "{agent}");
    }
}

#[apply(both)]
async fn bots_are_answered_and_not_counted(app: TestApp) {
    with_article(&app).await;
    for agent in [
        "Mozilla/5.0 (compatible; Googlebot/2.1)",
        "Mozilla/5.0 (X11; Linux x86_64) HeadlessChrome/130.0.0.0 Safari/537.36",
        "facebookexternalhit/1.1",
        "",
    ] {
        let reply = by(&app, agent).await;
        assert_eq!(reply.status, 200);
        assert_eq!(
            reply.json,
            json!({
                "counted": false, "total": 0, "by_network": {}, "first_party": 0, "external": null, "as_of": null
            }),
            "{agent}"
        );
    }
}

#[actix_web::test]
async fn a_newsroom_names_its_own_apps_and_other_bots() {
    let app = TestApp::start_with(On::Sqlite, |server| {
        server.own_apps = vec!["NewsBot".parse().unwrap()];
        server.other_bots = vec!["python-requests".parse().unwrap()];
    })
    .await;
    with_article(&app).await;
    for (agent, counted) in [
        ("NewsBot/2.0 (Android 14)", true),
        ("OtherBot/2.0", false),
        ("python-requests/2.32", false),
        ("curl/8.5.0", true),
    ] {
        assert_eq!(by(&app, agent).await.json["counted"], counted, "{agent}");
    }
}

async fn installed(app: &TestApp, address: &str, installation: &str, network: &str) -> Value {
    let share = json!({"network": network, "installation": installation});
    let reply = app
        .request(Method::POST, PATH)
        .header("x-forwarded-for", address)
        .header("user-agent", "Courier/3.1 okhttp/4.9")
        .json(share)
        .await;
    assert_eq!(reply.status, 200, "{}", reply.text);
    reply.json["counted"].clone()
}

const CARRIER: &str = "192.0.2.1";

#[apply(both)]
async fn readers_of_one_app_behind_one_address_are_told_apart_by_installation(app: TestApp) {
    with_article(&app).await;
    let reader = |number: usize| format!("3f2c8a1e-0000-4000-8000-{number:012}");
    for number in 0..3 {
        assert_eq!(installed(&app, CARRIER, &reader(number), "x").await, true);
    }
    // Each of them once an hour and network, in every process.
    let other = app.another_process().await;
    for number in 0..3 {
        let again = installed(&other, CARRIER, &reader(number), "twitter").await;
        assert_eq!(again, false);
    }
    assert_eq!(installed(&app, CARRIER, &reader(0), "email").await, true);
    assert_eq!(installed(&other, "192.0.2.2", &reader(0), "x").await, true);
    // Without it they are one reader.
    let forms = ["network=x&installation=installation-9", "x", "x"];
    let mut counted = Vec::new();
    for form in forms {
        counted.push(send(&app, "", form).await.json["counted"].clone());
    }
    assert_eq!(counted, [true, true, false]);
    assert_eq!(app.get(PATH).await.json["total"], 7);
}

async fn installations_are_bounded(on: On) {
    let bounded =
        |server: &mut dateline::config::ServerConfig| server.installations_per_address = 5;
    let app = TestApp::start_with(on, bounded).await;
    let other = TestApp::start_at_with(app.config.clone(), bounded).await;
    with_article(&app).await;
    let mut counted = 0;
    for number in 0..20 {
        // Two servers, every network, one address: all of it is one crowd.
        let server = [&app, &other][number % 2];
        let network = ["x", "email", "sms"][number % 3];
        let name = format!("installation-{number}");
        if installed(server, CARRIER, &name, network).await == true {
            counted += 1;
        }
    }
    assert_eq!(counted, 5);
    // A server that starts knows it from the journal, and who was counted before.
    let third = TestApp::start_at_with(app.config.clone(), bounded).await;
    assert_eq!(
        installed(&third, CARRIER, "installation-99", "x").await,
        false
    );
    assert_eq!(
        installed(&third, "192.0.2.2", "installation-99", "x").await,
        true
    );
    // Those without are not concerned.
    assert_eq!(
        by(&app, "Courier/3.1 okhttp/4.9").await.json["counted"],
        true
    );
    app.counted().await;
    assert_eq!(app.get(PATH).await.json["total"], 7);
}

#[actix_web::test]
async fn made_up_installations_do_not_count_without_end_on_sqlite() {
    installations_are_bounded(On::Sqlite).await;
}

#[actix_web::test]
async fn made_up_installations_do_not_count_without_end_on_postgres() {
    installations_are_bounded(On::Postgres).await;
}

#[actix_web::test]
async fn a_newsroom_may_tell_no_installations_apart() {
    let app = TestApp::start_with(On::Sqlite, |server| server.installations_per_address = 0).await;
    with_article(&app).await;
    assert_eq!(installed(&app, CARRIER, "installation-1", "x").await, true);
    assert_eq!(installed(&app, CARRIER, "installation-2", "x").await, false);
}
