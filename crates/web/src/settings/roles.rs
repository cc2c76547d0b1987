//! Settings > Roles: the matrix of roles and actions, and the form of a role of one's own.

use askama::Template;
use axum::extract::Path;
use maas_authz::{Action, Actions, Reach};
use maas_region::roles::{self, Role, RoleChange};

use crate::{
    answer::Answer,
    cookies::Flash,
    form::{Field, FormErrors, FormView, Kind, Tick},
    input::Input,
    places::pools::told,
    preferences::password::FormPage,
    shell::Shell,
    text::segment,
    visit::Visit,
};

/// The matrix.
#[derive(Template)]
#[template(path = "settings/roles.html")]
pub(crate) struct RolesPage {
    pub(crate) shell: Shell,
    pub(crate) roles: Vec<RoleHead>,
    pub(crate) groups: Vec<ActionGroup>,
    pub(crate) may_edit: bool,
}

/// A role as the head of a column.
pub(crate) struct RoleHead {
    pub(crate) name: String,
    pub(crate) path: String,
    pub(crate) description: String,
    pub(crate) given: String,
    pub(crate) may_change: bool,
}

/// Actions that count in the same places.
pub(crate) struct ActionGroup {
    pub(crate) label: &'static str,
    pub(crate) rows: Vec<ActionRow>,
}

/// An action, and which roles have it.
pub(crate) struct ActionRow {
    pub(crate) word: &'static str,
    pub(crate) text: &'static str,
    pub(crate) held: Vec<bool>,
}

/// `GET /MAAS/r/settings/roles`
pub(crate) async fn list(visit: Visit) -> Answer {
    let roles = roles::list(visit.region(), &visit.ctx).await?;
    let shell = visit.settings_shell("roles", "Roles").await;
    visit.page(&page(shell, &roles, visit.may(Action::EditIdentities)))
}

pub(crate) fn page(shell: Shell, roles: &[Role], may_edit: bool) -> RolesPage {
    let head = |role: &Role| RoleHead {
        name: role.name.clone(),
        path: segment(&role.name),
        description: role.description.clone(),
        given: match role.binding_count {
            0 => "given to nobody".to_owned(),
            1 => "given once".to_owned(),
            count => format!("given {count} times"),
        },
        may_change: may_edit && !role.is_builtin && !role.is_generated(),
    };
    let row = |action: &Action| ActionRow {
        word: action.as_str(),
        text: action.text(),
        held: roles.iter().map(|role| role.actions.has(*action)).collect(),
    };
    let group = |(reach, label): (Reach, &'static str)| ActionGroup {
        label,
        rows: Action::ALL.iter().filter(|action| action.reach() == reach).map(row).collect(),
    };
    RolesPage {
        shell,
        roles: roles.iter().map(head).collect(),
        groups: REACHES.into_iter().map(group).collect(),
        may_edit,
    }
}

/// `GET /MAAS/r/settings/roles/add`
pub(crate) async fn show_add(visit: Visit) -> Answer {
    let page = add_page(&visit, &Input::default(), &FormErrors::default()).await;
    visit.page(&page)
}

/// `POST /MAAS/r/settings/roles/add`
pub(crate) async fn add(visit: Visit, input: Input) -> Answer {
    let change = change(&input);
    match visit.run(|region, ctx| async move { roles::create(&region, &ctx, change).await }).await {
        Ok(role) => {
            visit.redirect(HERE, &Flash::good(format!("Added role “{}”. Give it to somebody next.", role.name)))
        }
        Err(error) => visit.again(&add_page(&visit, &input, &FormErrors::from_error(error)?).await),
    }
}

/// `GET /MAAS/r/settings/roles/{name}/edit`
pub(crate) async fn show_edit(visit: Visit, Path(name): Path<String>) -> Answer {
    let role = roles::lookup(visit.region(), &visit.ctx, &name).await?;
    let page = edit_page(&visit, &role, None, &FormErrors::default()).await;
    visit.page(&page)
}

/// `POST /MAAS/r/settings/roles/{name}/edit`
pub(crate) async fn edit(visit: Visit, Path(name): Path<String>, input: Input) -> Answer {
    let role = roles::lookup(visit.region(), &visit.ctx, &name).await?;
    let change = change(&input);
    match visit.run(|region, ctx| async move { roles::update(&region, &ctx, &name, change).await }).await {
        Ok(role) => visit.redirect(HERE, &Flash::good(format!("Saved role “{}”; it counts at once.", role.name))),
        Err(error) => {
            let errors = FormErrors::from_error(error)?;
            visit.again(&edit_page(&visit, &role, Some(&input), &errors).await)
        }
    }
}

/// `GET /MAAS/r/settings/roles/{name}/delete`
pub(crate) async fn confirm_delete(visit: Visit, Path(name): Path<String>) -> Answer {
    let role = roles::lookup(visit.region(), &visit.ctx, &name).await?;
    let shell = visit.settings_shell("roles", "Delete role").await.under("Roles", HERE);
    let form = FormView::new("confirm", &shell.csrf, format!("{HERE}/{}/delete", segment(&role.name)), "Delete");
    let lead = vec![format!("Delete role “{}”? That is possible only while it is given to nobody.", role.name)];
    visit.page(&FormPage { shell, lead, form: form.danger().cancel(HERE) })
}

/// `POST /MAAS/r/settings/roles/{name}/delete`
pub(crate) async fn delete(visit: Visit, Path(name): Path<String>) -> Answer {
    let role = roles::lookup(visit.region(), &visit.ctx, &name).await?;
    let deleted = visit.run(|region, ctx| async move { roles::delete(&region, &ctx, &name).await }).await;
    told(&visit, HERE, &role.name, deleted)
}

fn change(input: &Input) -> RoleChange {
    let words = input.all("actions");
    let actions: Actions = words.iter().filter_map(|word| word.parse::<Action>().ok()).collect();
    RoleChange {
        name: Some(input.text("name").to_owned()),
        description: Some(input.text("description").to_owned()),
        actions: Some(actions),
    }
}

async fn add_page(visit: &Visit, sent: &Input, errors: &FormErrors) -> FormPage {
    let shell = visit.settings_shell("roles", "Add role").await.under("Roles", HERE);
    let held: Vec<String> = sent.all("actions");
    let form =
        form(&shell.csrf, &format!("{HERE}/add"), "Add role", (sent.text("name"), sent.text("description")), &held);
    FormPage { shell, lead: Vec::new(), form: form.errors(errors) }
}

async fn edit_page(visit: &Visit, role: &Role, sent: Option<&Input>, errors: &FormErrors) -> FormPage {
    let shell = visit.settings_shell("roles", &role.name).await.under("Roles", HERE);
    let action = format!("{HERE}/{}/edit", segment(&role.name));
    let stored = role.actions.iter().map(|action| action.as_str().to_owned()).collect();
    let held = sent.map_or(stored, |sent| sent.all("actions"));
    let texts = sent
        .map_or((role.name.as_str(), role.description.as_str()), |sent| (sent.text("name"), sent.text("description")));
    let form = form(&shell.csrf, &action, "Save role", texts, &held).errors(errors);
    let lead = vec!["Whoever has this role gains and loses at once what you change here.".to_owned()];
    FormPage { shell, lead, form }
}

/// The form of a role: its actions by where they count.
pub(crate) fn form(
    csrf: &str,
    action: &str,
    submit: &str,
    (name, description): (&str, &str),
    held: &[String],
) -> FormView {
    let form = FormView::new("role", csrf, action, submit)
        .field(Field::text("name", "Name", name).required())
        .field(Field::text("description", "Description", description));
    let ticks = |form: FormView, (reach, label): (Reach, &'static str)| {
        let of_reach = Action::ALL.iter().filter(|action| action.reach() == reach);
        let tick = |action: &Action| Tick {
            value: action.as_str().to_owned(),
            label: format!("may {}", action.text()),
            is_checked: held.iter().any(|word| word == action.as_str()),
        };
        form.field_as(label, Field::new("actions", label, Kind::Ticks(of_reach.map(tick).collect())))
    };
    REACHES.into_iter().filter(|(reach, _)| *reach != Reach::Own).fold(form, ticks).cancel(HERE)
}

const REACHES: [(Reach, &str); 4] = [
    (Reach::Pool, "On the pools on which the role is given"),
    (Reach::Anywhere, "As soon as the role is given anywhere"),
    (Reach::Site, "Only if the role is given on the whole site"),
    (Reach::Own, "What everybody may do with what is their own"),
];
const HERE: &str = "/MAAS/r/settings/roles";
