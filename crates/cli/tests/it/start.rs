//! The first start, the second start, and the end.

use std::{
    collections::BTreeMap,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};

use maas_testkit::{Auth, Database, Options, Site, run, sha256_of_pem};

use crate::MAAS;

#[tokio::test]
async fn a_fresh_directory_becomes_a_usable_site() {
    let site = Site::start(MAAS);
    assert_eq!(site.ready.admin.as_deref(), Some("admin"));
    let ca = std::fs::read_to_string(site.ca_path()).unwrap();
    assert_eq!(site.ready.ca_sha256.clone().unwrap(), sha256_of_pem(&ca));
    let version = site.api(Auth::Nobody).get("version/").await.ok().json();
    assert_eq!(version["subversion"], "");
    let me = site.admin().await.get("users/?op=whoami").await.ok().json();
    assert_eq!((&me["username"], &me["is_superuser"]), (&"admin".into(), &true.into()));

    let status = site.maas(&["status", "--json"]).ok().json();
    assert_eq!(status["tls"]["is_enabled"], true, "{status}");
    assert_eq!(status["database"], "sqlite", "{status}");
    assert_eq!(status["degraded"].as_array().unwrap().len(), 0, "{status}");
}

/// What a person sees: no `--json`, a generated password, and a curl line that works as it is printed.
#[tokio::test]
async fn the_printed_curl_line_works() {
    let dir = tempfile::tempdir().unwrap();
    let mut child = Command::new(MAAS)
        .args(["up", "--listen", "127.0.0.1", "--http-port", "0", "--https-port", "0"])
        .env("MAAS_DATA", dir.path().join("data"))
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::null())
        .spawn()
        .unwrap();
    let mut text = String::new();
    let mut lines = std::io::BufReader::new(child.stdout.take().unwrap());
    while !text.contains("curl ") {
        assert_ne!(std::io::BufRead::read_line(&mut lines, &mut text).unwrap(), 0, "{text}");
    }
    let line = text.lines().find(|line| line.trim_start().starts_with("curl ")).unwrap();
    let answer = run(Command::new("sh").args(["-c", &line.replace("curl ", "curl -sS --noproxy '*' ")])).ok();
    assert!(answer.stdout.contains("capabilities"), "{line}\n{}", answer.stdout);
    let password = text.lines().find(|line| line.trim_start().starts_with("password")).unwrap();
    assert!(password.split_whitespace().nth(1).unwrap().len() >= 16, "{password}");
    child.kill().unwrap();
    child.wait().unwrap();
}

#[tokio::test]
async fn the_second_start_is_quick_and_makes_nothing_anew() {
    for database in Database::available() {
        let mut site = Site::with(MAAS, Options { database, ..Options::default() });
        let before = files(&site.data_dir());
        let key = site.api(Auth::Nobody).api_key("admin", maas_testkit::PASSWORD).await;
        assert_eq!(site.stop(), Some(0), "{}", site.log());
        site.reboot();
        // A debug build on a busy machine; the bench holds the release build to less.
        assert!(site.start_took < Duration::from_secs(5), "{:?}", site.start_took);
        site.api(Auth::Key(key)).get("users/?op=whoami").await.ok();
        let after = files(&site.data_dir());
        for (path, bytes) in before.iter().filter(|(path, _)| !path.to_string_lossy().contains("region.db")) {
            assert!(after.get(path) == Some(bytes), "{} changed", path.display());
        }
    }
}

#[tokio::test]
async fn nothing_in_the_directory_is_for_others_and_a_loose_key_is_refused() {
    let mut site = Site::start(MAAS);
    for path in files(&site.data_dir()).into_keys().filter(|path| !path.ends_with("ca.pem")) {
        let mode = path.metadata().unwrap().permissions().mode() & 0o777;
        assert_eq!(mode & 0o077, 0, "{} has mode {mode:o}", path.display());
    }
    site.stop();
    let key = files(&site.data_dir().join("keys")).into_keys().next().expect("the sealing key is a file");
    std::fs::set_permissions(&key, std::fs::Permissions::from_mode(0o644)).unwrap();
    let refusal = site.try_boot().unwrap_err();
    assert!(refusal.contains(&key.display().to_string()) && refusal.contains("chmod"), "{refusal}");
}

#[tokio::test]
async fn a_request_under_way_is_finished_before_the_end() {
    let mut site = Site::start(MAAS);
    let admin = site.admin().await;
    let form = [
        ("username", "drained"),
        ("email", "d@example.org"),
        ("password", maas_testkit::PASSWORD),
        ("is_superuser", "0"),
    ];
    let creating = tokio::spawn(async move { admin.post("users/", &form).await });
    // Hashing a password takes long enough for the signal to come in the middle, and if not, the test is merely easier.
    tokio::time::interval_at(tokio::time::Instant::now() + Duration::from_millis(30), Duration::from_secs(1))
        .tick()
        .await;
    let (code, site) = tokio::task::spawn_blocking(move || (site.stop(), site)).await.unwrap();
    assert_eq!(code, Some(0), "{}", site.log());
    if let Ok(reply) = creating.await {
        assert!(reply.status.is_success(), "{}", reply.body);
    }
}

fn files(dir: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut all = BTreeMap::new();
    for entry in std::fs::read_dir(dir).unwrap().map(Result::unwrap) {
        let path = entry.path();
        match path.is_dir() {
            true => all.extend(files(&path)),
            false => drop(all.insert(path.clone(), std::fs::read(&path).unwrap_or_default())),
        }
    }
    all
}
