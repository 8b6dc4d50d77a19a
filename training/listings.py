"""Listings for the pages: short programs made by a small grammar for each of five languages. Nothing is copied from
anywhere, and nothing is meant to run. A line is text with its indentation."""

NAMES = "i j k n x y a b c total count item row key value list data text name path size left right node index word line sum max best".split()
VERBS = "read write open close find make load save sort push draw move send parse check update".split()
NOUNS = "page file table line word box list tree map node text row cell font tile".split()


class Listing:
    """one program; its draws come from rng"""
    def __init__(self, rng):
        self.rng = rng

    def pick(self, of):
        return of[int(self.rng.integers(len(of)))]

    def p(self, x):
        return self.rng.random() < x

    def name(self):
        return self.pick(NAMES)

    def call_name(self):
        return self.pick(VERBS) + (("_" + self.pick(NOUNS)) if self.p(.5) else "")

    def number(self):
        return str(int(self.rng.integers(0, self.pick((10, 100, 1000)))))

    def text(self, quote='"'):
        return quote + " ".join(self.pick(NOUNS) for _ in range(1 + self.p(.3))) + quote

    def value(self):
        k = self.rng.random()
        if k < .35: return self.name()
        if k < .6: return self.number()
        if k < .8: return f"{self.name()} {self.pick('+-*/%')} {self.pick((self.name(), self.number()))}"
        if k < .92: return f"{self.name()}[{self.pick((self.name(), self.number()))}]"
        return f"{self.call_name()}({self.name()})"

    def test(self, equal="=="):
        return f"{self.name()} {self.pick(('<', '>', '<=', '>=', '!=', equal))} {self.pick((self.name(), self.number()))}"

    def indent(self, lines, by=4):
        return [" " * by + line for line in lines]

    # ---- a body of statements in each language; depth limits nesting
    def python(self, depth=0):
        out = []
        for _ in range(1 + self.p(.5)):
            k = self.rng.random()
            if k < .4 or depth > 1: out.append(f"{self.name()} {self.pick(('=', '=', '+='))} {self.value()}")
            elif k < .55: out += [f"if {self.test()}:", *self.indent(self.python(depth + 1))]
            elif k < .7: out += [f"for {self.name()} in {self.pick(('range(' + self.number() + ')', self.name()))}:", *self.indent(self.python(depth + 1))]
            elif k < .85: out.append(f"print({self.pick((self.name(), self.text()))})")
            else: out.append(f"# {self.pick(VERBS)} the {self.pick(NOUNS)}")
        if depth == 0 and self.p(.6):
            out = [f"def {self.call_name()}({self.name()}):", *self.indent(out + [f"return {self.value()}"])]
        return out

    def c(self, depth=0):
        out = []
        for _ in range(1 + self.p(.5)):
            k, i = self.rng.random(), self.name()
            if k < .45 or depth > 1: out.append(f"{self.pick(('int ', '', ''))}{i} = {self.value()};")
            elif k < .62: out += [f"if ({self.test()}) {{", *self.indent(self.c(depth + 1)), "}"]
            elif k < .8: out += [f"for ({i} = 0; {i} < {self.number()}; {i}++)", *self.indent(self.c(3)[:1])]
            elif k < .92: out.append(f'printf("%d", {self.value()});')
            else: out.append(f"/* {self.pick(VERBS)} the {self.pick(NOUNS)} */")
        if depth == 0 and self.p(.6):
            out = [f"{self.pick(('int ', 'void ', 'char *'))}{self.call_name()}(int {self.name()}) {{", *self.indent(out), "}"]
        return out

    def rust(self, depth=0):
        out = []
        for _ in range(1 + self.p(.5)):
            k = self.rng.random()
            if k < .5 or depth > 1: out.append(f"let {self.pick(('mut ', '', ''))}{self.name()} = {self.value()};")
            elif k < .68: out += [f"if {self.test()} {{", *self.indent(self.rust(depth + 1)), "}"]
            elif k < .86: out += [f"for {self.name()} in 0..{self.number()} {{", *self.indent(self.rust(depth + 1)), "}"]
            else: out.append(f"// {self.pick(VERBS)} the {self.pick(NOUNS)}")
        if depth == 0 and self.p(.6):
            out = [f"fn {self.call_name()}({self.name()}: u32) {{", *self.indent(out), "}"]
        return out

    def bash(self, depth=0):
        out = []
        for _ in range(1 + self.p(.6)):
            k, i = self.rng.random(), self.name()
            if k < .3 or depth > 1: out.append(f"{i}={self.pick((self.number(), self.text()))}")
            elif k < .5: out.append(f"{self.pick(('cat', 'ls', 'rm', 'cp', 'sort'))} ${i} | {self.pick(('wc -l', 'sort', 'head -' + self.number(), 'uniq'))}")
            elif k < .65: out += [f"for {i} in *.{self.pick(('txt', 'log', 'png'))}; do", *self.indent(self.bash(depth + 1), 2), "done"]
            elif k < .8: out += [f"if [ ${i} -{self.pick(('lt', 'gt', 'eq'))} {self.number()} ]; then", *self.indent(self.bash(depth + 1), 2), "fi"]
            else: out.append(f'echo "${i}" {self.pick((">", ">>"))} {self.pick(NOUNS)}.txt')
        return ["#!/bin/sh", *out] if depth == 0 and self.p(.2) else out

    def sql(self):
        t, a, b = self.pick(NOUNS), self.name(), self.name()
        k = self.rng.random()
        if k < .6:
            out = [f"SELECT {self.pick(('*', a, a + ', ' + b, 'COUNT(*)'))}", f"FROM {t}"]
            if self.p(.7): out.append(f"WHERE {self.test('=')}")
            if self.p(.4): out.append(f"ORDER BY {a}")
            return out[:-1] + [out[-1] + ";"]
        if k < .8: return [f"UPDATE {t}", f"SET {a} = {self.number()}", f"WHERE {self.test('=')};"]
        return [f"INSERT INTO {t}", f"VALUES ({self.number()}, '{self.pick(NOUNS)}');"]


LANGUAGES = {"Python": Listing.python, "C": Listing.c, "Rust": Listing.rust, "Bash": Listing.bash, "SQL": Listing.sql}


def listing(rng, width, height):
    """(language, lines) of at most width characters and height lines, or None where none was found"""
    language = list(LANGUAGES)[int(rng.integers(len(LANGUAGES)))]
    for _ in range(8):
        lines, program = [], Listing(rng)
        while len(lines) < 2 or program.p(.4):
            lines += LANGUAGES[language](program)
        if len(lines) <= height and max(map(len, lines)) <= width:
            return language, lines
    return None


if __name__ == "__main__":
    import numpy as np
    rng = np.random.default_rng(1)
    for _ in range(8):
        print(*(found := listing(rng, 40, 12)) and (found[0], *found[1]), sep="\n", end="\n\n")
