//! `/MAAS/accounts/` and `/MAAS/account/`: sessions for browsers, and a password traded for an API key.

use http::{HeaderValue, StatusCode, header};
use maas_authz::{Actor, OpCtx};
use maas_model::Secret;
use maas_region::{
    Error,
    auth::{self, NewSession},
    door, keys, tls, users,
};
use maas_wire::{Authenticated, CsrfToken, LoginState};

use crate::{
    asker::count_attempt,
    call::Call,
    error::{self, ApiError},
    reply::{self, Reply},
    route::{Access, Kind, Param, Resource, Route, Verb},
};

const CREDENTIALS: [Param; 2] =
    [Param::required("username", "Who."), Param::required("password", "Their password.").kind(Kind::Secret)];

pub(crate) const RESOURCES: &[&Resource] = &[
    &Resource {
        path: "/MAAS/accounts/login/",
        is_csrf_exempt: true,
        routes: &[
            Route {
                verb: Verb::Get,
                op: None,
                access: Access::Anyone,
                title: "Whether somebody is signed in",
                text: "",
                params: &[],
                handler: |call| Box::pin(login_state(call)),
            },
            Route {
                verb: Verb::Post,
                op: None,
                access: Access::Anyone,
                title: "Sign in",
                text: "Answers 204 and sets the cookies of a session.",
                params: &CREDENTIALS,
                handler: |call| Box::pin(log_in(call)),
            },
        ],
        ..Resource::DEFAULT
    },
    &Resource {
        path: "/MAAS/accounts/logout/",
        routes: &[Route {
            verb: Verb::Post,
            op: None,
            access: Access::Anyone,
            title: "Sign out",
            text: "Ends the session of the cookie.",
            params: &[],
            handler: |call| Box::pin(log_out(call)),
        }],
        ..Resource::DEFAULT
    },
    &Resource {
        path: "/MAAS/accounts/authenticate/",
        is_csrf_exempt: true,
        routes: &[Route {
            verb: Verb::Post,
            op: None,
            access: Access::Anyone,
            title: "Trade a password for an API key",
            text: "Makes a new key; one that was made under the same consumer name before ends.",
            params: &[
                CREDENTIALS[0],
                CREDENTIALS[1],
                Param::optional("consumer", "A name for the key, such as user@host."),
            ],
            handler: |call| Box::pin(authenticate(call)),
        }],
        ..Resource::DEFAULT
    },
    &Resource {
        path: "/MAAS/accounts/reauthenticate/",
        routes: &[Route {
            verb: Verb::Post,
            op: None,
            access: Access::SignedIn,
            title: "Enter the password again",
            text: "What is dangerous asks a session for a password that was entered in the last fifteen minutes; it is \
                refused with the code StepUpRequired until then.",
            params: &[Param::required("password", "Your password.").kind(Kind::Secret)],
            handler: |call| Box::pin(reauthenticate(call)),
        }],
        ..Resource::DEFAULT
    },
    &Resource {
        path: "/MAAS/account/csrf/",
        is_csrf_exempt: true,
        routes: &[Route {
            verb: Verb::Post,
            op: None,
            access: Access::Anyone,
            title: "The CSRF token of this session",
            text: "",
            params: &[],
            handler: |call| Box::pin(csrf(call)),
        }],
        ..Resource::DEFAULT
    },
];

async fn login_state(call: Call) -> Result<Reply, ApiError> {
    let state = LoginState {
        authenticated: call.ctx.actor.user().is_some(),
        external_auth_url: None,
        no_users: users::is_empty(call.region()).await?,
    };
    Ok(uncached(reply::json(&state)))
}

async fn log_in(call: Call) -> Result<Reply, ApiError> {
    if call.session.is_some() && call.ctx.actor.user().is_some() {
        return Ok(reply::no_content());
    }
    let [username, password] = call.form.field_list(["username", "password"])?;
    refuse_in_clear(&call).await?;
    let password = Secret::new(password.to_owned());
    let outcome = auth::log_in(call.region(), call.request(), username, &password).await;
    count(&outcome);
    match outcome {
        Ok(session) => Ok(uncached(with_session(&call, &session))),
        Err(Error::Throttled { retry_after }) => {
            let body = serde_json::json!({"__all__": ["Too many login attempts. Try again later."]});
            Ok(error::later(reply::json_with(StatusCode::TOO_MANY_REQUESTS, &body), retry_after))
        }
        Err(error) => Err(error.into()),
    }
}

fn count<T>(outcome: &Result<T, Error>) {
    match outcome {
        Ok(_) => {
            metrics::counter!("maas_auth_attempts_total", "method" => "password", "outcome" => "success").increment(1)
        }
        Err(error) => count_attempt("password", matches!(error, Error::Throttled { .. })),
    }
}

/// While TLS is on no session begins without it, whatever way the request took to get here.
async fn refuse_in_clear(call: &Call) -> Result<(), ApiError> {
    if call.request().is_secure {
        return Ok(());
    }
    let ctx = OpCtx { actor: Actor::Job("login"), ..call.ctx.clone() };
    if tls::status(call.region(), &ctx).await?.is_enabled {
        return Err(ApiError::Plain(StatusCode::FORBIDDEN, "Sign in over HTTPS: TLS is on.".into()));
    }
    Ok(())
}

fn with_session(call: &Call, session: &NewSession) -> Reply {
    let life = session.expires_at.since(call.ctx.clock.now()).as_secs();
    let ends = session.expires_at.http_date();
    let mut reply = reply::no_content();
    let key = session.session_key.expose();
    set_cookie(call, &mut reply, &format!("{}={key}; HttpOnly; Max-Age={life}; Expires={ends}", door::SESSION_COOKIE));
    let token = &session.csrf_token;
    set_cookie(call, &mut reply, &format!("{}={token}; Max-Age={CSRF_COOKIE_SECONDS}", door::CSRF_COOKIE));
    reply
}

/// A year, as in MAAS.
const CSRF_COOKIE_SECONDS: u32 = 31_449_600;

fn set_cookie(call: &Call, reply: &mut Reply, cookie: &str) {
    let secure = if call.request().is_secure { "; Secure" } else { "" };
    if let Ok(mut value) = HeaderValue::from_str(&format!("{cookie}; Path=/; SameSite=Lax{secure}")) {
        value.set_sensitive(true);
        reply.headers_mut().append(header::SET_COOKIE, value);
    }
}

async fn log_out(call: Call) -> Result<Reply, ApiError> {
    if call.session.is_none() || call.ctx.actor.user().is_none() {
        return Ok(reply::redirect(StatusCode::FOUND, "/MAAS/?next=/MAAS/accounts/logout/"));
    }
    auth::log_out(call.region(), &call.ctx).await?;
    let mut reply = reply::no_content();
    for name in [door::SESSION_COOKIE, door::HOST_SESSION_COOKIE, door::CSRF_COOKIE] {
        set_cookie(&call, &mut reply, &format!("{name}=; Max-Age=0; Expires=Thu, 01 Jan 1970 00:00:00 GMT"));
    }
    Ok(reply)
}

async fn authenticate(call: Call) -> Result<Reply, ApiError> {
    let username = call.form.get("username").unwrap_or_default();
    let password = Secret::new(call.form.owned("password").unwrap_or_default());
    refuse_in_clear(&call).await?;
    let consumer = call.form.filled("consumer");
    let outcome = auth::api_key_for_password(call.region(), call.request(), username, &password, consumer).await;
    count(&outcome);
    match outcome {
        Ok(new) => Ok(uncached(reply::json(&shown_once(&new)))),
        Err(Error::Forbidden(_) | Error::Invalid(_) | Error::Denied(_)) => Ok(reply::empty(StatusCode::FORBIDDEN)),
        Err(error) => Err(error.into()),
    }
}

async fn reauthenticate(call: Call) -> Result<Reply, ApiError> {
    let password = Secret::new(call.form.field("password")?.to_owned());
    let outcome = auth::reauthenticate(call.region(), &call.ctx, &password).await;
    count(&outcome);
    let until = outcome?;
    Ok(uncached(reply::json(&serde_json::json!({ "until": until.iso() }))))
}

fn shown_once(new: &keys::NewApiKey) -> Authenticated {
    Authenticated {
        consumer_key: new.key.consumer_key.clone(),
        name: new.key.name.clone(),
        token_key: new.key.token_key.clone(),
        token_secret: new.token_secret.expose().clone(),
    }
}

async fn csrf(call: Call) -> Result<Reply, ApiError> {
    match &call.session {
        Some(key) if call.ctx.actor.user().is_some() => {
            Ok(uncached(reply::json(&CsrfToken { csrf: auth::csrf_masked(call.region(), key) })))
        }
        _ => Ok(reply::empty(StatusCode::FORBIDDEN)),
    }
}

fn uncached(mut reply: Reply) -> Reply {
    reply.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    reply
}
