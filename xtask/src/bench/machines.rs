//! Machines: long lists, pages, one machine, taking machines, and what rights cost.

use std::{
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use maas_testkit::{Api, Auth, Authority, Database, HttpService, Options, PASSWORD, Pair, Site};
use reqwest::Method;

use super::{
    Bench, SERVER_CORE,
    nginx::Nginx,
    process,
    table::{Goal, Table},
    wrk,
};

/// A site of its own with invented machines.
struct Filled {
    site: Site,
    admin: Api,
}

impl Filled {
    async fn new(program: &Path, database: Database, machines: usize) -> Self {
        let wrapper = ["taskset", "-c", SERVER_CORE].map(str::to_owned).to_vec();
        let mut site = Site::with(program, Options { wrapper, database, ..Options::default() });
        site.stop();
        let count = machines.to_string();
        site.maas(&["simulate", "--machines", &count, "--pools", "10"]).ok();
        site.reboot();
        let admin = site.admin().await;
        Self { site, admin }
    }
}

/// What came of reading a list.
struct Read {
    first_byte: Duration,
    total: Duration,
    bytes: usize,
}

impl Bench {
    pub(super) async fn machines(&mut self, program: &Path) {
        let filled = Filled::new(program, Database::Sqlite, 10_000).await;
        resident(&mut self.table, "resident, 10,000 machines, just started", filled.site.pid());
        let pools = filled.admin.get("resourcepools/").await.ok().json();
        lists(&mut self.table, &filled, (&self.authority, &self.ecdsa), &pools).await;
        pages(&mut self.table, &filled).await;
        rights(&mut self.table, &filled, &pools).await;
        resident(&mut self.table, "resident, 10,000 machines, after all this", filled.site.pid());
        drop(filled);
        polling(&mut self.table, program).await;
        for database in Database::available() {
            let filled = Filled::new(program, database, 3000).await;
            allocations(&mut self.table, &filled, database).await;
        }
    }
}

fn resident(table: &mut Table, title: &str, pid: u32) {
    table.alone(title, process::resident_kib(pid) as f64 / 1024.0, "MiB", Goal::AtMost(120.0));
}

/// The whole list and a tenth of it, beside nginx sending the same bytes from a file.
async fn lists(table: &mut Table, filled: &Filled, (authority, pair): (&Authority, &Pair), pools: &serde_json::Value) {
    let tenth = format!("machines/?pool={}", pools[0]["name"].as_str().unwrap_or("default"));
    let body = filled.admin.get(&tenth).await.ok().body;
    let nginx = Nginx::start(&filled.site.scratch(), SERVER_CORE, pair, pair, &body, "");
    let peer = Api::at(&format!("https://localhost:{}", nginx.ecdsa_port), &authority.root_pem);
    let theirs = best(async || read(peer.request(Method::GET, "/version")).await).await;
    for (name, path, most_ms) in [("1,000", tenth.as_str(), 150.0), ("10,000", "machines/", 1500.0)] {
        let ours = best(async || read(filled.admin.request(Method::GET, path)).await).await;
        table.alone(&format!("list of {name} machines"), milliseconds(ours.total), "ms", Goal::AtMost(most_ms));
        table.alone("  first byte", milliseconds(ours.first_byte), "ms", Goal::AtMost(30.0));
        table.alone("  size", ours.bytes as f64 / 1e6, "MB", Goal::None);
        table.faster("  over TLS", rate(&ours), rate(&theirs), "MB/s", Goal::AtLeast(300.0));
    }
    resident(table, "  resident after lists", filled.site.pid());
}

/// The first page of the list, and one machine.
async fn pages(table: &mut Table, filled: &Filled) {
    let session = filled.admin.log_in("admin", PASSWORD).await;
    let browser = filled.admin.speaking_as(Auth::Session(session));
    let page = median(21, async || browser.get("/MAAS/r/machines").await.ok()).await;
    table.alone("first page of 10,000 machines", page, "ms", Goal::AtMost(50.0));
    let some = filled.admin.get("machines/?hostname=web-r01-u01").await.ok().json();
    let id = some[0]["system_id"].as_str().unwrap_or_default().to_owned();
    let token = filled.admin.bearer("bench").await;
    let header = format!("Authorization: Bearer {token}");
    let port = filled.site.ready.https_port.unwrap_or_default();
    let one = wrk::run(port, &format!("/MAAS/api/2.0/machines/{id}/"), Some(&header), 1, 2);
    assert_eq!(one.failed, 0, "requests for one machine failed");
    table.alone("one machine, p50", one.p50_ms, "ms", Goal::AtMost(2.0));
    table.alone("one machine, p99", one.p99_ms, "ms", Goal::None);
    let page = median(21, async || browser.get(&format!("/MAAS/r/machine/{id}")).await).await;
    table.alone("page of one machine", page, "ms", Goal::None);
}

/// The same list for somebody who may see everything, and for an auditor with a binding on each pool.
async fn rights(table: &mut Table, filled: &Filled, pools: &serde_json::Value) {
    let account = filled.admin.create_user("auditor", false).await;
    for pool in pools.as_array().into_iter().flatten() {
        let pool = pool["name"].as_str().unwrap_or_default();
        filled.admin.post("role-bindings/", &[("role", "auditor"), ("user", "auditor"), ("pool", pool)]).await.ok();
    }
    let auditor = filled.admin.speaking_as(Auth::Key(account.key));
    let mut ratios = Vec::new();
    for _ in 0..5 {
        let all = read(filled.admin.request(Method::GET, "machines/")).await;
        let theirs = read(auditor.request(Method::GET, "machines/")).await;
        assert_eq!(all.bytes, theirs.bytes, "the auditor sees something else");
        ratios.push(theirs.total.as_secs_f64() / all.total.as_secs_f64());
    }
    ratios.sort_by(f64::total_cmp);
    table.alone("list by ten roles on pools, of an administrator's", ratios[2], "", Goal::AtMost(1.05));
}

/// Reads while five hundred BMCs that take a second to answer are asked for their power, beside reads in quiet.
async fn polling(table: &mut Table, program: &Path) {
    let wrapper = ["taskset", "-c", SERVER_CORE].map(str::to_owned).to_vec();
    let site = Site::with(program, Options { wrapper, ..Options::default() });
    let admin = site.admin().await;
    let header = format!("Authorization: Bearer {}", admin.bearer("bench").await);
    let port = site.ready.https_port.unwrap_or_default();
    let reads = || wrk::run(port, "/MAAS/api/2.0/users/?op=whoami", Some(&header), 4, 6);
    let quiet = reads();
    let asked = Arc::new(AtomicUsize::new(0));
    let counted = asked.clone();
    let slow = axum::Router::new().fallback(move || {
        counted.fetch_add(1, Ordering::Relaxed);
        async {
            let _ = tokio::time::timeout(Duration::from_secs(1), std::future::pending::<()>()).await;
            r#"{"status": "running"}"#
        }
    });
    let bmcs = HttpService::start(slow);
    for number in 0..500 {
        let mac = format!("02:00:00:00:{:02x}:{:02x}", number / 256, number % 256);
        let uri = format!("{}/{number}", bmcs.url);
        let form = [
            ("architecture", "amd64"),
            ("mac_addresses", mac.as_str()),
            ("deployed", "true"),
            ("power_type", "webhook"),
            ("power_parameters_power_on_uri", &uri),
            ("power_parameters_power_off_uri", &uri),
            ("power_parameters_power_query_uri", &uri),
        ];
        admin.post("machines/", &form).await.ok();
    }
    let before = asked.load(Ordering::Relaxed);
    let busy = reads();
    let meanwhile = asked.load(Ordering::Relaxed) - before;
    assert_eq!(quiet.failed + busy.failed, 0, "reads failed");
    table.alone("p99 of reads in quiet", quiet.p99_ms, "ms", Goal::None);
    table.alone("p99 while 500 BMCs are asked", busy.p99_ms, "ms", Goal::AtMost(quiet.p99_ms * 2.0));
    table.alone("  BMCs asked meanwhile", meanwhile as f64, "", Goal::AtLeast(100.0));
}

/// Taking ready machines, eight callers at a time.
async fn allocations(table: &mut Table, filled: &Filled, database: Database) {
    let taken = AtomicUsize::new(0);
    let started = Instant::now();
    let caller = || async {
        while started.elapsed() < Duration::from_secs(3) {
            let reply = filled.admin.post("machines/?op=allocate", &[]).await;
            match reply.status.as_u16() {
                200 => drop(taken.fetch_add(1, Ordering::Relaxed)),
                409 => break,
                other => panic!("{other}: {}", reply.body),
            }
        }
    };
    tokio::join!(caller(), caller(), caller(), caller(), caller(), caller(), caller(), caller());
    let per_second = taken.into_inner() as f64 / started.elapsed().as_secs_f64();
    table.alone(&format!("machines allocated a second, {database:?}"), per_second, "/s", Goal::AtLeast(200.0));
}

async fn read(request: reqwest::RequestBuilder) -> Read {
    let started = Instant::now();
    let mut response = request.send().await.expect("the server answers");
    assert!(response.status().is_success(), "{}", response.status());
    let (mut bytes, mut first_byte) = (0, None);
    while let Some(chunk) = response.chunk().await.expect("the whole answer") {
        first_byte.get_or_insert_with(|| started.elapsed());
        bytes += chunk.len();
    }
    Read { first_byte: first_byte.unwrap_or_default(), total: started.elapsed(), bytes }
}

/// The middle one of five.
async fn best(work: impl AsyncFn() -> Read) -> Read {
    let mut all = Vec::new();
    for _ in 0..5 {
        all.push(work().await);
    }
    all.sort_by_key(|read| read.total);
    all.swap_remove(2)
}

async fn median<T>(times: usize, work: impl AsyncFn() -> T) -> f64 {
    let mut all = Vec::new();
    for _ in 0..times {
        let started = Instant::now();
        work().await;
        all.push(milliseconds(started.elapsed()));
    }
    all.sort_by(f64::total_cmp);
    all[times / 2]
}

fn rate(read: &Read) -> f64 {
    read.bytes as f64 / 1e6 / read.total.as_secs_f64()
}

fn milliseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1000.0
}
