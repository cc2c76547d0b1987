//! The commands that a describe document offers to the holder of a profile.

use maas_wire::{Action, Describe, Handler, Resource};

use crate::{
    doc::{ActionDoc, one_line},
    words::{action_word, closest},
};

/// Every resource with its actions, sorted by word.
#[derive(Clone, Debug, Default)]
pub struct CommandTree {
    pub resources: Vec<ResourceCommand>,
}

/// `users`
#[derive(Clone, Debug)]
pub struct ResourceCommand {
    pub word: String,
    /// First paragraph of the handler's text.
    pub title: String,
    /// The rest of it.
    pub description: String,
    /// Path variables, in the order in which they are given.
    pub params: Vec<String>,
    /// `/MAAS/api/2.0/users/{username}/`
    pub path: String,
    pub actions: Vec<ActionCommand>,
}

/// `whoami`
#[derive(Clone, Debug)]
pub struct ActionCommand {
    pub word: String,
    pub method: String,
    pub op: Option<String>,
    pub doc: ActionDoc,
}

impl CommandTree {
    /// The commands for a caller with or without a key.
    ///
    /// With one, a resource is shown when it has any action; without, when it has one for anybody. What is shown is
    /// the signed-in side where there is one, as in MAAS.
    pub fn new(description: &Describe, has_key: bool) -> Self {
        let shown = |resource: &&Resource| {
            let has_actions = |handler: &Option<Handler>| handler.as_ref().is_some_and(|h| !h.actions.is_empty());
            has_actions(&resource.anon) || (has_key && has_actions(&resource.auth))
        };
        let mut resources: Vec<ResourceCommand> = description
            .resources
            .iter()
            .filter(shown)
            .filter_map(|resource| Some(ResourceCommand::new(resource.command_word(), resource.shown()?)))
            .collect();
        resources.sort_by(|a, b| a.word.cmp(&b.word));
        Self { resources }
    }

    /// The resource of that word, or the word that was probably meant.
    ///
    /// # Errors
    /// The probable word, if any.
    pub fn find(&self, word: &str) -> Result<&ResourceCommand, Option<&str>> {
        let found = self.resources.iter().find(|resource| resource.word == word);
        found.ok_or_else(|| closest(word, self.resources.iter().map(|resource| resource.word.as_str())))
    }
}

impl ResourceCommand {
    fn new(word: String, handler: &Handler) -> Self {
        let (title, description) = handler.doc.trim().split_once("\n\n").unwrap_or((handler.doc.trim(), ""));
        let mut actions: Vec<ActionCommand> = handler.actions.iter().map(ActionCommand::new).collect();
        actions.sort_by(|a, b| a.word.cmp(&b.word));
        Self {
            word,
            title: one_line(title),
            description: description.trim().to_owned(),
            params: handler.params.clone(),
            path: path_of(handler),
            actions,
        }
    }

    /// The action of that word, or the word that was probably meant.
    ///
    /// # Errors
    /// The probable word, if any.
    pub fn find(&self, word: &str) -> Result<&ActionCommand, Option<&str>> {
        let found = self.actions.iter().find(|action| action.word == word);
        found.ok_or_else(|| closest(word, self.actions.iter().map(|action| action.word.as_str())))
    }
}

impl ActionCommand {
    fn new(action: &Action) -> Self {
        Self {
            word: action_word(&action.name),
            method: action.method.to_ascii_uppercase(),
            op: action.op.clone(),
            doc: ActionDoc::of(action),
        }
    }

    /// Whether values travel in the query instead of a body.
    pub fn uses_query(&self) -> bool {
        matches!(self.method.as_str(), "GET" | "DELETE")
    }
}

/// The path template; old servers give it inside `uri` alone.
fn path_of(handler: &Handler) -> String {
    let uri = || {
        let behind_scheme = handler.uri.split_once("://")?.1;
        Some(&behind_scheme[behind_scheme.find('/')?..])
    };
    let path = if handler.path.is_empty() { uri().unwrap_or_default() } else { &handler.path };
    path.to_owned()
}

#[cfg(test)]
mod tests {
    use super::path_of;

    #[test]
    fn old_servers_give_the_path_inside_the_uri() {
        let handler = r#"{"name": "U", "uri": "http://m:5240/MAAS/api/2.0/users/{username}/", "actions": []}"#;
        assert_eq!(path_of(&serde_json::from_str(handler).unwrap()), "/MAAS/api/2.0/users/{username}/");
    }
}
