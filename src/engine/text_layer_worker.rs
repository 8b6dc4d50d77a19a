//! Reads pages from their own text, on a thread of its own, so that an instant preview never waits
//! for a page that a model is reading.

use std::time::Duration;

use crossbeam_channel::{Receiver, Sender};

use crate::engine::error::Error;
use crate::engine::estimate::History;
use crate::engine::event::EventKind;
use crate::engine::job::EngineChoice;
use crate::engine::outlet::Outlet;
use crate::engine::reading::{Listener, read_page, recognized};
use crate::engine::tasks::{LaneTask, LaneWork, Report};
use crate::engine::text_layer_recognizer::TextLayerRecognizer;
use crate::engine::worker::{end_of, guarded};

/// Runs until the task channel closes.
pub(super) fn run(tasks: &Receiver<LaneTask>, reports: &Sender<Report>, outlet: &Outlet, interval: Duration) {
    for LaneTask { job, token, work } in tasks {
        let result = match work {
            LaneWork::Recognize(recognition) => {
                if !recognition.is_announced {
                    outlet.send(job, EventKind::Started);
                }
                let listener = Listener { job, outlet, interval, shows_parts: true };
                // The recognizer holds nothing, so there is nothing to make anew after a panic.
                guarded(|| {
                    let engine = EngineChoice::TextLayer;
                    let history = &mut History::default();
                    read_page(&mut TextLayerRecognizer, engine, &recognition, &token, listener, history)
                })
                .map(recognized)
            }
            // The scheduler sends models to the model worker only.
            LaneWork::LoadModel { .. } | LaneWork::UnloadModel => Err(Error::NoModel),
        };
        outlet.send(job, end_of(result));
        if reports.send(Report::TextLayerEnded).is_err() {
            break;
        }
    }
}
