//! What is doubted on small pages.

use super::*;
use crate::document::page::PageSize;
use crate::document::text_layer::TextChar;
use crate::markup::parse;

/// A page of 1000 by 1000 points with lines of text in 10 points from the given places.
pub(super) fn layer(lines: &[(f64, f64, &str)]) -> TextLayer {
    let page_size = PageSize { width_pt: 1000.0, height_pt: 1000.0 };
    let chars = lines.iter().flat_map(|(x, y, text)| {
        (0..).zip(text.chars()).map(move |(index, unicode)| {
            let left = (x + 5.0 * f64::from(index)) / 1000.0;
            let bbox =
                BBox { left, top: (y - 8.0) / 1000.0, right: left + 0.005, bottom: (y + 2.0) / 1000.0 };
            TextChar {
                unicode,
                loose: bbox,
                tight: bbox,
                baseline: y / 1000.0,
                font_size_pt: 10.0,
                font_idx: 0,
                angle_deg: 0.0,
                color: None,
                is_blank: unicode == ' ',
                is_unmapped: false,
                is_invisible: false,
            }
        })
    });
    let chars = chars.collect();
    TextLayer { chars, quality: TextQuality::Good, images: Vec::new(), ..TextLayer::of_image(page_size) }
}

fn trust(markup: &str, lines: &[(f64, f64, &str)], stop_reason: StopReason) -> Vec<ElementTrust> {
    let layer = layer(lines);
    let tree = parse(markup);
    let text_layer = Some(&layer);
    trust_of_page(&PageEvidence {
        tree: &tree,
        tokens: &[],
        text_layer,
        engine: EngineChoice::Model,
        stop_reason,
    })
}

/// What is doubted in a paragraph that was read where these two lines stand.
fn check(read: &str, lines: [&str; 2], expected: &[&str]) {
    let markup = format!("<text><loc_50><loc_45><loc_450><loc_60>{read}</text>");
    let [first, second] = lines;
    let trust = trust(&markup, &[(110.0, 100.0, first), (110.0, 112.0, second)], StopReason::End);
    let words: Vec<String> = trust[0].doubts.iter().map(Doubt::words).collect();
    assert_eq!(words, expected, "{read} against {lines:?}: {:?}", trust[0].agreement);
}

#[test]
fn what_differs_only_in_print_is_the_same() {
    check("A tale of two cities in 1859.", ["A tale of two", "cities in 1859."], &[]);
    check("A \u{201c}tale\u{201d} \u{2014} difficult", ["A \"tale\" - diffi-", "cult"], &[]);
    check("An offer", ["An o\u{fb00}er", ""], &[]);
}

#[test]
fn another_number_is_told_first_however_small() {
    let lines = ["In the long run all of the many words agree here", "but for the sum of -12.5 at the end"];
    let read = "In the long run all of the many words agree here but for the sum of 12.5 at the end";
    check(read, lines, &["Numbers differ: 12.5, on the page -12.5"]);
    let read = "In the long run all of the many words agree here but for the sum of";
    check(
        read,
        ["In the long run all of the many words agree here", "but for the sum of 7"],
        &["Numbers are missing: 7"],
    );
}

#[test]
fn other_words_are_doubted_and_a_page_without_text_says_nothing() {
    check("Once upon a time", ["Twice upon a lime", ""], &["71 % as the page's own text"]);
    check("Once upon a time", ["", ""], &[]);
}

#[test]
fn digits_that_are_parted_otherwise_are_the_same_number() {
    check("10 000 pieces", ["10000 pieces", ""], &[]);
}

#[test]
fn the_page_s_own_text_is_told_as_it_is_printed_where_it_was_read_otherwise() {
    let own_text = |read: &str, lines: [&str; 2]| {
        let markup = format!("<text><loc_50><loc_45><loc_450><loc_60>{read}</text>");
        let lines = [(110.0, 100.0, lines[0]), (110.0, 112.0, lines[1])];
        trust(&markup, &lines, StopReason::End)[0].own_text.clone()
    };
    let printed = ["A \u{201c}tale\u{201d} of diffi-", "cult times"];
    assert_eq!(own_text("A \"tale\" of difficult times", printed), None, "only the print differs");
    let expected = "A \u{201c}tale\u{201d} of difficult times";
    assert_eq!(own_text("A \"tale\" of difficult tirnes", printed).as_deref(), Some(expected));
    assert_eq!(own_text("Words", ["", ""]), None);
    // The bullet is the list's.
    let item =
        "<unordered_list><list_item><loc_50><loc_45><loc_450><loc_60>First iten</list_item></unordered_list>";
    let read = trust(item, &[(110.0, 100.0, "\u{2022} First item")], StopReason::End);
    assert_eq!(read[1].own_text.as_deref(), Some("First item"));
}

#[test]
fn a_table_is_compared_word_by_word_in_any_order() {
    let markup =
        "<otsl><loc_50><loc_40><loc_450><loc_80><fcel>one two<fcel>3<nl><fcel>four<fcel>5<nl></otsl>";
    let lines = [(110.0, 100.0, "four  one"), (110.0, 115.0, "5 two 3")];
    assert_eq!(trust(markup, &lines, StopReason::End)[0].agreement, Some(1.0));
    let lines = [(110.0, 100.0, "four  one"), (110.0, 115.0, "5 two 8")];
    let table = &trust(markup, &lines, StopReason::End)[0];
    assert_eq!((table.agreement, table.level()), (Some(0.8), Level::Doubtful));
}

#[test]
fn a_marker_that_is_only_printed_is_no_difference() {
    let markup =
        "<ordered_list><list_item><loc_50><loc_45><loc_450><loc_60>first things</list_item></ordered_list>";
    for marker in ["\u{2022}", "\u{2013}", "1.", "b)", "(iv)"] {
        let printed = format!("{marker} first things");
        let trust = trust(markup, &[(110.0, 100.0, printed.as_str())], StopReason::End);
        assert_eq!(trust.iter().flat_map(|trust| &trust.doubts).count(), 0, "{printed}");
    }
}

#[test]
fn an_early_end_and_repairs_belong_to_their_elements() {
    let trust = trust("<text>whole</text><text>broken</caption><text>cut", &[], StopReason::TokenLimit);
    let levels: Vec<Level> = trust.iter().map(ElementTrust::level).collect();
    assert_eq!(levels.first(), Some(&Level::Sure));
    assert_eq!(levels.last(), Some(&Level::Doubtful));
    assert!(trust[1].doubts.iter().any(|doubt| matches!(doubt, Doubt::Repaired { .. })));
    let last = trust.last().unwrap();
    assert_eq!(last.doubts.first(), Some(&Doubt::CutOff(StopReason::TokenLimit)));
}

#[test]
fn the_mean_is_that_of_the_elements_own_tokens() {
    let markup = "<text>a</text><text>b</text>";
    let tree = parse(markup);
    let token = |end, probability: f32| TokenTrace { id: 0, end, log_probability: probability.ln() };
    let tokens = [token(7, 0.5), token(14, 0.7), token(27, 1.0)];
    let trust = trust_of_page(&PageEvidence {
        tree: &tree,
        tokens: &tokens,
        text_layer: None,
        engine: EngineChoice::Model,
        stop_reason: StopReason::End,
    });
    assert!((trust[0].mean_probability.unwrap() - 0.6).abs() < 1e-6);
    assert_eq!(trust[0].doubts.iter().map(Doubt::words).collect::<Vec<_>>(), ["Model 60 % sure"]);
    assert_eq!((trust[1].level(), trust[1].mean_probability), (Level::Sure, Some(1.0)));
}

#[test]
fn what_the_text_layer_gave_is_not_compared_with_itself() {
    let tree = parse("<text><loc_50><loc_45><loc_450><loc_60>other</text>");
    let layer = layer(&[(110.0, 100.0, "words")]);
    let trust = trust_of_page(&PageEvidence {
        tree: &tree,
        tokens: &[],
        text_layer: Some(&layer),
        engine: EngineChoice::TextLayer,
        stop_reason: StopReason::End,
    });
    assert_eq!(
        (trust[0].origin, trust[0].agreement, trust[0].level()),
        (Origin::TextLayer, None, Level::Sure)
    );
}
