//! One's own public SSH keys.

use askama::Template;
use axum::extract::Path;
use maas_model::{SshKeyId, Timestamp};
use maas_region::ssh_keys::{self, SshKey};

use crate::{
    answer::{Answer, Failure},
    cookies::Flash,
    form::{Choice, Field, FormErrors, FormView},
    input::Input,
    preferences::password::FormPage,
    shell::Shell,
    text::{self, When},
    visit::Visit,
};

/// The page.
#[derive(Template)]
#[template(path = "preferences/ssh_keys.html")]
pub(crate) struct SshKeysPage {
    pub(crate) shell: Shell,
    pub(crate) rows: Vec<SshKeyRow>,
    pub(crate) add: FormView,
    pub(crate) import: FormView,
}

/// A key in the table.
pub(crate) struct SshKeyRow {
    pub(crate) id: i64,
    pub(crate) kind: String,
    pub(crate) fingerprint: String,
    pub(crate) comment: String,
    pub(crate) source: String,
    pub(crate) added: When,
}

/// What became of keys that were sent.
pub(crate) enum Added {
    Done(String),
    Refused(FormErrors),
}

/// `GET /MAAS/r/preferences/ssh-keys`
pub(crate) async fn list(visit: Visit) -> Answer {
    let none = FormErrors::default();
    let page = page(&visit, "", &none, ("gh", ""), &none).await?;
    visit.page(&page)
}

/// `POST /MAAS/r/preferences/ssh-keys`
pub(crate) async fn add(visit: Visit, input: Input) -> Answer {
    match added(&visit, &input).await? {
        Added::Done(text) => visit.redirect(HERE, &Flash::good(text)),
        Added::Refused(errors) => {
            let page = page(&visit, input.text("key"), &errors, ("gh", ""), &FormErrors::default()).await?;
            visit.again(&page)
        }
    }
}

/// `POST /MAAS/r/preferences/ssh-keys/import`
pub(crate) async fn import(visit: Visit, input: Input) -> Answer {
    match imported(&visit, &input).await? {
        Added::Done(text) => visit.redirect(HERE, &Flash::good(text)),
        Added::Refused(errors) => {
            let typed = (input.text("source"), input.text("account"));
            let page = page(&visit, "", &FormErrors::default(), typed, &errors).await?;
            visit.again(&page)
        }
    }
}

/// `GET /MAAS/r/preferences/ssh-keys/{id}/delete`
pub(crate) async fn confirm_delete(visit: Visit, Path(id): Path<i64>) -> Answer {
    let key = own_key(&visit, id).await?;
    let shell = visit.preferences_shell("ssh-keys", "Delete SSH key").await.under("SSH keys", HERE);
    let action = format!("{HERE}/{id}/delete");
    let page = FormPage {
        form: FormView::new("delete", &shell.csrf, action, "Delete key").danger().cancel(HERE),
        lead: vec![
            format!("Delete the key {} {}?", key.fingerprint, key.comment).replace(" ?", "?"),
            "Machines that are deployed already keep it; remove it there yourself.".to_owned(),
        ],
        shell,
    };
    visit.page(&page)
}

/// `POST /MAAS/r/preferences/ssh-keys/{id}/delete`
pub(crate) async fn delete(visit: Visit, Path(id): Path<i64>) -> Answer {
    visit.run(|region, ctx| async move { ssh_keys::delete(&region, &ctx, SshKeyId(id)).await }).await?;
    visit.redirect(HERE, &Flash::good("Deleted the SSH key. Machines deployed with it still have it."))
}

/// Adds the keys of a form made by [`add_form`].
pub(crate) async fn added(visit: &Visit, input: &Input) -> Result<Added, Failure> {
    let text = input.file_or_pasted("key_file", "key").to_owned();
    if text.is_empty() {
        return Ok(Added::Refused(FormErrors::field("key", "Paste a public key, or choose a file.")));
    }
    let made = visit.run(|region, ctx| async move { ssh_keys::create_from_file(&region, &ctx, &text).await }).await;
    outcome(made, "Added")
}

/// Imports the keys of a form made by [`import_form`].
pub(crate) async fn imported(visit: &Visit, input: &Input) -> Result<Added, Failure> {
    let account = input.text("account");
    if account.is_empty() {
        return Ok(Added::Refused(FormErrors::field("account", "Enter the account's name.")));
    }
    let source = if input.text("source") == "lp" { "lp" } else { "gh" };
    let keysource = format!("{source}:{account}");
    let made = visit.run(|region, ctx| async move { ssh_keys::import(&region, &ctx, &keysource).await }).await;
    outcome(made, "Imported")
}

fn outcome(made: maas_region::Result<Vec<SshKey>>, verb: &str) -> Result<Added, Failure> {
    match made {
        Ok(keys) => Ok(Added::Done(format!("{verb} {}.", text::count(keys.len() as u64, "SSH key")))),
        Err(error) => Ok(Added::Refused(FormErrors::from_error(error)?)),
    }
}

async fn own_key(visit: &Visit, id: i64) -> Result<SshKey, Failure> {
    let keys = ssh_keys::list(visit.region(), &visit.ctx).await?;
    let missing = maas_region::Error::NotFound { what: "SSH key" };
    keys.into_iter().find(|key| key.id.0 == id).ok_or_else(|| missing.into())
}

async fn page(
    visit: &Visit,
    key: &str,
    key_errors: &FormErrors,
    (source, account): (&str, &str),
    import_errors: &FormErrors,
) -> Result<SshKeysPage, Failure> {
    let keys = ssh_keys::list(visit.region(), &visit.ctx).await?;
    let shell = visit.preferences_shell("ssh-keys", "SSH keys").await;
    Ok(SshKeysPage {
        rows: rows(&keys, visit.now()),
        add: add_form(&shell.csrf, HERE, key, key_errors),
        import: import_form(&shell.csrf, "/MAAS/r/preferences/ssh-keys/import", source, account, import_errors).quiet(),
        shell,
    })
}

pub(crate) fn rows(keys: &[SshKey], now: Timestamp) -> Vec<SshKeyRow> {
    let row = |key: &SshKey| SshKeyRow {
        id: key.id.0,
        kind: key.kind.clone(),
        fingerprint: key.fingerprint.clone(),
        comment: key.comment.clone(),
        source: match key.keysource.split_once(':') {
            Some(("lp", account)) => format!("Launchpad: {account}"),
            Some(("gh", account)) => format!("GitHub: {account}"),
            _ => "uploaded".to_owned(),
        },
        added: When::new(key.created_at, now),
    };
    keys.iter().map(row).collect()
}

/// A form for pasted or uploaded keys.
pub(crate) fn add_form(csrf: &str, action: &str, key: &str, errors: &FormErrors) -> FormView {
    FormView::new("add-key", csrf, action, "Add key")
        .field(
            Field::area("key", "Public key", 4, key)
                .help("The content of ~/.ssh/id_ed25519.pub or the like; one key per line. Never the private key."),
        )
        .field(Field::file("key_file", "Or a file", ".pub,.txt").help("A .pub or authorized_keys file."))
        .errors(errors)
}

/// A form for keys at Launchpad or GitHub.
pub(crate) fn import_form(csrf: &str, action: &str, source: &str, account: &str, errors: &FormErrors) -> FormView {
    let sources = vec![Choice::new("gh", "GitHub (gh:)"), Choice::new("lp", "Launchpad (lp:)")];
    FormView::new("import", csrf, action, "Import keys")
        .field(Field::select("source", "From", sources, source))
        .field(
            Field::text("account", "Account name", account)
                .required()
                .help("The region fetches the public keys of this account, so it needs the Internet for it."),
        )
        .errors(errors)
}

const HERE: &str = "/MAAS/r/preferences/ssh-keys";
