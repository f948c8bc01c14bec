//! What links within the text lead to.

use std::collections::{HashMap, HashSet};

use super::super::allowed::is_id;
use super::super::parts::is_space;
use super::super::tree::{NodeId, Tree};
use super::super::write::is_phrase;
use super::addresses::{report_lost_title, shown};

/// Keeps the names of elements that a link of the text leads to, and no others; takes away links
/// that would lead nowhere.
pub(super) fn keep(tree: &mut Tree) {
    part_repeated(tree);
    let wanted: HashSet<String> = tree
        .all()
        .into_iter()
        .filter_map(|id| target(tree, id))
        .collect();
    let mut found = HashSet::new();
    for id in tree.all() {
        keep_name(tree, id, &wanted, &mut found);
    }
    for id in tree.all() {
        hand_on(tree, id);
    }
    for id in tree.all() {
        if let Some(name) = target(tree, id).filter(|name| !found.contains(name)) {
            if !matches!(name.as_str(), "" | "top") {
                tree.warn(
                    "link_removed",
                    format!(
                        "nothing in the text is called {}, to which a link leads; its text stays",
                        shown(&name)
                    ),
                );
            }
            report_lost_title(tree, id);
            tree.unwrap(id);
        }
    }
}

/// A place before an element is that element.
fn hand_on(tree: &mut Tree, id: NodeId) {
    let is_place = tree.name(id) == "span" && tree.children(id).next().is_none();
    let Some(name) = tree
        .attribute(id, "id")
        .filter(|_| is_place)
        .map(str::to_owned)
    else {
        return;
    };
    let after = std::iter::successors(tree.next(id), |id| tree.next(*id));
    let next = after.into_iter().find(|id| !is_space(tree, *id));
    if let Some(next) = next
        && !tree.name(next).is_empty()
        && !is_phrase(tree, next)
        && tree.attribute(next, "id").is_none()
    {
        tree.set_attribute(next, "id", &name);
        tree.detach(id);
    }
}

/// The name that a link within the text leads to.
fn target(tree: &Tree, id: NodeId) -> Option<String> {
    if tree.name(id) != "a" {
        return None;
    }
    let name = tree.attribute(id, "href")?.trim().strip_prefix('#')?;
    Some(decoded(name))
}

fn decoded(fragment: &str) -> String {
    percent_encoding::percent_decode_str(fragment)
        .decode_utf8()
        .map_or_else(|_| fragment.to_owned(), Into::into)
}

fn keep_name(tree: &mut Tree, id: NodeId, wanted: &HashSet<String>, found: &mut HashSet<String>) {
    let name = own_name(tree, id).map(str::to_owned);
    tree.remove_attribute(id, "id");
    let Some(name) = name.filter(|name| is_id(name) && wanted.contains(name)) else {
        return;
    };
    if found.insert(name.clone()) {
        // An anchor that leads nowhere itself is only a place.
        if tree.name(id) == "a" && tree.attribute(id, "href").is_none() {
            tree.rename(id, "span");
        }
        tree.set_attribute(id, "id", &name);
    }
}

/// What an element is called.
fn own_name(tree: &Tree, id: NodeId) -> Option<&str> {
    let old = match tree.name(id) {
        "a" => tree.attribute(id, "name"),
        _ => None,
    };
    tree.attribute(id, "id").or(old).map(str::trim)
}

// --- Names given more than once -----------------------------------------------------------------------

/// Places called alike, in the order of the text; and each place with its name and number among them.
#[derive(Default)]
struct Places {
    named: HashMap<String, Vec<NodeId>>,
    of: HashMap<NodeId, (String, usize)>,
    order: HashMap<NodeId, usize>,
}

impl Places {
    fn of(tree: &Tree) -> Self {
        let mut places = Self::default();
        for (at, id) in tree.all().into_iter().enumerate() {
            places.order.insert(id, at);
            if let Some(name) = own_name(tree, id).filter(|name| is_id(name)) {
                let named = places.named.entry(name.to_owned()).or_default();
                places.of.insert(id, (name.to_owned(), named.len()));
                named.push(id);
            }
        }
        places
    }

    /// The place, of those that are called like others, that a link stands in, or right behind.
    fn around(&self, tree: &Tree, link: NodeId) -> Option<&(String, usize)> {
        std::iter::once(link)
            .chain(tree.ancestors(link))
            .find_map(|id| {
                let before = tree
                    .before(id)
                    .filter(|before| tree.children(*before).next().is_none());
                let places = [Some(id), before].into_iter().flatten();
                places
                    .filter_map(|id| self.of.get(&id))
                    .find(|(name, _)| self.named[name].len() > 1)
            })
    }

    /// Which of the places called `name` a link means. Notes and the references to them are pairs: from
    /// the second of one, the second of the other. Otherwise it is the next place of that name, as notes
    /// follow their text; one that leads back leads to the first.
    fn meant(&self, tree: &Tree, link: NodeId, name: &str) -> usize {
        let Some(places) = self.named.get(name) else {
            return 0;
        };
        let at = |id: NodeId| self.order.get(&id).copied().unwrap_or_default();
        let next = |from: usize| places.partition_point(|place| at(*place) < from);
        let found = match self.around(tree, link) {
            Some((own, number)) => {
                let alike = &self.named[own];
                match (alike.len() == places.len(), number.checked_sub(1)) {
                    (true, _) => *number,
                    (false, Some(before)) => next(at(alike[before])),
                    (false, None) => 0,
                }
            }
            None => next(at(link)),
        };
        match found < places.len() {
            true => found,
            false => 0,
        }
    }
}

/// Gives places called alike names of their own, so that the links of each text lead to its own notes
/// where several texts were put together. The first keeps its name.
fn part_repeated(tree: &mut Tree) {
    /// A longer name has no room for a number.
    const MOST_BYTES: usize = 80;
    let places = Places::of(tree);
    if places.named.values().all(|places| places.len() == 1) {
        return;
    }
    let mut names: HashMap<NodeId, String> = HashMap::new();
    for id in tree.all() {
        let Some(name) = target(tree, id) else {
            continue;
        };
        let number = places.meant(tree, id, &name);
        if number == 0 || name.len() > MOST_BYTES {
            continue;
        }
        let place = places.named[&name][number];
        let own = names
            .entry(place)
            .or_insert_with(|| free_name(&places, &name, number));
        tree.set_attribute(id, "href", &format!("#{own}"));
    }
    for (place, name) in names {
        tree.set_attribute(place, "id", &name);
    }
}

/// A name that nothing has.
fn free_name(places: &Places, name: &str, number: usize) -> String {
    let mut own = format!("{name}-{}", number + 1);
    while places.named.contains_key(&own) {
        own.push('x');
    }
    own
}
