//! The live pane on its own, driven by accessibility label: what it shows in each state, what it
//! asks for when it is clicked, typed at or scrolled, and that it never lays out what is not seen.
#![expect(clippy::unwrap_used, reason = "a test may stop at what it does not find")]
#![cfg(feature = "gui")]

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;

use doclens::app::output_pane::{
    ExportFormat, Offer, OutputPane, PageState, PaneAction, PaneInput, PaneTab, TableFormat,
};
use doclens::app::theme;
use doclens::document::page::PageIndex;
use doclens::engine::event::StopReason;
use doclens::engine::user_message::UserMessage;
use doclens::markup::{self, CellRange, DocTree, NodeId, NodeKind, Parser};
use egui::{Event, Key, Modifiers, MouseWheelUnit, Pos2, Vec2, vec2};
use egui_kittest::Harness;
use egui_kittest::kittest::{NodeT, Queryable};

const PAGE: &str = include_str!("fixtures/pane/page.dt");

/// What the pane is told; a test changes it between frames.
#[derive(Clone)]
struct Scene {
    markup: String,
    tree: Option<Arc<DocTree>>,
    state: State,
    hovered: Option<NodeId>,
    selected: Option<NodeId>,
    scroll_to: Option<NodeId>,
    shows_furniture: bool,
    view_key: u64,
}

#[derive(Clone)]
enum State {
    NotConverted(Offer<'static>),
    Running,
    Done(StopReason),
    Rescued,
    Failed(UserMessage),
}

impl Scene {
    fn of(markup: &str) -> Self {
        Self {
            markup: markup.to_owned(),
            tree: Some(Arc::new(markup::parse(markup))),
            state: State::Done(StopReason::End),
            hovered: None,
            selected: None,
            scroll_to: None,
            shows_furniture: false,
            view_key: 1,
        }
    }

    fn without_document(state: State) -> Self {
        Self { tree: None, state, ..Self::of("") }
    }

    fn node(&self, is_wanted: impl Fn(&NodeKind, &str) -> bool) -> NodeId {
        let tree = self.tree.as_ref().unwrap();
        tree.nodes().find(|(_, node)| is_wanted(&node.kind, &node.text)).unwrap().0
    }
}

/// A pane in a harness; its actions are collected, hover and selection fed back as the app does.
struct Bench {
    harness: Harness<'static>,
    scene: Rc<RefCell<Scene>>,
    actions: Rc<RefCell<Vec<PaneAction>>>,
    pane: Rc<RefCell<OutputPane>>,
}

impl Bench {
    fn new(scene: Scene) -> Self {
        Self::sized(scene, vec2(620.0, 700.0))
    }

    fn sized(scene: Scene, size: Vec2) -> Self {
        let scene = Rc::new(RefCell::new(scene));
        let actions = Rc::new(RefCell::new(Vec::new()));
        let pane = Rc::new(RefCell::new(OutputPane::default()));
        let (scene_in, actions_in, pane_in) = (Rc::clone(&scene), Rc::clone(&actions), Rc::clone(&pane));
        let harness = Harness::builder()
            .with_size(size)
            .with_context_setup(theme::install)
            .build_ui(move |ui| draw(ui, &mut scene_in.borrow_mut(), &mut pane_in.borrow_mut(), &actions_in));
        let mut bench = Self { harness, scene, actions, pane };
        bench.harness.run_steps(2);
        bench
    }

    fn tab(mut self, tab: PaneTab) -> Self {
        self.pane.borrow_mut().set_tab(tab);
        self.harness.run_steps(2);
        self
    }

    fn click(&mut self, label: &str) {
        self.harness.get_by_label(label).click();
        self.harness.run_steps(2);
    }

    fn shows(&self, part: &str) -> bool {
        self.harness.query_all_by_label_contains(part).next().is_some()
    }

    fn top_of(&self, part: &str) -> f32 {
        self.harness.query_all_by_label_contains(part).next().unwrap().rect().top()
    }

    fn asked(&self, action: &PaneAction) -> bool {
        self.actions.borrow().contains(action)
    }

    fn drag(&mut self, from: Pos2, to: Pos2) {
        let button = |pos, pressed| Event::PointerButton {
            pos,
            button: egui::PointerButton::Primary,
            pressed,
            modifiers: Modifiers::NONE,
        };
        for event in [
            Event::PointerMoved(from),
            button(from, true),
            Event::PointerMoved(from.lerp(to, 0.5)),
            Event::PointerMoved(to),
            button(to, false),
        ] {
            self.harness.event(event);
            self.harness.run_steps(1);
        }
        self.harness.run_steps(1);
    }

    fn wheel(&mut self, at: Pos2, down: f32) {
        self.harness.hover_at(at);
        self.harness.event(Event::MouseWheel {
            unit: MouseWheelUnit::Point,
            delta: vec2(0.0, -down),
            phase: egui::TouchPhase::Move,
            source: egui::MouseWheelSource::Wheel,
            modifiers: Modifiers::NONE,
        });
        self.harness.run_steps(12);
    }
}

fn draw(ui: &mut egui::Ui, scene: &mut Scene, pane: &mut OutputPane, actions: &RefCell<Vec<PaneAction>>) {
    let scene_now = scene.clone();
    let state = match &scene_now.state {
        State::NotConverted(offer) => PageState::NotConverted { offer: *offer },
        State::Running => PageState::Running { progress: None },
        State::Done(stop_reason) => {
            PageState::Done { stop_reason: *stop_reason, can_continue: true, was_rescued: false }
        }
        State::Rescued => {
            PageState::Done { stop_reason: StopReason::Loop, can_continue: false, was_rescued: true }
        }
        State::Failed(message) => PageState::Failed { message },
    };
    let asked = pane.ui(
        ui,
        &PaneInput {
            corrected: (0, None),
            view_key: scene_now.view_key,
            page: PageIndex(0),
            review: &[],
            state,
            tree: scene_now.tree.as_ref(),
            markup: &scene_now.markup,
            engine_name: "SmolDocling",
            num_tokens: Some(412),
            hovered: scene_now.hovered,
            hovered_cell: None,
            cells_on_page: &[],
            selected: scene_now.selected,
            scroll_to: scene_now.scroll_to,
            shows_furniture: scene_now.shows_furniture,
            picture_crop: None,
            convert_key: "Ctrl+Enter",
        },
    );
    scene.scroll_to = None;
    for action in &asked {
        match action {
            PaneAction::Hover(node) => scene.hovered = *node,
            PaneAction::Select(node) => scene.selected = *node,
            PaneAction::ToggleFurniture => scene.shows_furniture = !scene.shows_furniture,
            _ => {}
        }
    }
    actions.borrow_mut().extend(asked);
}

#[test]
fn a_page_that_was_not_converted_offers_it() {
    let mut bench = Bench::new(Scene::without_document(State::NotConverted(Offer::Convert {
        engine_name: "Text layer",
    })));
    bench.harness.get_by_label("Not converted yet");
    bench.harness.get_by_label("Ctrl+Enter");
    bench.click("Convert this page");
    assert_eq!(*bench.actions.borrow(), [PaneAction::ConvertPage]);
}

#[test]
fn a_scan_without_a_model_says_what_a_model_adds() {
    let offer =
        Offer::NeedsModel { is_garbled: false, model_name: Some("SmolDocling"), model_size: Some("513 MB") };
    let mut bench = Bench::new(Scene::without_document(State::NotConverted(offer)));
    bench.harness.get_by_label("This page has no text of its own");
    assert!(bench.shows("513 MB"));
    bench.click("Get SmolDocling");
    assert_eq!(*bench.actions.borrow(), [PaneAction::GetModel]);
}

#[test]
fn a_failure_says_what_happened_and_offers_another_try() {
    let message = UserMessage {
        summary: "Not enough memory for this page".into(),
        hint: Some("Close another program".into()),
        details: None,
        needs_password: false,
    };
    let mut bench = Bench::new(Scene::without_document(State::Failed(message.clone())));
    bench.harness.get_by_label("Not enough memory for this page");
    bench.harness.get_by_label("Close another program");
    bench.click("Try again");
    assert!(bench.asked(&PaneAction::ConvertPage));

    let bench = Bench::new(Scene { state: State::Failed(message), ..Scene::of(PAGE) });
    assert!(bench.shows("Not enough memory") && bench.shows("Reading pages as documents"));
}

#[test]
fn ribbons_offer_the_way_on() {
    let stopped = |reason| Scene { state: State::Done(reason), ..Scene::of(PAGE) };
    let mut bench = Bench::new(stopped(StopReason::TokenLimit));
    assert!(bench.shows("Stopped at the token limit"));
    bench.click("Continue");
    assert!(bench.asked(&PaneAction::Continue));

    let bench = Bench::new(stopped(StopReason::Loop));
    assert!(bench.shows("The model repeated itself and was stopped: the rest of the page may be missing"));
    let bench = Bench::new(Scene { state: State::Rescued, ..Scene::of(PAGE) });
    assert!(bench.shows("The model repeated itself: what it had not reached was read by itself"));
}

#[test]
fn every_kind_of_element_is_there_to_be_read() {
    let bench = Bench::sized(Scene::of(PAGE), vec2(620.0, 3000.0));
    for part in [
        "Reading pages as documents",
        "P < 0.05 and the type Vec<u8>",
        "nested twice",
        "Table 1: Character error rate",
        "12,400.0",
        "\\hat{y}",
        "\\brokenmacro",
        "fn main()",
        "Bar chart",
        "Figure 1: Error by kind",
        "I have read the terms",
        "Invoice number",
        "1 Measured on two cores",
        "The last paragraph.",
    ] {
        assert!(bench.shows(part), "{part} is missing");
    }
    assert!(!bench.shows("Journal of Careful Measurement"), "furniture is hidden by default");
}

#[test]
fn furniture_comes_and_goes() {
    let mut bench = Bench::new(Scene::of(PAGE));
    bench.click("Page headers and footers");
    assert!(bench.asked(&PaneAction::ToggleFurniture));
    assert!(bench.shows("Journal of Careful Measurement"));
}

#[test]
fn hovering_and_clicking_find_the_element() {
    let scene = Scene::of(PAGE);
    let paragraph = scene.node(|_, text| text.starts_with("The second paragraph"));
    let mut bench = Bench::new(scene);
    let at =
        bench.harness.query_all_by_label_contains("The second paragraph").next().unwrap().rect().center();
    bench.harness.hover_at(at);
    bench.harness.run_steps(2);
    assert_eq!(bench.scene.borrow().hovered, Some(paragraph));
    bench.harness.query_all_by_label_contains("The second paragraph").next().unwrap().click();
    bench.harness.run_steps(2);
    assert_eq!(bench.scene.borrow().selected, Some(paragraph));
    bench.harness.hover_at(Pos2::new(300.0, 14.0));
    bench.harness.run_steps(2);
    assert_eq!(bench.scene.borrow().hovered, None);
}

#[test]
fn another_side_can_bring_an_element_into_view() {
    let scene = Scene::of(PAGE);
    let last = scene.node(|_, text| text == "The last paragraph.");
    for tab in [PaneTab::Document, PaneTab::DocTags, PaneTab::Markdown] {
        let mut bench = Bench::sized(scene.clone(), vec2(620.0, 400.0)).tab(tab);
        assert!(!bench.shows("The last paragraph."), "{tab:?}");
        bench.scene.borrow_mut().scroll_to = Some(last);
        bench.harness.run_steps(40);
        assert!(bench.shows("The last paragraph."), "{tab:?}");
    }
}

#[test]
fn keys_step_through_the_elements() {
    let scene = Scene::of(PAGE);
    let title = scene.node(|kind, _| *kind == NodeKind::Heading { level: 1 });
    let second = scene.node(|_, text| text.starts_with("A page is more"));
    let mut bench = Bench::new(scene);
    bench.harness.key_press(Key::J);
    bench.harness.run_steps(2);
    assert_eq!(bench.scene.borrow().selected, Some(title));
    bench.harness.key_press(Key::J);
    bench.harness.run_steps(2);
    assert_eq!(bench.scene.borrow().selected, Some(second));
    bench.harness.key_press(Key::K);
    bench.harness.run_steps(2);
    assert_eq!(bench.scene.borrow().selected, Some(title));
    bench.harness.event(Event::Copy);
    bench.harness.run_steps(2);
    assert!(bench.asked(&PaneAction::CopyElement(title, ExportFormat::Markdown)));
}

#[test]
fn the_markup_can_be_clicked_too() {
    let scene = Scene::of("<doctag><text><loc_1><loc_2><loc_3><loc_4>Only text</text></doctag>");
    let text = scene.node(|_, text| text == "Only text");
    let mut bench = Bench::new(scene).tab(PaneTab::DocTags);
    bench.harness.query_all_by_label_contains("<loc_1>").next().unwrap().click();
    bench.harness.run_steps(2);
    assert_eq!(bench.scene.borrow().selected, Some(text));
}

#[test]
fn tables_can_be_copied_or_are_said_to_be_missing() {
    let scene = Scene::of(PAGE);
    let table = scene.node(|kind, _| matches!(kind, NodeKind::Table { .. }));
    let mut bench = Bench::new(scene).tab(PaneTab::Tables);
    assert!(bench.shows("Table 1: Character error rate"));
    bench.click("Copy for a spreadsheet, spans kept: table 1");
    assert!(bench.asked(&PaneAction::CopyTable(table, TableFormat::Spreadsheet)));

    let bench = Bench::new(Scene::of("<doctag><text>Only text</text></doctag>")).tab(PaneTab::Tables);
    bench.harness.get_by_label("No tables on this page");
}

const SPANS: &str = "<doctag><otsl><ched>Year<ched>Sum<lcel><nl><fcel>2024<fcel>12.5<fcel>14.0<nl>\
<fcel>2025<fcel>13.5<fcel>15.0<nl></otsl></doctag>";

/// A pane that shows the table with its tab, and that table.
fn spans_bench() -> (Bench, NodeId) {
    let scene = Scene::of(SPANS);
    let table = scene.node(|kind, _| matches!(kind, NodeKind::Table { .. }));
    (Bench::new(scene).tab(PaneTab::Tables), table)
}

fn cells_copied(bench: &mut Bench) -> Option<PaneAction> {
    bench.actions.borrow_mut().clear();
    bench.harness.event(Event::Copy);
    bench.harness.run_steps(2);
    let actions = bench.actions.borrow();
    actions
        .iter()
        .find(|action| matches!(action, PaneAction::CopyCells(..) | PaneAction::CopyTable(..)))
        .cloned()
}

fn cells(table: NodeId, row: usize, col: usize, num_rows: usize, num_cols: usize) -> PaneAction {
    let range = CellRange { row, col, num_rows, num_cols };
    PaneAction::CopyCells(table, range, TableFormat::Spreadsheet)
}

#[test]
fn cells_are_chosen_by_clicks_and_keys_and_copied() {
    let (mut bench, table) = spans_bench();
    bench.click("12.5");
    assert_eq!(cells_copied(&mut bench), Some(cells(table, 1, 1, 1, 1)));
    bench.harness.key_press_modifiers(Modifiers::SHIFT, Key::ArrowRight);
    bench.harness.run_steps(2);
    assert!(bench.shows("1 × 2 of 3 × 3 selected"));
    assert_eq!(cells_copied(&mut bench), Some(cells(table, 1, 1, 1, 2)));
    // The span above is taken whole.
    bench.harness.key_press(Key::ArrowUp);
    bench.harness.run_steps(2);
    assert_eq!(cells_copied(&mut bench), Some(cells(table, 0, 1, 1, 2)));
    bench.harness.key_press_modifiers(Modifiers::COMMAND, Key::A);
    bench.harness.run_steps(2);
    assert_eq!(cells_copied(&mut bench), Some(cells(table, 0, 0, 3, 3)));
    bench.click("Copy as a Markdown table: table 1");
    let whole = CellRange { row: 0, col: 0, num_rows: 3, num_cols: 3 };
    assert!(bench.asked(&PaneAction::CopyCells(table, whole, TableFormat::Markdown)));
}

#[test]
fn a_drag_within_a_cell_selects_text_and_beyond_it_cells() {
    let (mut bench, table) = spans_bench();
    let (from, to) = ("2024", "13.5");
    let (from, to) = (bench.harness.get_by_label(from).rect(), bench.harness.get_by_label(to).rect());
    bench.drag(from.left_center() + vec2(11.0, 0.0), from.left_center() + vec2(30.0, 0.0));
    assert_eq!(cells_copied(&mut bench), None);
    bench.drag(from.center(), to.center());
    assert!(bench.shows("2 × 2 of 3 × 3 selected"));
    assert_eq!(cells_copied(&mut bench), Some(cells(table, 1, 0, 2, 2)));
}

#[test]
fn menus_name_the_formats() {
    let mut bench = Bench::new(Scene::of(PAGE));
    bench.click("Save as…");
    bench.click("HTML…");
    assert!(bench.asked(&PaneAction::SaveAs(ExportFormat::Html)));
    bench.click("Copy");
    bench.click("Plain text");
    assert!(bench.asked(&PaneAction::CopyDocument(ExportFormat::PlainText)));
}

/// A page that is being written, with more than fits the view.
fn streaming_bench(parser: &mut Parser) -> Bench {
    for number in 0..60 {
        parser.push(&format!("<text><loc_1><loc_2><loc_3><loc_4>Paragraph number {number}.</text>\n"));
    }
    let mut scene = Scene::of("");
    (scene.markup, scene.tree, scene.state) =
        (parser.source().to_owned(), Some(parser.snapshot()), State::Running);
    Bench::sized(scene, vec2(620.0, 400.0))
}

fn write_more(bench: &mut Bench, parser: &mut Parser, text: &str) {
    parser.push(text);
    let mut scene = bench.scene.borrow_mut();
    (scene.markup, scene.tree) = (parser.source().to_owned(), Some(parser.snapshot()));
    drop(scene);
    bench.harness.run_steps(30);
}

#[test]
fn the_tail_is_followed_until_the_reader_leaves_it() {
    let mut parser = Parser::default();
    let mut bench = streaming_bench(&mut parser);
    bench.harness.run_steps(40);
    assert!(bench.shows("number 59."), "a page that is being written is shown from its end");
    assert!(!bench.shows("Follow"));
    write_more(&mut bench, &mut parser, "<text>The newest words</text><text>and</text>");
    assert!(bench.shows("The newest words"));

    bench.wheel(Pos2::new(300.0, 200.0), -600.0);
    assert!(bench.shows("Follow"), "away from the tail there is a way back");
    let paragraph = bench.harness.query_all_by_label_contains("Paragraph number").nth(2).unwrap();
    let words = paragraph.accesskit_node().label().unwrap_or_default();
    let before = bench.top_of(&words);
    write_more(&mut bench, &mut parser, &"<text>More and more text comes below</text>".repeat(30));
    assert!((bench.top_of(&words) - before).abs() < 0.6, "nothing that is being read moves");

    bench.click("Follow");
    bench.harness.run_steps(40);
    assert!(!bench.shows("Follow"));
    assert!(bench.shows("More and more text"));
}

#[test]
fn each_page_keeps_its_place() {
    let mut bench = Bench::sized(Scene::of(PAGE), vec2(620.0, 300.0));
    bench.wheel(Pos2::new(300.0, 200.0), 500.0);
    assert!(!bench.shows("A page is more"));
    bench.scene.borrow_mut().view_key = 2;
    bench.harness.run_steps(2);
    assert!(bench.shows("A page is more"), "another page starts at its top");
    bench.scene.borrow_mut().view_key = 1;
    bench.harness.run_steps(2);
    assert!(!bench.shows("A page is more"), "the first page is where it was left");
}

#[test]
fn only_what_is_seen_is_laid_out() {
    let page = PAGE.trim_start_matches("<doctag>").trim_end().trim_end_matches("</doctag>");
    let many = format!("<doctag>{}</doctag>", vec![page; 250].join("\n<page_break>\n"));
    for tab in PaneTab::ALL {
        let bench = Bench::new(Scene::of(&many)).tab(tab);
        let labels = bench.harness.query_all_by(|node| node.label().or(node.value()).is_some()).count();
        assert!((8..400).contains(&labels), "{tab:?} drew {labels} widgets");
    }
}

#[test]
fn no_beginning_of_a_page_is_too_odd_to_be_drawn() {
    let mut bench = Bench::new(Scene { state: State::Running, ..Scene::of("") });
    let mut parser = Parser::default();
    for (step, piece) in PAGE.as_bytes().chunks(61).enumerate() {
        parser.push(&String::from_utf8_lossy(piece));
        let mut scene = bench.scene.borrow_mut();
        (scene.markup, scene.tree) = (parser.source().to_owned(), Some(parser.snapshot()));
        drop(scene);
        bench.pane.borrow_mut().set_tab(PaneTab::ALL[step % PaneTab::ALL.len()]);
        bench.harness.step();
    }
    for odd in [
        "<doctag><otsl><lcel><ucel><xcel><nl></otsl>",
        "<formula>\\frac{\\sqrt{</formula>",
        "<code></code><text></text>",
    ] {
        let mut scene = Scene::of(odd);
        scene.view_key = 9;
        *bench.scene.borrow_mut() = scene;
        bench.harness.run_steps(2);
    }
}
