//! Reads one page with one recognizer: steps in, `Progress` and `Partial` out, a
//! [`PageRecognition`] at the end.
//!
//! The markup is parsed here, on the worker, as it comes; the interface only takes over a finished
//! tree. Partials are throttled, and what is left over always goes out before the page's end, be it
//! finished, cancelled or failed.

use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::document::page::PageSize;
use crate::document::text_layer::TextLayer;
use crate::engine::cancel::CancelToken;
use crate::engine::error::Error;
use crate::engine::estimate::{History, Moment, PastPage, Speed, expected_chars, remaining};
use crate::engine::event::{
    EventKind, Outcome, PageRecognition, Progress, Stage, StopReason, Timing, TokenTrace,
};
use crate::engine::job::{DocumentId, EngineChoice, GenerationSettings, JobId, RecognizeRequest, Task};
use crate::engine::kept::KeptPage;
use crate::engine::model_recognizer::excerpt_for_model;
use crate::engine::outlet::Outlet;
use crate::engine::page_boxes::Excerpt;
use crate::engine::recognizer::Recognizer;
use crate::engine::rescue::rescue;
use crate::engine::tasks::Recognition;
use crate::engine::trust::{PageEvidence, trust_of_page};
use crate::engine::worker::check;
use crate::markup::{self, DocTree, LoopGuard, Parser};
use crate::model::{Step, Stop};

/// Where a page's events go.
#[derive(Clone, Copy)]
pub(super) struct Listener<'a> {
    pub(super) job: JobId,
    pub(super) outlet: &'a Outlet,
    /// Least time between two partials.
    pub(super) interval: Duration,
    /// Partials go out; else only how far it is.
    pub(super) shows_parts: bool,
}

/// Reads the page, and after a loop what was not reached. `engine` names the recognizer in the result.
///
/// # Errors
/// What the recognizer says, or [`Error::Cancelled`]; the listener has had everything that was read
/// until then, but for parts that were read by themselves.
pub(super) fn read_page(
    recognizer: &mut dyn Recognizer,
    engine: EngineChoice,
    recognition: &Recognition,
    token: &CancelToken,
    listener: Listener<'_>,
    history: &mut History,
) -> Result<PageRecognition, Error> {
    let page = read_once(recognizer, engine, recognition, token, listener, history)?;
    // The listener has the page's tree; that of a part would take its place.
    let listener = Listener { shows_parts: false, ..listener };
    rescue(page, recognition, |part| read_once(recognizer, engine, part, token, listener, history))
}

fn read_once(
    recognizer: &mut dyn Recognizer,
    engine: EngineChoice,
    recognition: &Recognition,
    token: &CancelToken,
    listener: Listener<'_>,
    history: &mut History,
) -> Result<PageRecognition, Error> {
    let engine_name = recognizer.name().to_owned();
    let Recognition { request, prepared, .. } = recognition;
    // A text layer is read to its end: whatever repeats there stands on the page.
    let guard = (engine == EngineChoice::Model && request.generation.stops_loops).then(LoopGuard::default);
    let mut reading = Reading::new(recognition, listener, history, guard);
    let mut steps = recognizer.recognize(&prepared.input, request);
    let stop_reason = loop {
        if let Err(cancelled) = check(token) {
            drop(steps);
            reading.flush();
            return Err(cancelled);
        }
        match steps.next() {
            Some(Ok(Step::Stopped(stop))) => break stop_reason(stop),
            None => break StopReason::End,
            Some(Ok(step)) => {
                if let Some(second_copy) = reading.take(step) {
                    reading.cut(second_copy);
                    break StopReason::Loop;
                }
            }
            Some(Err(error)) => {
                drop(steps);
                reading.flush();
                return Err(error);
            }
        }
    };
    drop(steps);
    reading.flush();
    let read = reading.finish();
    if stop_reason == StopReason::End && engine == EngineChoice::Model {
        history.note(PastPage {
            prefilling: read.timing.prefilling,
            decoding: read.timing.decoding,
            num_tokens: read.tokens.len(),
        });
    }
    let tokens = if engine == EngineChoice::TextLayer { Vec::new() } else { read.tokens };
    let trust = trust_of_page(&PageEvidence {
        tree: &read.tree,
        tokens: &tokens,
        text_layer: prepared.input.text_layer.as_deref(),
        engine,
        stop_reason,
    });
    Ok(PageRecognition {
        request: request.clone(),
        markup: read.markup,
        tree: read.tree,
        engine,
        engine_name,
        stop_reason,
        rescued: Vec::new(),
        tokens,
        trust,
        text_quality: prepared.input.text_layer.as_ref().map(|layer| layer.quality),
        timing: Timing { preparing: read.timing.preparing + prepared.took, ..read.timing },
        page_size: prepared.input.page_size,
    })
}

/// A page that was read before, as it was then. Whether it agrees with the page's own text is asked anew.
pub(super) fn restored(
    kept: &KeptPage,
    document: DocumentId,
    page_size: PageSize,
    text_layer: Option<&TextLayer>,
) -> PageRecognition {
    let request = RecognizeRequest {
        document,
        page: kept.page,
        rotation: kept.rotation,
        engine: EngineChoice::Model,
        region: None,
        task: Task::Page,
        generation: GenerationSettings::default(),
        is_visible: false,
    };
    let tree = excerpt_for_model(&request).place(Arc::new(markup::parse(&kept.markup)));
    let trust = trust_of_page(&PageEvidence {
        tree: &tree,
        tokens: &kept.tokens,
        text_layer,
        engine: EngineChoice::Model,
        stop_reason: kept.stop_reason,
    });
    PageRecognition {
        request,
        markup: kept.markup.clone(),
        tree,
        engine: EngineChoice::Model,
        engine_name: kept.engine_name.clone(),
        stop_reason: kept.stop_reason,
        rescued: kept.rescued.clone(),
        tokens: kept.tokens.clone(),
        trust,
        text_quality: text_layer.map(|layer| layer.quality),
        timing: kept.timing,
        page_size,
    }
}

/// The outcome of a page that was read.
pub(super) fn recognized(page: PageRecognition) -> Outcome {
    Outcome::Recognized(Arc::new(page))
}

fn stop_reason(stop: Stop) -> StopReason {
    match stop {
        Stop::End => StopReason::End,
        Stop::TokenLimit => StopReason::TokenLimit,
        Stop::Loop => StopReason::Loop,
        Stop::Blank => StopReason::Blank,
    }
}

/// A page that is being read.
struct Reading<'a> {
    listener: Listener<'a>,
    history: &'a History,
    excerpt: Excerpt,
    expected_chars: Option<usize>,

    parser: Parser,
    guard: Option<LoopGuard>,
    markup: String,
    tokens: Vec<TokenTrace>,
    text_counter: TextCounter,
    /// Bytes of the markup that have been sent.
    num_sent: usize,

    stage: Stage,
    stage_began: Instant,
    last_sent: Option<Instant>,
    speed: Speed,
    timing: Timing,
}

/// A page that has been read.
struct Read {
    markup: String,
    tree: Arc<DocTree>,
    tokens: Vec<TokenTrace>,
    timing: Timing,
}

impl<'a> Reading<'a> {
    fn new(
        recognition: &Recognition,
        listener: Listener<'a>,
        history: &'a History,
        guard: Option<LoopGuard>,
    ) -> Self {
        let request = &recognition.request;
        Self {
            listener,
            history,
            excerpt: recognition.prepared.excerpt,
            // The text layer's characters are those of the whole page.
            expected_chars: expected_chars(recognition.prepared.input.text_layer.as_deref())
                .filter(|_| request.region.is_none()),
            parser: Parser::default(),
            guard,
            markup: String::new(),
            tokens: Vec::new(),
            text_counter: TextCounter::default(),
            num_sent: 0,
            stage: Stage::Rendering,
            stage_began: Instant::now(),
            last_sent: None,
            speed: Speed::default(),
            timing: Timing::default(),
        }
    }

    /// Takes a step in. Gives the place where the second copy begins when the model has begun to repeat
    /// itself.
    fn take(&mut self, step: Step) -> Option<usize> {
        match step {
            Step::EncodedTiles { done, total } if done < total => self.enter(Stage::Encoding { done, total }),
            // Tiles repeat their numbers while the decoder reads the prompt.
            Step::EncodedTiles { .. } => self.enter(Stage::Prefilling),
            Step::Prefilled { .. } => self.enter(Stage::Decoding),
            Step::Token { id, text, log_probability } => {
                self.enter(Stage::Decoding);
                self.parser.push(&text);
                self.text_counter.push(&text);
                self.markup.push_str(&text);
                self.tokens.push(TokenTrace { id, end: self.markup.len(), log_probability });
                let second_copy = self.guard.as_mut().and_then(|guard| guard.read(&self.markup));
                if second_copy.is_some() {
                    return second_copy;
                }
                self.publish_if_due();
            }
            // Ends the page; the caller has seen to it.
            Step::Undecided | Step::Stopped(_) => {}
        }
        None
    }

    /// Keeps what stands before this place. The copies after it are on no page.
    fn cut(&mut self, end: usize) {
        self.markup.truncate(end);
        let num_kept = self.tokens.iter().take_while(|token| token.end <= end).count();
        self.tokens.truncate(num_kept);
        self.parser = Parser::default();
        self.parser.push(&self.markup);
    }

    /// Goes to a stage, if it is another one, and says so.
    fn enter(&mut self, stage: Stage) {
        if self.stage == stage {
            return;
        }
        if std::mem::discriminant(&self.stage) != std::mem::discriminant(&stage) {
            let in_stage = self.stage_began.elapsed();
            *self.stage_time() += in_stage;
            self.stage_began = Instant::now();
        }
        self.stage = stage;
        self.send_progress();
    }

    /// Where the time of the current stage is summed up.
    fn stage_time(&mut self) -> &mut Duration {
        match self.stage {
            Stage::LoadingModel | Stage::Rendering => &mut self.timing.preparing,
            Stage::Encoding { .. } => &mut self.timing.encoding,
            Stage::Prefilling => &mut self.timing.prefilling,
            Stage::Decoding => &mut self.timing.decoding,
        }
    }

    fn publish_if_due(&mut self) {
        let now = Instant::now();
        if self.last_sent.is_some_and(|last| now.duration_since(last) < self.listener.interval) {
            return;
        }
        self.last_sent = Some(now);
        self.speed.note(now, self.tokens.len());
        self.send_progress();
        if self.num_sent == self.markup.len() || !self.listener.shows_parts {
            return;
        }
        let (partial, num_sent) = self.partial();
        // When the channel is full, the next partial brings it.
        if self.listener.outlet.try_send(self.listener.job, partial).is_ok() {
            self.num_sent = num_sent;
        }
    }

    /// Sends what has not been sent, however long that takes.
    fn flush(&mut self) {
        if self.num_sent < self.markup.len() && self.listener.shows_parts {
            let (partial, num_sent) = self.partial();
            self.listener.outlet.send(self.listener.job, partial);
            self.num_sent = num_sent;
        }
    }

    fn partial(&self) -> (EventKind, usize) {
        let appended = self.markup.get(self.num_sent..).unwrap_or_default().to_owned();
        let tree = self.excerpt.place(self.parser.snapshot());
        (EventKind::Partial { appended, tree }, self.markup.len())
    }

    fn send_progress(&self) {
        let moment = self.moment();
        let remaining = remaining(&moment, self.history);
        let elapsed = self.elapsed();
        let progress = Progress {
            stage: self.stage,
            fraction: remaining
                .map(|left| elapsed.as_secs_f32() / (elapsed + left).as_secs_f32().max(f32::EPSILON)),
            num_tokens: moment.num_tokens,
            tokens_per_sec: moment.tokens_per_sec,
            remaining,
        };
        // When the channel is full, the next one tells the same, and later.
        self.listener.outlet.try_send(self.listener.job, EventKind::Progress(progress)).ok();
    }

    fn moment(&self) -> Moment {
        Moment {
            stage: self.stage,
            in_stage: self.stage_began.elapsed(),
            num_tokens: self.tokens.len(),
            tokens_per_sec: self.speed.tokens_per_sec(),
            text_fraction: self
                .expected_chars
                .map(|expected| self.text_counter.num_chars as f64 / expected as f64),
        }
    }

    fn elapsed(&self) -> Duration {
        self.timing.total() + self.stage_began.elapsed()
    }

    fn finish(mut self) -> Read {
        let in_stage = self.stage_began.elapsed();
        *self.stage_time() += in_stage;
        let tree = self.excerpt.place(Arc::new(self.parser.finish()));
        Read { markup: self.markup, tree, tokens: self.tokens, timing: self.timing }
    }
}

/// Counts characters of text in markup, without blanks and tags. It takes every `<` for a tag; the
/// estimate that it serves needs no more.
#[derive(Debug, Default)]
struct TextCounter {
    num_chars: usize,
    is_in_tag: bool,
}

impl TextCounter {
    fn push(&mut self, piece: &str) {
        for char in piece.chars() {
            match char {
                '<' => self.is_in_tag = true,
                '>' if self.is_in_tag => self.is_in_tag = false,
                _ if self.is_in_tag || char.is_whitespace() => {}
                _ => self.num_chars += 1,
            }
        }
    }
}
