//! `tokens/`: the caller's bearer tokens, with an end and a scope.

use std::time::Duration;

use maas_authz::Action;
use maas_model::{Timestamp, TokenId, TokenScope};
use maas_region::{
    Error, detach,
    tokens::{self, TokenParams},
};
use maas_wire::NewToken;

use super::view;
use crate::{
    call::Call,
    error::ApiError,
    reply::{self, Reply},
    route::{Access, Param, Resource, Route, Verb},
};

/// How long a token lives when nobody says.
const DEFAULT_DAYS: u64 = 90;

pub(crate) const TOKENS: Resource = Resource {
    name: "TokensHandler",
    path: "/MAAS/api/2.0/tokens/",
    doc: "Manage your tokens for `Authorization: Bearer`.",
    routes: &[
        Route {
            verb: Verb::Get,
            op: None,
            access: Access::SignedIn,
            title: "List your tokens",
            text: "The newest first, without their values.",
            params: &[],
            handler: |call| Box::pin(list(call)),
        },
        Route {
            verb: Verb::Post,
            op: None,
            access: Access::Can(Action::EditOwn),
            title: "Create a token",
            text: "The value is in this answer and never shown again.",
            params: &[
                Param::required("name", "What the token is for."),
                Param::optional("scope", "read-only (the default) or all."),
                Param::optional("expires", "When it ends: RFC 3339, a date, or days such as 30d; 90d if not given."),
                Param::optional("role", "A role: of your rights the token holds only what this role has too."),
                Param::optional("pools", "Pools by name, with commas between them: outside of them it holds nothing."),
                Param::optional("networks", "Networks such as 192.0.2.0/24, with commas: from where it may be used."),
            ],
            handler: |call| Box::pin(create(call)),
        },
    ],
    ..Resource::DEFAULT
};

pub(crate) const TOKEN: Resource = Resource {
    name: "TokenHandler",
    path: "/MAAS/api/2.0/tokens/{id}/",
    doc: "Manage one token.",
    routes: &[Route {
        verb: Verb::Delete,
        op: None,
        access: Access::Can(Action::EditOwn),
        title: "Delete a token",
        text: "Whoever uses it is signed out at once.",
        params: &[],
        handler: |call| Box::pin(delete(call)),
    }],
    ..Resource::DEFAULT
};

async fn list(call: Call) -> Result<Reply, ApiError> {
    let tokens = tokens::list(call.region(), &call.ctx).await?;
    Ok(reply::json(&tokens.iter().map(view::token).collect::<Vec<_>>()))
}

async fn create(call: Call) -> Result<Reply, ApiError> {
    let name = call.form.field("name")?.to_owned();
    let scope = call.form.filled("scope").map_or(Ok(TokenScope::ReadOnly), str::parse);
    let scope = scope.map_err(|line| Error::field("scope", line))?;
    let expires = end(call.form.filled("expires"), call.ctx.clock.now());
    let expires = expires.ok_or_else(|| Error::field("expires", "Enter a valid date/time, or days such as 30d."))?;
    let params = TokenParams {
        role: call.form.filled("role").map(str::to_owned),
        pools: call.form.words("pools").filter(|names| !names.is_empty()),
        networks: call.form.words("networks").unwrap_or_default(),
        ..TokenParams::new(&name, scope, expires)
    };
    let (region, ctx) = call.owned();
    let new = detach(&call.ctx, async move { tokens::create(&region, &ctx, &params).await }).await?;
    Ok(reply::created(&NewToken { token: view::token(&new.token), value: new.value.expose().clone() }))
}

pub(super) fn end(text: Option<&str>, now: Timestamp) -> Option<Timestamp> {
    let days = |days: u64| now.plus(Duration::from_secs(days.saturating_mul(86_400)));
    match text {
        None => Some(days(DEFAULT_DAYS)),
        Some(text) => match text.strip_suffix('d') {
            Some(number) => number.parse().ok().map(days),
            None => Timestamp::parse(text),
        },
    }
}

async fn delete(call: Call) -> Result<Reply, ApiError> {
    let id: TokenId = call.id("Token")?;
    let (region, ctx) = call.owned();
    detach(&call.ctx, async move { tokens::revoke(&region, &ctx, id).await }).await?;
    Ok(reply::no_content())
}

#[cfg(test)]
mod tests {
    use maas_model::Timestamp;

    use super::end;

    #[test]
    fn an_end_is_a_date_or_a_number_of_days() {
        let now = Timestamp::from_secs(86_400);
        assert_eq!(end(Some("2d"), now), Some(Timestamp::from_secs(3 * 86_400)));
        assert_eq!(end(Some("1970-01-03"), now), Some(Timestamp::from_secs(2 * 86_400)));
        assert_eq!(end(None, now), Some(Timestamp::from_secs(91 * 86_400)));
        assert_eq!(end(Some("soon"), now), None);
        assert_eq!(end(Some("99999999999999999999d"), now), None);
    }
}
