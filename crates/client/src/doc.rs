//! The text of an action, taken apart: title, description, parameters.

use maas_wire::{Action, Documented};

/// What an action's text says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ActionDoc {
    /// First paragraph on one line.
    pub title: String,
    /// The paragraphs between title and parameters.
    pub description: String,
    pub params: Vec<Documented>,
    /// Whether the action takes `name=value` words at all: the text behind its title has `:param` somewhere.
    pub takes_data: bool,
}

impl ActionDoc {
    /// Takes the text of an action apart. No text is an action without data.
    pub fn of(action: &Action) -> Self {
        let text = action.doc.as_deref().unwrap_or_default().trim();
        Self {
            title: one_line(action.title()),
            description: action.description(),
            params: action.parameters(),
            takes_data: text.split_once("\n\n").is_some_and(|(_, body)| body.contains(":param")),
        }
    }

    /// The parameter of that name.
    pub fn param(&self, name: &str) -> Option<&Documented> {
        self.params.iter().find(|param| param.name == name)
    }
}

/// A text on one line.
pub fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use maas_wire::Action;

    use super::ActionDoc;

    #[test]
    fn only_the_body_decides_whether_data_is_taken() {
        let takes_data = |doc: Option<&str>| {
            let doc = doc.map(str::to_owned);
            let action = Action { name: "x".into(), op: None, method: "GET".into(), restful: true, doc };
            ActionDoc::of(&action).takes_data
        };
        assert!(!takes_data(Some("Title with :param x: in it")));
        assert!(!takes_data(Some("Title\n\nBody")));
        assert!(!takes_data(None));
        assert!(takes_data(Some("Title\n\nsee :param")));
    }
}
