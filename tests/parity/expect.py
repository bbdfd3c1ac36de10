#!/usr/bin/env python3
"""expect.py - what the settlement of the small estate must give, computed with exact fractions.

Shares nothing with the engine but the formulas of the readings (town.c) and the rules' text
(settlement-rules 1, 5.1 to 5.3). Prints the lines that town_lines() shows: `expect.py july` or
`expect.py august`; `expect.py adj` the correction of one reading. Kept in expected-*.txt.
"""
import sys
from fractions import Fraction as F

PERIODS = ["sharp", "peak", "flat", "valley", "deep_valley"]
FLAT, FLOATING = F("0.6840"), F("0.4780")
RATIO = {"sharp": F("2.05"), "peak": F("1.85"), "flat": F(1), "valley": F("0.40")}


def half_away(x, digits):
    scaled = abs(x) * 10**digits
    n = scaled.numerator // scaled.denominator
    if (scaled - n) * 2 >= 1:
        n += 1
    return F(n if x >= 0 else -n, 10**digits)


PRICE = {p: half_away(FLAT + (r - 1) * FLOATING, 4) for p, r in RATIO.items()}


def period(slot):
    h = slot // 4
    if 18 <= h < 22:
        return "sharp"
    if 16 <= h < 18 or h == 22:
        return "peak"
    if h < 7 or 11 <= h < 14:
        return "valley"
    return "flat"


def gen(i, day, slot):
    if slot < 28 or slot >= 72:
        return 0
    return (slot - 27) * (72 - slot) * 50 * (1 + i % 5) + (i * 31 + day * 17 + slot * 7) % 100 * 100


def export(i, day, slot):
    g = gen(i, day, slot)
    return g + g // 4 if i == 22 else g * (i % 4) // 8


def storage(k, day, slot, discharge):
    july, valley, sharp = day < 31, slot < 28, 72 <= slot < 88
    turned = k == 1 and july
    charging, selling = (sharp, valley) if turned else (valley, sharp)
    if discharge:
        return (slot % 5 + 7) * 10000 * (4 if turned else 9) // 10 if selling else 0
    return (slot % 3 + 5) * 10000 if charging else 0


def sums(days, value):
    out = {}
    for d in days:
        for s in range(96):
            out[period(s)] = out.get(period(s), 0) + value(d, s)
    return {p: half_away(F(v, 10**4), 2) for p, v in out.items()}


def line(order, code, payer, payee, qty, price, amount, vat):
    fen = int(amount * 100)
    net = int(half_away(F(fen) / (1 + vat), 0))
    q = "- -" if qty is None else "%s %s" % (dec(qty, 4), dec(price, 6))
    return "%s %s %s %s %s %d %d %d" % (order, code, payer, payee, q, fen, net, fen - net)


def dec(x, digits):
    n = int(x * 10**digits)
    sign = "-" if n < 0 else ""
    return "%s%d.%0*d" % (sign, abs(n) // 10**digits, digits, abs(n) % 10**digits)


VAT = F("0.13")


def pv(i, days, change=None):
    order = "PV-%05d" % i

    def g_at(d, s):
        if i == 20 and 9 <= d < 12:
            return 10000  # estimated: 288 kWh over 288 slots
        if change and change[0] == (d, s):
            return change[1]
        return gen(i, d, s)

    def x_at(d, s):
        return 10000 if i == 20 and 9 <= d < 12 else export(i, d, s)

    g, x = sums(days, g_at), sums(days, x_at)
    out, total = [], F(0)
    own = {p: max(g[p] - x[p], F(0)) for p in g}
    for p in PERIODS:
        if p not in own or own[p] == 0:
            continue
        price = F("0.55") if i % 6 == 5 else half_away(PRICE[p] * F(80 + i % 10, 100), 4)
        amount = half_away(own[p] * price, 2)
        total += amount
        out.append(line(order, "SELF." + p, "consumer", "investor", own[p], price, amount, VAT))
    sent = sum(x.values())
    if sent:
        out.append(line(order, "EXPORT", "grid", "investor", sent, F("0.4153"),
                        half_away(sent * F("0.4153"), 2), VAT))
    if i % 3 == 0:
        q = sum(own.values()) + sent
        out.append(line(order, "ROOF", "investor", "consumer", q, F("0.02"),
                        half_away(q * F("0.02"), 2), F("0.09")))
    fee = half_away(max(total, F(0)) * F("0.01"), 2)
    if fee:
        out.append(line(order, "PLATFORM_FEE", "investor", "platform", None, None, fee, F("0.06")))
    return out


def feed(i, days):
    q = half_away(F(sum(gen(i, d, s) * 3 for d in days for s in range(96)), 10**4), 2)
    return [line("FI-%05d" % i, "FEED_IN", "grid", "investor", q, F("0.4153"),
                 half_away(q * F("0.4153"), 2), VAT)]


def arbitrage(k, days, owed):
    dis = sums(days, lambda d, s: storage(k, d, s, True))
    chg = sums(days, lambda d, s: storage(k, d, s, False))
    benefit = sum(half_away(q * PRICE[p], 2) for p, q in dis.items()) - sum(
        half_away(q * PRICE[p], 2) for p, q in chg.items())
    base = benefit + owed
    out = []
    if base > 0:
        out.append(line("ST-%05d" % k, "ARBITRAGE", "consumer", "investor", None, None,
                        half_away(base * F("0.7"), 2), VAT))
    return out, min(base, F(0))


def main():
    july, august = range(0, 31), range(31, 62)
    days = august if sys.argv[1] == "august" else july
    if sys.argv[1] == "adj":  # generation of PV-00001, 2026-07-10 12:00: 15 kWh more
        before = pv(1, july)
        after = pv(1, july, (((9, 48)), gen(1, 9, 48) + 150000))
        for b, a in zip(before, after):
            x, y = b.split(), a.split()
            if x != y:
                d = [int(v) - int(u) for u, v in zip(x[6:], y[6:])]
                print(x[0], "ADJ." + x[1], x[2], x[3], "- -", *d)
        return
    lines = []
    for i in range(4):
        lines += feed(i, days)
    for i in range(24):
        if i == 23 or (i == 21 and days is july):
            continue  # no such price book; a day without readings
        lines += pv(i, days)
    for k in range(2):
        first, owed = arbitrage(k, july, F(0))
        lines += first if days is july else arbitrage(k, august, owed)[0]
    print("\n".join(lines))


main()
