"""What stands on a synthetic page: each el_* draws one element at the top of the space that it is given, emits its
DocTags, and returns its box in page pixels, or None where there was no room."""
import math, re
import numpy as np
from PIL import Image, ImageDraw
from formulas import Formulas
from listings import listing


class Elements:
    def el_text(self, tag, x0, y, x1, ymax, n, fk, align="l", indent=0.0, words=None):
        mark = len(self.toks)
        self.emit(f"<{tag}>"); li = self.emit_loc_placeholder()
        words, head = words or self.sentence_words(n), tag == "title" or tag.startswith("section")
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
                yu = int(ly + (14 if self.c["grid"] else fk[1] * 1.12)) * s
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
        if self.c["grid"]:
            y = math.ceil(y / self.c["grid"][1]) * self.c["grid"][1]
        k, yy = 0, y
        num, em = self.ri(1, 3) if self.p(0.2) else 1, fk[1]
        for _ in range(self.ri(2, 4)):
            ws = self.sentence_words(self.ri(1, 6 if self.c["w"] < 300 else 9))
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
            yy = b[3] + (0 if self.c["grid"] else em * 0.35); num += 1; k += 1
        if not k:
            del self.toks[mark:], self.xy[mark:]; del self.boxes[nb:]
            return None
        self.emit(f"</{tag}>"); self.emit("\n")
        return (x0, y, x1, yy)

    def el_code(self, x0, y, x1, ymax):
        """a listing in typewriter type, indented, with a bar along its left edge"""
        fk, gd, pitch = (self.code_font, 13), self.c["grid"], 16
        if gd:
            x0, y = math.ceil(x0 / gd[0]) * gd[0], math.ceil(y / gd[1]) * gd[1]
        x0 += 8
        room = self.cap - self.nchars
        found = listing(self.rng, int((x1 - x0) // 8), min(10, int((ymax - y) // pitch)))
        if not found or sum(map(len, found[1])) > max(room, 60):
            return None
        language, lines = found
        mark, wide = len(self.toks), 0.0
        self.emit("<code>"); li = self.emit_loc_placeholder()
        self.emit(f"<_{language}_>", x0 + 4, y + 8)
        for k, text in enumerate(lines):
            if k:
                self.emit("\n", lx, cy)
            cx, cy, w = self.line(x0, y + k * pitch, text, fk)
            self.emit_chars(text, cx, cy)
            lx, wide = x0 + w + 4, max(wide, w)
        self.nchars += sum(map(len, lines))
        b = (x0, y, x0 + wide, y + len(lines) * pitch)
        self.d.line([x0 - 5, y, x0 - 5, b[3] - 1], fill=self.rule, width=2)
        self.set_loc(li, b); self.xy[mark] = (b[0], b[1])
        self.emit("</code>"); self.emit("\n")
        return b

    def el_formula(self, x0, y, x1, ymax):
        """a displayed formula: letters and Greek in italics, centred"""
        width = lambda glyph, face: self.advances(*face, glyph)[0]
        f = Formulas(self.rng, width, self.formula_fonts, self.ri(14, 15)).formula()
        y += 3
        if f.width > x1 - x0 or y + f.up + f.down > ymax or len(f.marks) > max(self.cap - self.nchars, 30):
            return None
        mark, said, x = len(self.toks), "", round(x0 + (x1 - x0 - f.width) / 2)
        self.emit("<formula>"); li = self.emit_loc_placeholder()
        marks, rules = f.at(x, round(y + f.up))
        for latex, gx, base, glyph, face in marks:
            middle = gx + width(glyph, face) / 2 if glyph else gx
            if latex[:1].isalpha() and re.search(r"\\[A-Za-z]+$", said):
                self.emit(" ", middle, base - 4); said += " "
            if glyph:
                self.line(gx, round(base) - self.font(*face).getmetrics()[0], glyph, face)
            if latex:
                self.emit(latex, middle, base - 4) if glyph or len(latex) > 1 else self.emit(latex)
                said += latex
        for rule in rules:
            self.d.line([round(v) for v in rule], fill=self.ink, width=1)
        self.nchars += len(said)
        b = (x, y, x + f.width, y + f.up + f.down)
        self.set_loc(li, b); self.xy[mark] = (b[0], b[1])
        self.emit("</formula>"); self.emit("\n")
        return b

    def el_table(self, x0, y, x1, ymax, fk, bold):
        em = fk[1]
        gd = self.c["grid"]
        rowh = gd[1] if gd else em * self.rng.uniform(1.35, 1.9)
        if gd:
            x0, x1, y = math.ceil(x0 / gd[0]) * gd[0], x1 // gd[0] * gd[0], math.ceil(y / gd[1]) * gd[1]
        ncol = self.ri(2, max(2, min(6, int((x1 - x0) / (em * 4.5)))))
        nrow = self.ri(2, max(2, min(9, int((ymax - y) / rowh), int((self.cap - self.nchars) / (ncol * 6)))))
        if y + 2 * rowh > ymax or self.cap - self.nchars < 16:
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
        numeric = self.rng.random(ncol) < 0.5; numeric[0] = False
        align = ["r" if n and self.p(0.6) else ("c" if self.p(0.2) else "l") for n in numeric]
        rowhead, left, above = self.p(0.25), set(), set()        # cells that belong to the one at their left, or above
        for r in range(nrow):
            ry = y + r * rowh
            for c in range(ncol):
                head = r == 0
                f = bold if head or (rowhead and c == 0) else fk
                tag = "<ched>" if head else ("<rhed>" if rowhead and c == 0 else "<fcel>")
                if (r, c) in left or (r, c) in above:
                    self.emit("<lcel>" if (r, c) in left else "<ucel>", xs[c] + 2, ry + em * .7); continue
                span = 1
                if c + 1 < ncol and (r, c + 1) not in above and self.p(self.c["colspan"]):
                    span = 2; left.add((r, c + 1))
                elif not head and r + 1 < nrow and self.p(self.c["rowspan"]):
                    above.add((r + 1, c))
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
        s = self.c["ss"]
        for r in range(nrow + 1):
            for c in range(ncol + 1):
                X, Y = xs[c] * s, (y + r * rowh) * s
                if c < ncol and (r, c) not in above:
                    self.d.line([X, Y, xs[c + 1] * s, Y], fill=self.rule, width=s)
                if r < nrow and (r, c) not in left:
                    self.d.line([X, Y, X, Y + rowh * s], fill=self.rule, width=s)
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

