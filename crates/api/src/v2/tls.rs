//! `tls/`: the site's certificate. A private key comes in and never goes out.

use maas_authz::Action;
use maas_region::{
    Error, detach,
    tls::{self, Change, EnableOptions, PairPem},
};
use maas_tls::Severity;
use maas_wire::{TlsChange, TlsState};

use super::view;
use crate::{
    call::Call,
    error::ApiError,
    form::Form,
    reply::{self, Reply},
    route::{Access, Kind, Param, Resource, Route, Verb},
};

const URI: &str = "/MAAS/api/2.0/tls/";
const DEFAULT_PORT: u16 = 5443;

const PAIR: [Param; 6] = [
    Param::required("key", "The private key as PEM.").kind(Kind::Secret),
    Param::required("certificate", "The certificate as PEM, alone or with its chain."),
    Param::optional("cacert", "The rest of the chain as PEM."),
    Param::optional("port", "The port of HTTPS; as it is, or 5443.").kind(Kind::Int),
    Param::optional("strict", "Whether warnings refuse too.").kind(Kind::Bool),
    Param::optional("allow_expired", "Whether an expired certificate is taken.").kind(Kind::Bool),
];

pub(crate) const TLS: Resource = Resource {
    name: "TlsHandler",
    path: URI,
    doc: "Manage the site's own certificate.",
    routes: &[
        Route {
            verb: Verb::Get,
            op: None,
            access: Access::SignedIn,
            title: "Show the state of TLS",
            text: "What each region serves is told to those who may read settings.",
            params: &[],
            handler: |call| Box::pin(read(call)),
        },
        Route {
            verb: Verb::Post,
            op: Some("enable"),
            access: Access::Can(Action::EditConfigurations),
            title: "Switch TLS on, or to another certificate",
            text: "The pair is checked, switched to on every region without dropping a connection, and probed; when that \
                fails, what was served before goes on.",
            params: &PAIR,
            handler: |call| Box::pin(enable(call)),
        },
        Route {
            verb: Verb::Post,
            op: Some("check"),
            access: Access::Can(Action::EditConfigurations),
            title: "Check a certificate and its key",
            text: "Changes nothing.",
            params: &PAIR,
            handler: |call| Box::pin(check(call)),
        },
        Route {
            verb: Verb::Post,
            op: Some("disable"),
            access: Access::Can(Action::EditConfigurations),
            title: "Switch TLS off",
            text: "Passwords and keys then travel in clear.",
            params: &[],
            handler: |call| Box::pin(disable(call)),
        },
        Route {
            verb: Verb::Post,
            op: Some("rollback"),
            access: Access::Can(Action::EditConfigurations),
            title: "Go back to the certificate before this one",
            text: "",
            params: &[],
            handler: |call| Box::pin(roll_back(call)),
        },
    ],
    ..Resource::DEFAULT
};

pub(crate) const CERTIFICATE: Resource = Resource {
    name: "TlsCertificateHandler",
    path: "/MAAS/api/2.0/tls/certificate/",
    aliases: &["/MAAS/api/2.0/tls/certificate"],
    doc: "The certificate that this site shows.",
    routes: &[Route {
        verb: Verb::Get,
        op: None,
        access: Access::SignedIn,
        title: "Show the site's certificate",
        text: "",
        params: &[],
        handler: |call| Box::pin(certificate(call)),
    }],
    ..Resource::DEFAULT
};

async fn read(call: Call) -> Result<Reply, ApiError> {
    let status = tls::status(call.region(), &call.ctx).await?;
    let now = call.ctx.clock.now();
    Ok(reply::json(&TlsState {
        enabled: status.is_enabled,
        port: status.port,
        generation: status.generation,
        certificate: status.certificate.as_ref().map(|info| view::certificate(info, now)),
        site_issued: status.is_site_issued,
        can_roll_back: status.can_roll_back,
        regions: status.regions.iter().map(view::applied).collect(),
        resource_uri: URI.into(),
    }))
}

async fn certificate(call: Call) -> Result<Reply, ApiError> {
    let status = tls::status(call.region(), &call.ctx).await?;
    match &status.certificate {
        Some(info) => Ok(reply::json(&view::certificate(info, call.ctx.clock.now()))),
        None => Err(Error::NotFound { what: "Certificate" }.into()),
    }
}

async fn pair(call: &Call) -> Result<(PairPem, EnableOptions), ApiError> {
    let form = &call.form;
    let [key, certificate] = form.field_list(["key", "certificate"])?;
    let pair = PairPem {
        key: key.to_owned().into(),
        certificate: certificate.to_owned(),
        ca: form.filled("cacert").map(str::to_owned),
        names: ["key", "certificate", "cacert"].map(str::to_owned),
    };
    let port = match port(form)? {
        Some(port) => port,
        None => tls::status(call.region(), &call.ctx).await?.port.unwrap_or(DEFAULT_PORT),
    };
    let options = EnableOptions {
        port,
        strict: form.switch("strict")?.unwrap_or(false),
        allow_expired: form.switch("allow_expired")?.unwrap_or(false),
        allow_self_signed_ca: false,
        wait: tls::PATIENCE,
    };
    Ok((pair, options))
}

fn port(form: &Form) -> Result<Option<u16>, ApiError> {
    let Some(number) = form.int("port")? else { return Ok(None) };
    let port = u16::try_from(number).map_err(|_| Error::field("port", "Enter a port from 1 to 65535."))?;
    Ok(Some(port))
}

async fn enable(call: Call) -> Result<Reply, ApiError> {
    let (pair, options) = pair(&call).await?;
    let (region, ctx) = call.owned();
    let change = detach(&call.ctx, async move { tls::enable(&region, &ctx, pair, options).await }).await?;
    Ok(changed(&change))
}

async fn check(call: Call) -> Result<Reply, ApiError> {
    let (pair, options) = pair(&call).await?;
    let problems = tls::check(call.region(), &call.ctx, &pair, &options).await?;
    let is_good = problems.iter().all(|problem| problem.severity != Severity::Error);
    let problems: Vec<_> = problems.iter().map(view::problem).collect();
    Ok(reply::json(&serde_json::json!({"ok": is_good, "problems": problems})))
}

async fn disable(call: Call) -> Result<Reply, ApiError> {
    let (region, ctx) = call.owned();
    Ok(changed(&detach(&call.ctx, async move { tls::disable(&region, &ctx, tls::PATIENCE).await }).await?))
}

async fn roll_back(call: Call) -> Result<Reply, ApiError> {
    let (region, ctx) = call.owned();
    Ok(changed(&detach(&call.ctx, async move { tls::roll_back(&region, &ctx, tls::PATIENCE).await }).await?))
}

fn changed(change: &Change) -> Reply {
    reply::json(&TlsChange {
        generation: change.generation,
        unchanged: change.is_unchanged,
        warnings: change.warnings.iter().map(view::problem).collect(),
        old_fingerprint: change.old_fingerprint.clone(),
        new_fingerprint: change.new_fingerprint.clone(),
        regions: change.regions.iter().map(view::applied).collect(),
        resource_uri: URI.into(),
    })
}
