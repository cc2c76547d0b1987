//! A change of TLS as the database sees it: the key sealed first, then the pointer together with the audit row.

use maas_authz::{
    Granted, OpCtx, Site,
    action::{EditConfigurations, EditNotifications},
};
use maas_model::{
    EventType, Secret,
    notification::{TLS_APPLY_FAILED, TLS_DUE, TLS_EXPIRED},
};
use maas_store::{
    Audit, Connection, Tx, failpoint, secret, session,
    tls_generation::{self, GenerationRow, SECRET_PATH, StateRow},
};
use maas_tls::CertBundle;
use serde_json::json;

use crate::{
    Audience, Error, Region, Result,
    notifications::raise::{Changed, withdraw},
};

/// A generation to be.
pub(crate) struct Draft {
    pub(crate) port: Option<u16>,
    pub(crate) bundle: Option<CertBundle>,
    pub(crate) is_site_issued: bool,
    /// Never taken back by a region that cannot show it.
    pub(crate) is_confirmed: bool,
}

/// What kind of change it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Enable,
    Replace,
    Renew,
    Disable,
}

impl Kind {
    const fn action(self) -> &'static str {
        match self {
            Self::Enable => "tls.enable",
            Self::Replace => "tls.replace",
            Self::Renew => "tls.renew",
            Self::Disable => "tls.disable",
        }
    }

    const fn done(self) -> &'static str {
        match self {
            Self::Enable => "enabled",
            Self::Replace => "certificate replaced",
            Self::Renew => "certificate renewed",
            Self::Disable => "disabled",
        }
    }
}

/// Keeps a new generation and points at it; its number.
pub(crate) async fn store(
    region: &Region,
    ctx: &OpCtx,
    grant: &Granted<Site, EditConfigurations>,
    before: &StateRow,
    draft: Draft,
    kind: Kind,
) -> Result<i64> {
    failpoint("tls:before-seal");
    let mut tx = region.store().begin(ctx).await?;
    let generation = tls_generation::next(&mut tx).await?;
    if let Some(bundle) = &draft.bundle {
        let key = Secret::new(bundle.key_pem.expose().as_bytes().to_vec());
        region.site().put_secret(&mut tx, SECRET_PATH, generation, &key).await?;
        tx.commit_quietly().await?;
        failpoint("tls:sealed");
        tx = region.store().begin(ctx).await?;
        tx.lock("tls").await?;
    }
    let row = GenerationRow {
        generation,
        previous: Some(before.current.generation),
        port: draft.port.map(i64::from),
        chain: draft.bundle.as_ref().map(|bundle| bundle.chain_pem.clone()),
        fingerprint: draft.bundle.as_ref().map(|bundle| bundle.info.sha256.clone()),
        is_site_issued: draft.is_site_issued,
        confirmed_us: draft.is_confirmed.then(|| tx.now_us()),
        failure: None,
        created_us: tx.now_us(),
    };
    tls_generation::insert(&mut tx, grant, &row).await?;
    let audit = audit(kind.action(), kind.done(), before, &row);
    move_pointer(region, tx, ctx, grant, before, &row, audit).await?;
    Ok(generation)
}

/// Points back at an earlier generation.
pub(crate) async fn point_back(
    region: &Region,
    ctx: &OpCtx,
    grant: &Granted<Site, EditConfigurations>,
    before: &StateRow,
    target: &GenerationRow,
) -> Result<()> {
    let tx = region.store().begin(ctx).await?;
    let audit = audit("tls.rollback", "went back to an earlier certificate", before, target);
    move_pointer(region, tx, ctx, grant, before, target, audit).await
}

/// The nearest earlier generation with a certificate whose key is still kept.
pub(crate) async fn earlier_certificate(
    connection: &mut Connection,
    current: &GenerationRow,
) -> Result<Option<GenerationRow>> {
    let mut at = current.previous;
    while let Some(generation) = at {
        let Some(row) = tls_generation::find(connection, generation).await? else { return Ok(None) };
        if row.port.is_some() && row.failure.is_none() {
            let key = secret::find(connection, SECRET_PATH, row.generation).await?;
            return Ok(key.map(|_| row));
        }
        at = row.previous;
    }
    Ok(None)
}

/// What the audit log says of a change.
pub(crate) fn audit(action: &'static str, done: &str, before: &StateRow, to: &GenerationRow) -> Audit {
    let old = &before.current;
    Audit::new(EventType::Settings, action, format!("Updated TLS configuration settings: {done}."))
        .object("tls", to.generation)
        .details(json!({
            "old_generation": old.generation, "new_generation": to.generation,
            "old_fingerprint": old.fingerprint, "new_fingerprint": to.fingerprint,
            "old_port": old.port, "new_port": to.port,
        }))
}

/// Everything that goes with a new pointer: notices of the old certificate go, keys nobody can go back to go, and where
/// TLS was switched on or off all sessions end, since their cookies belong to the other side.
pub(crate) async fn repoint(
    tx: &mut Tx,
    ctx: &OpCtx,
    grant: &Granted<Site, EditConfigurations>,
    before: &StateRow,
    to: &GenerationRow,
) -> Result<Vec<Changed>> {
    if !tls_generation::point(tx, grant, before.current.generation, to).await? {
        return Err(Error::Conflict(
            "TLS was changed by somebody else meanwhile. Look at it and try again.".to_owned(),
        ));
    }
    let notices = ctx.grant::<EditNotifications>()?;
    let mut changed = Vec::new();
    for ident in [TLS_DUE, TLS_EXPIRED] {
        changed.push(withdraw(tx, &notices, ident).await?);
    }
    let mut kept = vec![to.generation];
    kept.extend(earlier_certificate(tx, to).await?.map(|row| row.generation));
    secret::retain(tx, SECRET_PATH, &kept).await?;
    if before.current.port.is_some() != to.port.is_some() {
        session::delete_all(tx).await?;
    }
    Ok(changed)
}

async fn move_pointer(
    region: &Region,
    mut tx: Tx,
    ctx: &OpCtx,
    grant: &Granted<Site, EditConfigurations>,
    before: &StateRow,
    to: &GenerationRow,
    audit: Audit,
) -> Result<()> {
    let mut changed = repoint(&mut tx, ctx, grant, before, to).await?;
    let notices = ctx.grant::<EditNotifications>()?;
    changed.push(withdraw(&mut tx, &notices, TLS_APPLY_FAILED).await?);
    tx.commit(audit).await?;
    failpoint("tls:pointed");
    log(ctx);
    changed.into_iter().for_each(|notice| notice.announce(region));
    region.announce("tls", "update", json!(to.generation), Audience::Administrators);
    Ok(())
}

/// The line of the security log, in MAAS's word.
fn log(ctx: &OpCtx) {
    let ip = ctx.request.ip.map(|ip| ip.to_string());
    tracing::info!(
        target: "security", r#type = "security", user_id = ctx.actor.label(), request_remote_ip = ip,
        trace_id = ctx.request.trace_id, "AUTHZ_administrative:Settings:updated:tls_config"
    );
}
