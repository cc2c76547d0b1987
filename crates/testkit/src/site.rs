//! A site: the real program, serving from a temporary directory on free ports of loopback.

use std::{
    fs::File,
    io::{BufRead, BufReader, Read, Write},
    net::{IpAddr, SocketAddr, TcpStream},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::mpsc,
    thread,
    time::{Duration, Instant},
};

use tempfile::TempDir;

use crate::{
    Database, PASSWORD, Run,
    database::{PostgresDatabase, files_below},
    process::{run, run_with_input},
};

/// What the program says on the first line of its stdout once it serves.
#[derive(Clone, Debug, serde::Deserialize)]
pub struct Ready {
    pub http_port: u16,
    pub https_port: Option<u16>,
    pub url: String,
    pub ca: Option<PathBuf>,
    pub ca_sha256: Option<String>,
    /// Only when this start made the site.
    pub admin: Option<String>,
    pub data_dir: PathBuf,
}

/// How a site is to be.
#[derive(Clone, Debug)]
pub struct Options {
    pub database: Database,
    pub tls: bool,
    /// More arguments for `maas up` or `maas run`.
    pub arguments: Vec<String>,
    /// More environment for the serving process.
    pub environment: Vec<(String, String)>,
    /// A command that runs the serving process and then is it, such as `taskset -c 0`.
    pub wrapper: Vec<String>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            database: Database::Sqlite,
            tls: true,
            arguments: Vec::new(),
            environment: Vec::new(),
            wrapper: Vec::new(),
        }
    }
}

/// A running site. Dropping it kills the process and removes everything.
#[derive(Debug)]
pub struct Site {
    child: Option<Child>,
    program: PathBuf,
    options: Options,
    pub ready: Ready,
    /// How long the last start took, from the program's start to its word that it serves.
    pub start_took: Duration,
    /// The address that it listens on.
    listen: &'static str,
    database_uri: Option<String>,
    postgres: Option<PostgresDatabase>,
    // Dropped last: the process and the database are gone by then.
    dir: TempDir,
}

impl Site {
    /// A new site on SQLite with TLS, its first administrator `admin` with [`PASSWORD`].
    pub fn start(program: impl AsRef<Path>) -> Self {
        Self::with(program, Options::default())
    }

    /// A new site.
    pub fn with(program: impl AsRef<Path>, options: Options) -> Self {
        let dir = TempDir::with_prefix("maas-site-").expect("a temporary directory");
        std::fs::create_dir(dir.path().join("data")).expect("a fresh directory");
        restrict(&dir.path().join("data"), 0o700);
        write_private(&dir.path().join("admin-password"), PASSWORD);
        let postgres = (options.database == Database::Postgres).then(PostgresDatabase::create);
        let mut site = Self {
            child: None,
            program: program.as_ref().to_owned(),
            options,
            ready: Ready {
                http_port: 0,
                https_port: None,
                url: String::new(),
                ca: None,
                ca_sha256: None,
                admin: None,
                data_dir: dir.path().join("data"),
            },
            start_took: Duration::ZERO,
            listen: "127.0.0.1",
            database_uri: postgres.as_ref().map(|postgres| postgres.full_uri.clone()),
            postgres,
            dir,
        };
        site.init();
        site.boot();
        site
    }

    /// A second region of a site on PostgreSQL, as on another host: its own files, with the same keys.
    pub fn beside(first: &Self) -> Self {
        assert!(first.database_uri.is_some(), "several regions need PostgreSQL");
        let dir = TempDir::with_prefix("maas-site-").expect("a temporary directory");
        let data_dir = dir.path().join("data");
        copy_private(&first.data_dir(), &data_dir);
        let config = data_dir.join("regiond.conf");
        let mut config = File::options().append(true).open(config).expect("the first region has one");
        config.write_all(b"region_name: second\n").expect("our own file");
        let mut site = Self {
            child: None,
            program: first.program.clone(),
            options: first.options.clone(),
            ready: Ready { data_dir, ..first.ready.clone() },
            start_took: Duration::ZERO,
            listen: "127.0.0.2",
            database_uri: first.database_uri.clone(),
            postgres: None,
            dir,
        };
        site.boot();
        site
    }

    /// What makes a site that `maas run` serves; `maas up` needs none of it.
    fn init(&self) {
        let Some(postgres) = &self.postgres else { return };
        let password_file = self.dir.path().join("database-password");
        write_private(&password_file, &postgres.password);
        let mut command = self.command();
        command.args(["init", "region", "--database-uri", &postgres.uri]);
        command.arg("--database-pass-file").arg(password_file);
        command.args(["--database-sslmode", "verify-full", "--database-sslrootcert", &postgres.root_certificate]);
        command.args(self.first_use_arguments());
        run(&mut command).ok();
    }

    fn first_use_arguments(&self) -> Vec<String> {
        let password = self.dir.path().join("admin-password");
        let mut all = ["--listen", "127.0.0.1", "--http-port", "0"].map(str::to_owned).to_vec();
        if self.options.tls {
            all.extend(["--https-port", "0"].map(str::to_owned));
        } else {
            all.push("--no-tls".to_owned());
        }
        all.extend(["--admin", "admin", "--admin-password-file"].map(str::to_owned));
        all.push(password.to_string_lossy().into_owned());
        all
    }

    /// Starts the serving process and waits for its word.
    fn boot(&mut self) {
        let error = self.try_boot().err();
        assert!(error.is_none(), "the site did not start: {}\n{}", error.unwrap_or_default(), self.log());
    }

    /// Starts the serving process again, after [`Site::kill`], [`Site::stop`] or its own end. Ports may differ.
    ///
    /// # Errors
    /// What it printed instead of its word that it serves.
    pub fn try_boot(&mut self) -> Result<(), String> {
        let mut command = match self.options.wrapper.split_first() {
            Some((wrapper, arguments)) => {
                let mut command = self.in_place(Command::new(wrapper));
                command.args(arguments).arg(&self.program);
                command
            }
            None => self.command(),
        };
        if self.database_uri.is_some() {
            command.args(["run", "--json", "--listen", self.listen, "--http-port", "0"]);
        } else {
            command.args(["up", "--json"]).args(self.first_use_arguments());
        }
        command.args(&self.options.arguments).envs(self.options.environment.iter().cloned());
        let log = File::options().create(true).append(true).open(self.log_path()).expect("a writable directory");
        let started = Instant::now();
        let mut child =
            command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(log).spawn().expect("the program can be run");
        let stdout = child.stdout.take().expect("asked for");
        self.child = Some(child);
        let (send, receive) = mpsc::channel();
        let copy = self.dir.path().join("stdout");
        thread::spawn(move || {
            let mut copy = File::options().create(true).append(true).open(copy).expect("a writable directory");
            for line in BufReader::new(stdout).lines().map_while(Result::ok) {
                let _ = std::io::Write::write_all(&mut copy, format!("{line}\n").as_bytes());
                let _ = send.send(line);
            }
        });
        let line = receive.recv_timeout(Duration::from_secs(60)).map_err(|_| self.log())?;
        self.start_took = started.elapsed();
        self.ready = serde_json::from_str(&line).map_err(|error| format!("{error}: {line}"))?;
        self.wait_for_redirects();
        Ok(())
    }

    /// With a port that the system chose, redirects wait until the region has written down which one it is.
    fn wait_for_redirects(&self) {
        let started = Instant::now();
        while self.ready.https_port.is_some() && started.elapsed() < Duration::from_secs(10) {
            let mut answer = [0; 12];
            let asked = TcpStream::connect((self.listen, self.ready.http_port)).and_then(|mut stream| {
                stream.write_all(b"GET /MAAS/r/ HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n")?;
                stream.read_exact(&mut answer)
            });
            if asked.is_ok() && answer.ends_with(b"308") {
                return;
            }
            thread::park_timeout(Duration::from_millis(10));
        }
    }

    /// Starts the serving process again; the test fails when it does not.
    pub fn reboot(&mut self) {
        self.boot();
    }

    /// A `maas` command on this host, for this site.
    pub fn command(&self) -> Command {
        self.in_place(Command::new(&self.program))
    }

    fn in_place(&self, mut command: Command) -> Command {
        command.env("MAAS_DATA", self.data_dir()).env("HOME", self.dir.path()).env_remove("MAAS_ABORT_AT");
        command
    }

    /// Runs `maas ARGUMENTS` on this host with nothing on stdin.
    #[track_caller]
    pub fn maas(&self, arguments: &[&str]) -> Run {
        run(self.command().args(arguments))
    }

    /// Runs `maas ARGUMENTS` on this host with a text on stdin.
    #[track_caller]
    pub fn maas_with_input(&self, arguments: &[&str], input: &str) -> Run {
        run_with_input(self.command().args(arguments), input)
    }

    /// Where the site lies.
    pub fn data_dir(&self) -> PathBuf {
        self.dir.path().join("data")
    }

    /// A directory for whatever the test needs, gone with the site.
    pub fn scratch(&self) -> PathBuf {
        let dir = self.dir.path().join("scratch");
        std::fs::create_dir_all(&dir).expect("a writable directory");
        dir
    }

    /// The file of CA certificates that clients should trust.
    pub fn ca_path(&self) -> PathBuf {
        self.ready.ca.clone().unwrap_or_else(|| self.data_dir().join("ca.pem"))
    }

    /// `https://localhost:PORT`, or the plain address while TLS is off.
    pub fn base_url(&self) -> String {
        match self.ready.https_port {
            Some(port) => format!("https://localhost:{port}"),
            None => format!("http://{}:{}", self.listen, self.ready.http_port),
        }
    }

    /// Where it serves HTTPS.
    pub fn https_address(&self) -> SocketAddr {
        let port = self.ready.https_port.expect("TLS is on");
        SocketAddr::new(self.listen.parse().expect("an address"), port)
    }

    /// A client that trusts the site's CA and nobody else, and follows no redirect. `localhost` is this region to it.
    pub fn client(&self, source: Option<IpAddr>) -> reqwest::Client {
        let here = self.listen.parse().expect("an address");
        client_at(Some(here), std::fs::read(self.ca_path()).ok().as_deref(), source)
    }

    /// The environment of the next start, beside the test's own.
    pub fn set_environment(&mut self, environment: Vec<(String, String)>) {
        self.options.environment = environment;
    }

    /// The process's id.
    pub fn pid(&self) -> u32 {
        self.child.as_ref().expect("the site runs").id()
    }

    /// Whether the process ended by itself.
    pub fn has_ended(&mut self) -> bool {
        self.child.as_mut().is_none_or(|child| matches!(child.try_wait(), Ok(Some(_))))
    }

    /// Whether the process ends by itself within this time.
    pub fn ends_within(&mut self, limit: Duration) -> bool {
        let started = Instant::now();
        while !self.has_ended() && started.elapsed() < limit {
            thread::park_timeout(Duration::from_millis(10));
        }
        self.has_ended()
    }

    /// `kill -9`, and waits until it is gone.
    pub fn kill(&mut self) {
        if let Some(mut child) = self.child.take() {
            let _ = child.kill();
            let _ = child.wait();
        }
    }

    /// Asks the process to end by SIGTERM, and returns its exit code.
    pub fn stop(&mut self) -> Option<i32> {
        let mut child = self.child.take()?;
        run(Command::new("kill").args(["-TERM", &child.id().to_string()])).ok();
        let asked = Instant::now();
        loop {
            if let Some(status) = child.try_wait().expect("a child can be waited for") {
                return status.code();
            }
            if asked.elapsed() > Duration::from_secs(60) {
                let _ = child.kill();
                let _ = child.wait();
                panic!("the site did not end within a minute of SIGTERM");
            }
            thread::park_timeout(Duration::from_millis(5));
        }
    }

    /// What the process wrote to stderr, all starts together.
    pub fn log(&self) -> String {
        String::from_utf8_lossy(&std::fs::read(self.log_path()).unwrap_or_default()).into_owned()
    }

    fn log_path(&self) -> PathBuf {
        self.dir.path().join("log")
    }

    /// An address for SQL clients, password and all.
    pub fn database_url(&self) -> String {
        match &self.database_uri {
            Some(uri) => uri.clone(),
            None => format!("sqlite:{}", self.data_dir().join("region.db").display()),
        }
    }

    /// Everything that the site has written, as (where, bytes): its files, its log, a dump of the database.
    pub fn everything_written(&self) -> Vec<(String, Vec<u8>)> {
        let mut all: Vec<(String, Vec<u8>)> = files_below(&self.data_dir())
            .into_iter()
            .map(|(path, bytes)| (path.display().to_string(), bytes))
            .collect();
        all.push(("log".to_owned(), self.log().into_bytes()));
        all.push(("stdout".to_owned(), std::fs::read(self.dir.path().join("stdout")).unwrap_or_default()));
        if let Some(postgres) = &self.postgres {
            all.push(("database dump".to_owned(), postgres.dump().into_bytes()));
        }
        all
    }
}

impl Drop for Site {
    fn drop(&mut self) {
        if thread::panicking() {
            eprintln!("-- log of the site\n{}--", tail(&self.log(), 60));
        }
        self.kill();
    }
}

/// A client that trusts the given CA certificates and nobody else, and follows no redirect.
pub(crate) fn client_trusting(ca_pem: Option<&[u8]>, source: Option<IpAddr>) -> reqwest::Client {
    client_at(None, ca_pem, source)
}

fn client_at(here: Option<IpAddr>, ca_pem: Option<&[u8]>, source: Option<IpAddr>) -> reqwest::Client {
    let mut builder = reqwest::Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .local_address(source)
        .timeout(Duration::from_secs(60))
        .no_proxy();
    let roots = ca_pem.map(|pem| reqwest::Certificate::from_pem_bundle(pem).expect("CA certificates in PEM"));
    builder = builder.tls_certs_only(roots.unwrap_or_default());
    if let Some(here) = here {
        builder = builder.resolve("localhost", (here, 0).into());
    }
    builder.build().expect("a client can be built")
}

fn tail(text: &str, lines: usize) -> String {
    let all: Vec<&str> = text.lines().collect();
    all[all.len().saturating_sub(lines)..].iter().map(|line| format!("{line}\n")).collect()
}

/// Copies a directory of keys and configuration, for its owner only.
fn copy_private(from: &Path, to: &Path) {
    std::fs::create_dir(to).expect("a fresh directory");
    restrict(to, 0o700);
    for entry in std::fs::read_dir(from).expect("a directory").flatten() {
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy_private(&entry.path(), &target);
        } else if entry.path().is_file() {
            std::fs::copy(entry.path(), target).expect("a writable directory");
        }
    }
}

fn write_private(path: &Path, text: &str) {
    std::fs::write(path, format!("{text}\n")).expect("a writable directory");
    restrict(path, 0o600);
}

fn restrict(path: &Path, mode: u32) {
    use std::os::unix::fs::PermissionsExt;
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).expect("our own file");
}
