//! A service that switches a machine that is not there when it is asked over HTTP, and is as particular as some are.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::{
    Router,
    body::Bytes,
    extract::State,
    http::{HeaderMap, Method, StatusCode, Uri, header},
};

use crate::HttpService;

/// The service. It ends with this value.
#[derive(Debug)]
pub struct WebhookService {
    service: HttpService,
    told: Arc<Mutex<Told>>,
}

#[derive(Debug, Default)]
struct Told {
    authorization: String,
    is_on: bool,
    switched_on: usize,
    /// Method, path and system id of every request that was carried out.
    requests: Vec<String>,
}

impl WebhookService {
    /// Starts one that wants this value of the header `Authorization`.
    pub fn start(authorization: &str) -> Self {
        let told = Arc::new(Mutex::new(Told { authorization: authorization.to_owned(), ..Told::default() }));
        let app = Router::new().fallback(answer).with_state(Arc::clone(&told));
        Self { service: HttpService::start(app), told }
    }

    /// `http://127.0.0.1:PORT`; its paths are `/on/`, `/off/` and `/query/`, and nothing is found without the last slash.
    pub fn url(&self) -> &str {
        &self.service.url
    }

    /// Whether the machine is on.
    pub fn is_on(&self) -> bool {
        lock(&self.told).is_on
    }

    /// How often it was switched on.
    pub fn switched_on(&self) -> usize {
        lock(&self.told).switched_on
    }

    /// Method, path and system id of every request that was carried out, and none of them twice.
    pub fn requests(&self) -> Vec<String> {
        lock(&self.told).requests.clone()
    }
}

async fn answer(
    State(told): State<Arc<Mutex<Told>>>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> (StatusCode, String) {
    let mut told = lock(&told);
    let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
    if header(header::AUTHORIZATION.as_str()) != told.authorization {
        return (StatusCode::UNAUTHORIZED, "who is there?".into());
    }
    if !body.is_empty() || headers.contains_key(header::CONTENT_TYPE) {
        return (StatusCode::UNSUPPORTED_MEDIA_TYPE, "nothing to read, please".into());
    }
    match (method.as_str(), uri.path()) {
        ("POST", "/on/") => {
            told.switched_on += usize::from(!told.is_on);
            told.is_on = true;
        }
        ("POST", "/off/") => told.is_on = false,
        ("GET", "/query/") => {}
        _ => return (StatusCode::NOT_FOUND, String::new()),
    }
    let line = format!("{method} {} {}", uri.path(), header("System_Id"));
    if !told.requests.contains(&line) {
        told.requests.push(line);
    }
    let word = if told.is_on { "running" } else { "stopped" };
    (StatusCode::OK, format!(r#"{{"status": "{word}"}}"#))
}

fn lock(told: &Mutex<Told>) -> MutexGuard<'_, Told> {
    told.lock().unwrap_or_else(PoisonError::into_inner)
}
