"""Synthetic document pages with exact DocTags ground truth, fast enough to feed a GPU from CPUs.

page(rng) -> Page(img uint8 HxW, toks, xy): toks is the DocTags answer as a list of tags, single
characters and, in formulas, pieces of LaTeX that stand for one glyph or none; xy (n,2) holds for every token the page-normalised point where it is read (a
character's centre, a box corner for a <loc_>), NaN where there is none. The points give dense
OCR labels and attention targets for free.

Fonts: POCKET_FONTS=folder of .ttf, else what `fc-list` knows of DejaVu/Liberation/Noto/FreeFont.
Words: POCKET_WORDS=file, else words.txt beside this file (Debian's wamerican, which is SCOWL), else the words of Python's
own help texts. Prose: POCKET_PROSE=file, else prose.txt beside this file.
"""
import io, math, os, subprocess
from dataclasses import dataclass
import numpy as np
from PIL import Image, ImageDraw, ImageFont, ImageFilter
from elements import Elements
from prose import Prose
from vocab import PAGE, TABLE

# one 128 px tile of typewriter type, every glyph in an 8 x 16 cell: separates "learn to look" from "learn the glyphs".
# Roles can be seen ("plain"): page header = top line with a rule under it, footer = bottom line with a rule above,
# footnote = line under a short rule, title = bold capitals, centred, underlined, section header = bold, underlined, at
# the left edge; tables have all rules, spans are cells without a rule between
GRID = dict(w=128, h=128, fonts="mono", body=(13, 13), grid=(8, 16), margin=(0, 8), cols=(1,), elems=(1, 3), chars=(44, 44),
            ss=1, noise=0.0, clean=True, plain=True, header=.12, footer=.12, footnote=0.0, title=.3, colspan=.12, rowspan=.04, code=0.0, formula=0.0, prose=0.0)
# the same tile in proportional type; the same two packed with text, for the first minute of the eye
TILE = dict(GRID, fonts="print", grid=None, body=(13, 15), margin=(2, 8))
GRIDD, TILED = dict(GRID, elems=(5, 9), chars=(140, 140)), dict(TILE, elems=(5, 9), chars=(140, 140))
# the carried model's page: 4 x 3 tiles and the global view
TYPED = dict(GRID, w=384, h=512, margin=(8, 24), cols=(1, 1, 2), elems=(3, 10), chars=(120, 560), header=.4, footer=.4,
             footnote=.2, title=.5)
PRINT = dict(TYPED, fonts="print", grid=None, body=(13, 15))
# the same as a mild scan: grey paper and ink, +-0.5 degree, blur, grain, speckle
TYPEDS, PRINTS = dict(TYPED, clean=False, noise=1.0), dict(PRINT, clean=False, noise=1.0)
PRESETS = dict(grid=GRID, tile=TILE, gridd=GRIDD, tiled=TILED, typed=TYPED, typeds=TYPEDS, print=PRINT, prints=PRINTS)
# presets of one kind of page, for measuring
for name, preset in list(PRESETS.items())[4:]:
    PRESETS[name + "1"], PRESETS[name + "2"] = dict(preset, cols=(1,)), dict(preset, cols=(2,))
# with listings, formulas and real prose as well; a strip is a page four tiles wide and one high, quick to train on
for name, preset in (("typed", TYPED), ("typeds", TYPEDS), ("print", PRINT), ("prints", PRINTS)):
    rich = PRESETS[name + "-rich"] = dict(preset, cols=(1,), elems=(4, 9), chars=(200, 560), code=.3, formula=.35, prose=.5)
    PRESETS[name + "-strip"] = dict(rich, w=512, h=128, cols=(1, 2), margin=(8, 16), elems=(2, 5), chars=(80, 260), header=.05, footer=.05,
                                    footnote=0.0, title=.1, code=.4, formula=.5)
# pages of which only a table is kept, with a little of what is around it
CROPS = {name + "-table": name + "1" for name in ("typed", "typeds", "print", "prints")}


@dataclass
class Page:
    img: np.ndarray
    toks: list
    xy: np.ndarray
    w: int
    h: int
    instruction: str = PAGE

    def text(self):
        return "".join(self.toks)


def find_fonts():
    d = os.environ.get("POCKET_FONTS")
    if d:
        fs = [os.path.join(r, f) for r, _, ff in os.walk(d) for f in ff if f.lower().endswith((".ttf", ".otf"))]
    else:
        fs = subprocess.run(["fc-list", "--format", "%{file}\n"], capture_output=True, text=True).stdout.split("\n")
    return sorted(set(f for f in fs if f))


def families(which):
    want = {
        "mono": [("DejaVuSansMono", "", "-Bold")],
        "print": [("LiberationSans", "-Regular", "-Bold"), ("DejaVuSans", "", "-Bold"), ("LiberationSerif", "-Regular", "-Bold")],
    }[which]
    return [font_files(base + reg, base + bold) for base, reg, bold in want]


def font_files(*names):
    fs = {os.path.basename(f): f for f in find_fonts()}
    missing = [n for n in names if n + ".ttf" not in fs]
    if missing:
        raise SystemExit(f"fonts not found: {', '.join(missing)}; install them or set POCKET_FONTS")
    return tuple(fs[n + ".ttf"] for n in names)


CRUDE = ("shit", "fuck", "cunt", "nigg", "fag", "slut", "whor", "bitch", "rape", "nazi", "piss", "cock", "dick", "twat", "wank", "sperm", "porn", "homo", "sex", "ballsy",
         "bastard", "boob", "negro", "orgas", "genital", "penis", "vagin", "masturb", "pubic", "hooker", "prostit", "murder", "suicid",
         "hitler", "swastik", "slave", "ejacul", "tits", "erotic", "naked", "nude", "jihad", "terroris", "molest", "incest", "corpse", "dead", "kill")


def load_words():
    p = os.environ.get("POCKET_WORDS") or os.path.join(os.path.dirname(os.path.abspath(__file__)), "words.txt")
    if not os.path.exists(p):
        p = None
    if p:
        ws = [w.strip() for w in open(p, encoding="utf-8")]
        ws = [w for w in ws if w.isascii() and w.isalpha() and 2 <= len(w) <= 12 and not any(b in w.lower() for b in CRUDE)]
    else:
        import pydoc_data.topics as t, re
        ws = sorted(set(re.findall(r"[A-Za-z]{2,12}", " ".join(t.topics.values()))))
    return ws


COMMON = ("the of and to in a is that for it as was with be by on not he his but at are this have from or had an "
          "they which one you were all her she there would their we him been has when who will no more if out so up "
          "said what its about than into them can only other time new some could these two may first then do any "
          "like my now over such our man me even most made after also did many before must well through years").split()


class Gen(Elements):
    def __init__(self, preset="typed", seed=0, held=False, **over):
        """held: prose comes from the held-out paragraphs, for measuring"""
        self.c = dict(PRESETS[preset], **over)
        self.rng = np.random.default_rng(seed)
        self.fams = families(self.c["fonts"])
        self.words = load_words()
        self.prose = Prose(held, CRUDE) if self.c["prose"] else None
        (self.code_font,), self.formula_fonts = font_files("DejaVuSansMono"), font_files("LiberationSerif-Italic", "LiberationSerif-Regular")
        self._font, self._adv, self._glyph = {}, {}, {}
        self._noise = np.clip(np.random.default_rng(0).standard_normal(1 << 21, dtype=np.float32) * 32, -127, 127).astype(np.int16)

    # ---- small helpers -----------------------------------------------------------------
    def font(self, path, size):
        k = (path, size)
        f = self._font.get(k)
        if f is None:
            f = self._font[k] = ImageFont.truetype(path, size, layout_engine=ImageFont.Layout.BASIC)
            self._adv[k] = {}
        return f

    def advances(self, path, size, text):
        f = self.font(path, size)
        d = self._adv[(path, size)]
        out = np.empty(len(text))
        for i, ch in enumerate(text):
            a = d.get(ch)
            if a is None:
                a = d[ch] = f.getlength(ch)
            out[i] = a
        return out

    def ri(self, a, b):
        return int(self.rng.integers(a, b + 1))

    def p(self, x):
        return self.rng.random() < x

    def word(self):
        r, g = self.rng.random(), self.rng
        if r < 0.35:
            return COMMON[int(g.integers(len(COMMON)))]
        if r < 0.86:
            w = self.words[int(g.integers(len(self.words)))]
            return w if self.p(0.15) else w.lower()
        if r < 0.94:
            return self.number()
        if r < 0.97:
            return "".join(chr(int(g.integers(65, 91))) for _ in range(self.ri(2, 4)))
        return "".join("abcdefghijklmnopqrstuvwxyz0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ-_/.@#&+=%$"[int(g.integers(73))]
                       for _ in range(self.ri(2, 8)))

    def number(self):
        k = self.ri(0, 6)
        if k == 0: return str(self.ri(0, 9))
        if k == 1: return str(self.ri(10, 9999))
        if k == 2: return f"{self.rng.random()*100:.{self.ri(1,2)}f}"
        if k == 3: return f"{self.ri(1,99)}%"
        if k == 4: return f"${self.ri(1,999)}.{self.ri(0,99):02d}"
        if k == 5: return str(self.ri(1950, 2030))
        return f"{self.ri(1,28):02d}/{self.ri(1,12):02d}/{self.ri(1990,2030)}"

    def sentence_words(self, n):
        if self.prose and self.p(self.c["prose"]):
            return self.prose.words(self.rng, n)
        ws, start = [], True
        for _ in range(n):
            w = self.word()
            if start:
                w = w[0].upper() + w[1:]; start = False
            r = self.rng.random()
            if r < 0.07: w += ","
            elif r < 0.14: w += "."; start = True
            elif r < 0.155: w += self.rng.choice([";", ":", "?", "!"])
            elif r < 0.175: w = "(" + w + ")"
            elif r < 0.185: w = '"' + w + '"'
            ws.append(w)
        if self.p(0.7) and ws[-1][-1].isalnum():
            ws[-1] += "."
        return ws

    # ---- drawing -----------------------------------------------------------------------
    def line(self, x, y, text, fk):
        """draw one line with its top-left at (x, y) in page px; returns char centres and ink width"""
        s, gd = self.c["ss"], self.c.get("grid")
        adv = np.full(len(text), float(gd[0])) if gd else self.advances(fk[0], fk[1] * s, text)
        end = np.cumsum(adv)
        # glyph atlas: ten times faster than asking FreeType for every line
        cov, (H, W) = self.cov, self.cov.shape
        bx, by, atlas = x * s, int(y * s + .5), self._glyph.setdefault((fk[0], fk[1] * s), {})
        for ch, e, a in zip(text, end.tolist(), adv.tolist()):
            g = atlas.get(ch)
            if g is None:
                f = self.font(fk[0], fk[1] * s)
                m, off = f.getmask2(ch, mode="L")
                g = atlas[ch] = (np.array(m, dtype=np.uint8).reshape(m.size[1], m.size[0]), off[0], off[1]) if m.size[0] * m.size[1] else (None, 0, 0)
            m = g[0]
            if m is None:
                continue
            gx, gy = int(bx + e - a + .5) + g[1], by + g[2]
            h, w = m.shape
            if gx < 0 or gy < 0 or gx + w > W or gy + h > H:
                continue
            v = cov[gy:gy + h, gx:gx + w]
            np.maximum(v, m, out=v)
        cx = x + (end - adv / 2) / s
        asc = gd[1] / 2 if gd else fk[1] * 0.62
        return cx, y + asc, float(end[-1]) / s

    def width(self, text, fk):
        s = self.c["ss"]
        if self.c.get("grid"):
            return float(self.c["grid"][0] * len(text))
        f = self.font(fk[0], fk[1] * s)
        d = self._adv[(fk[0], fk[1] * s)]
        t = 0.0
        for ch in text:
            a = d.get(ch)
            if a is None:
                a = d[ch] = f.getlength(ch)
            t += a
        return t / s

    def emit(self, t, x=math.nan, y=math.nan):
        self.toks.append(t); self.xy.append((x, y))

    def emit_loc_placeholder(self):
        i = len(self.toks)
        for _ in range(4):
            self.emit("<loc_0>")
        return i

    def set_loc(self, i, box):
        self.boxes.append((i, box))

    def emit_chars(self, text, cx, cy):
        for ch, x in zip(text, cx):
            self.emit(ch, x, cy)

    def flow(self, x0, y, x1, ymax, words, fk, pitch, align="l", indent=0.0):
        """wrap words; draws and emits; returns bbox or None if not one line fits"""
        budget = self.cap - self.nchars
        gd = self.c.get("grid")
        if gd:
            x0, x1 = math.ceil(x0 / gd[0]) * gd[0], x1 // gd[0] * gd[0]
            y, pitch, indent = math.ceil(y / gd[1]) * gd[1], gd[1], 0.0
        if y + fk[1] * 1.15 > ymax or budget < 3:
            return None
        space = self.width(" ", fk)
        i, first, bx0, bx1, y0 = 0, True, 1e9, -1e9, y
        while i < len(words) and y + fk[1] * 1.15 <= ymax and budget > 0:
            cur, wsum, off = [], 0.0, indent if first else 0.0
            while i < len(words):
                ww = self.width(words[i], fk)
                if cur and wsum + space + ww > x1 - x0 - off:
                    break
                if not cur and ww > x1 - x0 - off:      # a word wider than the column: cut it
                    w = words[i]
                    while len(w) > 1 and self.width(w, fk) > x1 - x0 - off:
                        w = w[:-1]
                    words[i] = w; ww = self.width(w, fk)
                wsum += (space if cur else 0) + ww
                cur.append(words[i]); i += 1
            t = " ".join(cur)
            x = x0 + off
            if align == "c": x = x0 + (x1 - x0 - wsum) / 2
            elif align == "r": x = x1 - wsum
            x = float(x // gd[0] * gd[0] if gd else round(x))
            if not first:
                self.emit(" ", lx, ly)
            if align == "j" and i < len(words) and len(cur) > 2 and wsum > 0.7 * (x1 - x0):
                gap = (x1 - x0 - off - (wsum - space * (len(cur) - 1))) / (len(cur) - 1)
                px = x
                for k, w in enumerate(cur):
                    if k:
                        self.emit(" ", px - gap / 2, cy)
                    cx, cy, ww = self.line(px, y, w, fk)
                    self.emit_chars(w, cx, cy)
                    px += ww + gap
                wx = x1 - x
            else:
                cx, cy, wx = self.line(x, y, t, fk)
                self.emit_chars(t, cx, cy)
            lx, ly = x + wx + 0.3 * fk[1], cy
            bx0, bx1 = min(bx0, x), max(bx1, x + wx)
            self.lines.append((x, y, x + wx))
            n = len(t); budget -= n; self.nchars += n
            y += pitch; first = False
        if first:
            return None
        if gd:
            return (bx0, y0, bx1, y)
        return (bx0, y0 + 0.1 * fk[1], bx1, y - pitch + fk[1] * 1.12)

    # ---- page --------------------------------------------------------------------------
    def page(self):
        c, g = self.c, self.rng
        s, gd = c["ss"], c["grid"]
        w, h = c["w"], c["h"]
        self.ink = 0 if c["clean"] or self.p(.6) else self.ri(0, 70)
        self.rule = 0 if c["clean"] else self.ri(0, 160)
        bgv = 255 if c["clean"] or self.p(.6) else self.ri(225, 255)
        self.bullet = self.ri(0, 1)
        self.im = Image.new("L", (w * s, h * s), bgv)
        self.d = ImageDraw.Draw(self.im)
        self.cov = np.zeros((h * s, w * s), np.uint8)
        self.toks, self.xy, self.boxes, self.nchars, self.lines = [], [], [], 0, []
        chars = self.cap = self.ri(*c["chars"])
        self.emit("<doctag>")
        fam = self.fams[self.ri(0, len(self.fams) - 1)]
        heads = fam if self.p(.6) else self.fams[self.ri(0, len(self.fams) - 1)]
        body = self.ri(*c["body"])
        self.pitch = g.uniform(1.15, 1.45)
        mx, my = self.ri(*c["margin"]), self.ri(*c["margin"])
        fk, bold = (fam[0], body), (fam[1], body)
        ncol = int(g.choice(c["cols"]))
        y, yend = float(my), float(h - my)
        if self.p(c["header"]):
            b = self.el_text("page_header", mx, max(2, y - body), w - mx, yend, self.ri(1, 5), fk, g.choice(["l", "c", "r"]))
            if b:
                y = b[3] + body * .8
                self.hrule(0, w, b[3] if gd else b[3] + 2)
        foot = note = None
        if self.p(c["footer"]):
            foot = float(h - gd[1] if gd else h - body * 1.2 - 2)
            self.hrule(0, w, foot if gd else foot - 2)
            yend = foot - body * .5
        if self.p(c["footnote"]):
            note = float((yend - 16) // 16 * 16 if gd else yend - body * 1.3)
            self.hrule(mx, mx + (w - 2 * mx) * .4, note - 2)
            yend = note - body * .7
        if self.p(c["title"]):
            b = self.el_text("title", mx, y, w - mx, yend, self.ri(1, 6), (heads[1], body), "c")
            if b: y = b[3] + body * .7
        gut = body * 1.5
        cwid = (w - 2 * mx - gut * (ncol - 1)) / ncol
        indent = body * 1.5 if self.p(.2) else 0.0
        nel = -(-self.ri(*c["elems"]) // ncol)
        for col in range(ncol):
            x0 = mx + col * (cwid + gut)
            self.cap = chars * (col + 1) // ncol
            self.column(x0, y, x0 + cwid, yend, nel, fk, bold, heads, indent)
        if note:
            self.cap = self.nchars + 60
            ws = [str(self.ri(1, 9))] + self.sentence_words(self.ri(2, 5))
            self.el_text("footnote", mx, note, w - mx, note + body * 1.3, 0, fk, words=ws)
        if foot:
            self.cap = self.nchars + 40
            ws = [str(self.ri(1, 400))] if self.p(.6) else self.sentence_words(self.ri(1, 4))
            self.el_text("page_footer", mx, foot, w - mx, h, 0, fk, g.choice(["l", "c", "r"]), words=ws)
        self.emit("</doctag>")
        return self.finish(w, h, bgv)

    def column(self, x0, y, x1, yend, nel, fk, bold, heads, indent):
        """fills a column with up to nel elements"""
        body, g = fk[1], self.rng
        for _ in range(nel):
            if y >= yend - body or self.nchars >= self.cap - 4:
                break
            if self.c["code"] and self.p(self.c["code"]):
                b = self.el_code(x0, y, x1, yend)
            elif self.c["formula"] and self.p(self.c["formula"]):
                b = self.el_formula(x0, y, x1, yend)
            elif (r := g.random()) < .18:
                b = self.el_text("section_header_level_1", x0, y, x1, yend, self.ri(1, 5), (heads[1], body))
            elif r < .46:
                b = self.el_text("text", x0, y, x1, yend, self.ri(2, 9 if self.c["w"] < 300 else 22), fk, "l", indent)
            elif r < .60:
                b = self.el_list(x0, y, x1, yend, fk)
            elif r < .90:
                b = self.el_table(x0, y, x1, yend, fk, bold)
            else:
                b = self.el_picture(x0, y, x1, yend, fk)
            if b:
                y = b[3] + (self.c["grid"][1] if self.c["grid"] else body * g.uniform(.5, 1.1))

    def hrule(self, x0, x1, y):
        s = self.c["ss"]
        self.d.line([x0 * s, int(y) * s, x1 * s, int(y) * s], fill=self.rule, width=s)

    def finish(self, w, h, bgv):
        c, g, s = self.c, self.rng, self.c["ss"]
        xy = np.array(self.xy, dtype=np.float32)
        noisy = c["noise"] and self.p(c["noise"])
        rot = float(g.uniform(-.5, .5)) if noisy and self.p(.4) else 0.0
        a = math.radians(rot); ca, sa = math.cos(a), math.sin(a)

        def R(x, y):
            dx, dy = x - w / 2, y - h / 2
            return w / 2 + ca * dx + sa * dy, h / 2 - sa * dx + ca * dy
        if rot:
            xy[:, 0], xy[:, 1] = R(xy[:, 0], xy[:, 1])
        for i, (x0, y0, x1, y1) in self.boxes:
            if rot:
                px, py = zip(*[R(x, y) for x, y in ((x0, y0), (x1, y0), (x0, y1), (x1, y1))])
                x0, x1, y0, y1 = min(px), max(px), min(py), max(py)
            for k, v in enumerate((x0 / w, y0 / h, x1 / w, y1 / h)):
                self.toks[i + k] = f"<loc_{int(min(500, max(0, round(v * 500))))}>"
            xy[i] = xy[i + 1] = (x0 + 2, y0 + 2)
            xy[i + 2] = xy[i + 3] = (x1 - 2, y1 - 2)
        # downsample, then lay the text coverage over rules and pictures
        im, cov = self.im, Image.fromarray(self.cov)
        if s > 1:
            if self.p(.7): im, cov = im.reduce(s), cov.reduce(s)
            else: im, cov = im.resize((w, h), Image.BICUBIC), cov.resize((w, h), Image.LANCZOS)
        cv, bs = np.asarray(cov).astype(np.uint16), np.asarray(im).astype(np.uint16)
        arr = ((bs * (255 - cv) + self.ink * cv + 127) // 255).astype(np.uint8)
        if noisy:
            im = Image.fromarray(arr)
            if rot: im = im.rotate(rot, Image.BILINEAR if self.p(.5) else Image.BICUBIC, fillcolor=bgv)
            if self.p(.3): im = im.filter(ImageFilter.GaussianBlur(float(g.uniform(.2, .5))))
            if self.p(.3):
                b = io.BytesIO(); im.save(b, "JPEG", quality=self.ri(60, 90)); im = Image.open(b)
            arr = np.asarray(im)
            if self.p(.4):
                o = int(g.integers(0, len(self._noise) - arr.size)) if arr.size < len(self._noise) else 0
                nz = self._noise[o:o + arr.size].reshape(arr.shape)
                arr = np.clip(arr + (nz * self.ri(6, 24) >> 7), 0, 255).astype(np.uint8)
            if self.p(.3):
                n = int(arr.size * g.uniform(.0002, .002)); arr = arr.copy()
                arr.reshape(-1)[g.integers(0, arr.size, n)] = g.integers(0, 255, n)
        xy = xy / np.array([w, h], dtype=np.float32)
        return Page(np.ascontiguousarray(arr), self.toks, np.clip(xy, 0, .9999), w, h)



class Crops:
    """an endless stream of table crops: as when a rectangle is drawn around a table of a page"""
    def __init__(self, name, seed=0):
        self.gen = Gen(CROPS[name], seed, chars=(200, 560))

    def page(self):
        while True:
            p = self.gen.page()
            starts = [i for i, t in enumerate(p.toks) if t == "<otsl>"]
            if starts:
                return self.crop(p, starts[int(self.gen.rng.integers(len(starts)))])

    def crop(self, p, a):
        """p's table that starts at token a, with 1 to 12 px around its box; boxes and points are those of the crop"""
        g = self.gen.rng
        z = a + p.toks[a:].index("</otsl>") + 1
        loc = lambda t: int(t[5:-1]) / 500
        box = np.array([loc(t) for t in p.toks[a + 1:a + 5]]) * [p.w, p.h, p.w, p.h]
        m = g.integers(1, 13, 4)
        x0, y0 = max(0, int(box[0] - m[0])), max(0, int(box[1] - m[1]))
        x1, y1 = min(p.w, int(box[2] + m[2]) + 1), min(p.h, int(box[3] + m[3]) + 1)
        w, h = x1 - x0, y1 - y0
        toks, xy, k = p.toks[a:z], p.xy[a:z], 0
        if "<caption>" in toks:                   # it stands above the table's box, so it is not in view
            i, j = toks.index("<caption>"), toks.index("</caption>") + 1
            toks, xy = toks[:i] + toks[j:], np.delete(xy, slice(i, j), 0)
        for i, t in enumerate(toks):
            if t.startswith("<loc_"):
                v = (loc(t) * p.h - y0) / h if k % 2 else (loc(t) * p.w - x0) / w
                toks[i] = f"<loc_{int(min(500, max(0, round(v * 500))))}>"
                k += 1
        xy = (xy * [p.w, p.h] - [x0, y0]) / [w, h]
        none = np.full((1, 2), math.nan)
        xy = np.concatenate((none, np.clip(xy, 0, .9999), none, none)).astype(np.float32)
        return Page(np.ascontiguousarray(p.img[y0:y1, x0:x1]), ["<doctag>", *toks, "\n", "</doctag>"], xy, w, h, TABLE)


def generator(name, seed=0, held=False):
    return Crops(name, seed) if name in CROPS else Gen(name, seed, held)


if __name__ == "__main__":
    import sys, time
    preset = sys.argv[1] if len(sys.argv) > 1 else "typed"
    gen = generator(preset, 1)
    gen.page()
    t = time.process_time(); n = 200
    L = [len(gen.page().toks) for _ in range(n)]
    dt = time.process_time() - t
    print(f"{preset}: {n/dt:.1f} pages per CPU second, tokens mean {np.mean(L):.0f} p95 {np.percentile(L,95):.0f} max {max(L)}")
    if len(sys.argv) > 2:
        out = sys.argv[2]; os.makedirs(out, exist_ok=True)
        for i in range(6):
            p = gen.page(); Image.fromarray(p.img).save(f"{out}/{preset}{i}.png"); open(f"{out}/{preset}{i}.dt", "w").write(p.text())
