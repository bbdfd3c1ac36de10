"""calc_green.py - green power matched by hand, interval by interval (settlement rules 5.13).

Why: the golden and random cases of green_power_aggregation need numbers that no engine has made.
All energy is counted in whole hundredths of a kWh, as the rule splits it.
"""

from fractions import Fraction as F

import calc
from calc import allocate, dec, fen, frac, rnd


def cents(member, key):
    """Whole hundredths of a kWh; None where there was no reading and should be one."""
    nothing = 0 if member.get("part_month") else None
    return [nothing if v is None else int(frac(v) * 100) for v in member[key]]


def printed(values):
    """All that was read, in hundredths."""
    return int(rnd(sum((frac(v) for v in values if v is not None), F(0)), 2) * 100)


def green_power_aggregation(case, _schedules):
    sheet, c = calc.Sheet(), case["contract"]
    gen = {s["id"]: cents(s, "gen") for s in case["stations"]}
    load = {b["id"]: cents(b, "demand") for b in case["buyers"]}
    total = {s["id"]: printed(s["gen"]) for s in case["stations"]}
    got = {name: 0 for name in list(gen) + list(load)}
    for t in range(len(next(iter(gen.values())))):
        sides = ([(n, v[t]) for n, v in gen.items()], [(n, v[t]) for n, v in load.items()])
        if any(v is None for side in sides for _, v in side):
            continue
        m = min(sum(v for _, v in side) for side in sides)
        for side in sides:
            for (name, _), part in zip(side, allocate(m, [v for _, v in side])):
                got[name] += part

    def line(name, code, payer, payee, amount, price, vat):
        quantity = F(amount, 100)
        if quantity > 0:
            sheet.line(name + "." + code, payer, payee, fen(quantity * price), vat, quantity,
                       "kWh", price)

    energy, env = frac(c["energy_price"]), frac(c["env_price"])
    for name, values in gen.items():
        rest = total[name] - got[name]
        line(name, "ENERGY", "aggregator", name, got[name], energy, F("0.13"))
        line(name, "ENV", "aggregator", name, got[name], env, F("0.06"))
        line(name, "SURPLUS", "grid", name, rest, frac(c["feed_in_price"]), F("0.13"))
        sheet.quantities[name + ".matched"] = dec(F(got[name], 100))
        sheet.quantities[name + ".surplus"] = dec(F(rest, 100))
        if None in values:
            sheet.flags.append("MISSING_INTERVAL." + name)
    for buyer in case["buyers"]:
        name = buyer["id"]
        line(name, "ENERGY", name, "aggregator", got[name], energy, F("0.13"))
        line(name, "ENV", name, "aggregator", got[name], env + frac(c.get("agg_margin", 0)),
             F("0.06"))
        short = int(frac(buyer.get("contract_kwh", 0)) * 100) - got[name]
        if "shortfall_price" in c:
            line(name, "SHORTFALL", "aggregator", name, short, frac(c["shortfall_price"]),
                 F("0.06"))
        sheet.quantities[name + ".matched"] = dec(F(got[name], 100))
        if None in load[name]:
            sheet.flags.append("MISSING_INTERVAL." + name)
    return sheet.expected()


SCENARIOS = {"green_power_aggregation": green_power_aggregation}


def any_green(m):
    n = m.r.choice([1, 3, 24, 96])

    def member(name, key):
        digits = m.r.choice([2, 2, 2, 4])
        values = [m.number(m.r.choice([2, 100]), digits) for _ in range(n)]
        if m.chance(8):
            values = ["0"] * n
        if m.chance(10):
            values[m.r.randrange(n)] = None
        out = {"id": name, key: values}
        m.maybe(out, "part_month", m.chance(50), 30)
        return out

    case = {"stations": [member("P%d" % i, "gen") for i in range(m.r.randint(1, 5))],
            "buyers": [member("B%d" % i, "demand") for i in range(m.r.randint(1, 5))]}
    for buyer in case["buyers"]:
        m.maybe(buyer, "contract_kwh", m.number(m.r.choice([50, 3000]), 2))
    c = {"energy_price": m.number(0.6, 4), "env_price": m.number(0.1, 4),
         "feed_in_price": m.number(0.6, 4), "shortfall_price": m.number(0.1, 4)}
    m.maybe(c, "agg_margin", m.number(0.02, m.r.choice([4, 6])), 70)
    case["contract"] = c
    return case


RANDOM = {"green_power_aggregation": any_green}

TERMS = {"energy_price": "0.4300", "env_price": "0.0300", "agg_margin": "0.0020",
         "feed_in_price": "0.4153", "shortfall_price": "0.0100"}


def green(name, title, gens, demands, contract=None, promised=None, part=None):
    buyers = [{"id": "B%d" % (i + 1), "demand": d} for i, d in enumerate(demands)]
    for buyer, kwh in (promised or {}).items():
        buyers[buyer - 1]["contract_kwh"] = kwh
    if part is not None:
        buyers[part - 1]["part_month"] = True
    return "green_power_aggregation", {
        "schema": "sunkeeper.case/1", "id": name, "scenario": "green_power_aggregation",
        "title": title,
        "stations": [{"id": "PV%d" % (i + 1), "gen": g} for i, g in enumerate(gens)],
        "buyers": buyers, "contract": dict(TERMS, **(contract or {}))}


def golden():
    yield green("surplus_and_short", "Too much at noon, too little in the evening",
                [["100", "200", "50"], ["50", "100", "50"]], [["60", "100", "100"], ["40", "80", "60"]],
                promised={1: "260"})
    yield green("one_interval", "Monthly matching is the same rule with one interval",
                [["350"], ["200"]], [["260"], ["180"]], promised={1: "260", 2: "200"})
    yield green("dark", "No sun: nothing matched, the promise is compensated",
                [["0", "0"], ["0", "0"]], [["10", "20"], ["5", "5"]], promised={2: "10"})
    yield green("nobody_home", "No demand: all of it goes to the grid", [["10.01", "20.02"]],
                [["0", "0"]])
    yield green("ties", "One hundredth over three equal stations: to the first listed",
                [["0.01", "1"], ["0.01", "1"], ["0.01", "1"]], [["0.01", "1.00"]])
    yield green("zero_member", "A station that stands still and a buyer who left change nothing",
                [["33.33", "20"], ["0", "0"], ["66.67", "20"]], [["50", "25"], ["0", "0"]],
                promised={2: "1"})
    yield green("missing", "A missing interval on either side is not matched",
                [["10", None, "10"], ["5", "5", "5"]], [["12", "12", None], ["6", "6", "6"]])
    yield green("left_in_between", "A buyer who left has no readings any more: zero, not missing",
                [["10", "20", "10"], ["5", "5", "5"]], [["12", None, None], ["6", "6", "6"]],
                promised={1: "20"}, part=1)
    yield green("four_decimals", "Meters behind a transformer: whole hundredths are matched, the rest "
                "is surplus", [["10.1299", "20.0051"], ["5.0099", "5.0099"]],
                [["12.0075", "30.5"], ["6.1", "6.0099"]])
    yield green("promise_kept", "Matched exactly what was promised: no compensation",
                [["30", "30"]], [["20", "10"]], promised={1: "30"})
    yield green("no_margin", "Without a margin the environment price passes through",
                [["12.34", "56.78"]], [["20", "30"]], {"agg_margin": "0"})
