//! A real Chromium, driven through ChromeDriver, that trusts the given CA and really verifies everything.

use std::{
    net::TcpListener,
    ops::Deref,
    path::Path,
    process::{Child, Command, Stdio},
    str::FromStr,
    time::Duration,
};

use fantoccini::{Client, ClientBuilder, Locator, wd::WebDriverCompatibleCommand};
use hyper_util::client::legacy::connect::HttpConnector;
use reqwest::Url;
use serde_json::{Map, Value, json};
use tempfile::TempDir;

use crate::{Site, have, installed, process::run};

/// A browser with one window. Dereferences to the WebDriver client.
pub struct Browser {
    client: Client,
    // Dropped after the client: driver, then profile.
    driver: Driver,
}

struct Driver {
    child: Child,
    home: TempDir,
}

impl Drop for Driver {
    fn drop(&mut self) {
        // The driver's own end takes its browsers with it, which a kill of the driver alone would leave behind.
        let pid = self.child.id().to_string();
        let children = run(Command::new("pgrep").args(["-P", &pid])).stdout;
        let _ = run(Command::new("kill").args(["-TERM", &pid]));
        for child in children.split_whitespace() {
            let _ = run(Command::new("kill").args(["-KILL", child]));
        }
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Deref for Browser {
    type Target = Client;

    fn deref(&self) -> &Client {
        &self.client
    }
}

impl Browser {
    /// Whether Chromium, its driver and the tool for its trust store are there.
    pub fn is_available() -> bool {
        let found = ["chromium", "chromedriver", "certutil"].into_iter().all(installed);
        have("Chromium with ChromeDriver", found)
    }

    /// Starts one that trusts the CA certificates of a file.
    pub async fn start(ca: &Path) -> Self {
        Self::start_sized(ca, 1280, 900, false).await
    }

    /// Starts one with a window of this size, asking pages for their dark or light colours.
    pub async fn start_sized(ca: &Path, width: u32, height: u32, dark: bool) -> Self {
        let home = TempDir::with_prefix("maas-browser-").expect("a temporary directory");
        trust(home.path(), ca);
        let port = free_port();
        let child = Command::new("chromedriver")
            .args([&format!("--port={port}"), "--log-level=WARNING"])
            .env("HOME", home.path())
            .env("XDG_CONFIG_HOME", home.path().join("config"))
            .env("XDG_CACHE_HOME", home.path().join("cache"))
            .env("XDG_RUNTIME_DIR", home.path())
            .env("DBUS_SESSION_BUS_ADDRESS", "/dev/null")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("chromedriver can be run");
        let driver = Driver { child, home };
        let address = format!("http://127.0.0.1:{port}");
        wait_until_ready(&address).await;
        let mut builder = ClientBuilder::new(HttpConnector::new());
        builder.capabilities(capabilities(width, height, dark));
        let client = builder.connect(&address).await.expect("a browser session");
        Self { client, driver }
    }

    /// Goes to a page of the site.
    pub async fn visit(&self, site: &Site, path: &str) {
        let address = format!("{}{path}", site.base_url());
        self.client.goto(&address).await.unwrap_or_else(|error| panic!("{address}: {error}"));
    }

    /// Logs in through the page.
    pub async fn log_in(&self, site: &Site, username: &str, password: &str) {
        self.visit(site, "/MAAS/r/login").await;
        self.fill("input[name=username]", username).await;
        self.fill("input[name=password]", password).await;
        self.click("form button[type=submit]").await;
    }

    /// A picture of the whole page as PNG, however long it is.
    pub async fn full_page(&self) -> Vec<u8> {
        let answer = self.client.issue_cmd(&FullPage).await.expect("a picture");
        let text = answer["data"].as_str().expect("a picture in base64");
        data_encoding::BASE64.decode(text.as_bytes()).expect("a picture in base64")
    }

    /// Trusts another CA as well, from the next connection on.
    pub fn trust_too(&self, pem: &str) {
        let file = self.driver.home.path().join("another-ca.pem");
        std::fs::write(&file, pem).expect("a writable directory");
        let place = format!("sql:{}", self.driver.home.path().join(".pki/nssdb").display());
        run(Command::new("certutil").args(["-A", "-n", "another", "-t", "C,,", "-d", &place, "-i"]).arg(file)).ok();
    }

    /// Puts a long text into a field at once, as pasting does.
    pub async fn paste(&self, css: &str, text: &str) {
        self.find_css(css).await;
        let script = "document.querySelector(arguments[0]).value = arguments[1]";
        let arguments = vec![Value::from(css), Value::from(text)];
        self.client.execute(script, arguments).await.expect("a field that takes text");
    }

    /// Waits up to ten seconds for an element.
    pub async fn find_css(&self, css: &str) -> fantoccini::elements::Element {
        let found = self.client.wait().at_most(Duration::from_secs(10)).for_element(Locator::Css(css)).await;
        match found {
            Ok(element) => element,
            Err(error) => panic!("no `{css}` on {}: {error}\n{}", self.address().await, self.text().await),
        }
    }

    /// Waits up to ten seconds for an element that XPath finds.
    pub async fn find_path(&self, path: &str) -> fantoccini::elements::Element {
        let found = self.client.wait().at_most(Duration::from_secs(10)).for_element(Locator::XPath(path)).await;
        match found {
            Ok(element) => element,
            Err(error) => panic!("no `{path}` on {}: {error}\n{}", self.address().await, self.text().await),
        }
    }

    /// Presses keys wherever the focus is, once the page listens to keys.
    pub async fn press(&self, keys: &str) {
        self.find_css("[data-keys]:not([hidden])").await;
        let here = self.client.active_element().await.expect("something has the focus");
        here.send_keys(keys).await.unwrap_or_else(|error| panic!("`{keys}` cannot be pressed: {error}"));
    }

    /// Types into a field, replacing what is there.
    pub async fn fill(&self, css: &str, text: &str) {
        let field = self.find_css(css).await;
        field.clear().await.expect("a field that can be cleared");
        field.send_keys(text).await.expect("a field that can be typed into");
    }

    /// Clicks an element.
    pub async fn click(&self, css: &str) {
        let element = self.find_css(css).await;
        element.click().await.unwrap_or_else(|error| panic!("`{css}` cannot be clicked: {error}"));
    }

    /// Clicks the first link or button whose text is this.
    pub async fn click_text(&self, text: &str) {
        let path =
            format!("//*[self::a or self::button or self::summary or self::label][normalize-space(.)=\"{text}\"]");
        let found = self.client.wait().at_most(Duration::from_secs(10)).for_element(Locator::XPath(&path)).await;
        match found {
            Ok(element) => element.click().await.unwrap_or_else(|error| panic!("`{text}`: {error}")),
            Err(error) => panic!("no `{text}` on {}: {error}\n{}", self.address().await, self.text().await),
        }
    }

    /// Waits up to ten seconds until the page's text holds this.
    pub async fn see(&self, text: &str) {
        let path = format!("//body[contains(normalize-space(.), \"{text}\")]");
        let found = self.client.wait().at_most(Duration::from_secs(10)).for_element(Locator::XPath(&path)).await;
        assert!(found.is_ok(), "`{text}` is not seen on {}:\n{}", self.address().await, self.text().await);
    }

    /// The page's visible text.
    pub async fn text(&self) -> String {
        match self.client.find(Locator::Css("body")).await {
            Ok(body) => body.text().await.unwrap_or_default(),
            Err(_) => String::new(),
        }
    }

    /// Where it is.
    pub async fn address(&self) -> String {
        self.client.current_url().await.map(String::from).unwrap_or_default()
    }

    /// Ends the browser in good order.
    pub async fn close(self) {
        let _ = self.client.clone().close().await;
    }
}

/// ChromeDriver's way to a picture that goes beyond the window.
#[derive(Debug)]
struct FullPage;

impl WebDriverCompatibleCommand for FullPage {
    fn endpoint(&self, base: &Url, session: Option<&str>) -> Result<Url, <Url as FromStr>::Err> {
        base.join(&format!("session/{}/goog/cdp/execute", session.unwrap_or_default()))
    }

    fn method_and_body(&self, _: &Url) -> (http::Method, Option<String>) {
        let body = json!({ "cmd": "Page.captureScreenshot", "params": { "captureBeyondViewport": true } });
        (http::Method::POST, Some(body.to_string()))
    }
}

fn capabilities(width: u32, height: u32, dark: bool) -> Map<String, Value> {
    let mut arguments = [
        "--headless=new",
        "--disable-gpu",
        "--disable-quic",
        "--no-first-run",
        "--no-default-browser-check",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
        "--disable-extensions",
        "--disable-dev-shm-usage",
        "--hide-scrollbars",
        "--mute-audio",
        "--disable-features=Translate,OptimizationHints,MediaRouter,CertificateTransparencyComponentUpdater",
        // Its sandbox wants user namespaces and another user than root; the pages are our own.
        "--no-sandbox",
    ]
    .map(str::to_owned)
    .to_vec();
    arguments.push(format!("--window-size={width},{height}"));
    if dark {
        arguments.push("--blink-settings=preferredColorScheme=0".to_owned());
    }
    let mut options = json!({ "args": arguments, "binary": "/usr/bin/chromium" });
    if width < 500 {
        // Windows are not made so narrow; a telephone is.
        options["mobileEmulation"] =
            json!({ "deviceMetrics": { "width": width, "height": height, "pixelRatio": 1.0, "touch": false } });
    }
    let all = json!({ "browserName": "chrome", "goog:chromeOptions": options });
    all.as_object().expect("written as an object").clone()
}

/// Makes the NSS database in which Chromium looks for CAs.
fn trust(home: &Path, ca: &Path) {
    let database = home.join(".pki/nssdb");
    std::fs::create_dir_all(&database).expect("a writable directory");
    let place = format!("sql:{}", database.display());
    run(Command::new("certutil").args(["-N", "--empty-password", "-d", &place])).ok();
    run(Command::new("certutil").args(["-A", "-n", "site", "-t", "C,,", "-d", &place, "-i"]).arg(ca)).ok();
}

async fn wait_until_ready(address: &str) {
    let client = reqwest::Client::builder().no_proxy().build().expect("a client can be built");
    let mut tick = tokio::time::interval(Duration::from_millis(50));
    for _ in 0..400 {
        tick.tick().await;
        let answer = client.get(format!("{address}/status")).send().await;
        if answer.is_ok_and(|answer| answer.status().is_success()) {
            return;
        }
    }
    panic!("chromedriver does not answer at {address}");
}

fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    listener.local_addr().expect("it is bound").port()
}
