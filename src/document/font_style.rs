//! What a font's name, flags and weight say about how its text looks.

use crate::document::text_layer::Font;

/// What the backend knows of a font.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct FontFacts {
    /// The base name, with or without a subset prefix.
    pub(super) name: String,
    /// 400 is regular, 700 bold. PDFium derives it from the thickness of the stems.
    pub(super) weight: Option<u32>,
    /// The descriptor's flag for fixed pitch.
    pub(super) is_fixed_pitch: bool,
    /// The descriptor's flag for italics.
    pub(super) is_italic: bool,
    /// The descriptor's flag for bold drawn even at small sizes.
    pub(super) is_force_bold: bool,
}

/// From this weight on a font counts as bold, as in CSS's name for 600, "demi-bold".
const BOLD_WEIGHT: u32 = 600;
/// Words in names that settle boldness whatever the weight says. Stem-based weights of light display
/// faces and of some subset fonts are off by hundreds.
const NOT_BOLD: [&str; 6] = ["regular", "book", "light", "thin", "medium", "roman"];
const BOLD: [&str; 6] = ["bold", "black", "heavy", "demi", "extrabd", "semibd"];
const ITALIC: [&str; 4] = ["italic", "oblique", "slanted", "kursiv"];
const MONOSPACE: [&str; 17] = [
    "mono",
    "courier",
    "consol",
    "menlo",
    "typewriter",
    "fixed",
    "terminal",
    "inconsolata",
    "sourcecode",
    "firacode",
    "lettergothic",
    "andale",
    "ocra",
    "ocrb",
    "nimbusmon",
    "txtt",
    "beramono",
];
/// TeX's own names are letters and a size, so words do not help.
const TEX_BOLD: [&str; 9] = ["cmbx", "cmb", "cmssbx", "sfbx", "cmmib", "cmbsy", "ecbx", "eufb", "lmbx"];
const TEX_ITALIC: [&str; 10] =
    ["cmti", "cmsl", "cmssi", "cmbxti", "cmbxsl", "sfti", "sfsl", "ecti", "ecsl", "cmitt"];
const TEX_MONOSPACE: [&str; 7] = ["cmtt", "cmsltt", "cmitt", "sftt", "ectt", "cmtcsc", "tctt"];

impl FontFacts {
    /// The font as the text layer names it.
    pub(super) fn to_font(&self) -> Font {
        let name = without_subset_prefix(&self.name);
        // Spaces and hyphens come and go between producers: "Courier New" is "CourierNew".
        let plain: String =
            name.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect();
        let says = |words: &[&str]| words.iter().any(|word| plain.contains(word));
        let is_tex = |names: &[&str]| names.iter().any(|tex_name| is_tex_name(&plain, tex_name));
        let is_bold = if says(&BOLD) || is_tex(&TEX_BOLD) {
            true
        } else if says(&NOT_BOLD) {
            self.is_force_bold
        } else {
            self.is_force_bold || self.weight.is_some_and(|weight| weight >= BOLD_WEIGHT)
        };
        Font {
            is_bold,
            is_italic: self.is_italic || says(&ITALIC) || is_tex(&TEX_ITALIC) || has_style_suffix(name, "It"),
            is_monospace: self.is_fixed_pitch || says(&MONOSPACE) || is_tex(&TEX_MONOSPACE),
            name: name.to_owned(),
        }
    }
}

/// `ABCDEF+Name` is a subset of `Name`.
fn without_subset_prefix(name: &str) -> &str {
    match name.split_once('+') {
        Some((prefix, rest)) if prefix.len() == 6 && prefix.bytes().all(|byte| byte.is_ascii_uppercase()) => {
            rest
        }
        _ => name,
    }
}

/// Whether `plain` is a TeX font name and its design size: "cmbx" and "10", but not "cmbright".
fn is_tex_name(plain: &str, tex_name: &str) -> bool {
    plain.strip_prefix(tex_name).is_some_and(|size| size.bytes().all(|byte| byte.is_ascii_digit()))
}

/// Whether the part after the last hyphen ends in a short style: "It", `BoldIt`.
fn has_style_suffix(name: &str, suffix: &str) -> bool {
    name.rsplit_once('-').is_some_and(|(_, style)| style.ends_with(suffix))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `expected` is made of B (bold), I (italic) and M (monospace).
    fn check(name: &str, weight: Option<u32>, expected: &str) {
        let font = FontFacts { name: name.into(), weight, ..FontFacts::default() }.to_font();
        let mut actual = String::new();
        actual.extend(font.is_bold.then_some('B'));
        actual.extend(font.is_italic.then_some('I'));
        actual.extend(font.is_monospace.then_some('M'));
        assert_eq!(actual, expected, "{name}");
    }

    #[test]
    fn names_tell_the_style() {
        check("ABCDEF+TimesNewRomanPS-BoldItalicMT", Some(400), "BI");
        check("Helvetica", None, "");
        check("Helvetica-Oblique", None, "I");
        check("Courier", None, "M");
        check("CourierNewPS-BoldMT", None, "BM");
        check("DejaVuSansMono", None, "M");
        check("MinionPro-It", None, "I");
        check("MinionPro-SemiboldIt", None, "BI");
    }

    #[test]
    fn tex_names_tell_the_style() {
        check("XYZABC+CMBX10", Some(570), "B");
        check("CMTI9", None, "I");
        check("CMTT8", Some(620), "BM");
        check("CMR10", Some(345), "");
        check("CMBright", None, "");
        check("SFTT1095", None, "M");
    }

    #[test]
    fn the_name_wins_over_the_weight() {
        check("Roboto-Regular", Some(700), "");
        check("Roboto", Some(700), "B");
        check("Roboto-Medium", Some(650), "");
    }

    #[test]
    fn a_subset_prefix_is_six_capitals() {
        assert_eq!(without_subset_prefix("ABCDEF+Arial"), "Arial");
        assert_eq!(without_subset_prefix("A+B"), "A+B");
        assert_eq!(without_subset_prefix("abcdef+Arial"), "abcdef+Arial");
    }
}
