//! Whatever is asked in whatever order, each job ends once.

use std::collections::BTreeMap;
use std::path::PathBuf;

use doclens::document::page::PageIndex;
use doclens::engine::job::{EngineChoice, ModelSettings, RecognizeRequest, RenderPriority};
use doclens::engine::options::LoadedModel;
use doclens::engine::scripted::ScriptedRecognizer;
use doclens::engine::{DocumentId, EngineOptions, EventKind, Job, JobId};
use proptest::prelude::*;

use crate::support::*;

#[derive(Clone, Debug)]
enum Act {
    Render(usize, u32),
    Read(usize, EngineChoice, bool),
    TextLayer(usize),
    Load,
    Unload,
    Cancel(prop::sample::Index),
    Prioritize(prop::sample::Index),
    Reopen,
    TakeEvents(usize),
}

fn act() -> impl Strategy<Value = Act> {
    let engine =
        prop_oneof![Just(EngineChoice::Auto), Just(EngineChoice::TextLayer), Just(EngineChoice::Model)];
    prop_oneof![
        (0..4usize, 1..3u32).prop_map(|(page, size)| Act::Render(page, size * 20)),
        (0..4usize, engine, any::<bool>())
            .prop_map(|(page, engine, visible)| Act::Read(page, engine, visible)),
        (0..4usize).prop_map(Act::TextLayer),
        Just(Act::Load),
        Just(Act::Unload),
        any::<prop::sample::Index>().prop_map(Act::Cancel),
        any::<prop::sample::Index>().prop_map(Act::Prioritize),
        Just(Act::Reopen),
        (0..20usize).prop_map(Act::TakeEvents),
    ]
}

fn job_of(act: &Act, document: DocumentId) -> Option<Job> {
    Some(match act {
        Act::Render(page, width_px) => render(document, *page, *width_px, RenderPriority::Visible),
        Act::Read(page, engine, is_visible) => Job::Recognize(RecognizeRequest {
            is_visible: *is_visible,
            ..recognize(document, *page, *engine)
        }),
        Act::TextLayer(page) => Job::ReadTextLayer { document, page: PageIndex(*page) },
        Act::Load => Job::LoadModel { folder: PathBuf::from("m"), settings: ModelSettings::default() },
        Act::Unload => Job::UnloadModel,
        Act::Reopen => Job::Close(document),
        Act::Cancel(_) | Act::Prioritize(_) | Act::TakeEvents(_) => return None,
    })
}

fn perform(acts: &[Act]) -> BTreeMap<JobId, Vec<EventKind>> {
    let load_model =
        Box::new(|folder: &std::path::Path, _: &ModelSettings, _: &_, _: &mut dyn FnMut(f32)| {
            let recognizer = Box::new(ScriptedRecognizer::new("demo", PAGE));
            Ok(LoadedModel { recognizer, info: model_info(folder) })
        });
    let engine = start(EngineOptions { num_waiting_events: 2, load_model, ..every_step() });
    let mut document = open(&engine, pdf(3)).id;
    let mut jobs: Vec<JobId> = Vec::new();
    let mut told: BTreeMap<JobId, Vec<EventKind>> = BTreeMap::new();
    for act in acts {
        match act {
            Act::Cancel(which) if !jobs.is_empty() => engine.cancel(*which.get(&jobs)),
            Act::Prioritize(which) if !jobs.is_empty() => engine.prioritize(*which.get(&jobs)),
            Act::TakeEvents(count) => {
                for event in std::iter::from_fn(|| engine.try_recv()).take(*count) {
                    told.entry(event.job).or_default().push(event.kind);
                }
            }
            _ => {}
        }
        jobs.extend(job_of(act, document).map(|job| engine.submit(job)));
        if matches!(act, Act::Reopen) {
            let opening = engine.submit(Job::Open { source: pdf(3), password: None });
            // A document has the number of the job that opened it.
            document = DocumentId(opening.0);
            jobs.push(opening);
        }
    }
    let has_ended = |told: &BTreeMap<JobId, Vec<EventKind>>, job: &JobId| {
        told.get(job).is_some_and(|kinds| kinds.iter().any(is_end))
    };
    while !jobs.iter().all(|job| has_ended(&told, job)) {
        let event = next(&engine);
        told.entry(event.job).or_default().push(event.kind);
    }
    told
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn every_job_starts_at_most_once_and_ends_once(acts in prop::collection::vec(act(), 0..60)) {
        for (job, kinds) in perform(&acts) {
            let num_ends = kinds.iter().filter(|kind| is_end(kind)).count();
            prop_assert_eq!(num_ends, 1, "{:?} {:?}", job, kinds);
            prop_assert!(kinds.last().is_some_and(is_end), "something after the end of {:?}", job);
            let num_starts = kinds.iter().filter(|kind| matches!(kind, EventKind::Started)).count();
            prop_assert!(num_starts <= 1, "{:?} started {} times", job, num_starts);
        }
    }
}
