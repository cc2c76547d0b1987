//! Named points at which a debug build can be told to die, so that tests see what a crash there leaves behind.

/// Aborts the process when `MAAS_ABORT_AT` names this point. Does nothing in a release build.
#[inline]
pub fn failpoint(name: &str) {
    #[cfg(debug_assertions)]
    {
        use std::sync::OnceLock;
        static WANTED: OnceLock<Option<String>> = OnceLock::new();
        let wanted = WANTED.get_or_init(|| std::env::var("MAAS_ABORT_AT").ok());
        if wanted.as_deref() == Some(name) {
            std::process::abort();
        }
    }
    #[cfg(not(debug_assertions))]
    let _ = name;
}
