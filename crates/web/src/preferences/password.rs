//! One's own password.

use askama::Template;
use axum::{
    Json,
    response::{IntoResponse, Response},
};
use maas_model::Secret;
use maas_region::{Error, users};
use serde_json::json;

use crate::{
    answer::{Answer, Failure},
    cookies::Flash,
    form::{Field, FormErrors, FormView},
    input::Input,
    preferences::details::own_name,
    shell::Shell,
    visit::Visit,
};

/// A page with one form and some words.
#[derive(Template)]
#[template(path = "form_page.html")]
pub(crate) struct FormPage {
    pub(crate) shell: Shell,
    pub(crate) lead: Vec<String>,
    pub(crate) form: FormView,
}

/// `GET /MAAS/r/preferences/password`
pub(crate) async fn show(visit: Visit) -> Answer {
    let page = page(&visit, &FormErrors::default()).await?;
    visit.page(&page)
}

/// `POST /MAAS/r/preferences/password`
pub(crate) async fn submit(visit: Visit, input: Input) -> Answer {
    if input.secret("password").expose() != input.secret("again").expose() {
        return visit.again(&page(&visit, &FormErrors::field("again", DIFFERENT)).await?);
    }
    let (old, new, revoke) = (input.secret("old_password"), input.secret("password"), input.is_checked("revoke_keys"));
    let changed =
        visit.run(|region, ctx| async move { users::change_own_password(&region, &ctx, old, new, revoke).await }).await;
    match changed {
        Ok(()) if revoke => visit.redirect(
            HERE,
            &Flash::good("Changed your password. Other sessions have ended, and your API keys and tokens are revoked."),
        ),
        Ok(()) => visit.redirect(HERE, &Flash::good("Changed your password. Your other sessions have ended.")),
        Err(error) => visit.again(&page(&visit, &FormErrors::from_error(error)?).await?),
    }
}

/// `POST /MAAS/r/preferences/password/strength`: how strong would it be? For the bar beside the field.
pub(crate) async fn strength(visit: Visit, input: Input) -> Result<Response, Failure> {
    let own = own_name(&visit)?;
    let username = input.given("username").unwrap_or(&own).to_owned();
    let (email, password) = (input.text("email").to_owned(), input.secret("password"));
    // More than this is strong in any case, and the judgement takes longer than linear time.
    let password = Secret::new(password.expose().chars().take(100).collect::<String>());
    let judged = tokio::task::spawn_blocking(move || users::strength(&username, &email, &password)).await;
    let strength = judged.map_err(|error| Error::Internal(error.into()))?;
    let word = WORDS[usize::from(strength.score.min(4))];
    Ok(Json(json!({"score": strength.score, "word": word, "hint": strength.hint})).into_response())
}

async fn page(visit: &Visit, errors: &FormErrors) -> Result<FormPage, Failure> {
    let shell = visit.preferences_shell("password", "Password").await;
    Ok(FormPage { form: form(&shell.csrf, &own_name(visit)?, errors), lead: Vec::new(), shell })
}

pub(crate) fn form(csrf: &str, username: &str, errors: &FormErrors) -> FormView {
    FormView::new("password", csrf, HERE, "Change password")
        .field(Field::whose(username))
        .field(Field::password("old_password", "Current password", "current-password"))
        .field(Field::password("password", "New password", "new-password").strength().help(HELP))
        .field(Field::password("again", "New password again", "new-password"))
        .field(
            Field::check("revoke_keys", "Revoke my API keys and tokens too", false)
                .help("Tick this if somebody else may know the old password. Clients that use the keys stop working."),
        )
        .errors(errors)
}

/// What a good password is, in one line.
pub(crate) const HELP: &str =
    "Long beats complicated: at least 12 characters, no common password. A password manager makes good ones.";
/// Two passwords that should be one.
pub(crate) const DIFFERENT: &str = "The two passwords differ.";
const HERE: &str = "/MAAS/r/preferences/password";
const WORDS: [&str; 5] = ["very weak", "weak", "fair", "good", "strong"];
