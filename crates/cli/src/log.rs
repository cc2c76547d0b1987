//! The log: text for people or a JSON object a line, on stderr, which systemd hands to the journal.

use tracing_subscriber::{EnvFilter, fmt, prelude::*};

/// Starts the log. `MAAS_LOG` takes a filter such as `maas_region=debug`.
pub(crate) fn start(json: bool, debug: bool) {
    let default = if debug { "debug,hyper=info,h2=info,rustls=info,sqlx=info" } else { "info,sqlx=warn" };
    let filter = EnvFilter::try_from_env("MAAS_LOG").unwrap_or_else(|_| EnvFilter::new(default));
    let registry = tracing_subscriber::registry().with(filter);
    // A second start in one process (in tests) is harmless.
    let _ = if json {
        let layer = fmt::layer().json().flatten_event(true).with_current_span(true).with_span_list(false);
        registry.with(layer.with_writer(std::io::stderr)).try_init()
    } else {
        registry.with(fmt::layer().with_ansi(has_colour()).with_writer(std::io::stderr)).try_init()
    };
}

/// Commands log only what is wrong; what they did, they say.
pub(crate) fn start_for_command() {
    let filter = EnvFilter::try_from_env("MAAS_LOG").unwrap_or_else(|_| EnvFilter::new("error"));
    let layer = fmt::layer().without_time().with_target(false).with_ansi(has_colour()).with_writer(std::io::stderr);
    let _ = tracing_subscriber::registry().with(filter).with(layer).try_init();
}

/// Colour is for terminals, unless `NO_COLOR` forbids it.
fn has_colour() -> bool {
    std::io::IsTerminal::is_terminal(&std::io::stderr()) && std::env::var_os("NO_COLOR").is_none()
}
