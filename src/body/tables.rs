//! Tables → blocks.

use super::block::{Alignment, Block, TableBlock};
use super::bounds::MAX_CELLS;
use super::parts::{paragraphs, said, substance};
use super::tree::{NodeId, Tree};
use super::write::is_phrase;

/// A table of plain rows; `None` where it must be kept as it is. `caption` is that of a figure around it.
pub(super) fn table(tree: &Tree, id: NodeId, caption: Option<String>) -> Option<Vec<Block>> {
    let mut table = Rows::default();
    let mut own = None;
    for part in substance(tree, id) {
        match tree.name(part) {
            "caption" if own.is_none() && table.is_empty() => {
                let nodes: Vec<NodeId> = tree.children(part).collect();
                paragraphs(tree, &nodes)?;
                own = said(tree, &nodes);
            }
            "thead" if table.is_empty() => table.head(tree, part)?,
            "tbody" | "tfoot" => table.body(tree, part)?,
            "colgroup" if table.is_empty() => table.columns(tree, part),
            "colgroup" => {}
            _ => return None,
        }
    }
    let caption = match (own, caption) {
        (Some(one), Some(other)) => Some(format!("{one}<br>{other}")),
        (one, other) => one.or(other),
    };
    table.into_blocks(caption)
}

/// Rows as they are read, each cell with its alignment.
#[derive(Default)]
struct Rows {
    /// How `col` elements set the cells of their columns.
    columns: Vec<Option<Alignment>>,
    header: Vec<Cell>,
    rows: Vec<Vec<Cell>>,
}

type Cell = (String, Option<Alignment>);

impl Rows {
    fn is_empty(&self) -> bool {
        self.header.is_empty() && self.rows.is_empty()
    }

    /// Columns as a `colgroup` sets them, one by one or all alike.
    fn columns(&mut self, tree: &Tree, group: NodeId) {
        let of_all = alignment(tree.attribute(group, "align"));
        let named: Vec<NodeId> = substance(tree, group);
        let columns = if named.is_empty() { vec![group] } else { named };
        for column in columns {
            let span = tree
                .attribute(column, "span")
                .and_then(|span| span.trim().parse().ok())
                .unwrap_or(1_usize);
            let how = alignment(tree.attribute(column, "align")).or(of_all);
            let room = MAX_CELLS.saturating_sub(self.columns.len());
            self.columns
                .extend(std::iter::repeat_n(how, span.min(room)));
        }
    }

    fn head(&mut self, tree: &Tree, part: NodeId) -> Option<()> {
        for row in substance(tree, part) {
            let columns = &self.columns;
            let row =
                cells(tree, row, "th", columns).or_else(|| cells(tree, row, "td", columns))?;
            if !self.header.is_empty() {
                return None;
            }
            self.header = row;
        }
        Some(())
    }

    fn body(&mut self, tree: &Tree, part: NodeId) -> Option<()> {
        for row in substance(tree, part) {
            match cells(tree, row, "td", &self.columns) {
                Some(cells) => self.rows.push(cells),
                None if self.is_empty() => self.header = cells(tree, row, "th", &self.columns)?,
                None => return None,
            }
        }
        Some(())
    }

    fn into_blocks(self, caption: Option<String>) -> Option<Vec<Block>> {
        let all = || {
            self.rows
                .iter()
                .chain(Some(&self.header).filter(|header| !header.is_empty()))
        };
        let width = all().map(Vec::len).max().unwrap_or(0);
        if all().any(|row| row.len() != width) {
            return None;
        }
        if width * (self.rows.len() + 1) > MAX_CELLS {
            return None;
        }
        if all().all(|row| row.iter().all(|(html, _)| html.is_empty())) && caption.is_none() {
            return Some(Vec::new());
        }
        let alignments = alignments(&all().collect::<Vec<_>>(), width);
        let texts = |row: Vec<Cell>| row.into_iter().map(|(html, _)| html).collect::<Vec<_>>();
        Some(vec![Block::Table(TableBlock {
            header: texts(self.header),
            rows: self.rows.into_iter().map(texts).collect(),
            alignments,
            caption,
        })])
    }
}

/// How each column is set: as most of its cells are; empty where nothing is said of any.
fn alignments(rows: &[&Vec<Cell>], width: usize) -> Vec<Alignment> {
    let of_column = |column: usize| {
        let cells = || {
            rows.iter()
                .filter_map(move |row| row.get(column))
                .filter_map(|(_, how)| *how)
        };
        let count = |wanted| cells().filter(|how| *how == wanted).count();
        let (center, end) = (count(Alignment::Center), count(Alignment::End));
        match 2 * center.max(end) > rows.len() {
            true if end >= center => Alignment::End,
            true => Alignment::Center,
            false => Alignment::Start,
        }
    };
    let all: Vec<Alignment> = (0..width).map(of_column).collect();
    Alignment::said(all)
}

/// What an `align` attribute says.
fn alignment(align: Option<&str>) -> Option<Alignment> {
    match align?.trim().to_ascii_lowercase().as_str() {
        "right" | "end" => Some(Alignment::End),
        "center" => Some(Alignment::Center),
        "left" | "start" => Some(Alignment::Start),
        _ => None,
    }
}

/// The cells of a row, each set as it says itself, or else as its column or its row is.
fn cells(tree: &Tree, row: NodeId, name: &str, columns: &[Option<Alignment>]) -> Option<Vec<Cell>> {
    if tree.name(row) != "tr" {
        return None;
    }
    let of_row = alignment(tree.attribute(row, "align"));
    let cell = |(index, cell): (usize, NodeId)| {
        let spans = ["colspan", "rowspan"]
            .iter()
            .any(|span| tree.attribute(cell, span).is_some_and(|span| span != "1"));
        let children: Vec<NodeId> = tree.children(cell).collect();
        let plain = tree.name(cell) == name && !spans;
        let blocks = children.iter().filter(|child| !is_phrase(tree, **child));
        if !plain || blocks.count() > 1 {
            return None;
        }
        let of_column = columns.get(index).copied().flatten();
        let align = alignment(tree.attribute(cell, "align"))
            .or(of_column)
            .or(of_row);
        Some((paragraphs(tree, &children)?, align))
    };
    substance(tree, row)
        .into_iter()
        .enumerate()
        .map(cell)
        .collect()
}
