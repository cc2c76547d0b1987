//! The sealing key: 256 random bits in `keys/seal.key`.

use std::path::{Path, PathBuf};

use aws_lc_rs::{
    aead::{AES_256_GCM, Aad, NONCE_LEN, Nonce, RandomizedNonceKey},
    digest,
};
use data_encoding::HEXLOWER;
use maas_model::Secret;
use zeroize::Zeroizing;

use crate::{
    FileError,
    file::{check_private, create_private, create_private_dir, read_private},
    fresh_bytes,
};

/// The key that wraps the keys of secrets.
pub struct SealingKey {
    id: String,
    key: RandomizedNonceKey,
}

impl std::fmt::Debug for SealingKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SealingKey").field("id", &self.id).finish_non_exhaustive()
    }
}

/// Why there is no sealing key.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    #[error(transparent)]
    File(#[from] FileError),
    #[error("`{}` is damaged: put the copy of it back that you keep apart from the database", path.display())]
    Damaged { path: PathBuf },
    #[error("`{}` is missing, and the database holds secrets sealed with it: put the copy of it back", path.display())]
    Missing { path: PathBuf },
}

impl SealingKey {
    /// Where the key lies.
    pub fn path(data_dir: &Path) -> PathBuf {
        data_dir.join("keys").join("seal.key")
    }

    /// Reads the key; `None` when there is none yet.
    ///
    /// # Errors
    /// `File` when others can read it, `Damaged` when it is no key.
    pub fn load(data_dir: &Path) -> Result<Option<Self>, KeyError> {
        check_private(&data_dir.join("keys"))?;
        let path = Self::path(data_dir);
        let Some(content) = read_private(&path)? else { return Ok(None) };
        let key = parse(&content).ok_or(KeyError::Damaged { path })?;
        Ok(Some(Self::from_bytes(&key)))
    }

    /// Reads the key of a site that has secrets already.
    ///
    /// # Errors
    /// As [`SealingKey::load`]; `Missing` when there is none.
    pub fn require(data_dir: &Path) -> Result<Self, KeyError> {
        Self::load(data_dir)?.ok_or_else(|| KeyError::Missing { path: Self::path(data_dir) })
    }

    /// Reads the key, or makes it when there is none. Two processes that do this at once get the same key.
    ///
    /// # Errors
    /// As [`SealingKey::load`].
    pub fn load_or_create(data_dir: &Path) -> Result<Self, KeyError> {
        if let Some(key) = Self::load(data_dir)? {
            return Ok(key);
        }
        let path = Self::path(data_dir);
        create_private_dir(&data_dir.join("keys"))?;
        let hex = Zeroizing::new(HEXLOWER.encode(fresh_bytes(KEY_BYTES).expose()));
        create_private(&path, Zeroizing::new(format!("{NOTE}{TAG}{}\n", *hex)).as_bytes())?;
        Self::load(data_dir)?.ok_or(KeyError::Damaged { path })
    }

    /// Names the key without telling anything of it.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Nonce and ciphertext of `plain`.
    pub(crate) fn wrap(&self, aad: &[u8], plain: &[u8]) -> Vec<u8> {
        encrypt(&self.key, aad, plain)
    }

    pub(crate) fn unwrap(&self, aad: &[u8], sealed: &[u8]) -> Option<Secret<Vec<u8>>> {
        decrypt(&self.key, aad, sealed)
    }

    fn from_bytes(key: &Secret<Vec<u8>>) -> Self {
        let mut labelled = Zeroizing::new(b"maas sealing key id\0".to_vec());
        labelled.extend_from_slice(key.expose());
        let id = HEXLOWER.encode(&digest::digest(&digest::SHA256, &labelled).as_ref()[..8]);
        Self { id, key: aes_key(key.expose()) }
    }
}

/// An AES-256-GCM key.
pub(crate) fn aes_key(bytes: &[u8]) -> RandomizedNonceKey {
    RandomizedNonceKey::new(&AES_256_GCM, bytes).expect("the key has 32 bytes, checked where it was read or made")
}

/// A fresh random nonce, then the ciphertext with its tag.
pub(crate) fn encrypt(key: &RandomizedNonceKey, aad: &[u8], plain: &[u8]) -> Vec<u8> {
    let mut body = plain.to_vec();
    let nonce = key
        .seal_in_place_append_tag(Aad::from(aad), &mut body)
        .expect("a secret is far shorter than AES-GCM's limit of 64 GiB");
    let mut out = nonce.as_ref().to_vec();
    out.append(&mut body);
    out
}

pub(crate) fn decrypt(key: &RandomizedNonceKey, aad: &[u8], sealed: &[u8]) -> Option<Secret<Vec<u8>>> {
    let (nonce, body) = sealed.split_at_checked(NONCE_LEN)?;
    let nonce = Nonce::try_assume_unique_for_key(nonce).ok()?;
    let mut body = Zeroizing::new(body.to_vec());
    let plain = key.open_in_place(nonce, Aad::from(aad), &mut body).ok()?;
    Some(Secret::new(plain.to_vec()))
}

fn parse(content: &Secret<Vec<u8>>) -> Option<Secret<Vec<u8>>> {
    let text = std::str::from_utf8(content.expose()).ok()?;
    let line = text.lines().map(str::trim).find(|line| !line.is_empty() && !line.starts_with('#'))?;
    let key = Secret::new(HEXLOWER.decode(line.strip_prefix(TAG)?.as_bytes()).ok()?);
    (key.expose().len() == KEY_BYTES).then_some(key)
}

pub(crate) const KEY_BYTES: usize = 32;
const TAG: &str = "maas-seal-1:";
const NOTE: &str =
    "# Opens every secret in the database. Keep a copy of this file, apart from copies of the database.\n";

#[cfg(test)]
mod tests {
    use std::{fs, os::unix::fs::PermissionsExt};

    use super::{KeyError, SealingKey};

    #[test]
    fn the_key_is_made_once_and_named_by_its_id() {
        let dir = tempfile::tempdir().unwrap();
        assert!(SealingKey::load(dir.path()).unwrap().is_none());
        let first = SealingKey::load_or_create(dir.path()).unwrap();
        let second = SealingKey::load_or_create(dir.path()).unwrap();
        assert_eq!(first.id(), second.id());
        assert_eq!(first.id().len(), 16);
        assert!(!fs::read_to_string(SealingKey::path(dir.path())).unwrap().contains(first.id()));
        let mode = fs::metadata(SealingKey::path(dir.path())).unwrap().permissions().mode();
        assert_eq!(mode & 0o7777, 0o600);
    }

    #[test]
    fn a_readable_or_damaged_key_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        SealingKey::load_or_create(dir.path()).unwrap();
        let path = SealingKey::path(dir.path());
        fs::set_permissions(&path, PermissionsExt::from_mode(0o604)).unwrap();
        assert!(SealingKey::load_or_create(dir.path()).unwrap_err().to_string().contains("chmod 600"));
        fs::set_permissions(&path, PermissionsExt::from_mode(0o600)).unwrap();
        fs::write(&path, "maas-seal-1:abcd\n").unwrap();
        assert!(matches!(SealingKey::load_or_create(dir.path()), Err(KeyError::Damaged { .. })));
    }
}
