#!/usr/bin/env python3
"""Builds sample.pdf from sample.typ.

    pip install typst==0.15.2
    python3 assets/make_sample.py

It depends on the source and the fonts in assets/fonts only, not on the fonts of the machine. The sample scan is
drawn by training/sample_scan.py, because the carried model reads pages of its own kind only.
"""

from pathlib import Path

import typst

HERE = Path(__file__).resolve().parent
PDF = HERE / "sample.pdf"


def make_pdf() -> None:
    """Typesets the document with the fonts beside it."""
    typst.compile(
        str(HERE / "sample.typ"),
        output=str(PDF),
        font_paths=[str(HERE / "fonts")],
        ignore_system_fonts=True,
    )
    print(f"{PDF.name}: {PDF.stat().st_size / 1000:.0f} kB")


if __name__ == "__main__":
    make_pdf()
