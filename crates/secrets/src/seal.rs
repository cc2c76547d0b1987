//! Seal and open: one key per secret, wrapped by the site's sealing key.

use maas_model::Secret;

use crate::{
    SealingKey, fresh_bytes,
    key::{KEY_BYTES, aes_key, decrypt, encrypt},
};

/// Seals and opens the secrets of one site.
#[derive(Debug)]
pub struct SecretStore {
    key: SealingKey,
    site: String,
}

/// A sealed secret, to be kept anywhere.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sealed {
    /// Which sealing key opens it.
    pub key_id: String,
    pub bytes: Vec<u8>,
}

/// Why a sealed secret does not open.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum OpenError {
    #[error(
        "the secret `{path}` is sealed with the key {wanted}, and this host has the key {found}: copy `keys/seal.key` from the host that sealed it"
    )]
    OtherKey { path: String, wanted: String, found: String },
    #[error("the secret `{path}` (version {version}) is damaged, or was moved here from elsewhere")]
    Damaged { path: String, version: i64 },
}

impl SecretStore {
    /// For the site of this identity.
    pub const fn new(key: SealingKey, site: String) -> Self {
        Self { key, site }
    }

    /// Names the sealing key in use.
    pub fn key_id(&self) -> &str {
        self.key.id()
    }

    /// Seals `value` as `version` of the secret at `path`, such as `global/tls`.
    pub fn seal(&self, path: &str, version: i64, value: &Secret<Vec<u8>>) -> Sealed {
        let aad = self.aad(path, version);
        let own_key = fresh_bytes(KEY_BYTES);
        let wrapped = self.key.wrap(&aad, own_key.expose());
        let body = encrypt(&aes_key(own_key.expose()), &aad, value.expose());
        let mut bytes = Vec::with_capacity(1 + wrapped.len() + body.len());
        bytes.push(FORMAT);
        bytes.extend(wrapped);
        bytes.extend(body);
        Sealed { key_id: self.key.id().to_owned(), bytes }
    }

    /// Opens what [`SecretStore::seal`] made for the same path, version and site.
    ///
    /// # Errors
    /// [`OpenError`]; it never repeats what is inside.
    pub fn open(&self, path: &str, version: i64, sealed: &Sealed) -> Result<Secret<Vec<u8>>, OpenError> {
        if sealed.key_id != self.key.id() {
            return Err(OpenError::OtherKey {
                path: path.to_owned(),
                wanted: sealed.key_id.clone(),
                found: self.key.id().to_owned(),
            });
        }
        self.open_bytes(path, version, &sealed.bytes)
            .ok_or_else(|| OpenError::Damaged { path: path.to_owned(), version })
    }

    fn open_bytes(&self, path: &str, version: i64, bytes: &[u8]) -> Option<Secret<Vec<u8>>> {
        let aad = self.aad(path, version);
        let rest = bytes.strip_prefix(&[FORMAT])?;
        let (wrapped, body) = rest.split_at_checked(WRAPPED_BYTES)?;
        let own_key = self.key.unwrap(&aad, wrapped).filter(|key| key.expose().len() == KEY_BYTES)?;
        decrypt(&aes_key(own_key.expose()), &aad, body)
    }

    /// What a sealed secret is bound to. Lengths go before texts, so that no two of them make the same bytes.
    fn aad(&self, path: &str, version: i64) -> Vec<u8> {
        let mut aad = b"maas-seal-1".to_vec();
        for part in [path, &self.site, self.key.id()] {
            aad.extend((part.len() as u64).to_be_bytes());
            aad.extend(part.as_bytes());
        }
        aad.extend(version.to_be_bytes());
        aad
    }
}

const FORMAT: u8 = 1;
/// Nonce, key, tag.
const WRAPPED_BYTES: usize = 12 + KEY_BYTES + 16;

#[cfg(test)]
mod tests {
    use maas_model::Secret;

    use super::{OpenError, SecretStore};
    use crate::SealingKey;

    fn store(site: &str) -> (tempfile::TempDir, SecretStore) {
        let dir = tempfile::tempdir().unwrap();
        let key = SealingKey::load_or_create(dir.path()).unwrap();
        (dir, SecretStore::new(key, site.to_owned()))
    }

    #[test]
    fn what_is_sealed_opens_in_its_own_place_only() {
        let (dir, store) = store("site-1");
        let value = Secret::new(b"canary-value".to_vec());
        let sealed = store.seal("global/tls", 3, &value);
        assert_eq!(store.open("global/tls", 3, &sealed).unwrap().expose(), value.expose());
        assert!(!sealed.bytes.windows(6).any(|window| window == b"canary"));
        assert_ne!(store.seal("global/tls", 3, &value).bytes, sealed.bytes, "a fresh key each time");

        let damaged = |path: &str, version| Err(OpenError::Damaged { path: path.to_owned(), version });
        let open = |store: &SecretStore, path: &str, version| store.open(path, version, &sealed).map(|_| ());
        assert_eq!(open(&store, "global/tls", 2), damaged("global/tls", 2));
        assert_eq!(open(&store, "global/tl", 3), damaged("global/tl", 3));
        let elsewhere = SecretStore::new(SealingKey::load(dir.path()).unwrap().unwrap(), "site-2".to_owned());
        assert_eq!(open(&elsewhere, "global/tls", 3), damaged("global/tls", 3));
    }

    #[test]
    fn every_changed_byte_and_every_cut_is_noticed() {
        let (_dir, store) = store("site-1");
        let sealed = store.seal("a", 1, &Secret::new(b"value".to_vec()));
        for index in 0..sealed.bytes.len() {
            let mut other = sealed.clone();
            other.bytes[index] ^= 1;
            assert!(store.open("a", 1, &other).is_err(), "byte {index}");
            other.bytes.truncate(index);
            assert!(store.open("a", 1, &other).is_err(), "cut at {index}");
        }
    }

    #[test]
    fn another_key_is_named() {
        let (_one, first) = store("site-1");
        let (_two, second) = store("site-1");
        let sealed = first.seal("a", 1, &Secret::new(b"value".to_vec()));
        let error = second.open("a", 1, &sealed).unwrap_err().to_string();
        assert!(error.contains(first.key_id()) && error.contains("keys/seal.key"), "{error}");
    }
}
