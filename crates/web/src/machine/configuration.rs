//! A machine's settings: name, notes, place, tags, annotations; and its deletion.

use std::collections::BTreeMap;

use askama::Template;
use axum::extract::Path;
use maas_authz::Action;
use maas_model::MachineAction;
use maas_region::{
    machines::{self, MachineChange},
    nodes::Node,
    tags,
};

use crate::{
    answer::{Answer, Failure},
    cookies::Flash,
    form::{Choice, Field, FormErrors, FormView},
    input::Input,
    machine::{self, Head, Look, found, path},
    machines::{add, add::Choices, why},
    shell::Shell,
    visit::Visit,
};

/// The page.
#[derive(Template)]
#[template(path = "machine/configuration.html")]
pub(crate) struct ConfigurationPage {
    pub(crate) shell: Shell,
    pub(crate) head: Head,
    /// The forms, or why there is none.
    pub(crate) edit: Result<FormView, String>,
    pub(crate) tags: Result<FormView, String>,
    pub(crate) annotations: Result<FormView, String>,
    pub(crate) may_delete: bool,
}

/// `GET /MAAS/r/machine/{id}/configuration`
pub(crate) async fn show(visit: Visit, Path(id): Path<String>) -> Answer {
    let node = found(&visit, &id).await?;
    let page = page(&visit, &node, None, &FormErrors::default()).await?;
    visit.page(&page)
}

/// `POST /MAAS/r/machine/{id}/configuration`
pub(crate) async fn submit(visit: Visit, Path(id): Path<String>, input: Input) -> Answer {
    let node = found(&visit, &id).await?;
    let text = |name: &str| Some(input.text(name).to_owned());
    let given = |name: &str| input.given(name).map(str::to_owned);
    let change = MachineChange {
        hostname: given("hostname"),
        description: text("description"),
        architecture: given("architecture"),
        pool: given("pool").filter(|name| node.pool.as_ref().is_none_or(|pool| pool.name != *name)),
        zone: given("zone"),
        ..MachineChange::default()
    };
    match visit.run(|region, ctx| async move { machines::update(&region, &ctx, &id, change).await }).await {
        Ok(node) => visit.redirect(&path(&node, "configuration"), &Flash::good("Saved.")),
        Err(error) => {
            let errors = FormErrors::from_error(error)?;
            visit.again(&page(&visit, &node, Some(&input), &errors).await?)
        }
    }
}

/// `POST /MAAS/r/machine/{id}/tags`
pub(crate) async fn set_tags(visit: Visit, Path(id): Path<String>, input: Input) -> Answer {
    let node = found(&visit, &id).await?;
    let wanted = input.text("tags").split([',', ' ']).filter(|name| !name.is_empty());
    let wanted: Vec<String> = wanted.map(str::to_owned).collect();
    let add: Vec<String> = wanted.iter().filter(|name| !node.tags.contains(name)).cloned().collect();
    let remove: Vec<String> = node.tags.iter().filter(|name| !wanted.contains(name)).cloned().collect();
    let work = |region, ctx| async move {
        let one = [id];
        for name in &add {
            tags::update_nodes(&region, &ctx, name, &one, &[]).await?;
        }
        for name in &remove {
            tags::update_nodes(&region, &ctx, name, &[], &one).await?;
        }
        Ok(())
    };
    let back = path(&node, "configuration");
    match visit.run(work).await {
        Ok(()) => visit.redirect(&back, &Flash::good("Saved the tags.")),
        Err(maas_region::Error::NotFound { .. }) => {
            visit.redirect(&back, &Flash::bad("Only tags that exist can be given; add the tag first."))
        }
        Err(error) => visit.redirect(&back, &Flash::bad(why::error(&error, &node))),
    }
}

/// `POST /MAAS/r/machine/{id}/annotations`: one `key=value` a line; what is left out goes.
pub(crate) async fn annotate(visit: Visit, Path(id): Path<String>, input: Input) -> Answer {
    let node = found(&visit, &id).await?;
    let back = path(&node, "configuration");
    let mut wanted: BTreeMap<String, String> = BTreeMap::new();
    for line in input.text("annotations").lines().map(str::trim).filter(|line| !line.is_empty()) {
        let Some((key, value)) = line.split_once('=') else {
            return visit.redirect(&back, &Flash::bad(format!("Write KEY=VALUE, one a line: “{line}” is none.")));
        };
        wanted.insert(key.trim().to_owned(), value.trim().to_owned());
    }
    for key in node.owner_data.keys() {
        wanted.entry(key.clone()).or_default();
    }
    match visit.run(|region, ctx| async move { machines::annotate(&region, &ctx, &id, wanted).await }).await {
        Ok(_) => visit.redirect(&back, &Flash::good("Saved the annotations.")),
        Err(error @ (maas_region::Error::Internal(_) | maas_region::Error::NotFound { .. })) => Err(error.into()),
        Err(error) => visit.redirect(&back, &Flash::bad(why::error(&error, &node))),
    }
}

async fn page(
    visit: &Visit,
    node: &Node,
    sent: Option<&Input>,
    errors: &FormErrors,
) -> Result<ConfigurationPage, Failure> {
    let shell = machine::shell(visit, node, "configuration").await;
    let choices = add::choices(visit, Action::EditMachines).await?;
    Ok(assemble(shell, node, &choices, sent, errors, &Look::of(visit)))
}

pub(crate) fn assemble(
    shell: Shell,
    node: &Node,
    choices: &Choices,
    sent: Option<&Input>,
    errors: &FormErrors,
    look: &Look<'_>,
) -> ConfigurationPage {
    let not = |action| why::not(look.ctx, node, action);
    let csrf = shell.csrf.clone();
    ConfigurationPage {
        edit: not(MachineAction::Edit).map_or_else(|| Ok(edit(&csrf, node, choices, sent, errors)), Err),
        tags: not(MachineAction::Tag).map_or_else(|| Ok(tags_form(&csrf, node)), Err),
        annotations: match not(MachineAction::Annotate) {
            None if node.owner.is_none() => Err("Whoever takes the machine can say here what runs on it.".to_owned()),
            None => Ok(annotations(&csrf, node)),
            Some(why) => Err(why),
        },
        may_delete: not(MachineAction::Delete).is_none(),
        head: machine::head(node, look),
        shell,
    }
}

fn edit(csrf: &str, node: &Node, choices: &Choices, sent: Option<&Input>, errors: &FormErrors) -> FormView {
    let value = |name: &str, stored: &str| sent.map_or(stored, |input| input.text(name)).to_owned();
    let pool = node.pool.as_ref().map_or("", |pool| pool.name.as_str());
    let names = |names: &[String], now: &str| {
        let mut all: Vec<Choice> = names.iter().map(|name| Choice::new(name.clone(), name.clone())).collect();
        if !now.is_empty() && !names.iter().any(|name| name == now) {
            all.insert(0, Choice::new(now, now));
        }
        all
    };
    let mut kinds = add::architectures();
    if !kinds.iter().any(|choice| choice.value == node.architecture) {
        kinds.insert(0, Choice::new(node.architecture.clone(), node.architecture.clone()));
    }
    FormView::new("edit", csrf, path(node, "configuration"), "Save")
        .field(Field::text("hostname", "Host name", &value("hostname", &node.hostname)).required())
        .field(Field::area("description", "Notes", 3, &value("description", &node.description)))
        .field(Field::select("architecture", "Architecture", kinds, &value("architecture", &node.architecture)))
        .field(
            Field::select("pool", "Pool", names(&choices.pools, pool), &value("pool", pool))
                .help("To move it, you need the right to edit machines in both pools."),
        )
        .field(Field::select("zone", "Zone", names(&choices.zones, &node.zone.name), &value("zone", &node.zone.name)))
        .errors(errors)
}

fn tags_form(csrf: &str, node: &Node) -> FormView {
    FormView::new("tags", csrf, path(node, "tags"), "Save tags").quiet().field(
        Field::text("tags", "Tags", &node.tags.join(", "))
            .help("Tags that exist, by commas. Those of a definition come and go by themselves."),
    )
}

fn annotations(csrf: &str, node: &Node) -> FormView {
    let lines: Vec<String> = node.owner_data.iter().map(|(key, value)| format!("{key}={value}")).collect();
    FormView::new("workload", csrf, path(node, "annotations"), "Save annotations")
        .quiet()
        .field(Field::area("annotations", "Workload annotations", 4, &lines.join("\n")).help("KEY=VALUE, one a line."))
}
