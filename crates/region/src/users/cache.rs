//! Users that were read already, for one value of the change counter: who asks `whoami` a thousand times a second costs
//! no SQL.

use std::{
    collections::HashMap,
    sync::{PoisonError, RwLock},
};

use maas_model::UserId;

use super::User;

/// Users by id.
#[derive(Default)]
pub(crate) struct Users(RwLock<(u64, HashMap<UserId, User>)>);

impl Users {
    pub(crate) fn find(&self, change: u64, id: UserId) -> Option<User> {
        let known = self.0.read().unwrap_or_else(PoisonError::into_inner);
        if known.0 == change { known.1.get(&id).cloned() } else { None }
    }

    /// Remembers a user who was read at `change` or later.
    pub(crate) fn insert(&self, change: u64, user: User) {
        let mut known = self.0.write().unwrap_or_else(PoisonError::into_inner);
        if known.0 > change {
            return;
        }
        if known.0 < change || known.1.len() >= MOST {
            known.1.clear();
            known.0 = change;
        }
        known.1.insert(user.id, user);
    }
}

const MOST: usize = 10_000;
