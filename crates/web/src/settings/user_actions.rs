//! What administrators do to a user beside editing: reset the password, disable, end sessions, delete.

use axum::extract::Path;
use maas_region::{
    sessions,
    users::{self, EditUser},
};

use crate::{
    answer::Answer,
    cookies::Flash,
    form::{Choice, Field, FormErrors, FormView},
    input::Input,
    preferences::password::{DIFFERENT, FormPage, HELP},
    settings::users::{HERE, found},
    text::{self, segment},
    visit::Visit,
};

/// `GET /MAAS/r/settings/users/{name}/password`
pub(crate) async fn show_password(visit: Visit, Path(name): Path<String>) -> Answer {
    found(&visit, &name).await?;
    let page = password_page(&visit, &name, &FormErrors::default()).await;
    visit.page(&page)
}

/// `POST /MAAS/r/settings/users/{name}/password`
pub(crate) async fn reset_password(visit: Visit, Path(name): Path<String>, input: Input) -> Answer {
    if input.secret("password").expose() != input.secret("again").expose() {
        return visit.again(&password_page(&visit, &name, &FormErrors::field("again", DIFFERENT)).await);
    }
    let (target, password, revoke) = (name.clone(), input.secret("password"), input.is_checked("revoke_keys"));
    let done = visit
        .run(|region, ctx| async move { users::reset_password(&region, &ctx, &target, password, revoke).await })
        .await;
    match done {
        Ok(()) => {
            let text = format!("Set a new password for “{name}” and ended their sessions.");
            visit.redirect(&edit_path(&name), &Flash::good(text))
        }
        Err(error) => visit.again(&password_page(&visit, &name, &FormErrors::from_error(error)?).await),
    }
}

/// `GET /MAAS/r/settings/users/{name}/disable`
pub(crate) async fn confirm_disable(visit: Visit, Path(name): Path<String>) -> Answer {
    found(&visit, &name).await?;
    let lead = format!(
        "Disable “{name}”? Their sessions end, and their keys and tokens stop working, until you enable them again."
    );
    confirm(&visit, &name, "Disable user", "disable", "Disable", lead).await
}

/// `POST /MAAS/r/settings/users/{name}/disable`
pub(crate) async fn disable(visit: Visit, Path(name): Path<String>) -> Answer {
    switch(&visit, name, false, "Disabled").await
}

/// `POST /MAAS/r/settings/users/{name}/enable`
pub(crate) async fn enable(visit: Visit, Path(name): Path<String>) -> Answer {
    switch(&visit, name, true, "Enabled").await
}

/// `GET /MAAS/r/settings/users/{name}/end-sessions`
pub(crate) async fn confirm_end_sessions(visit: Visit, Path(name): Path<String>) -> Answer {
    found(&visit, &name).await?;
    let lead = format!("End all sessions of “{name}”? They can sign in again.");
    confirm(&visit, &name, "End sessions", "end-sessions", "End sessions", lead).await
}

/// `POST /MAAS/r/settings/users/{name}/end-sessions`
pub(crate) async fn end_sessions(visit: Visit, Path(name): Path<String>) -> Answer {
    let target = name.clone();
    let ended = visit.run(|region, ctx| async move { sessions::revoke_all_of(&region, &ctx, &target).await }).await?;
    let text = format!("Ended {} of “{name}”.", text::count(ended, "session"));
    visit.redirect(&edit_path(&name), &Flash::good(text))
}

/// `GET /MAAS/r/settings/users/{name}/delete`
pub(crate) async fn confirm_delete(visit: Visit, Path(name): Path<String>) -> Answer {
    let page = delete_page(&visit, &name, "", &FormErrors::default()).await?;
    visit.page(&page)
}

/// `POST /MAAS/r/settings/users/{name}/delete`
pub(crate) async fn delete(visit: Visit, Path(name): Path<String>, input: Input) -> Answer {
    let (target, to) = (name.clone(), input.given("transfer_to").map(str::to_owned));
    let done = visit.run(|region, ctx| async move { users::delete(&region, &ctx, &target, to.as_deref()).await }).await;
    match done {
        Ok(true) => visit.redirect(HERE, &Flash::good(format!("Deleted “{name}”."))),
        Ok(false) => visit.redirect(HERE, &Flash::good(format!("There is no “{name}” any more."))),
        Err(error) => {
            let errors = FormErrors::from_error(error)?;
            let page = delete_page(&visit, &name, input.text("transfer_to"), &errors).await?;
            visit.again(&page)
        }
    }
}

async fn switch(visit: &Visit, name: String, is_active: bool, word: &str) -> Answer {
    let change = EditUser { is_active: Some(is_active), ..EditUser::default() };
    let target = name.clone();
    match visit.run(|region, ctx| async move { users::edit(&region, &ctx, &target, change).await }).await {
        Ok(_) => visit.redirect(&edit_path(&name), &Flash::good(format!("{word} “{name}”."))),
        Err(error) => {
            let text = FormErrors::from_error(error)?.0.into_values().flatten().collect::<Vec<_>>().join(" ");
            visit.redirect(&edit_path(&name), &Flash::bad(text))
        }
    }
}

async fn confirm(visit: &Visit, name: &str, title: &str, word: &str, button: &str, lead: String) -> Answer {
    let shell = visit.settings_shell("users", title).await.under("Users", HERE).under(name, &edit_path(name));
    let form = FormView::new("confirm", &shell.csrf, action(name, word), button).danger().cancel(edit_path(name));
    visit.page(&FormPage { shell, lead: vec![lead], form })
}

async fn password_page(visit: &Visit, name: &str, errors: &FormErrors) -> FormPage {
    let shell =
        visit.settings_shell("users", "Reset password").await.under("Users", HERE).under(name, &edit_path(name));
    FormPage {
        form: password_form(&shell.csrf, name, errors),
        lead: vec![format!("Set a new password for “{name}” and tell it to them in person. Their sessions end.")],
        shell,
    }
}

pub(crate) fn password_form(csrf: &str, name: &str, errors: &FormErrors) -> FormView {
    FormView::new("password", csrf, action(name, "password"), "Set password")
        .field(Field::whose(name))
        .field(Field::password("password", "New password", "new-password").strength().help(HELP))
        .field(Field::password("again", "New password again", "new-password"))
        .field(
            Field::check("revoke_keys", "Revoke their API keys and tokens too", false)
                .help("Tick this if somebody else may know the old password."),
        )
        .cancel(edit_path(name))
        .errors(errors)
}

async fn delete_page(
    visit: &Visit,
    name: &str,
    to: &str,
    errors: &FormErrors,
) -> Result<FormPage, crate::answer::Failure> {
    let owned = users::owned(visit.region(), &visit.ctx, name).await?;
    let all = users::list(visit.region(), &visit.ctx).await?;
    let others = all.into_iter().filter(|user| !user.is_system && user.username != name);
    let names: Vec<String> = others.map(|user| user.username).collect();
    let shell = visit.settings_shell("users", "Delete user").await.under("Users", HERE).under(name, &edit_path(name));
    Ok(FormPage { form: delete_form(&shell.csrf, name, &names, to, errors), lead: delete_lead(name, &owned), shell })
}

pub(crate) fn delete_lead(name: &str, owned: &[(&'static str, i64)]) -> Vec<String> {
    let mut lead = vec![format!(
        "Delete “{name}” for good? Their keys, tokens and sessions end with them; the audit log keeps their name."
    )];
    let things: Vec<String> =
        owned.iter().filter(|(_, count)| *count > 0).map(|(what, count)| format!("{count} {what}")).collect();
    if !things.is_empty() {
        lead.push(format!("They own {}. Choose who gets them.", things.join(", ")));
    }
    lead
}

pub(crate) fn delete_form(csrf: &str, name: &str, others: &[String], to: &str, errors: &FormErrors) -> FormView {
    let mut choices = vec![Choice::new("", "Nobody: refuse if they own anything")];
    choices.extend(others.iter().map(|name| Choice::new(name, name)));
    FormView::new("delete", csrf, action(name, "delete"), "Delete user")
        .field(
            Field::select("transfer_to", "What they own goes to", choices, to)
                .help("Machines, addresses and address ranges; never keys."),
        )
        .danger()
        .cancel(edit_path(name))
        .errors(errors)
}

fn edit_path(name: &str) -> String {
    action(name, "edit")
}

fn action(name: &str, word: &str) -> String {
    format!("{HERE}/{}/{word}", segment(name))
}
