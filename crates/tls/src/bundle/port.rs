//! Which port HTTPS may have.

use super::{Problem, Severity};

/// Whether a port may be used for HTTPS: `tls/port` otherwise. Whether it is free is asked when it is bound.
pub fn check_port(port: u16) -> Option<Problem> {
    let why = match port {
        0 => "is no port".to_owned(),
        22 => "belongs to SSH".to_owned(),
        53 => "belongs to DNS".to_owned(),
        67 => "belongs to DHCP".to_owned(),
        69 => "belongs to TFTP".to_owned(),
        123 => "belongs to NTP".to_owned(),
        5239..=5284 => "lies among the ports that the site itself uses (5239 to 5284)".to_owned(),
        _ => return None,
    };
    let text = format!("port {port} {why}; choose another from 1 to 65535, such as 5443 or 443");
    Some(Problem { code: "tls/port", severity: Severity::Error, text })
}

#[cfg(test)]
mod tests {
    use super::check_port;

    #[test]
    fn ports_of_others_are_refused() {
        for port in [0, 22, 53, 67, 69, 123, 5239, 5240, 5248, 5284] {
            let problem = check_port(port).unwrap();
            assert_eq!(problem.code, "tls/port");
            assert!(problem.text.starts_with(&format!("port {port} ")), "{}", problem.text);
        }
        for port in [1, 443, 5238, 5285, 5443, 65535] {
            assert_eq!(check_port(port), None, "{port}");
        }
    }
}
