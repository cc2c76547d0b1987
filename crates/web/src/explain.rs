//! "Why can I not?": which rule decides about an action, what is missing, and who could change it.

use askama::Template;
use maas_authz::Action;
use maas_model::MachineAction;
use maas_region::access::explain::{self, Explanation};

use crate::{
    answer::{Answer, Failure},
    form::FormErrors,
    input::Input,
    shell::{Section, Shell},
    visit::Visit,
};

/// The page.
#[derive(Template)]
#[template(path = "access/explain.html")]
pub(crate) struct ExplainPage {
    pub(crate) shell: Shell,
    pub(crate) ask: Ask,
    pub(crate) problems: Vec<String>,
    pub(crate) answer: Option<Explanation>,
    /// Whether one may ask about others.
    pub(crate) may_ask_about_all: bool,
}

/// What is asked.
#[derive(Clone, Debug, Default)]
pub(crate) struct Ask {
    pub(crate) user: String,
    pub(crate) action: String,
    pub(crate) object: String,
}

/// The form that asks, also on a machine's page.
#[derive(Clone, Debug, Template)]
#[template(path = "access/ask.html")]
pub(crate) struct AskForm {
    pub(crate) ask: Ask,
    /// Whether the machine is fixed by the page.
    pub(crate) has_object: bool,
    pub(crate) may_ask_about_all: bool,
}

impl askama::filters::HtmlSafe for AskForm {}

impl ExplainPage {
    fn form(&self) -> AskForm {
        AskForm { ask: self.ask.clone(), has_object: false, may_ask_about_all: self.may_ask_about_all }
    }
}

/// `GET /MAAS/r/access`
pub(crate) async fn show(visit: Visit, input: Input) -> Answer {
    let own = visit.ctx.actor.user().map(|user| user.username.clone()).unwrap_or_default();
    let ask = Ask {
        user: input.given("user").unwrap_or(&own).to_owned(),
        action: input.text("action").to_owned(),
        object: input.text("object").to_owned(),
    };
    let (mut answer, mut problems) = (None, Vec::new());
    if !ask.action.is_empty() {
        match explained(&visit, &ask).await? {
            Ok(explanation) => answer = Some(explanation),
            Err(lines) => problems = lines,
        }
    }
    let shell = visit.shell(Section::Other, "Why can somebody, or not?").await;
    let may_ask_about_all = visit.may(Action::ViewIdentities);
    visit.page(&ExplainPage { shell, ask, problems, answer, may_ask_about_all })
}

/// The explanation, or what is wrong with the question.
pub(crate) async fn explained(visit: &Visit, ask: &Ask) -> Result<Result<Explanation, Vec<String>>, Failure> {
    let object = Some(ask.object.as_str()).filter(|object| !object.is_empty());
    match explain::explain(visit.region(), &visit.ctx, &ask.user, &ask.action, object).await {
        Ok(explanation) => Ok(Ok(explanation)),
        Err(maas_region::Error::NotFound { what }) => {
            Ok(Err(vec![format!("There is no such {what}, or it is not yours to see.")]))
        }
        Err(error) => Ok(Err(FormErrors::from_error(error)?.0.into_values().flatten().collect())),
    }
}

/// The actions that can be asked about: word and words, those of machines first.
pub(crate) fn actions(is_machine: bool) -> Vec<(String, String)> {
    let machine = MachineAction::ALL.into_iter().map(|action| (action.to_string(), action.title().to_owned()));
    let site = Action::ALL.iter().map(|action| (action.as_str().to_owned(), first_up(action.text())));
    if is_machine { machine.collect() } else { machine.chain(site).collect() }
}

fn first_up(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |first| first.to_uppercase().collect::<String>() + chars.as_str())
}
