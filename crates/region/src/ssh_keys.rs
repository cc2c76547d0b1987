//! Public SSH keys of users.

use maas_authz::{
    Granted, OpCtx,
    action::{Act, EditGlobalEntities, EditOwn, ViewIdentities, ViewOwn},
};
use maas_model::{
    EventType, SshKeyId, Timestamp, UserId,
    ssh::{SshPublicKey, parse_lines},
};
use maas_store::{Audit, Tx, ssh_key, user};
use serde_json::json;

use crate::{Audience, Error, Region, Result};

mod source;

pub use source::ImportUrls;
use source::Source;

/// A public key.
#[derive(Clone, Debug)]
pub struct SshKey {
    pub id: SshKeyId,
    /// As sent, without white space around it.
    pub key: String,
    /// `lp:<id>`, `gh:<id>`, or empty for a direct upload.
    pub keysource: String,
    /// `ssh-ed25519`
    pub kind: String,
    /// `SHA256:...` as OpenSSH prints it.
    pub fingerprint: String,
    pub comment: String,
    pub created_at: Timestamp,
}

/// The caller's keys by id.
///
/// # Errors
/// `Denied`.
pub async fn list(region: &Region, ctx: &OpCtx) -> Result<Vec<SshKey>> {
    let owner = ctx.own::<ViewOwn>()?;
    let rows = ssh_key::list_of(&mut *region.store().reader().await?, *owner.row()).await?;
    Ok(rows.into_iter().map(SshKey::from).collect())
}

/// One key: the owner's, or anybody's with `ViewIdentities`.
///
/// # Errors
/// `NotFound { what: "SSHKey" }`.
pub async fn lookup(region: &Region, ctx: &OpCtx, id: SshKeyId) -> Result<SshKey> {
    let owner = ctx.own::<ViewOwn>()?;
    let row = ssh_key::find(&mut *region.store().reader().await?, id).await?.ok_or(NOT_FOUND)?;
    if row.user_id != owner.row().0 {
        ctx.grant::<ViewIdentities>().map_err(|_| NOT_FOUND)?;
    }
    Ok(row.into())
}

/// Adds one key, for the caller or, with `EditGlobalEntities`, for `user`.
///
/// # Errors
/// `Invalid` under `key` or `__all__`; `BadRequest` about `user`, with MAAS's texts.
pub async fn create(region: &Region, ctx: &OpCtx, key: &str, user: Option<&str>) -> Result<SshKey> {
    match user {
        None => add(region, ctx, &ctx.own::<EditOwn>()?, key, None).await,
        Some(name) => {
            ctx.grant::<EditGlobalEntities>().map_err(|_| Error::BadRequest(ONLY_ADMINISTRATORS.to_owned()))?;
            let found = user::find(&mut *region.store().reader().await?, name).await?;
            let found = found.filter(|user| user.is_system == 0);
            let id = UserId(found.ok_or_else(|| Error::BadRequest(NO_SUCH_USER.to_owned()))?.user_id);
            add(region, ctx, &ctx.grant_row::<EditGlobalEntities, _>(id)?, key, Some(name)).await
        }
    }
}

/// Adds all keys of a text such as an `authorized_keys` or `.pub` file for the caller; all or nothing. Keys that the caller
/// has already are passed over.
///
/// # Errors
/// `Invalid` under `key`, naming the line; under `__all__` when there is nothing new in it.
pub async fn create_from_file(region: &Region, ctx: &OpCtx, text: &str) -> Result<Vec<SshKey>> {
    let owner = ctx.own::<EditOwn>()?;
    let keys = parse_file(text)?;
    let mut tx = region.store().begin(ctx).await?;
    let (rows, _) = insert_new(&mut tx, &owner, &keys, "").await?;
    if rows.is_empty() {
        return Err(duplicate());
    }
    let audits = rows.iter().map(|row| created(row, None)).collect();
    tx.commit_all(audits).await?;
    rows.iter().for_each(|row| announce(region, "create", row.user_id, row.ssh_key_id));
    Ok(rows.into_iter().map(SshKey::from).collect())
}

/// Imports the caller's keys from Launchpad or GitHub: `lp:<id>`, `gh:<id>` or `<id>`. New ones come first in the answer,
/// then those that were imported before; what vanished at the source is left alone.
///
/// # Errors
/// `BadRequest` with MAAS's texts.
pub async fn import(region: &Region, ctx: &OpCtx, keysource: &str) -> Result<Vec<SshKey>> {
    let owner = ctx.own::<EditOwn>()?;
    let (source, keys) = fetch(region, keysource).await?;
    let mut tx = region.store().begin(ctx).await?;
    let (new, old) = insert_new(&mut tx, &owner, &keys, &source).await?;
    let fingerprints: Vec<&str> = keys.iter().map(SshPublicKey::fingerprint).collect();
    let details = json!({"source": source, "fingerprints": fingerprints, "new": new.len()});
    let audit = Audit::new(EventType::Authorisation, "ssh-key.import", "Imported SSH keys.");
    tx.commit(audit.object("user", owner.row()).details(details)).await?;
    new.iter().for_each(|row| announce(region, "create", row.user_id, row.ssh_key_id));
    Ok(new.into_iter().chain(old).map(SshKey::from).collect())
}

/// Deletes one of the caller's keys.
///
/// # Errors
/// `NotFound { what: "SSHKey" }`; `Forbidden` for somebody else's.
pub async fn delete(region: &Region, ctx: &OpCtx, id: SshKeyId) -> Result<()> {
    let owner = ctx.own::<EditOwn>()?;
    let mut tx = region.store().begin(ctx).await?;
    let row = ssh_key::find(&mut tx, id).await?.ok_or(NOT_FOUND)?;
    if !ssh_key::delete(&mut tx, &owner, id).await? {
        return Err(Error::Forbidden("Can't delete a key you don't own.".to_owned()));
    }
    let audit = Audit::new(EventType::Authorisation, "ssh-key.delete", format!("Deleted SSH key id='{id}'."));
    tx.commit(audit.object("ssh-key", id).details(json!({"fingerprint": row.fingerprint}))).await?;
    announce(region, "delete", row.user_id, row.ssh_key_id);
    Ok(())
}

/// Fetches the keys of a person at a source, and names the source in full: `lp:<id>`.
pub(crate) async fn fetch(region: &Region, keysource: &str) -> Result<(String, Vec<SshPublicKey>)> {
    let source = Source::parse(keysource).map_err(Error::BadRequest)?;
    if !crate::settings::is_on(region, "ssh_key_import_enabled").await? {
        return Err(Error::BadRequest(IMPORT_OFF.to_owned()));
    }
    let keys = source.fetch(&region.config().ssh_import).await.map_err(Error::BadRequest)?;
    Ok((source.to_string(), keys))
}

/// Reads the keys of a text, one a line.
pub(crate) fn parse_file(text: &str) -> Result<Vec<SshPublicKey>> {
    let keys = parse_lines(text).map_err(|(line, error)| Error::field("key", format!("Line {line}: {error}")))?;
    if keys.is_empty() {
        return Err(Error::field("key", REQUIRED));
    }
    Ok(keys)
}

/// Inserts those keys that the user of the grant does not have from this source yet: the new ones, and those that were there.
pub(crate) async fn insert_new<A: Act>(
    tx: &mut Tx,
    owner: &Granted<UserId, A>,
    keys: &[SshPublicKey],
    source: &str,
) -> Result<(Vec<ssh_key::SshKeyRow>, Vec<ssh_key::SshKeyRow>)> {
    tx.lock("ssh-key").await?;
    let known = ssh_key::list_of(tx, *owner.row()).await?;
    let (mut new, mut old): (Vec<ssh_key::SshKeyRow>, Vec<ssh_key::SshKeyRow>) = (Vec::new(), Vec::new());
    for key in keys {
        if new.iter().chain(&old).any(|row| row.fingerprint == key.fingerprint()) {
            continue;
        }
        match known.iter().find(|row| row.source == source && row.fingerprint == key.fingerprint()) {
            Some(row) => old.push(row.clone()),
            None => new.push(ssh_key::insert(tx, owner, key, &key.to_string(), source).await?),
        }
    }
    Ok((new, old))
}

async fn add<A: Act>(
    region: &Region,
    ctx: &OpCtx,
    owner: &Granted<UserId, A>,
    text: &str,
    for_user: Option<&str>,
) -> Result<SshKey> {
    if text.trim().is_empty() {
        return Err(Error::field("key", REQUIRED));
    }
    let key: SshPublicKey = text.parse().map_err(|error| Error::field("key", format!("{error}")))?;
    let mut tx = region.store().begin(ctx).await?;
    let row = match ssh_key::insert(&mut tx, owner, &key, text, "").await {
        Err(error) if error.is_unique("ssh_key.user_id") => return Err(duplicate()),
        other => other?,
    };
    tx.commit(created(&row, for_user)).await?;
    announce(region, "create", row.user_id, row.ssh_key_id);
    Ok(row.into())
}

fn created(row: &ssh_key::SshKeyRow, for_user: Option<&str>) -> Audit {
    let text = match for_user {
        Some(name) => format!("Created SSH key for {name}."),
        None => "Created SSH key.".to_owned(),
    };
    Audit::new(EventType::Authorisation, "ssh-key.create", text)
        .object("ssh-key", row.ssh_key_id)
        .details(json!({"kind": row.kind, "fingerprint": row.fingerprint, "user_id": row.user_id}))
}

fn announce(region: &Region, action: &'static str, user: i64, id: i64) {
    region.announce("sshkey", action, json!(id), Audience::User(UserId(user)));
}

fn duplicate() -> Error {
    Error::field("__all__", "This key has already been added for this user.")
}

impl From<ssh_key::SshKeyRow> for SshKey {
    fn from(row: ssh_key::SshKeyRow) -> Self {
        Self {
            id: SshKeyId(row.ssh_key_id),
            key: row.sent,
            keysource: row.source,
            kind: row.kind,
            fingerprint: row.fingerprint,
            comment: row.comment,
            created_at: Timestamp::from_micros(row.created_us),
        }
    }
}

const NOT_FOUND: Error = Error::NotFound { what: "SSHKey" };
const REQUIRED: &str = "This field is required.";
const NO_SUCH_USER: &str = "Supplied username does not match any current users.";
const ONLY_ADMINISTRATORS: &str = "Only administrators can specify a user when creating an SSH key.";
const IMPORT_OFF: &str =
    "Importing SSH keys is switched off on this site: an administrator can set `ssh_key_import_enabled`.";

#[cfg(test)]
mod tests {
    use maas_model::SshKeyId;

    use tokio::{
        io::{AsyncReadExt, AsyncWriteExt},
        net::TcpListener,
    };

    use super::{ImportUrls, create, create_from_file, delete, import, list, lookup};
    use crate::{Error, Region, settings, testing::with_region};

    const BLOB: &str = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAILM+rvN+ot98qgEN796jTiQfZfG1KaT0PtFDJ/XFSqti";
    const OTHER: &str = "ecdsa-sha2-nistp256 AAAAE2VjZHNhLXNoYTItbmlzdHAyNTYAAAAIbmlzdHAyNTYAAABBBHwf2HMM5TRXvo2SQJjsNkiDD5KqiiNjrGVv3UUh+mMT5RHxiRtOnlqvjhQtBq0VpmpCV/PwUdhOig4vkbqAcEc=";

    #[tokio::test]
    async fn keys_are_added_once_listed_and_deleted_by_their_owner() {
        with_region(async |site| {
            let (admin, bob) = (site.ctx("admin").await, site.ctx("bob").await);
            let region = &site.region;
            let key = create(region, &bob, &format!("  {BLOB} bob@home \n"), None).await.unwrap();
            assert_eq!(key.key, format!("{BLOB} bob@home"));
            assert_eq!(
                (key.kind.as_str(), key.comment.as_str(), key.keysource.as_str()),
                ("ssh-ed25519", "bob@home", "")
            );
            assert_eq!(site.last_event().await, ("ssh-key.create".to_owned(), "Created SSH key.".to_owned()));
            let error = create(region, &bob, &format!("{BLOB} another comment"), None).await.unwrap_err();
            assert_eq!(error.to_string(), "This key has already been added for this user.");
            create(region, &admin, BLOB, None).await.unwrap();

            assert_eq!(list(region, &bob).await.unwrap().len(), 1);
            assert!(lookup(region, &admin, key.id).await.is_ok());
            let eve = site.ctx("eve").await;
            assert!(matches!(lookup(region, &eve, key.id).await, Err(Error::NotFound { what: "SSHKey" })));
            let error = delete(region, &admin, key.id).await.unwrap_err();
            assert_eq!(error.to_string(), "Can't delete a key you don't own.");
            delete(region, &bob, key.id).await.unwrap();
            assert_eq!(site.last_event().await.1, format!("Deleted SSH key id='{}'.", key.id));
            assert!(matches!(delete(region, &bob, SshKeyId(999)).await, Err(Error::NotFound { .. })));
        })
        .await;
    }

    #[tokio::test]
    async fn administrators_add_keys_for_others() {
        with_region(async |site| {
            let (admin, bob) = (site.ctx("admin").await, site.ctx("bob").await);
            let region = &site.region;
            create(region, &admin, BLOB, Some("bob")).await.unwrap();
            assert_eq!(site.last_event().await.1, "Created SSH key for bob.");
            assert_eq!(list(region, &bob).await.unwrap().len(), 1);
            let error = create(region, &bob, BLOB, Some("admin")).await.unwrap_err();
            assert_eq!(error.to_string(), "Only administrators can specify a user when creating an SSH key.");
            let error = create(region, &admin, BLOB, Some("nobody")).await.unwrap_err();
            assert_eq!(error.to_string(), "Supplied username does not match any current users.");
        })
        .await;
    }

    #[tokio::test]
    async fn a_file_is_taken_whole_or_not_at_all() {
        with_region(async |site| {
            let bob = site.ctx("bob").await;
            let region = &site.region;
            let error = create_from_file(region, &bob, &format!("{BLOB}\nbad\n")).await.unwrap_err();
            assert!(error.to_string().starts_with("key: Line 2: Invalid SSH public key: "), "{error}");
            assert!(list(region, &bob).await.unwrap().is_empty());
            assert_eq!(create_from_file(region, &bob, &format!("{BLOB} a\n{BLOB} b\n")).await.unwrap().len(), 1);
            assert_eq!(create_from_file(region, &bob, &format!("{BLOB} a\n{OTHER} b\n")).await.unwrap().len(), 1);
            assert!(create_from_file(region, &bob, BLOB).await.is_err());
            let error = create(region, &bob, " ", None).await.unwrap_err();
            assert_eq!(error.to_string(), "key: This field is required.");
        })
        .await;
    }

    /// Answers `count` requests with `body`.
    async fn answer(listener: &TcpListener, count: usize, body: &str) {
        for _ in 0..count {
            let (mut stream, _) = listener.accept().await.unwrap();
            let _ = stream.read(&mut [0; 4096]).await.unwrap();
            let head = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\nconnection: close\r\n\r\n", body.len());
            stream.write_all(format!("{head}{body}").as_bytes()).await.unwrap();
        }
    }

    #[tokio::test]
    async fn imported_keys_are_kept_once_and_named_in_the_log() {
        with_region(async |site| {
            let (admin, bob) = (site.ctx("admin").await, site.ctx("bob").await);
            let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
            let base = format!("http://{}", listener.local_addr().unwrap());
            let mut config = site.region.config().clone();
            config.ssh_import = ImportUrls { launchpad: base.clone(), github: base };
            let region = Region::open(config, site.db.clock.clone()).await.unwrap();
            create(&region, &bob, BLOB, None).await.unwrap();

            let (_, keys) = tokio::join!(answer(&listener, 1, BLOB), import(&region, &bob, "bob"));
            assert_eq!(keys.unwrap()[0].keysource, "lp:bob", "the same key once more, from another source");
            let event = site.events().await.swap_remove(0);
            assert_eq!(event.description, "Imported SSH keys.");
            assert!(event.details.contains("SHA256:"), "{}", event.details);
            let both = format!("{BLOB}\n{OTHER}\n");
            let (_, keys) = tokio::join!(answer(&listener, 1, &both), import(&region, &bob, "lp:bob"));
            let kinds: Vec<String> = keys.unwrap().into_iter().map(|key| key.kind).collect();
            assert_eq!(kinds, ["ecdsa-sha2-nistp256", "ssh-ed25519"], "the new one first");
            assert_eq!(list(&region, &bob).await.unwrap().len(), 3);

            settings::set(&region, &admin, "ssh_key_import_enabled", "false").await.unwrap();
            assert!(import(&region, &bob, "lp:bob").await.unwrap_err().to_string().contains("switched off"));
            region.shutdown().await;
        })
        .await;
    }
}
