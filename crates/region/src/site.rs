//! What belongs to the site as a whole: its identity, its sealed secrets, and the secret that it shares with its racks.

use std::path::Path;

use data_encoding::HEXLOWER;
use maas_authz::{Clock, OpCtx};
use maas_model::Secret;
use maas_secrets::{FileError, Sealed, SealingKey, SecretStore, file, fresh_bytes};
use maas_store::{Connection, Store, Tx, secret, setting};

use crate::{Error, Result, settings, tls};

/// The site's own part of a region.
pub(crate) struct Site {
    pub(crate) uuid: String,
    pub(crate) secrets: SecretStore,
    pub(crate) settings: settings::Cache,
    pub(crate) tls: tls::State,
}

impl Site {
    /// Opens the sealing key (making it for a new site) and writes the shared secret where racks' tools look for it.
    pub(crate) async fn open(data_dir: &Path, store: &Store, clock: &Clock) -> Result<Self> {
        let is_new = !secret::is_any(&mut *store.reader().await?).await?;
        let key = if is_new { SealingKey::load_or_create(data_dir) } else { SealingKey::require(data_dir) };
        let key = key.map_err(|error| Error::BadRequest(error.to_string()))?;
        let ctx = OpCtx::job("open", clock.clone());
        let uuid = identity(store, &ctx).await?;
        let secrets = SecretStore::new(key, uuid.clone());
        let site = Self { uuid, secrets, settings: settings::Cache::default(), tls: tls::State::default() };
        site.share(data_dir, store, &ctx).await?;
        Ok(site)
    }

    /// Opens a version of a secret.
    pub(crate) async fn read_secret(
        &self,
        connection: &mut Connection,
        path: &str,
        version: i64,
    ) -> Result<Option<Secret<Vec<u8>>>> {
        let Some(row) = secret::find(connection, path, version).await? else { return Ok(None) };
        let sealed = Sealed { key_id: row.key_id, bytes: row.sealed };
        let opened = self.secrets.open(path, version, &sealed);
        opened.map(Some).map_err(|error| Error::Internal(Box::new(error)))
    }

    /// The latest version of a secret, and its number.
    pub(crate) async fn latest_secret(
        &self,
        connection: &mut Connection,
        path: &str,
    ) -> Result<Option<(i64, Secret<Vec<u8>>)>> {
        let Some(row) = secret::latest(connection, path).await? else { return Ok(None) };
        let sealed = Sealed { key_id: row.key_id, bytes: row.sealed };
        let opened = self.secrets.open(path, row.version, &sealed);
        opened.map(|value| Some((row.version, value))).map_err(|error| Error::Internal(Box::new(error)))
    }

    /// Seals and keeps a version of a secret.
    pub(crate) async fn put_secret(
        &self,
        tx: &mut Tx,
        path: &str,
        version: i64,
        value: &Secret<Vec<u8>>,
    ) -> Result<()> {
        let sealed = self.secrets.seal(path, version, value);
        Ok(secret::insert(tx, path, version, &sealed.key_id, &sealed.bytes).await?)
    }

    /// The secret shared with racks: 32 hex digits, kept sealed; its copy on disk is renewed when it is not the same.
    async fn share(&self, data_dir: &Path, store: &Store, ctx: &OpCtx) -> Result<()> {
        let refuse = |error: FileError| Error::BadRequest(error.to_string());
        let path = data_dir.join("secret");
        let on_disk = file::read_private(&path).map_err(refuse)?;
        let kept = self.latest_secret(&mut *store.reader().await?, SHARED_SECRET).await?;
        let kept = match kept {
            Some((_, value)) => value,
            None => self.first_shared(store, ctx, on_disk.as_ref()).await?,
        };
        if on_disk.is_some_and(|bytes| bytes.expose() == kept.expose()) {
            return Ok(());
        }
        file::replace(&path, kept.expose(), 0o600).map_err(refuse)
    }

    /// A secret that lies there already, as an operator may have put it, becomes the site's.
    async fn first_shared(
        &self,
        store: &Store,
        ctx: &OpCtx,
        on_disk: Option<&Secret<Vec<u8>>>,
    ) -> Result<Secret<Vec<u8>>> {
        let value = match on_disk.filter(|bytes| is_shared_secret(bytes.expose())) {
            Some(bytes) => bytes.clone(),
            None => Secret::new(HEXLOWER.encode(fresh_bytes(16).expose()).into_bytes()),
        };
        let mut tx = store.begin(ctx).await?;
        tx.lock("shared-secret").await?;
        if let Some((_, other)) = self.latest_secret(&mut tx, SHARED_SECRET).await? {
            return Ok(other);
        }
        self.put_secret(&mut tx, SHARED_SECRET, 1, &value).await?;
        tx.commit_quietly().await?;
        Ok(value)
    }
}

/// The identity of the site, made on its first start.
async fn identity(store: &Store, ctx: &OpCtx) -> Result<String> {
    let known = setting::all(&mut *store.reader().await?).await?.remove("uuid");
    let text = match known {
        Some(text) => text,
        None => {
            let mut tx = store.begin(ctx).await?;
            let text = setting::put_once(&mut tx, "uuid", &serde_json::Value::from(fresh_uuid()).to_string()).await?;
            tx.commit_quietly().await?;
            text
        }
    };
    serde_json::from_str(&text).map_err(|_| Error::internal("the site's `uuid` in the database is damaged"))
}

/// A random UUID (RFC 9562, version 4).
fn fresh_uuid() -> String {
    let bytes = fresh_bytes(16);
    let mut bytes = bytes.expose().clone();
    bytes[6] = bytes[6] & 0x0f | 0x40;
    bytes[8] = bytes[8] & 0x3f | 0x80;
    let hex = HEXLOWER.encode(&bytes);
    [&hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..]].join("-")
}

fn is_shared_secret(bytes: &[u8]) -> bool {
    bytes.len() == 32 && bytes.iter().all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(byte))
}

/// Where MAAS keeps it too.
pub(crate) const SHARED_SECRET: &str = "global/rpc-shared";

#[cfg(test)]
mod tests {
    use std::{fs, os::unix::fs::PermissionsExt};

    use maas_secrets::SealingKey;

    use super::SHARED_SECRET;
    use crate::testing::{TestRegion, with_region};

    #[tokio::test]
    async fn identity_and_shared_secret_are_made_once() {
        with_region(async |site| {
            let dir = site.db.dir.path();
            let first = fs::read(dir.join("secret")).unwrap();
            assert!(super::is_shared_secret(&first));
            let again = TestRegion::open(&site.db, "host1").await;
            assert_eq!(again.site().uuid, site.region.site().uuid);
            assert_eq!(fs::read(dir.join("secret")).unwrap(), first);
            fs::remove_file(dir.join("secret")).unwrap();
            again.shutdown().await;
            TestRegion::open(&site.db, "host1").await.shutdown().await;
            assert_eq!(fs::read(dir.join("secret")).unwrap(), first, "the copy comes back from the sealed store");
            let mode = fs::metadata(dir.join("secret")).unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o600);
            let mut reader = site.region.store().reader().await.unwrap();
            let row = maas_store::secret::latest(&mut reader, SHARED_SECRET).await.unwrap().unwrap();
            assert!(!row.sealed.windows(8).any(|window| window == &first[..8]));
        })
        .await;
    }

    #[tokio::test]
    async fn a_lost_or_readable_key_is_a_clear_refusal() {
        with_region(async |site| {
            let path = SealingKey::path(site.db.dir.path());
            let config = site.region.config().clone();
            let refused = async || {
                let opened = crate::Region::open(config.clone(), site.db.clock.clone()).await;
                opened.err().map(|error| error.to_string()).unwrap_or_default()
            };
            fs::set_permissions(&path, PermissionsExt::from_mode(0o640)).unwrap();
            assert!(refused().await.contains("chmod 600"));
            fs::remove_file(&path).unwrap();
            assert!(refused().await.contains("seal.key` is missing"));
        })
        .await;
    }
}
