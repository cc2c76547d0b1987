//! The route table as an OpenAPI 3.1 document. Operations stand under their path form `.../op-name`.

use std::sync::LazyLock;

use serde_json::{Map, Value, json};

use crate::{
    describe::path_variables,
    route::{Access, Kind, Param, Resource, Route, Verb},
    table::RESOURCES,
};

/// The document as YAML.
pub(crate) static YAML: LazyLock<String> =
    LazyLock::new(|| serde_yaml_ng::to_string(&document()).expect("maps, lists and strings are YAML"));

fn document() -> Value {
    let mut paths = Map::new();
    for resource in RESOURCES.iter().filter(|resource| !resource.name.is_empty() || resource.path.contains("/account"))
    {
        for route in resource.routes {
            let path = match route.op {
                Some(op) => format!("{}op-{op}", resource.path),
                None => resource.path.to_owned(),
            };
            let item = paths.entry(path).or_insert_with(|| json!({}));
            if let Value::Object(verbs) = item {
                verbs.insert(route.verb.as_str().to_lowercase(), operation(resource, route));
            }
        }
    }
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "MAAS API",
            "version": maas_wire::version::API_VERSION,
            "description": "Operations may also be called as `<path>?op=<name>`. Errors are text, or an object of field \
                names and messages.",
        },
        "servers": [{"url": "/"}],
        "security": [{"apiKey": []}, {"bearer": []}, {"session": []}],
        "paths": paths,
        "components": {"securitySchemes": schemes()},
    })
}

fn schemes() -> Value {
    json!({
        "apiKey": {
            "type": "http",
            "scheme": "OAuth",
            "description": "OAuth 1.0 with PLAINTEXT signature from an API key of three parts.",
        },
        "bearer": {"type": "http", "scheme": "bearer", "description": "A token of this site."},
        "session": {
            "type": "apiKey",
            "in": "cookie",
            "name": "sessionid",
            "description": "A browser's session; changing requests also carry X-CSRFToken.",
        },
    })
}

fn operation(resource: &Resource, route: &Route) -> Value {
    let mut operation = Map::new();
    operation.insert("summary".into(), route.title.into());
    if !route.text.is_empty() {
        operation.insert("description".into(), route.text.into());
    }
    operation.insert("operationId".into(), operation_id(resource, route).into());
    operation.insert("tags".into(), json!([tag(resource)]));
    if matches!(route.access, Access::Public | Access::Anyone) {
        operation.insert("security".into(), json!([]));
    }
    let mut parameters: Vec<Value> = path_variables(resource.path).iter().map(|name| path_parameter(name)).collect();
    if matches!(route.verb, Verb::Get | Verb::Delete) {
        parameters.extend(route.params.iter().map(query_parameter));
    } else if !route.params.is_empty() {
        operation.insert("requestBody".into(), request_body(route.params));
    }
    if !parameters.is_empty() {
        operation.insert("parameters".into(), parameters.into());
    }
    operation.insert("responses".into(), responses(route));
    Value::Object(operation)
}

fn operation_id(resource: &Resource, route: &Route) -> String {
    let action = route.op.unwrap_or(route.verb.plain_action());
    match tag(resource) {
        "Accounts" => {
            format!("Accounts_{}_{action}", resource.path.trim_matches('/').rsplit('/').next().unwrap_or_default())
        }
        tag => format!("{tag}_{action}"),
    }
}

fn tag(resource: &Resource) -> &'static str {
    if resource.name.is_empty() { "Accounts" } else { resource.name.trim_end_matches("Handler") }
}

fn path_parameter(name: &str) -> Value {
    json!({"name": name, "in": "path", "required": true, "schema": {"type": "string"}})
}

fn query_parameter(param: &Param) -> Value {
    json!({
        "name": param.name,
        "in": "query",
        "required": param.is_required,
        "description": param.help,
        "schema": schema(param.kind),
    })
}

fn request_body(params: &[Param]) -> Value {
    let properties: Map<String, Value> = params
        .iter()
        .map(|param| {
            let mut schema = schema(param.kind);
            if let Value::Object(members) = &mut schema {
                members.insert("description".into(), param.help.into());
            }
            (param.name.to_owned(), schema)
        })
        .collect();
    let required: Vec<&str> = params.iter().filter(|param| param.is_required).map(|param| param.name).collect();
    let mut schema = json!({"type": "object", "properties": properties});
    if !required.is_empty()
        && let Value::Object(members) = &mut schema
    {
        members.insert("required".into(), required.into());
    }
    let media = json!({"schema": schema});
    json!({
        "content": {
            "application/x-www-form-urlencoded": media,
            "multipart/form-data": media,
            "application/json": media,
        },
    })
}

fn schema(kind: Kind) -> Value {
    match kind {
        Kind::Text => json!({"type": "string"}),
        Kind::Secret => json!({"type": "string", "writeOnly": true}),
        Kind::Int => json!({"type": "integer"}),
        Kind::Bool => json!({"type": "boolean"}),
    }
}

fn responses(route: &Route) -> Value {
    let mut all = Map::new();
    all.insert("2XX".into(), json!({"description": "It is done."}));
    all.insert("400".into(), json!({"description": "Something in the request does not do; the body says what."}));
    if !matches!(route.access, Access::Public | Access::Anyone) {
        all.insert("401".into(), json!({"description": "Nobody is signed in."}));
        all.insert("403".into(), json!({"description": "Whoever is signed in may not do this."}));
    }
    Value::Object(all)
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::{YAML, document};
    use crate::route::RouteInfo;

    #[test]
    fn every_described_route_is_in_it_under_its_own_name() {
        let document = document();
        let paths = document.get("paths").and_then(|paths| paths.as_object()).unwrap();
        let mut names = HashSet::new();
        for verb in paths.values().flat_map(|item| item.as_object().unwrap().values()) {
            let name = verb.get("operationId").and_then(|name| name.as_str()).unwrap().to_owned();
            assert!(names.insert(name.clone()), "{name} twice");
        }
        let described = crate::routes().iter().filter(|row: &&RouteInfo| !row.resource.is_empty());
        assert!(names.len() >= described.count());
        assert!(YAML.starts_with("openapi: 3.1.0\n"));
        assert!(YAML.contains("writeOnly: true"));
    }
}
