//! The one seam for the network: everything outside this room sees a model as this trait.

use std::sync::Arc;

use image::RgbImage;

use super::error::Error;
use super::grammar::NewGrammar;
use super::instruction::Instruction;
use super::step::Step;

/// Something that reads a page image, step by step.
pub trait PageModel: Send {
    /// Name for people.
    fn name(&self) -> &str;

    /// Starts reading a page image (or a crop: the model cannot tell).
    ///
    /// Nothing runs before the first `next()`, and each `next()` does a small piece of work: a
    /// layer of the vision encoder on one tile, a layer of the decoder on the prompt, or one token.
    /// Dropping the iterator stops the work. A page that came to its end closes with
    /// [`Step::Stopped`]; after that, and after an error, the iterator is empty.
    fn generate<'m>(&'m mut self, page: &'m RgbImage, options: &GenerationOptions) -> Steps<'m>;
}

/// The work on one page, done as it is pulled.
pub type Steps<'m> = Box<dyn Iterator<Item = Result<Step, Error>> + 'm>;

/// How a page is read.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct GenerationOptions {
    /// What the model is asked to do.
    pub instruction: Instruction,
    /// Stop after this many tokens. `None` for the checkpoint's own limit, or else for as many as
    /// it has positions for. The positions are a limit in any case.
    pub max_new_tokens: Option<usize>,
    /// 0 takes the likeliest token each time (the lower id of two equal ones).
    pub temperature: f32,
    /// With a temperature: keep only the likeliest tokens that make up this probability.
    pub top_p: Option<f32>,
    /// Above 1 makes tokens of the prompt and of the answer so far less likely.
    pub repetition_penalty: Option<f32>,
    /// With a temperature: the same seed gives the same answer.
    pub seed: u64,
    /// Cut the page into tiles (`Some(false)`: one small global view, many times faster).
    /// `None` for the checkpoint's own setting.
    pub do_image_splitting: Option<bool>,
    /// Scale the page's longest edge to this many pixels before cutting. `None` for the
    /// checkpoint's own setting.
    pub longest_edge: Option<u32>,
    /// Stop with [`Stop::Loop`](super::step::Stop::Loop) when elements repeat the way docling's
    /// repetition stopper looks for. Off by default, as it is there.
    pub stops_on_repetition: bool,
    /// Only what this grammar lets through is written. An answer that fits without it is the same with it.
    pub grammar: Option<NewGrammar>,
    /// Guess tokens ahead, so that a pass over the weights reads several. The answer is the same with it; `None`
    /// where that is to be seen.
    pub drafts: Option<Drafts>,
}

/// What tokens are guessed from, besides the answer so far.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Drafts {
    /// An answer like this one is expected: what the page's own text says, say.
    pub expected: Option<Arc<str>>,
}
