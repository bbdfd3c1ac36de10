#!/usr/bin/env python3
"""reeval.py - recomputes every amount of `strategy explain` from the printed text alone.

Why: an explanation that does not lead to its amount explains nothing. This reader shares no code
with the engine: it knows the rules of arithmetic (settlement rules, 1) and the form of the page,
and works in exact fractions. It never sees the strategy, the contract or the readings.

A page is a line "CODE TITLE   ARITHMETIC = AMOUNT yuan" and rows "NAME[KEYS]  = ARITHMETIC = VALUE".
Three things are checked:
  amount  the line's arithmetic gives its amount, to the fen
  row     a row's arithmetic gives its value
  name    a value printed behind a name is the value of that name's row
Taken as printed are what stands on no page: readings ("sum(gen by tou) = 100.50"), rows of tables
("lookup(tiers, 0.95) = 0.98"), choices of days. They are counted.

    sunkeeper strategy explain CASE.json | reeval.py     prints counts; 1 when anything differs
"""
import re
import sys
from fractions import Fraction as F

WORDS = {"x", "is", "and", "or", "not", "over", "by", "of", "yes", "no", "then", "else", "where",
         "if", "floor", "cap", "none", "missing", "failed"}
READ = {"any", "all", "count", "mean", "missing", "power", "latest", "highest", "middle", "lookup"}
NUMBER = re.compile(r"-?\d+(?:\.\d+)?%?")
UNIT = re.compile(r" ([A-Za-z]+\d?(?:/[A-Za-z]+\d?)?)")
NAME = re.compile(r"[^\W\d][\w.]*")
PAYS = re.compile(r"^[^\s=]+ -> [^\s=]+$")  # who pays whom, above each line
LINE = re.compile(r"(\S+)(?: (.*?))?   (.*) = (-?[\d.]+) yuan$")
PRODUCT = re.compile(r"(-?[\d.]+) \S+ x (-?[\d.]+) \S+$")
SHOWN = re.compile(r"-?[\d.]+ [^ ;]+(?: x -?[\d.]+ \S+)?; (.*)$")


class Unknown(Exception):
    """The text leads no further: a branch that was not taken, or values of single intervals."""


class Wrong(Exception):
    pass


def rounded(x, digits):
    scaled = abs(x) * 10 ** digits
    whole = (2 * scaled.numerator + scaled.denominator) // (2 * scaled.denominator)
    return F(whole if x >= 0 else -whole, 10 ** digits)


def cut(x, digits):
    scaled = abs(x) * 10 ** digits
    whole = scaled.numerator // scaled.denominator
    return F(whole if x >= 0 else -whole, 10 ** digits)


def split(total, weights, at, unit):
    """Largest remainder, ties in listed order."""
    if total == 0:
        return F(0)
    units = abs(total) / unit
    every = sum(weights)
    if every <= 0 or min(weights) < 0:
        raise Wrong("weights that cannot be split by")
    parts = [units * w / every for w in weights]
    whole = [p.numerator // p.denominator for p in parts]
    order = sorted(range(len(parts)), key=lambda i: (-(parts[i] - whole[i]), i))
    for i in order[:units.numerator - sum(whole)]:
        whole[i] += 1
    return whole[at] * unit * (1 if total > 0 else -1)


def number(text):
    return F(text[:-1]) / 100 if text.endswith("%") else F(text)


class Page:
    """One line with the rows below it."""

    def __init__(self, head, rows):
        self.head, self.rows = head, rows
        self.values = {}  # name -> values of its rows
        for left, right in rows:
            name = left.split("[")[0]
            value = re.search(r"(?:^| = )(-?[\d.]+|yes|no|none|missing)$", right)
            if value:
                self.values.setdefault(name, set()).add(value[1])
        self.names = sorted({left.split("[")[0] for left, _ in rows}, key=len, reverse=True)


class Reader:
    """Recursive descent over one arithmetic."""

    def __init__(self, text, page, count):
        self.s, self.i, self.page, self.count = text, 0, page, count

    def see(self, word):
        return self.s.startswith(word, self.i)

    def take(self, word):
        if not self.see(word):
            return False
        self.i += len(word)
        return True

    def need(self, word):
        if not self.take(word):
            raise Unknown(f"'{word}' expected at '{self.s[self.i:]}'")

    def either(self):
        x = self.both()
        while self.take(" or "):
            y = self.both()
            x = x or y
        return x

    def both(self):
        x = self.compared()
        while self.take(" and "):
            y = self.compared()
            x = x and y
        return x

    def compared(self):
        if self.take("not "):
            return not self.compared()
        x = self.sum()
        for sign, holds in ((" is not ", lambda a, b: a != b), (" is ", lambda a, b: a == b),
                            (" <= ", lambda a, b: a <= b), (" >= ", lambda a, b: a >= b),
                            (" < ", lambda a, b: a < b), (" > ", lambda a, b: a > b)):
            if self.take(sign):
                return holds(x, self.sum())
        return x

    def sum(self):
        x = self.product()
        while True:
            if self.take(" + "):
                x = x + self.product()
            elif self.take(" - "):
                x = x - self.product()
            else:
                return x

    def product(self):
        x = self.factor()
        while True:
            if self.take(" * "):
                x = x * self.factor()
            elif self.take(" / "):
                x = x / self.factor()
            elif self.take(" x "):
                x = rounded(x * self.factor(), 2)
            else:
                return x

    def factor(self):
        if self.take("("):
            x = self.either()
            self.need(")")
            return x
        got = NUMBER.match(self.s, self.i)
        if got:
            self.i = got.end()
            unit = UNIT.match(self.s, self.i)
            if unit and unit[1] not in WORDS:
                self.i = unit.end()
            return number(got[0])
        if self.take("-"):
            return -self.factor()
        for word, value in (("yes", True), ("no", False), ("none", None)):
            if re.compile(word + r"\b").match(self.s, self.i):
                self.i += len(word)
                return value
        return self.named()

    def named(self):
        for name in self.page.names:  # titles may hold brackets and blanks
            after = self.s[self.i + len(name):self.i + len(name) + 1]
            if self.see(name) and after in ("", " ", ",", ")"):
                self.i += len(name)
                return self.value(name)
        got = NAME.match(self.s, self.i)
        if not got:
            raise Unknown(f"a value expected at '{self.s[self.i:]}'")
        self.i = got.end()
        return self.call(got[0]) if self.take("(") else self.value(got[0])

    def value(self, name):
        """The value behind a name; it must be what the name's own row says."""
        got = re.compile(r" (-?\d+(?:\.\d+)?%?|yes\b|no\b|none\b|missing\b)").match(self.s, self.i)
        if not got:
            if re.compile(r"( is | and |\)|,|$)").match(self.s, self.i) and not self.page.values.get(name):
                return name  # a word: a kind, a choice
            raise Unknown(f"{name} has no value here")
        self.i = got.end()
        rows = self.page.values.get(name)
        if rows and re.match(r"-?\d", got[1]):
            if got[1].endswith("%"):
                raise Wrong(f"{name} is {got[1]} here and has a row")
            if F(got[1]) not in {F(v) for v in rows if re.match(r"-?\d", v)}:
                raise Wrong(f"{name} is {got[1]} here, its rows say {sorted(rows)}")
            self.count["name"] += 1
        return {"yes": True, "no": False, "none": None, "missing": None}.get(got[1]) \
            if got[1] in ("yes", "no", "none", "missing") else number(got[1])

    def inner(self):
        """What stands behind a call: "= 3.20", if it is not the value of the whole."""
        got = re.compile(r" = (-?\d+(?:\.\d+)?|yes\b|no\b|none\b|missing\b)").match(self.s, self.i)
        if not got:
            return None
        self.i = got.end()
        return {"yes": True, "no": False}.get(got[1], got[1]) if got[1] in ("yes", "no") \
            else F(got[1]) if re.match(r"-?\d", got[1]) else None

    def skip(self):
        """To the bracket that closes a call; gives its text."""
        depth, start = 1, self.i
        while depth > 0:
            if self.i >= len(self.s):
                raise Unknown("an open bracket")
            depth += {"(": 1, ")": -1}.get(self.s[self.i], 0)
            self.i += 1
        return self.s[start:self.i - 1]

    def call(self, fn):
        start = self.i
        if fn in ("max", "min"):
            text = self.skip()
            if re.search(r" (over|by) ", text) or ", " not in text:
                return self.as_printed()
            self.i = start
        if fn in READ:
            self.skip()
            return self.as_printed()
        if fn == "sum":
            return self.added(self.skip())
        if fn == "allocate":
            return self.part()
        args = [self.either()]
        while self.take(", "):
            for word in ("floor ", "cap "):
                self.take(word)
            args.append(self.either())
        self.need(")")
        return self.same(self.answer(fn, args))

    def answer(self, fn, args):
        if fn == "round":
            return rounded(args[0], int(args[1]))
        if fn == "round_down":
            return cut(args[0], int(args[1]))
        if fn == "pos":
            return max(args[0], F(0))
        if fn == "abs":
            return abs(args[0])
        if fn in ("min", "max"):
            return min(args) if fn == "min" else max(args)
        if fn == "clamp":
            x = args[0] if args[1] is None else max(args[0], args[1])
            return x if args[2] is None else min(x, args[2])
        if fn == "power_factor":
            p, q = args  # to two decimals, nearest
            best = [k for k in range(101) if (F(2 * k - 1, 200) ** 2 * (p * p + q * q) <= p * p or k == 0)]
            return F(best[-1], 100)
        raise Unknown(f"{fn}() is not known")

    def same(self, x):
        before = self.i
        said = self.inner()
        if said is None:
            return x
        if said != x:
            if self.i == len(self.s):  # that was the value of the whole row
                self.i = before
                return x
            raise Wrong(f"'{self.s[:before]}' is {float(x)}, printed {float(said)}")
        return x

    def as_printed(self):
        x = self.inner()
        if x is None:
            raise Unknown("no value is printed")
        self.count["reading"] += 1
        return x

    def added(self, text):
        colon = re.search(r": (-?[\d.]+(?: \+ -?[\d.]+)+)$", text)
        x = self.as_printed()
        if colon:
            self.count["reading"] -= 1
            self.count["sum"] += 1
            terms = sum(F(v) for v in colon[1].split(" + "))
            if terms != x:
                raise Wrong(f"{colon[1]} is {float(terms)}, printed {float(x)}")
        return x

    def part(self):
        total = self.either()
        self.need(", ")
        mine = self.either()
        rest = self.skip()
        got = re.search(r": (\S+) of (.*)$", rest)
        if not got:
            return self.as_printed()
        names, weights = zip(*(w.rsplit(" ", 1) for w in got[2].split(", ")))
        weights = [F(w) for w in weights]
        at = names.index(got[1])
        if weights[at] != mine:
            raise Wrong(f"the weight of {got[1]} is {mine} and {weights[at]}")
        said = re.compile(r" = (-?[\d.]+)").match(self.s, self.i)
        parts = [split(total, weights, at, F(1, 10 ** d)) for d in (2, 4, 0, 3) if
                 (total * 10 ** d).denominator == 1]  # fen and 0.01 kWh; finer meters; pieces
        if not parts:
            raise Wrong(f"{total} has more decimals than a split")
        return self.same(F(said[1]) if said and F(said[1]) in parts else parts[0])


def evaluate(text, page, count):
    """The value of an arithmetic, and what is printed as its value (None: nothing)."""
    r = Reader(text, page, count)
    try:
        x = r.either()
    except TypeError:
        raise Unknown("a word or nothing where a number is needed")
    said = re.compile(r" = (-?[\d.]+|yes|no)$").match(r.s, r.i)
    if said:
        r.i = said.end()
    if r.i != len(r.s):
        raise Unknown(f"left over: '{r.s[r.i:]}'")
    return x, said[1] if said else None


def check_row(left, right, page, count):
    if right == "not billed: its condition does not hold = 0.00":
        return F(0)
    x, said = evaluate(right, page, count)
    if said is None:
        return x
    value = {"yes": True, "no": False}[said] if said in ("yes", "no") else F(said)
    if x != value:
        raise Wrong(f"{left} = {right}: it is {x if isinstance(x, bool) else float(x)}")
    return value


def check_line(page, count):
    _, _, text, amount = LINE.match(page.head).groups()
    product = PRODUCT.match(text)
    if product:
        x = rounded(F(product[1]) * F(product[2]), 2)
        for left, right in page.rows:
            if left in ("quantity", "price"):
                shown = F(product[1] if left == "quantity" else product[2])
                if check_row(left, right, page, count) != shown:
                    raise Wrong(f"{left} is not that of the line")
    else:
        shown = SHOWN.match(text)
        x, _ = evaluate(shown[1] if shown else text, page, count)
    if x != F(amount):
        raise Wrong(f"it is {float(x)}")


def pages(lines):
    head, rows = None, []
    for line in lines:
        line = line.rstrip("\n")
        if line.startswith("  ") and head:
            left, right = line.strip().split(" = ", 1) if " = " in line else line.strip().split("= ", 1)
            rows.append((left.strip(), right.strip()))
        elif LINE.match(line):
            if head:
                yield Page(head, rows)
            head, rows = line, []
        elif line and not line.startswith("#") and not PAYS.match(line):
            raise SystemExit(f"reeval: no line of an explanation: {line}")
    if head:
        yield Page(head, rows)


def main():
    count = dict.fromkeys(("amount", "row", "name", "sum", "reading", "open", "wrong"), 0)
    seen = set()
    for page in pages(sys.stdin):
        try:
            check_line(page, count)
            count["amount"] += 1
        except (Wrong, Unknown) as e:
            print(f"{page.head}\n    {e}")
            count["wrong"] += 1
        for left, right in page.rows:
            try:
                check_row(left, right, page, count)
                count["row"] += 1
            except Unknown as e:
                if re.search(r" = -?\d[\d.]*$", right):
                    print(f"{page.head}\n    {left} = {right}: {e}")
                    count["wrong"] += 1
                    continue
                count["open"] += 1  # a value for each interval, or which days count
                shape = re.sub(r"\[.*?\]", "", left) + " = " + re.sub(r"-?\d+(\.\d+)?", "N", right)
                if "-v" in sys.argv and shape not in seen:
                    seen.add(shape)
                    print(f"open: {left} = {right}: {e}")
            except Wrong as e:
                print(f"{page.head}\n    {left}: {e}")
                count["wrong"] += 1
    print("# " + ", ".join(f"{k} {v}" for k, v in count.items()))
    return 1 if count["wrong"] else 0


sys.exit(main())
