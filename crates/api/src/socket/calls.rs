//! The calls that a page makes over its socket.

mod machine;
mod place;

use maas_authz::OpCtx;
use maas_model::{NotificationId, Timestamp};
use maas_region::{Error, Region, notifications, tls, users};
use maas_wire::{
    socket::{Request, Response},
    version::API_VERSION,
};
use serde_json::{Value, json};
use tokio::time::timeout;

use crate::{error, limits};

/// The answer to one call.
pub(super) async fn answer(region: &Region, ctx: &OpCtx, request: Request) -> Response {
    let work = dispatch(region, ctx, &request.method, &request.params);
    match timeout(limits::REQUEST_TIME, work).await {
        Ok(Ok(result)) => Response::ok(request.request_id, result),
        Ok(Err(failure)) => Response::failed(request.request_id, told(&failure)),
        Err(_) => Response::failed(request.request_id, "The call took too long.".into()),
    }
}

/// A failure in one line; our own faults are for the log.
fn line(failure: &Error) -> String {
    match told(failure) {
        Value::String(line) => line,
        _ => failure.to_string(),
    }
}

/// Messages by field as they are, anything else as one line; our own faults are for the log.
fn told(failure: &Error) -> Value {
    match failure {
        Error::Invalid(fields) => json!(fields),
        Error::Internal(_) => {
            tracing::error!(error.chain = %error::chain(failure), "a call over a WebSocket failed");
            failure.to_string().into()
        }
        other => other.to_string().into(),
    }
}

async fn dispatch(region: &Region, ctx: &OpCtx, method: &str, params: &Value) -> Result<Value, Error> {
    match method {
        "general.version" => Ok(API_VERSION.into()),
        "general.tls_certificate" => certificate(region, ctx).await,
        "user.auth_user" => auth_user(region, ctx).await,
        "notification.list" => {
            let notices = notifications::list(region, ctx).await?;
            Ok(notices.iter().map(notice).collect())
        }
        "notification.dismiss" => {
            let id = params.get("id").and_then(Value::as_i64);
            let id = id.ok_or_else(|| Error::field("id", "This field is required."))?;
            notifications::dismiss(region, ctx, NotificationId(id)).await.map(|()| Value::Null)
        }
        other => match other.split_once('.').map_or("", |(handler, _)| handler) {
            "machine" => machine::dispatch(region, ctx, other, params).await,
            _ => place::dispatch(region, ctx, other, params).await,
        }
        .unwrap_or_else(|| Err(Error::BadRequest(format!("Unknown method: {other}")))),
    }
}

async fn certificate(region: &Region, ctx: &OpCtx) -> Result<Value, Error> {
    let status = tls::status(region, ctx).await?;
    Ok(status.certificate.map_or(Value::Null, |info| {
        json!({
            "CN": info.common_name,
            "certificate": info.pem,
            "expiration": info.not_after.event_format(),
            "fingerprint": info.sha256,
        })
    }))
}

async fn auth_user(region: &Region, ctx: &OpCtx) -> Result<Value, Error> {
    let user = users::whoami(region, ctx).await?;
    Ok(json!({
        "id": user.id,
        "username": user.username,
        "last_name": user.full_name,
        "email": user.email,
        "is_superuser": user.role.is_superuser(),
        "role": user.role.as_str(),
        "is_local": user.is_local,
        "completed_intro": user.completed_intro,
        "last_login": user.last_login_at.map(Timestamp::iso),
        "sshkeys_count": user.ssh_key_count,
    }))
}

fn notice(notice: &notifications::Notification) -> Value {
    json!({
        "id": notice.id,
        "ident": notice.ident,
        "user": notice.user.as_ref().map(|user| user.id),
        "users": notice.for_users,
        "admins": notice.for_admins,
        "message": notice.text(),
        "category": notice.category.as_str(),
        "dismissable": notice.is_dismissable,
        "created": notice.created_at.iso(),
        "updated": notice.updated_at.iso(),
    })
}
