//! Who gets what, when some will do with several things and nobody shares.

/// For each wish, the thing it gets. `wishes[i]` are the things that do for wish `i`, the dearest wish first, each no less
/// than `things`. A wish takes the first free one; only when there is none do earlier wishes move to their next.
pub(super) fn assign(wishes: &[Vec<usize>], things: usize) -> Option<Vec<usize>> {
    let mut holders: Vec<Option<usize>> = vec![None; things];
    for wish in 0..wishes.len() {
        let free = wishes[wish].iter().copied().find(|thing| holders[*thing].is_none());
        match free {
            Some(thing) => holders[thing] = Some(wish),
            None => {
                if !move_others(wishes, wish, &mut holders, &mut vec![false; things]) {
                    return None;
                }
            }
        }
    }
    let mut given = vec![usize::MAX; wishes.len()];
    for (thing, holder) in holders.iter().enumerate() {
        if let Some(wish) = holder {
            given[*wish] = thing;
        }
    }
    Some(given)
}

/// Finds a chain of moves that ends at a free thing (an augmenting path), each thing looked at once.
fn move_others(wishes: &[Vec<usize>], wish: usize, holders: &mut [Option<usize>], seen: &mut [bool]) -> bool {
    for &thing in &wishes[wish] {
        if std::mem::replace(&mut seen[thing], true) {
            continue;
        }
        let moved = holders[thing].is_none_or(|holder| move_others(wishes, holder, holders, seen));
        if moved {
            holders[thing] = Some(wish);
            return true;
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::assign;

    #[test]
    fn an_earlier_wish_moves_only_if_it_must() {
        assert_eq!(assign(&[vec![0, 1], vec![1]], 2), Some(vec![0, 1]));
        assert_eq!(assign(&[vec![0, 1], vec![0]], 2), Some(vec![1, 0]));
        assert_eq!(assign(&[vec![0], vec![0]], 2), None);
        assert_eq!(assign(&[], 0), Some(vec![]));
    }

    fn possible(wishes: &[Vec<usize>], taken: u32) -> bool {
        wishes.split_first().is_none_or(|(first, rest)| {
            first.iter().any(|thing| taken & (1 << thing) == 0 && possible(rest, taken | (1 << thing)))
        })
    }

    proptest! {
        #[test]
        fn finds_what_trying_everything_finds(
            wishes in prop::collection::vec(prop::sample::subsequence((0..5).collect::<Vec<usize>>(), 0..5), 0..5),
        ) {
            let found = assign(&wishes, 5);
            prop_assert_eq!(found.is_some(), possible(&wishes, 0));
            if let Some(found) = found {
                let distinct: std::collections::HashSet<_> = found.iter().collect();
                prop_assert_eq!(distinct.len(), wishes.len());
                prop_assert!(found.iter().zip(&wishes).all(|(thing, wish)| wish.contains(thing)));
            }
        }
    }
}
