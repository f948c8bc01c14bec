//! Guessing passwords, and keeping others from signing in.

use std::io::Write;
use std::net::TcpStream;

use dateline::auth::model::Role;
use reqwest::Method;
use serde_json::json;

use super::bodies::memory;
use crate::harness::{On, PASSWORD, TestApp};
use crate::process::Place;

#[actix_web::test]
async fn guesses_from_elsewhere_do_not_lock_the_owner_out() {
    let app = TestApp::start(On::Sqlite).await;
    app.user("owner@example.com", Role::Editor).await;
    let login = |address: String, password: &'static str| {
        let request = app.request(Method::POST, "/v1/auth/login");
        let request = request.header("x-forwarded-for", &address);
        request.json(json!({"email": "owner@example.com", "password": password}))
    };
    let mut wrong = 0;
    for guesser in 1..=4 {
        for _ in 0..15 {
            match login(format!("203.0.113.{guesser}"), "not the password")
                .await
                .status
                .as_u16()
            {
                401 => wrong += 1,
                // On a slow machine each has more guesses than ten.
                429 => {}
                other => panic!("{other}"),
            }
        }
    }
    // Each guesser has ten guesses at least.
    assert!(wrong >= 40, "{wrong}");
    assert_eq!(login("198.51.100.7".into(), PASSWORD).await.status, 200);
}
