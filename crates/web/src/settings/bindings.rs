//! Settings > Role bindings: who is given which role where, and what giving one more would change, before it is given.

use std::time::Duration;

use askama::Template;
use axum::extract::Path;
use maas_authz::Action;
use maas_model::{RoleBindingId, Timestamp};
use maas_region::{
    Error,
    bindings::{self, Binding, Effect, NewBinding, Subject},
    groups, pools, roles, users,
};

use crate::{
    answer::{Answer, Failure},
    cookies::Flash,
    form::{Choice, Field, FormErrors, FormView, Kind},
    input::Input,
    shell::Shell,
    text::When,
    visit::Visit,
};

/// The list.
#[derive(Template)]
#[template(path = "settings/bindings.html")]
pub(crate) struct BindingsPage {
    pub(crate) shell: Shell,
    pub(crate) rows: Vec<BindingRow>,
    pub(crate) may_edit: bool,
}

/// A role given.
#[derive(Clone, Debug)]
pub(crate) struct BindingRow {
    pub(crate) id: i64,
    pub(crate) role: String,
    pub(crate) subject: String,
    pub(crate) is_group: bool,
    pub(crate) place: String,
    pub(crate) reason: String,
    pub(crate) ends: Option<When>,
    pub(crate) is_over: bool,
    /// None for those that every site begins with.
    pub(crate) made: Option<When>,
    pub(crate) by: String,
}

/// The form, and what it would change.
#[derive(Template)]
#[template(path = "settings/binding.html")]
pub(crate) struct BindingPage {
    pub(crate) shell: Shell,
    pub(crate) lead: Vec<String>,
    pub(crate) form: FormView,
    pub(crate) effect: Option<Vec<EffectRow>>,
}

/// What would change for one user.
#[derive(Clone, Debug)]
pub(crate) struct EffectRow {
    pub(crate) username: String,
    pub(crate) gains: Vec<String>,
    pub(crate) losses: Vec<String>,
    /// `sees 3 machines, then 120`
    pub(crate) machines: String,
}

/// What can be chosen.
#[derive(Clone, Debug, Default)]
pub(crate) struct Choices {
    pub(crate) roles: Vec<String>,
    pub(crate) groups: Vec<String>,
    pub(crate) users: Vec<String>,
    pub(crate) pools: Vec<String>,
}

/// `GET /MAAS/r/settings/bindings`
pub(crate) async fn list(visit: Visit) -> Answer {
    let bindings = bindings::list(visit.region(), &visit.ctx).await?;
    let shell = visit.settings_shell("bindings", "Role bindings").await;
    let may_edit = visit.may(Action::EditIdentities);
    visit.page(&BindingsPage { rows: rows(&bindings, visit.now()), shell, may_edit })
}

pub(crate) fn rows(bindings: &[Binding], now: Timestamp) -> Vec<BindingRow> {
    let row = |binding: &Binding| BindingRow {
        id: binding.id.0,
        role: binding.role.1.clone(),
        is_group: matches!(binding.subject, Subject::Group(..)),
        subject: match &binding.subject {
            Subject::User(_, name) | Subject::Group(_, name) => name.clone(),
        },
        place: place(binding.pool.as_ref().map(|(_, name)| name.as_str())),
        reason: binding.reason.clone(),
        ends: binding.expires_at.map(|at| When::new(at, now)),
        is_over: binding.has_ended(now),
        made: Some(binding.created_at).filter(|at| at.micros() > 0).map(|at| When::new(at, now)),
        by: binding.created_by.clone(),
    };
    bindings.iter().map(row).collect()
}

/// `GET /MAAS/r/settings/bindings/add`
pub(crate) async fn show_add(visit: Visit, input: Input) -> Answer {
    let page = page(&visit, &input, None, &FormErrors::default()).await?;
    visit.page(&page)
}

/// `POST /MAAS/r/settings/bindings/add`: with `intent=try`, says what it would change and changes nothing.
pub(crate) async fn add(visit: Visit, input: Input) -> Answer {
    let new = match new_binding(&input) {
        Ok(new) => new,
        Err(error) => return visit.again(&page(&visit, &input, None, &FormErrors::from_error(error)?).await?),
    };
    if input.text("intent") == "try" {
        return match bindings::try_out(visit.region(), &visit.ctx, &new).await {
            Ok(effect) => {
                let page = page(&visit, &input, Some(&effect), &FormErrors::default()).await?;
                visit.page(&page)
            }
            Err(error) => visit.again(&page(&visit, &input, None, &FormErrors::from_error(error)?).await?),
        };
    }
    match visit.run(|region, ctx| async move { bindings::create(&region, &ctx, &new).await }).await {
        Ok(made) => {
            let text = format!(
                "Gave role “{}” to {} on {}. It counts at once.",
                made.role.1,
                made.subject.text(),
                made.place()
            );
            visit.redirect(HERE, &Flash::good(text))
        }
        Err(error) => visit.again(&page(&visit, &input, None, &FormErrors::from_error(error)?).await?),
    }
}

/// `GET /MAAS/r/settings/bindings/{id}/delete`
pub(crate) async fn confirm_delete(visit: Visit, Path(id): Path<i64>) -> Answer {
    let (region, ctx) = (visit.region(), &visit.ctx);
    let binding = bindings::lookup(region, ctx, RoleBindingId(id)).await?;
    let (effect, problems) = match bindings::try_out_deletion(region, ctx, binding.id).await {
        Ok(effect) => (Some(effect_rows(&effect)), Vec::new()),
        Err(Error::Conflict(why)) => (None, vec![why]),
        Err(error) => return Err(error.into()),
    };
    let shell = visit.settings_shell("bindings", "Take a role away").await.under("Role bindings", HERE);
    let form = FormView::new("confirm", &shell.csrf, format!("{HERE}/{id}/delete"), "Take away").danger().cancel(HERE);
    let question = format!("Take role “{}” on {} from {}?", binding.role.1, binding.place(), binding.subject.text());
    let lead = [question].into_iter().chain(problems).collect();
    visit.page(&BindingPage { shell, lead, form, effect })
}

/// `POST /MAAS/r/settings/bindings/{id}/delete`
pub(crate) async fn delete(visit: Visit, Path(id): Path<i64>) -> Answer {
    let id = RoleBindingId(id);
    match visit.run(|region, ctx| async move { bindings::delete(&region, &ctx, id).await }).await {
        Ok(()) => visit.redirect(HERE, &Flash::good("Took the role away. It counts no more, from now on.")),
        Err(error @ Error::Conflict(_)) => visit.redirect(HERE, &Flash::bad(error.to_string())),
        Err(error) => Err(error.into()),
    }
}

fn new_binding(input: &Input) -> Result<NewBinding, Error> {
    let (kind, name) = input.text("subject").split_once(':').unwrap_or_default();
    if name.is_empty() {
        return Err(Error::field("subject", "Choose a user or a group."));
    }
    let expires_at = match input.given("expires_at") {
        None => None,
        Some(day) => {
            let start = Timestamp::parse(day).filter(|_| day.len() == 10);
            let start = start.ok_or_else(|| Error::field("expires_at", "Enter a day as YYYY-MM-DD."))?;
            Some(start.plus(DAY - Duration::from_secs(1)))
        }
    };
    Ok(NewBinding {
        role: input.text("role").to_owned(),
        user: (kind == "user").then(|| name.to_owned()),
        group: (kind == "group").then(|| name.to_owned()),
        pool: input.given("pool").map(str::to_owned),
        reason: input.text("reason").to_owned(),
        expires_at,
    })
}

async fn page(
    visit: &Visit,
    sent: &Input,
    effect: Option<&Effect>,
    errors: &FormErrors,
) -> Result<BindingPage, Failure> {
    let (region, ctx) = (visit.region(), &visit.ctx);
    let choices = Choices {
        roles: roles::list(region, ctx).await?.into_iter().map(|role| role.name).collect(),
        groups: groups::list(region, ctx).await?.into_iter().map(|group| group.name).collect(),
        users: users::list(region, ctx)
            .await?
            .into_iter()
            .filter(|user| !user.is_system)
            .map(|user| user.username)
            .collect(),
        pools: pools::list(region, ctx).await?.into_iter().map(|pool| pool.name).collect(),
    };
    let shell = visit.settings_shell("bindings", "Give a role").await.under("Role bindings", HERE);
    Ok(assemble(shell, &choices, sent, effect, errors, visit.now()))
}

pub(crate) fn assemble(
    shell: Shell,
    choices: &Choices,
    sent: &Input,
    effect: Option<&Effect>,
    errors: &FormErrors,
    now: Timestamp,
) -> BindingPage {
    let subject = match (sent.given("subject"), sent.given("group"), sent.given("user")) {
        (Some(subject), ..) => subject.to_owned(),
        (None, Some(group), _) => format!("group:{group}"),
        (None, None, Some(user)) => format!("user:{user}"),
        (None, None, None) => String::new(),
    };
    let groups = choices.groups.iter().map(|name| Choice::new(format!("group:{name}"), format!("Group {name}")));
    let users = choices.users.iter().map(|name| Choice::new(format!("user:{name}"), name.clone()));
    let roles = choices.roles.iter().map(|name| Choice::new(name.clone(), name.clone())).collect();
    let mut pools = vec![Choice::new("", "The whole site")];
    pools.extend(choices.pools.iter().map(|name| Choice::new(name.clone(), format!("Pool {name}"))));
    let day = |at: Timestamp| at.iso()[..10].to_owned();
    let ends = Kind::Date { min: day(now), max: day(now.plus(DAY * 3650)) };
    let mut form = FormView::new("binding", &shell.csrf, format!("{HERE}/add"), "Give the role")
        .field(Field::select("role", "Role", roles, sent.given("role").unwrap_or("user")))
        .field(Field::select("subject", "To", groups.chain(users).collect(), &subject))
        .field(Field::select("pool", "On", pools, sent.text("pool")))
        .field(Field {
            value: sent.text("expires_at").to_owned(),
            ..Field::new("expires_at", "Until the end of (may stay empty)", ends)
        })
        .field(Field::text("reason", "Why (may stay empty)", sent.text("reason")))
        .other("intent", "try", "Show what it would change")
        .cancel(HERE)
        .errors(errors);
    if effect.is_none() {
        form = form.swapped();
    }
    let lead = vec!["Nothing is changed before you press “Give the role”.".to_owned()];
    BindingPage { shell, lead, form, effect: effect.map(effect_rows) }
}

pub(crate) fn effect_rows(effect: &Effect) -> Vec<EffectRow> {
    let row = |user: &maas_region::bindings::UserEffect| EffectRow {
        username: user.username.clone(),
        gains: user.gains.clone(),
        losses: user.losses.clone(),
        machines: if user.machines_before == user.machines_after {
            format!("sees {} as before", crate::text::count(user.machines_after.unsigned_abs(), "machine"))
        } else {
            format!(
                "would see {}, sees {} now",
                crate::text::count(user.machines_after.unsigned_abs(), "machine"),
                user.machines_before
            )
        },
    };
    effect.users.iter().map(row).collect()
}

fn place(pool: Option<&str>) -> String {
    pool.map_or_else(|| "the whole site".to_owned(), |name| format!("pool {name}"))
}

const DAY: Duration = Duration::from_secs(86_400);
const HERE: &str = "/MAAS/r/settings/bindings";
