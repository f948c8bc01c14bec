//! A service on this machine that others are told of what happens.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use actix_web::web::{Bytes, Data};
use actix_web::{App, HttpRequest, HttpResponse, HttpServer};

/// A call that came.
#[derive(Debug, Clone)]
pub struct Call {
    pub method: String,
    pub path: String,
    pub headers: Vec<(String, String)>,
    pub body: String,
}

impl Call {
    pub fn header(&self, name: &str) -> &str {
        let found = self.headers.iter().find(|(known, _)| known == name);
        found.map_or("", |(_, value)| value)
    }
}

/// A service on this machine: what it was told, and what it answers, one after another; after that 200.
#[derive(Clone, Default)]
pub struct Receiver {
    pub calls: Arc<Mutex<Vec<Call>>>,
    pub answers: Arc<Mutex<VecDeque<u16>>>,
}

async fn receive(receiver: Data<Receiver>, request: HttpRequest, body: Bytes) -> HttpResponse {
    let headers = request.headers().iter().map(|(name, value)| {
        let value = value.to_str().unwrap_or_default();
        (name.as_str().to_owned(), value.to_owned())
    });
    let call = Call {
        method: request.method().to_string(),
        path: request.uri().to_string(),
        headers: headers.collect(),
        body: String::from_utf8_lossy(&body).into_owned(),
    };
    let status = receiver.answers.lock().unwrap().pop_front().unwrap_or(200);
    receiver.calls.lock().unwrap().push(call);
    let status = actix_web::http::StatusCode::from_u16(status).unwrap();
    HttpResponse::build(status)
        .insert_header(("retry-after", "1"))
        .body("")
}

impl Receiver {
    /// Starts it; returns where it is.
    pub fn start(&self) -> String {
        let receiver = Data::new(self.clone());
        let server = HttpServer::new(move || {
            App::new()
                .app_data(receiver.clone())
                .default_service(actix_web::web::to(receive))
        })
        .workers(1)
        .bind("127.0.0.1:0")
        .unwrap();
        let address = server.addrs()[0];
        actix_web::rt::spawn(server.run());
        format!("http://{address}")
    }

    pub fn calls(&self) -> Vec<Call> {
        self.calls.lock().unwrap().clone()
    }

    /// Waits until something holds of what came.
    pub async fn until(&self, what: &str, holds: impl Fn(&[Call]) -> bool) -> Vec<Call> {
        let mut left = 6_000;
        loop {
            let calls = self.calls();
            if holds(&calls) {
                return calls;
            }
            left -= 1;
            assert!(left > 0, "{what}: {calls:#?}");
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }
}
