//! One's own API keys (three parts, for MAAS's clients) and tokens (one part, for `Authorization: Bearer`).

use std::time::Duration;

use askama::Template;
use axum::extract::Path;
use maas_authz::role::BUILTIN;
use maas_model::{Timestamp, TokenId, TokenScope};
use maas_region::{
    Error,
    keys::{self, ApiKey},
    pools, roles,
    tokens::{self, Token, TokenParams},
};

use crate::{
    answer::{Answer, Failure},
    cookies::Flash,
    form::{Choice, Field, FormErrors, FormView, Kind, Tick},
    input::Input,
    preferences::password::FormPage,
    shell::Shell,
    text::{self, When},
    visit::Visit,
};

/// The page.
#[derive(Template)]
#[template(path = "preferences/api_keys.html")]
pub(crate) struct ApiKeysPage {
    pub(crate) shell: Shell,
    /// A value just made: what it is, and the value. Shown here once and never again.
    pub(crate) made: Option<(String, String)>,
    pub(crate) keys: Vec<KeyRow>,
    pub(crate) tokens: Vec<TokenRow>,
    pub(crate) new_key: FormView,
    pub(crate) new_token: FormView,
}

/// An API key in the table.
pub(crate) struct KeyRow {
    pub(crate) name: String,
    pub(crate) path: String,
    pub(crate) shown: String,
    pub(crate) made: When,
    pub(crate) used: Option<When>,
    pub(crate) ip: String,
    pub(crate) ends: Option<When>,
    pub(crate) is_over: bool,
}

/// A token in the table.
pub(crate) struct TokenRow {
    pub(crate) id: i64,
    pub(crate) name: String,
    pub(crate) prefix: String,
    pub(crate) scope: &'static str,
    pub(crate) limits: Vec<String>,
    pub(crate) made: When,
    pub(crate) used: Option<When>,
    pub(crate) ip: String,
    pub(crate) ends: When,
    pub(crate) is_over: bool,
}

/// `GET /MAAS/r/preferences/api-keys`, and `GET /MAAS/r/preferences/tokens`, since a new token is shown at that address
pub(crate) async fn list(visit: Visit) -> Answer {
    let page = page(&visit, None, &Input::default(), &FormErrors::default(), &FormErrors::default()).await?;
    visit.page(&page)
}

/// `POST /MAAS/r/preferences/api-keys`
pub(crate) async fn create_key(visit: Visit, input: Input) -> Answer {
    let name = input.given("name").map(str::to_owned);
    let made = match end_of_day(input.text("key_expires_at"), "key_expires_at") {
        Ok(end) => {
            visit.run(|region, ctx| async move { keys::create(&region, &ctx, name.as_deref(), end).await }).await
        }
        Err(error) => Err(error),
    };
    let none = FormErrors::default();
    match made {
        Ok(new) => {
            let shown = (format!("API key {}", new.key.name), new.text().expose().clone());
            let page = page(&visit, Some(shown), &Input::default(), &none, &none).await?;
            visit.page(&page)
        }
        Err(error) => {
            let errors = renamed(FormErrors::from_error(error)?, "expires_at", "key_expires_at");
            let page = page(&visit, None, &input, &errors, &none).await?;
            visit.again(&page)
        }
    }
}

/// `POST /MAAS/r/preferences/tokens`
pub(crate) async fn create_token(visit: Visit, input: Input) -> Answer {
    let name = input.text("token_name").to_owned();
    let role = input.given("role").map(str::to_owned);
    let pools = Some(input.all("pools")).filter(|pools| !pools.is_empty());
    let networks = input.text("networks").split([',', ' ']).filter(|word| !word.is_empty());
    let networks: Vec<String> = networks.map(str::to_owned).collect();
    let scope = input.text("scope").parse::<TokenScope>().map_err(|why| Error::field("scope", why));
    let end = end_of_day(input.text("expires_at"), "expires_at")
        .and_then(|end| end.ok_or_else(|| Error::field("expires_at", "Choose the last day on which it works.")));
    let made = match (scope, end) {
        (Ok(scope), Ok(end)) => {
            visit
                .run(|region, ctx| async move {
                    let params = TokenParams { role, pools, networks, ..TokenParams::new(&name, scope, end) };
                    tokens::create(&region, &ctx, &params).await
                })
                .await
        }
        (Err(error), _) | (_, Err(error)) => Err(error),
    };
    let none = FormErrors::default();
    match made {
        Ok(new) => {
            let shown = (format!("token {}", new.token.name), new.value.expose().clone());
            let page = page(&visit, Some(shown), &Input::default(), &none, &none).await?;
            visit.page(&page)
        }
        Err(error) => {
            let errors = renamed(FormErrors::from_error(error)?, "name", "token_name");
            let page = page(&visit, None, &input, &none, &errors).await?;
            visit.again(&page)
        }
    }
}

/// `GET /MAAS/r/preferences/api-keys/{key}/delete`
pub(crate) async fn confirm_delete_key(visit: Visit, Path(key): Path<String>) -> Answer {
    let found = own_key(&visit, &key).await?;
    let shell = visit.preferences_shell("api-keys", "Delete API key").await.under("API keys", HERE);
    let action = format!("{HERE}/{}/delete", text::segment(&key));
    let page = FormPage {
        form: FormView::new("delete", &shell.csrf, action, "Delete API key").danger().cancel(HERE),
        lead: vec![format!("Delete the API key {}? Whatever uses it stops working at once.", found.name)],
        shell,
    };
    visit.page(&page)
}

/// `POST /MAAS/r/preferences/api-keys/{key}/delete`
pub(crate) async fn delete_key(visit: Visit, Path(key): Path<String>) -> Answer {
    visit.run(|region, ctx| async move { keys::delete(&region, &ctx, &key).await }).await?;
    visit.redirect(HERE, &Flash::good("Deleted the API key."))
}

/// `GET /MAAS/r/preferences/api-keys/{key}/rename`
pub(crate) async fn show_rename(visit: Visit, Path(key): Path<String>) -> Answer {
    let found = own_key(&visit, &key).await?;
    let page = rename_page(&visit, &key, &found.name, &FormErrors::default()).await;
    visit.page(&page)
}

/// `POST /MAAS/r/preferences/api-keys/{key}/rename`
pub(crate) async fn rename(visit: Visit, Path(key): Path<String>, input: Input) -> Answer {
    let (token_key, name) = (key.clone(), input.text("name").to_owned());
    let done = visit.run(|region, ctx| async move { keys::rename(&region, &ctx, &token_key, &name).await }).await;
    match done {
        Ok(()) => visit.redirect(HERE, &Flash::good("Renamed the API key.")),
        Err(error) => {
            let errors = FormErrors::from_error(error)?;
            visit.again(&rename_page(&visit, &key, input.text("name"), &errors).await)
        }
    }
}

/// `GET /MAAS/r/preferences/tokens/{id}/revoke`
pub(crate) async fn confirm_revoke(visit: Visit, Path(id): Path<i64>) -> Answer {
    let all = tokens::list(visit.region(), &visit.ctx).await?;
    let found = all.into_iter().find(|token| token.id.0 == id);
    let token = found.ok_or_else(|| Failure::from(Error::NotFound { what: "token" }))?;
    let shell = visit.preferences_shell("api-keys", "Revoke token").await.under("Tokens", HERE);
    let action = format!("/MAAS/r/preferences/tokens/{id}/revoke");
    let page = FormPage {
        form: FormView::new("revoke", &shell.csrf, action, "Revoke token").danger().cancel(HERE),
        lead: vec![format!(
            "Revoke the token {} ({}…)? Whatever uses it stops working at once.",
            token.name, token.prefix
        )],
        shell,
    };
    visit.page(&page)
}

/// `POST /MAAS/r/preferences/tokens/{id}/revoke`
pub(crate) async fn revoke(visit: Visit, Path(id): Path<i64>) -> Answer {
    visit.run(|region, ctx| async move { tokens::revoke(&region, &ctx, TokenId(id)).await }).await?;
    visit.redirect(HERE, &Flash::good("Revoked the token."))
}

async fn own_key(visit: &Visit, token_key: &str) -> Result<ApiKey, Failure> {
    let all = keys::list(visit.region(), &visit.ctx).await?;
    let found = all.into_iter().find(|key| key.token_key == token_key);
    found.ok_or_else(|| Error::NotFound { what: "API key" }.into())
}

async fn rename_page(visit: &Visit, key: &str, name: &str, errors: &FormErrors) -> FormPage {
    let shell = visit.preferences_shell("api-keys", "Rename API key").await.under("API keys", HERE);
    let action = format!("{HERE}/{}/rename", text::segment(key));
    let form = FormView::new("rename", &shell.csrf, action, "Rename").cancel(HERE);
    let form = form.field(Field::text("name", "Name", name).required()).errors(errors);
    FormPage { shell, lead: Vec::new(), form }
}

async fn page(
    visit: &Visit,
    made: Option<(String, String)>,
    sent: &Input,
    key_errors: &FormErrors,
    token_errors: &FormErrors,
) -> Result<ApiKeysPage, Failure> {
    let (region, now) = (visit.region(), visit.now());
    let keys = keys::list(region, &visit.ctx).await?;
    let tokens = tokens::list(region, &visit.ctx).await?;
    let choices = TokenChoices {
        pools: pools::list(region, &visit.ctx).await?.into_iter().map(|pool| pool.name).collect(),
        // Who may not list roles can still narrow a token to one that is built in.
        roles: match roles::list(region, &visit.ctx).await {
            Ok(roles) => roles.into_iter().map(|role| role.name).collect(),
            Err(_) => BUILTIN.iter().map(|role| role.name.to_owned()).collect(),
        },
    };
    let shell = visit.preferences_shell("api-keys", "API keys and tokens").await;
    Ok(ApiKeysPage {
        made,
        keys: key_rows(&keys, now),
        tokens: token_rows(&tokens, now),
        new_key: key_form(&shell.csrf, sent, now, key_errors),
        new_token: token_form(&shell.csrf, sent, &choices, now, token_errors).quiet(),
        shell,
    })
}

pub(crate) fn key_rows(keys: &[ApiKey], now: Timestamp) -> Vec<KeyRow> {
    let row = |key: &ApiKey| KeyRow {
        name: key.name.clone(),
        path: text::segment(&key.token_key),
        shown: format!("{}:{}:…", key.consumer_key, key.token_key),
        made: When::new(key.created_at, now),
        used: key.last_used_at.map(|at| When::new(at, now)),
        ip: text::address(key.last_used_ip),
        ends: key.expires_at.map(|at| When::new(at, now)),
        is_over: key.expires_at.is_some_and(|at| at <= now),
    };
    keys.iter().map(row).collect()
}

pub(crate) fn token_rows(tokens: &[Token], now: Timestamp) -> Vec<TokenRow> {
    let row = |token: &Token| TokenRow {
        id: token.id.0,
        name: token.name.clone(),
        prefix: token.prefix.clone(),
        scope: token.scope.as_str(),
        limits: limits(token),
        made: When::new(token.created_at, now),
        used: token.last_used_at.map(|at| When::new(at, now)),
        ip: text::address(token.last_used_ip),
        ends: When::new(token.expires_at, now),
        is_over: token.expires_at <= now,
    };
    tokens.iter().map(row).collect()
}

/// To what a token is narrowed besides its scope.
fn limits(token: &Token) -> Vec<String> {
    let role = token.role.as_ref().map(|name| format!("role {name}"));
    let pools = token.pools.as_ref().map(|pools| format!("pools {}", pools.join(", ")));
    let networks: Vec<String> = token.networks.iter().map(ToString::to_string).collect();
    let networks = (!networks.is_empty()).then(|| format!("from {}", networks.join(", ")));
    [role, pools, networks].into_iter().flatten().collect()
}

pub(crate) fn key_form(csrf: &str, sent: &Input, now: Timestamp, errors: &FormErrors) -> FormView {
    FormView::new("new-key", csrf, HERE, "Create API key")
        .field(
            Field::text("name", "Name", sent.text("name"))
                .help("What will use it: a host, a pipeline, a person's laptop."),
        )
        .field(date("key_expires_at", "Works until (may stay empty)", sent.text("key_expires_at"), now, 3650))
        .errors(errors)
}

/// What a token can be narrowed to.
#[derive(Clone, Debug, Default)]
pub(crate) struct TokenChoices {
    pub(crate) roles: Vec<String>,
    pub(crate) pools: Vec<String>,
}

pub(crate) fn token_form(
    csrf: &str,
    sent: &Input,
    choices: &TokenChoices,
    now: Timestamp,
    errors: &FormErrors,
) -> FormView {
    let mut roles = vec![Choice::new("", "All that I hold")];
    roles.extend(choices.roles.iter().map(|name| Choice::new(name.clone(), format!("What role {name} has too"))));
    let wanted = sent.all("pools");
    let tick = |name: &String| Tick { value: name.clone(), label: name.clone(), is_checked: wanted.contains(name) };
    let pools: Vec<Tick> = choices.pools.iter().map(tick).collect();
    let scopes = vec![Choice::new("read-only", "Read only"), Choice::new("all", "All that I may do")];
    let default = now.plus(DAY * 90).iso()[..10].to_owned();
    let end = sent.given("expires_at").map_or(default, str::to_owned);
    FormView::new("new-token", csrf, "/MAAS/r/preferences/tokens", "Create token")
        .field(Field::text("token_name", "Name", sent.text("token_name")).required())
        .field(Field::select("scope", "Scope", scopes, sent.text("scope")))
        .field(date("expires_at", "Works until", &end, now, 365).required().help("At most a year ahead."))
        .field(Field::select("role", "Rights", roles, sent.text("role")).help("A token never holds more than you do."))
        .field(Field::new("pools", "Only on these pools (none means all)", Kind::Ticks(pools)))
        .field(
            Field::text("networks", "Only from these networks (may stay empty)", sent.text("networks"))
                .help("Addresses or networks, by commas: 192.0.2.7, 2001:db8::/32."),
        )
        .errors(errors)
}

fn date(name: &'static str, label: &str, value: &str, now: Timestamp, days: u32) -> Field {
    let day = |at: Timestamp| at.iso()[..10].to_owned();
    let kind = Kind::Date { min: day(now.plus(DAY)), max: day(now.plus(DAY * days)) };
    Field { value: value.to_owned(), ..Field::new(name, label, kind) }
}

/// The last second of a day in UTC; nothing for nothing.
fn end_of_day(text: &str, field: &str) -> Result<Option<Timestamp>, Error> {
    if text.is_empty() {
        return Ok(None);
    }
    let is_day = text.len() == 10;
    let start = Timestamp::parse(text).filter(|_| is_day);
    let start = start.ok_or_else(|| Error::field(field, "Enter a day as YYYY-MM-DD."))?;
    Ok(Some(start.plus(DAY - Duration::from_secs(1))))
}

fn renamed(mut errors: FormErrors, from: &str, to: &str) -> FormErrors {
    if let Some(messages) = errors.0.remove(from) {
        errors.0.entry(to.to_owned()).or_default().extend(messages);
    }
    errors
}

const DAY: Duration = Duration::from_secs(86_400);
const HERE: &str = "/MAAS/r/preferences/api-keys";

#[cfg(test)]
mod tests {
    use super::end_of_day;

    #[test]
    fn a_day_lasts_to_its_end() {
        assert_eq!(end_of_day("2026-08-21", "x").unwrap().unwrap().iso(), "2026-08-21T23:59:59Z");
        assert!(end_of_day("", "x").unwrap().is_none());
        for bad in ["21.8.2026", "2026-13-01", "tomorrow", "2026-08-21T00:00:00Z"] {
            assert!(end_of_day(bad, "x").is_err(), "{bad}");
        }
    }
}
