"""calc_heat.py - heat by the GJ with a clause for degree days, worked out a second time.

Why: see calc.py. No scenario of the rules' section 5: what is agreed stands at the head of
strategies/heat_supply.tally.
"""

from calc import F, Clock, Sheet, dec, fen, frac, rnd
from scenarios import GRID, at

PUMP = F("0.13")
SERVICE = F("0.06")


def heat_supply(case, schedules):
    sheet, clock, c = Sheet(), Clock(case, schedules), case["contract"]
    vat, price = frac(c.get("vat", "0.09")), frac(c["heat_price"])
    heat = rnd(sum(map(frac, case["series"]["heat_gj"])), 2)
    due = rnd(frac(c["normal"]["heat_gj"]) * frac(c["degree_days"]) /
              frac(c["normal"]["degree_days"]), 2)
    over = max(F(0), heat - rnd(due * (1 + frac(c.get("tolerance", "0.05"))), 2))
    saved = max(F(0), due - heat)
    sheet.quantities.update(heat_gj=dec(heat), due_gj=dec(due), over_gj=dec(over),
                            saved_gj=dec(saved))

    def line(code, amount, tax, q, unit, p):
        sheet.line(code, "consumer", "investor", amount, tax, q, unit, p)

    line("HEAT", fen((heat - over) * price), vat, heat - over, "GJ", price)
    if over > 0:
        dear = rnd(price * frac(c.get("over_factor", 1)), 4)
        line("OVER", fen(over * dear), vat, over, "GJ", dear)
    share = frac(c.get("share", 0))
    if saved > 0 and share > 0:
        line("SAVING_SHARE", fen(F(fen(saved * price), 100) * share), SERVICE, saved, "GJ", price)
    if "area_m2" in c and "area_fee" in c:
        area, fee = frac(c["area_m2"]), frac(c["area_fee"])
        line("AREA", fen(area * fee), vat, area, "m2", fee)
    if "pump" in case["series"]:
        pump = clock.by_period(case["series"]["pump"], 2)
        for key in clock.present:
            if pump[key] != 0:
                line("PUMP." + clock.label(key), fen(pump[key] * clock.price(key)), PUMP, pump[key],
                     "kWh", clock.price(key))
    if over > 0:
        sheet.flags.append("OVER_USED")
    if frac(c["degree_days"]) > 0 and heat == 0:
        sheet.flags.append("NO_HEAT")
    return sheet.expected()


SCENARIOS = {"heat_supply": heat_supply}


# -- random cases --------------------------------------------------------------------

def random_heat(m):
    n, case = m.clock()
    top = m.r.choice([0.01, 2, 90])
    case["series"] = {"heat_gj": m.series(n, top)}
    if m.chance(60):
        case["series"]["pump"] = m.series(n, m.r.choice([3, 300]))
    c = {"heat_price": m.number(90, m.r.choice([2, 4, 6])),
         "normal": {"heat_gj": m.number(top * n, 2), "degree_days": m.number(500, 1, 20)},
         "degree_days": m.number(500, m.r.choice([0, 2]))}
    m.maybe(c, "tolerance", dec(F(m.r.randrange(5001), 10000)), 60)
    m.maybe(c, "over_factor", dec(F(m.r.randrange(100, 301), 100)), 60)
    m.maybe(c, "share", dec(F(m.r.randrange(10001), 10000)), 70)
    m.maybe(c, "area_m2", m.number(9000, 2), 60)
    m.maybe(c, "area_fee", m.number(8, m.r.choice([1, 4])), 80)
    m.maybe(c, "vat", m.vat(), 40)
    case["contract"] = c
    return case


RANDOM = {"heat_supply": random_heat}


# -- chosen cases --------------------------------------------------------------------

def heat(name, title, series, pump=None, **terms):
    contract = {"heat_price": "62.5", "normal": {"heat_gj": "150", "degree_days": "420"},
                "degree_days": "399"}
    contract.update(terms)
    fields = {"schema": "sunkeeper.case/1", "id": name, "scenario": "heat_supply", "title": title,
              "period": {"start": at("2025-07-10 10:30"), "end": at("2025-07-10 12:30")},
              "interval_minutes": 30, "series": {"heat_gj": series}, "contract": contract}
    if pump:
        fields.update(tou="zj-2024-21", prices={"versions": [
            {"from": at("2025-01-01 00:00"), "price": GRID}]})
        fields["series"]["pump"] = pump
    return "heat_supply", fields


def golden():
    yield heat("saved", "应用 142.50，用 134.40：节约 8.10 分享四成，面积费，泵电", ["33.6"] * 4,
               ["10", "20", "30.25", "40"], share="0.4", area_m2="5200", area_fee="1.2")
    yield heat("over", "超过容差的部分按 1.2 倍", ["38", "38", "38", "37.5"], over_factor="1.2", share="0.4")
    yield heat("tolerated", "在容差之内：不加价，不分享", ["36", "36", "36", "41.62"], share="0.4")
    yield heat("half_gj", "0.005 吉焦进位", ["10.0025", "10.0025", "0", "0"], heat_price="0.5",
               degree_days="56.01")
    yield heat("warm", "没有度日数：用热都是超用", ["0.5", "0", "0", "0"], degree_days="0", tolerance="0.1")
    yield heat("no_heat", "有度日数而无热量：待核查", ["0"] * 4, share="0.25")
    yield heat("no_tolerance", "恰为应用热量", ["35.625"] * 4, tolerance="0", share="1")
