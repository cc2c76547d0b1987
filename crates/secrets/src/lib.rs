//! Sealing: secrets are kept as ciphertext that only this site can open.
