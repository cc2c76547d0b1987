//! `maas access`: who may do what, and why.

use std::fmt::Write;

use maas_authz::Matrix;
use maas_region::access::explain::{self, Explanation};
use serde_json::json;

use super::{open, place::Place};
use crate::{
    args::{AccessArgs, AccessCommand, MatrixFormat, PlaceArgs},
    failure::Failure,
    out,
};

/// Runs it.
///
/// # Errors
/// No site here, no such user, action or object.
pub(crate) async fn run(args: AccessArgs) -> Result<(), Failure> {
    match args.command {
        AccessCommand::Explain { place, user, action, object, json } => {
            let (region, ctx) = site(&place).await?;
            let found = explain::explain(&region, &ctx, &user, &action, object.as_deref()).await?;
            if json { out::data(as_json(&found)) } else { out::raw(text(&found)) }
        }
        AccessCommand::WhoCan { place, action, object } => {
            let (region, ctx) = site(&place).await?;
            for name in explain::who_can(&region, &ctx, &action, object.as_deref()).await? {
                out::data(name);
            }
        }
        AccessCommand::Matrix { format } => print_matrix(format)?,
    }
    Ok(())
}

async fn site(place: &PlaceArgs) -> Result<(maas_region::Region, maas_authz::OpCtx), Failure> {
    let place = Place::resolve(place.data_dir.as_deref())?;
    open::open(&place, "access").await
}

fn print_matrix(format: MatrixFormat) -> Result<(), Failure> {
    let matrix = Matrix::builtin();
    match format {
        MatrixFormat::Table => out::raw(matrix.text()),
        MatrixFormat::Markdown => out::raw(matrix.markdown()),
        MatrixFormat::Json => {
            out::data(serde_json::to_string_pretty(&matrix).map_err(|error| Failure::failed(error.to_string()))?);
        }
    }
    Ok(())
}

fn text(found: &Explanation) -> String {
    let answer = if found.is_allowed { "yes" } else { "no" };
    let mut out = format!("{answer}: {} {} on {}\n", found.username, found.action, found.object);
    let _ = writeln!(out, "rule      {}", found.rule);
    for (name, lines) in [("roles", &found.bindings), ("needed", &found.needed), ("can help", &found.who_can_grant)] {
        if !lines.is_empty() {
            let _ = writeln!(out, "{name:<9} {}", lines.join("\n          "));
        }
    }
    out
}

fn as_json(found: &Explanation) -> String {
    let value = json!({
        "user": found.username,
        "action": found.action,
        "object": found.object,
        "allowed": found.is_allowed,
        "hidden": found.is_hidden,
        "rule": found.rule,
        "bindings": found.bindings,
        "needed": found.needed,
        "who_can_grant": found.who_can_grant,
    });
    format!("{value:#}")
}

#[cfg(test)]
mod tests {
    use expect_test::expect;
    use maas_region::access::explain::Explanation;

    use super::text;

    #[test]
    fn an_explanation_is_read_from_the_top() {
        let found = Explanation {
            username: "bob".into(),
            action: "deploy".into(),
            object: "machine abc123".into(),
            is_allowed: false,
            is_hidden: false,
            rule: "None of the roles held on pool 'web' includes `can_deploy_machines`.".into(),
            bindings: vec!["role 'auditor' on pool 'web'".into()],
            needed: vec!["`can_edit_machines` on pool 'web'".into()],
            who_can_grant: vec!["admin".into(), "eve".into()],
        };
        expect![[r"
            no: bob deploy on machine abc123
            rule      None of the roles held on pool 'web' includes `can_deploy_machines`.
            roles     role 'auditor' on pool 'web'
            needed    `can_edit_machines` on pool 'web'
            can help  admin
                      eve
        "]]
        .assert_eq(&text(&found));
    }
}
