//! As much of BSON (bsonspec.org, version 1.1) as `details` needs: a document whose members are binaries or null.

use std::collections::BTreeMap;

/// A document with these members, in this order.
pub(crate) fn document(members: &[(&str, Option<&[u8]>)]) -> Vec<u8> {
    let mut body = Vec::new();
    for (name, value) in members {
        body.push(if value.is_some() { BINARY } else { NULL });
        body.extend_from_slice(name.as_bytes());
        body.push(0);
        if let Some(bytes) = value {
            body.extend_from_slice(&length(bytes.len()));
            body.push(GENERIC);
            body.extend_from_slice(bytes);
        }
    }
    let mut out = length(body.len() + 5).to_vec();
    out.append(&mut body);
    out.push(0);
    out
}

/// lshw's and LLDP's XML as clients of API 2.0 take it.
pub(crate) fn details(facts: &BTreeMap<String, String>) -> Vec<u8> {
    let of = |name| facts.get(name).map(String::as_bytes);
    document(&[("lshw", of("lshw")), ("lldp", of("lldp"))])
}

/// BSON counts in 32 bits; what is longer does not fit into a request either.
fn length(bytes: usize) -> [u8; 4] {
    i32::try_from(bytes).unwrap_or(i32::MAX).to_le_bytes()
}

const BINARY: u8 = 0x05;
const NULL: u8 = 0x0a;
/// The subtype of binaries that are just bytes.
const GENERIC: u8 = 0;

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::details;

    #[test]
    fn documents_are_as_the_specification_has_them() {
        let facts = BTreeMap::from([("lshw".to_owned(), "<x/>".to_owned())]);
        let expected = b"\x1a\0\0\0\x05lshw\0\x04\0\0\0\0<x/>\x0alldp\0\0";
        assert_eq!(details(&facts), expected);
    }
}
