//! Certificates and the listeners that use them: PEM to [`CertBundle`], the site's own CA, the accept loop that swaps
//! certificates without dropping a connection, and what clients trust. The only room that configures rustls.

pub mod bundle;
pub mod ca;
pub mod client;
mod der;
pub mod info;
pub mod listener;
mod pem;
pub mod probe;
mod provider;

pub use bundle::{CertBundle, CheckOptions, PairText, Problem, Severity, check, check_port};
pub use ca::SiteCa;
pub use info::CertificateInfo;
pub use listener::{Apps, ConnInfo, Limits, Listening, Server, TlsListening};
