//! The first login: an SSH key, so that the machines deployed later let their owner in. It may be skipped.

use askama::Template;
use maas_region::{ssh_keys, users};

use crate::{
    answer::{Answer, Failure},
    cookies::Flash,
    form::{FormErrors, FormView},
    input::Input,
    preferences::ssh_keys::{Added, add_form, added, import_form},
    shell::{Section, Shell},
    text::HOME,
    visit::Visit,
};

/// The page of the first login.
#[derive(Template)]
#[template(path = "intro.html")]
pub(crate) struct IntroPage {
    pub(crate) shell: Shell,
    pub(crate) add: FormView,
    pub(crate) import: FormView,
    pub(crate) skip: FormView,
    pub(crate) key_count: usize,
}

/// `GET /MAAS/r/intro`
pub(crate) async fn show(visit: Visit) -> Answer {
    let none = FormErrors::default();
    let page = page(&visit, "", &none, "", &none).await?;
    visit.page(&page)
}

/// `POST /MAAS/r/intro/key`
pub(crate) async fn add(visit: Visit, input: Input) -> Answer {
    match added(&visit, &input).await? {
        Added::Done(text) => done(&visit, text).await,
        Added::Refused(errors) => {
            let page = page(&visit, input.text("key"), &errors, "", &FormErrors::default()).await?;
            visit.again(&page)
        }
    }
}

/// `POST /MAAS/r/intro/import`
pub(crate) async fn import(visit: Visit, input: Input) -> Answer {
    match crate::preferences::ssh_keys::imported(&visit, &input).await? {
        Added::Done(text) => done(&visit, text).await,
        Added::Refused(errors) => {
            let page = page(&visit, "", &FormErrors::default(), input.text("account"), &errors).await?;
            visit.again(&page)
        }
    }
}

/// `POST /MAAS/r/intro/skip`
pub(crate) async fn skip(visit: Visit) -> Answer {
    done(&visit, "Welcome. SSH keys can be added at any time under Preferences.".to_owned()).await
}

async fn done(visit: &Visit, text: String) -> Answer {
    visit.run(|region, ctx| async move { users::complete_intro(&region, &ctx).await }).await?;
    visit.redirect(HOME, &Flash::good(text))
}

async fn page(
    visit: &Visit,
    key: &str,
    key_errors: &FormErrors,
    account: &str,
    import_errors: &FormErrors,
) -> Result<IntroPage, Failure> {
    let keys = ssh_keys::list(visit.region(), &visit.ctx).await?;
    let shell = visit.shell(Section::Other, "Add your SSH key").await;
    let skip_label = if keys.is_empty() { "Skip for now" } else { "Continue" };
    Ok(IntroPage {
        add: add_form(&shell.csrf, "/MAAS/r/intro/key", key, key_errors),
        import: import_form(&shell.csrf, "/MAAS/r/intro/import", "gh", account, import_errors).quiet(),
        skip: FormView::new("skip", &shell.csrf, "/MAAS/r/intro/skip", skip_label).quiet(),
        key_count: keys.len(),
        shell,
    })
}
