//! What differs between two bodies: block by block, and within a block word by word.

use std::collections::{HashMap, HashSet};

use serde::Serialize;
use serde_json::{Map, Value};
use similar::DiffOp;
use unicode_segmentation::UnicodeSegmentation;
use utoipa::ToSchema;
use xxhash_rust::xxh3::xxh3_64;

use super::{Block, Body};
use crate::diff::{Budget, FieldChange};

/// How far a block is looked for among those that were taken out where it was put in.
const NEAR: usize = 20;

/// Parts in a hundred that two blocks must have in common to be one that was changed.
const ALIKE: usize = 40;

/// What became of a block.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum BlockOp {
    /// It stands in both as it is.
    Equal,
    /// It stands in both, and says something else in the later one.
    Change,
    /// It stands in both as it is, in another place.
    Move,
    /// It stands in the later one only.
    Insert,
    /// It stands in the earlier one only.
    Delete,
}

/// What became of a block, or of several that stand together and are equal.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[schema(example = json!({
    "op": "insert", "from_index": null, "to_index": 3, "count": 1,
    "block": {"type": "paragraph", "html": "The fund begins in May."}, "changes": []
}))]
pub struct BlockChange {
    /// What became of it.
    #[schema(inline)]
    pub op: BlockOp,
    /// Where it stood, counted from 0; null for what was put in.
    #[schema(required = true, minimum = 0)]
    pub from_index: Option<u32>,
    /// Where it stands, counted from 0; null for what was taken out.
    #[schema(required = true, minimum = 0)]
    pub to_index: Option<u32>,
    /// How many blocks this is said of: those after it as well where they are equal, otherwise 1.
    #[schema(minimum = 1)]
    pub count: u32,
    /// What was put in or taken out; null otherwise.
    #[schema(required = true)]
    pub block: Option<Block>,
    /// Of a block that was changed: what of it, with pointers that begin at the block.
    pub changes: Vec<FieldChange>,
}

fn number(index: usize) -> u32 {
    u32::try_from(index).unwrap_or(u32::MAX)
}

impl BlockChange {
    fn of(op: BlockOp, from: Option<usize>, to: Option<usize>) -> Self {
        Self {
            op,
            from_index: from.map(number),
            to_index: to.map(number),
            count: 1,
            block: None,
            changes: Vec::new(),
        }
    }

    fn with(self, block: &Block) -> Self {
        Self {
            block: Some(block.clone()),
            ..self
        }
    }
}

impl Body {
    /// What became of the blocks of this body in a later one: all of the later one's in order, and those that
    /// were taken out before the one that they stood before.
    pub fn changes(&self, later: &Self, budget: &mut Budget) -> Vec<BlockChange> {
        let (old, new) = (Side::of(&self.0), Side::of(&later.0));
        let mut comparison = Comparison {
            found: Vec::new(),
            moves: HashMap::new(),
            moved: HashSet::new(),
            budget,
            old: &old,
            new: &new,
        };
        let ops = comparison.budget.compare(&old.hashes, &new.hashes);
        comparison.find_moves(&ops);
        for op in &ops {
            match *op {
                DiffOp::Equal {
                    old_index,
                    new_index,
                    len,
                } => comparison.found.push(BlockChange {
                    count: number(len),
                    ..BlockChange::of(BlockOp::Equal, Some(old_index), Some(new_index))
                }),
                _ => comparison.gap(op),
            }
        }
        comparison.found
    }
}

/// One of the two bodies.
struct Side<'a> {
    blocks: &'a [Block],
    json: Vec<Map<String, Value>>,
    hashes: Vec<u64>,
}

impl<'a> Side<'a> {
    fn of(blocks: &'a [Block]) -> Self {
        let json: Vec<Map<String, Value>> = blocks.iter().map(members).collect();
        let hash = |members: &Map<String, Value>| {
            xxh3_64(&serde_json::to_vec(members).unwrap_or_default())
        };
        Self {
            hashes: json.iter().map(hash).collect(),
            blocks,
            json,
        }
    }

    /// The words of a block, as numbers in order.
    fn words(&self, index: usize) -> Vec<u64> {
        let mut words = Vec::new();
        add_words(&mut words, self.json[index].values());
        words.sort_unstable();
        words
    }

    fn kind(&self, index: usize) -> Option<&Value> {
        self.json[index].get("type")
    }
}

fn members(block: &Block) -> Map<String, Value> {
    match serde_json::to_value(block) {
        Ok(Value::Object(members)) => members,
        _ => Map::new(),
    }
}

fn add_words<'a>(words: &mut Vec<u64>, values: impl Iterator<Item = &'a Value>) {
    for value in values {
        match value {
            Value::String(text) => {
                words.extend(text.unicode_words().map(|word| xxh3_64(word.as_bytes())));
            }
            Value::Array(items) => add_words(words, items.iter()),
            _ => {}
        }
    }
}

/// Whether two blocks have enough words in common to be one that was changed.
fn are_alike(left: &[u64], right: &[u64]) -> bool {
    let (mut rest, mut common) = (right.iter().peekable(), 0);
    for word in left {
        while rest.next_if(|other| *other < word).is_some() {}
        if rest.next_if(|other| *other == word).is_some() {
            common += 1;
        }
    }
    200 * common >= ALIKE * (left.len() + right.len())
}

struct Comparison<'a> {
    found: Vec<BlockChange>,
    /// Where a block came from that was moved, by where it is.
    moves: HashMap<usize, usize>,
    /// Where such blocks stood.
    moved: HashSet<usize>,
    budget: &'a mut Budget,
    old: &'a Side<'a>,
    new: &'a Side<'a>,
}

impl Comparison<'_> {
    /// What was taken out in one place and put in at another.
    fn find_moves(&mut self, ops: &[DiffOp]) {
        let gaps = || ops.iter().filter(|op| !matches!(op, DiffOp::Equal { .. }));
        let mut taken_out: HashMap<u64, Vec<usize>> = HashMap::new();
        for index in gaps().flat_map(DiffOp::old_range) {
            let places = taken_out.entry(self.old.hashes[index]).or_default();
            places.push(index);
        }
        // The first one that was taken out is the first one that was put in.
        taken_out.values_mut().for_each(|places| places.reverse());
        for index in gaps().flat_map(DiffOp::new_range) {
            let places = taken_out.get_mut(&self.new.hashes[index]);
            if let Some(from) = places.and_then(Vec::pop) {
                self.moves.insert(index, from);
                self.moved.insert(from);
            }
        }
    }

    /// Blocks that stand in the place of others.
    fn gap(&mut self, op: &DiffOp) {
        let stayed = op.old_range().filter(|at| !self.moved.contains(at));
        let deleted: Vec<usize> = stayed.collect();
        let words: Vec<Vec<u64>> = deleted.iter().map(|at| self.old.words(*at)).collect();
        let mut next = 0;
        for to in op.new_range() {
            if let Some(from) = self.moves.get(&to) {
                let change = BlockChange::of(BlockOp::Move, Some(*from), Some(to));
                self.found.push(change);
                continue;
            }
            let own = self.new.words(to);
            let near = (next..deleted.len()).take(NEAR);
            let pair = near.into_iter().find(|place| {
                self.old.kind(deleted[*place]) == self.new.kind(to)
                    && are_alike(&words[*place], &own)
            });
            match pair {
                Some(place) => {
                    self.delete(&deleted[next..place]);
                    self.change(deleted[place], to);
                    next = place + 1;
                }
                None => {
                    let change = BlockChange::of(BlockOp::Insert, None, Some(to));
                    self.found.push(change.with(&self.new.blocks[to]));
                }
            }
        }
        self.delete(&deleted[next..]);
    }

    fn delete(&mut self, places: &[usize]) {
        for from in places {
            let change = BlockChange::of(BlockOp::Delete, Some(*from), None);
            self.found.push(change.with(&self.old.blocks[*from]));
        }
    }

    fn change(&mut self, from: usize, to: usize) {
        let changes = self
            .budget
            .members(&self.old.json[from], &self.new.json[to]);
        self.found.push(BlockChange {
            changes,
            ..BlockChange::of(BlockOp::Change, Some(from), Some(to))
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn body(text: &str) -> Body {
        Body::from_markdown(text, None).unwrap().body
    }

    fn changes(before: &Body, after: &Body) -> Vec<BlockChange> {
        before.changes(after, &mut Budget::default())
    }

    fn said(before: &str, after: &str) -> Vec<String> {
        let place = |index: Option<u32>| index.map_or("–".to_owned(), |index| index.to_string());
        let say = |change: &BlockChange| {
            let (from, to) = (place(change.from_index), place(change.to_index));
            let op = format!("{:?}", change.op).to_lowercase();
            format!("{op} {from} {to} {}", change.count)
        };
        let found = changes(&body(before), &body(after));
        found.iter().map(say).collect()
    }

    #[test]
    fn blocks_are_changed_moved_put_in_and_taken_out() {
        let before = "# One\n\nThe harbour is closed today.\n\nSecond paragraph here.\n\nThird one.\n\n> A quote.\n\n\
                      Gone by now.\n\nLast words.";
        let after = "# One\n\n> A quote.\n\nThe harbour is open today.\n\nSecond paragraph here.\n\nThird one.\n\n\
                     Something else.\n\nLast words.";
        assert_eq!(
            said(before, after),
            [
                "equal 0 0 1",
                "move 4 1 1",
                "change 1 2 1",
                "equal 2 3 2",
                "insert – 5 1",
                "delete 5 – 1",
                "equal 6 6 1",
            ]
        );
        assert!(said("", "").is_empty());
        assert_eq!(said("a\n\nb", "a\n\nb"), ["equal 0 0 2"]);
    }

    /// What a reader of the answer makes of it: the later body out of the earlier one.
    fn applied(before: &Body, changes: &[BlockChange]) -> Vec<Value> {
        let old: Vec<Map<String, Value>> = before.blocks().iter().map(members).collect();
        let mut blocks = Vec::new();
        for change in changes {
            let from = change.from_index.map(|index| index as usize);
            match (change.op, from, &change.block) {
                (BlockOp::Equal, Some(from), _) => {
                    let equal = &old[from..from + change.count as usize];
                    blocks.extend(equal.iter().cloned().map(Value::Object));
                }
                (BlockOp::Move, Some(from), _) => blocks.push(Value::Object(old[from].clone())),
                (BlockOp::Insert, _, Some(block)) => blocks.push(Value::Object(members(block))),
                (BlockOp::Change, Some(from), _) => {
                    let mut block = old[from].clone();
                    for field in &change.changes {
                        let name = field.pointer.trim_start_matches('/');
                        let to = field.to.clone().map_or(Value::Null, Value::String);
                        block.insert(name.to_owned(), to);
                    }
                    blocks.push(Value::Object(block));
                }
                _ => {}
            }
        }
        blocks
    }

    proptest! {
        #[test]
        fn changes_make_the_later_body_out_of_the_earlier_one(
            before in proptest::collection::vec("[ab]{1,3}( [abc]{1,3}){0,4}", 0..12),
            after in proptest::collection::vec("[ab]{1,3}( [abc]{1,3}){0,4}", 0..12),
        ) {
            let (before, after) = (body(&before.join("\n\n")), body(&after.join("\n\n")));
            let found = changes(&before, &after);
            let expected: Vec<Value> = after.blocks().iter().map(|block| Value::Object(members(block))).collect();
            prop_assert_eq!(applied(&before, &found), expected);
            // Each block of the earlier one is accounted for once.
            let mut places: Vec<u32> = found.iter()
                .filter_map(|change| Some((change.from_index?, change.count)))
                .flat_map(|(from, count)| from..from + count)
                .collect();
            places.sort_unstable();
            prop_assert_eq!(places, (0..before.blocks().len() as u32).collect::<Vec<_>>());
        }
    }
}
