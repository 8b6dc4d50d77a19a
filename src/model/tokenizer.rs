//! Text to token ids, and token ids back to text as they come, without ever showing half a
//! character.
//!
//! Only byte-level tokenizers are read here: all published Idefics3 and SmolVLM checkpoints have
//! one, and it makes a token's bytes independent of its neighbours.

use std::collections::HashMap;
use std::path::Path;
use std::str;

use tokenizers::Tokenizer;

use super::error::Error;
use super::files::read_if_present;
use super::tokenizer_file;

/// SmolDocling's has 3.5 MB, granite's 7 MB; in memory it is some ten times as much.
const MAX_TOKENIZER_BYTES: u64 = 32 << 20;

/// A checkpoint's tokenizer.
#[derive(Debug)]
pub(crate) struct TextTokenizer {
    tokenizer: Tokenizer,
    byte_of_char: HashMap<char, u8>,
}

impl TextTokenizer {
    /// Reads `tokenizer.json`.
    ///
    /// # Errors
    /// When it is missing, too large, no tokenizer, or not a byte-level one of a known form.
    pub(crate) fn read(folder: &Path) -> Result<Self, Error> {
        let file = folder.join("tokenizer.json");
        let bytes = read_if_present(&file, MAX_TOKENIZER_BYTES)?
            .ok_or_else(|| Error::MissingFile { what: "the tokenizer", file: file.clone() })?;
        let unusable = |source| Error::Tokenizer { file: file.clone(), source };
        tokenizer_file::check(&bytes).map_err(unusable)?;
        let mut tokenizer = Tokenizer::from_bytes(bytes).map_err(unusable)?;
        // A saved tokenizer may remember lengths from its training; the reference ignores them too.
        tokenizer.with_padding(None);
        tokenizer.with_truncation(None).map_err(unusable)?;
        Ok(Self { tokenizer, byte_of_char: byte_of_char() })
    }

    /// Token ids of a text. Special tokens in it become one id each.
    ///
    /// # Errors
    /// When the tokenizer fails, which it does for no text that is known.
    pub(crate) fn encode(&self, text: &str) -> Result<Vec<u32>, Error> {
        let encoding = self
            .tokenizer
            .encode(text, true)
            .map_err(|source| Error::Tokenizer { file: "tokenizer.json".into(), source })?;
        Ok(encoding.get_ids().to_vec())
    }

    /// The id of a token by its name.
    pub(crate) fn id_of(&self, token: &str) -> Option<u32> {
        self.tokenizer.token_to_id(token)
    }

    /// Decodes from here on, token by token.
    pub(crate) fn decode_stream(&self) -> DecodeStream<'_> {
        DecodeStream { tokenizer: self, pending: Vec::new() }
    }

    /// Decodes a whole answer, special tokens included.
    pub(crate) fn decode(&self, ids: &[u32]) -> String {
        let mut stream = self.decode_stream();
        let mut text: String = ids.iter().map(|id| stream.push(*id)).collect();
        text.push_str(&stream.finish());
        text
    }

    /// A token's bytes; empty for an id without a token.
    fn bytes_of(&self, id: u32) -> Vec<u8> {
        let Some(token) = self.tokenizer.id_to_token(id) else { return Vec::new() };
        // An added token with a sign outside the byte alphabet (a blank, say) stands for itself.
        let bytes: Option<Vec<u8>> = token.chars().map(|c| self.byte_of_char.get(&c).copied()).collect();
        bytes.unwrap_or_else(|| token.into_bytes())
    }
}

/// Text of an answer as its tokens come.
#[derive(Clone, Debug)]
pub(crate) struct DecodeStream<'t> {
    tokenizer: &'t TextTokenizer,
    /// The start of a character whose other bytes have not come yet: at most three bytes.
    pending: Vec<u8>,
}

impl DecodeStream<'_> {
    /// The text that one more token completes.
    pub(crate) fn push(&mut self, id: u32) -> String {
        self.pending.extend(self.tokenizer.bytes_of(id));
        take_characters(&mut self.pending)
    }

    /// The text that one more token would complete, with a replacement sign for half a character.
    pub(crate) fn preview(&self, id: u32) -> String {
        let mut stream = self.clone();
        let mut text = stream.push(id);
        text.push_str(&stream.finish());
        text
    }

    /// What is left when no more tokens come: a replacement sign for half a character.
    pub(crate) fn finish(&mut self) -> String {
        String::from_utf8_lossy(&std::mem::take(&mut self.pending)).into_owned()
    }
}

/// Takes the whole characters off the front. Bytes that can never become a character turn into
/// U+FFFD, exactly as when the whole answer is decoded at once.
fn take_characters(bytes: &mut Vec<u8>) -> String {
    let mut text = String::new();
    let mut rest = bytes.as_slice();
    let held_back = loop {
        match str::from_utf8(rest) {
            Ok(valid) => {
                text.push_str(valid);
                break rest.len();
            }
            Err(error) => {
                let (valid, tail) = rest.split_at_checked(error.valid_up_to()).unwrap_or((rest, &[]));
                text.push_str(&String::from_utf8_lossy(valid));
                let Some(invalid) = error.error_len() else { break rest.len() - tail.len() };
                text.push(char::REPLACEMENT_CHARACTER);
                rest = tail.get(invalid..).unwrap_or_default();
            }
        }
    };
    let kept = rest.get(held_back..).unwrap_or_default().to_vec();
    *bytes = kept;
    text
}

/// The printable stand-in that byte-level vocabularies use for each byte, back to the byte.
/// Source: `bytes_to_unicode` of GPT-2.
fn byte_of_char() -> HashMap<char, u8> {
    let is_printable = |byte: &u8| matches!(byte, 0x21..=0x7e | 0xa1..=0xac | 0xae..=0xff);
    let printable = (0..=u8::MAX).filter(is_printable).map(|byte| (char::from(byte), byte));
    let shifted = (0..=u8::MAX).filter(|byte| !is_printable(byte));
    printable.chain(('\u{100}'..).zip(shifted)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check_pieces(pieces: &[&[u8]], expected: &[&str]) {
        let mut pending = Vec::new();
        let texts: Vec<String> = pieces
            .iter()
            .map(|piece| {
                pending.extend_from_slice(piece);
                take_characters(&mut pending)
            })
            .collect();
        assert_eq!(texts, expected);
        assert!(pending.len() <= 3);
    }

    #[test]
    fn half_a_character_is_held_back() {
        check_pieces(&[b"a\xe4", b"\xb8", b"\xadb"], &["a", "", "中b"]);
        check_pieces(&[b"\xf0\x9f", b"\x98\x80"], &["", "😀"]);
    }

    #[test]
    fn bytes_that_never_become_a_character_are_replaced_at_once() {
        check_pieces(&[b"\xe4", b"x"], &["", "\u{fffd}x"]);
        check_pieces(&[b"\x80\x80ok"], &["\u{fffd}\u{fffd}ok"]);
    }

    #[test]
    fn any_cut_gives_the_text_of_the_whole() {
        let bytes = "z\u{e9}\u{4e2d}\u{1f600}".as_bytes().iter().copied().chain([0xf0, 0x9f, 0xff, 0xe4]);
        let bytes: Vec<u8> = bytes.collect();
        for cut in 0..=bytes.len() {
            for second in cut..=bytes.len() {
                let mut pending = Vec::new();
                let mut text = String::new();
                for piece in [&bytes[..cut], &bytes[cut..second], &bytes[second..]] {
                    pending.extend_from_slice(piece);
                    text.push_str(&take_characters(&mut pending));
                }
                text.push_str(&String::from_utf8_lossy(&pending));
                assert_eq!(text, String::from_utf8_lossy(&bytes));
            }
        }
    }

    #[test]
    fn the_byte_alphabet_covers_every_byte_once() {
        let table = byte_of_char();
        let mut bytes: Vec<u8> = table.values().copied().collect();
        bytes.sort_unstable();
        assert_eq!(bytes, (0..=u8::MAX).collect::<Vec<_>>());
        assert_eq!(table.get(&'Ġ'), Some(&b' '));
        assert_eq!(table.get(&'Ċ'), Some(&b'\n'));
    }
}
