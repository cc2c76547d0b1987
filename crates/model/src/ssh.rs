//! Public SSH keys: what is accepted, and their canonical form.
