//! For tests: a running region, databases, certificates, browsers.
