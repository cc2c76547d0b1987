//! The rights of a site against an engine of another make.

mod oracle;
mod random;
mod world;
