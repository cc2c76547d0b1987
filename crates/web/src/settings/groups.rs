//! Settings > Groups: who is in them, and which roles they bring.

use askama::Template;
use axum::extract::Path;
use maas_authz::Action;
use maas_model::{GroupId, Timestamp};
use maas_region::{
    bindings::{self, Binding, Subject},
    groups::{self, Group, Member},
};

use super::bindings::{BindingRow, rows as binding_rows};
use crate::{
    answer::{Answer, Failure},
    cookies::Flash,
    form::{Field, FormErrors, FormView},
    input::Input,
    places,
    places::pools::told,
    preferences::password::FormPage,
    shell::Shell,
    text::segment,
    visit::Visit,
};

/// The list.
#[derive(Template)]
#[template(path = "settings/groups.html")]
pub(crate) struct GroupsPage {
    pub(crate) shell: Shell,
    pub(crate) rows: Vec<GroupRow>,
    pub(crate) may_edit: bool,
}

/// A group in the list.
pub(crate) struct GroupRow {
    pub(crate) id: i64,
    pub(crate) name: String,
    pub(crate) description: String,
    pub(crate) is_builtin: bool,
    pub(crate) members: i64,
    /// `user on the whole site`
    pub(crate) roles: Vec<String>,
}

/// One group.
#[derive(Template)]
#[template(path = "settings/group.html")]
pub(crate) struct GroupPage {
    pub(crate) shell: Shell,
    pub(crate) row: GroupRow,
    pub(crate) members: Vec<MemberRow>,
    pub(crate) bindings: Vec<BindingRow>,
    pub(crate) add: Option<FormView>,
}

/// A member of a group.
pub(crate) struct MemberRow {
    pub(crate) username: String,
    pub(crate) path: String,
    pub(crate) email: String,
}

/// `GET /MAAS/r/settings/groups`
pub(crate) async fn list(visit: Visit) -> Answer {
    let groups = groups::list(visit.region(), &visit.ctx).await?;
    let bindings = bindings::list(visit.region(), &visit.ctx).await?;
    let shell = visit.settings_shell("groups", "Groups").await;
    visit.page(&page(shell, &groups, &bindings, visit.may(Action::EditIdentities)))
}

pub(crate) fn page(shell: Shell, groups: &[Group], bindings: &[Binding], may_edit: bool) -> GroupsPage {
    GroupsPage { rows: groups.iter().map(|group| row(group, bindings)).collect(), shell, may_edit }
}

fn row(group: &Group, bindings: &[Binding]) -> GroupRow {
    let mine = bindings.iter().filter(|binding| is_of(binding, group.id));
    GroupRow {
        id: group.id.0,
        name: group.name.clone(),
        description: group.description.clone(),
        is_builtin: group.is_builtin,
        members: group.member_count,
        roles: mine.map(|binding| format!("{} on {}", binding.role.1, binding.place())).collect(),
    }
}

fn is_of(binding: &Binding, group: GroupId) -> bool {
    matches!(&binding.subject, Subject::Group(id, _) if *id == group)
}

/// `GET /MAAS/r/settings/groups/{id}`
pub(crate) async fn show(visit: Visit, Path(id): Path<i64>) -> Answer {
    let page = group_page(&visit, GroupId(id), &Input::default(), &FormErrors::default()).await?;
    visit.page(&page)
}

/// `POST /MAAS/r/settings/groups/{id}/members`
pub(crate) async fn add_member(visit: Visit, Path(id): Path<i64>, input: Input) -> Answer {
    let (id, username) = (GroupId(id), input.text("username").to_owned());
    let name = username.clone();
    match visit.run(|region, ctx| async move { groups::add_member(&region, &ctx, id, &username).await }).await {
        Ok(()) => visit.redirect(&path(id), &Flash::good(format!("“{name}” is in; their rights have grown at once."))),
        Err(maas_region::Error::NotFound { what: "User" }) => {
            let errors = FormErrors::field("username", "There is no such user.");
            visit.again(&group_page(&visit, id, &input, &errors).await?)
        }
        Err(error) => {
            let errors = FormErrors::from_error(error)?;
            visit.again(&group_page(&visit, id, &input, &errors).await?)
        }
    }
}

/// `GET /MAAS/r/settings/groups/{id}/members/{name}/remove`
pub(crate) async fn confirm_remove(visit: Visit, Path((id, name)): Path<(i64, String)>) -> Answer {
    let group = groups::lookup(visit.region(), &visit.ctx, GroupId(id)).await?;
    let shell = under(&visit, "Remove member").await.under(&group.name, &path(group.id));
    let action = format!("{}/members/{}/remove", path(group.id), segment(&name));
    let form = FormView::new("confirm", &shell.csrf, action, "Remove").danger().cancel(path(group.id));
    let lead = vec![format!("Take “{name}” out of “{}”? They lose at once what it gives them.", group.name)];
    visit.page(&FormPage { shell, lead, form })
}

/// `POST /MAAS/r/settings/groups/{id}/members/{name}/remove`
pub(crate) async fn remove_member(visit: Visit, Path((id, name)): Path<(i64, String)>) -> Answer {
    let id = GroupId(id);
    let member = name.clone();
    let done = visit.run(|region, ctx| async move { groups::remove_member(&region, &ctx, id, &member).await }).await;
    match done {
        Ok(()) => visit.redirect(&path(id), &Flash::good(format!("“{name}” is out."))),
        Err(error @ maas_region::Error::Conflict(_)) => visit.redirect(&path(id), &Flash::bad(error.to_string())),
        Err(error) => Err(error.into()),
    }
}

/// `GET /MAAS/r/settings/groups/add`
pub(crate) async fn show_add(visit: Visit) -> Answer {
    let page = add_page(&visit, &Input::default(), &FormErrors::default()).await;
    visit.page(&page)
}

/// `POST /MAAS/r/settings/groups/add`
pub(crate) async fn add(visit: Visit, input: Input) -> Answer {
    let (name, description) = (input.text("name").to_owned(), input.text("description").to_owned());
    match visit.run(|region, ctx| async move { groups::create(&region, &ctx, &name, &description).await }).await {
        Ok(group) => visit.redirect(&path(group.id), &Flash::good(format!("Added group “{}”.", group.name))),
        Err(error) => visit.again(&add_page(&visit, &input, &FormErrors::from_error(error)?).await),
    }
}

/// `GET /MAAS/r/settings/groups/{id}/edit`
pub(crate) async fn show_edit(visit: Visit, Path(id): Path<i64>) -> Answer {
    let group = groups::lookup(visit.region(), &visit.ctx, GroupId(id)).await?;
    let page = edit_page(&visit, &group, None, &FormErrors::default()).await;
    visit.page(&page)
}

/// `POST /MAAS/r/settings/groups/{id}/edit`
pub(crate) async fn edit(visit: Visit, Path(id): Path<i64>, input: Input) -> Answer {
    let group = groups::lookup(visit.region(), &visit.ctx, GroupId(id)).await?;
    let (name, description) = (input.text("name").to_owned(), input.text("description").to_owned());
    let id = group.id;
    let work = |region, ctx| async move { groups::update(&region, &ctx, id, Some(&name), Some(&description)).await };
    match visit.run(work).await {
        Ok(group) => visit.redirect(&path(id), &Flash::good(format!("Saved “{}”.", group.name))),
        Err(error) => {
            let errors = FormErrors::from_error(error)?;
            visit.again(&edit_page(&visit, &group, Some(&input), &errors).await)
        }
    }
}

/// `GET /MAAS/r/settings/groups/{id}/delete`
pub(crate) async fn confirm_delete(visit: Visit, Path(id): Path<i64>) -> Answer {
    let group = groups::lookup(visit.region(), &visit.ctx, GroupId(id)).await?;
    let shell = under(&visit, "Delete group").await;
    let form = FormView::new("confirm", &shell.csrf, format!("{}/delete", path(group.id)), "Delete");
    let lead = vec![format!("Delete group “{}”? Its members lose at once what it gives them.", group.name)];
    visit.page(&FormPage { shell, lead, form: form.danger().cancel(HERE) })
}

/// `POST /MAAS/r/settings/groups/{id}/delete`
pub(crate) async fn delete(visit: Visit, Path(id): Path<i64>) -> Answer {
    let id = GroupId(id);
    let group = groups::lookup(visit.region(), &visit.ctx, id).await?;
    let deleted = visit.run(|region, ctx| async move { groups::delete(&region, &ctx, id).await }).await;
    told(&visit, HERE, &group.name, deleted)
}

async fn group_page(visit: &Visit, id: GroupId, sent: &Input, errors: &FormErrors) -> Result<GroupPage, Failure> {
    let (region, ctx) = (visit.region(), &visit.ctx);
    let group = groups::lookup(region, ctx, id).await?;
    let members = groups::members(region, ctx, id).await?;
    let bindings = bindings::list(region, ctx).await?;
    let shell = under(visit, &group.name).await;
    let may_edit = visit.may(Action::EditIdentities);
    Ok(one(shell, &group, &members, &bindings, may_edit.then_some((sent, errors)), visit.now()))
}

pub(crate) fn one(
    shell: Shell,
    group: &Group,
    members: &[Member],
    bindings: &[Binding],
    edit: Option<(&Input, &FormErrors)>,
    now: Timestamp,
) -> GroupPage {
    let mine: Vec<Binding> = bindings.iter().filter(|binding| is_of(binding, group.id)).cloned().collect();
    let member = |member: &Member| MemberRow {
        username: member.username.clone(),
        path: segment(&member.username),
        email: member.email.clone(),
    };
    let add = edit.map(|(sent, errors)| {
        FormView::new("member", &shell.csrf, format!("{}/members", path(group.id)), "Add member")
            .quiet()
            .field(Field::text("username", "User name", sent.text("username")).required())
            .errors(errors)
    });
    GroupPage {
        row: row(group, bindings),
        members: members.iter().map(member).collect(),
        bindings: binding_rows(&mine, now),
        add,
        shell,
    }
}

async fn add_page(visit: &Visit, sent: &Input, errors: &FormErrors) -> FormPage {
    let shell = under(visit, "Add group").await;
    let values = (sent.text("name"), sent.text("description"));
    let form = places::form(&shell.csrf, &format!("{HERE}/add"), "Add group", values, HERE, errors);
    FormPage { shell, lead: Vec::new(), form }
}

async fn edit_page(visit: &Visit, group: &Group, sent: Option<&Input>, errors: &FormErrors) -> FormPage {
    let shell = under(visit, &group.name).await;
    let stored = (group.name.as_str(), group.description.as_str());
    let values = sent.map_or(stored, |sent| (sent.text("name"), sent.text("description")));
    let form = places::form(&shell.csrf, &format!("{}/edit", path(group.id)), "Save", values, HERE, errors);
    FormPage { shell, lead: Vec::new(), form }
}

async fn under(visit: &Visit, title: &str) -> Shell {
    visit.settings_shell("groups", title).await.under("Groups", HERE)
}

fn path(id: GroupId) -> String {
    format!("{HERE}/{id}")
}

const HERE: &str = "/MAAS/r/settings/groups";
