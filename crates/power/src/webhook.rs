//! Any service that switches power when it is asked over HTTP.

use maas_model::Secret;
use regex::{Regex, RegexBuilder};
use reqwest::{Method, StatusCode, Url, header::ACCEPT};

use crate::{
    Driver, Parameters, PowerAction, PowerError, PowerState, Reading, Target,
    action::{Powered, settle},
    http::{Http, Login, shown},
};

/// Whether it could be tried with these values.
pub(crate) fn check(target: &Target) -> Result<(), PowerError> {
    Service::new(target).map(drop)
}

pub(crate) async fn query(target: &Target) -> Result<Reading, PowerError> {
    let mut service = Service::new(target)?;
    let state = service.state().await?;
    Ok(Reading { state, warnings: service.http.warnings })
}

/// The service knows no other words than on and off.
pub(crate) async fn act(action: PowerAction, target: &Target) -> Result<Reading, PowerError> {
    let mut service = Service::new(target)?;
    match action {
        PowerAction::On => service.post(&service.on).await?,
        PowerAction::Off | PowerAction::SoftOff => service.post(&service.off).await?,
        PowerAction::Cycle => {
            service.post(&service.off).await?;
            settle(PowerAction::Off, &target.limits, &mut service).await?;
            service.post(&service.on).await?;
        }
    }
    let state = settle(action, &target.limits, &mut service).await?;
    Ok(Reading { state, warnings: service.http.warnings })
}

/// A regular expression for an answer, or why it is none.
pub(crate) fn pattern(text: &str) -> Result<Regex, String> {
    if text.len() > PATTERN_LIMIT {
        return Err(format!("Use at most {PATTERN_LIMIT} bytes."));
    }
    let built = RegexBuilder::new(text).size_limit(1 << 18).dfa_size_limit(1 << 18).build();
    built.map_err(|error| match error {
        regex::Error::CompiledTooBig(_) => "The regular expression is too big.".into(),
        _ => "Enter a regular expression; look-around and back references are not known here.".into(),
    })
}

struct Service<'a> {
    target: &'a Target,
    http: Http,
    query: Url,
    on: Url,
    off: Url,
    is_on: Regex,
    is_off: Regex,
}

impl<'a> Service<'a> {
    fn new(target: &'a Target) -> Result<Self, PowerError> {
        let parameters = &target.parameters;
        let query = uri(parameters, "power_query_uri")?;
        let (on, off) = (uri(parameters, "power_on_uri")?, uri(parameters, "power_off_uri")?);
        let http = Http::new(&[&query, &on, &off], parameters, login(parameters), &target.limits)?;
        let (is_on, is_off) = (expression(parameters, "power_on_regex")?, expression(parameters, "power_off_regex")?);
        Ok(Self { target, http, query, on, off, is_on, is_off })
    }

    /// No body and no content type: some services refuse them.
    async fn post(&self, url: &Url) -> Result<(), PowerError> {
        self.request(Method::POST, url).await.map(drop)
    }

    /// Sends a request, and where nothing is found once more with a slash at the end.
    async fn request(&self, method: Method, url: &Url) -> Result<String, PowerError> {
        let mut url = url.clone();
        loop {
            let request = self.http.client.request(method.clone(), url.clone());
            let request = request.header(ACCEPT, "application/json").header("System_Id", &self.target.system_id);
            let reply = self.http.send(request, BODY_LIMIT).await?;
            if reply.status == StatusCode::NOT_FOUND && !url.path().ends_with('/') {
                url.set_path(&format!("{}/", url.path()));
                continue;
            }
            if !reply.status.is_success() {
                return Err(self.http.refused(&url, reply.status, None));
            }
            return Ok(String::from_utf8_lossy(&reply.body).into_owned());
        }
    }
}

impl Powered for Service<'_> {
    fn address(&self) -> String {
        shown(&self.query)
    }

    async fn state(&mut self) -> Result<PowerState, PowerError> {
        let said = self.request(Method::GET, &self.query).await?;
        Ok(match (self.is_on.is_match(&said), self.is_off.is_match(&said)) {
            (true, _) => PowerState::On,
            (false, true) => PowerState::Off,
            (false, false) => PowerState::Unknown,
        })
    }
}

fn login(parameters: &Parameters) -> Login {
    if let Some(token) = parameters.secret("power_token") {
        return Login::Bearer(Secret::new(token.to_owned()));
    }
    match parameters.plain("power_user") {
        None => Login::Nobody,
        Some(user) => Login::Basic {
            user: user.to_owned(),
            password: Secret::new(parameters.secret("power_pass").unwrap_or_default().to_owned()),
        },
    }
}

fn uri(parameters: &Parameters, name: &str) -> Result<Url, PowerError> {
    let text = parameters.plain(name).ok_or_else(|| settings(name, "it is not set"))?;
    let url = Url::parse(text).ok().filter(|url| matches!(url.scheme(), "http" | "https") && url.has_host());
    url.ok_or_else(|| settings(name, "give a URL that begins with http:// or https://"))
}

fn expression(parameters: &Parameters, name: &str) -> Result<Regex, PowerError> {
    let default = Driver::Webhook.schema().field(name).map_or("", |field| field.default);
    pattern(parameters.plain(name).unwrap_or(default)).map_err(|why| settings(name, &why))
}

fn settings(field: &str, why: &str) -> PowerError {
    PowerError::Settings { field: field.to_owned(), why: why.to_owned() }
}

/// As much of an answer as is searched.
const BODY_LIMIT: usize = 64 * 1024;
const PATTERN_LIMIT: usize = 1000;

#[cfg(test)]
mod tests {
    use super::pattern;
    use crate::Driver;

    #[test]
    fn the_usual_expressions_of_other_sites_are_understood() {
        let default = |name| pattern(Driver::Webhook.schema().field(name).unwrap().default).unwrap();
        assert!(default("power_on_regex").is_match(r#"{"status": "running"}"#));
        assert!(default("power_off_regex").is_match(r#"{"status":"stopped"}"#));
        assert!(!default("power_off_regex").is_match(r#"{"status": "running"}"#));
    }

    #[test]
    fn expressions_have_bounds() {
        assert!(pattern("(").is_err());
        assert!(pattern("(?=x)").unwrap_err().contains("look-around"));
        assert!(pattern("((a{100}){100}){100}").unwrap_err().contains("too big"));
        assert!(pattern(&"a".repeat(1001)).is_err());
    }
}
