//! `regiond.conf`: flat YAML, as MAAS has it. Unknown keys are refused, and all problems are told at once.

use std::{
    net::IpAddr,
    path::{Path, PathBuf},
};

use ipnet::IpNet;
use maas_model::Secret;
use serde::Deserialize;

use crate::failure::Failure;

/// The file, as written. Keys that mean the same as in MAAS have MAAS's names.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct FileConfig {
    /// The URL by which clients and racks reach the site.
    pub maas_url: Option<String>,
    /// `sqlite:PATH`; PostgreSQL is given by the keys below.
    pub database_uri: Option<String>,
    pub database_host: Option<String>,
    pub database_port: Option<u16>,
    pub database_name: Option<String>,
    pub database_user: Option<String>,
    /// Better in a file of its own: `database_pass_file`.
    pub database_pass: Option<PasswordText>,
    pub database_pass_file: Option<PathBuf>,
    pub database_sslmode: Option<String>,
    pub database_sslrootcert: Option<PathBuf>,
    pub database_sslcert: Option<PathBuf>,
    pub database_sslkey: Option<PathBuf>,
    /// Addresses to listen on; all when it is not given.
    pub listen: Vec<IpAddr>,
    /// The plain port; 5240.
    pub http_port: Option<u16>,
    /// Proxies whose `X-Forwarded-*` count.
    pub trusted_proxies: Vec<IpNet>,
    /// This region's name; the host name.
    pub region_name: Option<String>,
    pub debug: bool,
    pub use_json_logging: bool,
    /// Taken over from MAAS and without effect here.
    pub num_workers: Option<u32>,
    pub database_conn_max_age: Option<u32>,
    pub database_keepalive: Option<bool>,
    pub database_keepalive_idle: Option<u32>,
    pub database_keepalive_interval: Option<u32>,
    pub database_keepalive_count: Option<u32>,
    pub debug_queries: Option<bool>,
}

/// A password in the file; never shown.
#[derive(Clone, Debug)]
pub(crate) struct PasswordText(pub Secret<String>);

impl<'de> Deserialize<'de> for PasswordText {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(|text| Self(Secret::new(text)))
    }
}

impl FileConfig {
    /// Reads the file; a missing one is `None`.
    ///
    /// # Errors
    /// One failure that tells all problems.
    pub(crate) fn read(path: &Path) -> Result<Option<Self>, Failure> {
        let text = match std::fs::read_to_string(path) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(Failure::user(format!("cannot read `{}`: {error}", path.display()))),
        };
        Self::parse(&text).map(Some).map_err(|problems| {
            let lines: Vec<String> =
                problems.iter().map(|problem| format!("config/invalid: `{}`: {problem}", path.display())).collect();
            Failure::user(lines.join("\n")).hint("docs/configuration.md lists the keys")
        })
    }

    fn parse(text: &str) -> Result<Self, Vec<String>> {
        if text.trim().is_empty() {
            return Ok(Self::default());
        }
        let tree: serde_yaml_ng::Mapping =
            serde_yaml_ng::from_str(text).map_err(|error| vec![format!("is no flat YAML: {error}")])?;
        let mut problems = Vec::new();
        // One key at a time, so that every problem is told and none hides another.
        for (key, value) in &tree {
            let name = key.as_str().unwrap_or_default();
            let one = serde_yaml_ng::Mapping::from_iter([(key.clone(), value.clone())]);
            if let Err(error) = serde_yaml_ng::from_value::<Self>(serde_yaml_ng::Value::Mapping(one)) {
                // The library's text may quote the value, which may be a password.
                let why = if error.to_string().starts_with("unknown field") {
                    "unknown key".to_owned()
                } else if name.contains("pass") {
                    "the value is not text".to_owned()
                } else {
                    error.to_string()
                };
                problems.push(format!("key `{name}`: {why}"));
            }
        }
        if !problems.is_empty() {
            return Err(problems);
        }
        serde_yaml_ng::from_value(serde_yaml_ng::Value::Mapping(tree)).map_err(|error| vec![error.to_string()])
    }

    /// The database: MAAS's single keys make up a PostgreSQL URI; else `database_uri`; else SQLite in `data_dir`.
    pub(crate) fn database_uri(&self, data_dir: &Path) -> String {
        if let Some(uri) = &self.database_uri {
            return uri.clone();
        }
        match &self.database_host {
            None if self.database_name.is_none() => format!("sqlite:{}", data_dir.join("region.db").display()),
            host => {
                let host = host.as_deref().unwrap_or("localhost");
                let user = self.database_user.as_deref().unwrap_or("maas");
                let name = self.database_name.as_deref().unwrap_or("maasdb");
                let port = self.database_port.unwrap_or(5432);
                if host.starts_with('/') {
                    format!("postgres://{user}@{}:{port}/{name}", host.replace('/', "%2F"))
                } else if host.contains(':') {
                    format!("postgres://{user}@[{host}]:{port}/{name}")
                } else {
                    format!("postgres://{user}@{host}:{port}/{name}")
                }
            }
        }
    }

    /// The database's password, from its own file or from the configuration.
    ///
    /// # Errors
    /// The password file cannot be read.
    pub(crate) fn database_password(&self) -> Result<Option<Secret<String>>, Failure> {
        match (&self.database_pass_file, &self.database_pass) {
            (Some(path), _) => super::prompt::password_from_file(path).map(Some),
            (None, Some(password)) => Ok(Some(password.0.clone())),
            (None, None) => Ok(None),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use expect_test::expect;

    use super::FileConfig;

    #[test]
    fn a_file_of_maas_is_read() {
        let text = "database_host: db.internal\ndatabase_name: maasdb\ndatabase_pass: hunter2\ndatabase_user: maas\nmaas_url: http://10.0.0.1:5240/MAAS\nnum_workers: 4\n";
        let config = FileConfig::parse(text).unwrap();
        assert_eq!(config.database_uri(Path::new("/d")), "postgres://maas@db.internal:5432/maasdb");
        assert_eq!(config.database_password().unwrap().unwrap().expose(), "hunter2");
        assert!(!format!("{config:?}").contains("hunter2"));
    }

    #[test]
    fn all_problems_are_told_at_once_and_no_value_of_a_password() {
        let text = "colour: blue\nhttp_port: lots\ndatabase_pass: [hunter2]\n";
        let problems = FileConfig::parse(text).unwrap_err().join("\n");
        expect![[r#"
            key `colour`: unknown key
            key `http_port`: invalid type: string "lots", expected u16
            key `database_pass`: the value is not text"#]]
        .assert_eq(&problems);
    }

    #[test]
    fn nothing_given_is_sqlite_in_the_data_directory() {
        assert_eq!(FileConfig::default().database_uri(Path::new("/d")), "sqlite:/d/region.db");
    }
}
