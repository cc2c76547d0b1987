//! Makes a site: directory, keys, database, certificate authority, first certificate, first administrator, configuration.
//!
//! Every step may be repeated, and the configuration file comes last, so that a run cut short is finished by the next.

use std::{
    io::Write,
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
};

use maas_authz::{Clock, OpCtx};
use maas_model::{Role, Secret};
use maas_region::{Region, tls, users};
use serde_yaml_ng::{Mapping, Value};

use super::{config::FileConfig, names, open, place::Place, prompt};
use crate::{
    args::{InitArgs, InitRegionArgs, InitRole, ListenArgs},
    failure::Failure,
    out,
};

/// The HTTPS port where none is given.
pub(crate) const DEFAULT_HTTPS_PORT: u16 = 5443;

/// What a new site is made with.
#[derive(Debug)]
pub(crate) struct NewSite {
    pub config: FileConfig,
    /// The HTTPS port, or none for a site without TLS.
    pub https_port: Option<u16>,
    /// Names and addresses beside the host's own.
    pub names: Vec<String>,
    pub admin: Option<NewAdmin>,
}

/// The first administrator.
#[derive(Debug)]
pub(crate) struct NewAdmin {
    pub username: String,
    pub email: String,
    pub password: AdminPassword,
}

/// Where the first administrator's password comes from.
#[derive(Debug)]
pub(crate) enum AdminPassword {
    Given(Secret<String>),
    Generate,
}

/// What was made.
pub(crate) struct Made {
    pub region: Region,
    /// The administrator's name, when one was made.
    pub admin: Option<String>,
    /// The password to show, when one was made up.
    pub generated_password: Option<Secret<String>>,
}

/// `maas init region`.
///
/// # Errors
/// One line: what could not be made.
pub(crate) async fn run(args: InitArgs) -> Result<(), Failure> {
    let InitRole::Region(args) = args.role;
    let place = Place::resolve(args.place.data_dir.as_deref())?;
    if place.is_initialised() {
        return Err(Failure::user(format!("there is a site already: `{}`", place.config.display()))
            .hint("`maas run` serves it; another one wants another `--data-dir`"));
    }
    let new = new_site(&args)?;
    let made = make(&place, new).await?;
    out::data(format!("made a site in {}", place.data_dir.display()));
    if let (Some(admin), Some(password)) = (&made.admin, &made.generated_password) {
        out::data(format!("administrator {admin}, password {} (shown once)", password.expose()));
    } else if made.admin.is_none() {
        out::talk("next: `maas createadmin` makes the first administrator");
    }
    match &args.place.data_dir {
        Some(dir) if !place.is_packaged() => {
            out::talk(format!("next: `maas run --data-dir {}` serves the site", dir.display()));
        }
        _ => out::talk("next: `maas run` serves the site"),
    }
    made.region.shutdown().await;
    Ok(())
}

fn new_site(args: &InitRegionArgs) -> Result<NewSite, Failure> {
    let mut config = file_config(&args.listen);
    config.maas_url.clone_from(&args.maas_url);
    config.database_uri = args.database_uri.as_deref().map(without_password).transpose()?;
    config.database_pass_file = absolute(args.database_pass_file.as_deref())?;
    config.database_sslmode.clone_from(&args.database_sslmode);
    config.database_sslrootcert = absolute(args.database_sslrootcert.as_deref())?;
    config.database_sslcert = absolute(args.database_sslcert.as_deref())?;
    config.database_sslkey = absolute(args.database_sslkey.as_deref())?;
    let admin = match &args.admin {
        None => None,
        Some(name) => Some(new_admin(Some(name), args.admin_password_file.as_deref(), args.admin_email.as_deref())?),
    };
    let https_port = (!args.no_tls).then_some(args.https_port.unwrap_or(DEFAULT_HTTPS_PORT));
    Ok(NewSite { config, https_port, names: args.name.clone(), admin })
}

/// A URI goes into the configuration file and the process list, so it may not hold a password.
fn without_password(uri: &str) -> Result<String, Failure> {
    let authority = uri.split_once("://").map_or("", |(_, rest)| rest.split(['/', '?']).next().unwrap_or_default());
    match authority.rsplit_once('@') {
        Some((user, _)) if user.contains(':') => Err(Failure::user("the database URI holds a password")
            .hint("leave it out and name its file: `--database-pass-file FILE`")),
        _ => Ok(uri.to_owned()),
    }
}

fn absolute(path: Option<&Path>) -> Result<Option<PathBuf>, Failure> {
    let Some(path) = path else { return Ok(None) };
    let found = std::fs::canonicalize(path)
        .map_err(|error| Failure::user(format!("cannot read `{}`: {error}", path.display())))?;
    Ok(Some(found))
}

/// The listening part of a configuration, as given on the command line.
pub(crate) fn file_config(listen: &ListenArgs) -> FileConfig {
    FileConfig {
        listen: listen.listen.clone(),
        http_port: listen.http_port,
        use_json_logging: listen.json_log,
        ..FileConfig::default()
    }
}

/// The first administrator from the command line.
///
/// # Errors
/// The password file cannot be read.
pub(crate) fn new_admin(name: Option<&str>, file: Option<&Path>, email: Option<&str>) -> Result<NewAdmin, Failure> {
    let username = name.unwrap_or("admin").to_owned();
    let password = match file {
        Some(path) => AdminPassword::Given(prompt::password_from_file(path)?),
        None => AdminPassword::Generate,
    };
    let email = email.map_or_else(|| format!("{username}@{}", names::host_name()), str::to_owned);
    Ok(NewAdmin { username, email, password })
}

/// Makes the site, or finishes making it.
///
/// # Errors
/// One line: what could not be made. What was made before stays and is used the next time.
pub(crate) async fn make(place: &Place, new: NewSite) -> Result<Made, Failure> {
    place.create()?;
    place.require_owner("init")?;
    place.check_modes()?;
    let region = Region::open(open::region_config(place, &new.config)?, Clock::System).await?;
    let ctx = open::local_context();
    let mode = match new.https_port {
        Some(port) => tls::Bootstrap::SiteIssued { port, names: names::host_names(&new.names) },
        None => tls::Bootstrap::Off,
    };
    tls::bootstrap(&region, &ctx, mode).await?;
    let (admin, generated_password) = match new.admin {
        Some(admin) if users::is_empty(&region).await? => make_admin(&region, &ctx, admin).await?,
        _ => (None, None),
    };
    write_config(place, &new.config)?;
    Ok(Made { region, admin, generated_password })
}

async fn make_admin(
    region: &Region,
    ctx: &OpCtx,
    admin: NewAdmin,
) -> Result<(Option<String>, Option<Secret<String>>), Failure> {
    let (password, generated) = match admin.password {
        AdminPassword::Given(password) => (password, None),
        AdminPassword::Generate => {
            let password = generate_password()?;
            (password.clone(), Some(password))
        }
    };
    let user = users::CreateUser {
        username: admin.username.clone(),
        email: admin.email,
        full_name: String::new(),
        password,
        role: Role::Administrator,
        ssh_keys: None,
        ssh_import: None,
    };
    users::create(region, ctx, user).await?;
    Ok((Some(admin.username), generated))
}

/// Four groups of five characters that are told apart easily: about 115 bits.
fn generate_password() -> Result<Secret<String>, Failure> {
    const ALPHABET: &[u8; 54] = b"abcdefghjkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ2345678";
    let mut groups = vec![String::new()];
    while groups.len() < 4 || groups[3].len() < 5 {
        let mut byte = [0];
        aws_lc_rs::rand::fill(&mut byte).map_err(|_| Failure::failed("this machine gives no randomness"))?;
        // Bytes beyond the last whole multiple are thrown away, so that no character is likelier than another.
        let Some(c) = (byte[0] < 216).then(|| ALPHABET[usize::from(byte[0]) % ALPHABET.len()]) else { continue };
        if groups.last().is_some_and(|group| group.len() == 5) {
            groups.push(String::new());
        }
        if let Some(group) = groups.last_mut() {
            group.push(char::from(c));
        }
    }
    Ok(Secret::new(groups.join("-")))
}

/// Writes the configuration, whole or not at all. It holds no secret; the service only reads it.
fn write_config(place: &Place, config: &FileConfig) -> Result<(), Failure> {
    if place.config.exists() {
        return Ok(());
    }
    let cannot = |error: std::io::Error| Failure::failed(format!("cannot write `{}`: {error}", place.config.display()));
    let text = render(config).map_err(|error| Failure::failed(error.to_string()))?;
    let temporary = place.config.with_extension("conf.new");
    let mut file = std::fs::OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(&temporary)
        .map_err(cannot)?;
    file.write_all(text.as_bytes()).and_then(|()| file.sync_all()).map_err(cannot)?;
    std::fs::rename(&temporary, &place.config).map_err(cannot)
}

fn render(config: &FileConfig) -> Result<String, serde_yaml_ng::Error> {
    let mut map = Mapping::new();
    let mut put = |key: &str, value: Option<Value>| {
        if let Some(value) = value {
            map.insert(Value::from(key), value);
        }
    };
    let path = |path: &Option<PathBuf>| path.as_ref().map(|path| Value::from(path.display().to_string()));
    put("maas_url", config.maas_url.clone().map(Value::from));
    put("database_uri", config.database_uri.clone().map(Value::from));
    put("database_pass_file", path(&config.database_pass_file));
    put("database_sslmode", config.database_sslmode.clone().map(Value::from));
    put("database_sslrootcert", path(&config.database_sslrootcert));
    put("database_sslcert", path(&config.database_sslcert));
    put("database_sslkey", path(&config.database_sslkey));
    let listen: Vec<Value> = config.listen.iter().map(|address| Value::from(address.to_string())).collect();
    put("listen", (!listen.is_empty()).then_some(Value::Sequence(listen)));
    put("http_port", config.http_port.filter(|port| *port != 0).map(Value::from));
    put("use_json_logging", config.use_json_logging.then_some(Value::from(true)));
    let body = if map.is_empty() { String::new() } else { serde_yaml_ng::to_string(&map)? };
    Ok(format!(
        "# Configuration of this region. Written once; the service only reads it. Keys: docs/configuration.md\n{body}"
    ))
}

#[cfg(test)]
mod tests {
    use super::{generate_password, render, without_password};
    use crate::host::config::FileConfig;

    #[test]
    fn a_generated_password_is_long_and_readable() {
        let password = generate_password().unwrap();
        assert_eq!(password.expose().len(), 23);
        assert_eq!(password.expose().split('-').count(), 4);
        assert_ne!(password.expose(), generate_password().unwrap().expose());
    }

    #[test]
    fn a_password_in_the_uri_is_refused() {
        assert!(without_password("postgres://maas:hunter2@db/maas").is_err());
        assert!(without_password("postgres://maas@db:5432/maas").is_ok());
        assert!(without_password("sqlite:/x/region.db").is_ok());
    }

    #[test]
    fn the_configuration_round_trips() {
        let config = FileConfig {
            database_uri: Some("postgres://maas@db/maas".into()),
            listen: vec!["127.0.0.1".parse().unwrap()],
            http_port: Some(5240),
            ..FileConfig::default()
        };
        let text = render(&config).unwrap();
        let back: FileConfig = serde_yaml_ng::from_str(&text).unwrap();
        assert_eq!(back.database_uri, config.database_uri);
        assert_eq!(back.listen, config.listen);
        assert_eq!(back.http_port, config.http_port);
    }
}
