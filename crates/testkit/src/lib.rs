//! What integration tests stand on: the real program running on a database of its own, clients that really verify
//! certificates, a certificate factory, a browser, BMCs with machines behind them, and Python with the libraries that
//! people use.
//!
//! Everything listens on loopback, lies in temporary directories and ends with the value that holds it.

#![expect(clippy::print_stderr, reason = "tests talk to whoever reads their output")]
#![expect(clippy::missing_panics_doc, reason = "everything here panics where a test should fail")]

mod account;
mod api;
mod bmc;
mod browser;
mod certificates;
mod database;
mod handshake;
mod http_service;
mod oauth;
mod process;
mod site;
mod webhook;

pub use account::{Account, ApiKey, Session};
pub use api::{Api, Auth, Reply};
pub use bmc::{Bmc, BmcKind};
pub use browser::Browser;
pub use certificates::{Authority, KeyKind, Leaf, Pair, openssl, sha256_of_pem};
pub use database::Database;
pub use handshake::{TlsStream, connect_tls, connect_tls_at, roots_from_pem, served_fingerprint};
pub use http_service::HttpService;
pub use oauth::oauth_header;
pub use process::{Run, run, run_with_input};
pub use site::{Options, Ready, Site};
pub use webhook::WebhookService;

/// The password of accounts that tests make. Long and odd enough for every rule.
pub const PASSWORD: &str = "ochre-Lantern-49-tugboat";

/// Whether a test may go on: its helper is there. Where it is not, the reason is printed; under `./scripts/test`, which
/// installs every helper, that is a failure.
pub fn have(what: &str, found: bool) -> bool {
    if found {
        return true;
    }
    let required = std::env::var_os("MAAS_TEST_REQUIRE_ALL").is_some();
    assert!(!required, "{what} is missing, and ./scripts/test should have brought it");
    eprintln!("skipped: {what} is missing; ./scripts/test brings it");
    false
}

/// Whether a program is on the search path, `/usr/sbin` included.
pub fn installed(program: &str) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path).chain(["/usr/sbin".into()]).any(|dir| dir.join(program).is_file())
}

/// The Python that has python-libmaas and requests-oauthlib.
pub fn python() -> Option<std::path::PathBuf> {
    let path = std::env::var_os("MAAS_TEST_PYTHON").map(std::path::PathBuf::from).filter(|path| path.is_file());
    have("Python with python-libmaas", path.is_some()).then_some(path).flatten()
}
