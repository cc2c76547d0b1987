//! Redfish: the BMC's own HTTPS service (DMTF DSP0266).

mod system;

use maas_model::Secret;
use reqwest::Url;

use self::system::{System, state_of};
use crate::{
    PowerAction, PowerError, PowerState, Reading, Target,
    action::{Powered, settle},
    address::https_base,
    http::{Http, Login, shown},
};

/// Whether it could be tried with these values.
pub(crate) fn check(target: &Target) -> Result<(), PowerError> {
    Service::new(target).map(drop)
}

pub(crate) async fn query(target: &Target) -> Result<Reading, PowerError> {
    let mut service = Service::open(target).await?;
    let state = service.state().await?;
    Ok(service.reading(state))
}

pub(crate) async fn act(action: PowerAction, target: &Target) -> Result<Reading, PowerError> {
    let mut service = Service::open(target).await?;
    let before = service.state().await?;
    match action {
        PowerAction::On | PowerAction::Cycle => {
            if before == PowerState::On {
                service.off().await?;
            }
            service.boot_from_network().await?;
            service.reset("On").await?;
        }
        PowerAction::Off => {
            if before != PowerState::Off {
                service.off().await?;
            }
            // So that a machine that someone switches on by hand boots from the network too.
            if let Err(error) = service.boot_from_network().await {
                service.http.warnings.push(format!("the next boot's device could not be set: {error}"));
            }
        }
        PowerAction::SoftOff if before == PowerState::Off => {}
        PowerAction::SoftOff => service.reset("GracefulShutdown").await?,
    }
    let state = settle(action, &target.limits, &mut service).await?;
    Ok(service.reading(state))
}

/// A BMC's service and one computer system of it.
struct Service<'a> {
    target: &'a Target,
    http: Http,
    base: Url,
    system: Url,
}

impl<'a> Service<'a> {
    fn new(target: &'a Target) -> Result<Self, PowerError> {
        let parameters = &target.parameters;
        let address = parameters.plain("power_address").ok_or_else(|| settings("power_address", "it is not set"))?;
        let base = https_base(address)?;
        let user = parameters.plain("power_user").ok_or_else(|| settings("power_user", "it is not set"))?.to_owned();
        let password = Secret::new(parameters.secret("power_pass").unwrap_or_default().to_owned());
        let http = Http::new(&[&base], parameters, Login::Basic { user, password }, &target.limits)?;
        let mut system = base.clone();
        system.set_path("/redfish/v1/Systems");
        Ok(Self { target, http, base, system })
    }

    /// Finds the system: the one that `node_id` names, else the first.
    async fn open(target: &'a Target) -> Result<Self, PowerError> {
        let mut service = Self::new(target)?;
        service.system = service.find_system().await?;
        Ok(service)
    }

    async fn find_system(&mut self) -> Result<Url, PowerError> {
        let systems = self.system.clone();
        if let Some(id) = self.target.parameters.plain("node_id") {
            let mut system = systems;
            system.path_segments_mut().expect("an http URL has a path").push(id);
            return Ok(system);
        }
        let (list, _) = self.get::<system::Collection>(&systems).await?;
        if list.members.len() > 1 {
            let many = list.members.len();
            self.http.warnings.push(format!("{} has {many} systems: name one in `node_id`", shown(&systems)));
        }
        match list.members.first() {
            Some(first) => self.link(&first.id),
            None => Err(PowerError::Failed { address: shown(&systems), message: "it has no computer system".into() }),
        }
    }

    async fn off(&mut self) -> Result<(), PowerError> {
        self.reset("ForceOff").await?;
        settle(PowerAction::Off, &self.target.limits, self).await.map(drop)
    }

    /// For one boot.
    async fn boot_from_network(&self) -> Result<(), PowerError> {
        let (system, etag) = self.get::<System>(&self.system).await?;
        let (place, etag) = match system.settings() {
            None => (self.system.clone(), etag),
            Some(path) => {
                let place = self.link(path)?;
                let (_, etag) = self.get::<System>(&place).await?;
                (place, etag)
            }
        };
        let change = serde_json::json!({
            "Boot": { "BootSourceOverrideEnabled": "Once", "BootSourceOverrideTarget": "Pxe" }
        });
        let mut request = self.http.client.patch(place.clone()).json(&change);
        if let Some(etag) = etag {
            request = request.header("If-Match", etag);
        }
        self.done(request, &place).await
    }

    async fn reset(&self, kind: &str) -> Result<(), PowerError> {
        let (system, _) = self.get::<System>(&self.system).await?;
        let place = match system.reset_target() {
            Some(path) => self.link(path)?,
            None => {
                let mut place = self.system.clone();
                let mut segments = place.path_segments_mut().expect("an http URL has a path");
                segments.extend(["Actions", "ComputerSystem.Reset"]);
                drop(segments);
                place
            }
        };
        let request = self.http.client.post(place.clone()).json(&serde_json::json!({ "ResetType": kind }));
        self.done(request, &place).await
    }

    async fn done(&self, request: reqwest::RequestBuilder, url: &Url) -> Result<(), PowerError> {
        let reply = self.http.send(request, BODY_LIMIT).await?;
        if reply.status.is_success() {
            return Ok(());
        }
        Err(self.http.refused(url, reply.status, system::message(&reply.body)))
    }

    /// A resource and its version.
    async fn get<T: serde::de::DeserializeOwned>(&self, url: &Url) -> Result<(T, Option<String>), PowerError> {
        let request = self.http.client.get(url.clone()).header("OData-Version", "4.0");
        let reply = self.http.send(request, BODY_LIMIT).await?;
        if !reply.status.is_success() {
            return Err(self.http.refused(url, reply.status, system::message(&reply.body)));
        }
        let read = serde_json::from_slice(&reply.body);
        let value = read.map_err(|_| PowerError::Failed {
            address: shown(url),
            message: "its answer is not what Redfish prescribes; is this a BMC's address?".into(),
        })?;
        Ok((value, reply.etag))
    }

    /// A link within the service. One that leads elsewhere would carry the credentials there.
    fn link(&self, path: &str) -> Result<Url, PowerError> {
        let joined = self.base.join(path).ok().filter(|url| url.origin() == self.base.origin());
        joined.ok_or_else(|| PowerError::Failed {
            address: shown(&self.base),
            message: "it links to another computer, where credentials are not sent".into(),
        })
    }

    fn reading(self, state: PowerState) -> Reading {
        Reading { state, warnings: self.http.warnings }
    }
}

impl Powered for Service<'_> {
    fn address(&self) -> String {
        shown(&self.base)
    }

    async fn state(&mut self) -> Result<PowerState, PowerError> {
        let (system, _) = self.get::<System>(&self.system).await?;
        Ok(state_of(system.power_state.as_deref()))
    }
}

fn settings(field: &str, why: &str) -> PowerError {
    PowerError::Settings { field: field.to_owned(), why: why.to_owned() }
}

/// A system's description has some kilobytes.
const BODY_LIMIT: usize = 1024 * 1024;
