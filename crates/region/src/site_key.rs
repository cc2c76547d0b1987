//! The key of the site for keyed hashes: 32 random bytes in `keys/site.key`, never in the database. Session ids, API key
//! secrets and tokens are stored as hashes under subkeys of it, so that a copy of the database cannot even check a guess.

use std::{fs, io::Write, os::unix::fs::OpenOptionsExt, path::Path};

use aws_lc_rs::{constant_time, hmac, rand};
use data_encoding::HEXLOWER;
use maas_authz::{Clock, OpCtx};
use maas_model::Secret;
use maas_store::{Store, site};

use crate::{Error, Result};

/// The key of the site. Several regions on one database share it.
pub struct SiteKey(hmac::Key);

/// A key for one purpose.
#[derive(Clone)]
pub struct Subkey(hmac::Key);

impl SiteKey {
    /// Reads the key, or makes one for a new site, and checks that it is the one of this database.
    ///
    /// # Errors
    /// `BadRequest` naming the file.
    pub(crate) async fn open(data_dir: &Path, store: &Store, clock: &Clock) -> Result<Self> {
        let path = data_dir.join("keys").join("site.key");
        let key = Self::from_bytes(read_or_create(&path)?.expose());
        let check = key.subkey("check").hex(b"maas");
        let mut tx = store.begin(&OpCtx::job("open", clock.clone())).await?;
        let known = site::key_check(&mut tx, &check).await?;
        tx.commit_quietly().await?;
        if constant_time::verify_slices_are_equal(known.as_bytes(), check.as_bytes()).is_ok() {
            return Ok(key);
        }
        Err(Error::BadRequest(format!(
            "`{}` is not the key of this site: copy the file from another region of the site, or from its backup",
            path.display()
        )))
    }

    fn from_bytes(bytes: &[u8]) -> Self {
        Self(hmac::Key::new(hmac::HMAC_SHA256, bytes))
    }

    /// A key for one purpose; the label tells purposes apart.
    pub fn subkey(&self, label: &str) -> Subkey {
        Subkey(hmac::Key::new(hmac::HMAC_SHA256, hmac::sign(&self.0, label.as_bytes()).as_ref()))
    }
}

impl Subkey {
    /// The keyed hash of a value.
    pub fn hash(&self, value: &[u8]) -> [u8; 32] {
        let mut out = [0; 32];
        out.copy_from_slice(hmac::sign(&self.0, value).as_ref());
        out
    }

    /// The keyed hash as text, as it is stored.
    pub fn hex(&self, value: &[u8]) -> String {
        HEXLOWER.encode(&self.hash(value))
    }

    /// Whether `value` has this hash, in constant time.
    pub fn is_hash_of(&self, hex: &str, value: &[u8]) -> bool {
        constant_time::verify_slices_are_equal(self.hex(value).as_bytes(), hex.as_bytes()).is_ok()
    }
}

fn read_or_create(path: &Path) -> Result<Secret<Vec<u8>>> {
    let failed =
        |what: &str, error: std::io::Error| Error::BadRequest(format!("cannot {what} `{}`: {error}", path.display()));
    match fs::read(path) {
        Ok(bytes) if bytes.len() == 32 => return Ok(Secret::new(bytes)),
        Ok(bytes) => {
            let why = format!(
                "`{}` must hold 32 bytes and holds {}: restore it from its backup",
                path.display(),
                bytes.len()
            );
            return Err(Error::BadRequest(why));
        }
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(failed("read", error)),
        Err(_) => {}
    }
    let bytes = Secret::new(fresh(32));
    create(path, bytes.expose()).map_err(|error| failed("create", error))?;
    // Another process of the same site may have been quicker; what lies there now is the key.
    fs::read(path).map(Secret::new).map_err(|error| failed("read", error))
}

/// Written beside its place and linked into it, so that nobody ever reads half a key.
fn create(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    let dir = path.parent().unwrap_or(Path::new("."));
    std::os::unix::fs::DirBuilderExt::mode(fs::DirBuilder::new().recursive(true), 0o700).create(dir)?;
    let draft = dir.join(format!(".site.key.{}", std::process::id()));
    let mut file = fs::OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&draft)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    let linked = fs::hard_link(&draft, path);
    fs::remove_file(&draft)?;
    match linked {
        Err(error) if error.kind() != std::io::ErrorKind::AlreadyExists => Err(error),
        _ => fs::File::open(dir)?.sync_all(),
    }
}

/// Fresh random bytes.
pub(crate) fn fresh(length: usize) -> Vec<u8> {
    let mut bytes = vec![0; length];
    rand::fill(&mut bytes).expect("the machine's random generator always answers once it has started");
    bytes
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn the_key_is_made_once_and_closed_to_others() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("keys/site.key");
        let first = read_or_create(&path).unwrap();
        assert_eq!(first.expose(), read_or_create(&path).unwrap().expose());
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        fs::write(&path, b"short").unwrap();
        assert!(read_or_create(&path).unwrap_err().to_string().contains("32 bytes"));
    }

    #[test]
    fn labels_tell_purposes_apart() {
        let key = SiteKey::from_bytes(&[7; 32]);
        let hash = key.subkey("a").hex(b"x");
        assert!(key.subkey("a").is_hash_of(&hash, b"x"));
        assert!(!key.subkey("b").is_hash_of(&hash, b"x"));
    }
}
