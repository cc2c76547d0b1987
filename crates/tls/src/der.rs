//! The little of DER that nobody else takes apart for us: one element at a time, nothing copied.

/// One element: what it is, and what is in it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Element<'a> {
    pub(crate) tag: u8,
    pub(crate) content: &'a [u8],
}

pub(crate) const INTEGER: u8 = 0x02;
pub(crate) const BIT_STRING: u8 = 0x03;
pub(crate) const OCTET_STRING: u8 = 0x04;
pub(crate) const SEQUENCE: u8 = 0x30;

/// Reads the first element and returns what follows it.
pub(crate) fn read(input: &[u8]) -> Option<(Element<'_>, &[u8])> {
    let (&tag, rest) = input.split_first()?;
    let (&first, rest) = rest.split_first()?;
    let (length, rest) = match first {
        0..=0x7f => (usize::from(first), rest),
        0x81..=0x84 => {
            let (digits, rest) = rest.split_at_checked(usize::from(first & 0x7f))?;
            (digits.iter().fold(0_usize, |sum, digit| sum << 8 | usize::from(*digit)), rest)
        }
        _ => return None,
    };
    let (content, rest) = rest.split_at_checked(length)?;
    Some((Element { tag, content }, rest))
}

/// Reads elements with exactly these tags from the front.
pub(crate) fn read_all<const N: usize>(mut input: &[u8], tags: [u8; N]) -> Option<[Element<'_>; N]> {
    let mut elements = [Element { tag: 0, content: &[] }; N];
    for (slot, tag) in elements.iter_mut().zip(tags) {
        let (element, rest) = read(input)?;
        if element.tag != tag {
            return None;
        }
        *slot = element;
        input = rest;
    }
    Some(elements)
}

/// The content of the one sequence that `input` starts with.
pub(crate) fn sequence(input: &[u8]) -> Option<&[u8]> {
    read_all(input, [SEQUENCE]).map(|[element]| element.content)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{INTEGER, OCTET_STRING, read, read_all, sequence};

    #[test]
    fn takes_elements_apart() {
        let input = [0x30, 0x06, INTEGER, 1, 0, OCTET_STRING, 1, 7, 0xff];
        let content = sequence(&input).unwrap();
        let [version, octets] = read_all(content, [INTEGER, OCTET_STRING]).unwrap();
        assert_eq!((version.content, octets.content), (&[0_u8][..], &[7_u8][..]));
        assert_eq!(read(&input).unwrap().1, [0xff]);
        assert!(read_all(content, [OCTET_STRING]).is_none());
        assert!(read(&[0x30, 0x84, 0xff, 0xff, 0xff, 0xff]).is_none(), "longer than what is there");
    }

    proptest! {
        #[test]
        fn never_panics(bytes: Vec<u8>) {
            let _ = read(&bytes);
            let _ = read_all(&bytes, [INTEGER, OCTET_STRING]);
        }
    }
}
