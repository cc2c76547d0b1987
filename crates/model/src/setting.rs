//! The one table of settings that administrators change: name, kind, default, check and help.
//! The REST documentation, the form in the UI and the check on writing all come from it.
