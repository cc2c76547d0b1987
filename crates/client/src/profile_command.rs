//! `maas PROFILE RESOURCE ACTION ...`, from words to exit code.

use maas_tls::client::Trust;
use reqwest::Method;

use crate::{
    Console, Error, Profile,
    api_url::resource_url,
    fields::{add_query, multipart},
    invocation::{Asked, Invocation, Parsed, parse},
    output::{show, show_debug, warn_of_change},
    table::columns_of,
    transport::{Call, Reply, Server, nonce, with_shown_certificate},
};

/// Runs the words behind the profile's name: 0 when the server says yes, 2 when it says no.
///
/// # Errors
/// [`Error`] when there is no answer to show.
pub async fn run(profile: &Profile, words: &[String], console: &mut Console<'_>) -> Result<u8, Error> {
    let tree = profile.commands();
    let asked = Asked { profile: &profile.name, url: &profile.url, width: console.width };
    let call = match parse(&tree, asked, words)? {
        Parsed::Help(text) => {
            console.say(&text)?;
            return Ok(0);
        }
        Parsed::Call(call) => call,
    };
    let trust = profile.trust(call.options.insecure);
    if matches!(trust, Trust::Insecure) && profile.url.starts_with("https:") {
        console.note("warning: the server's certificate is not checked");
    }
    let server = Server::new(&profile.url, &trust, profile.credentials.clone())?;
    let request = request(profile, &call)?;
    let url = request.url.to_string();
    let reply = match server.send(request).await {
        Ok(reply) => reply,
        Err(error) if call.options.debug => return Err(with_shown_certificate(error, &profile.url).await),
        Err(error) => return Err(error),
    };
    if call.options.debug {
        show_debug(console, &url, &reply);
    }
    comment(profile, &url, &reply, console);
    show(console, &reply, &call.options, columns_of(&call.resource.word, &call.action.word))?;
    Ok(if reply.status.is_success() { 0 } else { 2 })
}

/// The request for a call.
fn request(profile: &Profile, call: &Invocation<'_>) -> Result<Call, Error> {
    let mut url = resource_url(&profile.url, &call.resource.path, &call.path)?;
    let method = Method::from_bytes(call.action.method.as_bytes()).unwrap_or(Method::GET);
    let op = call.action.op.as_deref();
    if call.action.uses_query() {
        add_query(&mut url, op, &call.fields);
        return Ok(Call { method, ..Call::get(url) });
    }
    add_query(&mut url, op, &[]);
    let (headers, body) = multipart(&call.fields, &nonce());
    Ok(Call { method, url, headers, body })
}

/// What a person should know beside the answer.
fn comment(profile: &Profile, url: &str, reply: &Reply, console: &mut Console<'_>) {
    let hash = reply.header("x-maas-api-hash");
    if !hash.is_empty() && hash != profile.hash() {
        warn_of_change(console, &profile.url);
    }
    if let Some(target) = reply.redirect() {
        let moved = Error::Moved { url: url.split('?').next().unwrap_or(url).to_owned(), target: target.to_owned() };
        console.note(moved.report().trim_end());
    }
    if reply.status.as_u16() == 401 {
        let why = match profile.credentials {
            Some(_) => "the server does not accept the key of this profile: log in again with",
            None => "this profile has no key: log in with one with",
        };
        console.note(&format!("hint: {why} `maas login {} {} KEY`", profile.name, profile.url));
    }
}
