//! Lists of word processors and editors, and lists in the wrong place.

use super::super::parts::is_space;
use super::super::tree::{Kind, NodeId, Tree};
use super::super::write::text_of;
use super::styles::declared;

// --- Lists of Word ------------------------------------------------------------------------------------

/// A list in the making: its level, what Word calls it, and the element.
struct Open {
    level: usize,
    name: Option<String>,
    list: NodeId,
}

/// Makes lists of the paragraphs by which Word writes them: a level and the list's name in the style,
/// and the mark in front as text. Another name, or marks of another kind, are another list.
pub(super) fn of_word(tree: &mut Tree) {
    let mut lists: Vec<Open> = Vec::new();
    let mut last = None;
    for id in tree.all() {
        let Some((level, name)) = place(tree, id) else {
            continue;
        };
        if last.is_none_or(|last| neighbour(tree, id) != Some(last)) {
            lists.clear();
        }
        let mark = take_mark(tree, id).map(|mark| Mark::of(&mark));
        last = put(tree, &mut lists, id, (level, name), mark).or(last);
        tree.rename(id, "li");
    }
}

/// Puts an item into the list of its level, which goes on or begins; returns one that began and stands in no other.
fn put(
    tree: &mut Tree,
    lists: &mut Vec<Open>,
    id: NodeId,
    (level, name): (usize, Option<String>),
    mark: Option<Mark>,
) -> Option<NodeId> {
    lists.retain(|open| open.level <= level);
    let goes_on = |open: &Open| {
        open.name == name
            && mark
                .as_ref()
                .is_none_or(|mark| mark.list == tree.name(open.list))
    };
    if lists
        .last()
        .is_some_and(|open| open.level == level && !goes_on(open))
    {
        lists.pop();
    }
    let above = match lists.last() {
        Some(open) if open.level == level => {
            tree.append(open.list, id);
            return None;
        }
        above => above.map(|open| open.list),
    };
    let list = begin(tree, id, above, &mark.unwrap_or_default());
    lists.push(Open { level, name, list });
    above.is_none().then_some(list)
}

/// The level of a paragraph of a list, from 1, and the name of the list, where it has one.
fn place(tree: &Tree, id: NodeId) -> Option<(usize, Option<String>)> {
    if tree.name(id) != "p" {
        return None;
    }
    let style = tree.attribute(id, "style").unwrap_or_default();
    let list = declared(style, "mso-list").filter(|list| list != "none");
    match list {
        Some(list) => {
            let (levels, names): (Vec<&str>, Vec<&str>) = list
                .split_ascii_whitespace()
                .partition(|word| word.starts_with("level"));
            let level = levels.first().and_then(|word| word[5..].parse().ok());
            let name = Some(names.join(" ")).filter(|name| !name.is_empty());
            Some((level.unwrap_or(1), name))
        }
        None => tree
            .has_class(id, |class| class.starts_with("MsoListParagraph"))
            .then_some((1, None))
            .filter(|_| mark_of(tree, id).is_some()),
    }
}

/// What the mark in front of an item says of its list.
struct Mark {
    /// The element that it makes.
    list: &'static str,
    /// The attribute by which the list counts as the mark does, where it is not from 1.
    counts: Option<(&'static str, String)>,
}

impl Default for Mark {
    fn default() -> Self {
        Self {
            list: "ul",
            counts: None,
        }
    }
}

impl Mark {
    fn of(mark: &str) -> Self {
        let number = mark.trim_start_matches('(').strip_suffix(['.', ')']);
        // Of "1.2.", the last number counts: the list above has the others.
        let number = number.and_then(|number| number.rsplit('.').next());
        let Some(number) = number.filter(|number| {
            (1..=4).contains(&number.len()) && number.chars().all(|c| c.is_ascii_alphanumeric())
        }) else {
            return Self::default();
        };
        let counts = match number {
            "a" | "A" | "i" | "I" => Some(("type", number.to_owned())),
            _ => number
                .parse::<u32>()
                .ok()
                .filter(|start| *start != 1)
                .map(|start| ("start", start.to_string())),
        };
        Self { list: "ol", counts }
    }
}

/// The element before a node, white space left out.
fn neighbour(tree: &Tree, id: NodeId) -> Option<NodeId> {
    const NEAR: usize = 20;
    let mut before = std::iter::successors(tree.before(id), |id| tree.before(*id)).take(NEAR);
    before.find(|id| !is_space(tree, *id))
}

/// Where the mark in front stands: in an element that says so.
fn mark_of(tree: &Tree, id: NodeId) -> Option<NodeId> {
    tree.below(id).into_iter().find(|id| {
        let style = tree.attribute(*id, "style").unwrap_or_default();
        declared(style, "mso-list").as_deref() == Some("ignore")
    })
}

fn take_mark(tree: &mut Tree, id: NodeId) -> Option<String> {
    let mark = mark_of(tree, id)?;
    let text = text_of(tree, &[mark]);
    tree.detach(mark);
    Some(text.trim().to_owned())
}

/// Begins a list at a paragraph, which becomes its first item: within the last item of the list above,
/// where there is one.
fn begin(tree: &mut Tree, id: NodeId, above: Option<NodeId>, mark: &Mark) -> NodeId {
    let list = tree.element(mark.list, &[]);
    if let Some((name, value)) = &mark.counts {
        tree.set_attribute(list, name, value);
    }
    match above.and_then(|above| tree.children(above).last()) {
        Some(item) => tree.append(item, list),
        None => tree.insert_before(id, list),
    }
    tree.append(list, id);
    list
}

// --- Lists of Quill -----------------------------------------------------------------------------------

/// Levels that Quill has.
const MOST_LEVELS: usize = 9;

/// Makes lists of the items of Quill, which writes all that follow each other into one `ol`: the kind of each stands in an
/// attribute, its level in a class.
pub(super) fn of_quill(tree: &mut Tree) {
    for list in tree.all() {
        let is_list = matches!(tree.name(list), "ul" | "ol");
        let says_kind = |tree: &Tree, id| tree.attribute(id, "data-list").is_some();
        if !is_list || !tree.children(list).any(|id| says_kind(tree, id)) {
            continue;
        }
        let mut lists: Vec<Open> = Vec::new();
        for item in tree.children(list).collect::<Vec<_>>() {
            tree.insert_before(list, item);
            if tree.name(item) != "li" {
                continue;
            }
            let indent = tree.attribute(item, "class").and_then(|classes| {
                let mut classes = classes.split_ascii_whitespace();
                classes.find_map(|class| class.strip_prefix("ql-indent-")?.parse::<usize>().ok())
            });
            let kind = tree.attribute(item, "data-list").unwrap_or_default();
            let done = match kind {
                "checked" => Some("☑ "),
                "unchecked" => Some("☐ "),
                _ => None,
            };
            let element = if kind == "ordered" { "ol" } else { "ul" };
            let mark = Mark {
                list: element,
                counts: None,
            };
            if let Some(done) = done.map(|done| tree.text(done)) {
                let first = tree.children(item).next();
                match first {
                    Some(first) => tree.insert_before(first, done),
                    None => tree.append(item, done),
                }
            }
            let level = indent.unwrap_or_default().min(MOST_LEVELS);
            put(tree, &mut lists, item, (level, None), Some(mark));
        }
        tree.detach(list);
    }
}

// --- Lists in the wrong place -------------------------------------------------------------------------

/// Puts a list that stands between the items of another into the item before it, and anything else
/// there into an item of its own: a list holds items only.
pub(super) fn mend(tree: &mut Tree) {
    for id in tree.all() {
        if matches!(tree.name(id), "menu" | "dir") {
            tree.rename(id, "ul");
        }
        match tree.name(id) {
            "ul" | "ol" => mend_list(tree, id),
            "li" if !is_item(tree, id) => tree.rename(id, "div"),
            _ => {}
        }
    }
}

/// Whether a `li` stands in a list.
fn is_item(tree: &Tree, id: NodeId) -> bool {
    let parent = tree.parent(id).map(|parent| tree.name(parent));
    matches!(parent, Some("ul" | "ol"))
}

fn mend_list(tree: &mut Tree, list: NodeId) {
    let mut item = None;
    let children: Vec<NodeId> = tree.children(list).collect();
    let mut is_stray = false;
    for child in children {
        match tree.kind(child) {
            Kind::Element("li") => {
                item = Some(child);
                is_stray = false;
            }
            Kind::Element("ul" | "ol") if item.is_some() => {
                if let Some(item) = item {
                    tree.append(item, child);
                }
            }
            _ if is_space(tree, child) => {}
            _ => {
                if !is_stray {
                    let own = tree.element("li", &[]);
                    tree.insert_before(child, own);
                    item = Some(own);
                    is_stray = true;
                }
                if let Some(item) = item {
                    tree.append(item, child);
                }
            }
        }
    }
}
