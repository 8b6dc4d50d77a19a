//! Tables grabbed with a rectangle: what is asked of the engine, what is shown and copied, and the
//! tables of the sample read by the real engine.

use std::sync::Arc;

use doclens::app::App;
use doclens::app::state::GrabStatus;
use doclens::document::page::PageIndex;
use doclens::engine::event::{EventKind, Outcome, PageRecognition, StopReason};
use doclens::engine::job::{EngineChoice, RecognizeRequest, Task};
use doclens::engine::scripted::ScriptedRecognizer;
use doclens::geometry::BBox;
use doclens::markup::export::csv::csv_of_table;
use doclens::markup::{NodeKind, TableGrid};
use egui::{Event, Key, Modifiers, PointerButton, Pos2, Rect, vec2};
use egui_kittest::Harness;
use egui_kittest::kittest::Queryable as _;

use crate::bench::{Bench, copied, message, recognition};
use crate::real::RealBench;

const TABLE: &str = "<doctag><otsl><loc_0><loc_0><loc_500><loc_500><ched>Berth<ched>Depth<nl>\
<fcel>North<fcel>3.0<nl></otsl></doctag>";

/// Drags over a page between two points, given as fractions of it.
fn drag<S>(harness: &mut Harness<'_, S>, page: Rect, from: (f32, f32), to: (f32, f32), modifiers: Modifiers) {
    let at = |(x, y): (f32, f32)| page.min + vec2(x, y) * page.size();
    let button =
        |pos, pressed| Event::PointerButton { pos, button: PointerButton::Primary, pressed, modifiers };
    let (from, to): (Pos2, Pos2) = (at(from), at(to));
    harness.hover_at(from);
    harness.run_steps(2);
    for event in [
        button(from, true),
        Event::PointerMoved(from.lerp(to, 0.5)),
        Event::PointerMoved(to),
        button(to, false),
    ] {
        harness.event_modifiers(event, modifiers);
        harness.run_steps(1);
    }
    harness.run_steps(4);
}

fn grabbed(bench: &Bench) -> RecognizeRequest {
    bench.requests().pop().unwrap()
}

fn assert_close(actual: Option<BBox>, expected: [f64; 4]) {
    let BBox { left, top, right, bottom } = actual.unwrap();
    for (actual, expected) in [left, top, right, bottom].into_iter().zip(expected) {
        assert!((actual - expected).abs() < 0.01, "{actual} for {expected}");
    }
}

fn read(bench: &mut Bench, markup: &str) {
    let read = recognition(grabbed(bench), markup, StopReason::End);
    bench.say(bench.conversion(), EventKind::Finished(Outcome::Recognized(read)));
}

#[test]
fn a_rectangle_dragged_with_shift_is_read_as_a_table_and_copied() {
    let mut bench = Bench::with_document(1);
    let page = bench.rect("Page 1");
    drag(&mut bench.harness, page, (0.1, 0.2), (0.6, 0.3), Modifiers::SHIFT);
    let request = grabbed(&bench);
    assert_eq!((request.task, request.page), (Task::Table, PageIndex(0)));
    assert_close(request.region, [0.1, 0.2, 0.6, 0.3]);
    assert!(bench.shows("Table from page 1") && bench.shows("Reading the region"));
    read(&mut bench, TABLE);
    assert!(bench.shows("North") && bench.shows("3.0"));
    bench.harness.event(Event::Copy);
    bench.harness.run_steps(1);
    assert_eq!(copied(&mut bench), "Berth\tDepth\nNorth\t3.0\n");
    let document = bench.harness.state().state().document().unwrap();
    assert!(
        document.page(PageIndex(0)).unwrap().conversion.tree.is_none(),
        "the page is not converted by it"
    );
    bench.press(Key::Escape);
    assert!(!bench.shows("Table from page 1"));
}

#[test]
fn g_lets_one_drag_grab_and_the_next_one_moves_the_page_again() {
    let mut bench = Bench::with_document(1);
    let page = bench.rect("Page 1");
    bench.press(Key::G);
    drag(&mut bench.harness, page, (0.1, 0.2), (0.6, 0.3), Modifiers::NONE);
    assert_eq!(bench.requests().len(), 1);
    drag(&mut bench.harness, page, (0.1, 0.2), (0.2, 0.25), Modifiers::NONE);
    assert_eq!(bench.requests().len(), 1);
    bench.press(Key::G);
    bench.press(Key::Escape);
    drag(&mut bench.harness, page, (0.1, 0.2), (0.2, 0.25), Modifiers::NONE);
    assert_eq!(bench.requests().len(), 1, "Esc puts the tool away");
}

#[test]
fn a_region_of_a_turned_page_is_that_of_the_upright_one() {
    let mut bench = Bench::with_document(1);
    bench.press(Key::CloseBracket);
    let page = bench.rect("Page 1");
    drag(&mut bench.harness, page, (0.1, 0.2), (0.5, 0.4), Modifiers::SHIFT);
    // A quarter clockwise: what is at the right of the turned page was at the top.
    assert_close(grabbed(&bench).region, [0.2, 0.5, 0.4, 0.9]);
}

#[test]
fn a_region_without_a_table_and_one_that_cannot_be_read_say_so() {
    let mut bench = Bench::with_document(1);
    let page = bench.rect("Page 1");
    drag(&mut bench.harness, page, (0.1, 0.2), (0.6, 0.3), Modifiers::SHIFT);
    read(&mut bench, "<doctag><text>only words</text></doctag>");
    assert!(bench.shows("No table was found there"));
    drag(&mut bench.harness, page, (0.1, 0.2), (0.6, 0.35), Modifiers::SHIFT);
    bench.say(bench.conversion(), EventKind::Failed(message("Nothing can read scans yet")));
    assert!(bench.shows("Nothing can read scans yet"));
}

#[test]
fn doubts_about_a_grabbed_table_are_told_beside_it() {
    let mut bench = Bench::with_document(1);
    let page = bench.rect("Page 1");
    drag(&mut bench.harness, page, (0.1, 0.2), (0.6, 0.3), Modifiers::SHIFT);
    let table = "<otsl><ched>a<ched>b<nl><fcel>x<fcel>1<nl><fcel>y<fcel>2<nl><fcel>Total<fcel>9<nl></otsl>";
    read(&mut bench, table);
    assert!(bench.shows("1 doubt"));
}

#[test]
fn the_selected_element_is_read_as_a_table_by_a_key() {
    let mut bench = Bench::with_document(1);
    bench.convert();
    bench.press(Key::J);
    bench.harness.key_press_modifiers(Modifiers::SHIFT, Key::G);
    bench.settle();
    assert_eq!(grabbed(&bench).task, Task::Table);
    assert_close(grabbed(&bench).region, [0.1, 0.08, 0.9, 0.12]);
}

#[test]
fn closing_the_document_ends_the_reading() {
    let mut bench = Bench::with_document(1);
    let page = bench.rect("Page 1");
    drag(&mut bench.harness, page, (0.1, 0.2), (0.6, 0.3), Modifiers::SHIFT);
    let job = bench.conversion();
    bench.harness.key_press_modifiers(Modifiers::COMMAND, Key::W);
    bench.settle();
    assert!(bench.script.borrow().cancelled.contains(&job));
    bench.say(job, EventKind::Cancelled);
}

impl RealBench {
    /// Converts a page by its own text, and gives the boxes of its tables.
    fn tables_of(&mut self, page: usize) -> Vec<BBox> {
        for _ in self.document().current.0..page {
            self.harness.key_press(Key::PageDown);
            self.harness.run_steps(6);
        }
        self.harness.key_press_modifiers(Modifiers::COMMAND, Key::Enter);
        let is_read = |app: &App| {
            let entry = app.state().document().unwrap().page(PageIndex(page)).unwrap();
            entry.conversion.recognition.is_some()
        };
        self.wait(is_read);
        let tree = self.document().page(PageIndex(page)).unwrap().conversion.tree.clone().unwrap();
        let tables = tree.nodes().filter(|(_, node)| matches!(node.kind, NodeKind::Table { .. }));
        tables.filter_map(|(_, node)| node.bbox).collect()
    }

    /// Grabs a part of a page and gives what was read.
    fn grab(&mut self, page: usize, region: BBox) -> Arc<PageRecognition> {
        // The window of an earlier one may lie over what is grabbed next.
        for key in [Key::Escape, Key::P] {
            self.harness.key_press(key);
            self.harness.run_steps(6);
        }
        let rect = self.harness.get_by_label(&format!("Page {}", page + 1)).rect();
        #[expect(clippy::cast_possible_truncation, reason = "fractions of a page")]
        let corner = |x: f64, y: f64| (x as f32, y as f32);
        let (from, to) = (corner(region.left, region.top), corner(region.right, region.bottom));
        drag(&mut self.harness, rect, from, to, Modifiers::SHIFT);
        let status = |app: &App| match app.state().grab.as_ref().map(|grab| &grab.status) {
            Some(GrabStatus::Read(read)) => Some(Arc::clone(read)),
            Some(GrabStatus::Failed(message)) => panic!("{message:?}"),
            Some(GrabStatus::Reading(_)) | None => None,
        };
        self.wait(|app| status(app).is_some());
        status(self.harness.state()).unwrap()
    }
}

/// The only table.
fn grid(read: &PageRecognition) -> &TableGrid {
    let mut grids = read.tree.nodes().filter_map(|(_, node)| match &node.kind {
        NodeKind::Table { grid, .. } => Some(grid),
        _ => None,
    });
    let grid = grids.next().unwrap();
    assert!(grids.next().is_none(), "one table was grabbed");
    grid
}

/// Its rows, each cell once, at its place.
fn rows(read: &PageRecognition) -> Vec<String> {
    let grid = grid(read);
    (0..grid.num_rows)
        .map(|row| {
            let cells = grid.cells.iter().filter(|cell| cell.row == row);
            cells.map(|cell| cell.text.as_str()).collect::<Vec<_>>().join(" | ")
        })
        .collect()
}

/// A table with some air around it, as a hand draws it.
fn around(table: BBox) -> BBox {
    BBox {
        left: table.left - 0.01,
        top: table.top - 0.004,
        right: table.right + 0.01,
        bottom: table.bottom + 0.004,
    }
}

/// The table at this place of the sample has so many rows, and these among them.
fn check(bench: &mut RealBench, (page, number): (usize, usize), num_rows: usize, expected: &[(usize, &str)]) {
    let table = bench.tables_of(page)[number];
    let rows = rows(&bench.grab(page, around(table)));
    assert_eq!(rows.len(), num_rows, "{rows:#?}");
    for (row, text) in expected {
        assert_eq!(rows[*row], *text, "{rows:#?}");
    }
}

#[test]
fn the_tables_of_the_sample_are_grabbed_from_its_own_text() {
    let mut bench = RealBench::open("assets/sample.pdf", None);
    let pages = bench.document().num_pages();
    let mut with_tables = Vec::new();
    for page in 0..pages {
        with_tables.extend((0..bench.tables_of(page).len()).map(|table| (page, table)));
    }
    let [first, second, third] = with_tables.as_slice() else { panic!("{with_tables:?}") };
    let mut bench = RealBench::open("assets/sample.pdf", None);
    let spans = (0, "Berth | Draught (m) | Spring tides | Neap tides");
    check(&mut bench, *first, 7, &[spans, (6, "Outer mole | any | Afloat at all states of the tide")]);
    let header = (1, "Name | Origin | Period (h) | H (m) | g (°) | H (m) | g (°)");
    let numbers = (7, "M4 | Shallow water | 6.21 | 0.118 | 212.6 | 0.041 | 183.8");
    check(&mut bench, *second, 8, &[header, numbers]);
    let header = (0, "Year | Days | Hours lost | Highest | Lowest | Largest residual");
    let total = (11, "All years | 3635 | 501 | 5.61 | −0.26 | 1.12");
    check(&mut bench, *third, 12, &[header, (10, "2025 | 364 | 38 | 5.44 | −0.20 | 0.88"), total]);
}

/// Ruled by cell, by groups of columns, at head and foot only, and not at all; see the README beside them.
#[test]
fn tables_of_real_documents_are_grabbed_cell_by_cell() {
    for name in ["census", "fda", "usgs", "eu", "cars"] {
        let mut bench = RealBench::open(&format!("tests/fixtures/tables/{name}.pdf"), None);
        let tables = bench.tables_of(0);
        let grabbed = tables.iter().map(|table| csv_of_table(grid(&bench.grab(0, around(*table)))));
        let grabbed: Vec<String> = grabbed.map(|csv| csv.trim_end().to_owned()).collect();
        let file = format!("{}/tests/fixtures/tables/{name}.csv", env!("CARGO_MANIFEST_DIR"));
        let expected = std::fs::read_to_string(file).unwrap();
        assert_eq!(grabbed.join("\n\n"), expected.replace("\r\n", "\n").trim_end(), "{name}");
    }
}

#[test]
fn a_table_of_a_scan_is_read_by_what_stands_in_the_models_place() {
    let mut bench = RealBench::open("assets/sample-scan.png", Some(ScriptedRecognizer::new("model", TABLE)));
    let region = BBox { left: 0.2, top: 0.3, right: 0.8, bottom: 0.5 };
    let read = bench.grab(0, region);
    assert_eq!((read.engine, read.request.task), (EngineChoice::Model, Task::Table));
    assert_eq!(rows(&read), ["Berth | Depth", "North | 3.0"]);
    let (_, node) = read.tree.nodes().next().unwrap();
    assert_close(node.bbox, [0.2, 0.3, 0.8, 0.5]);
    assert!(bench.harness.query_all_by_label_contains("North").next().is_some());
}

/// The true path: the crop's pixels, the table instruction, the model that the program carries.
#[test]
fn a_table_of_the_sample_scan_is_read_by_the_carried_model() {
    let mut bench = RealBench::open("assets/sample-scan.png", None);
    bench.load_carried_model();
    let read = bench.grab(0, BBox { left: 0.03, top: 0.49, right: 0.94, bottom: 0.86 });
    assert_eq!((read.engine, read.request.task), (EngineChoice::Model, Task::Table));
    let expected = [
        "When near | With | up draugh",
        "them sun | 7 | $357.95",
        "From star | 1976 | To | 20/09/201",
        "Our one | 7 | Storm | 1.31",
        "Anchor | 20/09/2025 | Most | 75%",
        "harbour and | Which | 2.79",
        "77% | $516.79 | with | 1982",
    ];
    assert_eq!(rows(&read), expected);
}
