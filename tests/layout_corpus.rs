//! The text-layer engine on whole pages: pages set by a small builder, each with what must come out,
//! and the sample document against recorded DocTags.
//!
//! `UPDATE_LAYOUT=1 cargo test --test layout_corpus` records the sample's pages anew; read the
//! difference before you commit it.
#![expect(clippy::expect_used, reason = "a test may stop at a page that it cannot read")]

use doclens::document::Document;
use doclens::document::page::{PageIndex, PageSize};
use doclens::document::text_layer::{Fill, Font, Rule, TextChar, TextLayer, TextQuality};
use doclens::geometry::BBox;
use doclens::layout::{DocumentContext, Error, recognize, recognize_table};

const WIDTH_PT: f64 = 600.0;
const HEIGHT_PT: f64 = 800.0;

/// Advance of every letter, in font sizes: wide enough to be read, narrow enough to fit.
const ADVANCE_EM: f64 = 0.5;

/// Sets strings at points of a page. Blanks are not stored, as TeX does not store them.
struct Page {
    layer: TextLayer,
}

const REGULAR: u16 = 0;
const BOLD: u16 = 1;
const MONO: u16 = 2;
const MATH: u16 = 3;

impl Page {
    fn new() -> Self {
        let font = |name: &str, is_bold, is_monospace| Font {
            name: name.to_owned(),
            is_bold,
            is_italic: false,
            is_monospace,
        };
        Self {
            layer: TextLayer {
                page_size: PageSize { width_pt: WIDTH_PT, height_pt: HEIGHT_PT },
                chars: Vec::new(),
                fonts: vec![
                    font("Serif", false, false),
                    font("Serif-Bold", true, false),
                    font("Mono", false, true),
                    font("CMMI10", false, false),
                ],
                rules: Vec::new(),
                fills: Vec::new(),
                images: Vec::new(),
                drawings: Vec::new(),
                links: Vec::new(),
                quality: TextQuality::Good,
            },
        }
    }

    /// A string in regular 10 point type, its baseline starting at `(x, y)` in points from the top left.
    fn text(self, x: f64, y: f64, text: &str) -> Self {
        self.set(x, y, text, 10.0, REGULAR)
    }

    fn bold(self, x: f64, y: f64, text: &str) -> Self {
        self.set(x, y, text, 10.0, BOLD)
    }

    fn set(mut self, mut x: f64, y: f64, text: &str, size: f64, font_idx: u16) -> Self {
        let advance = size * if font_idx == MONO { 0.6 } else { ADVANCE_EM };
        for unicode in text.chars() {
            if unicode != ' ' {
                let bbox = page_box(x, y - 0.75 * size, x + advance, y + 0.2 * size);
                #[expect(clippy::cast_possible_truncation, reason = "sizes are small whole numbers")]
                let font_size_pt = size as f32;
                self.layer.chars.push(TextChar {
                    unicode,
                    loose: bbox,
                    tight: bbox,
                    baseline: y / HEIGHT_PT,
                    font_size_pt,
                    font_idx,
                    angle_deg: 0.0,
                    color: None,
                    is_blank: false,
                    is_unmapped: false,
                    is_invisible: false,
                });
            }
            x += advance;
        }
        self
    }

    /// Lines of text from `(x, y)` downwards, 12 points apart.
    fn lines(mut self, x: f64, y: f64, lines: &[&str]) -> Self {
        for (index, line) in lines.iter().enumerate() {
            self = self.text(x, y + 12.0 * index as f64, line);
        }
        self
    }

    fn rule(mut self, x0: f64, y0: f64, x1: f64, y1: f64) -> Self {
        let bbox = page_box(x0, y0, x1.max(x0 + 0.5), y1.max(y0 + 0.5));
        self.layer.rules.push(Rule { bbox, is_horizontal: x1 - x0 > y1 - y0 });
        self
    }

    fn grid(mut self, xs: &[f64], ys: &[f64]) -> Self {
        let (left, right, top, bottom) = (xs[0], xs[xs.len() - 1], ys[0], ys[ys.len() - 1]);
        for &x in xs {
            self = self.rule(x, top, x, bottom);
        }
        for &y in ys {
            self = self.rule(left, y, right, y);
        }
        self
    }

    fn image(mut self, x0: f64, y0: f64, x1: f64, y1: f64) -> Self {
        self.layer.images.push(page_box(x0, y0, x1, y1));
        self
    }

    fn doctags(&self) -> String {
        recognize(&self.layer, &DocumentContext::default()).expect("the page has text").collect()
    }

    /// Compares the page's DocTags, without locations and line ends.
    fn check(&self, expected: &str) {
        let doctags = without_locations(&self.doctags());
        let inside = doctags.strip_prefix("<doctag>").and_then(|text| text.strip_suffix("</doctag>"));
        assert_eq!(inside.expect("one page").replace(">\n", ">"), expected);
    }
}

fn page_box(x0: f64, y0: f64, x1: f64, y1: f64) -> BBox {
    BBox::from_corners(x0 / WIDTH_PT, y0 / HEIGHT_PT, x1 / WIDTH_PT, y1 / HEIGHT_PT)
}

fn without_locations(doctags: &str) -> String {
    let mut text = String::new();
    let mut rest = doctags;
    while let Some((before, after)) = rest.split_once("<loc_") {
        text.push_str(before);
        rest = after.split_once('>').map_or("", |(_, rest)| rest);
    }
    text + rest
}

/// Seven full lines of a column that is `chars` wide, ending in a full stop.
fn prose(chars: usize, word: &str) -> Vec<String> {
    let line: String = word.chars().chain([' ']).cycle().take(chars).collect();
    (0..7).map(|_| line.trim_end().to_owned()).collect()
}

fn strs(lines: &[String]) -> Vec<&str> {
    lines.iter().map(String::as_str).collect()
}

#[test]
fn lines_of_a_paragraph_are_joined_and_broken_words_made_whole() {
    Page::new()
        .lines(
            60.0,
            100.0,
            &[
                "The first line of a paragraph that is long enough to be one and is bro-",
                "ken at its end, so that the second line goes on with the word, and it",
                "ends here.",
            ],
        )
        .check(
            "<text>The first line of a paragraph that is long enough to be one and is broken at its end, \
             so that the second line goes on with the word, and it ends here.</text>",
        );
}

#[test]
fn an_indented_line_starts_a_paragraph() {
    let page = Page::new()
        .lines(
            60.0,
            100.0,
            &[
                "Words that fill the whole line up to here, yes.",
                "And this line ends. More words fill it to here.",
            ],
        )
        .lines(75.0, 124.0, &["An indented line starts a new paragraph here"])
        .lines(60.0, 136.0, &["which goes on at the margin until it is over."]);
    page.check(
        "<text>Words that fill the whole line up to here, yes. And this line ends. More words fill it to here.</text>\
         <text>An indented line starts a new paragraph here which goes on at the margin until it is over.</text>",
    );
}

#[test]
fn two_columns_are_read_one_after_the_other_below_a_heading_over_both() {
    let (left, right) = (prose(44, "left"), prose(44, "right"));
    let page = Page::new()
        .set(150.0, 100.0, "A heading over both columns", 16.0, BOLD)
        .lines(60.0, 140.0, &strs(&left))
        .lines(310.0, 140.0, &strs(&right));
    let doctags = without_locations(&page.doctags());
    let place = |text: &str| doctags.find(text).unwrap_or_else(|| panic!("{text} is missing in {doctags}"));
    assert!(place("A heading") < place("left left"));
    assert!(doctags.rfind("left left").expect("left") < place("right right"));
    assert!(!doctags.contains("<otsl>"), "{doctags}");
}

#[test]
fn numbers_give_headings_their_levels() {
    Page::new()
        .set(60.0, 100.0, "1 Introduction", 14.0, BOLD)
        .lines(60.0, 130.0, &["Some text below the first header, in body type,", "over two lines."])
        .set(60.0, 170.0, "1.1 Details", 12.0, BOLD)
        .lines(60.0, 200.0, &["More text below the second header, in body type,", "over two lines."])
        .check(
            "<section_header_level_1>1 Introduction</section_header_level_1>\
             <text>Some text below the first header, in body type, over two lines.</text>\
             <section_header_level_2>1.1 Details</section_header_level_2>\
             <text>More text below the second header, in body type, over two lines.</text>",
        );
}

#[test]
fn lists_nest_by_indent_and_numbers_are_counted() {
    Page::new()
        .text(60.0, 100.0, "A line of text that introduces what is listed below it:")
        .text(70.0, 120.0, "1.")
        .text(85.0, 120.0, "First")
        .text(85.0, 134.0, "•")
        .text(95.0, 134.0, "inner")
        .text(70.0, 148.0, "2.")
        .text(85.0, 148.0, "Second")
        .check(
            "<text>A line of text that introduces what is listed below it:</text>\
             <ordered_list><list_item>First</list_item>\
             <list_item><unordered_list><list_item>inner</list_item></unordered_list></list_item>\
             <list_item>Second</list_item></ordered_list>",
        );
}

#[test]
fn code_keeps_its_lines_and_indentation() {
    Page::new()
        .text(60.0, 80.0, "A sentence before the listing that says what it does, in words.")
        .set(60.0, 110.0, "fn main() {", 10.0, MONO)
        .set(84.0, 122.0, "run();", 10.0, MONO)
        .set(60.0, 134.0, "}", 10.0, MONO)
        .check(
            "<text>A sentence before the listing that says what it does, in words.</text>\
             <code>fn main() {\n    run();\n}</code>",
        );
}

#[test]
fn a_drawn_grid_is_a_table_and_missing_rules_are_spans() {
    Page::new()
        .grid(&[60.0, 160.0, 260.0], &[100.0, 120.0, 140.0])
        .rule(60.0, 160.0, 260.0, 160.0)
        .rule(60.0, 140.0, 60.0, 160.0)
        .rule(260.0, 140.0, 260.0, 160.0)
        .bold(70.0, 114.0, "Name")
        .bold(170.0, 114.0, "Size")
        .text(70.0, 134.0, "one")
        .text(170.0, 134.0, "12")
        .text(130.0, 154.0, "all of them")
        .check("<otsl><ched>Name<ched>Size<nl><fcel>one<fcel>12<nl><srow>all of them<lcel><nl></otsl>");
}

/// Rules part only the head and the two groups; a label goes over two lines, and dots lead to the numbers.
#[test]
fn white_parts_the_columns_that_rules_group() {
    let mut page = Page::new()
        .rule(60.0, 90.0, 400.0, 90.0)
        .rule(60.0, 130.0, 400.0, 130.0)
        .rule(60.0, 230.0, 400.0, 230.0)
        .rule(180.0, 90.0, 180.0, 230.0)
        .text(70.0, 112.0, "Offence")
        .text(200.0, 105.0, "Under 18")
        .text(200.0, 120.0, "years")
        .text(300.0, 105.0, "18 years")
        .text(300.0, 120.0, "and over");
    for (index, label) in
        ["Fraud", "Arson . . . .", "Offences", "against all", "Robbery", "Total"].iter().enumerate()
    {
        let y = 145.0 + 14.0 * index as f64;
        page = page.text(70.0, y, label);
        if *label != "Offences" {
            page =
                page.text(210.0, y, &format!("{}.5", index + 1)).text(310.0, y, &format!("{}", index + 70));
        }
    }
    page.check(
        "<otsl><ched>Offence<ched>Under 18 years<ched>18 years and over<nl>\
         <fcel>Fraud<fcel>1.5<fcel>70<nl><fcel>Arson<fcel>2.5<fcel>71<nl>\
         <fcel>Offences against all<fcel>4.5<fcel>73<nl>\
         <fcel>Robbery<fcel>5.5<fcel>74<nl><fcel>Total<fcel>6.5<fcel>75<nl></otsl>",
    );
}

#[test]
fn columns_between_rules_are_a_table_with_headers_over_several() {
    Page::new()
        .rule(60.0, 100.0, 300.0, 100.0)
        .text(160.0, 112.0, "Both of them")
        .rule(140.0, 116.0, 270.0, 116.0)
        .text(60.0, 128.0, "Name")
        .text(140.0, 128.0, "First")
        .text(230.0, 128.0, "Second")
        .rule(60.0, 133.0, 300.0, 133.0)
        .text(60.0, 145.0, "alpha")
        .text(145.0, 145.0, "1.5")
        .text(235.0, 145.0, "2.5")
        .text(60.0, 157.0, "beta")
        .text(145.0, 157.0, "3.5")
        .text(235.0, 157.0, "4.5")
        .rule(60.0, 162.0, 300.0, 162.0)
        .check(
            "<otsl><ecel><ched>Both of them<lcel><nl><ched>Name<ched>First<ched>Second<nl>\
             <fcel>alpha<fcel>1.5<fcel>2.5<nl><fcel>beta<fcel>3.5<fcel>4.5<nl></otsl>",
        );
}

#[test]
fn aligned_columns_in_the_open_are_a_table() {
    let rows = [("Apples", "12", "3.50"), ("Pears", "7", "2.20"), ("Plums", "30", "9.10")];
    let mut page =
        Page::new().text(60.0, 80.0, "Fruit that was sold on the market this morning, with its price.");
    for (index, (name, count, price)) in rows.iter().enumerate() {
        let y = 110.0 + 14.0 * index as f64;
        page = page.text(80.0, y, name).text(200.0, y, count).text(300.0, y, price);
    }
    page.check(
        "<text>Fruit that was sold on the market this morning, with its price.</text>\
         <otsl><fcel>Apples<fcel>12<fcel>3.50<nl><fcel>Pears<fcel>7<fcel>2.20<nl><fcel>Plums<fcel>30<fcel>9.10<nl></otsl>",
    );
}

/// Two rows are too few to be seen as a table, and enough when somebody says that they are one.
#[test]
fn what_is_said_to_be_a_table_is_one() {
    let page = Page::new()
        .lines(60.0, 100.0, &["North", "South"])
        .lines(120.0, 100.0, &["3.0", "4.5"])
        .lines(160.0, 100.0, &["any", "none"]);
    assert!(!page.doctags().contains("<otsl>"));
    let table = |page: &Page| -> String {
        let pieces = recognize_table(&page.layer, &DocumentContext::default()).expect("it has text");
        without_locations(&pieces.collect::<String>()).replace('\n', "")
    };
    let rows = "<fcel>North<fcel>3.0<fcel>any<nl><fcel>South<fcel>4.5<fcel>none<nl>";
    assert_eq!(table(&page), format!("<doctag><otsl>{rows}</otsl></doctag>"));
    let prose = Page::new().lines(60.0, 100.0, &["A sentence that goes on", "and comes to its end."]);
    assert_eq!(table(&prose), without_locations(&prose.doctags()).replace('\n', ""));
}

#[test]
fn dot_leaders_make_an_index() {
    let mut page = Page::new();
    for (index, (title, number)) in [("1 One", "3"), ("2 Two", "7"), ("3 Three", "12")].iter().enumerate() {
        page = page.text(60.0, 100.0 + 14.0 * index as f64, &format!("{title} . . . . . . . . . {number}"));
    }
    page.check(
        "<document_index><fcel>1 One<fcel>3<nl><fcel>2 Two<fcel>7<nl><fcel>3 Three<fcel>12<nl></document_index>",
    );
}

#[test]
fn a_caption_joins_its_picture_and_labels_stay_inside() {
    Page::new()
        .image(100.0, 100.0, 300.0, 250.0)
        .set(150.0, 200.0, "label", 8.0, REGULAR)
        .text(100.0, 270.0, "Figure 1: What the picture shows.")
        .lines(60.0, 320.0, &["A paragraph below the picture, long enough to be body text,", "on two lines."])
        .check(
            "<picture><caption>Figure 1: What the picture shows.</caption></picture>\
             <text>A paragraph below the picture, long enough to be body text, on two lines.</text>",
        );
}

#[test]
fn footnotes_come_last_and_page_numbers_are_furniture() {
    Page::new()
        .lines(60.0, 100.0, &["Body text that refers to a note at the foot of this page and goes", "on for another line."])
        .rule(60.0, 690.0, 160.0, 690.0)
        .set(60.0, 701.0, "1", 6.0, REGULAR)
        .set(65.0, 704.0, "A note in small print.", 8.0, REGULAR)
        .text(298.0, 770.0, "7")
        .check(
            "<text>Body text that refers to a note at the foot of this page and goes on for another line.</text>\
             <footnote>1 A note in small print.</footnote><page_footer>7</page_footer>",
        );
}

#[test]
fn an_indented_line_of_symbols_is_a_formula() {
    Page::new()
        .lines(
            60.0,
            100.0,
            &["Some text in front of the formula that is long enough for a line", "and ends here:"],
        )
        .set(200.0, 140.0, "E = m", 10.0, MATH)
        .set(400.0, 140.0, "(1)", 10.0, REGULAR)
        .lines(60.0, 170.0, &["and some text after it, which is long enough for a line as well,", "too."])
        .check(
            "<text>Some text in front of the formula that is long enough for a line and ends here:</text>\
             <formula>E = m (1)</formula>\
             <text>and some text after it, which is long enough for a line as well, too.</text>",
        );
}

#[test]
fn letters_printed_twice_are_read_once_and_text_that_looks_like_tags_stays_text() {
    Page::new()
        .text(60.0, 100.0, "once </text> only")
        .text(60.4, 100.0, "once </text> only")
        .check("<text>once < /text> only</text>");
}

#[test]
fn hebrew_is_read_from_the_right() {
    // Characters stand in visual order: the first letter is the rightmost.
    Page::new().text(60.0, 100.0, "םלוע םולש").check("<text>שלום עולם</text>");
}

#[test]
fn repeated_lines_are_headers_on_every_page() {
    let page = |number: usize| {
        Page::new().text(60.0, 40.0, "The running title").text(500.0, 40.0, &number.to_string()).lines(
            60.0,
            100.0,
            &["Text of this page that is not the same on the others, in a", "paragraph."],
        )
    };
    let pages = [page(11), page(12), page(13)];
    let layers: Vec<_> =
        pages.iter().enumerate().map(|(index, page)| (PageIndex(index + 10), &page.layer)).collect();
    let context = DocumentContext::from_pages(&layers);
    let doctags: String = recognize(&pages[1].layer, &context).expect("the page has text").collect();
    assert!(
        without_locations(&doctags).starts_with(
            "<doctag><page_header>The running title</page_header>\n<page_header>12</page_header>"
        ),
        "{doctags}"
    );
}

#[test]
fn a_page_without_usable_text_says_so() {
    let mut page = Page::new();
    assert_eq!(recognize(&page.layer, &DocumentContext::default()).err(), Some(Error::NoTextLayer));
    page = page.text(60.0, 100.0, "x");
    page.layer.quality = TextQuality::Garbled;
    assert_eq!(recognize(&page.layer, &DocumentContext::default()).err(), Some(Error::GarbledTextLayer));
}

/// Nothing on the page may make it slow, unbounded or fail.
#[test]
fn hostile_pages_come_to_an_end() {
    let mut page = Page::new();
    for index in 0..40_000_u32 {
        let (x, y) = (f64::from(index * 7 % 597), f64::from(index * 13 % 797));
        page = page.set(x, y, "ab", 1.0 + f64::from(index % 40), u16::try_from(index % 5).expect("small"));
    }
    for index in 0..20_000_u32 {
        let (x, y) = (f64::from(index * 11 % 590), f64::from(index * 17 % 790));
        page = page.rule(x, y, x + f64::from(index % 300), y).rule(x, y, x, y + f64::from(index % 300));
        page.layer.fills.push(Fill { bbox: page_box(x, y, x + 5.0, y + 5.0), color: [0, 0, 0] });
        page.layer.drawings.push(page_box(x, y, x + 9.0, y + 9.0));
    }
    page.layer.chars[5].loose.left = f64::NAN;
    page.layer.chars[6].baseline = f64::INFINITY;
    page.layer.chars[7].font_size_pt = f32::NAN;
    page.layer.rules[3].bbox.top = f64::NAN;
    page.layer.images.push(BBox { left: f64::NAN, top: 0.0, right: 1.0, bottom: 1.0 });
    let started = std::time::Instant::now();
    assert!(page.doctags().ends_with("</doctag>"));
    // A generous bound: unoptimised builds on busy machines take a few seconds.
    assert!(started.elapsed().as_secs() < 60, "{:?}", started.elapsed());
}

#[test]
fn the_sample_reads_as_recorded() {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut document = Document::open(root.join("assets/sample.pdf"), None).expect("the sample opens");
    let layers: Vec<(PageIndex, TextLayer)> = (0..document.page_count())
        .map(|index| (PageIndex(index), document.text_layer(PageIndex(index)).expect("a text layer")))
        .collect();
    let pages: Vec<(PageIndex, &TextLayer)> = layers.iter().map(|(page, layer)| (*page, layer)).collect();
    let context = DocumentContext::from_pages(&pages);
    for (page, layer) in &layers {
        let doctags: String = recognize(layer, &context).expect("the page has text").collect();
        let recorded = root.join(format!("tests/fixtures/layout/sample-{page}.dt"));
        if std::env::var_os("UPDATE_LAYOUT").is_some() {
            std::fs::write(&recorded, &doctags).expect("the fixture is written");
        }
        let expected = std::fs::read_to_string(&recorded).unwrap_or_default();
        assert_eq!(doctags, expected, "page {page}");
    }
}
