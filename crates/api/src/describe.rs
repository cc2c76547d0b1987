//! `describe/`: the route table as the clients of API 2.0 read it.

use std::fmt::Write;

use maas_wire::{Action, Describe, Handler, Resource as Described};

use crate::{
    route::{Access, Resource, Route},
    table::RESOURCES,
};

/// The document, ready but for the host that asks.
pub(crate) struct Description {
    /// 40 hex digits that change with the document.
    pub(crate) hash: String,
    text: String,
}

/// Stands for `https://host:port`; no other text has a NUL.
const BASE: &str = "\u{0}base\u{0}";
/// The same as JSON writes it.
const BASE_IN_JSON: &str = "\\u0000base\\u0000";

impl Description {
    /// Writes the document.
    pub(crate) fn build() -> Self {
        let mut document = document();
        let content = serde_json::to_vec(&document).expect("strings and lists are JSON");
        let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, &content);
        let hash = data_encoding::HEXLOWER.encode(digest.as_ref()).chars().take(40).collect::<String>();
        document.hash.clone_from(&hash);
        Self { hash, text: serde_json::to_string(&document).expect("strings and lists are JSON") }
    }

    /// The document for somebody who reached us as `base`.
    pub(crate) fn for_base(&self, base: &str) -> String {
        self.text.replace(BASE_IN_JSON, base)
    }
}

fn document() -> Describe {
    let resources: Vec<Described> =
        RESOURCES.iter().filter(|resource| !resource.name.is_empty()).map(|resource| describe(resource)).collect();
    let anonymous = resources.iter().filter_map(|resource| resource.anon.clone());
    let handlers = anonymous.chain(resources.iter().filter_map(|resource| resource.auth.clone())).collect();
    Describe { doc: "MAAS API".into(), hash: String::new(), handlers, resources }
}

fn describe(resource: &Resource) -> Described {
    let name = resource.name;
    let (anon, auth) = match (resource.is_open(), resource.is_mixed()) {
        (true, true) => {
            (Some(handler(resource, format!("Anon{name}"), is_open)), Some(handler(resource, name.into(), |_| true)))
        }
        (true, false) => (Some(handler(resource, name.into(), |_| true)), None),
        _ => (None, Some(handler(resource, name.into(), |_| true))),
    };
    Described { name: name.into(), anon, auth }
}

const fn is_open(route: &Route) -> bool {
    matches!(route.access, Access::Public | Access::Anyone)
}

fn handler(resource: &Resource, name: String, is_shown: fn(&Route) -> bool) -> Handler {
    let mut actions: Vec<Action> =
        resource.routes.iter().filter(|route| is_shown(route)).map(describe_action).collect();
    actions.sort_by(|a, b| a.name.cmp(&b.name));
    Handler {
        name,
        doc: resource.doc.into(),
        params: path_variables(resource.path),
        path: resource.path.into(),
        uri: format!("{BASE}{}", resource.path),
        actions,
    }
}

fn describe_action(route: &Route) -> Action {
    Action {
        name: route.op.unwrap_or(route.verb.plain_action()).into(),
        op: route.op.map(Into::into),
        method: route.verb.as_str().into(),
        restful: route.op.is_none(),
        doc: Some(action_text(route)),
    }
}

/// Title, blank line, text, and a `:param` line for each parameter: without one, MAAS's command line takes no arguments.
fn action_text(route: &Route) -> String {
    let mut doc = route.title.to_owned();
    for paragraph in [route.text].into_iter().filter(|text| !text.is_empty()) {
        let _ = write!(doc, "\n\n{paragraph}");
    }
    for param in route.params {
        let word = if param.is_required { "Required." } else { "Optional." };
        let _ = write!(doc, "\n\n:param {0}: {word} {1}\n:type {0}: {2}", param.name, param.help, param.kind.as_str());
    }
    if !route.params.is_empty() {
        doc += "\n\n";
    }
    doc
}

/// `["username"]` of `/users/{username}/`.
pub(crate) fn path_variables(path: &str) -> Vec<String> {
    path.split('{').skip(1).filter_map(|piece| piece.split_once('}')).map(|(name, _)| name.to_owned()).collect()
}

#[cfg(test)]
mod tests {
    use std::fmt::Write;

    use expect_test::expect_file;

    use super::{BASE_IN_JSON, Description, document};

    #[test]
    fn the_document_is_what_it_was() {
        let mut lines = String::new();
        for resource in document().resources {
            let (kind, handler) = match (&resource.anon, &resource.auth) {
                (_, Some(handler)) => ("auth", handler),
                (Some(handler), None) => ("anon", handler),
                (None, None) => unreachable!("a resource has a handler"),
            };
            let _ = writeln!(lines, "{} {} ({kind}) {}", handler.name, resource.command_word(), handler.path);
            for action in &handler.actions {
                let params = action.parameters();
                let params = params.iter().map(|p| format!("{}{}", p.name, if p.is_required { "*" } else { "" }));
                let params = params.collect::<Vec<_>>().join(" ");
                let line = format!("  {} {} {params}", action.method, action.name);
                let _ = writeln!(lines, "{}", line.trim_end());
            }
        }
        expect_file!["../snapshots/describe.txt"].assert_eq(&lines);
    }

    #[test]
    fn every_address_is_the_one_that_asked() {
        let description = Description::build();
        assert_eq!(description.hash.len(), 40);
        let text = description.for_base("https://maas.example:5443");
        assert!(!text.contains(BASE_IN_JSON) && !text.contains("u0000"));
        let document: maas_wire::Describe = serde_json::from_str(&text).unwrap();
        assert_eq!(document.hash, description.hash);
        for resource in &document.resources {
            let handler = resource.shown().unwrap();
            assert_eq!(handler.uri, format!("https://maas.example:5443{}", handler.path));
        }
    }

    #[test]
    fn actions_with_parameters_tell_the_command_line_so() {
        for action in document().resources.iter().flat_map(|resource| resource.shown().unwrap().actions.clone()) {
            let doc = action.doc.as_deref().unwrap();
            let body = doc.split_once("\n\n").map_or("", |(_, body)| body);
            assert_eq!(body.contains(":param "), !action.parameters().is_empty(), "{doc}");
        }
    }
}
