use std::{cmp::Reverse, fmt};

use super::{
    assign::assign,
    facts::{DiskFacts, StorageId},
};
use crate::filter::FilterError;

/// A disk that a machine must have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StorageConstraint {
    pub label: Option<String>,
    /// At least; 0 means any.
    pub size_bytes: u64,
    /// All of them; `partition` asks for an unused partition.
    pub tags: Vec<String>,
}

/// More than any machine has; so that a long text costs no long search.
const MOST: usize = 64;

const GB: f64 = 1e9;

impl fmt::Display for StorageConstraint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(label) = &self.label {
            write!(f, "{label}:")?;
        }
        #[expect(clippy::cast_precision_loss, reason = "for people")]
        let size = self.size_bytes as f64 / GB;
        write!(f, "{size}")?;
        if !self.tags.is_empty() {
            write!(f, "({})", self.tags.join(","))?;
        }
        Ok(())
    }
}

/// Reads `label:size(tag,tag),..`, sizes in GB.
pub(super) fn parse(values: &[String]) -> Result<Vec<StorageConstraint>, FilterError> {
    let text = values.join(",");
    let malformed = || FilterError(format!("Malformed storage constraint, \"{text}\"."));
    let parts = split_outside_brackets(&text).ok_or_else(malformed)?;
    let constraints: Vec<_> = parts.into_iter().map(parse_one).collect::<Option<_>>().ok_or_else(malformed)?;
    let labels: Vec<_> = constraints.iter().filter_map(|constraint| constraint.label.as_ref()).collect();
    if labels.iter().enumerate().any(|(i, label)| labels[..i].contains(label)) {
        return Err(FilterError(format!("Duplicate label in storage constraint, \"{text}\".")));
    }
    if constraints.len() > MOST {
        return Err(FilterError(format!("Too many storage constraints: at most {MOST}.")));
    }
    Ok(constraints)
}

fn split_outside_brackets(text: &str) -> Option<Vec<&str>> {
    let mut inside = false;
    let mut balanced = true;
    let parts = text.split(|c: char| {
        match c {
            '(' => balanced &= !std::mem::replace(&mut inside, true),
            ')' => balanced &= std::mem::replace(&mut inside, false),
            _ => {}
        }
        c == ',' && !inside
    });
    let parts: Vec<_> = parts.map(str::trim).filter(|part| !part.is_empty()).collect();
    (balanced && !inside).then_some(parts)
}

fn parse_one(text: &str) -> Option<StorageConstraint> {
    let (text, tags) = match text.split_once('(') {
        Some((text, tags)) => (text.trim(), tags.strip_suffix(')')?),
        None => (text, ""),
    };
    let (label, size) = match text.split_once(':') {
        Some((label, size)) => (Some(label.trim()), size.trim()),
        None => (None, text),
    };
    let word = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '.');
    if label.is_some_and(|label| label.is_empty() || label.len() > 64 || !label.chars().all(word)) {
        return None;
    }
    let digits = size.len() <= 16 && size.chars().all(|c| c.is_ascii_digit() || c == '.');
    let size: f64 = Some(size).filter(|_| digits)?.parse().ok()?;
    let tags = tags.split(',').map(str::trim).filter(|tag| !tag.is_empty()).map(ToOwned::to_owned);
    Some(StorageConstraint {
        label: label.map(ToOwned::to_owned),
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "digits and a dot; saturates")]
        size_bytes: (size * GB) as u64,
        tags: tags.collect(),
    })
}

/// For each constraint, by label (or its place, if it has none), what fulfils it.
pub(super) fn matches(constraints: &[StorageConstraint], disks: &[DiskFacts]) -> Option<Vec<(String, Vec<StorageId>)>> {
    let Some((root, rest)) = constraints.split_first() else { return Some(Vec::new()) };
    let root_disk = root_disk(disks)?;
    if root_disk.size_bytes < root.size_bytes || !has_tags(&root.tags, &[&root_disk.tags]) {
        return None;
    }
    let mut things = things(disks, root_disk);
    things.sort_by_key(|thing| (thing.size_bytes, thing.id));

    let mut order: Vec<usize> = (0..rest.len()).collect();
    order.sort_by_key(|i| Reverse(rest[*i].tags.len()));
    let wishes: Vec<Vec<usize>> =
        order.iter().map(|i| (0..things.len()).filter(|thing| things[*thing].does_for(&rest[*i])).collect()).collect();
    let given = assign(&wishes, things.len())?;

    let mut found = vec![StorageId::Disk(root_disk.id); constraints.len()];
    for (wish, i) in order.into_iter().enumerate() {
        found[i + 1] = things[given[wish]].id;
    }
    let label = |i: usize| constraints[i].label.clone().unwrap_or_else(|| i.to_string());
    Some(found.into_iter().enumerate().map(|(i, id)| (label(i), vec![id])).collect())
}

/// The disk that carries `/`; before anything is laid out, the one that the machine boots from, else the first.
fn root_disk(disks: &[DiskFacts]) -> Option<&DiskFacts> {
    let by = |wanted: fn(&DiskFacts) -> bool| disks.iter().find(|disk| wanted(disk));
    by(|disk| disk.carries_root).or_else(|| by(|disk| disk.is_boot_disk)).or_else(|| disks.first())
}

/// An unused disk or partition.
struct Thing<'a> {
    id: StorageId,
    size_bytes: u64,
    tags: [&'a [String]; 2],
}

impl Thing<'_> {
    fn does_for(&self, constraint: &StorageConstraint) -> bool {
        let wants_partition = constraint.tags.iter().any(|tag| tag == PARTITION);
        wants_partition == matches!(self.id, StorageId::Partition(_))
            && self.size_bytes >= constraint.size_bytes
            && has_tags(&constraint.tags, &self.tags)
    }
}

fn things<'a>(disks: &'a [DiskFacts], root_disk: &'a DiskFacts) -> Vec<Thing<'a>> {
    let whole = disks.iter().filter(|disk| !disk.is_used && disk.id != root_disk.id).map(|disk| Thing {
        id: StorageId::Disk(disk.id),
        size_bytes: disk.size_bytes,
        tags: [&disk.tags, &[]],
    });
    let parts = disks.iter().flat_map(|disk| {
        disk.partitions.iter().filter(|partition| !partition.is_used).map(|partition| Thing {
            id: StorageId::Partition(partition.id),
            size_bytes: partition.size_bytes,
            tags: [&disk.tags, &partition.tags],
        })
    });
    whole.chain(parts).collect()
}

fn has_tags(wanted: &[String], have: &[&[String]]) -> bool {
    wanted.iter().all(|tag| tag == PARTITION || have.iter().any(|tags| tags.contains(tag)))
}

const PARTITION: &str = "partition";

#[cfg(test)]
mod tests {
    use super::{DiskFacts, StorageId, matches, parse};
    use crate::{BlockDeviceId, constraint::PartitionFacts};

    fn disk(id: i64, gb: u64, tags: &str) -> DiskFacts {
        DiskFacts {
            id: BlockDeviceId(id),
            size_bytes: gb * 1_000_000_000,
            tags: tags.split_whitespace().map(ToOwned::to_owned).collect(),
            carries_root: id == 1,
            is_boot_disk: false,
            is_used: id == 1,
            partitions: Vec::new(),
        }
    }

    fn check(text: &str, disks: &[DiskFacts], expected: Option<&str>) {
        let found = matches(&parse(&[text.to_owned()]).unwrap(), disks);
        let shown = found.map(|found| {
            let pairs = found.iter().map(|(label, ids)| {
                format!("{label}={}", ids.iter().map(StorageId::to_string).collect::<Vec<_>>().join(","))
            });
            pairs.collect::<Vec<_>>().join(" ")
        });
        assert_eq!(shown.as_deref(), expected, "{text}");
    }

    #[test]
    fn texts_are_read_and_printed() {
        for (text, printed) in [
            ("10", "10"),
            ("root:50(ssd, fast),data:100.5(rotary),5", "root:50(ssd,fast) data:100.5(rotary) 5"),
            ("0(partition)", "0(partition)"),
            (" a:1 , b:2() ", "a:1 b:2"),
        ] {
            let read = parse(&[text.to_owned()]).unwrap();
            assert_eq!(read.iter().map(ToString::to_string).collect::<Vec<_>>().join(" "), printed, "{text}");
        }
        for bad in ["ssd", "a:", ":1", "1(ssd", "1)ssd(", "1(a(b))", "-1", "1e9", "a:b:1", "a b:1", "1(ssd)x"] {
            let error = parse(&[bad.to_owned()]).unwrap_err().to_string();
            assert_eq!(error, format!("Malformed storage constraint, \"{bad}\"."));
        }
        assert!(parse(&["a:1,a:2".to_owned()]).unwrap_err().to_string().starts_with("Duplicate label"));
        assert!(parse(&[vec!["1"; 65].join(",")]).is_err());
    }

    #[test]
    fn the_first_is_the_root_disk_and_the_rest_fit_tightly() {
        let disks = [disk(2, 500, "ssd"), disk(1, 50, "ssd"), disk(3, 100, "rotary"), disk(4, 200, "ssd fast")];
        check("root:40", &disks, Some("root=1"));
        check("root:60", &disks, None);
        check("root:0(rotary)", &disks, None);
        check("40,90", &disks, Some("0=1 1=3"));
        check("root:40,a:0(ssd),b:0", &disks, Some("root=1 a=4 b=3"));
        // Most tags first: `b` gets the one disk that does for it, whatever `a` would like.
        check("root:40,a:0(ssd),b:0(ssd,fast)", &disks, Some("root=1 a=2 b=4"));
        check("root:40,a:0,b:0,c:0,d:0", &disks, None);
        check("root:1", &[], None);
    }

    #[test]
    fn nobody_goes_without_because_another_took_the_only_disk_that_did() {
        let disks = [disk(1, 10, ""), disk(2, 100, "ssd fast"), disk(3, 200, "ssd")];
        check("r:0,a:0(ssd),b:0(fast)", &disks, Some("r=1 a=3 b=2"));
    }

    #[test]
    fn partitions_are_taken_when_asked_for() {
        let mut disks = [disk(1, 50, "ssd"), disk(2, 100, "rotary")];
        let partition = |id, is_used| PartitionFacts { id, size_bytes: 20_000_000_000, tags: vec![], is_used };
        disks[0].partitions = vec![partition(8, true), partition(9, false)];
        check("r:0,p:20(partition)", &disks, Some("r=1 p=partition:9"));
        check("r:0,p:20(partition,ssd)", &disks, Some("r=1 p=partition:9"));
        check("r:0,p:20(partition,rotary)", &disks, None);
        check("r:0,p:30(partition)", &disks, None);
        check("r:0,p:0(partition),q:0(partition)", &disks, None);
    }
}
