#!/usr/bin/env python3
"""Builds sample.pdf from sample.typ, and sample-scan.png from its second page.

    pip install typst==0.15.2 pymupdf numpy pillow
    python3 assets/make_sample.py

The PDF depends on the source and the fonts in assets/fonts only, not on the fonts of the machine.
The scan is what an office scanner makes of a printed copy: 150 dots an inch, grey, a third of a
degree askew, uneven light, paper grain, slightly soft, and a little dirt. Its random numbers have a
fixed seed, so that the picture is the same every time.
"""

from pathlib import Path

import numpy as np
import pymupdf
import typst
from PIL import Image, ImageFilter

HERE = Path(__file__).resolve().parent
PDF = HERE / "sample.pdf"
SCAN = HERE / "sample-scan.png"
SCAN_PAGE_IDX = 1
SCAN_DPI = 150
SKEW_DEGREES = 0.33


def make_pdf() -> None:
    """Typesets the document with the fonts beside it."""
    typst.compile(
        str(HERE / "sample.typ"),
        output=str(PDF),
        font_paths=[str(HERE / "fonts")],
        ignore_system_fonts=True,
    )
    print(f"{PDF.name}: {PDF.stat().st_size / 1000:.0f} kB")


def make_scan() -> None:
    """Renders one page and ages it."""
    rng = np.random.default_rng(12)
    # Twice the size first: skew and blur then cost no detail that the scanner would have kept.
    pixmap = pymupdf.open(PDF)[SCAN_PAGE_IDX].get_pixmap(dpi=2 * SCAN_DPI, colorspace=pymupdf.csGRAY)
    page = Image.frombytes("L", (pixmap.width, pixmap.height), pixmap.samples)
    page = page.rotate(SKEW_DEGREES, Image.Resampling.BICUBIC, fillcolor=255)
    page = page.filter(ImageFilter.GaussianBlur(1.1))
    page = page.resize((page.width // 2, page.height // 2), Image.Resampling.BOX)

    ink = 1.0 - np.asarray(page, dtype=np.float32) / 255.0
    height, width = ink.shape
    # Toner does not cover evenly.
    ink *= 0.90 + 0.10 * smooth_noise(rng, height, width, 3)
    # Paper: a warm white read as light grey, darker towards the spine on the left and one corner.
    x = np.linspace(0, 1, width)[None, :]
    y = np.linspace(0, 1, height)[:, None]
    paper = 0.925 - 0.10 * np.exp(-x / 0.035) - 0.025 * x * y + 0.012 * (smooth_noise(rng, height, width, 40) - 0.5)
    grey = paper * (1 - ink) + 0.17 * ink
    grey += rng.normal(0, 0.012, grey.shape)
    for _ in range(28):  # dust on the glass
        cx, cy, radius = rng.uniform(0, width), rng.uniform(0, height), rng.uniform(0.5, 1.3)
        area = np.hypot(np.arange(width)[None, :] - cx, np.arange(height)[:, None] - cy)
        grey -= 0.35 * np.clip(radius + 0.5 - area, 0, 1)
    # 32 grey levels halve the file and are still finer than the noise.
    levels = np.round(np.clip(grey, 0, 1) * 31) / 31 * 255
    scan = Image.fromarray(levels.astype(np.uint8), "L")
    scan.save(SCAN, optimize=True, dpi=(SCAN_DPI, SCAN_DPI))
    print(f"{SCAN.name}: {scan.width} x {scan.height} px, {SCAN.stat().st_size / 1000:.0f} kB")


def smooth_noise(rng: np.random.Generator, height: int, width: int, cell_px: int) -> np.ndarray:
    """Random values in 0..1 that change over about `cell_px` pixels."""
    coarse = rng.uniform(0, 1, (height // cell_px + 2, width // cell_px + 2)).astype(np.float32)
    return np.asarray(Image.fromarray(coarse).resize((width, height), Image.Resampling.BICUBIC))


if __name__ == "__main__":
    make_pdf()
    make_scan()
