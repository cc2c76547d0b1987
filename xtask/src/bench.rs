//! The program beside nginx: the same certificates, the same bytes, the same generator, the same core, one run.
//!
//! The servers take one core and the generators another, so that a server's own limit is measured and the generator's
//! noise does not count. The generators are `wrk` for requests and [`handshakes`] for handshakes. What a server spends is
//! read from `/proc`, and shown where the generator might be the slower one.

mod handshakes;
mod machines;
mod nginx;
mod process;
mod swaps;
mod table;
mod wrk;

use std::{
    path::Path,
    process::{Command, ExitCode},
    time::{Duration, Instant},
};

use maas_testkit::{Api, Auth, Authority, KeyKind, Options, PASSWORD, Pair, Site};

use self::{
    handshakes::{Handshakes, Load},
    nginx::Nginx,
    table::{Goal, Table},
    wrk::Wrk,
};

const SECONDS: u64 = 4;
const ROUNDS: usize = 3;
const ROUND_SECONDS: u64 = 2;
const SERVER_CORE: &str = "0";
const GENERATOR_CORE: &str = "1";

/// Measures everything, or the `region` or the `machines` alone, and prints the table; fails when a goal is missed.
pub(crate) async fn run(part: Option<&str>) -> ExitCode {
    for program in ["nginx", "wrk", "taskset"] {
        if !maas_testkit::installed(program) {
            eprintln!("{program} is missing: ./scripts/test installs it");
            return ExitCode::from(2);
        }
    }
    let program = crate::build("release");
    pin_generators();
    let started = Instant::now();
    let mut bench = Bench::start(&program);
    if part != Some("machines") {
        bench.region().await;
    }
    if part != Some("region") {
        bench.machines(&program).await;
    }
    println!("{}", bench.table);
    println!("\n{} s, servers on core {SERVER_CORE}, generators on core {GENERATOR_CORE}", started.elapsed().as_secs());
    if bench.table.is_met() { ExitCode::SUCCESS } else { ExitCode::from(1) }
}

struct Bench {
    site: Site,
    authority: Authority,
    ecdsa: Pair,
    rsa: Pair,
    table: Table,
}

impl Bench {
    fn start(program: &Path) -> Self {
        let options =
            Options { wrapper: ["taskset", "-c", SERVER_CORE].map(str::to_owned).to_vec(), ..Options::default() };
        let authority = Authority::root("Bench");
        let bench = Self {
            site: Site::with(program, options),
            ecdsa: authority.leaf().key(KeyKind::P256).issue(),
            rsa: authority.leaf().key(KeyKind::Rsa2048).issue(),
            authority,
            table: Table::default(),
        };
        bench.enable(&bench.ecdsa);
        bench
    }

    async fn region(&mut self) {
        self.start_up();
        self.memory().await;
        self.requests().await;
        self.handshakes().await;
        self.logins().await;
        self.swaps().await;
    }

    fn enable(&self, pair: &Pair) {
        let (key, certificate) = pair.write(&self.site.scratch(), "site");
        let port = self.https_port().to_string();
        self.site.maas(&["config-tls", "enable", &key, &certificate, "--port", &port, "--yes"]).ok();
    }

    fn https_port(&self) -> u16 {
        self.site.ready.https_port.expect("the site was started with TLS")
    }

    /// A client of the site with an administrator's key, trusting the bench's own authority.
    async fn admin(&self) -> Api {
        let api = self.site.api_trusting(&self.authority.root_pem, Auth::Nobody);
        let key = api.api_key("admin", PASSWORD).await;
        api.speaking_as(Auth::Key(key))
    }

    fn start_up(&mut self) {
        let mut all: Vec<Duration> = (0..7).map(|_| self.restart()).collect();
        all.sort();
        let median = all[all.len() / 2].as_secs_f64() * 1000.0;
        self.table.alone("start to ready, existing site", median, "ms", Goal::AtMost(300.0));
    }

    fn restart(&mut self) -> Duration {
        self.site.stop();
        self.site.reboot();
        self.site.start_took
    }

    async fn memory(&mut self) {
        // One of each, so that what is made on first use is there; then the site idles.
        self.admin().await.get("users/?op=whoami").await.ok();
        tokio::time::interval_at(tokio::time::Instant::now() + Duration::from_secs(3), Duration::from_secs(1))
            .tick()
            .await;
        let mib = process::resident_kib(self.site.pid()) as f64 / 1024.0;
        self.table.alone("resident, idle", mib, "MiB", Goal::AtMost(40.0));
    }

    async fn requests(&mut self) {
        let admin = self.admin().await;
        let token = admin.bearer("bench").await;
        let version = admin.get("version/").await.ok().body;
        let whoami = admin.get("users/?op=whoami").await.ok().body;
        let nginx = Nginx::start(&self.site.scratch(), SERVER_CORE, &self.ecdsa, &self.rsa, &version, &whoami);
        let header = format!("Authorization: Bearer {token}");
        let cases = [
            ("version/", "/MAAS/api/2.0/version/", None, "/version", 0.5),
            ("whoami", "/MAAS/api/2.0/users/?op=whoami", Some(header.as_str()), "/whoami", 0.4),
        ];
        for (name, path, header, file, goal) in cases {
            for connections in [1, 8, 32] {
                // Turn and turn about, so that what else the machine does hits both.
                let rounds = (0..ROUNDS).map(|_| {
                    let ours = wrk::run(self.https_port(), path, header, connections, ROUND_SECONDS);
                    (ours, wrk::run(nginx.ecdsa_port, file, None, connections, ROUND_SECONDS))
                });
                let (ours, theirs): (Vec<Wrk>, Vec<Wrk>) = rounds.unzip();
                self.request_rows(name, connections, &Wrk::median(ours), &Wrk::median(theirs), goal);
            }
        }
    }

    fn request_rows(&mut self, name: &str, connections: u32, ours: &Wrk, theirs: &Wrk, goal: f64) {
        assert_eq!(ours.failed, 0, "requests for {name} failed");
        let title = format!("{name} requests/s, {connections} connections");
        self.table.beside(&title, ours.per_second, theirs.per_second, Goal::RatioAtLeast(goal));
        self.table.latency(&format!("{name} p50, {connections} connections"), ours.p50_ms, theirs.p50_ms, Goal::None);
        let goal = if connections == 32 { Goal::AtMost(5.0) } else { Goal::None };
        self.table.latency(&format!("{name} p99, {connections} connections"), ours.p99_ms, theirs.p99_ms, goal);
    }

    async fn handshakes(&mut self) {
        let nginx = Nginx::start(&self.site.scratch(), SERVER_CORE, &self.ecdsa, &self.rsa, "", "");
        let pairs =
            [("ECDSA P-256", self.ecdsa.clone(), nginx.ecdsa_port), ("RSA 2048", self.rsa.clone(), nginx.rsa_port)];
        for (name, pair, port) in pairs {
            self.enable(&pair);
            let ours = self.shake(self.https_port(), &[self.site.pid()], Load::X25519).await;
            let theirs = self.shake(port, &nginx.workers(), Load::X25519).await;
            let title = format!("full TLS 1.3 handshakes/s, {name}");
            self.table.beside(&title, ours.per_second, theirs.per_second, Goal::RatioAtLeast(0.9));
            let title = format!("  server's time for one, {name}");
            self.table.cost(&title, ours.server_us, theirs.server_us);
        }
        let hybrid = self.shake(self.https_port(), &[self.site.pid()], Load::Hybrid).await;
        self.table.alone("  with X25519MLKEM768, RSA 2048", hybrid.per_second, "/s", Goal::None);
        self.enable(&self.ecdsa);
    }

    async fn shake(&self, port: u16, pids: &[u32], load: Load) -> Handshakes {
        handshakes::measure(port, pids, load, Duration::from_secs(SECONDS)).await
    }

    async fn logins(&mut self) {
        let hash = process::argon2_ms();
        self.table.alone("one argon2id hash", hash, "ms", Goal::None);
        let api = self.site.api_trusting(&self.authority.root_pem, Auth::Nobody);
        let (started, mut count) = (Instant::now(), 0_u32);
        while started.elapsed() < Duration::from_secs(SECONDS) {
            let (one, two) = (api.log_in("admin", PASSWORD), api.log_in("admin", PASSWORD));
            tokio::join!(one, two);
            count += 2;
        }
        let per_second = f64::from(count) / started.elapsed().as_secs_f64();
        self.table.alone("logins/s, two at a time on one core", per_second, "/s", Goal::None);
        self.table.alone("  of what one argon2id a login allows", per_second * hash / 1000.0, "", Goal::None);
    }

    async fn swaps(&mut self) {
        let swapped = swaps::measure(self.https_port(), &self.authority, &self.admin().await).await;
        self.table.alone(
            "100 certificate swaps under load: failed requests",
            swapped.failed as f64,
            "",
            Goal::AtMost(0.0),
        );
        self.table.alone("  requests meanwhile", swapped.requests as f64, "", Goal::None);
        self.table.alone("  answer to new handshake, median", swapped.median_ms, "ms", Goal::None);
        self.table.alone("  answer to new handshake, worst", swapped.worst_ms, "ms", Goal::AtMost(50.0));
    }
}

/// Puts this process, and with it the generators that it starts, on a core of their own.
fn pin_generators() {
    let pid = std::process::id().to_string();
    maas_testkit::run(Command::new("taskset").args(["-a", "-c", "-p", GENERATOR_CORE, &pid])).ok();
}
