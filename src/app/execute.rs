//! Runs commands: the one place where what the user asked for changes the state or becomes a job.

use std::path::PathBuf;
use std::sync::Arc;

use egui::Context;

use super::App;
use super::background::{Answer, DialogRequest, SaveSubject};
use super::bitmap::bmp_bytes;
use super::clipboard::ClipboardText;
use super::command::{Command, CopyCommand, ModelCommand, SettingCommand, Side, Turn, ViewCommand};
use super::exports::{Export, element_text, table_text};
use super::output_pane::{ExportFormat, TableFormat};
use super::state::{
    ConversionStatus, ElementRef, JobPurpose, NoticeAction, Reader, SAMPLE_SCAN_NAME, SubWindow, TextSupply,
};
use crate::document::page::{PageIndex, Rotation};
use crate::engine::job::{DocumentId, DocumentSource, EngineChoice, Job, RecognizeRequest, Task};
use crate::engine::model_library::SAMPLE_SCAN;
use crate::markup::{CellRange, NodeKind};

/// The sample document that the program carries.
const SAMPLE: &[u8] = include_bytes!("../../assets/sample.pdf");

/// A dialog that was closed faster than a hand can was never shown.
const NEVER_SHOWN: std::time::Duration = std::time::Duration::from_millis(400);

impl App {
    /// Runs one command.
    pub(super) fn execute(&mut self, ctx: &Context, command: Command) {
        match command {
            Command::PickFiles => self.background.ask(DialogRequest::OpenFiles),
            Command::OpenFiles(paths) => self.open_files(paths),
            Command::OpenPastedImage(image) => {
                let bytes = bmp_bytes(&image);
                self.open(DocumentSource::Bytes { name: "Pasted image".to_owned(), bytes }, None);
            }
            Command::OpenSample => self.open(
                DocumentSource::Bytes { name: "sample.pdf".to_owned(), bytes: Arc::from(SAMPLE) },
                None,
            ),
            Command::OpenSampleScan => {
                let name = SAMPLE_SCAN_NAME.to_owned();
                self.open(DocumentSource::Bytes { name, bytes: Arc::from(SAMPLE_SCAN) }, None);
            }
            Command::SubmitPassword(password) => self.try_password(password),
            Command::DropPasswordRequest => self.state.password = None,
            Command::CloseDocument(document) => self.close_document(document),
            Command::ShowDocument(document) => self.state.shown = Some(document),
            Command::ForgetRecent(path) => self.state.settings.recent.retain(|recent| *recent != path),
            Command::View(command) => self.execute_in_view(command),
            Command::ConvertPage(page) => self.convert(&[page]),
            Command::ConvertPages(pages) => self.convert(&pages),
            Command::ConvertAll => self.convert_all(),
            Command::CancelPage(page) => self.cancel_page(page),
            Command::CancelAll => self.cancel_all(),
            Command::StepBack => self.step_back(),
            Command::Grab(command) => self.execute_grab(command),
            Command::Correct(command) => self.execute_correction(command),
            Command::Copy(command) => self.execute_copy(ctx, command),
            Command::SaveAs(format) => self.save_as(format),
            Command::Save => self.save(),
            Command::SaveTableAs(element, format) => self.save_table_as(element, format),
            Command::OpenInDesktop(path) => {
                ctx.open_url(egui::OpenUrl::new_tab(format!("file://{}", path.display())));
            }
            Command::Model(command) => self.execute_model(command),
            Command::Open(window) => {
                self.state.sub_window = Some(window);
                if window == SubWindow::Models {
                    self.execute_model(ModelCommand::List);
                }
            }
            Command::CloseSubWindow => {
                self.state.sub_window = None;
                self.state.models.removal = None;
            }
            Command::DismissNotice(id) => self.state.notices.dismiss(id),
            Command::ToggleNoticeDetails(id) => self.state.notices.toggle_details(id),
            Command::Quit => ctx.send_viewport_cmd(egui::ViewportCommand::Close),
            Command::Set(command) => self.execute_setting(ctx, command),
        }
    }

    pub(super) fn execute_in_view(&mut self, command: ViewCommand) {
        let Some(document) = self.state.document_mut() else { return };
        let id = document.id();
        match command {
            ViewCommand::GoToPage(page) => {
                if page.0 < document.num_pages() {
                    document.current = page;
                    self.page_view.go_to(id, page);
                    self.page_came_into_view(page);
                }
            }
            ViewCommand::PageInView(page) => {
                document.current = page;
                self.page_came_into_view(page);
            }
            ViewCommand::Zoom(step) => self.page_view.apply_zoom(id, step),
            ViewCommand::RotatePage(page, turn) => {
                if let Some(entry) = document.page_mut(page) {
                    let turn = match turn {
                        Turn::Clockwise => Rotation::Quarter,
                        Turn::Anticlockwise => Rotation::ThreeQuarters,
                    };
                    entry.rotation = entry.rotation.then(turn);
                    document.num_turns += 1;
                }
            }
            ViewCommand::Hover { element, from } => document.hover(element, from),
            ViewCommand::HoverCell { cell, from } => document.hover_cell(cell, from),
            ViewCommand::Select { element, from } => {
                document.selected = element;
                if from != Side::Page {
                    self.state.reveal_on_page = element;
                }
                if from != Side::Pane {
                    self.state.reveal_in_pane = element;
                }
            }
            ViewCommand::SelectDoubt(step) => {
                let doubt = document.next_doubt(step);
                self.select_doubt(doubt);
            }
            ViewCommand::Show(element) => self.show_element(element),
            ViewCommand::SelectNeighbour(step) => {
                if let Some(element) = document.neighbour(step) {
                    self.execute_in_view(ViewCommand::Select {
                        element: Some(element),
                        from: Side::Keyboard,
                    });
                }
            }
        }
    }

    fn select_doubt(&mut self, element: Option<ElementRef>) {
        match element {
            Some(element) => self.show_element(element),
            None => self.state.notices.done("Nothing is doubted on the converted pages", None),
        }
    }

    fn show_element(&mut self, element: ElementRef) {
        if self.state.document().is_some_and(|document| document.current != element.page) {
            self.execute_in_view(ViewCommand::GoToPage(element.page));
        }
        self.execute_in_view(ViewCommand::Select { element: Some(element), from: Side::Keyboard });
    }

    fn execute_setting(&mut self, ctx: &Context, command: SettingCommand) {
        let settings = &mut self.state.settings;
        match command {
            SettingCommand::UseEngine(engine) => {
                settings.engine = engine;
                if let Some((page, _)) = self.state.page() {
                    self.probe_text(page);
                }
            }
            SettingCommand::ToggleLabel(label) => settings.toggle_label(label),
            SettingCommand::ToggleLegend => settings.shows_legend = !settings.shows_legend,
            SettingCommand::ToggleReadingOrder => {
                settings.shows_reading_order = !settings.shows_reading_order;
            }
            SettingCommand::ToggleHeat => settings.shows_heat = !settings.shows_heat,
            SettingCommand::ToggleTags => settings.shows_tags = !settings.shows_tags,
            SettingCommand::ToggleInvertedPages => settings.inverts_pages = !settings.inverts_pages,
            SettingCommand::ToggleThumbnails => settings.shows_thumbnails = !settings.shows_thumbnails,
            SettingCommand::TogglePane => settings.shows_pane = !settings.shows_pane,
            SettingCommand::EqualisePane => settings.pane_fraction = 0.5,
            SettingCommand::ResizePane(fraction) => settings.pane_fraction = fraction,
            SettingCommand::ToggleFurniture => settings.shows_furniture = !settings.shows_furniture,
            SettingCommand::ShowPaneTab(tab) => settings.pane_tab = tab,
            SettingCommand::UseTheme(theme) => {
                settings.theme = theme;
                ctx.set_theme(theme.preference());
            }
            SettingCommand::SetReducedMotion(reduces) => settings.reduces_motion = reduces,
            SettingCommand::SetTextPreview(previews) => settings.previews_text_layer = previews,
            SettingCommand::KeepReadings(keeps) => self.set_keeping(keeps),
            SettingCommand::SetLoadModelAtStart(loads) => settings.loads_model_at_start = loads,
            SettingCommand::SetTokenLimit(limit) => settings.max_new_tokens = limit,
            SettingCommand::UseDevice(device) => {
                settings.device = device;
                self.execute_model(ModelCommand::Reload);
            }
            SettingCommand::UsePrecision(precision) => {
                settings.precision = precision;
                self.execute_model(ModelCommand::Reload);
            }
            SettingCommand::Quantize { vision_int16, text_q8_0 } => {
                (settings.vision_int16, settings.text_q8_0) = (vision_int16, text_q8_0);
                self.execute_model(ModelCommand::Reload);
            }
            SettingCommand::SetThreads(num_threads) => settings.num_threads = num_threads,
            SettingCommand::SetIdleUnload(minutes) => {
                settings.idle_unload_minutes = minutes;
                self.execute_model(ModelCommand::Reload);
            }
            SettingCommand::SetModelOffer(is_on) => settings.offers_model = is_on,
        }
    }

    // Documents.

    fn open_files(&mut self, paths: Vec<PathBuf>) {
        self.state.sub_window = None;
        for path in paths {
            let open =
                self.state.documents.iter().find(|document| document.info.path.as_ref() == Some(&path));
            match open {
                Some(document) => self.state.shown = Some(document.id()),
                None => self.open(DocumentSource::File(path), None),
            }
        }
    }

    fn open(&mut self, source: DocumentSource, password: Option<String>) {
        let name = match &source {
            DocumentSource::File(path) => path
                .file_name()
                .map_or_else(|| path.display().to_string(), |name| name.to_string_lossy().into_owned()),
            DocumentSource::Bytes { name, .. } => name.clone(),
        };
        let has_password = password.is_some();
        let job = self.backend.submit(Job::Open { source: source.clone(), password });
        self.state.jobs.insert(job, JobPurpose::Open { source, name, has_password });
    }

    fn try_password(&mut self, password: String) {
        if let Some(request) = &mut self.state.password {
            request.is_trying = true;
            let source = request.source.clone();
            self.open(source, Some(password));
        }
    }

    fn close_document(&mut self, id: DocumentId) {
        let Some(index) = self.state.documents.iter().position(|document| document.id() == id) else {
            return;
        };
        if self.state.grab.as_ref().is_some_and(|grab| grab.document == id) {
            self.close_grab();
        }
        let document = self.state.documents.remove(index);
        for (_, job) in document.unfinished() {
            self.backend.cancel(job);
        }
        if let Some(keeper) = &self.keeper {
            keeper.forget(id);
        }
        let job = self.backend.submit(Job::Close(id));
        self.state.jobs.insert(job, JobPurpose::Close);
        self.textures.forget_document(id);
        self.page_view.forget_document(id);
        self.page_list.forget_document(id);
        if self.state.shown == Some(id) {
            let next = index.min(self.state.documents.len().saturating_sub(1));
            self.state.shown = self.state.documents.get(next).map(super::state::DocumentState::id);
        }
    }

    /// The page that is looked at jumps the queue, and what can be offered for it is found out.
    pub(super) fn page_came_into_view(&mut self, page: PageIndex) {
        if let Some((_, entry)) = self.state.page()
            && let ConversionStatus::Queued(job) = entry.conversion.status
        {
            self.backend.prioritize(job);
        }
        self.probe_text(page);
        let previews = self.state.settings.previews_text_layer;
        // What was made of the page before goes before a preview.
        let is_looked_for = self.state.document().is_some_and(|document| !document.corrections.is_ready);
        let is_new = self.state.page().is_some_and(|(_, entry)| {
            matches!(entry.conversion.status, ConversionStatus::None) && entry.text != TextSupply::Absent
        });
        if previews && is_new && !is_looked_for {
            self.recognize(page, EngineChoice::TextLayer);
        }
    }

    /// Looks whether a page has text of its own, where that decides what can be offered.
    fn probe_text(&mut self, page: PageIndex) {
        if self.state.reader() != Reader::TextLayer {
            return;
        }
        let Some(document) = self.state.document_mut() else { return };
        let id = document.id();
        let Some(entry) = document.page_mut(page) else { return };
        if entry.text == TextSupply::Unknown && matches!(entry.conversion.status, ConversionStatus::None) {
            entry.text = TextSupply::Asked;
            let job = self.backend.submit(Job::ReadTextLayer { document: id, page });
            self.state.jobs.insert(job, JobPurpose::ReadTextLayer { document: id, page });
        }
    }

    // Conversions.

    pub(super) fn convert(&mut self, pages: &[PageIndex]) {
        self.load_model_for_sample();
        let choice = match self.state.settings.engine_choice() {
            // A model is loaded, for the sample scan only.
            EngineChoice::Auto
                if self.state.is_model_for_sample && self.state.reader() == Reader::TextLayer =>
            {
                EngineChoice::TextLayer
            }
            choice => choice,
        };
        for page in pages {
            self.recognize(*page, choice);
        }
        if pages.len() == 1 {
            self.state.settings.shows_pane = true;
        }
    }

    fn convert_all(&mut self) {
        let Some(document) = self.state.document() else { return };
        let is_open = |page: &PageIndex| {
            document.page(*page).is_some_and(|entry| {
                matches!(entry.conversion.status, ConversionStatus::None | ConversionStatus::Failed(_))
            })
        };
        let all: Vec<PageIndex> = (0..document.num_pages()).map(PageIndex).collect();
        let open: Vec<PageIndex> = all.iter().copied().filter(is_open).collect();
        if !open.is_empty() {
            self.convert(&open);
        } else if document.unfinished().next().is_none() {
            let words = format!("All {} pages are converted", all.len());
            let action = NoticeAction { words: "Convert again", command: Command::ConvertPages(all) };
            self.state.notices.done(words, Some(action));
        }
    }

    fn recognize(&mut self, page: PageIndex, engine: EngineChoice) {
        let generation = self.state.settings.generation();
        let Some(document) = self.state.document_mut() else { return };
        let (id, is_visible) = (document.id(), document.current == page);
        let Some(entry) = document.page_mut(page) else { return };
        if entry.conversion.status.job().is_some() {
            return;
        }
        let job = self.backend.submit(Job::Recognize(RecognizeRequest {
            document: id,
            page,
            rotation: entry.rotation,
            engine,
            region: None,
            task: Task::Page,
            generation,
            is_visible,
        }));
        entry.conversion.queue(job);
        self.state.jobs.insert(job, JobPurpose::Recognize { document: id, page, is_restored: false });
    }

    fn cancel_page(&mut self, page: PageIndex) {
        let job = self
            .state
            .document()
            .and_then(|document| document.page(page))
            .and_then(|entry| entry.conversion.status.job());
        if let Some(job) = job {
            self.backend.cancel(job);
        }
    }

    /// Stops all conversions, those that wait first, so that none of them starts meanwhile.
    fn cancel_all(&mut self) {
        let mut jobs: Vec<_> = self
            .state
            .documents
            .iter()
            .flat_map(|document| document.pages.iter().filter_map(|page| page.conversion.status.job()))
            .collect();
        jobs.sort_unstable();
        for job in jobs.into_iter().rev() {
            self.backend.cancel(job);
        }
    }

    fn step_back(&mut self) {
        if self.state.password.is_some() {
            self.state.password = None;
        } else if self.state.sub_window.is_some() {
            self.state.sub_window = None;
        } else if self.state.is_grabbing || self.state.is_drawing {
            self.state.is_grabbing = false;
            self.state.is_drawing = false;
        } else if self.state.grab.is_some() {
            self.close_grab();
        } else if self.state.documents.iter().any(|document| document.unfinished().next().is_some()) {
            self.cancel_all();
        } else if let Some(document) = self.state.document_mut()
            && document.selected.is_some()
        {
            document.selected = None;
        }
    }

    // Copying and saving.

    fn execute_copy(&mut self, ctx: &Context, command: CopyCommand) {
        let text = match command {
            CopyCommand::CopyPage(page, format) => self.page_text(page, format),
            CopyCommand::CopyElement(element, format) => self.element_text(element, format),
            CopyCommand::CopyTable(element, format) => self.table_text(element, None, format),
            CopyCommand::CopyCells(element, cells, format) => self.table_text(element, Some(cells), format),
            CopyCommand::CopyGrabbed(node, cells, format) => self.grabbed_text(node, cells, format),
            CopyCommand::CopyGrabbedElement(node, format) => self.grabbed_element_text(node, format),
            CopyCommand::CopySelection => self.selection_text(),
        };
        match text {
            Some(copied) => {
                match &mut self.set_clipboard {
                    Some(set_clipboard) if copied.html.is_some() => {
                        set_clipboard(copied, self.background.reply());
                    }
                    _ => ctx.copy_text(copied.text),
                }
                self.state.notices.done("Copied", None);
            }
            None => self.state.notices.done("Nothing to copy: the page is not converted yet", None),
        }
    }

    fn selection_text(&self) -> Option<ClipboardText> {
        let document = self.state.document()?;
        let Some(element) = document.selected else {
            return self.page_text(document.current, ExportFormat::Markdown);
        };
        let tree = document.page(element.page)?.conversion.tree.as_ref()?;
        match tree.node(element.node).kind {
            NodeKind::Table { .. } => self.table_text(element, None, TableFormat::Spreadsheet),
            _ => self.element_text(element, ExportFormat::Markdown),
        }
    }

    fn page_text(&self, page: PageIndex, format: ExportFormat) -> Option<ClipboardText> {
        let export = Export::of_page(self.state.document()?, page, format, &self.state.settings)?;
        Some(ClipboardText { text: export.text(), html: None })
    }

    fn element_text(&self, element: ElementRef, format: ExportFormat) -> Option<ClipboardText> {
        let conversion = &self.state.document()?.page(element.page)?.conversion;
        let text = element_text(conversion.tree.as_ref()?, &conversion.markup, element.node, format)?;
        Some(ClipboardText { text, html: None })
    }

    fn table_text(
        &self,
        element: ElementRef,
        cells: Option<CellRange>,
        format: TableFormat,
    ) -> Option<ClipboardText> {
        let tree = self.state.document()?.page(element.page)?.conversion.tree.as_ref()?;
        table_text(tree, element.node, cells, format)
    }

    /// Takes in what a thread has come to.
    pub(super) fn take_answer(&mut self, ctx: &Context, answer: Answer) {
        match answer {
            Answer::NotCopied { text } => ctx.copy_text(text),
            Answer::NotExported(message) => self.state.notices.error(message, None),
            Answer::Exported { path, contents } => self.write(path, contents),
            Answer::CorrectionsFound { document, pages } => self.take_corrections(document, pages),
            Answer::ReadingsFound { document, pages } => self.restore_readings(document, pages),
            Answer::Scored { document, version, score } => {
                if let Some(document) = self.state.document_of(document) {
                    document.corrections.take_score(version, score);
                }
            }
            Answer::GroundTruthMade(made) => self.write_ground_truth(made),
            Answer::NotKept { document, message } => self.take_not_kept(document, message),
            Answer::Dialog { request, paths, stood_open } => {
                if paths.is_empty() {
                    if stood_open < NEVER_SHOWN && request == DialogRequest::OpenFiles {
                        self.state.sub_window = Some(SubWindow::OpenByPath);
                    }
                    return;
                }
                self.take_paths(&request, paths);
            }
        }
    }

    fn take_paths(&mut self, request: &DialogRequest, paths: Vec<PathBuf>) {
        match request {
            DialogRequest::OpenFiles => self.open_files(paths),
            DialogRequest::ModelFolder => {
                if let Some(folder) = paths.into_iter().next() {
                    self.load_model(folder);
                }
            }
            DialogRequest::GroundTruthFolder(document) => {
                if let Some(folder) = paths.into_iter().next() {
                    self.make_ground_truth(*document, folder);
                }
            }
            DialogRequest::Save { subject, .. } => {
                let Some(path) = paths.into_iter().next() else { return };
                match *subject {
                    SaveSubject::Document(document, format) => self.write_document(document, path, format),
                    SaveSubject::Table(document, element, format) => {
                        self.write_table(document, element, path, format);
                    }
                    SaveSubject::Grabbed(node, format) => self.write_grabbed(node, path, format),
                }
            }
        }
    }
}
