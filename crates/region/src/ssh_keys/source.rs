//! Where SSH keys are imported from: Launchpad and GitHub.

use std::{fmt, time::Duration};

use maas_model::ssh::{SshPublicKey, parse_lines};
use serde::Deserialize;

/// The base URLs of the sources, so that a site can point to a mirror of its own.
#[derive(Clone, Debug)]
pub struct ImportUrls {
    /// `<launchpad>/~<id>/+sshkeys` gives one key a line.
    pub launchpad: String,
    /// `<github>/users/<id>/keys` gives a JSON list.
    pub github: String,
}

impl Default for ImportUrls {
    fn default() -> Self {
        Self { launchpad: "https://launchpad.net".to_owned(), github: "https://api.github.com".to_owned() }
    }
}

/// A person at a source.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Source {
    host: Host,
    id: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Host {
    Launchpad,
    GitHub,
}

impl Source {
    /// Reads `lp:<id>`, `gh:<id>` or `<id>`.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let text = text.trim();
        let (host, id) = match text.split_once(':') {
            None => (Host::Launchpad, text),
            Some(("lp", id)) => (Host::Launchpad, id),
            Some(("gh", id)) => (Host::GitHub, id),
            Some((other, _)) => {
                let shown: String = other.chars().filter(|c| !c.is_control()).take(20).collect();
                return Err(format!("{FAILED} Unknown protocol '{shown}'."));
            }
        };
        if id.is_empty() {
            return Err(FORMAT.to_owned());
        }
        // An id becomes part of a path: `..` would leave the place that is meant.
        let is_plain = |c: char| c.is_ascii_alphanumeric() || "_.+-".contains(c);
        if id.len() > 100 || !id.chars().all(is_plain) || id.chars().all(|c| c == '.') {
            return Err(format!("{FAILED} An id may contain only letters, digits and . + - _ characters."));
        }
        Ok(Self { host, id: id.to_owned() })
    }

    /// Fetches and checks the person's keys; one bad key fails all.
    pub(super) async fn fetch(&self, urls: &ImportUrls) -> Result<Vec<SshPublicKey>, String> {
        let failed = |why: &str| format!("{FAILED} {} {why}", self.host.name());
        let client = reqwest::Client::builder()
            .timeout(TIME_OUT)
            .user_agent("maas")
            .build()
            .map_err(|error| failed(&format!("cannot be asked: {error}")))?;
        let answer = client.get(self.url(urls)).send().await.map_err(|error| failed(explain(&error)))?;
        match answer.status().as_u16() {
            200 => {}
            404 | 410 => return Err(format!("{FAILED} {} user {} doesn't exist.", self.host.name(), self.id)),
            other => return Err(failed(&format!("answered with status {other}."))),
        }
        let body = read(answer).await.map_err(|why| failed(&why))?;
        let lines = self.host.lines(&body).ok_or_else(|| failed("answered in a form that is not understood."))?;
        let keys = parse_lines(&lines)
            .map_err(|(line, error)| failed(&format!("gave a bad key as number {line}: {error}")))?;
        match keys.len() {
            0 => Err(format!("{FAILED} There are no SSH keys for {} user {}.", self.host.prefix(), self.id)),
            1..=MAX_KEYS => Ok(keys),
            more => Err(failed(&format!("has {more} keys of that user, and at most {MAX_KEYS} are imported."))),
        }
    }

    fn url(&self, urls: &ImportUrls) -> String {
        match self.host {
            Host::Launchpad => format!("{}/~{}/+sshkeys", urls.launchpad.trim_end_matches('/'), self.id),
            Host::GitHub => format!("{}/users/{}/keys", urls.github.trim_end_matches('/'), self.id),
        }
    }
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.host.prefix(), self.id)
    }
}

impl Host {
    const fn prefix(self) -> &'static str {
        match self {
            Self::Launchpad => "lp",
            Self::GitHub => "gh",
        }
    }

    const fn name(self) -> &'static str {
        match self {
            Self::Launchpad => "Launchpad",
            Self::GitHub => "Github",
        }
    }

    /// The keys of an answer, one a line.
    fn lines(self, body: &[u8]) -> Option<String> {
        #[derive(Deserialize)]
        struct Item {
            key: String,
        }
        match self {
            Self::Launchpad => String::from_utf8(body.to_vec()).ok(),
            Self::GitHub => {
                let items: Vec<Item> = serde_json::from_slice(body).ok()?;
                let one_line = |item: Item| item.key.replace(['\r', '\n'], " ");
                Some(items.into_iter().map(one_line).collect::<Vec<_>>().join("\n"))
            }
        }
    }
}

async fn read(mut answer: reqwest::Response) -> Result<Vec<u8>, String> {
    let mut body = Vec::new();
    while let Some(chunk) = answer.chunk().await.map_err(|error| explain(&error).to_owned())? {
        body.extend_from_slice(&chunk);
        if body.len() > MAX_BYTES {
            return Err("answered with more than 1 MiB.".to_owned());
        }
    }
    Ok(body)
}

fn explain(error: &reqwest::Error) -> &'static str {
    if error.is_timeout() {
        "did not answer within 15 seconds."
    } else if error.is_connect() {
        "cannot be reached from this region."
    } else {
        "gave no usable answer."
    }
}

const FAILED: &str = "Unable to import SSH keys.";
const FORMAT: &str = "Importing SSH keys failed. Input needs to be in protocol:auth_id or auth_id format.";
const TIME_OUT: Duration = Duration::from_secs(15);
const MAX_BYTES: usize = 1 << 20;
const MAX_KEYS: usize = 100;

#[cfg(test)]
mod tests {
    use tokio::{
        io::{AsyncReadExt, AsyncWriteExt},
        net::TcpListener,
    };

    use super::{ImportUrls, Source};

    const KEY: &str = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAILM+rvN+ot98qgEN796jTiQfZfG1KaT0PtFDJ/XFSqti";

    /// Answers one request for `path` and gives what `fetch` made of it.
    async fn fetched(source: &str, path: &str, status: &str, body: &str) -> Result<usize, String> {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        let urls = ImportUrls { launchpad: format!("{base}/lp/"), github: format!("{base}/gh") };
        let answer = format!("HTTP/1.1 {status}\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}", body.len());
        let serve = async {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut request = vec![0; 4096];
            let read = stream.read(&mut request).await.unwrap();
            let request = String::from_utf8_lossy(&request[..read]).into_owned();
            // A reader that has had enough hangs up.
            let _ = stream.write_all(answer.as_bytes()).await;
            request
        };
        let source = Source::parse(source).unwrap();
        let (request, keys) = tokio::join!(serve, source.fetch(&urls));
        assert!(request.starts_with(&format!("GET {path} HTTP/1.1\r\n")), "{request}");
        keys.map(|keys| keys.len())
    }

    #[test]
    fn ids_are_checked_before_they_become_part_of_a_path() {
        assert_eq!(Source::parse("bob").unwrap().to_string(), "lp:bob");
        assert_eq!(Source::parse("gh:b-o.b+1").unwrap().to_string(), "gh:b-o.b+1");
        for (text, piece) in [
            ("", "protocol:auth_id"),
            ("gh:", "protocol:auth_id"),
            ("xx:bob", "Unknown protocol 'xx'."),
            ("gh:..", "letters, digits"),
            ("gh:a/b", "letters, digits"),
            ("lp:a%2fb", "letters, digits"),
            ("lp:a:b", "letters, digits"),
        ] {
            let error = Source::parse(text).unwrap_err();
            assert!(error.contains(piece), "{text}: {error}");
        }
    }

    #[tokio::test]
    async fn both_sources_are_read() {
        let body = format!("\n{KEY} a\n\n{KEY} b\n");
        assert_eq!(fetched("lp:bob", "/lp/~bob/+sshkeys", "200 OK", &body).await, Ok(2));
        let body = format!("[{{\"id\": 1, \"key\": \"{KEY}\"}}]");
        assert_eq!(fetched("gh:bob", "/gh/users/bob/keys", "200 OK", &body).await, Ok(1));
    }

    #[tokio::test]
    async fn what_goes_wrong_is_said_in_known_words() {
        let path = "/gh/users/bob/keys";
        for (status, body, wanted) in [
            ("404 Not Found", "", "Unable to import SSH keys. Github user bob doesn't exist."),
            ("200 OK", "[]", "Unable to import SSH keys. There are no SSH keys for gh user bob."),
            ("500 Oops", "", "Unable to import SSH keys. Github answered with status 500."),
            ("200 OK", "{}", "Unable to import SSH keys. Github answered in a form that is not understood."),
        ] {
            assert_eq!(fetched("gh:bob", path, status, body).await, Err(wanted.to_owned()));
        }
        let error = fetched("gh:bob", path, "200 OK", "[{\"key\": \"ssh-dss AAAA\"}]").await.unwrap_err();
        assert!(error.contains("Invalid SSH public key"), "{error}");
        let many = format!("[{}]", vec![format!("{{\"key\": \"{KEY}\"}}"); 101].join(","));
        assert!(fetched("gh:bob", path, "200 OK", &many).await.unwrap_err().contains("at most 100"));
        assert!(fetched("gh:bob", path, "200 OK", &"x".repeat(1_100_000)).await.unwrap_err().contains("1 MiB"));
    }
}
