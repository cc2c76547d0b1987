//! The client against servers that record what they are asked.

#[path = "it/commands.rs"]
mod commands;
#[path = "it/login.rs"]
mod login;
#[path = "it/recorder.rs"]
mod recorder;
