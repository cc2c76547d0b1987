//! The reference of the API as a page, from the route table. No script, nothing from outside.

use std::{fmt::Write, sync::LazyLock};

use maas_authz::Action;

use crate::{
    route::{Access, Kind, Resource, Route},
    table::RESOURCES,
};

/// The style sheet of these pages.
pub(crate) const STYLE: &str = include_str!("docs/style.css");

/// `/MAAS/api/`
pub(crate) static LANDING: LazyLock<String> = LazyLock::new(|| {
    page(
        "MAAS API",
        r#"<h1>MAAS API</h1>
<ul>
<li><a href="/MAAS/api/docs/">Reference</a></li>
<li><a href="/MAAS/api/2.0/openapi.yaml">OpenAPI document</a></li>
<li><a href="/MAAS/api/2.0/describe/">Description for the command line</a></li>
<li><a href="/MAAS/r/">Web interface</a></li>
</ul>
"#,
    )
});

/// `/MAAS/api/docs/`
pub(crate) static REFERENCE: LazyLock<String> = LazyLock::new(|| {
    let described = || RESOURCES.iter().filter(|resource| !resource.name.is_empty());
    let mut body = String::from(INTRODUCTION);
    body += "<nav aria-label=\"Resources\"><ul>\n";
    for resource in described() {
        let _ = writeln!(body, "<li><a href=\"#{0}\">{0}</a></li>", short(resource));
    }
    body += "</ul></nav>\n";
    for resource in described() {
        write_resource(&mut body, resource);
    }
    page("MAAS API reference", &body)
});

const INTRODUCTION: &str = r#"<p><a href="/MAAS/r/">Back to MAAS</a></p>
<h1>MAAS API reference</h1>
<p>Version 2.0. Also as an <a href="/MAAS/api/2.0/openapi.yaml">OpenAPI document</a>.</p>
<p>Parameters of GET and DELETE go into the query, those of POST and PUT into the body: as a form (URL-encoded or
multipart) or as a JSON object. An operation is named by <code>?op=</code> in the query. Sign requests with an API key
(OAuth 1.0, PLAINTEXT), or send a token as <code>Authorization: Bearer</code>.</p>
"#;

fn short(resource: &Resource) -> &'static str {
    resource.name.trim_end_matches("Handler")
}

fn write_resource(body: &mut String, resource: &Resource) {
    let _ = writeln!(body, "<section><h2 id=\"{0}\">{0}</h2>", short(resource));
    let _ = writeln!(body, "<p>{}</p>\n<p><code>{}</code></p>", escape(resource.doc), escape(resource.path));
    for route in resource.routes {
        write_route(body, route);
    }
    *body += "</section>\n";
}

fn write_route(body: &mut String, route: &Route) {
    let op = route.op.map(|op| format!(" <code>op={}</code>", escape(op))).unwrap_or_default();
    let _ = writeln!(
        body,
        "<article><h3><span class=\"verb\">{}</span>{op} {}</h3>",
        route.verb.as_str(),
        escape(route.title)
    );
    if !route.text.is_empty() {
        let _ = writeln!(body, "<p>{}</p>", escape(route.text));
    }
    let _ = writeln!(body, "<p class=\"access\">{}</p>", access(route.access));
    if !route.params.is_empty() {
        *body += "<div class=\"scroll\"><table><thead><tr><th scope=\"col\">Parameter</th><th scope=\"col\">Type</th>\
            <th scope=\"col\">Required</th><th scope=\"col\">Meaning</th></tr></thead><tbody>\n";
        for param in route.params {
            let kind = if param.kind == Kind::Secret { "String, never shown" } else { param.kind.as_str() };
            let _ = writeln!(
                body,
                "<tr><td><code>{}</code></td><td>{kind}</td><td>{}</td><td>{}</td></tr>",
                escape(param.name),
                if param.is_required { "yes" } else { "no" },
                escape(param.help)
            );
        }
        *body += "</tbody></table></div>\n";
    }
    *body += "</article>\n";
}

fn access(access: Access) -> String {
    match access {
        Access::Public | Access::Anyone => "For everybody.".into(),
        Access::SignedIn | Access::Can(Action::ViewOwn | Action::EditOwn) => "For everybody signed in.".into(),
        Access::Can(action) => format!("Needs <code>{}</code>.", action.as_str()),
    }
}

fn page(title: &str, body: &str) -> String {
    format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n<title>{title}</title>\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta name=\"color-scheme\" content=\"light dark\">\n\
         <link rel=\"stylesheet\" href=\"/MAAS/api/docs/style.css\">\n</head>\n<body>\n<main>\n{body}</main>\n</body>\n</html>\n"
    )
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::REFERENCE;

    #[test]
    fn the_page_has_every_operation_and_no_script() {
        for row in crate::routes().iter().filter(|row| !row.resource.is_empty()) {
            assert!(REFERENCE.contains(&super::escape(row.title)), "{}", row.title);
        }
        assert!(!REFERENCE.contains("<script") && !REFERENCE.contains("style="));
    }
}
