//! One's own name and address.

use askama::Template;
use maas_authz::Actor;
use maas_region::users::{self, EditUser, User};

use crate::{
    answer::{Answer, Failure},
    cookies::Flash,
    form::{Field, FormErrors, FormView},
    input::Input,
    shell::Shell,
    text::When,
    visit::Visit,
};

/// The page.
#[derive(Template)]
#[template(path = "preferences/details.html")]
pub(crate) struct DetailsPage {
    pub(crate) shell: Shell,
    pub(crate) username: String,
    pub(crate) role: &'static str,
    pub(crate) joined: When,
    pub(crate) form: FormView,
}

/// `GET /MAAS/r/preferences/details`
pub(crate) async fn show(visit: Visit) -> Answer {
    let user = users::whoami(visit.region(), &visit.ctx).await?;
    let page = page(&visit, &user, &user.email, &user.full_name, &FormErrors::default()).await;
    visit.page(&page)
}

/// `POST /MAAS/r/preferences/details`
pub(crate) async fn submit(visit: Visit, input: Input) -> Answer {
    let (email, full_name) = (input.text("email").to_owned(), input.text("full_name").to_owned());
    let change = EditUser { email: Some(email.clone()), full_name: Some(full_name.clone()), ..EditUser::default() };
    let name = own_name(&visit)?;
    match visit.run(|region, ctx| async move { users::edit(&region, &ctx, &name, change).await }).await {
        Ok(_) => visit.redirect("/MAAS/r/preferences/details", &Flash::good("Saved your details.")),
        Err(error) => {
            let errors = FormErrors::from_error(error)?;
            let user = users::whoami(visit.region(), &visit.ctx).await?;
            visit.again(&page(&visit, &user, &email, &full_name, &errors).await)
        }
    }
}

/// The name of who is signed in.
pub(crate) fn own_name(visit: &Visit) -> Result<String, Failure> {
    match &visit.ctx.actor {
        Actor::User(user) => Ok(user.username.clone()),
        _ => Err(maas_region::Error::NotFound { what: "User" }.into()),
    }
}

async fn page(visit: &Visit, user: &User, email: &str, full_name: &str, errors: &FormErrors) -> DetailsPage {
    let shell = visit.preferences_shell("details", "Details").await;
    DetailsPage {
        username: user.username.clone(),
        role: user.role.as_str(),
        joined: When::new(user.joined_at, visit.now()),
        form: form(&shell.csrf, email, full_name, errors),
        shell,
    }
}

pub(crate) fn form(csrf: &str, email: &str, full_name: &str, errors: &FormErrors) -> FormView {
    FormView::new("details", csrf, "/MAAS/r/preferences/details", "Save details")
        .field(Field::text("full_name", "Full name", full_name).autocomplete("name"))
        .field(
            Field { kind: crate::form::Kind::Email, ..Field::text("email", "E-mail address", email) }
                .autocomplete("email"),
        )
        .errors(errors)
}
