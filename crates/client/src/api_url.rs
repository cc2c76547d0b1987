//! From what people type to the root of the API, and from there to one resource.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use reqwest::Url;

use crate::Error;

/// The API root for `text`: with a final `/`, and `api/2.0/` unless it already ends in `/api/N.N/`.
///
/// # Errors
/// [`Error::Url`] when it is no `http` or `https` address, or has a password in it.
pub fn api_root(text: &str) -> Result<String, Error> {
    let fail = |why| Error::Url { text: text.to_owned(), why };
    let url = Url::parse(text).map_err(|_| fail("give it as https://HOST:5443/MAAS"))?;
    if !matches!(url.scheme(), "http" | "https") || url.host_str().is_none() {
        return Err(fail("give it as https://HOST:5443/MAAS"));
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(fail("leave user name and password out, and pass --username instead"));
    }
    if url.query().is_some() || url.fragment().is_some() {
        return Err(fail("leave out everything from `?` or `#` on"));
    }
    let mut root = text.trim_end_matches('/').to_owned();
    root.push('/');
    if !ends_in_version(&root) {
        root.push_str("api/2.0/");
    }
    Ok(root)
}

/// Scheme, host and port of `root` with `path` (an absolute path template), its `{variables}` replaced in order.
///
/// # Errors
/// [`Error::Usage`] when a value would lead to another resource: empty, `.` or `..`.
pub fn resource_url(root: &str, path: &str, values: &[(String, String)]) -> Result<Url, Error> {
    let fail = || Error::Url { text: format!("{root} + {path}"), why: "the profile is damaged, log in again" };
    let mut path = path.to_owned();
    for (name, value) in values {
        if matches!(value.as_str(), "" | "." | "..") {
            let message = format!("`{value}` cannot be the {name} of anything");
            return Err(Error::Usage { help: String::new(), message });
        }
        path = path.replace(&format!("{{{name}}}"), &utf8_percent_encode(value, SEGMENT).to_string());
    }
    let mut url = Url::parse(root).map_err(|_| fail())?;
    url.set_path(&path);
    url.set_query(None);
    Ok(url)
}

fn ends_in_version(root: &str) -> bool {
    let mut parts = root.trim_end_matches('/').rsplit('/');
    let version = parts.next().unwrap_or_default();
    let is_number = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
    parts.next() == Some("api") && version.split('.').count() <= 2 && version.split('.').all(is_number)
}

/// Everything but the unreserved characters, and those that ids of MAAS are made of and that mean nothing in a path.
const SEGMENT: &AsciiSet =
    &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~').remove(b':').remove(b'@');

#[cfg(test)]
mod tests {
    use super::{api_root, resource_url};

    #[test]
    fn the_api_path_is_added_once() {
        for (given, root) in [
            ("https://m:5443/MAAS", "https://m:5443/MAAS/api/2.0/"),
            ("https://m:5443/MAAS/", "https://m:5443/MAAS/api/2.0/"),
            ("http://m/MAAS/api/2.0", "http://m/MAAS/api/2.0/"),
            ("http://m/MAAS/api/2.0/", "http://m/MAAS/api/2.0/"),
            ("http://m/MAAS/api/1.0/", "http://m/MAAS/api/1.0/"),
            ("http://[::1]:5240/MAAS/api/x/", "http://[::1]:5240/MAAS/api/x/api/2.0/"),
        ] {
            assert_eq!(api_root(given).unwrap(), root);
        }
    }

    #[test]
    fn what_is_no_address_of_a_server_is_refused() {
        for given in
            ["maas.example", "localhost:5240/MAAS", "ftp://m/MAAS", "https://al:pw@m/MAAS", "https://m/MAAS?x=1", ""]
        {
            assert!(api_root(given).is_err(), "{given}");
        }
    }

    #[test]
    fn a_value_stays_inside_its_place() {
        let url = |value: &str| {
            let values = [("username".to_owned(), value.to_owned())];
            resource_url("https://m:5443/MAAS/api/2.0/", "/MAAS/api/2.0/users/{username}/", &values).map(String::from)
        };
        assert_eq!(url("bob").unwrap(), "https://m:5443/MAAS/api/2.0/users/bob/");
        assert_eq!(url("../a?b#c d").unwrap(), "https://m:5443/MAAS/api/2.0/users/..%2Fa%3Fb%23c%20d/");
        assert_eq!(url("cidr:10.0.0.0/24").unwrap(), "https://m:5443/MAAS/api/2.0/users/cidr:10.0.0.0%2F24/");
        assert!(url("..").is_err());
        assert!(url("").is_err());
    }
}
