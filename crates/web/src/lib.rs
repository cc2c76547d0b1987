//! Pages: the site for people, rendered here on the server at `/MAAS/r/`.
//!
//! A request meets the gate first (`gate`): who is it, may they, is the form theirs. A handler then reads its input,
//! calls one use case of `region` and renders a display struct; it decides nothing about rights. Every page works without
//! script; the one script of our own makes copying, confirming and notices quicker. Nothing comes from another host.

mod answer;
mod assets;
mod audit;
mod cookies;
mod devices;
mod errors;
mod explain;
mod form;
mod gate;
mod input;
mod intro;
mod login;
mod machine;
mod machines;
mod notices;
mod places;
mod preferences;
mod reauthenticate;
mod routes;
mod settings;
mod shell;
mod status;
mod text;
mod visit;

#[cfg(test)]
mod lint;
#[cfg(test)]
mod samples;

pub use routes::{Access, PageInfo, pages, router};

/// What the pages need to know beside the region.
#[derive(Clone, Debug, Default)]
pub struct WebConfig {
    /// The program's version, shown at the foot of pages to those signed in.
    pub version: String,
    /// Whether commands on the host are shown with `sudo` in front.
    pub needs_sudo: bool,
    /// Shown as `--data-dir` in commands, when it is not the packaged place.
    pub data_dir: Option<String>,
}

impl WebConfig {
    /// A command on the host as a person would type it: `sudo maas createadmin`.
    pub fn command(&self, words: &str) -> String {
        let sudo = if self.needs_sudo { "sudo " } else { "" };
        match &self.data_dir {
            Some(dir) if dir.contains(|c: char| c.is_whitespace() || "'\"$\\".contains(c)) => {
                format!("{sudo}maas {words} --data-dir '{}'", dir.replace('\'', r"'\''"))
            }
            Some(dir) => format!("{sudo}maas {words} --data-dir {dir}"),
            None => format!("{sudo}maas {words}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::WebConfig;

    #[test]
    fn commands_can_be_pasted() {
        let packaged = WebConfig { needs_sudo: true, ..WebConfig::default() };
        assert_eq!(packaged.command("createadmin"), "sudo maas createadmin");
        let own = WebConfig { data_dir: Some("/home/a b".into()), ..WebConfig::default() };
        assert_eq!(own.command("status"), "maas status --data-dir '/home/a b'");
    }
}
