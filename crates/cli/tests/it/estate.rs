//! A site with pools, people of every role, and machines that can be put into any state between two questions.

use maas_testkit::{Account, Api, Auth, Database, Options, PASSWORD, Session, Site};
use sqlx::{AnyConnection, AssertSqlSafe, Connection};

use crate::MAAS;

/// The pool in which the machines are.
pub(crate) const POOL: &str = "red";
/// A pool on which the operator has the same role.
pub(crate) const SECOND_POOL: &str = "green";
/// A pool on which only the stranger has a role.
pub(crate) const OTHER_POOL: &str = "blue";

/// The numbers of statuses, as API 2.0 shows them.
pub(crate) mod status {
    pub(crate) const NEW: i64 = 0;
    pub(crate) const READY: i64 = 4;
    pub(crate) const DEPLOYED: i64 = 6;
    pub(crate) const BROKEN: i64 = 8;
    pub(crate) const DEPLOYING: i64 = 9;
    pub(crate) const ALLOCATED: i64 = 10;
    pub(crate) const RESCUE_MODE: i64 = 16;
    pub(crate) const FAILED_TESTING: i64 = 22;
}

/// Somebody, with everything they could show.
#[derive(Clone, Debug)]
pub(crate) struct Person {
    pub(crate) name: &'static str,
    pub(crate) account: Account,
    pub(crate) session: Session,
}

/// The site. Operators and users have their role on the pool `red`; nobody has a role on the whole site but the
/// administrators.
pub(crate) struct Estate {
    pub(crate) site: Site,
    pub(crate) admin: Api,
    pub(crate) people: Vec<Person>,
    connection: AnyConnection,
}

/// A role, and the pools on which it is held.
type Held = (&'static str, &'static [&'static str]);

/// Everybody's name, and what they hold.
const PEOPLE: [(&str, Option<Held>); 7] = [
    ("ada", None),
    ("olga", Some(("operator", &[POOL, SECOND_POOL]))),
    ("uma", Some(("user", &[POOL]))),
    ("otto", Some(("user", &[POOL]))),
    ("aude", Some(("auditor", &[POOL]))),
    ("stan", Some(("operator", &[OTHER_POOL]))),
    ("nora", None),
];

impl Estate {
    /// A new one, on this database.
    pub(crate) async fn new(database: Database) -> Self {
        Self::with(Options { database, ..Options::default() }).await
    }

    pub(crate) async fn with(options: Options) -> Self {
        let site = Site::with(MAAS, options);
        let admin = site.admin().await;
        for pool in [POOL, SECOND_POOL, OTHER_POOL] {
            admin.post("resourcepools/", &[("name", pool)]).await.ok();
        }
        close_to_everybody(&admin).await;
        let mut people = Vec::new();
        for (name, held) in PEOPLE {
            let account = admin.create_user(name, name == "ada").await;
            if let Some((role, pools)) = held {
                for pool in pools {
                    bind(&admin, role, name, Some(pool)).await;
                }
            }
            let session = admin.log_in(name, PASSWORD).await;
            // Nobody is led to the introduction any more.
            admin.speaking_as(Auth::Session(session.clone())).post("/MAAS/r/intro/skip", &[]).await.expect(303);
            people.push(Person { name, account, session });
        }
        sqlx::any::install_default_drivers();
        let connection = AnyConnection::connect(&site.database_url()).await.unwrap();
        Self { site, admin, people, connection }
    }

    pub(crate) fn person(&self, name: &str) -> &Person {
        self.people.iter().find(|person| person.name == name).unwrap_or_else(|| panic!("nobody is called {name}"))
    }

    /// The API as somebody, by their key.
    pub(crate) fn api(&self, name: &str) -> Api {
        self.admin.speaking_as(Auth::Key(self.person(name).account.key.clone()))
    }

    /// The pages as somebody, by their session.
    pub(crate) fn pages(&self, name: &str) -> Api {
        self.admin.speaking_as(Auth::Session(self.person(name).session.clone()))
    }

    /// A new machine, and its system id.
    pub(crate) async fn machine(&self, hostname: &str, pool: &str) -> String {
        static COUNT: std::sync::atomic::AtomicU32 = std::sync::atomic::AtomicU32::new(1);
        let count = COUNT.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        let mac = format!("52:54:00:{:02x}:{:02x}:{:02x}", count >> 16, count >> 8 & 0xff, count & 0xff);
        let form = [
            ("hostname", hostname),
            ("pool", pool),
            ("mac_addresses", &mac),
            ("architecture", "amd64/generic"),
            ("power_type", "manual"),
            ("commission", "false"),
        ];
        let made = self.admin.post("machines/", &form).await.ok().json();
        made["system_id"].as_str().expect("a machine has a system id").to_owned()
    }

    /// Puts a machine into a state, past everything that would forbid it.
    pub(crate) async fn put(&mut self, machine: &str, status: i64, owner: Option<&str>, is_locked: bool) {
        let owner = owner.map_or("null".to_owned(), |owner| {
            format!("(select user_id from user_account where username = '{owner}')")
        });
        let is_locked = i64::from(is_locked);
        self.sql(&format!(
            "update node set status = {status}, previous_status = 4, owner_id = {owner}, is_locked = {is_locked},
             is_commissioned = 1, status_expires_us = null,
             pool_id = (select pool_id from resource_pool where name = '{POOL}') where system_id = '{machine}'"
        ))
        .await;
    }

    pub(crate) async fn sql(&mut self, text: &str) {
        sqlx::raw_sql(AssertSqlSafe(text.to_owned())).execute(&mut self.connection).await.unwrap();
    }
}

/// Takes away what new users get on the whole site.
pub(crate) async fn close_to_everybody(admin: &Api) {
    let bindings = admin.get("role-bindings/").await.ok().json();
    let of_users = bindings.as_array().unwrap().iter().find(|binding| binding["group"] == "Users");
    let id = &of_users.expect("new users get a role at first")["id"];
    admin.delete(&format!("role-bindings/{id}/")).await.expect(204);
}

/// Gives a role to a user; on the whole site without a pool. Its id.
pub(crate) async fn bind(admin: &Api, role: &str, user: &str, pool: Option<&str>) -> i64 {
    let mut form = vec![("role", role), ("user", user)];
    form.extend(pool.map(|pool| ("pool", pool)));
    admin.post("role-bindings/", &form).await.ok().json()["id"].as_i64().expect("a binding has an id")
}
