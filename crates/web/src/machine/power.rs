//! A machine's power: how it is, the driver that switches it, and its parameters. Secret ones can be written, and are
//! revealed only to those who may, when they ask and show their password.

use askama::Template;
use axum::extract::Path;
use maas_authz::Asked;
use maas_model::MachineAction;
use maas_power::Driver;
use maas_region::{
    Error, auth,
    machines::{self, MachineChange, ShownPower},
    nodes::Node,
};

use crate::{
    answer::{Answer, Failure},
    cookies::Flash,
    form::{FormErrors, FormView},
    input::Input,
    machine::{self, Head, Look, found, path},
    machines::{power_form, why},
    shell::Shell,
    text::When,
    visit::Visit,
};

/// The page.
#[derive(Template)]
#[template(path = "machine/power.html")]
pub(crate) struct PowerPage {
    pub(crate) shell: Shell,
    pub(crate) head: Head,
    pub(crate) driver: String,
    pub(crate) asked: Option<When>,
    /// What went wrong when it was last asked for.
    pub(crate) error: String,
    pub(crate) may_check: bool,
    pub(crate) may_reveal: bool,
    /// The parameters with their secrets, when they were just asked for.
    pub(crate) revealed: Option<Vec<(String, String)>>,
    /// The form, or why there is none.
    pub(crate) form: Result<FormView, String>,
}

/// `GET /MAAS/r/machine/{id}/power`
pub(crate) async fn show(visit: Visit, Path(id): Path<String>) -> Answer {
    let node = found(&visit, &id).await?;
    let page = page(&visit, &node, &Input::default(), &FormErrors::default(), None).await?;
    visit.page(&page)
}

/// `POST /MAAS/r/machine/{id}/power`
pub(crate) async fn submit(visit: Visit, Path(id): Path<String>, input: Input) -> Answer {
    let node = found(&visit, &id).await?;
    if input.text("intent") == "driver" {
        let page = page(&visit, &node, &input, &FormErrors::default(), None).await?;
        return visit.page(&page);
    }
    let change = MachineChange { power: Some(power_form::read(&input)), ..MachineChange::default() };
    match visit.run(|region, ctx| async move { machines::update(&region, &ctx, &id, change).await }).await {
        Ok(node) => visit.redirect(&path(&node, "power"), &Flash::good("Saved the power driver.")),
        Err(error) => {
            let driver = power_form::chosen(&input, "");
            let errors = power_form::beside(FormErrors::from_error(error)?, driver);
            visit.again(&page(&visit, &node, &input, &errors, None).await?)
        }
    }
}

/// `POST /MAAS/r/machine/{id}/power/check`
pub(crate) async fn check(visit: Visit, Path(id): Path<String>) -> Answer {
    let node = found(&visit, &id).await?;
    let back = path(&node, "power");
    match visit.run(|region, ctx| async move { machines::query_power(&region, &ctx, &id).await }).await {
        Ok(state) => visit.redirect(&back, &Flash::good(format!("The power is {state}."))),
        Err(Error::Unavailable { what, .. }) => visit.redirect(&back, &Flash::bad(what)),
        Err(error @ (Error::Internal(_) | Error::NotFound { .. })) => Err(error.into()),
        Err(error) => visit.redirect(&back, &Flash::bad(why::error(&error, &node))),
    }
}

/// `POST /MAAS/r/machine/{id}/power/reveal`
pub(crate) async fn reveal(visit: Visit, Path(id): Path<String>) -> Answer {
    let node = found(&visit, &id).await?;
    let asked = Asked::Machine(MachineAction::ViewPowerParameters);
    let revealed = visit
        .run(|region, ctx| async move {
            auth::require_step_up(&region, &ctx, asked).await?;
            machines::power_parameters(&region, &ctx, &id).await
        })
        .await?;
    let shown = revealed.into_iter().map(|(name, value)| (name, value.expose().clone())).collect();
    let page = page(&visit, &node, &Input::default(), &FormErrors::default(), Some(shown)).await?;
    visit.page(&page)
}

async fn page(
    visit: &Visit,
    node: &Node,
    sent: &Input,
    errors: &FormErrors,
    revealed: Option<Vec<(String, String)>>,
) -> Result<PowerPage, Failure> {
    let shell = machine::shell(visit, node, "power").await;
    let known = match visit.ctx.grant_node(MachineAction::Edit, (), &node.facts()) {
        Ok(_) => machines::shown_power_parameters(visit.region(), &visit.ctx, node.system_id.as_str()).await?,
        Err(_) => ShownPower::default(),
    };
    Ok(PowerPage { revealed, ..assemble(shell, node, &known, sent, errors, &Look::of(visit)) })
}

pub(crate) fn assemble(
    shell: Shell,
    node: &Node,
    known: &ShownPower,
    sent: &Input,
    errors: &FormErrors,
    look: &Look<'_>,
) -> PowerPage {
    let Look { ctx, now, .. } = *look;
    let may = |action| ctx.grant_node(action, (), &node.facts()).is_ok();
    let driver = node.power_type.parse::<Driver>().ok();
    PowerPage {
        form: why::not(ctx, node, MachineAction::Edit)
            .map_or_else(|| Ok(form(&shell.csrf, node, known, sent, errors)), Err),
        head: machine::head(node, look),
        driver: driver.map_or_else(|| node.power_type.clone(), |driver| driver.schema().description.to_owned()),
        asked: node.power_queried_at.map(|at| When::new(at, now)),
        error: node.power_error.clone(),
        may_check: driver.is_some_and(|driver| driver.schema().queryable) && may(MachineAction::QueryPower),
        may_reveal: driver.is_some_and(|driver| !driver.schema().fields.is_empty())
            && may(MachineAction::ViewPowerParameters),
        revealed: None,
        shell,
    }
}

fn form(csrf: &str, node: &Node, known: &ShownPower, sent: &Input, errors: &FormErrors) -> FormView {
    let driver =
        if sent.has("power_type") { power_form::chosen(sent, "") } else { power_form::chosen(sent, &node.power_type) };
    let is_same = driver.is_some_and(|driver| driver.as_str() == node.power_type);
    let form = FormView::new("power", csrf, path(node, "power"), "Save driver");
    power_form::fields(form, driver, sent, is_same.then_some(known))
        .other("intent", "driver", "Show this driver’s fields")
        .errors(errors)
}
