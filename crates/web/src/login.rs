//! Signing in and out.

use askama::Template;
use maas_region::{Error, auth, users};

use crate::{
    answer::{Answer, see_other},
    cookies::{self, Flash},
    form::{Field, FormErrors, FormView},
    input::Input,
    shell::{Section, Shell},
    text::{self, local_path},
    visit::Visit,
};

/// The login page.
#[derive(Template)]
#[template(path = "login.html")]
pub(crate) struct LoginPage {
    pub(crate) shell: Shell,
    pub(crate) form: FormView,
    /// The command to run when the site has no users yet.
    pub(crate) create_admin: Option<String>,
    /// The password would travel in clear.
    pub(crate) is_plain: bool,
}

/// `GET /MAAS/r/login`
pub(crate) async fn show(visit: Visit, input: Input) -> Answer {
    let next = local_path(input.text("next"));
    if visit.is_signed_in() {
        return Ok(see_other(next));
    }
    let page = page(&visit, "", next, &FormErrors::default()).await?;
    visit.page(&page)
}

/// `POST /MAAS/r/login`
pub(crate) async fn submit(visit: Visit, input: Input) -> Answer {
    let next = local_path(input.text("next")).to_owned();
    let username = input.text("username").to_owned();
    let password = input.secret("password");
    let info = visit.ctx.request.clone();
    let name = username.clone();
    let tried = visit.run(|region, _| async move { auth::log_in(&region, &info, &name, &password).await }).await;
    match tried {
        Ok(session) => {
            let to = if session.user.completed_intro { next } else { "/MAAS/r/intro".to_owned() };
            let mut response = see_other(&to);
            let is_secure = visit.ctx.request.is_secure;
            cookies::set_session(response.headers_mut(), &session, visit.now(), is_secure);
            Ok(response)
        }
        Err(error @ Error::Throttled { .. }) => Err(error.into()),
        Err(error) => {
            let page = page(&visit, &username, &next, &FormErrors::from_error(error)?).await?;
            visit.again(&page)
        }
    }
}

/// `POST /MAAS/r/logout`
pub(crate) async fn log_out(visit: Visit) -> Answer {
    visit.run(|region, ctx| async move { auth::log_out(&region, &ctx).await }).await?;
    let mut response = visit.redirect("/MAAS/r/login", &Flash::good("You are signed out."))?;
    cookies::clear_session(response.headers_mut(), visit.ctx.request.is_secure);
    Ok(response)
}

async fn page(visit: &Visit, username: &str, next: &str, errors: &FormErrors) -> Result<LoginPage, Error> {
    let create_admin = match users::is_empty(visit.region()).await? {
        true => Some(visit.app.config.command("createadmin")),
        false => None,
    };
    Ok(LoginPage {
        shell: visit.shell(Section::Other, "Sign in").await,
        form: form(username, next, errors),
        create_admin,
        is_plain: !visit.ctx.request.is_secure,
    })
}

pub(crate) fn form(username: &str, next: &str, errors: &FormErrors) -> FormView {
    let mut form = FormView::new("login", "", "/MAAS/r/login", "Sign in")
        .field(Field::text("username", "User name", username).required().autocomplete("username"))
        .field(Field::password("password", "Password", "current-password"));
    if next != text::HOME {
        form = form.field(Field::hidden("next", next));
    }
    form.errors(errors)
}
