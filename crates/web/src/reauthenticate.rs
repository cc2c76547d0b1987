//! The password once more, before something dangerous.

use maas_region::{Error, auth};

use crate::{
    answer::{Answer, see_other},
    cookies::Flash,
    form::{Field, FormErrors, FormView},
    input::Input,
    preferences::password::FormPage,
    shell::Section,
    text::{local_path, segment},
    visit::Visit,
};

/// `GET /MAAS/r/reauthenticate`
pub(crate) async fn show(visit: Visit, input: Input) -> Answer {
    let page = page(&visit, &input, &FormErrors::default()).await;
    visit.page(&page)
}

/// `POST /MAAS/r/reauthenticate`
pub(crate) async fn submit(visit: Visit, input: Input) -> Answer {
    let password = input.secret("password");
    match visit.run(|region, ctx| async move { auth::reauthenticate(&region, &ctx, &password).await }).await {
        Ok(_) => {
            let next = local_path(input.text("next"));
            visit.redirect(next, &Flash::good("Thank you. Now do it once more; it works for fifteen minutes."))
        }
        Err(error) => visit.again(&page(&visit, &input, &FormErrors::from_error(error)?).await),
    }
}

/// To this page, from a form that wants the password once more; and back to the page of the form afterwards.
pub(crate) fn instead(referer: &str) -> axum::response::Response {
    see_other(&format!("/MAAS/r/reauthenticate?next={}", segment(local_path(referer))))
}

/// Whether an error asks for the password.
pub(crate) fn is_asked_by(error: &Error) -> bool {
    matches!(error, Error::Denied(refusal) if refusal.why == maas_authz::Why::StepUp)
}

async fn page(visit: &Visit, input: &Input, errors: &FormErrors) -> FormPage {
    let shell = visit.shell(Section::Other, "Your password, please").await;
    let username = visit.ctx.actor.user().map(|user| user.username.clone()).unwrap_or_default();
    let form = form(&shell.csrf, &username, local_path(input.text("next")), errors);
    FormPage { lead: vec![LEAD.to_owned()], form, shell }
}

pub(crate) fn form(csrf: &str, username: &str, next: &str, errors: &FormErrors) -> FormView {
    FormView::new("again", csrf, "/MAAS/r/reauthenticate", "Go on")
        .field(Field::whose(username))
        .field(Field::password("password", "Password", "current-password"))
        .field(Field::hidden("next", next))
        .cancel(next)
        .errors(errors)
}

pub(crate) const LEAD: &str =
    "What you asked for is dangerous in the wrong hands, so it wants to be sure that it is you who sits here.";
