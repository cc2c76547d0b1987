//! Who carries out what a region cannot do by itself: racks that boot machines. Each that is connected is registered
//! here; while none can do a step, nobody may begin it.

use std::{
    collections::BTreeMap,
    future::Future,
    pin::Pin,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use maas_model::EventType;

use crate::machines::Step;

/// What is to be done to a machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Order {
    pub step: Step,
    pub system_id: String,
    pub hostname: String,
    /// `amd64/generic`, or empty.
    pub architecture: String,
    /// As in API 2.0.
    pub parameters: BTreeMap<String, String>,
}

/// How far an order is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Progress {
    /// It goes on. `news` is told on the machine's page, and gives the step all its time again.
    Running {
        look_again_in: Duration,
        news: Option<(EventType, String)>,
    },
    Passed,
    /// Why, in one line.
    Failed(String),
}

/// A future of a carrier.
pub type Carrying<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// Something that carries out orders. What it is asked twice it must not do twice: a region may die in between.
pub trait Carrier: Send + Sync {
    /// For messages: `rack one`.
    fn name(&self) -> &str;

    /// Whether it could carry this out now.
    ///
    /// # Errors
    /// Why not, in one line.
    fn can(&self, order: &Order) -> Result<(), String>;

    /// Begins with it, or says how far it is.
    fn carry<'a>(&'a self, order: &'a Order) -> Carrying<'a, Progress>;

    /// Stops; an order that it does not know is stopped already.
    fn stop<'a>(&'a self, order: &'a Order) -> Carrying<'a, ()>;
}

/// The carriers that are connected to this region; cheap to clone.
#[derive(Clone, Default)]
pub struct Carriers(Arc<Mutex<Vec<Arc<dyn Carrier>>>>);

/// Registered until this is dropped.
#[must_use = "dropped, the carrier is no longer registered"]
pub struct Registered {
    carriers: Carriers,
    carrier: Arc<dyn Carrier>,
}

impl Carriers {
    /// Takes one up.
    pub fn register(&self, carrier: Arc<dyn Carrier>) -> Registered {
        self.lock().push(carrier.clone());
        Registered { carriers: self.clone(), carrier }
    }

    /// One that can carry this out.
    ///
    /// # Errors
    /// What is missing, in one line.
    pub fn find(&self, order: &Order) -> Result<Arc<dyn Carrier>, String> {
        let all = self.lock().clone();
        let mut reasons = Vec::new();
        for carrier in all {
            match carrier.can(order) {
                Ok(()) => return Ok(carrier),
                Err(why) => reasons.push(format!("{}: {why}", carrier.name())),
            }
        }
        let what = order.step.title();
        Err(if reasons.is_empty() {
            format!("{what} needs a rack controller, and none is connected: connect one, then try again.")
        } else {
            format!("{what} needs a rack controller that can do it: {}.", reasons.join("; "))
        })
    }

    /// Whether there is any.
    pub fn is_any(&self) -> bool {
        !self.lock().is_empty()
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Vec<Arc<dyn Carrier>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Registered {
    fn drop(&mut self) {
        self.carriers.lock().retain(|known| !Arc::ptr_eq(known, &self.carrier));
    }
}
