//! A second look at who asks, for requests that go on after they were let in: a body may come slowly, and what it is sent
//! with may be revoked meanwhile.

use std::sync::Arc;

use maas_authz::{Actor, AuthMethod, OpCtx, UserActor};
use maas_model::UserId;
use maas_store::{api_key, session, token};

use crate::{Region, Result, access};

/// Looks again if anything was changed since `change`, which is [`Region::change_count`] as it was before the request was
/// authenticated: rights become those of now, and nobody is left of somebody whose session, key or token has ended.
///
/// # Errors
/// `Unavailable`, `Internal`.
pub async fn renew(region: &Region, ctx: &mut OpCtx, change: u64) -> Result<()> {
    if region.change_count() == change {
        return Ok(());
    }
    let Actor::User(known) = &ctx.actor else { return Ok(()) };
    let (method, now) = (known.method, region.clock().now().micros());
    let mut reader = region.store().reader().await?;
    let owner = match method {
        AuthMethod::Session(id) => session::owner(&mut reader, id, now).await?,
        AuthMethod::ApiKey(id) => api_key::owner(&mut reader, id, now).await?,
        AuthMethod::Token(id, _) => token::owner(&mut reader, id, now).await?,
        // Such a context does not outlive the request that brought the password.
        AuthMethod::Password => return Ok(()),
    };
    ctx.actor = match owner.filter(|owner| owner.is_active == 1) {
        None => Actor::Anonymous,
        Some(owner) => {
            let id = UserId(owner.user_id);
            let held = access::load(region, &mut reader, id, method).await?;
            if held.is_for(ctx.request.ip) {
                Actor::User(UserActor { id, username: owner.username, access: Arc::new(held.access), method })
            } else {
                Actor::Anonymous
            }
        }
    };
    Ok(())
}

#[cfg(test)]
mod tests {
    use maas_model::Role;
    use maas_store::testing::request;

    use super::*;
    use crate::{
        auth::{Credentials, authenticate},
        testing::with_region,
        tokens,
        users::{self, EditUser},
    };

    #[tokio::test]
    async fn what_was_revoked_meanwhile_counts_no_more() {
        with_region(async |site| {
            let (region, admin, bob) = (&site.region, site.ctx("admin").await, site.ctx("bob").await);
            let ends = site.db.clock.now().plus(std::time::Duration::from_secs(3600));
            let new = tokens::create(region, &bob, &tokens::TokenParams::new("ci", maas_model::TokenScope::All, ends))
                .await
                .unwrap();
            let change = region.change_count();
            let credentials = Some(Credentials::Bearer(new.value.clone()));
            let entered = authenticate(region, credentials, request()).await.unwrap();
            let again = async || {
                let mut ctx = entered.clone();
                renew(region, &mut ctx, change).await.unwrap();
                ctx.actor
            };
            assert_eq!(again().await, entered.actor);
            let promote = EditUser { role: Some(Role::Administrator), ..EditUser::default() };
            users::edit(region, &admin, "bob", promote).await.unwrap();
            assert_eq!(again().await.user().unwrap().role(), Role::Administrator);
            let set_active = |is_active| EditUser { is_active: Some(is_active), ..EditUser::default() };
            users::edit(region, &admin, "bob", set_active(false)).await.unwrap();
            assert_eq!(again().await, Actor::Anonymous);
            users::edit(region, &admin, "bob", set_active(true)).await.unwrap();
            assert_eq!(again().await.label(), "bob");
            tokens::revoke(region, &bob, new.token.id).await.unwrap();
            assert_eq!(again().await, Actor::Anonymous);
        })
        .await;
    }
}
