//! Joins the live pane to the window: what it is told, and what its wishes mean as commands.

use std::cell::RefCell;

use egui::Ui;

use super::super::command::{
    Command, CommandSender, CopyCommand, CorrectCommand, ModelCommand, SettingCommand, Side, ViewCommand,
    element_on,
};
use super::super::output_pane::{Offer, OutputPane, PageState, PaneAction, PaneInput, ReviewItem};
use super::super::page_view::textures::{PageLook, TextureStore};
use super::super::shortcuts::key_of;
use super::super::state::{AppState, Conversion, ConversionStatus, PageEntry, Reader, SubWindow, TextSupply};
use crate::document::page::{PageIndex, Rotation, pixels_from_page};
use crate::engine::job::RenderPriority;
use crate::engine::model_library::ModelEntry;
use crate::engine::user_message::display_bytes;
use crate::markup::NodeId;
use crate::revision::Edit;

/// Draws the pane into all of `ui`.
pub(crate) fn ui(
    ui: &mut Ui,
    pane: &mut OutputPane,
    state: &AppState,
    textures: &mut TextureStore,
    commands: &CommandSender,
) {
    let reader = state.reader();
    let model = wanted_model(state).map(|entry| (entry.name.as_str(), display_bytes(entry.download_bytes)));
    let model = model.as_ref().map(|(name, size)| (*name, size.as_str()));
    let convert_key = key_of(ui.ctx(), "Convert this page").unwrap_or_default();
    let Some((document, (page, entry))) = state.document().zip(state.page()) else { return };
    let conversion = &entry.conversion;
    let here = |element: Option<super::super::state::ElementRef>| {
        element.filter(|element| element.page == page).map(|element| element.node)
    };
    let look = PageLook {
        document: document.id(),
        page,
        rotation: entry.rotation,
        is_inverted: state.settings.inverts_pages,
    };
    let width_px = crop_width_px(ui.pixels_per_point());
    let size_px = document.turned_size(page).map(|size| size.pixels_at_width(width_px, Rotation::None));
    let textures = RefCell::new(textures);
    let picture_crop = |node: NodeId| {
        let bbox = conversion.tree.as_ref()?.node(node).bbox?;
        let (width_px, height_px) = size_px?;
        let part = pixels_from_page(&entry.rotation.turned_bbox(&bbox.clamped()), width_px, height_px);
        let key = look.part(width_px, part);
        textures.borrow_mut().want(key, RenderPriority::Nearby).cloned()
    };
    let review: Vec<ReviewItem<'_>> = document
        .doubted()
        .map(|(element, node, trust)| ReviewItem {
            page: element.page,
            node: element.node,
            label: node.kind.label(),
            text: &node.text,
            trust,
        })
        .collect();
    let cells_on_page: Vec<_> = conversion
        .tree
        .iter()
        .flat_map(|tree| tree.nodes())
        .filter_map(|(node, _)| Some((node, conversion.trust(node)?.cells.as_slice())))
        .filter(|(_, cells)| !cells.is_empty())
        .collect();
    let input = PaneInput {
        page,
        review: &review,
        corrected: (document.corrections.num_corrected(), document.corrections.score()),
        view_key: (document.id().0 << 24) | page.0 as u64,
        state: page_state(document, page, entry, &reader, model),
        tree: conversion.tree.as_ref(),
        markup: &conversion.markup,
        engine_name: conversion
            .recognition
            .as_ref()
            .map_or(reader.words(), |recognition| recognition.engine_name.as_str()),
        num_tokens: num_tokens(conversion),
        hovered: here(document.hovered),
        hovered_cell: document
            .hovered_cell
            .filter(|(element, _)| element.page == page)
            .map(|(element, cell)| (element.node, cell)),
        cells_on_page: &cells_on_page,
        selected: here(document.selected),
        scroll_to: here(state.reveal_in_pane),
        shows_furniture: state.settings.shows_furniture,
        picture_crop: Some(&picture_crop),
        convert_key: &convert_key,
    };
    if pane.tab() != state.settings.pane_tab {
        pane.set_tab(state.settings.pane_tab);
    }
    let actions = pane.ui(ui, &input);
    if pane.tab() != state.settings.pane_tab {
        commands.send(SettingCommand::ShowPaneTab(pane.tab()));
    }
    for action in actions {
        if let Some(command) = command_of(state, page, &action) {
            commands.send(command);
        }
    }
}

/// Width of the page image that pictures in the pane are cut from: a column of text is narrower
/// than the pane, so this is enough for one pixel a pixel.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped before")]
fn crop_width_px(pixels_per_point: f32) -> u32 {
    (900.0 * pixels_per_point).round().clamp(300.0, 4000.0) as u32
}

fn page_state<'a>(
    document: &super::super::state::DocumentState,
    page: PageIndex,
    entry: &'a PageEntry,
    reader: &'a Reader,
    model: Option<(&'a str, &'a str)>,
) -> PageState<'a> {
    match &entry.conversion.status {
        ConversionStatus::None => PageState::NotConverted { offer: offer(entry, reader, model) },
        ConversionStatus::Queued(job) => {
            let num_ahead = document.unfinished().filter(|(other, of)| *other != page && of < job).count();
            PageState::Queued { num_ahead: Some(num_ahead) }
        }
        ConversionStatus::Running { progress, .. } => PageState::Running { progress: progress.as_ref() },
        ConversionStatus::Done(stop_reason) => {
            let recognition = entry.conversion.recognition.as_ref();
            let was_rescued = recognition.is_some_and(|recognition| !recognition.rescued.is_empty());
            PageState::Done { stop_reason: *stop_reason, can_continue: false, was_rescued }
        }
        ConversionStatus::Failed(message) => PageState::Failed { message },
    }
}

fn offer<'a>(entry: &PageEntry, reader: &'a Reader, model: Option<(&'a str, &'a str)>) -> Offer<'a> {
    let (model_name, model_size) = model.map_or((None, None), |(name, size)| (Some(name), Some(size)));
    let needs_model = |is_garbled| Offer::NeedsModel { is_garbled, model_name, model_size };
    match (reader, entry.text) {
        (Reader::TextLayer, TextSupply::Garbled) => needs_model(true),
        (Reader::TextLayer, TextSupply::Absent) | (Reader::ModelMissing, _) => needs_model(false),
        (Reader::TextLayer | Reader::Model(_) | Reader::ModelLoading, _) => {
            Offer::Convert { engine_name: reader.words() }
        }
    }
}

/// The model to fetch for a page that needs one: nobody has one, and none is on its way.
fn wanted_model(state: &AppState) -> Option<&ModelEntry> {
    let models = &state.models;
    models.offered().filter(|_| models.are_none_here() && models.download.is_none())
}

/// The click is the user's yes: name and size stand on the button.
fn get_model(state: &AppState) -> Command {
    match wanted_model(state) {
        Some(entry) => ModelCommand::Download(entry.id.clone()).into(),
        None => Command::Open(SubWindow::Models),
    }
}

fn num_tokens(conversion: &Conversion) -> Option<usize> {
    let running = conversion.status.progress().map(|progress| progress.num_tokens);
    let done = || conversion.recognition.as_ref().map(|recognition| recognition.tokens.len());
    running.or_else(done).filter(|&num_tokens| num_tokens > 0)
}

/// What a wish of the pane about this page means; `None` for what cannot be done yet.
fn command_of(state: &AppState, page: PageIndex, action: &PaneAction) -> Option<Command> {
    let on_page = |node| super::super::state::ElementRef { page, node };
    Some(match *action {
        PaneAction::Hover(node) => {
            ViewCommand::Hover { element: element_on(page, node), from: Side::Pane }.into()
        }
        PaneAction::HoverCell(cell) => {
            ViewCommand::HoverCell { cell: cell.map(|(node, cell)| (on_page(node), cell)), from: Side::Pane }
                .into()
        }
        PaneAction::Select(node) => {
            ViewCommand::Select { element: element_on(page, node), from: Side::Pane }.into()
        }
        PaneAction::Review(page, node) => {
            ViewCommand::Show(super::super::state::ElementRef { page, node }).into()
        }
        PaneAction::MoveBefore(node, before) => {
            CorrectCommand::Edit(page, Edit::MoveBefore(node, before)).into()
        }
        PaneAction::Score => CorrectCommand::Score.into(),
        PaneAction::SaveGroundTruth => CorrectCommand::SaveGroundTruth.into(),
        PaneAction::CopyDocument(format) => CopyCommand::CopyPage(page, format).into(),
        PaneAction::CopyElement(node, format) => CopyCommand::CopyElement(on_page(node), format).into(),
        PaneAction::CopyTable(node, format) => CopyCommand::CopyTable(on_page(node), format).into(),
        PaneAction::CopyCells(node, cells, format) => {
            CopyCommand::CopyCells(on_page(node), cells, format).into()
        }
        PaneAction::SaveAs(format) => Command::SaveAs(format),
        PaneAction::SaveTableAs(node, format) => Command::SaveTableAs(on_page(node), format),
        PaneAction::ConvertPage => Command::ConvertPage(page),
        PaneAction::Cancel => Command::CancelPage(page),
        PaneAction::GetModel => get_model(state),
        PaneAction::ToggleFurniture => SettingCommand::ToggleFurniture.into(),
        // Never offered: `can_continue` is false until the engine can do it.
        PaneAction::Continue => return None,
    })
}
