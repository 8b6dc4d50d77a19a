"""Pages that no training has seen, as a dataset for `doclens eval`: page.png beside page.dt, a folder a category.

  python dataset.py pages --pages 500
"""
import argparse, os
from PIL import Image
import synth

# category: preset, seed, and what a page of it holds
CATEGORIES = {
    "clean-text": ("form", 90001, lambda t: "<otsl>" not in t and "list_item" not in t),
    "noisy-text": ("scan", 90002, lambda t: "<otsl>" not in t and "list_item" not in t),
    "clean-tables": ("form", 90003, lambda t: "<otsl>" in t),
    "noisy-tables": ("scan", 90004, lambda t: "<otsl>" in t),
    "clean-lists": ("form", 90005, lambda t: "list_item" in t),
    "noisy-lists": ("scan", 90006, lambda t: "list_item" in t),
}


def main():
    ap = argparse.ArgumentParser(); A = ap.add_argument
    A("out"); A("--pages", type=int, default=500)
    a = ap.parse_args()
    for name, (preset, seed, holds) in CATEGORIES.items():
        os.makedirs(os.path.join(a.out, name), exist_ok=True)
        gen, n = synth.Gen(preset, seed), 0
        while n < a.pages:
            p = gen.page()
            if holds(p.text()):
                stem = os.path.join(a.out, name, f"{n:04d}")
                Image.fromarray(p.img).save(stem + ".png")
                with open(stem + ".dt", "w", encoding="utf-8") as f: f.write(p.text())
                n += 1


if __name__ == "__main__":
    main()
