//! What this process listens on, and how a generation becomes that.

use std::{
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
    sync::{Arc, OnceLock},
};

use arc_swap::ArcSwap;
use maas_authz::action::EditConfigurations;
use maas_model::{Secret, notification::Category, notification::TLS_APPLY_FAILED};
use maas_store::tls_generation::{self, GenerationRow, SECRET_PATH, StateRow};
use maas_tls::{
    CertBundle, TlsListening,
    listener::{Bound, Listening},
};
use serde_json::json;
use tokio::sync::watch;

use super::{
    change::{self, repoint},
    hsts::Hsts,
};
use crate::{
    Error, Region, Result,
    jobs::renew,
    notifications::raise::{Raised, raise},
};

/// What this process knows of its own TLS.
#[derive(Debug, Default)]
pub(crate) struct State {
    own: OnceLock<Own>,
    bound: OnceLock<watch::Receiver<Bound>>,
    hsts: ArcSwap<Hsts>,
}

/// The listeners of this process, if it has any.
#[derive(Debug)]
pub(crate) struct Own {
    addresses: Vec<IpAddr>,
    http_port: u16,
    pub(crate) listening: watch::Sender<Arc<Listening>>,
}

impl State {
    pub(crate) fn own(&self) -> Option<&Own> {
        self.own.get()
    }

    /// What is bound, once there is a server.
    pub(crate) fn bound(&self) -> Option<watch::Receiver<Bound>> {
        self.bound.get().cloned()
    }

    pub(crate) fn set_bound(&self, bound: watch::Receiver<Bound>) {
        if self.bound.set(bound).is_err() {
            tracing::warn!("the listeners of this region are known already");
        }
    }

    pub(crate) fn hsts(&self) -> Hsts {
        **self.hsts.load()
    }

    pub(crate) fn set_hsts(&self, hsts: Hsts) {
        self.hsts.store(Arc::new(hsts));
    }
}

impl Region {
    /// What the listeners of this process are to follow, now and later; all addresses when none is given. Once, before
    /// they are bound.
    ///
    /// # Errors
    /// `Internal` when the certificate that is meant cannot be read and there is none to go back to.
    pub async fn start_listening(
        &self,
        addresses: Vec<IpAddr>,
        http_port: u16,
    ) -> Result<watch::Receiver<Arc<Listening>>> {
        if let Err(error) = renew::renew_if_due(self).await {
            tracing::error!(error = &error as &dyn std::error::Error, "could not see to the site's own certificate");
        }
        let addresses = if addresses.is_empty() { ALL_ADDRESSES.to_vec() } else { addresses };
        let (state, listening) = self.first_listening(&addresses, http_port).await?;
        self.site().tls.set_hsts(Hsts::read(self, &state).await?);
        let (sender, receiver) = watch::channel(Arc::new(listening));
        let own = Own { addresses, http_port, listening: sender };
        let is_first = self.site().tls.own.set(own).is_ok();
        if is_first { Ok(receiver) } else { Err(Error::internal("the listeners of this region were started already")) }
    }

    /// The meant generation; when that cannot be read and nobody has shown it yet, the one before it.
    async fn first_listening(&self, addresses: &[IpAddr], http_port: u16) -> Result<(StateRow, Listening)> {
        loop {
            let state = tls_generation::state(&mut *self.store().reader().await?).await?;
            match build(self, addresses, http_port, &state.current).await {
                Ok(listening) => return Ok((state, listening)),
                Err(why) if take_back(self, &state, &why).await? => {}
                Err(why) => return Err(Error::BadRequest(format!("cannot serve the site's certificate: {why}"))),
            }
        }
    }
}

impl Own {
    /// What to listen on for a generation.
    pub(crate) async fn build(&self, region: &Region, row: &GenerationRow) -> Result<Listening, String> {
        build(region, &self.addresses, self.http_port, row).await
    }
}

async fn build(
    region: &Region,
    addresses: &[IpAddr],
    http_port: u16,
    row: &GenerationRow,
) -> Result<Listening, String> {
    let tls = match (row.port, &row.chain) {
        (Some(port), Some(chain)) => {
            let key = read_key(region, row.generation).await?;
            let bundle = CertBundle::from_stored(chain, &key)?;
            let port = u16::try_from(port).map_err(|_| format!("{port} is no port"))?;
            Some(TlsListening { port, bundle: Arc::new(bundle), generation: row.generation })
        }
        _ => None,
    };
    Ok(Listening { addresses: addresses.to_vec(), http_port, tls })
}

async fn read_key(region: &Region, generation: i64) -> Result<Secret<String>, String> {
    let read = async {
        let mut reader = region.store().reader().await?;
        region.site().read_secret(&mut reader, SECRET_PATH, generation).await
    };
    let bytes = read.await.map_err(|error| match &error {
        Error::Internal(cause) => cause.to_string(),
        other => other.to_string(),
    })?;
    let bytes = bytes.ok_or_else(|| format!("the key of generation {generation} is not kept"))?;
    let text = String::from_utf8(bytes.expose().clone());
    text.map(Secret::new).map_err(|_| format!("the key of generation {generation} is damaged"))
}

/// Takes back a generation that this region cannot show, if no region has confirmed it: points at the one before it, says
/// why, and raises a notice. Whether it did.
pub(crate) async fn take_back(region: &Region, state: &StateRow, why: &str) -> Result<bool> {
    let Some(previous) = state.current.previous.filter(|_| state.current.confirmed_us.is_none()) else {
        return Ok(false);
    };
    let ctx = region.job_ctx("tls");
    let grant = ctx.grant::<EditConfigurations>()?;
    let mut tx = region.store().begin(&ctx).await?;
    let Some(target) = tls_generation::find(&mut tx, previous).await? else { return Ok(false) };
    let why = format!("region `{}`: {why}", region.config().region_name);
    tls_generation::fail(&mut tx, state.current.generation, &why).await?;
    let mut changed = match repoint(&mut tx, &ctx, &grant, state, &target).await {
        Err(Error::Conflict(_)) => return Ok(true),
        other => other?,
    };
    let raised = failure_notice(&why, "The state before it holds again.");
    changed.push(raise(&mut tx, &ctx.grant()?, raised).await?);
    let done = format!("went back to generation {}, since the new one could not be shown ({why})", target.generation);
    tx.commit(change::audit("tls.rollback", &done, state, &target)).await?;
    tracing::error!(tls.generation = state.current.generation, why, "a change of TLS was taken back");
    changed.into_iter().for_each(|notice| notice.announce(region));
    Ok(true)
}

/// The notice that a region could not switch.
pub(crate) fn failure_notice(why: &str, then: &str) -> Raised {
    Raised {
        ident: TLS_APPLY_FAILED,
        category: Category::Error,
        message: "A change of TLS could not be carried out: {why}. {then}",
        context: json!({"why": why, "then": then}),
        returns_after_us: None,
    }
}

const ALL_ADDRESSES: [IpAddr; 2] = [IpAddr::V6(Ipv6Addr::UNSPECIFIED), IpAddr::V4(Ipv4Addr::UNSPECIFIED)];
