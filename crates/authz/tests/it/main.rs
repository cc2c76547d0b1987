//! The rights of a site against an engine of another make.

mod matrix;
mod oracle;
mod random;
mod world;
