//! A machine's power parameters: plain ones lie in its row, secret ones sealed beside it.

use std::collections::BTreeMap;

use maas_authz::GrantedNode;
use maas_model::Secret;
use maas_power::{Driver, Parameters};
use maas_store::{
    Connection, Tx,
    node::{self, NodeRow},
    secret,
};

use super::{PowerChange, fields::no_choice};
use crate::{Error, FieldErrors, Region, Result};

/// A driver and its parameters, checked.
#[derive(Debug, Default)]
pub(crate) struct Power {
    /// Empty for none.
    pub(crate) power_type: String,
    pub(crate) parameters: Parameters,
    /// Secrets that were kept until now, and are no longer.
    pub(crate) forgotten: Vec<String>,
}

/// What a change leads to. `now` is what the machine has; it stays as far as the change does not name it, unless the
/// driver is another. Secrets are not taken along to another place: who may change the address need not know them, and
/// could have them sent there.
pub(super) fn understand(now: Power, change: &PowerChange, errors: &mut FieldErrors) -> Power {
    let power_type = change.power_type.as_deref().unwrap_or(&now.power_type).trim().to_owned();
    if power_type.is_empty() {
        return Power::default();
    }
    let Ok(driver) = power_type.parse::<Driver>() else {
        errors.entry("power_type".to_owned()).or_default().push(no_choice(&power_type));
        return Power::default();
    };
    let given: BTreeMap<_, _> =
        change.parameters.iter().map(|(name, value)| (name.clone(), value.expose().clone())).collect();
    let kept = if now.power_type == power_type { now.parameters } else { Parameters::default() };
    let given = driver.split(given);
    let forgotten = forgotten(driver, &kept, &given);
    let mut parameters = kept.with(given);
    parameters.plain.retain(|_, value| !value.is_empty());
    parameters.secret.retain(|name, _| !forgotten.contains(name));
    parameters.secret.retain(|_, value| !value.expose().is_empty());
    if !change.skip_check
        && let Err(wrong) = driver.check(&parameters)
    {
        let label = |name: &str| driver.schema().field(name).map_or_else(|| name.to_owned(), |f| f.label.to_owned());
        for (name, texts) in wrong.0 {
            let lost = if forgotten.contains(&name) { LOST } else { "" };
            let texts = texts.iter().map(|text| format!("{}: {text}{lost}", label(&name)));
            errors.entry("power_parameters".to_owned()).or_default().extend(texts);
        }
    }
    Power { power_type, parameters, forgotten }
}

/// The kept secrets that do not go where the change leads.
fn forgotten(driver: Driver, kept: &Parameters, given: &Parameters) -> Vec<String> {
    if !driver.leads_elsewhere(kept, &Parameters { secret: BTreeMap::new(), ..kept.clone().with(given.clone()) }) {
        return Vec::new();
    }
    kept.secret.keys().filter(|name| !given.secret.contains_key(*name)).cloned().collect()
}

const LOST: &str = " Give it again, since it was not given for this address and its certificate.";

/// What a machine has, secret parameters included: for whoever has been granted to reveal or to use them.
///
/// # Errors
/// `Internal` when what was sealed does not open.
pub(crate) async fn load(region: &Region, connection: &mut Connection, row: &NodeRow) -> Result<Power> {
    let damaged = |_| Error::internal(format!("the power parameters of {} are damaged", row.system_id));
    let plain: BTreeMap<String, String> = serde_json::from_str(&row.power_parameters).map_err(damaged)?;
    let sealed = region.site().latest_secret(connection, &secret_path(row.node_id)).await?;
    let opened: BTreeMap<String, String> = match sealed {
        Some((_, value)) => serde_json::from_slice(value.expose()).map_err(damaged)?,
        None => BTreeMap::new(),
    };
    let secret = opened.into_iter().map(|(name, value)| (name, Secret::new(value))).collect();
    Ok(Power { power_type: row.power_type.clone(), parameters: Parameters { plain, secret }, forgotten: Vec::new() })
}

/// Keeps them.
///
/// # Errors
/// Those of the database.
pub(super) async fn store(region: &Region, tx: &mut Tx, may: &GrantedNode<NodeRow>, power: &Power) -> Result<()> {
    let plain = serde_json::json!(power.parameters.plain).to_string();
    node::set_power(tx, may, &power.power_type, &plain).await?;
    let path = secret_path(may.row().node_id);
    let secrets: BTreeMap<&str, &str> =
        power.parameters.secret.iter().map(|(name, value)| (name.as_str(), value.expose().as_str())).collect();
    if secrets.is_empty() {
        return Ok(secret::retain(tx, &path, &[]).await?);
    }
    let text = serde_json::to_vec(&secrets).map_err(|error| Error::Internal(error.into()))?;
    let version = secret::latest(tx, &path).await?.map_or(1, |row| row.version + 1);
    region.site().put_secret(tx, &path, version, &Secret::new(text)).await?;
    Ok(secret::retain(tx, &path, &[version]).await?)
}

/// Forgets what was sealed for a node.
///
/// # Errors
/// Those of the database.
pub(super) async fn forget(tx: &mut Tx, node_id: i64) -> Result<()> {
    secret::retain(tx, &secret_path(node_id), &[]).await?;
    forget_given(tx, node_id).await
}

/// Keeps what came with a deployment and may hold passwords.
///
/// # Errors
/// Those of the database.
pub(super) async fn keep_given(region: &Region, tx: &mut Tx, node_id: i64, name: &str, value: String) -> Result<()> {
    let path = format!("node/{node_id}/{name}");
    let version = secret::latest(tx, &path).await?.map_or(0, |row| row.version) + 1;
    region.site().put_secret(tx, &path, version, &Secret::new(value.into_bytes())).await?;
    Ok(secret::retain(tx, &path, &[version]).await?)
}

/// Forgets what came with a deployment: it was its owner's.
///
/// # Errors
/// Those of the database.
pub(super) async fn forget_given(tx: &mut Tx, node_id: i64) -> Result<()> {
    for name in GIVEN {
        secret::retain(tx, &format!("node/{node_id}/{name}"), &[]).await?;
    }
    Ok(())
}

/// Parameters of a deployment that may hold passwords.
pub(super) const GIVEN: [&str; 2] = ["user_data", "license_key"];

fn secret_path(node_id: i64) -> String {
    format!("node/{node_id}/power")
}
