//! Fields of machines as people send them, checked; the texts are what clients of API 2.0 know.

use std::sync::Arc;

use maas_model::{Architecture, Hostname, MacAddress};

use crate::{
    Error, FieldErrors, Result,
    nodes::{Catalog, Domain},
    zones::Zone,
};

/// What is wrong with a request, gathered so that all of it is told at once.
#[derive(Debug, Default)]
pub(crate) struct Fields {
    pub(crate) errors: FieldErrors,
}

impl Fields {
    pub(crate) fn refuse(&mut self, field: &str, why: impl Into<String>) {
        self.errors.entry(field.to_owned()).or_default().push(why.into());
    }

    /// Ends with everything that is wrong.
    pub(crate) fn done(self) -> Result<()> {
        if self.errors.is_empty() { Ok(()) } else { Err(Error::Invalid(self.errors)) }
    }

    fn take<T, E: ToString>(&mut self, field: &str, result: Result<T, E>) -> Option<T> {
        result.map_err(|error| self.refuse(field, error.to_string())).ok()
    }

    /// A name, which may carry its domain.
    pub(crate) fn hostname(
        &mut self,
        catalog: &Catalog,
        text: &str,
        domain: Option<&str>,
    ) -> (Option<Hostname>, Option<Arc<Domain>>) {
        let (label, rest) =
            text.trim().split_once('.').map_or((text.trim(), None), |(label, rest)| (label, Some(rest)));
        let domain = domain.or(rest).map(str::to_owned);
        let hostname = self.take("hostname", label.parse());
        (hostname, domain.and_then(|name| self.domain(catalog, &name)))
    }

    pub(crate) fn domain(&mut self, catalog: &Catalog, name: &str) -> Option<Arc<Domain>> {
        let found = catalog.domain_named(name).or_else(|| catalog.domain(maas_model::DomainId(name.parse().ok()?)));
        self.take("domain", found.ok_or_else(|| no_choice(name)))
    }

    pub(crate) fn zone(&mut self, catalog: &Catalog, name: &str) -> Option<Arc<Zone>> {
        self.take("zone", catalog.zone_named(name).ok_or_else(|| no_choice(name)))
    }

    pub(crate) fn architecture(&mut self, text: &str) -> Option<Architecture> {
        self.take("architecture", text.trim().parse())
    }

    /// A kernel, or nothing for the site's default.
    pub(crate) fn kernel(&mut self, text: &str) -> Option<String> {
        let text = text.trim();
        let is_known = text.starts_with("hwe-") || text.starts_with("ga-");
        if !text.is_empty() && (!is_known || text.len() > 64 || !text.bytes().all(|byte| byte.is_ascii_graphic())) {
            self.refuse("min_hwe_kernel", "min_hwe_kernel must start with \"hwe-\" or \"ga-\"");
            return None;
        }
        Some(text.to_owned())
    }

    pub(crate) fn text(&mut self, field: &str, text: &str) -> String {
        if text.contains('\0') {
            self.refuse(field, "Null characters are not allowed.");
        }
        text.to_owned()
    }

    pub(crate) fn description(&mut self, text: &str) -> String {
        self.take("description", crate::place::description(text)).unwrap_or_default()
    }

    pub(crate) fn number(&mut self, field: &str, number: i64, least: i64) -> i64 {
        if number < least {
            self.refuse(field, format!("Ensure this value is greater than or equal to {least}."));
        }
        if number > GREATEST {
            self.refuse(field, format!("Ensure this value is less than or equal to {GREATEST}."));
        }
        number
    }

    /// Hardware addresses, each once.
    pub(crate) fn macs(&mut self, texts: &[String]) -> Vec<MacAddress> {
        let mut macs = Vec::new();
        for text in texts.iter().filter(|text| !text.trim().is_empty()) {
            if let Some(mac) = self.take("mac_addresses", text.parse())
                && !macs.contains(&mac)
            {
                macs.push(mac);
            }
        }
        macs
    }
}

/// What to say of a value that is not on offer.
pub(crate) fn no_choice(value: &str) -> String {
    let shown: String = value.chars().take(80).collect();
    format!("Select a valid choice. {shown} is not one of the available choices.")
}

/// More than any machine has, less than breaks JSON's numbers.
const GREATEST: i64 = 1 << 50;
