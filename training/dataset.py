"""Pages that no training has seen, as a dataset for `doclens eval`: page.png beside page.dt, a folder a category.
(Crops of tables are measured by `evaluate.py --preset prints-table --batch 1`, with their own instruction.)

  python dataset.py pages --pages 500
  python dataset.py rich-pages --pages 500 --kinds rich      # code, formulas and real prose
"""
import argparse, os
from PIL import Image
import synth

# what a page of a category holds, and the ending of the presets that it is made of
CATEGORIES = {
    "text": ("1", lambda t: "<otsl>" not in t and "list_item" not in t),
    "lists": ("1", lambda t: "list_item" in t),
    "tables": ("1", lambda t: "<otsl>" in t),
    "columns": ("2", lambda t: True),
}
RICH = {
    "code": ("-rich", lambda t: "<code>" in t and "<formula>" not in t),
    "formulas": ("-rich", lambda t: "<formula>" in t and "<code>" not in t),
    "prose": ("-rich", lambda t: "<text>" in t and "<code>" not in t and "<formula>" not in t),
}
# clean and noisy, with the seed before their first; in each every second page is typewritten, every second one in
# proportional type
LOOKS = {"clean": (90_000, ("typed", "print")), "noisy": (90_010, ("typeds", "prints"))}


def main():
    ap = argparse.ArgumentParser(); A = ap.add_argument
    A("out"); A("--pages", type=int, default=500); A("--kinds", choices=("plain", "rich"), default="plain")
    a = ap.parse_args()
    categories, later = (CATEGORIES, 0) if a.kinds == "plain" else (RICH, 100)
    for look, (seed, presets) in LOOKS.items():
        seed += later
        for name, (kind, holds) in categories.items():
            folder = os.path.join(a.out, f"{look}-{name}")
            os.makedirs(folder, exist_ok=True)
            seed += 2
            gens = [synth.generator(p + kind, seed + i, held=True) for i, p in enumerate(presets)]
            for n in range(a.pages):
                page = gens[n % 2].page()
                while not holds(page.text()):
                    page = gens[n % 2].page()
                stem = os.path.join(folder, f"{n:04d}")
                Image.fromarray(page.img).save(stem + ".png")
                with open(stem + ".dt", "w", encoding="utf-8") as f: f.write(page.text())


if __name__ == "__main__":
    main()
