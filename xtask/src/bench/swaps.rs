//! A hundred changes of the certificate while `wrk` keeps the server busy.

use std::{
    process::Stdio,
    time::{Duration, Instant},
};

use maas_testkit::{Api, Authority, roots_from_pem, served_fingerprint};

use super::wrk;

/// What came of it.
pub(crate) struct Swaps {
    pub(crate) requests: u64,
    pub(crate) failed: u64,
    /// From the answer to a change until a new handshake shows the new certificate.
    pub(crate) median_ms: f64,
    pub(crate) worst_ms: f64,
}

/// Changes the certificate a hundred times through the API, under full load.
pub(crate) async fn measure(port: u16, authority: &Authority, admin: &Api) -> Swaps {
    let roots = roots_from_pem(&[&authority.root_pem]);
    let pairs: Vec<_> = (0..100).map(|_| authority.leaf().issue()).collect();
    let mut load = wrk::command(port, "/MAAS/api/2.0/version/", None, 32, 60);
    let mut load = load.stdout(Stdio::piped()).spawn().expect("wrk can be run");
    let mut delays = Vec::new();
    for pair in &pairs {
        admin.replace_certificate(pair, port).await.ok();
        let answered = Instant::now();
        while served_fingerprint(port, roots.clone()).await.expect("a handshake") != pair.fingerprint() {
            assert!(answered.elapsed() < Duration::from_secs(5), "the new certificate is not served");
        }
        delays.push(answered.elapsed().as_secs_f64() * 1000.0);
    }
    let interrupt = load.id().to_string();
    maas_testkit::run(std::process::Command::new("kill").args(["-INT", &interrupt])).ok();
    let output = std::io::read_to_string(load.stdout.take().expect("asked for")).unwrap_or_default();
    let _ = load.wait();
    let wrk = wrk::parse(&output);
    delays.sort_by(f64::total_cmp);
    Swaps { requests: wrk.requests, failed: wrk.failed, median_ms: delays[50], worst_ms: delays[99] }
}
