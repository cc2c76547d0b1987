//! Settings of the site, checked against the one table in `model`.

use std::{collections::BTreeMap, sync::Arc};

use arc_swap::ArcSwapOption;
use maas_authz::{
    OpCtx,
    action::{EditConfigurations, ViewConfigurations, ViewOwn},
};
use maas_model::{
    EventType, Secret,
    setting::{self, HIDDEN, Setting},
};
use maas_store::{Audit, Tx, secret, session};
use serde_json::{Value, json};

use crate::{Audience, Error, Region, Result};

/// A setting as the page shows it.
#[derive(Clone, Debug)]
pub struct SettingView {
    pub name: &'static str,
    pub help: &'static str,
    pub value: Value,
    pub default: Value,
    pub is_default: bool,
    pub is_secret: bool,
}

/// The value of a setting. Everybody may read those few that clients need to work; all others need `ViewConfigurations`,
/// and secret ones are still only told as set or not set.
///
/// # Errors
/// `Invalid` under the name when there is no such setting; `Denied`.
pub async fn get(region: &Region, ctx: &OpCtx, name: &str) -> Result<Value> {
    ctx.grant::<ViewOwn>()?;
    let setting = find(name)?;
    let may_see_all = ctx.grant::<ViewConfigurations>();
    if !setting.is_for_everybody() {
        may_see_all.clone()?;
    }
    if setting.is_secret {
        return Ok(shown(region, setting, &*snapshot(region).await?));
    }
    let value = effective(region, setting, &*snapshot(region).await?);
    Ok(match (&value, may_see_all) {
        (Value::String(_), Err(_)) => setting.redacted(&value).into(),
        _ => value,
    })
}

/// Changes a setting from the text that a client sent.
///
/// # Errors
/// `Denied`; `Invalid` under the name.
pub async fn set(region: &Region, ctx: &OpCtx, name: &str, value: &str) -> Result<()> {
    let grant = ctx.grant::<EditConfigurations>()?;
    let setting = find(name)?;
    let new = setting.parse(value).map_err(|why| Error::field(setting.name, why))?;
    let shown = setting.redacted(&new);
    let mut tx = region.store().begin(ctx).await?;
    tx.lock("setting").await?;
    let before = snapshot(region).await?;
    let old = setting.redacted(&effective(region, setting, &before));
    let stored = seal_if_needed(region, &mut tx, setting, &new).await?;
    maas_store::setting::put(&mut tx, &grant, setting.name, &stored.to_string()).await?;
    let mut details = json!({"name": setting.name, "old": old, "new": shown});
    if setting.name == "session_length" {
        details["sessions_ended"] = session::delete_all(&mut tx).await?.into();
    }
    let text = format!("Updated configuration setting '{}' to '{shown}'.", setting.name);
    tx.commit(Audit::new(EventType::Settings, "setting.update", text).object("setting", setting.name).details(details))
        .await?;
    region.announce("config", "update", json!({"name": setting.name}), Audience::Everyone);
    Ok(())
}

/// All settings (`ViewConfigurations`), by name.
///
/// # Errors
/// `Denied`.
pub async fn list(region: &Region, ctx: &OpCtx) -> Result<Vec<SettingView>> {
    ctx.grant::<ViewConfigurations>()?;
    let now = snapshot(region).await?;
    let view = |setting: &'static Setting| SettingView {
        name: setting.name,
        help: setting.help,
        value: shown(region, setting, &now),
        default: setting.default_value(&region.config().region_name),
        is_default: !now.values.contains_key(setting.name),
        is_secret: setting.is_secret,
    };
    Ok(setting::public().map(view).collect())
}

/// The values that were set, as they were at one count of changes.
#[derive(Debug, Default)]
pub(crate) struct Snapshot {
    changes: u64,
    values: BTreeMap<String, Value>,
}

/// The latest snapshot; good until the next change of anything.
#[derive(Debug, Default)]
pub(crate) struct Cache(ArcSwapOption<Snapshot>);

/// The value in force, for the site's own use.
pub(crate) async fn value(region: &Region, name: &'static str) -> Result<Value> {
    let now = snapshot(region).await?;
    Ok(setting::find(name).map_or(Value::Null, |setting| effective(region, setting, &now)))
}

/// A number in force, for the site's own use.
pub(crate) async fn number(region: &Region, name: &'static str) -> Result<i64> {
    Ok(value(region, name).await?.as_i64().unwrap_or_default())
}

/// A flag in force, for the site's own use.
pub(crate) async fn is_on(region: &Region, name: &'static str) -> Result<bool> {
    Ok(value(region, name).await?.as_bool().unwrap_or_default())
}

async fn snapshot(region: &Region) -> Result<Arc<Snapshot>> {
    let changes = region.store().change_count();
    let cache = &region.site().settings.0;
    if let Some(known) = cache.load_full().filter(|known| known.changes == changes) {
        return Ok(known);
    }
    let fresh = Arc::new(Snapshot { changes, values: load(region).await? });
    cache.store(Some(fresh.clone()));
    Ok(fresh)
}

/// Values that hold a password in passing (a proxy's URL) are opened here; those that are secrets altogether are not.
async fn load(region: &Region) -> Result<BTreeMap<String, Value>> {
    let mut reader = region.store().reader().await?;
    let mut values = BTreeMap::new();
    for (name, text) in maas_store::setting::all(&mut reader).await? {
        let Ok(mut value) = serde_json::from_str::<Value>(&text) else {
            tracing::error!(setting.name = name, "a stored setting cannot be read; its default is used");
            continue;
        };
        let is_secret = setting::find(&name).is_some_and(|setting| setting.is_secret);
        if let (Some(version), false) = (value[SEALED].as_i64(), is_secret) {
            let opened = region.site().read_secret(&mut reader, &secret_path(&name), version).await?;
            value = opened.and_then(|secret| String::from_utf8(secret.expose().clone()).ok()).into();
        }
        values.insert(name, value);
    }
    Ok(values)
}

/// Keeps what must not lie in the database in clear as a secret, and a note of it in its place.
async fn seal_if_needed(region: &Region, tx: &mut Tx, setting: &'static Setting, value: &Value) -> Result<Value> {
    let path = secret_path(setting.name);
    let text = value.as_str().unwrap_or_default();
    if !setting.redacted(value).contains(HIDDEN) || text.is_empty() {
        secret::retain(tx, &path, &[]).await?;
        return Ok(value.clone());
    }
    let version = secret::latest(tx, &path).await?.map_or(1, |row| row.version + 1);
    region.site().put_secret(tx, &path, version, &Secret::new(text.as_bytes().to_vec())).await?;
    secret::retain(tx, &path, &[version]).await?;
    Ok(json!({ SEALED: version }))
}

fn find(name: &str) -> Result<&'static Setting> {
    setting::find_public(name).map_err(|why| Error::field(name, why))
}

fn effective(region: &Region, setting: &'static Setting, now: &Snapshot) -> Value {
    let set = now.values.get(setting.name).cloned();
    set.unwrap_or_else(|| setting.default_value(&region.config().region_name))
}

/// As people may see it: secrets only as set or not.
fn shown(region: &Region, setting: &'static Setting, now: &Snapshot) -> Value {
    let value = effective(region, setting, now);
    if setting.is_secret { json!({"is_set": value[SEALED].is_i64()}) } else { value }
}

/// Where MAAS keeps those that it treats as secrets, and the same way for the others.
fn secret_path(name: &str) -> String {
    match name {
        "maas_auto_ipmi_k_g_bmc_key" => "global/ipmi-k_g-key".to_owned(),
        other => format!("global/{}", other.replace('_', "-")),
    }
}

/// The note that stands in place of a sealed value.
const SEALED: &str = "sealed";

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{get, is_on, list, number, set};
    use crate::{Error, testing::with_region};

    #[tokio::test]
    async fn values_are_read_and_set_and_told_to_the_log() {
        with_region(async |site| {
            let (admin, bob) = (site.ctx("admin").await, site.ctx("bob").await);
            let region = &site.region;
            assert_eq!(get(region, &bob, "maas_name").await.unwrap(), json!("host1"));
            assert!(matches!(get(region, &bob, "ntp_server").await, Err(Error::Denied(_))));
            assert_eq!(get(region, &admin, "ntp_server").await.unwrap(), json!("ntp.ubuntu.com"));
            assert!(matches!(set(region, &bob, "maas_name", "x").await, Err(Error::Denied(_))));
            set(region, &admin, "maas_name", "site one").await.unwrap();
            assert_eq!(get(region, &bob, "maas_name").await.unwrap(), json!("site one"));
            let text = "Updated configuration setting 'maas_name' to 'site one'.";
            assert_eq!(site.last_event().await, ("setting.update".to_owned(), text.to_owned()));

            let error = set(region, &admin, "session_length", "9").await.unwrap_err();
            assert_eq!(error.to_string(), "session_length: Ensure this value is greater than or equal to 10.");
            let error = set(region, &admin, "uuid", "x").await.unwrap_err();
            assert!(error.to_string().starts_with("uuid: uuid is not a valid config setting (valid settings are: "));
            assert!(get(region, &admin, "omapi_key").await.is_err());
            set(region, &admin, "enable_analytics", "false").await.unwrap();
            assert!(!is_on(region, "enable_analytics").await.unwrap());
            assert_eq!(number(region, "password_minimum_length").await.unwrap(), 12);
            let all = list(region, &admin).await.unwrap();
            assert!(all.iter().any(|view| view.name == "maas_name" && !view.is_default));
            assert!(matches!(list(region, &bob).await, Err(Error::Denied(_))));
        })
        .await;
    }

    #[tokio::test]
    async fn secrets_are_neither_shown_nor_stored_in_clear() {
        with_region(async |site| {
            let (admin, bob) = (site.ctx("admin").await, site.ctx("bob").await);
            let region = &site.region;
            assert_eq!(get(region, &admin, "vcenter_password").await.unwrap(), json!({"is_set": false}));
            set(region, &admin, "vcenter_password", "canary-1").await.unwrap();
            set(region, &admin, "vcenter_password", "canary-2").await.unwrap();
            set(region, &admin, "http_proxy", "http://u:canary-3@proxy:3128/").await.unwrap();
            assert_eq!(get(region, &admin, "vcenter_password").await.unwrap(), json!({"is_set": true}));
            assert!(matches!(get(region, &bob, "vcenter_password").await, Err(Error::Denied(_))));
            assert!(matches!(get(region, &bob, "http_proxy").await, Err(Error::Denied(_))));
            assert_eq!(get(region, &admin, "http_proxy").await.unwrap(), json!("http://u:canary-3@proxy:3128/"));

            let stored = maas_store::setting::all(&mut region.store().reader().await.unwrap()).await.unwrap();
            let written = format!("{stored:?} {:?}", site.events().await);
            assert!(!written.contains("canary") && written.contains("(hidden)"), "{written}");

            set(region, &admin, "vcenter_password", "").await.unwrap();
            assert_eq!(get(region, &admin, "vcenter_password").await.unwrap(), json!({"is_set": false}));
            let mut reader = region.store().reader().await.unwrap();
            let left = maas_store::secret::latest(&mut reader, "global/vcenter-password").await.unwrap();
            assert!(left.is_none());
        })
        .await;
    }

    #[tokio::test]
    async fn a_new_session_length_ends_all_sessions() {
        with_region(async |site| {
            let admin = site.ctx("admin").await;
            let mut tx = site.region.store().begin(&admin).await.unwrap();
            maas_store::session::insert(&mut tx, site.id("bob").await, "hash", i64::MAX / 2).await.unwrap();
            tx.commit_quietly().await.unwrap();
            set(&site.region, &admin, "session_length", "3600").await.unwrap();
            let found = maas_store::session::find(&mut site.region.store().reader().await.unwrap(), "hash").await;
            assert!(found.unwrap().is_none());
            assert!(site.events().await[0].details.contains("\"sessions_ended\":1"));
        })
        .await;
    }
}
