//! `maas up` and `maas run`: serve the site of this host.

use std::{net::IpAddr, path::Path};

use maas_authz::Clock;
use maas_model::Secret;
use maas_region::Region;
use maas_web::WebConfig;
use serde_json::json;

use super::{
    config::FileConfig,
    init::{self, DEFAULT_HTTPS_PORT, NewSite},
    names, open,
    place::Place,
    serve::{self, Ready, ServeOptions},
};
use crate::{
    args::{ListenArgs, RunArgs, UpArgs},
    failure::Failure,
    log, out,
};

const DEFAULT_HTTP_PORT: u16 = 5240;

/// `maas up`: makes the site on first use and serves it.
///
/// # Errors
/// One line: what could not be made, read or bound.
pub(crate) async fn up(args: UpArgs) -> Result<(), Failure> {
    let place = Place::resolve(args.place.data_dir.as_deref())?;
    if place.is_initialised() {
        let file = file_of(&place)?;
        start_log(&args.listen, &file);
        if args.https_port.is_some() || args.no_tls {
            out::talk("note: this site exists, so `--https-port` and `--no-tls` have no effect: see `maas config-tls`");
        }
        let _alone = place.serve_alone()?;
        let region = existing(&place, &file).await?;
        let shown = Shown { place: &place, json: args.json, admin: None, password: None };
        return serve_region(region, &args.listen, &file, shown).await;
    }
    let admin =
        init::new_admin(args.admin.as_deref(), args.admin_password_file.as_deref(), args.admin_email.as_deref())?;
    let config = init::file_config(&args.listen);
    start_log(&args.listen, &config);
    let https_port = (!args.no_tls).then_some(args.https_port.unwrap_or(DEFAULT_HTTPS_PORT));
    // The port of HTTPS becomes part of the site, and the password is shown once: both want ports that are free.
    let http_port = args.listen.http_port.unwrap_or(DEFAULT_HTTP_PORT);
    free_port(&args.listen.listen, http_port, "--http-port")?;
    if let Some(port) = https_port {
        free_port(&args.listen.listen, port, "--https-port")?;
    }
    place.create()?;
    let _alone = place.serve_alone()?;
    let new = NewSite { config: config.clone(), https_port, names: args.name.clone(), admin: Some(admin) };
    let made = init::make(&place, new).await?;
    let lost = made.admin.clone().zip(made.generated_password.clone());
    let shown = Shown { place: &place, json: args.json, admin: made.admin, password: made.generated_password };
    let served = serve_region(made.region, &args.listen, &config, shown).await;
    if let (Err(_), Some((admin, password))) = (&served, lost) {
        out::talk(format!("the site was made: administrator {admin}, password {} (shown once)", password.expose()));
    }
    served
}

/// Nothing was made yet, so that the same command with another port may be given at once.
fn free_port(addresses: &[IpAddr], port: u16, flag: &str) -> Result<(), Failure> {
    maas_tls::listener::try_port(addresses, port).map_err(|why| {
        Failure::failed(format!("cannot listen: {why}"))
            .hint(format!("nothing was made; `{flag}` takes another port, `--listen` other addresses"))
    })
}

/// `maas run`: serves a site that exists.
///
/// # Errors
/// No site here, or what `up` may say.
pub(crate) async fn run(args: RunArgs) -> Result<(), Failure> {
    let place = Place::resolve(args.place.data_dir.as_deref())?;
    place.require_initialised()?;
    let file = file_of(&place)?;
    start_log(&args.listen, &file);
    let _alone = place.serve_alone()?;
    let region = existing(&place, &file).await?;
    let shown = Shown { place: &place, json: args.json, admin: None, password: None };
    serve_region(region, &args.listen, &file, shown).await
}

fn start_log(listen: &ListenArgs, file: &FileConfig) {
    log::start(listen.json_log || file.use_json_logging, file.debug);
}

fn file_of(place: &Place) -> Result<FileConfig, Failure> {
    Ok(FileConfig::read(&place.config)?.unwrap_or_default())
}

async fn existing(place: &Place, file: &FileConfig) -> Result<Region, Failure> {
    place.check_modes()?;
    Ok(Region::open(open::region_config(place, file)?, Clock::System).await?)
}

async fn serve_region(region: Region, listen: &ListenArgs, file: &FileConfig, shown: Shown<'_>) -> Result<(), Failure> {
    let addresses = if listen.listen.is_empty() { file.listen.clone() } else { listen.listen.clone() };
    let options = ServeOptions {
        addresses,
        http_port: listen.http_port.or(file.http_port).unwrap_or(DEFAULT_HTTP_PORT),
        pages: WebConfig {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            needs_sudo: shown.place.is_packaged(),
            data_dir: (!shown.place.is_packaged()).then(|| shown.place.data_dir.display().to_string()),
        },
    };
    serve::serve(region, options, |ready| shown.show(ready)).await
}

/// What is printed when the site answers.
struct Shown<'a> {
    place: &'a Place,
    json: bool,
    admin: Option<String>,
    password: Option<Secret<String>>,
}

impl Shown<'_> {
    fn show(&self, ready: &Ready) {
        if self.json {
            out::data(self.json_line(ready));
        } else {
            out::raw(self.text(ready));
        }
    }

    fn json_line(&self, ready: &Ready) -> serde_json::Value {
        json!({
            "event": "ready",
            "url": ready.url,
            "local_url": ready.local_url,
            "http_port": ready.http_port,
            "https_port": ready.https_port,
            "ca": ca_path(&self.place.data_dir, ready),
            "ca_sha256": ready.ca_fingerprint,
            "admin": self.admin,
            "admin_password": self.password.as_ref().map(Secret::expose),
            "data_dir": self.place.data_dir.display().to_string(),
            "pid": std::process::id(),
        })
    }

    fn text(&self, ready: &Ready) -> String {
        let mut text = format!("\nMAAS is ready.\n\n  web UI      {}/MAAS/r/\n", ready.url);
        if let Some(admin) = &self.admin {
            text += &format!("  user        {admin}\n");
        }
        if let Some(password) = &self.password {
            text += &format!("  password    {}   (shown once)\n", password.expose());
        }
        let mut trust = String::new();
        if let (Some(ca), Some(fingerprint)) = (ca_path(&self.place.data_dir, ready), &ready.ca_fingerprint) {
            text += &format!("  CA          {ca}\n  CA SHA-256  {fingerprint}\n");
            trust = format!(" --cacert {}", quoted(&ca));
        }
        text += &format!("  data        {}\n", self.place.data_dir.display());
        text += &format!("\nNext:\n  curl{trust} {}/MAAS/api/2.0/version/\n", ready.local_url);
        let trust = trust.replace("--cacert", "--cacerts");
        text += &format!("  maas login{trust} home {}/MAAS\n", ready.local_url);
        let before = if trust.is_empty() { "" } else { ", after telling your browser or system to trust the CA" };
        text += &format!("  open the web UI{before}\n\n");
        text
    }
}

/// The CA's file, when the site serves a certificate of its own.
fn ca_path(data_dir: &Path, ready: &Ready) -> Option<String> {
    ready.https_port.and(ready.ca_fingerprint.as_ref()).map(|_| data_dir.join("ca.pem").display().to_string())
}

/// A path as a shell takes it.
fn quoted(path: &str) -> String {
    if path.chars().all(|c| c.is_ascii_alphanumeric() || "/._-+".contains(c)) {
        return path.to_owned();
    }
    format!("'{}'", path.replace('\'', "'\\''"))
}

/// The host's name for links, unless the region listens on loopback alone.
pub(crate) fn link_host(addresses: &[IpAddr]) -> String {
    if !addresses.is_empty() && addresses.iter().all(IpAddr::is_loopback) {
        return "localhost".to_owned();
    }
    names::host_name()
}
