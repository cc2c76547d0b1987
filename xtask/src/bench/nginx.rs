//! nginx as the yardstick: one worker on the servers' core, both kinds of certificate, two small files.

use std::{
    net::TcpListener,
    path::Path,
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use maas_testkit::Pair;

/// A running nginx; dropping it ends it.
pub(crate) struct Nginx {
    child: Child,
    pub(crate) ecdsa_port: u16,
    pub(crate) rsa_port: u16,
}

impl Nginx {
    /// Starts one that serves `version` and `whoami` as small files.
    pub(crate) fn start(dir: &Path, core: &str, ecdsa: &Pair, rsa: &Pair, version: &str, whoami: &str) -> Self {
        let root = dir.join("nginx");
        std::fs::create_dir_all(root.join("www")).expect("a writable directory");
        std::fs::write(root.join("www/version"), version).expect("a writable directory");
        std::fs::write(root.join("www/whoami"), whoami).expect("a writable directory");
        let (ecdsa_port, rsa_port) = (free_port(), free_port());
        let servers = [("ecdsa", ecdsa, ecdsa_port), ("rsa", rsa, rsa_port)].map(|(name, pair, port)| {
            let (key, certificate) = pair.write(&root, name);
            server(port, &key, &certificate)
        });
        let configuration = configuration(&root, &servers.concat());
        std::fs::write(root.join("nginx.conf"), configuration).expect("a writable directory");
        let child = Command::new("taskset")
            .args(["-c", core, "/usr/sbin/nginx", "-e", "stderr", "-c"])
            .arg(root.join("nginx.conf"))
            .stdin(Stdio::null())
            .spawn()
            .expect("nginx can be run");
        let nginx = Self { child, ecdsa_port, rsa_port };
        nginx.wait();
        nginx
    }

    /// The processes that serve.
    pub(crate) fn workers(&self) -> Vec<u32> {
        let children = maas_testkit::run(Command::new("pgrep").args(["-P", &self.child.id().to_string()])).ok();
        children.stdout.split_whitespace().filter_map(|pid| pid.parse().ok()).collect()
    }

    fn wait(&self) {
        let started = Instant::now();
        while std::net::TcpStream::connect(("127.0.0.1", self.rsa_port)).is_err() {
            assert!(started.elapsed() < Duration::from_secs(10), "nginx does not answer");
            std::thread::yield_now();
        }
    }
}

impl Drop for Nginx {
    fn drop(&mut self) {
        let _ = maas_testkit::run(Command::new("kill").args(["-TERM", &self.child.id().to_string()]));
        let _ = self.child.wait();
    }
}

fn configuration(root: &Path, servers: &str) -> String {
    let root = root.display();
    // Root's own temporary directory cannot be read by the user that nginx would change to.
    let user = if is_root() { "user root;" } else { "" };
    format!(
        "{user}
daemon off;
worker_processes 1;
pid {root}/pid;
events {{ worker_connections 4096; }}
http {{
  access_log off;
  default_type application/json;
  sendfile on;
  tcp_nopush on;
  keepalive_requests 100000000;
  open_file_cache max=10;
  client_body_temp_path {root}/body; proxy_temp_path {root}/proxy; fastcgi_temp_path {root}/fastcgi;
  uwsgi_temp_path {root}/uwsgi; scgi_temp_path {root}/scgi;
  ssl_protocols TLSv1.2 TLSv1.3;
  ssl_session_cache none;
  root {root}/www;
{servers}}}
"
    )
}

fn server(port: u16, key: &str, certificate: &str) -> String {
    format!(
        "  server {{ listen 127.0.0.1:{port} ssl http2; ssl_certificate {certificate}; ssl_certificate_key {key}; }}\n"
    )
}

fn is_root() -> bool {
    maas_testkit::run(Command::new("id").arg("-u")).stdout.trim() == "0"
}

fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    listener.local_addr().expect("it is bound").port()
}
