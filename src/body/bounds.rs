//! How large and how deep an input may be.

use crate::validation::Violation;

/// Most pictures of a gallery.
pub const MAX_IMAGES: usize = 50;

/// Most bytes of an input: of HTML, Markdown or plain text, or of blocks as JSON.
pub const MAX_BYTES: usize = 1024 * 1024;
/// Most blocks of one body.
pub const MAX_BLOCKS: usize = 2_000;
/// Most levels of nested elements; the first element is at level 1.
pub const MAX_DEPTH: usize = 32;

/// Most cells of one table, and of all tables of one Markdown text: short rows are filled up, which
/// must not make much out of little.
pub(super) const MAX_CELLS: usize = 20_000;

/// Most nodes that markup may expand to. Badly nested markup lets a parser make many elements out
/// of few bytes, so bytes alone do not bound the work.
pub(super) const MAX_NODES: usize = 600_000;

/// Most attributes of one tag: the tokenizer compares each with all before it.
const MAX_ATTRIBUTES: usize = 256;

pub(super) fn check_source(source: &str) -> Result<(), Violation> {
    if source.len() > MAX_BYTES {
        return Err(too_large(source.len()));
    }
    if source.contains('\0') {
        return Err(Violation::whole("nul", "must not contain U+0000"));
    }
    Ok(())
}

pub(super) fn too_large(bytes: usize) -> Violation {
    let detail = format!("must have at most {MAX_BYTES} bytes, has {bytes}");
    Violation::whole("too_large", detail)
}

pub(super) fn too_many_nodes() -> Violation {
    let detail = format!("must not expand to more than {MAX_NODES} elements and texts");
    Violation::whole("too_large", detail)
}

pub(super) fn too_many_cells() -> Violation {
    let detail = format!("must not have tables of more than {MAX_CELLS} cells");
    Violation::whole("too_large", detail)
}

/// What was made must itself be an input that is taken: it will be sent back.
pub(super) fn check_bytes(bytes: usize) -> Result<(), Violation> {
    if bytes > MAX_BYTES {
        return Err(too_large(bytes));
    }
    Ok(())
}

pub(super) fn too_deep() -> Violation {
    let detail = format!("must not nest deeper than {MAX_DEPTH} levels");
    Violation::whole("too_deep", detail)
}

pub(super) fn too_many_attributes() -> Violation {
    let detail = format!("must not have a tag with more than {MAX_ATTRIBUTES} attributes");
    Violation::whole("too_many_attributes", detail)
}

pub(super) fn check_count(blocks: usize) -> Result<(), Violation> {
    if blocks > MAX_BLOCKS {
        let detail = format!("must have at most {MAX_BLOCKS} blocks, has {blocks}");
        return Err(Violation::whole("too_many_blocks", detail));
    }
    Ok(())
}

/// Counts the attributes of a tag as its bytes arrive, before the tokenizer has an end of it.
/// Counts too many rather than too few.
#[derive(Default)]
pub(super) struct AttributeCount {
    begun: usize,
    is_tag: bool,
    quote: Option<u8>,
    between: bool,
    after_equals: bool,
    count: usize,
}

impl AttributeCount {
    pub(super) fn read(&mut self, piece: &str) {
        for byte in piece.bytes() {
            self.read_byte(byte);
        }
    }

    pub(super) fn exceeded(&self) -> bool {
        self.count > MAX_ATTRIBUTES
    }

    fn read_byte(&mut self, byte: u8) {
        self.begun += 1;
        match self.begun {
            1 => {
                self.is_tag = byte == b'<';
                return;
            }
            2 => {
                self.is_tag &= byte == b'/' || byte.is_ascii_alphabetic();
                return;
            }
            _ if !self.is_tag => return,
            _ => {}
        }
        if let Some(quote) = self.quote {
            if byte == quote {
                self.quote = None;
                self.between = true;
            }
            return;
        }
        match byte {
            b'"' | b'\'' if self.after_equals => self.quote = Some(byte),
            b' ' | b'\t' | b'\n' | b'\r' | b'\x0c' => self.between = true,
            b'/' => self.between = true,
            b'=' => {
                self.after_equals = true;
                return;
            }
            _ if self.between => {
                self.count += 1;
                self.between = false;
            }
            _ => {}
        }
        self.after_equals &= byte.is_ascii_whitespace();
    }
}
