"""Synthetic document pages with exact DocTags ground truth, fast enough to feed a GPU from CPUs.

page(rng) -> Page(img uint8 HxW, toks, xy): toks is the DocTags answer as a list of tags and single
characters; xy (n,2) holds for every token the page-normalised point where it is read (a
character's centre, a box corner for a <loc_>), NaN where there is none. The points give dense
OCR labels and attention targets for free.

Fonts: POCKET_FONTS=folder of .ttf, else what `fc-list` knows of DejaVu/Liberation/Noto/FreeFont.
Words: POCKET_WORDS=file, else words.txt beside this file (prepare.sh makes it from Debian's wamerican, which
is SCOWL), else the words of Python's own help texts.
"""
import io, math, os, subprocess
from dataclasses import dataclass
import numpy as np
from PIL import Image, ImageDraw, ImageFont, ImageFilter

TOY = dict(w=256, h=256, body=(15, 19), margin=(5, 18), cols=(1,), elems=(1, 5), chars=150,
           fonts="few", noise=0.0, ss=1, header=0.1, footer=0.1)
# like TOY but a whole small page: more text, smaller type
SMALL = dict(TOY, w=384, h=384, body=(12, 18), margin=(6, 30), cols=(1, 1, 1, 2), elems=(2, 9), chars=450,
             fonts="all", noise=0.5, header=0.3, footer=0.3)
# an A4/letter page at 1152 px on its long edge
FULL = dict(w=815, h=1152, body=(12, 19), margin=(34, 100), cols=(1, 1, 2), elems=(4, 25), chars=2200,
            fonts="all", noise=0.7, ss=2, header=0.4, footer=0.5)
# one 128 px tile: the ablation scale;  microd: packed with text, for the vision bootstrap
MICRO = dict(TOY, w=128, h=128, body=(13, 16), margin=(2, 8), elems=(1, 3), chars=60, header=.05, footer=.05)
MICROD = dict(MICRO, body=(12, 17), elems=(5, 9), chars=140)
TOYD = dict(TOY, elems=(7, 12), chars=420)
# the narrowest: one face, one size, black on white
NANO = dict(MICRO, fonts="one", body=(14, 14), clean=True, elems=(1, 2), chars=36, big=1.3)
NANOD = dict(NANO, elems=(5, 9), chars=140)
# typewriter pages: every glyph in an 8 x 16 cell. Separates "learn to look" from "learn the glyphs"
GRID = dict(MICRO, fonts="mono", body=(13, 13), clean=True, elems=(1, 3), chars=44, grid=(8, 16), margin=(0, 8))
# four times the page: with --edge 256 it takes the split path (2 x 2 tiles of 128 + the global view)
GRID2 = dict(GRID, w=256, h=256, elems=(2, 5), chars=110, margin=(0, 16))
# the demonstration: small typewritten forms whose roles can be seen. "plain" draws them so: page header = top
# line with a rule under it, footer = bottom line with a rule above, title = bold capitals, centred, underlined,
# section header = bold, underlined, at the left edge; tables have all rules, spans are cells without a rule between
FORM = dict(GRID, w=256, h=256, elems=(2, 6), chars=130, margin=(0, 16), plain=True, tables=True, header=.4, footer=.4, ptitle=.5)
# the same as a mild scan: grey paper and ink, +-0.5 degree, blur, grain
SCAN = dict(FORM, clean=False, noise=1.0, mild=True)
# the same two with more column spans, for training only: they are what tables fail at
FORMT, SCANT = dict(FORM, spans=.25), dict(SCAN, spans=.25)
FORM1 = dict(FORM, w=128, h=128, elems=(1, 3), chars=44, margin=(0, 8), header=.12, footer=.12, ptitle=.3)
# proportional type, one face and size; one 128 px tile, and 256 px
PROP = dict(FORM1, fonts="one", grid=None, tables=False, body=(14, 14), margin=(2, 8), chars=40, ss=1)
PROP2 = dict(PROP, w=256, h=256, elems=(2, 5), chars=120, margin=(4, 16), header=.3, footer=.3)
# proportional type with the rules of "form", clean and as a mild scan
PROPF = dict(PROP2, tables=True)
PROPS = dict(PROPF, clean=False, noise=1.0, mild=True)
PRESETS = dict(formt=FORMT, scant=SCANT, propf=PROPF, props=PROPS, form=FORM, scan=SCAN, form1=FORM1, prop=PROP, prop2=PROP2, grid=GRID, grid2=GRID2, nano=NANO, nanod=NANOD, toy=TOY, small=SMALL, full=FULL, micro=MICRO, microd=MICROD, toyd=TOYD)


@dataclass
class Page:
    img: np.ndarray
    toks: list
    xy: np.ndarray
    w: int
    h: int

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
    fs = {os.path.basename(f): f for f in find_fonts()}
    want = {
        "mono": [("DejaVuSansMono", "", "-Bold")],
        "one": [("DejaVuSans", "", "-Bold")],
        "few": [("LiberationSans", "-Regular", "-Bold"), ("DejaVuSans", "", "-Bold"), ("LiberationSerif", "-Regular", "-Bold")],
        "all": [("LiberationSans", "-Regular", "-Bold"), ("LiberationSerif", "-Regular", "-Bold"),
                ("LiberationMono", "-Regular", "-Bold"), ("LiberationSansNarrow", "-Regular", "-Bold"),
                ("DejaVuSans", "", "-Bold"), ("DejaVuSerif", "", "-Bold"), ("DejaVuSansMono", "", "-Bold"),
                ("NotoSans", "-Regular", "-Bold"), ("NotoSerif", "-Regular", "-Bold"),
                ("LiberationSans", "-Italic", "-BoldItalic"), ("LiberationSerif", "-Italic", "-BoldItalic"),
                ("FreeSerif", "", "Bold"), ("FreeSans", "", "Bold"), ("DejaVuSansCondensed", "", "-Bold")],
    }[which]
    out = []
    for base, reg, bold in want:
        r, b = fs.get(base + reg + ".ttf"), fs.get(base + bold + ".ttf")
        if r:
            out.append((r, b or r))
    if not out:
        raise SystemExit("no fonts found: set POCKET_FONTS")
    return out


def load_words():
    p = os.environ.get("POCKET_WORDS") or os.path.join(os.path.dirname(os.path.abspath(__file__)), "words.txt")
    if not os.path.exists(p):
        p = None
    if p:
        ws = [w.strip() for w in open(p, encoding="utf-8")]
        bad = ("shit", "fuck", "cunt", "nigg", "fag", "slut", "whor", "bitch", "rape", "nazi", "piss", "cock", "dick", "twat", "wank", "sperm", "porn", "homo", "sex", "ballsy",
               "bastard", "boob", "negro", "orgas", "genital", "penis", "vagin", "masturb", "pubic", "hooker", "prostit", "murder", "suicid",
               "hitler", "slave", "ejacul", "tits", "erotic", "naked", "nude", "jihad", "terroris", "molest", "incest", "corpse", "dead", "kill")
        ws = [w for w in ws if w.isascii() and w.isalpha() and 2 <= len(w) <= 12 and not any(b in w.lower() for b in bad)]
    else:
        import pydoc_data.topics as t, re
        ws = sorted(set(re.findall(r"[A-Za-z]{2,12}", " ".join(t.topics.values()))))
    return ws


COMMON = ("the of and to in a is that for it as was with be by on not he his but at are this have from or had an "
          "they which one you were all her she there would their we him been has when who will no more if out so up "
          "said what its about than into them can only other time new some could these two may first then do any "
          "like my now over such our man me even most made after also did many before must well through years").split()


class Gen:
    def __init__(self, preset="toy", seed=0, **over):
        self.c = dict(PRESETS[preset], **over)
        self.rng = np.random.default_rng(seed)
        self.fams = families(self.c["fonts"])
        self.words = load_words()
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
        budget = self.c["chars"] - self.nchars
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

    # ---- elements ----------------------------------------------------------------------
    def el_text(self, tag, x0, y, x1, ymax, n, fk, align="l", indent=0.0, words=None):
        mark = len(self.toks)
        self.emit(f"<{tag}>"); li = self.emit_loc_placeholder()
        words, head = words or self.sentence_words(n), self.c.get("plain") and (tag == "title" or tag.startswith("section"))
        if head and tag == "title":
            words = [w.upper() for w in words]
        self.lines = []
        b = self.flow(x0, y, x1, ymax, words, fk, self.pitch * fk[1], align, indent)
        if b is None:
            del self.toks[mark:], self.xy[mark:]
            return None
        if head:                                  # underlined, every line of it
            s = self.c["ss"]
            for lx0, ly, lx1 in self.lines:
                yu = int(ly + (14 if self.c.get("grid") else fk[1] * 1.12)) * s
                self.d.line([lx0 * s, yu, (lx1 - 1) * s, yu], fill=self.rule, width=s)
        self.set_loc(li, b)
        self.xy[mark] = (b[0], b[1])
        self.emit(f"</{tag}>"); self.emit("\n")
        return b

    def el_list(self, x0, y, x1, ymax, fk):
        ordered = self.p(0.4)
        tag = "ordered_list" if ordered else "unordered_list"
        mark, nb = len(self.toks), len(self.boxes)
        self.emit(f"<{tag}>")
        if self.c.get("grid"):
            y = math.ceil(y / self.c["grid"][1]) * self.c["grid"][1]
        k, yy = 0, y
        num, em = self.ri(1, 3) if self.p(0.2) else 1, fk[1]
        for _ in range(self.ri(2, 4)):
            ws = self.sentence_words(self.ri(1, 6 if self.c["w"] < 400 else 14))
            m2 = len(self.toks)
            self.emit("<list_item>"); li = self.emit_loc_placeholder()
            ind = 0.9 * em
            if ordered:
                ws = [f"{num}."] + ws
            b = self.flow(x0 + ind, yy, x1, ymax, ws, fk, self.pitch * fk[1])
            if b is None:
                del self.toks[m2:], self.xy[m2:]
                break
            if not ordered:
                s, r = self.c["ss"], max(1.5, em * 0.13)
                cx, cy = x0 + em * 0.4, yy + em * 0.65
                bx = [(cx - r) * s, (cy - r) * s, (cx + r) * s, (cy + r) * s]
                (self.d.ellipse if self.bullet == 0 else self.d.rectangle)(bx, fill=self.ink)
            self.set_loc(li, b); self.xy[m2] = (b[0], b[1])
            self.emit("</list_item>")
            yy = b[3] + (0 if self.c.get("grid") else em * 0.35); num += 1; k += 1
        if not k:
            del self.toks[mark:], self.xy[mark:]; del self.boxes[nb:]
            return None
        self.emit(f"</{tag}>"); self.emit("\n")
        return (x0, y, x1, yy)

    def el_table(self, x0, y, x1, ymax, fk, bold):
        em = fk[1]
        gd = self.c.get("grid")
        rowh = gd[1] if gd else em * self.rng.uniform(1.35, 1.9)
        if gd:
            x0, x1, y = math.ceil(x0 / gd[0]) * gd[0], x1 // gd[0] * gd[0], math.ceil(y / gd[1]) * gd[1]
        ncol = self.ri(2, max(2, min(6, int((x1 - x0) / (em * 4.5)))))
        nrow = self.ri(2, max(2, min(9, int((ymax - y) / rowh), int((self.c["chars"] - self.nchars) / (ncol * 6)))))
        if y + 2 * rowh > ymax or self.c["chars"] - self.nchars < 16:
            return None
        mark = len(self.toks)
        self.emit("<otsl>"); li = self.emit_loc_placeholder()
        ytop = y
        if self.p(0.25) and y + 4 * rowh < ymax:
            m = len(self.toks)
            self.emit("<caption>"); l2 = self.emit_loc_placeholder()
            ws = ["Table", f"{self.ri(1, 20)}:"] + self.sentence_words(self.ri(1, 4))
            b = self.flow(x0, y, x1, y + 2.5 * rowh, ws, fk, self.pitch * em)
            if b is None:
                del self.toks[m:], self.xy[m:]
            else:
                self.set_loc(l2, b); self.xy[m] = (b[0], b[1]); self.emit("</caption>")
                y = ytop = b[3] + (0 if gd else em * 0.4)
                nrow = min(nrow, max(1, int((ymax - y) / rowh)))
        cw = self.rng.uniform(0.7, 1.3, ncol); tw = (x1 - x0) * self.rng.uniform(0.6, 1.0)
        cw = cw / cw.sum() * tw
        xs = x0 + np.concatenate([[0], np.cumsum(cw)])
        if gd:
            xs = np.round(xs / gd[0]) * gd[0]
        style = 0 if self.c.get("tables") else int(self.rng.choice([0, 0, 1])) if self.c.get("plain") else self.ri(0, 3)          # 0 full grid, 1 horizontal rules, 2 header rule only, 3 none
        s = self.c["ss"]
        numeric = self.rng.random(ncol) < 0.5; numeric[0] = False
        align = ["r" if n and self.p(0.6) else ("c" if self.p(0.2) else "l") for n in numeric]
        rowhead, hdr = self.p(0.25), self.p(0.9)
        pspan = 0.03
        if self.c.get("plain"):
            hdr, pspan = True, (self.c.get("spans", .08) if style == 0 else 0.0)
        skip = set()
        for r in range(nrow):
            ry = y + r * rowh
            for c in range(ncol):
                head = hdr and r == 0
                f = bold if head or (rowhead and c == 0) else fk
                tag = "<ched>" if head else ("<rhed>" if rowhead and c == 0 else "<fcel>")
                if (r, c) in skip:
                    self.emit("<lcel>", xs[c] + 2, ry + em * .7); continue
                span = 1
                if c + 1 < ncol and self.p(pspan):
                    span = 2; skip.add((r, c + 1))
                wmax = xs[c + span] - xs[c] - em * 0.5
                if not head and self.p(0.06):
                    self.emit("<ecel>", xs[c] + 2, ry + em * .7); continue
                if numeric[c] and not head:
                    t = self.number()
                else:
                    t = " ".join(self.word() for _ in range(1 if wmax < em * 5 else self.ri(1, 2)))
                    if self.p(0.6): t = t[0].upper() + t[1:]
                while len(t) > 1 and self.width(t, f) > wmax:
                    t = t[:-1]
                t = t.strip()
                w = self.width(t, f)
                if not t or w > wmax:
                    self.emit("<ecel>", xs[c] + 2, ry + em * .7); continue
                a = align[c]
                x = xs[c] + em * .25 if a == "l" else (xs[c + span] - em * .25 - w if a == "r" else (xs[c] + xs[c + span] - w) / 2)
                x = float(x // gd[0] * gd[0] if gd else round(x))
                ty = ry if gd else ry + (rowh - em * 1.15) / 2
                cx, cy, _ = self.line(x, ty, t, f)
                self.emit(tag, cx[0], cy)
                self.emit_chars(t, cx, cy)
                self.nchars += len(t) + 1
            self.emit("<nl>")
        yb = y + nrow * rowh
        lw = self.ri(1, 2) * s if s > 1 else 1
        X0, X1 = xs[0] * s, xs[-1] * s
        if style == 0:
            for r in range(nrow + 1):
                self.d.line([X0, (y + r * rowh) * s, X1, (y + r * rowh) * s], fill=self.rule, width=lw)
            for r in range(nrow):
                for c in range(ncol + 1):
                    if (r, c) not in skip:
                        self.d.line([xs[c] * s, (y + r * rowh) * s, xs[c] * s, (y + (r + 1) * rowh) * s], fill=self.rule, width=lw)
        elif style == 1:
            for r in range(nrow + 1):
                self.d.line([X0, (y + r * rowh) * s, X1, (y + r * rowh) * s], fill=self.rule, width=lw)
        elif style == 2:
            for yy in (y, y + rowh, yb):
                self.d.line([X0, yy * s, X1, yy * s], fill=self.rule, width=lw)
        b = (xs[0], ytop, xs[-1], yb)
        self.set_loc(li, b); self.xy[mark] = (b[0], b[1])
        self.emit("</otsl>"); self.emit("\n")
        return (x0, b[1], x1, yb)

    def el_picture(self, x0, y, x1, ymax, fk):
        w = (x1 - x0) * self.rng.uniform(0.35, 1.0)
        h = min(w * self.rng.uniform(0.3, 0.9), self.c["h"] * 0.3)
        if y + h > ymax or h < 20:
            return None
        px = x0 + (x1 - x0 - w) * self.rng.choice([0.0, 0.5])
        s = self.c["ss"]
        W, H = max(8, int(w * s)), max(8, int(h * s))
        k, g = self.ri(0, 3), self.rng
        bg = self.ri(120, 245)
        if k == 0:                      # low-frequency noise ("photo")
            n = Image.fromarray(g.integers(0, 255, (self.ri(3, 9), self.ri(3, 9)), dtype=np.uint8)).resize((W, H), Image.BICUBIC)
        else:
            n = Image.new("L", (W, H), bg); d = ImageDraw.Draw(n)
            if k == 1:                  # bars
                nb = self.ri(3, 8)
                for i in range(nb):
                    hh = int(H * g.uniform(.1, .9)); d.rectangle([W * (i + .2) / nb, H - hh, W * (i + .8) / nb, H], fill=self.ri(0, 200))
            elif k == 2:                # curves
                for _ in range(self.ri(1, 3)):
                    ys = np.cumsum(g.normal(0, H * .08, 12)) + H / 2
                    d.line([(W * i / 11, float(v)) for i, v in enumerate(ys)], fill=self.ri(0, 120), width=self.ri(1, 3) * s)
            else:                       # shapes
                for _ in range(self.ri(2, 6)):
                    a, b2 = g.integers(0, W), g.integers(0, H)
                    r = int(min(W, H) * g.uniform(.1, .4))
                    (d.ellipse if self.p(.5) else d.rectangle)([int(a), int(b2), int(a) + r, int(b2) + r], fill=self.ri(0, 255))
            if self.p(.6): d.rectangle([0, 0, W - 1, H - 1], outline=self.ri(0, 120), width=s)
        self.im.paste(n, (int(px * s), int(y * s)))
        mark = len(self.toks)
        self.emit("<picture>", px, y); li = self.emit_loc_placeholder()
        self.set_loc(li, (px, y, px + w, y + h))
        yb = y + h
        if self.p(0.5):
            m = len(self.toks)
            self.emit("<caption>"); l2 = self.emit_loc_placeholder()
            ws = [str(g.choice(["Figure", "Fig."])), f"{self.ri(1, 20)}:"] + self.sentence_words(self.ri(1, 5))
            b = self.flow(x0, yb + fk[1] * .3, x1, ymax, ws, fk, self.pitch * fk[1], "c" if self.p(.4) else "l")
            if b is None:
                del self.toks[m:], self.xy[m:]
            else:
                self.set_loc(l2, b); self.xy[m] = (b[0], b[1]); self.emit("</caption>"); yb = b[3]
        self.emit("</picture>"); self.emit("\n")
        return (px, y, px + w, yb)

    # ---- page --------------------------------------------------------------------------
    def page(self):
        c, g = self.c, self.rng
        s = c["ss"]
        w, h = c["w"], c["h"]
        if c.get("aspect"):
            w = int(w * g.uniform(*c["aspect"]))
        cl = c.get("clean", False)
        self.ink = 0 if cl or self.p(.6) else self.ri(0, 70)
        self.rule = 0 if cl else self.ri(0, 160)
        bgv = 255 if cl or self.p(.6) else self.ri(225, 255)
        self.bullet = self.ri(0, 1)
        self.im = Image.new("L", (w * s, h * s), bgv)
        self.d = ImageDraw.Draw(self.im)
        self.cov = np.zeros((h * s, w * s), np.uint8)
        self.toks, self.xy, self.boxes, self.nchars, self.lines = [], [], [], 0, []
        self.emit("<doctag>")
        fam = self.fams[self.ri(0, len(self.fams) - 1)]
        fam2 = fam if self.p(.6) else self.fams[self.ri(0, len(self.fams) - 1)]
        body = self.ri(*c["body"])
        self.pitch = g.uniform(1.15, 1.45)
        mx, my = self.ri(*c["margin"]), self.ri(*c["margin"])
        fk, bold = (fam[0], body), (fam[1], body)
        ncol = int(g.choice(c["cols"]))
        y, yend = float(my), float(h - my)
        if self.p(c["header"]):
            b = self.el_text("page_header", mx, max(2, y - body), w - mx, yend, self.ri(1, 5), (fam[0], max(9 if s > 1 else c["body"][0], body - 2)),
                             g.choice(["l", "c", "r"]))
            if b: y = b[3] + body * .8
            if b and c.get("plain"):
                yr = int(b[3] if c.get("grid") else b[3] + 2) * s
                self.d.line([0, yr, w * s, yr], fill=self.rule, width=s)
        foot = None
        if self.p(c["footer"]):
            foot = yend - body * 1.2
            if c.get("plain"):
                foot = float(h - gd[1] if (gd := c.get("grid")) else h - body * 1.2 - 2)
                yr = int(foot - (0 if gd else 2)) * s
                self.d.line([0, yr, w * s, yr], fill=self.rule, width=s)
            yend = foot - body * .5
        nel, k = self.ri(*c["elems"]), 0
        if self.p(c.get("ptitle", .3)):
            b = self.el_text("title", mx, y, w - mx, yend, self.ri(1, 6), (fam2[1], body if c.get("grid") or c.get("plain") else int(body * (c.get("big") or g.uniform(1.4, 1.9)))), "c" if c.get("grid") or c.get("plain") else g.choice(["l", "c"]))
            if b: y = b[3] + body * .7; k += 1
        gut = body * 1.5
        cwid = (w - 2 * mx - gut * (ncol - 1)) / ncol
        just = "j" if (c["w"] > 400 and self.p(.4)) else "l"
        indent = body * 1.5 if self.p(.2) else 0.0
        for col in range(ncol):
            x0 = mx + col * (cwid + gut); x1 = x0 + cwid
            yy = y
            while k < nel * (col + 1) and yy < yend - body:
                r = g.random()
                if c.get("tables") and .46 < r < .9:       # fewer paragraphs and pictures, more tables
                    r = .6 + (r - .46) if r < .60 else .75
                if r < .18:
                    lv = 1 if c.get("grid") or c.get("plain") or self.p(.6) else 2
                    b = self.el_text(f"section_header_level_{lv}", x0, yy, x1, yend, self.ri(1, 5),
                                     (fam2[1], int(body * ((c.get("big") or g.uniform(1.15, 1.35)) if lv == 1 and not (c.get("grid") or c.get("plain")) else 1.0))))
                elif r < .58:
                    n = self.ri(2, 9 if c["w"] < 400 else 60)
                    b = self.el_text("text", x0, yy, x1, yend, n, fk, just, indent)
                elif r < .74:
                    b = self.el_list(x0, yy, x1, yend, fk)
                elif r < .88:
                    b = self.el_table(x0, yy, x1, yend, fk, bold)
                else:
                    b = self.el_picture(x0, yy, x1, yend, fk)
                k += 1
                if b is None:
                    if self.nchars >= c["chars"] - 4: break
                    continue
                yy = b[3] + (c["grid"][1] if c.get("grid") else body * g.uniform(.5, 1.1))
        if foot:
            ws = [str(self.ri(1, 400))] if self.p(.6) else self.sentence_words(self.ri(1, 4))
            sv, self.nchars = self.nchars, min(self.nchars, c["chars"] - 30)
            self.el_text("page_footer", mx, foot, w - mx, h, 0, fk, g.choice(["l", "c", "r"]), words=ws)
        self.emit("</doctag>")
        return self.finish(w, h, bgv)

    def finish(self, w, h, bgv):
        c, g, s = self.c, self.rng, self.c["ss"]
        xy = np.array(self.xy, dtype=np.float32)
        noisy = c["noise"] and self.p(c["noise"])
        mild = c.get("mild")
        rot = float(g.uniform(-.5, .5) if mild else g.uniform(-1, 1)) if noisy and self.p(.4) else 0.0
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
            if self.p(.3): im = im.filter(ImageFilter.GaussianBlur(float(g.uniform(.2, .5 if mild else .7))))
            if self.p(.3):
                b = io.BytesIO(); im.save(b, "JPEG", quality=self.ri(60 if mild else 35, 90)); im = Image.open(b)
            arr = np.asarray(im)
            if self.p(.4):
                o = int(g.integers(0, len(self._noise) - arr.size)) if arr.size < len(self._noise) else 0
                nz = self._noise[o:o + arr.size].reshape(arr.shape)
                arr = np.clip(arr + (nz * self.ri(6, 24 if mild else 36) >> 7), 0, 255).astype(np.uint8)
            if self.p(.3):
                n = int(arr.size * g.uniform(.0002, .002)); arr = arr.copy()
                arr.reshape(-1)[g.integers(0, arr.size, n)] = g.integers(0, 255, n)
        xy = xy / np.array([w, h], dtype=np.float32)
        return Page(np.ascontiguousarray(arr), self.toks, np.clip(xy, 0, .9999), w, h)


if __name__ == "__main__":
    import sys, time
    preset = sys.argv[1] if len(sys.argv) > 1 else "toy"
    gen = Gen(preset, 1)
    gen.page()
    t = time.process_time(); n = 60 if preset == "full" else 300
    L = [len(gen.page().toks) for _ in range(n)]
    dt = time.process_time() - t
    print(f"{preset}: {n/dt:.1f} pages per CPU second, tokens mean {np.mean(L):.0f} p95 {np.percentile(L,95):.0f} max {max(L)}")
    if len(sys.argv) > 2:
        out = sys.argv[2]; os.makedirs(out, exist_ok=True)
        for i in range(6):
            p = gen.page(); Image.fromarray(p.img).save(f"{out}/{preset}{i}.png"); open(f"{out}/{preset}{i}.dt", "w").write(p.text())
