//! Where a site's files lie on this host, who may touch them, and whether their modes are safe.

use std::{
    fs::File,
    os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt, PermissionsExt},
    path::{Path, PathBuf},
};

use nix::{
    fcntl::{Flock, FlockArg},
    unistd::{Uid, User},
};

use crate::failure::Failure;

/// The packaged configuration; where it exists, this host runs the packaged site.
const PACKAGED_CONFIG: &str = "/etc/maas/regiond.conf";
const PACKAGED_DATA: &str = "/var/lib/maas";

/// The files of one site.
#[derive(Clone, Debug)]
pub(crate) struct Place {
    pub data_dir: PathBuf,
    pub config: PathBuf,
}

impl Place {
    /// `--data-dir`, else `MAAS_DATA` (clap reads it), else the packaged place where there is one, else the user's own.
    ///
    /// # Errors
    /// No home directory.
    pub(crate) fn resolve(data_dir: Option<&Path>) -> Result<Self, Failure> {
        if let Some(dir) = data_dir {
            let dir = std::path::absolute(dir)
                .map_err(|error| Failure::user(format!("cannot use `{}`: {error}", dir.display())))?;
            let packaged = dir == Path::new(PACKAGED_DATA) && Path::new(PACKAGED_CONFIG).exists();
            let config = if packaged { PACKAGED_CONFIG.into() } else { dir.join("regiond.conf") };
            return Ok(Self { config, data_dir: dir });
        }
        if Path::new(PACKAGED_CONFIG).exists() {
            return Ok(Self { data_dir: PACKAGED_DATA.into(), config: PACKAGED_CONFIG.into() });
        }
        let base = match std::env::var_os("XDG_DATA_HOME").filter(|dir| Path::new(dir).is_absolute()) {
            Some(dir) => PathBuf::from(dir),
            None => std::env::home_dir()
                .filter(|home| !home.as_os_str().is_empty())
                .ok_or_else(|| Failure::user("no home directory: give `--data-dir DIR`"))?
                .join(".local/share"),
        };
        let dir = base.join("maas");
        Ok(Self { config: dir.join("regiond.conf"), data_dir: dir })
    }

    /// Whether it is the packaged place.
    pub(crate) fn is_packaged(&self) -> bool {
        self.data_dir == Path::new(PACKAGED_DATA)
    }

    /// Whether a site was made here before.
    pub(crate) fn is_initialised(&self) -> bool {
        self.config.exists()
    }

    /// Takes the site for serving: one process at a time, until the guard is dropped or the process ends.
    ///
    /// # Errors
    /// Another process serves it, or the lock's file cannot be made.
    pub(crate) fn serve_alone(&self) -> Result<Flock<File>, Failure> {
        let path = self.data_dir.join("serving.lock");
        let mut options = File::options();
        let file = options.read(true).write(true).create(true).truncate(false).mode(0o600).open(&path);
        let file = file.map_err(|error| Failure::user(format!("cannot open `{}`: {error}", path.display())))?;
        Flock::lock(file, FlockArg::LockExclusiveNonblock).map_err(|_| {
            Failure::user(format!("the site in `{}` is served already by another process", self.data_dir.display()))
                .hint("`maas status` shows it; stop it first, or give another `--data-dir`")
        })
    }

    /// Makes the directory, for the owner alone, unless it is there.
    ///
    /// # Errors
    /// It cannot be made.
    pub(crate) fn create(&self) -> Result<(), Failure> {
        std::fs::DirBuilder::new().recursive(true).mode(0o700).create(&self.data_dir).map_err(|error| {
            Failure::user(format!("cannot make the data directory `{}`: {error}", self.data_dir.display()))
        })
    }

    /// A command on the host is for root, or for whoever owns the data directory.
    ///
    /// # Errors
    /// MAAS's text, with the name of the command.
    pub(crate) fn require_owner(&self, command: &str) -> Result<(), Failure> {
        let me = Uid::effective();
        let owner = std::fs::metadata(&self.data_dir).map(|meta| meta.uid()).ok();
        if me.is_root() || owner == Some(me.as_raw()) {
            return Ok(());
        }
        if owner.is_none() {
            return Err(self.not_configured());
        }
        Err(Failure::user(format!("You can only '{command}' as root."))
            .hint(format!("or as the owner of `{}`", self.data_dir.display())))
    }

    /// A command that needs a site, where there is none.
    ///
    /// # Errors
    /// Always, when nothing was initialised here.
    pub(crate) fn require_initialised(&self) -> Result<(), Failure> {
        if self.is_initialised() { Ok(()) } else { Err(self.not_configured()) }
    }

    fn not_configured(&self) -> Failure {
        Failure { code: 2, message: format!("MAAS is not configured in `{}`", self.data_dir.display()), hint: None }
            .hint("`maas up` makes a site and serves it; `maas init region` makes one only")
    }

    /// Refuses files that others can read. `config` may be read by its group, everything else by the owner alone.
    ///
    /// # Errors
    /// One line for each file, with the command that mends it.
    pub(crate) fn check_modes(&self) -> Result<(), Failure> {
        let mut problems = Vec::new();
        if let Ok(meta) = std::fs::metadata(&self.data_dir)
            && meta.permissions().mode() & 0o022 != 0
        {
            problems.push(refusal(&self.data_dir, "writable by others", "go-w"));
        }
        check_file(&self.config, 0o137, "o-rwx,g-wx", &mut problems);
        for name in ["secret", "region.db", "region.db-wal", "region.db-shm"] {
            check_file(&self.data_dir.join(name), 0o177, "u-x,go-rwx", &mut problems);
        }
        let keys = std::fs::read_dir(self.data_dir.join("keys")).into_iter().flatten().flatten();
        for entry in keys {
            check_file(&entry.path(), 0o177, "u-x,go-rwx", &mut problems);
        }
        if problems.is_empty() { Ok(()) } else { Err(Failure::user(problems.join("\n"))) }
    }
}

fn check_file(path: &Path, forbidden: u32, mend: &str, problems: &mut Vec<String>) {
    let Ok(meta) = std::fs::symlink_metadata(path) else { return };
    if meta.file_type().is_symlink() {
        problems.push(format!("files/mode: `{}` is a symbolic link: put the file itself there", path.display()));
    } else if meta.permissions().mode() & forbidden != 0 {
        let mode = meta.permissions().mode() & 0o7777;
        problems.push(refusal(path, &format!("open to others (mode {mode:04o})"), mend));
    }
}

fn refusal(path: &Path, what: &str, mend: &str) -> String {
    format!("files/mode: `{}` is {what}: run `chmod {mend} {}`", path.display(), path.display())
}

/// Who sits at the terminal, seen through `sudo`.
pub(crate) fn login_name() -> String {
    if Uid::effective().is_root()
        && let Some(name) = std::env::var("SUDO_USER").ok().filter(|name| !name.is_empty())
    {
        return name;
    }
    let uid = Uid::effective();
    User::from_uid(uid).ok().flatten().map_or_else(|| format!("uid-{uid}"), |user| user.name)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::Place;

    fn place(dir: &std::path::Path) -> Place {
        Place::resolve(Some(dir)).unwrap()
    }

    #[test]
    fn a_readable_secret_is_refused_by_name_with_the_mend() {
        let dir = tempfile::tempdir().unwrap();
        let place = place(dir.path());
        let secret = dir.path().join("secret");
        std::fs::write(&secret, "x").unwrap();
        std::fs::set_permissions(&secret, std::fs::Permissions::from_mode(0o640)).unwrap();
        let failure = place.check_modes().unwrap_err();
        assert!(failure.message.contains("secret` is open to others (mode 0640): run `chmod"), "{failure}");
        std::fs::set_permissions(&secret, std::fs::Permissions::from_mode(0o600)).unwrap();
        assert!(place.check_modes().is_ok());
    }

    #[test]
    fn a_link_in_place_of_a_key_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::create_dir(dir.path().join("keys")).unwrap();
        std::os::unix::fs::symlink("/etc/hostname", dir.path().join("keys/seal.key")).unwrap();
        let failure = place(dir.path()).check_modes().unwrap_err();
        assert!(failure.message.contains("is a symbolic link"), "{failure}");
    }

    #[test]
    fn the_configuration_may_be_read_by_its_group() {
        let dir = tempfile::tempdir().unwrap();
        let place = place(dir.path());
        std::fs::write(&place.config, "").unwrap();
        std::fs::set_permissions(&place.config, std::fs::Permissions::from_mode(0o640)).unwrap();
        assert!(place.check_modes().is_ok());
        std::fs::set_permissions(&place.config, std::fs::Permissions::from_mode(0o644)).unwrap();
        assert!(place.check_modes().is_err());
    }

    #[test]
    fn one_process_serves_a_site_at_a_time() {
        let dir = tempfile::tempdir().unwrap();
        let place = place(dir.path());
        let alone = place.serve_alone().unwrap();
        let failure = place.serve_alone().unwrap_err();
        assert!(failure.message.contains("is served already"), "{failure}");
        drop(alone);
        assert!(place.serve_alone().is_ok());
    }
}
