//! Certificates that one offers to machines; MAAS calls them SSL keys.

use askama::Template;
use axum::extract::Path;
use maas_model::{SslKeyId, Timestamp};
use maas_region::ssl_keys::{self, SslKey};

use crate::{
    answer::{Answer, Failure},
    cookies::Flash,
    form::{Field, FormErrors, FormView},
    input::Input,
    preferences::password::FormPage,
    shell::Shell,
    text::When,
    visit::Visit,
};

/// The page.
#[derive(Template)]
#[template(path = "preferences/ssl_keys.html")]
pub(crate) struct SslKeysPage {
    pub(crate) shell: Shell,
    pub(crate) rows: Vec<SslKeyRow>,
    pub(crate) form: FormView,
}

/// A certificate in the table.
pub(crate) struct SslKeyRow {
    pub(crate) id: i64,
    pub(crate) subject: String,
    pub(crate) fingerprint: String,
    pub(crate) pem: String,
    pub(crate) ends: When,
    pub(crate) is_over: bool,
}

/// `GET /MAAS/r/preferences/ssl-keys`
pub(crate) async fn list(visit: Visit) -> Answer {
    let page = page(&visit, "", &FormErrors::default()).await?;
    visit.page(&page)
}

/// `POST /MAAS/r/preferences/ssl-keys`
pub(crate) async fn add(visit: Visit, input: Input) -> Answer {
    let text = input.file_or_pasted("key_file", "key").to_owned();
    let sent = text.clone();
    match visit.run(|region, ctx| async move { ssl_keys::create(&region, &ctx, &sent).await }).await {
        Ok(key) => visit.redirect(HERE, &Flash::good(format!("Added the certificate {}.", key.subject))),
        Err(error) => {
            // A private key sent by mistake is not shown again.
            let shown = if text.contains("PRIVATE KEY") { "" } else { input.text("key") };
            let page = page(&visit, shown, &FormErrors::from_error(error)?).await?;
            visit.again(&page)
        }
    }
}

/// `GET /MAAS/r/preferences/ssl-keys/{id}/delete`
pub(crate) async fn confirm_delete(visit: Visit, Path(id): Path<i64>) -> Answer {
    let key = ssl_keys::lookup(visit.region(), &visit.ctx, SslKeyId(id)).await?;
    let shell = visit.preferences_shell("ssl-keys", "Delete SSL key").await.under("SSL keys", HERE);
    let page = FormPage {
        form: FormView::new("delete", &shell.csrf, format!("{HERE}/{id}/delete"), "Delete certificate")
            .danger()
            .cancel(HERE),
        lead: vec![format!("Delete the certificate {}?", key.subject)],
        shell,
    };
    visit.page(&page)
}

/// `POST /MAAS/r/preferences/ssl-keys/{id}/delete`
pub(crate) async fn delete(visit: Visit, Path(id): Path<i64>) -> Answer {
    visit.run(|region, ctx| async move { ssl_keys::delete(&region, &ctx, SslKeyId(id)).await }).await?;
    visit.redirect(HERE, &Flash::good("Deleted the certificate."))
}

async fn page(visit: &Visit, key: &str, errors: &FormErrors) -> Result<SslKeysPage, Failure> {
    let keys = ssl_keys::list(visit.region(), &visit.ctx).await?;
    let shell = visit.preferences_shell("ssl-keys", "SSL keys").await;
    Ok(SslKeysPage { rows: rows(&keys, visit.now()), form: form(&shell.csrf, key, errors), shell })
}

pub(crate) fn rows(keys: &[SslKey], now: Timestamp) -> Vec<SslKeyRow> {
    let row = |key: &SslKey| SslKeyRow {
        id: key.id.0,
        subject: if key.subject.is_empty() { "(no subject)".to_owned() } else { key.subject.clone() },
        fingerprint: key.fingerprint.clone(),
        pem: key.key.clone(),
        ends: When::new(key.not_after, now),
        is_over: key.not_after <= now,
    };
    keys.iter().map(row).collect()
}

pub(crate) fn form(csrf: &str, key: &str, errors: &FormErrors) -> FormView {
    FormView::new("add-key", csrf, HERE, "Add certificate")
        .field(
            Field::area("key", "Certificate (PEM)", 6, key)
                .help("It starts with -----BEGIN CERTIFICATE-----. Never send a private key here."),
        )
        .field(Field::file("key_file", "Or a file", ".pem,.crt,.cer"))
        .errors(errors)
}

const HERE: &str = "/MAAS/r/preferences/ssl-keys";
