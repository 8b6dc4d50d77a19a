//! Colours for code, found on a thread of their own.
//!
//! Loading the grammars takes long enough to be seen, so it happens on the worker, started at the
//! first code block. Until its answer is there, code is shown in one colour; the interface never
//! waits.

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;

use crossbeam_channel::{Receiver, Sender, bounded};
use egui::Context;
use egui::text::LayoutJob;
use egui_extras::syntax_highlighting::{CodeTheme, SyntectSettings, highlight_with};

use super::typography;
use crate::markup::NodeId;

/// Code blocks that may wait for colours; more than fit a screen.
const QUEUE: usize = 64;
/// Longer code stays in one colour: nobody reads it here.
const MAX_BYTES: usize = 200_000;
/// Coloured blocks kept.
const MAX_CACHED: usize = 256;

struct Request {
    key: u64,
    code: String,
    language: &'static str,
    is_dark: bool,
}

/// Code in colours, as far as the worker has come.
#[derive(Default)]
pub(super) struct Highlighter {
    worker: Option<Worker>,
    known: HashMap<u64, Option<Arc<LayoutJob>>>,
    /// What each block was shown with last: code that is being written keeps the colours it has.
    shown: HashMap<NodeId, Arc<LayoutJob>>,
}

struct Worker {
    requests: Sender<Request>,
    answers: Receiver<(u64, LayoutJob)>,
}

impl Highlighter {
    /// The code in colours, or a beginning of it; `None` while there are none (yet), or the language
    /// is not known. `block` is the element that it stands in.
    pub(super) fn get(
        &mut self,
        ctx: &Context,
        block: NodeId,
        code: &str,
        language: Option<&str>,
        is_dark: bool,
    ) -> Option<Arc<LayoutJob>> {
        let language = grammar_name(language?)?;
        if code.len() > MAX_BYTES {
            return None;
        }
        if self.worker.is_none() {
            self.worker = Worker::start(ctx.clone());
        }
        let worker = self.worker.as_ref()?;
        while let Ok((key, job)) = worker.answers.try_recv() {
            self.known.insert(key, Some(Arc::new(job)));
        }
        let mut hasher = DefaultHasher::new();
        (code, language, is_dark).hash(&mut hasher);
        let key = hasher.finish();
        if let Some(Some(known)) = self.known.get(&key) {
            self.shown.insert(block, Arc::clone(known));
            return Some(Arc::clone(known));
        }
        let before = self.shown.get(&block).filter(|job| code.starts_with(&job.text)).cloned();
        if self.known.contains_key(&key) {
            return before;
        }
        if self.known.len() >= MAX_CACHED {
            self.known.clear();
            self.shown.clear();
        }
        let request = Request { key, code: code.to_owned(), language, is_dark };
        // A full queue means that it is asked for again in the next frame.
        if worker.requests.try_send(request).is_ok() {
            self.known.insert(key, None);
        }
        before
    }
}

impl Worker {
    fn start(ctx: Context) -> Option<Self> {
        let (requests, incoming) = bounded::<Request>(QUEUE);
        let (outgoing, answers) = bounded(QUEUE);
        let work = move || {
            let settings = settings();
            // Its own context: highlighting holds a context's lock while it works.
            let private = Context::default();
            let style = private.global_style();
            for request in incoming {
                let theme = if request.is_dark { CodeTheme::dark } else { CodeTheme::light };
                let theme = theme(typography::MONO_SIZE);
                let job =
                    highlight_with(&private, &style, &theme, &request.code, request.language, &settings);
                if outgoing.send((request.key, job)).is_err() {
                    break;
                }
                ctx.request_repaint();
            }
        };
        let thread = std::thread::Builder::new().name("doclens-highlight".to_owned()).spawn(work);
        thread.is_ok().then_some(Self { requests, answers })
    }
}

/// The grammars, and themes whose contrast suits our surfaces under the names that egui asks for.
fn settings() -> SyntectSettings {
    let mut settings = SyntectSettings::default();
    let themes = &mut settings.ts.themes;
    if let Some(github) = themes.get("InspiredGitHub").cloned() {
        themes.insert("Solarized (light)".to_owned(), github);
    }
    if let Some(ocean) = themes.get("base16-ocean.dark").cloned() {
        themes.insert("base16-mocha.dark".to_owned(), ocean);
    }
    settings
}

/// What the grammars call a language of the markup, as a name or file extension.
fn grammar_name(language: &str) -> Option<&'static str> {
    Some(match language {
        "Bash" => "sh",
        "C" | "Cuda" => "c",
        "C#" => "cs",
        "C++" => "cpp",
        "CSS" => "css",
        "Clojure" => "clj",
        "D" => "d",
        "Dockerfile" => "Dockerfile",
        "Erlang" => "erl",
        "Go" => "go",
        "HTML" => "html",
        "Haskell" => "hs",
        "JSON" => "json",
        "Java" | "Kotlin" => "java",
        "JavaScript" | "TypeScript" => "js",
        "Latex" | "Tikz" => "tex",
        "Lisp" | "Racket" | "Scheme" => "lisp",
        "Lua" | "MoonScript" => "lua",
        "Matlab" | "Octave" => "matlab",
        "OCaml" | "SML" => "ml",
        "ObjectiveC" => "m",
        "PHP" => "php",
        "Pascal" => "pas",
        "Perl" => "pl",
        "Python" | "Cython" => "py",
        "Ruby" | "Crystal" => "rb",
        "Rust" | "Swift" => "rs",
        "SQL" => "sql",
        "Scala" => "scala",
        "XML" => "xml",
        "YAML" => "yaml",
        _ => return None,
    })
}
