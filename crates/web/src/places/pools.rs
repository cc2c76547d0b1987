//! Pools: the list with a picture of how full each is, and the forms.

use askama::Template;
use axum::extract::Path;
use maas_authz::{Action, OpCtx};
use maas_region::{
    Error,
    pools::{self, Pool, PoolCount},
};

use super::{form, search};
use crate::{
    answer::{Answer, Failure},
    cookies::Flash,
    form::{FormErrors, FormView},
    input::Input,
    preferences::password::FormPage,
    shell::{Section, Shell},
    text,
    visit::Visit,
};

/// The list.
#[derive(Template)]
#[template(path = "places/pools.html")]
pub(crate) struct PoolsPage {
    pub(crate) shell: Shell,
    pub(crate) rows: Vec<PoolRow>,
    pub(crate) may_add: bool,
}

/// A pool in the list.
pub(crate) struct PoolRow {
    pub(crate) id: i64,
    pub(crate) name: String,
    pub(crate) description: String,
    pub(crate) machines: i64,
    pub(crate) ready: i64,
    /// How many of a hundred are in use.
    pub(crate) used: i64,
    pub(crate) href: String,
    pub(crate) may_edit: bool,
    pub(crate) may_delete: bool,
}

/// `GET /MAAS/r/pools`
pub(crate) async fn list(visit: Visit) -> Answer {
    let pools = pools::list_counted(visit.region(), &visit.ctx).await?;
    let shell = visit.shell(Section::Pools, "Pools").await;
    visit.page(&page(shell, &pools, &visit.ctx))
}

pub(crate) fn page(shell: Shell, pools: &[PoolCount], ctx: &OpCtx) -> PoolsPage {
    let access = ctx.access();
    let may_add = access.allows(Action::EditPools);
    let row = |row: &PoolCount| PoolRow {
        id: row.pool.id.0,
        name: row.pool.name.clone(),
        description: row.pool.description.clone(),
        machines: row.machines,
        ready: row.ready,
        used: (row.machines - row.ready).max(0) * 100 / row.machines.max(1),
        href: search("pool", &row.pool.name),
        may_edit: access.on_pool(row.pool.id).has(Action::EditPools),
        may_delete: may_add && row.machines == 0 && row.pool.name != "default",
    };
    PoolsPage { rows: pools.iter().map(row).collect(), shell, may_add }
}

/// `GET /MAAS/r/pools/add`
pub(crate) async fn show_add(visit: Visit) -> Answer {
    let page = add_page(&visit, &Input::default(), &FormErrors::default()).await;
    visit.page(&page)
}

/// `POST /MAAS/r/pools/add`
pub(crate) async fn add(visit: Visit, input: Input) -> Answer {
    let (name, description) = (input.text("name").to_owned(), input.text("description").to_owned());
    let made = visit.run(|region, ctx| async move { pools::create(&region, &ctx, &name, &description).await }).await;
    match made {
        Ok(pool) => visit.redirect(HERE, &Flash::good(format!("Added pool “{}”.", pool.name))),
        Err(error) => visit.again(&add_page(&visit, &input, &FormErrors::from_error(error)?).await),
    }
}

/// `GET /MAAS/r/pools/{id}/edit`
pub(crate) async fn show_edit(visit: Visit, Path(id): Path<String>) -> Answer {
    let pool = pools::lookup(visit.region(), &visit.ctx, &id).await?;
    let page = edit_page(&visit, &pool, None, &FormErrors::default()).await;
    visit.page(&page)
}

/// `POST /MAAS/r/pools/{id}/edit`
pub(crate) async fn edit(visit: Visit, Path(id): Path<String>, input: Input) -> Answer {
    let pool = pools::lookup(visit.region(), &visit.ctx, &id).await?;
    let (name, description) = (input.text("name").to_owned(), input.text("description").to_owned());
    let work = |region, ctx| async move { pools::update(&region, &ctx, &id, Some(&name), Some(&description)).await };
    match visit.run(work).await {
        Ok(pool) => visit.redirect(HERE, &Flash::good(format!("Saved “{}”.", pool.name))),
        Err(error) => {
            let errors = FormErrors::from_error(error)?;
            visit.again(&edit_page(&visit, &pool, Some(&input), &errors).await)
        }
    }
}

/// `GET /MAAS/r/pools/{id}/delete`
pub(crate) async fn confirm_delete(visit: Visit, Path(id): Path<String>) -> Answer {
    let pool = pools::lookup(visit.region(), &visit.ctx, &id).await?;
    let shell = visit.shell(Section::Pools, "Delete pool").await.under("Pools", HERE);
    let action = format!("{HERE}/{}/delete", pool.id);
    let form = FormView::new("confirm", &shell.csrf, action, "Delete").danger().cancel(HERE);
    let lead = vec![format!("Delete pool “{}”? The roles that were given on it go with it.", pool.name)];
    visit.page(&FormPage { shell, lead, form })
}

/// `POST /MAAS/r/pools/{id}/delete`
pub(crate) async fn delete(visit: Visit, Path(id): Path<String>) -> Answer {
    let pool = pools::lookup(visit.region(), &visit.ctx, &id).await?;
    let deleted = visit.run(|region, ctx| async move { pools::delete(&region, &ctx, &id).await }).await;
    told(&visit, HERE, &pool.name, deleted)
}

/// After a deletion: to the list, with what came of it.
pub(crate) fn told(visit: &Visit, list: &str, name: &str, deleted: Result<(), Error>) -> Answer {
    match deleted {
        Ok(()) => visit.redirect(list, &Flash::good(format!("Deleted “{name}”."))),
        Err(error @ (Error::BadRequest(_) | Error::Conflict(_))) => {
            visit.redirect(list, &Flash::bad(error.to_string()))
        }
        Err(error) => Err(Failure::from(error)),
    }
}

async fn add_page(visit: &Visit, sent: &Input, errors: &FormErrors) -> FormPage {
    let shell = visit.shell(Section::Pools, "Add pool").await.under("Pools", HERE);
    let values = (sent.text("name"), sent.text("description"));
    let form = form(&shell.csrf, &format!("{HERE}/add"), "Add pool", values, HERE, errors);
    FormPage { lead: vec!["Every machine is in one pool, and roles are given on pools.".to_owned()], form, shell }
}

async fn edit_page(visit: &Visit, pool: &Pool, sent: Option<&Input>, errors: &FormErrors) -> FormPage {
    let shell = visit.shell(Section::Pools, &pool.name).await.under("Pools", HERE);
    let stored = (pool.name.as_str(), pool.description.as_str());
    let values = sent.map_or(stored, |sent| (sent.text("name"), sent.text("description")));
    let action = format!("{HERE}/{}/edit", text::segment(&pool.id.to_string()));
    FormPage { form: form(&shell.csrf, &action, "Save", values, HERE, errors), lead: Vec::new(), shell }
}

const HERE: &str = "/MAAS/r/pools";
