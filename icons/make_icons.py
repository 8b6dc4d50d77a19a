#!/usr/bin/env python3
"""Renders the icon to every size that desktops ask for.

    pip install cairosvg pillow
    python3 icons/make_icons.py

`doclens-small.svg` is drawn for few pixels and gives 16 to 32; `doclens.svg` gives the rest.
Writes `doclens-SIZE.png` and `doclens.ico` beside this file.
"""

import io
from pathlib import Path

import cairosvg
from PIL import Image

HERE = Path(__file__).resolve().parent
SMALL_PX = (16, 24, 32)
LARGE_PX = (48, 64, 128, 256, 512)
ICO_PX = (16, 24, 32, 48, 64, 128, 256)


def render(size_px: int) -> Image.Image:
    source = HERE / ("doclens-small.svg" if size_px in SMALL_PX else "doclens.svg")
    png = cairosvg.svg2png(url=str(source), output_width=size_px, output_height=size_px)
    return Image.open(io.BytesIO(png)).convert("RGBA")


def main() -> None:
    images = {size: render(size) for size in SMALL_PX + LARGE_PX}
    for size, image in images.items():
        image.save(HERE / f"doclens-{size}.png", optimize=True)
    largest = images[max(ICO_PX)]
    others = [images[size] for size in ICO_PX[:-1]]
    largest.save(HERE / "doclens.ico", sizes=[(size, size) for size in ICO_PX], append_images=others)


if __name__ == "__main__":
    main()
