//! The client side of API 2.0: profiles, requests, and commands made from a describe document.
//!
//! A login stores a profile: the server's URL, the key, the CA to trust, and the server's own description of its API. From
//! that description come the words of `maas PROFILE RESOURCE ACTION`, their help and their completion, so that the same
//! binary talks to any server that describes itself, an original MAAS included.

pub mod api_url;
pub mod args;
pub mod command_tree;
pub mod completion;
pub mod console;
pub mod credentials;
pub mod doc;
pub mod error;
pub mod fields;
pub mod help;
pub mod invocation;
pub mod list;
pub mod login;
pub mod output;
pub mod profile;
pub mod profile_command;
pub mod profile_file;
pub mod refresh;
pub mod table;
pub mod transport;
pub mod words;

pub use console::Console;
pub use credentials::Credentials;
pub use error::Error;
pub use profile::Profile;
pub use profile_file::ProfileFile;
