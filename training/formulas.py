"""Formulas for the pages: a random expression is laid out as boxes within boxes, as TeX does it, and says its LaTeX in
the order in which it is read. The LaTeX is compact: a blank only where a command would run into a letter.

A Box's marks are its LaTeX piece by piece: (latex, x, y, glyph, face), with glyph None where the piece is markup and
(x, y) only says where one would look for it; later letters of a function's name are drawn and say nothing. y is the base
line, a face a font file and a size. Its rules are the bars of fractions and roots."""
from dataclasses import dataclass, field

GREEK = {"\\alpha": "α", "\\beta": "β", "\\gamma": "γ", "\\delta": "δ", "\\epsilon": "ε", "\\theta": "θ", "\\lambda": "λ",
         "\\mu": "μ", "\\pi": "π", "\\rho": "ρ", "\\sigma": "σ", "\\phi": "φ", "\\omega": "ω", "\\Gamma": "Γ",
         "\\Delta": "Δ", "\\Omega": "Ω"}
RELATIONS = {"=": "=", "<": "<", ">": ">", "\\leq": "≤", "\\geq": "≥", "\\neq": "≠", "\\approx": "≈", "\\to": "→"}
OPERATIONS = {"+": "+", "-": "\u2212", "\\cdot": "·", "\\times": "×", "\\pm": "±"}
FUNCTIONS = ("\\sin", "\\cos", "\\log", "\\exp", "\\max")
LETTERS = "abcdefghijkmnpqrstuvwxyzABCDEFGHKLMNPQRSTVXYZ"


@dataclass
class Box:
    width: float
    up: float
    down: float
    marks: list = field(default_factory=list)
    rules: list = field(default_factory=list)

    def at(self, x, y):
        """its marks and rules with its left end of the base line at (x, y)"""
        return ([(t, a + x, b + y, *drawn) for t, a, b, *drawn in self.marks],
                [(a + x, b + y, c + x, d + y) for a, b, c, d in self.rules])


def beside(boxes):
    out = Box(0, 0, 0)
    for b in boxes:
        marks, rules = b.at(out.width, 0)
        out.marks += marks; out.rules += rules
        out.width += b.width; out.up = max(out.up, b.up); out.down = max(out.down, b.down)
    return out


class Formulas:
    """width(glyph, face) in pixels; fonts are a slanted one for letters and an upright one; size is that of a display"""
    def __init__(self, rng, width, fonts, size):
        self.rng, self.width, self.fonts, self.size = rng, width, fonts, size
        self.small = round(size * .75)

    def pick(self, of):
        return of[int(self.rng.integers(len(of)))]

    def p(self, x):
        return self.rng.random() < x

    # ---- boxes
    def glyph(self, latex, shown, size, space=0.0, upright=False):
        face = (self.fonts[upright or not shown.isalpha()], size)
        return Box(self.width(shown, face) + 2 * space, size * .75, size * .25, [(latex, space, 0, shown, face)])

    def function(self, name):
        first, *rest = name[1:]
        return beside([self.glyph(name, first, self.size, upright=True), *(self.glyph("", ch, self.size, upright=True) for ch in rest)])

    def says(self, latex, x, y):
        return Box(0, 0, 0, [(latex, x, y, None, None)])

    def scripts(self, base, below, above):
        """base with what stands below and above at its right, each in braces, either may be None"""
        out, wide = beside([base]), base.width
        for sign, box, y in (("_", below, self.size * .3), ("^", above, -self.size * .45)):
            if box is None:
                continue
            marks, rules = self.braced(sign, box).at(base.width + 1, y)
            out.marks += marks; out.rules += rules
            wide = max(wide, base.width + 1 + box.width)
            out.up, out.down = max(out.up, box.up - y), max(out.down, box.down + y)
        out.width = wide + 1
        return out

    def limits(self, latex, sign, below, above):
        """a big sign with what stands right under and over it"""
        big = round(self.size * 1.4)
        glyph = self.glyph(latex, sign, big)
        wide = max(glyph.width, below.width, above.width)
        out = Box(wide + 3, big * .9 + above.up + above.down, big * .35 + below.up + below.down)
        middle = lambda box: (wide - box.width) / 2
        for box, x, y in ((glyph, middle(glyph), 0), (self.braced("_", below), middle(below), big * .35 + below.up),
                          (self.braced("^", above), middle(above), -big * .9 - above.down)):
            marks, rules = box.at(x, y)
            out.marks += marks; out.rules += rules
        return out

    def braced(self, sign, box):
        return beside([self.says(sign + "{", 1, 0), box, self.says("}", -1, 0)])

    def fraction(self, over, under):
        wide, axis = max(over.width, under.width) + 6, -self.size * .28
        y0, y1 = axis - 3 - over.down, axis + 3 + under.up
        marks = [("\\frac{", 1, axis, None, None)] + over.at((wide - over.width) / 2, y0)[0]
        marks += [("}{", wide / 2, axis, None, None)] + under.at((wide - under.width) / 2, y1)[0] + [("}", wide - 1, axis, None, None)]
        rules = over.at((wide - over.width) / 2, y0)[1] + under.at((wide - under.width) / 2, y1)[1]
        return beside([Box(wide, over.up - y0, under.down + y1, marks, rules + [(0, axis, wide, axis)]), Box(2, 0, 0)])

    def root(self, inner):
        hook, top = self.size * .5, -inner.up - 2
        held = beside([Box(hook, 0, 0, [("\\sqrt{", hook / 2, 0, None, None)]), inner, self.says("}", -1, 0)])
        held.rules += [(0, -self.size * .25, hook * .4, inner.down), (hook * .4, inner.down, hook * .8, top), (hook * .8, top, held.width, top)]
        held.up = inner.up + 3; held.width += 2
        return held

    # ---- grammar
    def atom(self, size):
        k = self.rng.random()
        if k < .5: letter = self.pick(LETTERS); return self.glyph(letter, letter, size)
        if k < .75: return self.number(size)
        name = self.pick(list(GREEK)); return self.glyph(name, GREEK[name], size)

    def number(self, size):
        return beside([self.glyph(ch, ch, size) for ch in str(int(self.rng.integers(0, self.pick((10, 10, 100)))))])

    def script(self):
        if self.p(.75): return self.atom(self.small)
        sign = self.pick("+-")
        return beside([self.atom(self.small), self.glyph(sign, OPERATIONS[sign], self.small), self.number(self.small)])

    def factor(self, depth):
        k = self.rng.random()
        if depth == 0 or k < .3: return self.atom(self.size)
        if k < .5: return self.scripts(self.atom(self.size), None, self.script())
        if k < .65: return self.scripts(self.atom(self.size), self.script(), None)
        if k < .7: return self.scripts(self.atom(self.size), self.script(), self.script())
        if k < .82: return self.fraction(self.sum(depth - 1), self.sum(depth - 1))
        if k < .9: return self.root(self.sum(depth - 1))
        inside = self.sum(depth - 1)
        paren = [self.glyph("(", "(", self.size), inside, self.glyph(")", ")", self.size)]
        return beside(([self.function(self.pick(FUNCTIONS))] if self.p(.5) else []) + paren)

    def sum(self, depth):
        boxes = [self.factor(depth)]
        while self.p(.35) and len(boxes) < 5:
            sign = self.pick(list(OPERATIONS))
            boxes += [self.glyph(sign, OPERATIONS[sign], self.size, 3), self.factor(depth)]
        return beside(boxes)

    def formula(self):
        left = self.scripts(self.atom(self.size), None, None) if self.p(.6) else self.factor(1)
        sign = "=" if self.p(.7) else self.pick(list(RELATIONS))
        boxes = [left, self.glyph(sign, RELATIONS[sign], self.size, 4)]
        if self.p(.25):
            latex, sign = self.pick((("\\sum", "∑"), ("\\prod", "∏"), ("\\sum", "∑")))
            start = beside([self.glyph(i := self.pick("ijkn"), i, self.small), self.glyph("=", "=", self.small), self.number(self.small)])
            boxes.append(self.limits(latex, sign, start, self.atom(self.small)))
        elif self.p(.12):
            boxes.append(self.scripts(self.glyph("\\int", "∫", round(self.size * 1.3)), self.atom(self.small), self.atom(self.small)))
        return beside(boxes + [self.sum(2)])
