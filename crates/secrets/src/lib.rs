//! Sealing: secrets are kept as ciphertext that only this site can open.
//!
//! Every secret has a key of its own (AES-256-GCM), and that key is wrapped by the sealing key, which lies in a file beside
//! the database and never in it. What is sealed is bound to its path, its version and the site, so that a row put in
//! another's place does not open. A copy of the database alone reveals nothing; a copy of the file alone does not either.
//!
//! This room seals bytes. Where the bytes are kept is for the caller to say.

pub mod file;
pub mod key;
pub mod seal;

pub use file::FileError;
pub use key::{KeyError, SealingKey};
pub use seal::{OpenError, Sealed, SecretStore};

use maas_model::Secret;

/// Fresh random bytes from the machine's generator.
///
/// # Panics
/// When the machine has no randomness, since nothing can be done safely then.
pub fn fresh_bytes(length: usize) -> Secret<Vec<u8>> {
    let mut bytes = vec![0; length];
    aws_lc_rs::rand::fill(&mut bytes).expect("the machine's random generator always answers once it has started");
    Secret::new(bytes)
}
