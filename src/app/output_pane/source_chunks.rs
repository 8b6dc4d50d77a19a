//! Long source text cut into pieces of about a screenful, so that only visible ones are laid out.
//!
//! Pieces end at line ends where lines are not too long, else before a tag or after a space. Text
//! that only grew keeps its pieces.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::ops::Range;

use super::virtual_list::ItemSpec;

/// A piece is closed at the first line end beyond this.
const AIM_BYTES: usize = 700;
/// A piece is never longer than this, line end or not.
const MAX_BYTES: usize = 1600;

/// One piece of a source text.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Chunk {
    /// Its bytes of the text, without the line end that closes it.
    pub range: Range<usize>,
    /// First byte of the next piece.
    next: usize,
    hash: u64,
}

/// All pieces of a text.
#[derive(Default)]
pub(super) struct Chunks {
    list: Vec<Chunk>,
    text: String,
}

impl Chunks {
    /// From the first byte to the last.
    pub(super) fn list(&self) -> &[Chunk] {
        &self.list
    }

    /// Takes in the text of this frame; `false` when it is that of the last.
    pub(super) fn update(&mut self, text: &str) -> bool {
        if self.text == text && (!self.list.is_empty() || text.is_empty()) {
            return false;
        }
        let has_grown = !self.text.is_empty() && text.starts_with(&self.text);
        if has_grown {
            self.text.push_str(&text[self.text.len()..]);
            self.list.pop();
        } else {
            text.clone_into(&mut self.text);
            self.list.clear();
        }
        let mut from = self.list.last().map_or(0, |chunk| chunk.next);
        while from < text.len() {
            let (end, next) = chunk_end(text, from);
            let mut hasher = DefaultHasher::new();
            text.get(from..end).hash(&mut hasher);
            self.list.push(Chunk { range: from..end, next, hash: hasher.finish() });
            from = next;
        }
        true
    }

    /// What a [`super::virtual_list::VirtualList`] must know, for lines of so many characters.
    pub(super) fn specs(&self, chars_a_line: f32, line_height: f32) -> impl Iterator<Item = ItemSpec> {
        self.list.iter().map(move |chunk| {
            let text = self.text.get(chunk.range.clone()).unwrap_or_default();
            let lines = text.split('\n').map(|line| (line.len() as f32 / chars_a_line).ceil().max(1.0));
            let estimate = lines.sum::<f32>() * line_height;
            ItemSpec { key: chunk.range.start as u64, stamp: chunk.hash, estimate }
        })
    }

    /// Which piece holds the byte.
    pub(super) fn index_at_byte(&self, byte: usize) -> Option<usize> {
        let index = self.list.partition_point(|chunk| chunk.next <= byte);
        Some(index.min(self.list.len().checked_sub(1)?))
    }
}

/// Where a piece that begins at `from` ends, and where the next begins.
fn chunk_end(text: &str, from: usize) -> (usize, usize) {
    let bytes = text.as_bytes();
    let limit = floor_char(text, (from + MAX_BYTES).min(text.len()));
    let after_aim = (from + AIM_BYTES).min(text.len());
    let window = bytes.get(after_aim..limit).unwrap_or_default();
    if let Some(at) = window.iter().position(|&byte| byte == b'\n') {
        return (after_aim + at, after_aim + at + 1);
    }
    if limit == text.len() {
        return (limit, limit);
    }
    // The last line end before the aim is better than the middle of a long line.
    let early = bytes.get(from..after_aim).unwrap_or_default();
    if let Some(at) = early.iter().rposition(|&byte| byte == b'\n') {
        return (from + at, from + at + 1);
    }
    let cut = window.iter().rposition(|&byte| byte == b'<' || byte == b' ');
    let end = cut.map_or(limit, |at| {
        let at = after_aim + at;
        if bytes.get(at) == Some(&b' ') { at + 1 } else { at }
    });
    let end = if end > from { end } else { limit };
    (end, end)
}

fn floor_char(text: &str, mut at: usize) -> usize {
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    at
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str) {
        let mut whole = Chunks::default();
        whole.update(text);
        let joined: String =
            whole.list().iter().map(|chunk| text.get(chunk.range.start..chunk.next).unwrap()).collect();
        assert_eq!(joined, text);
        assert!(whole.list().iter().all(|chunk| chunk.range.len() <= MAX_BYTES + 4));

        let mut grown = Chunks::default();
        let mut end = 0;
        while end < text.len() {
            end = floor_char(text, (end + 333).min(text.len()).max(end + 4).min(text.len()));
            grown.update(&text[..end]);
        }
        assert_eq!(grown.list(), whole.list());
    }

    #[test]
    fn pieces_make_up_the_text_however_it_came() {
        check("");
        check("one line\n");
        check(&"<text><loc_1><loc_2>Some words here</text>\n".repeat(200));
        check(&"no line end at all ".repeat(500));
        check(&"<loc_1>".repeat(3000));
        check(&"ü".repeat(9000));
    }
}
