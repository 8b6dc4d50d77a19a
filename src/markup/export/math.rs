//! LaTeX formulas as MathML, by `pulldown-latex`; what it cannot read is shown as it stands.
//!
//! Formulas come from a model, so they are hostile input: length, nesting and macros are bounded
//! before anything is parsed.

use pulldown_latex::config::{DisplayMode, RenderConfig};
use pulldown_latex::{Parser, Storage, mathml};

/// Longer ones are loops of a model.
const MAX_BYTES: usize = 20_000;

/// Braces and environments inside each other. Real formulas have below ten.
const MAX_NESTING: usize = 60;

/// Macros could make a small formula grow without end.
const MACROS: &[&str] = &["\\def", "\\gdef", "\\edef", "\\xdef", "\\let", "\\futurelet", "command"];

/// The formula as a `math` element without annotation; `None` if it cannot be read.
pub(super) fn mathml(latex: &str, is_inline: bool) -> Option<String> {
    if latex.len() > MAX_BYTES
        || nesting(latex) > MAX_NESTING
        || MACROS.iter().any(|name| latex.contains(name))
    {
        return None;
    }
    // The crate is young; a panic in it must not lose the export.
    std::panic::catch_unwind(|| converted(latex, is_inline)).ok().flatten()
}

fn converted(latex: &str, is_inline: bool) -> Option<String> {
    let storage = Storage::new();
    let events: Vec<_> = Parser::new(latex, &storage).collect::<Result<_, _>>().ok()?;
    let display_mode = if is_inline { DisplayMode::Inline } else { DisplayMode::Block };
    let config = RenderConfig { display_mode, xml: true, ..RenderConfig::default() };
    let mut text = String::new();
    let events = events.into_iter().map(Ok::<_, std::convert::Infallible>);
    mathml::push_mathml(&mut text, events, config).ok()?;
    Some(text)
}

fn nesting(latex: &str) -> usize {
    let (mut depth, mut deepest) = (0_usize, 0);
    let mut rest = latex;
    while let Some(at) = rest.find(['{', '}', '\\', '^', '_']) {
        let here = rest.get(at..).unwrap_or_default();
        let deeper = here.starts_with('{') || here.starts_with("\\left") || here.starts_with("\\begin");
        let shallower = here.starts_with('}') || here.starts_with("\\right") || here.starts_with("\\end");
        depth = if shallower { depth.saturating_sub(1) } else { depth + usize::from(deeper) };
        deepest = deepest.max(depth);
        rest = here.get(1..).unwrap_or_default();
    }
    deepest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formulas_become_mathml() {
        let text = mathml("\\frac{a}{b} = x_1^2", false).unwrap();
        assert!(text.starts_with("<math") && text.contains("<mfrac>") && text.contains("display=\"block\""));
    }

    #[test]
    fn hostile_formulas_are_shown_as_they_are() {
        for formula in
            ["\\frac{a}{", "\\left[ x", "\\def\\a{\\a}\\a", &"{".repeat(100_000), &"x^".repeat(50_000)]
        {
            assert_eq!(mathml(formula, false), None);
        }
    }
}
