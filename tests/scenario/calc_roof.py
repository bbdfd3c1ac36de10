"""calc_roof.py - one roof, several consumers, worked out a second time (rules 5.1).

Why: what consumers pay for the sun must add up to what the plant gave, to 0.01 kWh. The rules are
those of 5.1; the split, the rent and the year follow the notes of strategies/pv_shared_roof.tally.
"""

from calc import F, Clock, Sheet, allocate, dec, fen, frac, rnd
from scenarios import CHEAPER, GRID, at


def split(total, weights):
    """kWh at 0.01 by R6; None where nobody uses anything."""
    parts = allocate(int(total * 100), weights)
    return None if parts is None else [F(p, 100) for p in parts]


def by_gates(total, loads, gates):
    """The first gate is served up to its load, then the next; the rest by load."""
    parts, left = [F(0)] * len(loads), total
    for gate in sorted(set(gates)):
        mine = [load if g == gate else F(0) for load, g in zip(loads, gates)]
        served = min(left, sum(mine))
        shares = split(served, mine) or [F(0)] * len(loads)
        parts = [a + b for a, b in zip(parts, shares)]
        left -= served
    rest = split(left, loads)
    return [a + b for a, b in zip(parts, rest)] if rest else parts


def pv_shared_roof(case, schedules):
    sheet, clock, c = Sheet(), Clock(case, schedules), case["contract"]
    users, vat, feed_in = c["consumers"], frac(c["vat"]), frac(c["feed_in_price"])
    digits, year = c.get("price_digits", 4), case.get("year", {})
    done = year.get("months", 0)
    which = c.get("years_before", 0) + year.get("years", 0) + (1 if done == 0 else 0)
    gen = clock.by_period(case["series"]["gen"], 2)
    export = clock.by_period(case["series"]["export"], 2)
    own = {k: max(F(0), gen[k] - export[k]) for k in clock.present}
    loads = [clock.by_period(u["load"], 2) for u in users]
    discount = frac(c.get("discount", 0))
    for bound, ratio in c.get("discounts", []):
        if bound <= which:
            discount = frac(ratio)

    def price(key):
        if c.get("price_mode", "discount") == "fixed":
            return frac(c["fixed_price"])
        unit = rnd((clock.price(key) - frac(c.get("exclude_per_kwh", 0))) * discount, digits)
        if "floor" in c:
            unit = max(unit, frac(c["floor"]))
        if "cap" in c:
            unit = min(unit, frac(c["cap"]))
        return unit

    part, fees = [{} for _ in users], [0] * len(users)
    flags = []
    for key in clock.present:
        each = [load[key] for load in loads]
        if c.get("split_by", "load_share") == "gate_order":
            shares = by_gates(own[key], each, [u.get("gate", 1) for u in users])
        else:
            shares = split(own[key], each) or [F(0)] * len(users)
        label = clock.label(key)
        if own[key] > sum(each):
            flags.append("SELF_GT_LOAD." + label)
        for i, u in enumerate(users):
            part[i][key] = shares[i]
            if shares[i] != 0:
                fees[i] += sheet.line("SELF." + label, u["id"], "investor",
                                      fen(shares[i] * price(key)), vat, shares[i], "kWh",
                                      price(key))
        sheet.quantities["self." + label] = dec(own[key])
        if sum(shares) not in (own[key], 0):
            raise AssertionError("%s: %s of %s kWh" % (case.get("id"), sum(shares), own[key]))
    for key in clock.present:
        if own[key] != sum(p[key] for p in part):
            flags.append("UNCLAIMED." + clock.label(key))
    all_own, all_export, all_gen = sum(own.values()), sum(export.values()), sum(gen.values())
    if all_export != 0:
        sheet.line("EXPORT", "grid", "investor", fen(all_export * feed_in), vat, all_export, "kWh",
                   feed_in)
    free = 0
    for i, u in enumerate(users):
        mine = sum(part[i].values())
        if "free_quota_kwh" in u and mine > 0:
            quota = min(frac(u["free_quota_kwh"]), mine)
            average = rnd(F(fees[i], 100) / mine, digits)
            free += sheet.line("FREE_QUOTA", u["id"], "investor", -fen(quota * average), vat,
                               quota, "kWh", average)
    if "roof_fee_per_kwh" in c:
        unit = frac(c["roof_fee_per_kwh"])
        sheet.line("ROOF", "investor", "roof_owner", fen((all_own + all_export) * unit), F("0.09"),
                   all_own + all_export, "kWh", unit)
    if c.get("rent") == "by_area":
        area, unit = frac(c["roof_area"]), frac(c["rent_per_m2"])
        sheet.line("ROOF_RENT", "investor", "roof_owner", fen(area * unit), F("0.09"), area, "m2",
                   unit)
    elif c.get("rent") == "by_year":
        whole = F(c["rent_year_fen"], 100)
        sheet.amount_only("ROOF_RENT", "investor", "roof_owner",
                          fen(whole * min(done + 1, 12) / 12) - fen(whole * min(done, 12) / 12),
                          F("0.09"))
    if "platform_fee_rate" in c:
        sheet.amount_only("PLATFORM_FEE", "investor", "platform",
                          fen(F(max(0, sum(fees) + free), 100) * frac(c["platform_fee_rate"])),
                          F("0.06"))
    year_gen = frac(year.get("gen", 0)) + all_gen
    year_self = frac(year.get("self", 0)) + all_own
    year_fees = year.get("fees_fen", 0) + sum(fees)
    no_price = False
    if "min_take_ratio" in c:
        short = max(F(0), rnd(frac(c["min_take_ratio"]) * year_gen, 2) - year_self) \
            if done == 11 else F(0)
        sheet.quantities["min_take_short"] = dec(short)
        no_price = short > 0 and year_self == 0
        if short > 0 and year_self > 0:
            unit = rnd(F(year_fees, 100) / year_self, digits) - feed_in
            shares = split(short, [frac(u.get("take_share", 1)) for u in users])
            for u, kwh in zip(users, shares or [F(0)] * len(users)):
                sheet.line("MIN_TAKE", u["id"], "investor", fen(kwh * unit), vat, kwh, "kWh", unit)
    deficit = sum(max(F(0), export[k] - gen[k]) for k in clock.present)
    sheet.flags = [f for f in flags if f.startswith("SELF")] + \
        [f for f in flags if not f.startswith("SELF")]
    if deficit > 0:
        sheet.quantities["deficit"] = dec(deficit)
        sheet.flags.append("EXPORT_GT_GEN")
        if deficit > max(frac(c.get("tol_kwh", 1)), frac(c.get("tol_ratio", "0.005")) * all_gen):
            sheet.flags.append("HOLD")
    if no_price:
        sheet.flags.append("MIN_TAKE_PRICE")
    sheet.state = {"months": done + 1, "years": which - c.get("years_before", 0),
                   "gen": dec(year_gen), "self": dec(year_self), "fees_fen": year_fees}
    return sheet.expected()


SCENARIOS = {"pv_shared_roof": pv_shared_roof}


def random_roof(m):
    n, case = m.clock()
    users = []
    for i in range(m.r.randint(1, 5)):
        u = {"id": "C%d" % (i + 1), "load": m.series(n, m.r.choice([2, 60, 200]))}
        m.maybe(u, "gate", m.r.randint(1, 3), 70)
        m.maybe(u, "take_share", m.number(1, 2), 40)
        m.maybe(u, "free_quota_kwh", m.number(m.r.choice([50, 5000]), 2), 25)
        users.append(u)
    gen = m.series(n, 300)
    export = m.series(n, m.r.choice([5, 100, 400]))
    case["series"] = {"gen": gen, "export": list(gen) if m.chance(10) else export}
    c = {"vat": m.vat(), "feed_in_price": m.number(1, 4), "consumers": users,
         "split_by": m.r.choice(["load_share", "gate_order"]), "gates": [1, 2, 3]}
    if m.chance(25):
        c.update(price_mode="fixed", fixed_price=m.number(1, 4))
    else:
        c["discount"] = m.number(1.5, m.r.choice([2, 4]))
        m.maybe(c, "exclude_per_kwh", m.number(0.1, 4), 40)
        m.maybe(c, "price_digits", m.r.randint(2, 6))
        if m.chance(40):
            first = m.r.randint(1, 3)
            c["discounts"] = [[first + 2 * i, m.number(1, 4)] for i in range(m.r.randint(1, 4))]
    m.maybe(c, "floor", m.number(0.6, 4), 40)
    m.maybe(c, "cap", m.number(1.2, 4), 40)
    m.maybe(c, "roof_fee_per_kwh", m.number(0.1, 4), 40)
    if m.chance(30):
        c.update(rent="by_area", roof_area=m.number(9000, 2), rent_per_m2=m.number(5, 4))
    elif m.chance(40):
        c.update(rent="by_year", rent_year_fen=m.r.randrange(9000000))
    m.maybe(c, "platform_fee_rate", m.number(0.05, 4))
    m.maybe(c, "min_take_ratio", m.number(1, 4))
    m.maybe(c, "years_before", m.r.randint(0, 4), 30)
    m.maybe(c, "tol_kwh", m.number(50, 2), 30)
    m.maybe(c, "tol_ratio", m.number(0.2, 4), 30)
    if m.chance(80):
        case["year"] = {"months": m.r.choice([0, 3, 11, 11, 12]), "years": m.r.randint(0, 6),
                        "gen": m.number(90000, 2), "self": m.number(60000, 2),
                        "fees_fen": m.r.randrange(6000000)}
    case["contract"] = c
    return case


RANDOM = {"pv_shared_roof": random_roof}


NOON = {"period": {"start": at("2025-07-10 10:00"), "end": at("2025-07-10 14:00")},
        "interval_minutes": 60, "tou": "zj-2024-21"}
MILL = {"id": "mill", "load": ["150", "170.5", "160", "155"]}
SHOP = {"id": "shop", "load": ["40", "41.25", "39", "0"]}
COLD = {"id": "cold", "load": ["33.33", "33.33", "33.34", "30"]}


def roof(name, title, terms, users=(MILL, SHOP, COLD), export=("0", "20", "35.5", "0"), **more):
    case = dict({"schema": "sunkeeper.case/1", "id": name, "scenario": "pv_shared_roof",
                 "title": title}, **NOON)
    case["prices"] = {"versions": [{"from": at("2025-01-01 00:00"), "price": GRID}]}
    case["series"] = {"gen": ["180", "240.01", "250", "170"], "export": list(export)}
    case.update(more)
    case["contract"] = dict({"discount": "0.88", "feed_in_price": "0.4153", "vat": "0.13",
                             "consumers": list(users)}, **terms)
    return "pv_shared_roof", case


def golden():
    first = dict(SHOP, gate=1)
    return [
        roof("load_share", "按用电量拆分，三户合计等于发电减上网", {"platform_fee_rate": "0.01"}),
        roof("gate_order", "先供第一关口，再供第二关口；同一关口按用电量", {"split_by": "gate_order", "gates": [1, 2, 3]},
             (dict(MILL, gate=2), first, dict(COLD, gate=2))),
        roof("gate_rest", "自用大于全部用电：余数按用电量，提示", {"split_by": "gate_order", "gates": [1, 2, 3]},
             (dict(SHOP, gate=3), dict(COLD, gate=1))),
        roof("even", "三户相同：余下的 0.01 千瓦时按次序", {}, [dict(COLD, id="C%d" % i)
                                                  for i in (1, 2, 3)]),
        roof("nobody", "无用户用电而有自用：扣留", {}, [dict(SHOP, load=["0", "0", "0", "0"])]),
        roof("second_year", "第二合同年折扣降一档，每平方米月租，赠送电量", {
            "discounts": [[1, "0.90"], [2, "0.88"], [3, "0.86"]], "roof_area": "5200.5",
            "rent": "by_area", "rent_per_m2": "0.85", "roof_fee_per_kwh": "0.02"},
             (dict(MILL, free_quota_kwh="50"), dict(SHOP, free_quota_kwh="9999"), COLD),
             year={"months": 0, "years": 1, "gen": "0", "self": "0", "fees_fen": 0}),
        roof("year_end", "第十二个月：年保底差额按权数分摊，年租的最后十二分之一", {
            "min_take_ratio": "0.80", "rent": "by_year",
            "rent_year_fen": 10000001},
             (dict(MILL, take_share="0.5"), dict(SHOP, take_share="0.25"), dict(COLD, take_share="0.3")),
             year={"months": 11, "years": 3, "gen": "150000.50", "self": "99000.25",
                   "fees_fen": 6120033}),
        roof("thirteenth", "合同年起于月中：第十三张结算单不再计年租", {"rent": "by_year", "rent_year_fen": 10000001},
             year={"months": 12, "years": 1, "gen": "1000", "self": "900", "fees_fen": 60000}),
        roof("year_met", "第十二个月：已达保底", {"min_take_ratio": "0.50"},
             year={"months": 11, "years": 1, "gen": "1000", "self": "900", "fees_fen": 60000}),
        roof("year_dark", "全年无自用：保底无均价，扣留", {"min_take_ratio": "0.50"}, (SHOP,),
             export=("180", "240.01", "250", "170"),
             year={"months": 11, "years": 1, "gen": "1000", "self": "0", "fees_fen": 0}),
        roof("fixed_price", "固定电价；上网大于发电超出容差：扣留", {
            "price_mode": "fixed", "fixed_price": "0.55", "cap": "0.50"},
             export=("0", "270", "35.5", "0")),
        roof("new_prices", "十二点起新电价：各版本各自拆分", {"floor": "0.30"}, prices={"versions": [
            {"from": at("2025-01-01 00:00"), "price": GRID},
            {"from": at("2025-07-10 12:00"), "price": CHEAPER}]}),
    ]
