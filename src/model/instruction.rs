//! What the model is asked to do, in the words it was trained on.
//!
//! Source: model cards of SmolDocling-256M-preview and granite-docling-258M.

use std::borrow::Cow;
use std::fmt::Write as _;

/// What to read a page, or a crop of it, as.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Instruction {
    /// Everything on a page, to DocTags.
    #[default]
    Page,
    /// A crop of a table, to OTSL.
    Table,
    /// A crop of a formula, to LaTeX.
    Formula,
    /// A crop of program text.
    Code,
    /// A crop of a chart, to a table.
    Chart,
    /// The text inside a box of the page.
    Text(GridBox),
    /// What kind of element stands in a box of the page.
    Identify(GridBox),
    /// All section headers of a page.
    SectionHeaders,
    /// All footers of a page.
    Footers,
    /// Any other instruction, word for word. Names of special tokens in it become those tokens;
    /// an `<image>` is refused when the page is read.
    Custom(String),
}

/// A box in the models' own grid: 0 to 500 from the left and the top of the page image.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GridBox {
    /// Left edge.
    pub left: u16,
    /// Top edge.
    pub top: u16,
    /// Right edge.
    pub right: u16,
    /// Bottom edge.
    pub bottom: u16,
}

impl Instruction {
    /// The words of the prompt.
    pub fn text(&self) -> Cow<'_, str> {
        match self {
            Self::Page => "Convert this page to docling.".into(),
            Self::Table => "Convert table to OTSL.".into(),
            Self::Formula => "Convert formula to LaTeX.".into(),
            Self::Code => "Convert code to text.".into(),
            Self::Chart => "Convert chart to table.".into(),
            Self::Text(area) => format!("OCR the text in a specific location: {}", area.tokens()).into(),
            Self::Identify(area) => format!("Identify element at: {}", area.tokens()).into(),
            Self::SectionHeaders => {
                "Find all 'text' elements on the page, retrieve all section headers.".into()
            }
            Self::Footers => "Detect footer elements on the page.".into(),
            Self::Custom(text) => text.as_str().into(),
        }
    }
}

impl GridBox {
    /// `<loc_…>` four times: left, top, right, bottom. Larger numbers than 500 are clamped.
    fn tokens(self) -> String {
        [self.left, self.top, self.right, self.bottom].iter().fold(String::new(), |mut text, edge| {
            // Writing to a String cannot fail.
            write!(text, "<loc_{}>", (*edge).min(500)).ok();
            text
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(instruction: &Instruction, expected: &str) {
        assert_eq!(instruction.text(), expected);
    }

    #[test]
    fn boxes_become_location_tokens() {
        let area = GridBox { left: 155, top: 233, right: 206, bottom: 900 };
        check(
            &Instruction::Text(area),
            "OCR the text in a specific location: <loc_155><loc_233><loc_206><loc_500>",
        );
        check(&Instruction::Identify(area), "Identify element at: <loc_155><loc_233><loc_206><loc_500>");
    }

    #[test]
    fn own_words_stay_as_they_are() {
        check(&Instruction::Custom("What is this?".into()), "What is this?");
        check(&Instruction::default(), "Convert this page to docling.");
    }
}
