//! All rows, and the search for the one that a path means.

use std::{collections::HashMap, sync::LazyLock};

use percent_encoding::percent_decode_str;

use crate::{
    accounts,
    route::{Resource, RouteInfo},
    site, v2,
};

/// Every resource of this door, in the order of `describe/`.
pub(crate) static RESOURCES: LazyLock<Vec<&'static Resource>> = LazyLock::new(|| {
    let mut resources: Vec<&'static Resource> = v2::RESOURCES.to_vec();
    resources.sort_by_key(|resource| resource.name);
    resources.extend(accounts::RESOURCES);
    resources.extend(site::RESOURCES);
    resources
});

static ROUTES: LazyLock<Vec<RouteInfo>> = LazyLock::new(|| {
    let rows = RESOURCES.iter().flat_map(|resource| resource.routes.iter().map(move |route| (resource, route)));
    rows.map(|(resource, route)| RouteInfo {
        resource: resource.name,
        path: resource.path,
        method: route.verb.as_str(),
        op: route.op,
        access: route.access,
        params: route.params,
        title: route.title,
        text: route.text,
    })
    .collect()
});

/// Every route there is: for documentation, and for the test that calls each as everybody.
pub fn routes() -> &'static [RouteInfo] {
    &ROUTES
}

/// What a path means.
pub(crate) struct Found {
    pub(crate) resource: &'static Resource,
    pub(crate) vars: Vec<String>,
    /// From `<path>op-<name>`.
    pub(crate) op: Option<String>,
}

/// Paths without variables by hashing, the few others one after the other.
static EXACT: LazyLock<HashMap<&'static str, &'static Resource>> = LazyLock::new(|| {
    let spelled = RESOURCES.iter().copied().flat_map(|resource| {
        std::iter::once(resource.path).chain(resource.aliases.iter().copied()).map(move |path| (path, resource))
    });
    spelled.filter(|(path, _)| !path.contains('{')).collect()
});

static TEMPLATES: LazyLock<Vec<&'static Resource>> =
    LazyLock::new(|| RESOURCES.iter().copied().filter(|resource| resource.path.contains('{')).collect());

/// Finds the resource of a path; operations may be named at its end.
pub(crate) fn find(path: &str) -> Option<Found> {
    find_resource(path).or_else(|| {
        let (before, op) = path.rsplit_once("/op-").filter(|(_, op)| !op.is_empty() && !op.contains('/'))?;
        let found = find_resource(&format!("{before}/")).filter(|found| found.resource.is_api())?;
        Some(Found { op: Some(op.to_owned()), ..found })
    })
}

fn find_resource(path: &str) -> Option<Found> {
    if let Some(resource) = EXACT.get(path) {
        return Some(Found { resource, vars: Vec::new(), op: None });
    }
    TEMPLATES.iter().find_map(|resource| {
        let vars = match_template(resource.path, path)?;
        Some(Found { resource, vars, op: None })
    })
}

/// The decoded variables, if the path has this shape.
fn match_template(template: &str, path: &str) -> Option<Vec<String>> {
    let mut vars = Vec::new();
    let mut rest = path;
    for part in template.split_inclusive('/') {
        if part == "{*rest}" {
            return Some(vars);
        }
        let (segment, after) = match rest.find('/') {
            Some(at) => rest.split_at(at + 1),
            None => (rest, ""),
        };
        if part.starts_with('{') {
            let value = segment.strip_suffix('/').filter(|value| !value.is_empty())?;
            let value = percent_decode_str(value).decode_utf8().ok().filter(|value| !value.contains('\0'))?;
            vars.push(value.into_owned());
        } else if part != segment {
            return None;
        }
        rest = after;
    }
    rest.is_empty().then_some(vars)
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::{find, match_template, routes};
    use crate::route::Access;

    #[test]
    fn templates_match_whole_paths() {
        let users = "/MAAS/api/2.0/users/{username}/";
        assert_eq!(match_template(users, "/MAAS/api/2.0/users/b%40c/"), Some(vec!["b@c".to_owned()]));
        for path in
            ["/MAAS/api/2.0/users/", "/MAAS/api/2.0/users/b", "/MAAS/api/2.0/users//", "/MAAS/api/2.0/users/a/b/"]
        {
            assert_eq!(match_template(users, path), None, "{path}");
        }
        assert_eq!(match_template("/MAAS/api/1.0/{*rest}", "/MAAS/api/1.0/"), Some(vec![]));
        assert_eq!(match_template("/MAAS/api/1.0/{*rest}", "/MAAS/api/1.0/a/b"), Some(vec![]));
        assert_eq!(match_template(users, "/MAAS/api/2.0/users/%ff/"), None);
    }

    #[test]
    fn operations_may_be_in_the_path() {
        let found = find("/MAAS/api/2.0/users/op-whoami").unwrap();
        assert_eq!((found.resource.name, found.op.as_deref()), ("UsersHandler", Some("whoami")));
        let found = find("/MAAS/api/2.0/users/bob/op-edit").unwrap();
        assert_eq!((found.resource.name, found.op.as_deref()), ("UserHandler", Some("edit")));
        assert!(find("/MAAS/api/2.0/nowhere/op-x").is_none());
    }

    #[test]
    fn no_row_is_there_twice_and_all_are_found() {
        let mut seen = HashSet::new();
        for row in routes() {
            assert!(seen.insert((row.path, row.method, row.op)), "{} {} {:?}", row.method, row.path, row.op);
            let path = row.path.replace("{username}", "bob").replace("{id}", "1").replace("{*rest}", "x");
            let path = path.replace("{system_id}", "4y3h7n").replace("{name}", "web");
            assert_eq!(find(&path).map(|found| found.resource.path), Some(row.path));
        }
    }

    #[test]
    fn old_command_lines_can_print_every_title() {
        for row in routes() {
            assert!(!row.title.contains('%') && !row.title.contains('\n'), "{}", row.title);
            assert!(!row.title.is_empty(), "{} {}", row.method, row.path);
        }
    }

    #[test]
    fn little_that_is_described_is_open() {
        let open = routes().iter().filter(|row| !row.resource.is_empty());
        let open = open.filter(|row| matches!(row.access, Access::Public | Access::Anyone));
        let open: Vec<_> =
            open.map(|row| format!("{} {} {}", row.resource, row.method, row.op.unwrap_or("-"))).collect();
        let expected = [
            "MachinesHandler POST -",
            "MachinesHandler GET is_registered",
            "NodesHandler GET is_registered",
            "VersionHandler GET -",
        ];
        assert_eq!(open, expected);
    }
}
