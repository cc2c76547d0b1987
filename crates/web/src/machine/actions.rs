//! What is done to one machine by its buttons: a question where one is due, then the deed.

use axum::extract::Path;
use maas_model::MachineAction;
use maas_region::{Error, nodes::Node};

use crate::{
    answer::{Answer, Failure},
    cookies::Flash,
    form::{FormErrors, FormView},
    input::Input,
    machine::{found, path, shell},
    machines::{
        bulk::{ask, incomplete, lead},
        deed::{self, With},
        why,
    },
    preferences::password::FormPage,
    shell::Shell,
    text,
    visit::Visit,
};

/// `GET /MAAS/r/machine/{id}/actions/{action}`
pub(crate) async fn confirm(visit: Visit, Path((id, word)): Path<(String, String)>) -> Answer {
    let (node, action) = asked(&visit, &id, &word).await?;
    let page = question(&visit, &node, action, &Input::default(), &FormErrors::default()).await?;
    visit.page(&page)
}

/// `POST /MAAS/r/machine/{id}/actions/{action}`
pub(crate) async fn submit(visit: Visit, Path((id, word)): Path<(String, String)>, input: Input) -> Answer {
    let (node, action) = asked(&visit, &id, &word).await?;
    let with = With::read(&input);
    let problems = incomplete(action, &with);
    if !problems.0.is_empty() {
        return visit.again(&question(&visit, &node, action, &input, &problems).await?);
    }
    let work = |region, ctx| async move { deed::run(&region, &ctx, &id, action, &with).await };
    let result = visit.run(work).await;
    let back = if action == MachineAction::Delete && result.is_ok() { text::HOME.to_owned() } else { path(&node, "") };
    match result {
        Ok(()) => visit.redirect(&back, &Flash::good(format!("{}: {}.", node.hostname, deed::done(action)))),
        Err(error @ (Error::Internal(_) | Error::NotFound { .. })) => Err(error.into()),
        Err(error) => visit.redirect(&back, &Flash::bad(why::error(&error, &node))),
    }
}

async fn asked(visit: &Visit, id: &str, word: &str) -> Result<(Node, MachineAction), Failure> {
    let node = found(visit, id).await?;
    let action = deed::named(word).ok_or(Error::NotFound { what: "" })?;
    Ok((node, action))
}

async fn question(
    visit: &Visit,
    node: &Node,
    action: MachineAction,
    sent: &Input,
    errors: &FormErrors,
) -> Result<FormPage, Failure> {
    let frame = shell(visit, node, " ").await;
    let frame = Shell { title: action.title().to_owned(), ..frame }.under(&node.hostname, &path(node, ""));
    let target = path(node, &format!("actions/{action}"));
    let form = FormView::new("action", &frame.csrf, target, action.title());
    let form = ask(visit, action, form, sent).await?.cancel(path(node, "")).errors(errors);
    let form = if deed::is_dangerous(action) { form.danger() } else { form };
    let mut lines = lead(action, std::slice::from_ref(node));
    lines.extend(why::not(&visit.ctx, node, action));
    Ok(FormPage { shell: frame, lead: lines, form })
}
