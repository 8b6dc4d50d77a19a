#!/usr/bin/env python3
"""Cuts the fonts in this folder out of their full releases.

    pip install fonttools brotli
    apt-get install fonts-inter fonts-jetbrains-mono      # the text faces
    npm install lucide-static                             # the icons
    python3 assets/fonts/make_fonts.py --lucide node_modules/lucide-static

Writes the four text faces, `Lucide.ttf`, `README.md` and `src/app/icons.rs`; nothing else needs to
be edited when an icon is added to `icon_names.txt`. Why subsets: the full faces and the full icon
font are 4 MB, which every download of the program would carry.
"""

import argparse
import json
import re
from pathlib import Path

from fontTools import subset
from fontTools.ttLib import TTFont

HERE = Path(__file__).resolve().parent
RUST_FILE = HERE.parents[1] / "src" / "app" / "icons.rs"
INTER = Path("/usr/share/fonts/opentype/inter")
JETBRAINS = Path("/usr/share/fonts/truetype/jetbrains-mono")

# Latin with Vietnamese, Greek, Cyrillic, combining marks, punctuation, super- and subscripts,
# currency, letter-like forms, arrows, mathematical operators, key symbols, box drawing and shapes.
# Everything else comes from the system fonts.
TEXT_RANGES = [
    (0x0020, 0x007E), (0x00A0, 0x024F), (0x0259, 0x0259), (0x02B0, 0x02FF), (0x0300, 0x036F),
    (0x0370, 0x03FF), (0x0400, 0x04FF), (0x1E00, 0x1EFF), (0x2000, 0x209F), (0x20A0, 0x20CF),
    (0x2100, 0x218F), (0x2190, 0x21FF), (0x2200, 0x22FF), (0x2300, 0x23FF), (0x2460, 0x2473),
    (0x2500, 0x25FF), (0x2605, 0x2606), (0x2610, 0x2612), (0x2713, 0x2718), (0xFB00, 0xFB04),
    (0xFFFD, 0xFFFD),
]  # fmt: skip


def make_tabular_figures_default(font: TTFont) -> None:
    """Points the digits at their equal-width forms.

    Page numbers, progress and tables must not dance, and egui offers no switch for OpenType
    features.
    """
    substitutions = {}
    for record in font["GSUB"].table.FeatureList.FeatureRecord:
        if record.FeatureTag == "tnum":
            for index in record.Feature.LookupListIndex:
                for table in font["GSUB"].table.LookupList.Lookup[index].SubTable:
                    table = getattr(table, "ExtSubTable", table)
                    substitutions.update(table.mapping)
    digits = range(ord("0"), ord("9") + 1)
    for table in font["cmap"].tables:
        if table.isUnicode() and table.format != 14:
            for code in digits:
                name = table.cmap.get(code)
                table.cmap[code] = substitutions.get(name, name)
    cmap = font.getBestCmap()
    widths = [font["hmtx"][cmap[code]][0] for code in digits]
    assert max(widths) - min(widths) < 0.002 * font["head"].unitsPerEm, f"not tabular: {widths}"
    for code in digits:  # SemiBold's digits differ by a rounding error upstream
        font["hmtx"][cmap[code]] = (max(widths), font["hmtx"][cmap[code]][1])


def cut(source: Path, target: Path, codes: set[int], tabular: bool = False) -> None:
    """Keeps `codes` of the font at `source`, with kerning and marks, and writes it to `target`."""
    font = TTFont(source, recalcTimestamp=False)
    if tabular:
        make_tabular_figures_default(font)
    options = subset.Options()
    options.layout_features = ["ccmp", "kern", "mark", "mkmk", "locl"]
    options.name_IDs = [0, 1, 2, 3, 4, 5, 6, 13, 14, 16, 17]
    options.hinting = True
    options.notdef_outline = True
    options.glyph_names = False
    subsetter = subset.Subsetter(options)
    subsetter.populate(unicodes=codes)
    subsetter.subset(font)
    font.save(target)
    print(f"{target.name}: {len(font.getGlyphOrder())} glyphs, {target.stat().st_size / 1000:.0f} kB")


def read_icon_names() -> list[tuple[str, str]]:
    """The icons we want: `name  what it stands for`, one a line."""
    lines = (HERE / "icon_names.txt").read_text(encoding="utf-8").splitlines()
    return [tuple(line.split(maxsplit=1)) for line in lines if line and not line.startswith("#")]


def write_rust(icons: list[tuple[str, int, str]], version: str) -> None:
    """One documented constant per icon."""
    out = [
        "//! The icons: one constant per glyph of `assets/fonts/Lucide.ttf`.",
        "//!",
        "//! In: nothing. Out: one-character strings for [`egui::RichText`] in the icon font family.",
        "//! Names are Lucide's own, so that an icon can be looked up in its catalogue.",
        f"//! Written by `assets/fonts/make_fonts.py` from Lucide {version}; add an icon to",
        "//! `assets/fonts/icon_names.txt` and run it again rather than editing this file.",
        "",
    ]
    for name, code, meaning in icons:
        out += [f"/// {meaning} (`{name}`).", f'pub const {constant(name)}: &str = "\\u{{{code:04X}}}";', ""]
    RUST_FILE.write_text("\n".join(out), encoding="utf-8")


def write_readme(icons: list[tuple[str, int, str]], version: str) -> None:
    """Renews the icon table of README.md; the text above "## Icons" is written by hand."""
    readme = HERE / "README.md"
    head = readme.read_text(encoding="utf-8").split("## Icons")[0]
    rows = [f"| `{n}` | U+{c:04X} | `icons::{constant(n)}` | {m} |" for n, c, m in icons]
    out = [
        head + "## Icons",
        "",
        f"From Lucide {version}. The constants are in `src/app/icons.rs`; the code points are Lucide's own,",
        "in the private use area.",
        "",
        "| icon | code point | constant | stands for |",
        "|---|---|---|---|",
        *rows,
    ]
    readme.write_text("\n".join(out) + "\n", encoding="utf-8")


def constant(name: str) -> str:
    return re.sub(r"[^A-Z0-9]+", "_", name.upper())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--lucide", type=Path, required=True, help="folder of the npm package lucide-static")
    lucide = parser.parse_args().lucide

    text = {code for first, last in TEXT_RANGES for code in range(first, last + 1)}
    for style in ("Regular", "SemiBold", "Italic"):
        cut(INTER / f"Inter-{style}.otf", HERE / f"Inter-{style}.otf", text, tabular=True)
    cut(JETBRAINS / "JetBrainsMono-Regular.ttf", HERE / "JetBrainsMono-Regular.ttf", text)

    codepoints = json.loads((lucide / "font" / "codepoints.json").read_text(encoding="utf-8"))
    version = json.loads((lucide / "package.json").read_text(encoding="utf-8"))["version"]
    icons = [(name, codepoints[name], meaning) for name, meaning in read_icon_names()]
    cut(lucide / "font" / "lucide.ttf", HERE / "Lucide.ttf", {code for _, code, _ in icons})
    write_rust(icons, version)
    write_readme(icons, version)


if __name__ == "__main__":
    main()
