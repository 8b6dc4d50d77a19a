//! A model that says what it was given to say: for tests without weights and for `--replay`.

use std::sync::{Arc, Mutex, PoisonError};

use image::RgbImage;

use super::page_model::{GenerationOptions, PageModel, Steps};
use super::step::{Step, Stop};

/// Replays a recording for every page and remembers what it was asked.
#[derive(Clone, Debug)]
pub struct ScriptedModel {
    name: String,
    steps: Arc<[Step]>,
    calls: Arc<Mutex<Vec<ScriptedCall>>>,
}

/// What a [`ScriptedModel`] was asked.
#[derive(Clone, Debug, PartialEq)]
pub struct ScriptedCall {
    /// Width and height of the page image.
    pub page_size_px: (u32, u32),
    /// The options.
    pub options: GenerationOptions,
}

/// Tiles that a replayed text pretends to encode, so that progress is seen to move.
const REPLAYED_TILES: usize = 4;

impl ScriptedModel {
    /// Replays exactly these steps. A token limit still cuts them.
    pub fn from_steps(name: impl Into<String>, steps: impl Into<Arc<[Step]>>) -> Self {
        Self { name: name.into(), steps: steps.into(), calls: Arc::default() }
    }

    /// Replays a text as a model would have written it: a few tiles, a prompt, then a tag, a word
    /// with its leading blank, or a single sign at a time, then the end. All tokens are certain
    /// (log-probability 0) and have the ids 0, 1, 2, …
    pub fn from_text(name: impl Into<String>, text: &str) -> Self {
        let encoded = (0..=REPLAYED_TILES).map(|done| Step::EncodedTiles { done, total: REPLAYED_TILES });
        let tokens = pieces(text).zip(0..).map(|(piece, id)| Step::Token {
            id,
            text: piece.to_owned(),
            log_probability: 0.0,
        });
        let steps: Vec<Step> = encoded
            .chain([Step::Prefilled { prompt_tokens: 0 }])
            .chain(tokens)
            .chain([Step::Stopped(Stop::End)])
            .collect();
        Self::from_steps(name, steps)
    }

    /// What this model and its clones have been asked so far, oldest first.
    pub fn calls(&self) -> Vec<ScriptedCall> {
        self.calls.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl PageModel for ScriptedModel {
    fn name(&self) -> &str {
        &self.name
    }

    fn generate<'m>(&'m mut self, page: &'m RgbImage, options: &GenerationOptions) -> Steps<'m> {
        let call = ScriptedCall { page_size_px: page.dimensions(), options: options.clone() };
        self.calls.lock().unwrap_or_else(PoisonError::into_inner).push(call);
        let mut tokens_left = options.max_new_tokens.unwrap_or(usize::MAX);
        let mut is_over = false;
        Box::new(self.steps.iter().map_while(move |step| {
            if is_over {
                return None;
            }
            if matches!(step, Step::Token { .. }) {
                if tokens_left == 0 {
                    is_over = true;
                    return Some(Ok(Step::Stopped(Stop::TokenLimit)));
                }
                tokens_left -= 1;
            }
            Some(Ok(step.clone()))
        }))
    }
}

/// Cuts a text into tags, words with their leading blank, and single other signs.
fn pieces(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = text;
    std::iter::from_fn(move || {
        let first = rest.chars().next()?;
        let tag_end = (first == '<')
            .then(|| rest.find('>'))
            .flatten()
            .filter(|end| !rest.get(1..*end).unwrap_or_default().contains('<'));
        let len = tag_end.map_or_else(
            || {
                let word = |from: usize| {
                    let tail = rest.get(from..).unwrap_or_default();
                    from + tail.find(|c: char| !c.is_alphabetic()).unwrap_or(tail.len())
                };
                word(first.len_utf8() * usize::from(first == ' ')).max(first.len_utf8())
            },
            |end| end + 1,
        );
        let (piece, tail) = rest.split_at_checked(len)?;
        rest = tail;
        Some(piece)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check_pieces(text: &str, expected: &[&str]) {
        assert_eq!(pieces(text).collect::<Vec<_>>(), expected);
    }

    #[test]
    fn texts_are_cut_as_tokens_would_be() {
        check_pieces(
            "<text><loc_1>Größe 12 m²</text>\n",
            &["<text>", "<loc_1>", "Größe", " ", "1", "2", " m", "²", "</text>", "\n"],
        );
        check_pieces("a < b <c", &["a", " ", "<", " b", " ", "<", "c"]);
        check_pieces("", &[]);
    }

    #[test]
    fn a_replay_says_its_text_and_remembers_what_it_was_asked() {
        let mut model = ScriptedModel::from_text("demo", "<text>Hello world</text>");
        let page = RgbImage::new(3, 2);
        let text: String = model
            .generate(&page, &GenerationOptions::default())
            .filter_map(|step| match step.unwrap() {
                Step::Token { text, .. } => Some(text),
                Step::EncodedTiles { .. } | Step::Prefilled { .. } | Step::Undecided | Step::Stopped(_) => {
                    None
                }
            })
            .collect();
        assert_eq!(text, "<text>Hello world</text>");
        let options = GenerationOptions { max_new_tokens: Some(2), ..Default::default() };
        let steps: Vec<Step> = model.generate(&page, &options).map(Result::unwrap).collect();
        assert_eq!(steps.last(), Some(&Step::Stopped(Stop::TokenLimit)));
        assert_eq!(steps.iter().filter(|step| matches!(step, Step::Token { .. })).count(), 2);
        assert_eq!(model.calls().len(), 2);
        assert_eq!(model.calls()[1], ScriptedCall { page_size_px: (3, 2), options });
    }
}
