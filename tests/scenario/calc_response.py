"""calc_response.py - demand response in the second calculator: virtual power plants and storage.

Why: baselines have the most rules that nobody notices (which days count, which day ranks higher,
what missing data do), so they are worked out here from the text of the rules (5.5, 5.11, 9.1) with
exact fractions and lists, without axes, shapes or plans.
"""

from datetime import date, datetime, timedelta
from fractions import Fraction as F

from calc import Sheet, allocate, dec, fen, frac, rnd

TIERS = [["0", "0"], ["0.5", "0.8"], ["0.8", "1"]]


def given(body, name, default):
    value = body.get(name)
    return default if value is None else value


# -- one resource --------------------------------------------------------------------

def whole(values):
    return values is not None and None not in values


def eligible_days(user, adjusting):
    kind = given(user, "day_type", "work")
    out = []
    for day in user["history"]:
        if given(day, "event", False) or given(day, "type", "work") != kind:
            continue
        if not whole(day["load"]) or (adjusting and None in given(day, "pre", [])):
            continue
        out.append(day)
    return out


def chosen_days(user, rule, adjusting):
    """Of the last `pool` eligible days in date order, those that make the baseline."""
    pool = int(given(rule, "pool", given(rule, "n", 5)))
    days = eligible_days(user, adjusting)[-pool:]
    if rule["method"] == "avg_n":
        return days[-int(given(rule, "n", 5)):]
    places = sorted(range(len(days)), key=lambda i: (sum(map(frac, days[i]["load"])), i),
                    reverse=True)
    x = int(rule["x"])
    skip = max(0, len(days) - x) // 2 if rule["method"] == "mid_x_of_y" else 0
    return [days[i] for i in places[skip:skip + x]]


def means(lists):
    return [rnd(sum(map(frac, at), F(0)) / len(lists), 4) for at in zip(*lists)]


def adjusting_factor(user, days, most):
    actual = user.get("pre_actual")
    if not whole(actual) or not all("pre" in d for d in days):
        return F(1)
    usual = sum(means([d["pre"] for d in days]), F(0))
    if usual == 0:
        return F(1)
    factor = rnd(sum(map(frac, actual), F(0)) / usual, 4)
    return min(max(factor, 1 - most), 1 + most)


def tier_of(tiers, rate):
    factor = F(0)
    for bound, value in tiers:
        if frac(bound) <= rate:
            factor = frac(value)
    return factor


def effective_energy(c, response, declared):
    """E and the rate (5.5)."""
    rate = rnd(response / declared, 4) if declared else F(0)
    capped = min(response, declared * frac(given(c, "cap_ratio", "1.2")))
    return rnd(max(F(0), capped) * tier_of(given(c, "tiers", TIERS), rate), 2), rate


def settle_user(sheet, case, user, hours):
    """Its effective energy and the energy it owes."""
    c, name = case["contract"], user["id"]
    rule = c["baseline"]
    most = rule.get("same_day_adjust")
    declared = rnd(frac(user["declared_kw"]) * hours, 2)
    days = chosen_days(user, rule, most is not None)
    if not days:
        sheet.flags.append("NO_BASELINE." + name)
        return F(0), F(0)
    if not whole(user.get("actual")):
        sheet.flags.append("MISSING_EVENT_DATA." + name)
        return F(0), declared
    line = means([d["load"] for d in days])
    if most is not None:
        factor = adjusting_factor(user, days, frac(most))
        sheet.quantities[name + ".adjust_ratio"] = dec(factor)
        line = [rnd(v * factor, 4) for v in line]
    sign = 1 if case["event"]["kind"] == "shave" else -1
    changes = [sign * (b - frac(a)) for b, a in zip(line, user["actual"])]
    if given(c, "interval_clamp", False):
        changes = [max(F(0), v) for v in changes]
    response = rnd(sum(changes), 2)
    energy, rate = effective_energy(c, response, declared)
    sheet.quantities[name + ".baseline"] = [dec(v) for v in line]
    sheet.quantities[name + ".response"] = dec(response)
    sheet.quantities[name + ".rate"] = dec(rate)
    sheet.quantities[name + ".effective"] = dec(energy)
    owes = max(F(0), declared - response) if rate < frac(given(c, "compliance_min", "0.8")) else F(0)
    return energy, owes


# -- all of them ---------------------------------------------------------------------

def put_penalty(sheet, case, owing):
    penalty = given(case["first_settlement"], "penalty_fen", 0)
    passed = fen(F(penalty, 100) * frac(given(case["contract"], "penalty_pass_through", "1")))
    parts = allocate(passed, owing)
    for user, part in zip(case["users"], parts or []):
        sheet.amount_only("PENALTY", user["id"], "operator", part, None)
    sheet.amount_only("PENALTY", "operator", "market", penalty, None)


def vpp_second_settlement(case, _schedules):
    sheet, c = Sheet(), case["contract"]
    hours = F(case["event"]["intervals"] * case["interval_minutes"], 60)
    income = given(case["first_settlement"], "income_fen", 0)
    energies, owing = [], []
    for user in case["users"]:
        energy, owes = settle_user(sheet, case, user, hours)
        energies.append(energy)
        owing.append(owes)
    if given(c, "share_mode", "pool") == "pool":
        nobody = not any(energies)
        keeps = income if nobody else fen(F(income, 100) * frac(c["operator_share"]))
        sheet.amount_only("OPERATOR", "market", "operator", keeps, F("0.06"))
        for user, part in zip(case["users"], allocate(income - keeps, energies) or []):
            sheet.amount_only("SHARE", "operator", user["id"], part, None)
        if nobody:
            sheet.flags.append("NO_EFFECTIVE_RESPONSE")
    else:
        price, paid = frac(c["user_price"]), 0
        for user, energy in zip(case["users"], energies):
            if energy > 0:
                paid += sheet.line("SHARE", "operator", user["id"], fen(energy * price), None,
                                   energy, "kWh", price)
        sheet.amount_only("OPERATOR", "market", "operator", income - paid, F("0.06"))
        if paid > income:
            sheet.flags.append("OPERATOR_LOSS")
    put_penalty(sheet, case, owing)
    return sheet.expected()


def dr_storage(case, _schedules):
    sheet, c, event = Sheet(), case["contract"], case["event"]
    out, into = (sum(map(frac, event[k]), F(0)) for k in ("discharge", "charge"))
    response = rnd(out - into - sum(map(frac, event["baseline"]), F(0)), 2)
    hours = F(len(event["discharge"]) * case["interval_minutes"], 60)
    declared = rnd(frac(c["declared_kw"]) * hours, 2)
    energy, rate = effective_energy(c, response, declared)
    price = frac(c["dr_price"])
    income = fen(energy * price)
    sheet.quantities.update(response=dec(response), declared=dec(declared), rate=dec(rate),
                            effective=dec(energy), income_fen=income)
    if income != 0:
        sheet.line("DR_INCOME", "grid", "aggregator", income, F("0.06"), energy, "kWh", price)
        parts = allocate(income, list(c["split"].values()))
        for party, part in zip(c["split"], parts):
            if party != "aggregator":
                sheet.amount_only("DR_SHARE", "aggregator", party, part, F("0.06"))
    if given(c, "arbitrage_also", True) is False:
        taken, at = min(energy, rnd(out, 2)), frac(c["event_period_price"])
        value = F(fen(taken * at), 100)
        sheet.line("ARBITRAGE_EXCLUDE", "investor", "consumer",
                   fen(frac(c["investor_share"]) * value), F("0.13"), taken, "kWh", at)
    return sheet.expected()


SCENARIOS = {"vpp_second_settlement": vpp_second_settlement, "dr_storage": dr_storage}


# -- random cases --------------------------------------------------------------------

def random_event(m):
    minutes = m.r.choice([15, 15, 15, 30, 60])
    n = m.r.randint(1, 8)
    start = datetime(2025, 7, 16, 14) + timedelta(minutes=minutes * m.r.randrange(8))
    return n, minutes, start.isoformat() + "+08:00"


def random_contract(m):
    c = {}
    if m.chance(70):
        bounds = sorted(m.r.choice(["-0.2", "0", "0.3", "0.5", "0.6", "0.8", "0.95", "1"])
                        for _ in range(m.r.randint(1, 4)))
        if m.chance(15):
            m.r.shuffle(bounds)
        c["tiers"] = [[b, m.number(1.2, 2)] for b in bounds]
    m.maybe(c, "cap_ratio", m.number(2, 2, 0.5))
    return c


def holes(m, values, percent):
    if m.chance(percent):
        values[m.r.randrange(len(values))] = None
    return values


def random_day(m, day, n, before, level, digits):
    low = level * 8 // 10
    out = {"day": day.isoformat(), "type": "work" if day.weekday() < 5 else "rest"}
    if m.chance(8):
        out["type"] = m.r.choice(["work", "rest", "holiday"])
    m.maybe(out, "event", m.chance(70), 12)
    out["load"] = holes(m, [m.number(level, digits, low) for _ in range(n)], 6)
    if before:
        out["pre"] = holes(m, [m.number(level, digits, low) for _ in range(before)], 6)
        out["pre"] = ["0"] * before if m.chance(3) else out["pre"]
    return out


def random_user(m, number, n, before):
    level = m.r.choice([5, 50, 260])
    digits = m.r.choice([0, 1, 2, 4])
    user = {"id": "U%d" % number, "declared_kw": m.number(level * 2, m.r.choice([0, 2]))}
    m.maybe(user, "day_type", m.r.choice(["work", "rest", "holiday"]), 12)
    user["actual"] = holes(m, [m.number(level, digits) for _ in range(n)], 6)
    if before and m.chance(85):
        user["pre_actual"] = holes(m, [m.number(level, digits) for _ in range(before)], 8)
    first = date(2025, 7, 15) - timedelta(days=m.r.choice([0, 1, 3, 9, 14, 25]))
    days = [first + timedelta(days=i) for i in range((date(2025, 7, 16) - first).days)]
    days = [d for d in days if m.chance(90)]
    user["history"] = [random_day(m, d, n, before, level, digits) for d in days]
    if len(days) > 2 and m.chance(30):  # equal days: the later one ranks higher
        same = m.r.sample(range(len(days)), 2)
        user["history"][same[0]]["load"] = list(user["history"][same[1]]["load"])
    if m.chance(4):
        user["actual"] = ["0"] * n
    return user


def random_vpp(m):
    n, minutes, start = random_event(m)
    before = m.r.choice([0, 2, 4, 8])
    c = random_contract(m)
    rule = {"method": m.r.choice(["avg_n", "avg_n", "high_x_of_y", "mid_x_of_y"])}
    if rule["method"] == "avg_n":
        rule["n"] = m.r.randint(1, 10)
        m.maybe(rule, "pool", m.r.randint(1, 12), 15)
    else:
        rule.update(x=m.r.randint(1, 6), pool=m.r.randint(1, 12))
    m.maybe(rule, "same_day_adjust", m.number(0.5, 2))
    c["baseline"] = rule
    m.maybe(c, "interval_clamp", m.chance(70), 40)
    m.maybe(c, "compliance_min", m.number(1, 2))
    m.maybe(c, "penalty_pass_through", m.number(1, 2))
    if m.chance(50):
        c.update(share_mode="price", user_price=m.number(5, m.r.choice([2, 4])))
    else:
        c["operator_share"] = m.number(0.99, m.r.choice([1, 2, 4]))
        m.maybe(c, "share_mode", "pool", 80)
    first = {"income_fen": m.r.choice([0, 1, 150001, m.r.randint(0, 400000)]),
             "penalty_fen": m.r.choice([0, 1, 3000, m.r.randint(0, 9999)])}
    users = [random_user(m, i + 1, n, before) for i in range(m.r.randint(1, 5))]
    return {"interval_minutes": minutes, "first_settlement": first, "contract": c, "users": users,
            "event": {"kind": m.r.choice(["shave", "fill"]), "start": start, "intervals": n}}


def random_dr(m):
    n, minutes, start = random_event(m)
    digits = m.r.choice([0, 1, 2, 4])
    top = m.r.choice([20, 250])
    event = {"start": start}
    for name, percent in (("discharge", 95), ("charge", 20), ("baseline", 70)):
        event[name] = [m.number(top, digits) if m.chance(percent) else "0" for _ in range(n)]
    c = random_contract(m)
    c.update(declared_kw=m.number(top * 4, 2), dr_price=m.number(4, m.r.choice([2, 4])))
    names = ["aggregator", "investor", "consumer", "owner"][:m.r.randint(1, 4)]
    m.r.shuffle(names)
    c["split"] = {name: m.r.choice(["0.1", "0.15", "0.25", "0.333", "0.65", "1"]) for name in names}
    if m.chance(50):
        c.update(arbitrage_also=False, investor_share=m.number(0.99, m.r.choice([2, 4])),
                 event_period_price=m.number(2, 4, -0.1))
    else:
        m.maybe(c, "arbitrage_also", True)
    return {"interval_minutes": minutes, "event": event, "contract": c}


RANDOM = {"vpp_second_settlement": random_vpp, "dr_storage": random_dr}


# -- chosen cases --------------------------------------------------------------------

def flat(day, kwh, n=4, **more):
    return dict({"day": "2025-07-%02d" % day, "type": "work", "load": [kwh] * n}, **more)


def week(*kwh):
    return [flat(day, v) for day, v in zip((9, 10, 11, 14, 15), kwh)]


def event_case(name, title, users, contract=None, income=150001, penalty=3000, event=None,
               minutes=15):
    c = {"baseline": {"method": "avg_n", "n": 5}, "tiers": TIERS, "cap_ratio": "1.2",
         "compliance_min": "0.8", "share_mode": "pool", "operator_share": "0.20",
         "penalty_pass_through": "1"}
    c.update(contract or {})
    return {"schema": "sunkeeper.case/1", "id": name, "scenario": "vpp_second_settlement",
            "title": title, "interval_minutes": minutes,
            "event": dict({"kind": "shave", "start": "2025-07-16T14:00:00+08:00", "intervals": 4},
                          **(event or {})),
            "first_settlement": {"income_fen": income, "penalty_fen": penalty},
            "contract": c, "users": users}


def user(name, kw, actual, history, **more):
    return dict({"id": name, "declared_kw": kw, "actual": actual, "history": history}, **more)


def baseline_cases():
    """Which days count, and how they rank."""
    steps = week("90", "120", "100", "120", "110")
    for day, first in zip(steps, ("11", "12", "13", "14", "15")):
        day["load"] = [first] + day["load"][1:]
    steps[1]["load"], steps[3]["load"] = ["130", "110", "120", "120"], ["110", "130", "120", "120"]
    mixed = [flat(6, "999", type="rest"), flat(8, "70"), flat(9, "90", event=True),
             flat(10, "100"), flat(11, "110", load=["110", None, "110", "110"]), flat(14, "120")]
    yield event_case("high_ties", "Two days of one energy: the later one ranks higher",
                     [user("U1", "100", ["80"] * 4, steps)],
                     {"baseline": {"method": "high_x_of_y", "x": 1, "pool": 5}})
    yield event_case("mid_of_five", "The middle three of five days, ties included",
                     [user("U1", "100", ["80"] * 4, steps)],
                     {"baseline": {"method": "mid_x_of_y", "x": 3, "pool": 5}})
    yield event_case("mid_even", "Two of five in the middle: one more is left out below than above",
                     [user("U1", "100", ["80"] * 4, steps)],
                     {"baseline": {"method": "mid_x_of_y", "x": 2, "pool": 5}})
    yield event_case("days_left_out", "Rest day, event day and a day with a gap do not count",
                     [user("U1", "100", ["80"] * 4, mixed),
                      user("U2", "100", ["800"] * 4, mixed, day_type="rest")])
    yield event_case("fewer_days", "Fewer eligible days than asked: those there are",
                     [user("U1", "40", ["80"] * 4, week("100", "101", "102", "103", "104")[3:])],
                     {"baseline": {"method": "high_x_of_y", "x": 4, "pool": 10}})
    long = [flat(day, kwh) for day, kwh in zip((2, 3, 4, 7, 8, 9, 10), ("300", "200", "90", "101",
                                                                        "104", "100", "102"))]
    yield event_case("last_of_more", "The last two days, though older ones are higher",
                     [user("U1", "100", ["80"] * 4, long)],
                     {"baseline": {"method": "avg_n", "n": 2, "pool": 4}})
    yield event_case("high_of_last", "The highest two of the last four days, not of all",
                     [user("U1", "100", ["80"] * 4, long)],
                     {"baseline": {"method": "high_x_of_y", "x": 2, "pool": 4}})
    warm = [dict(day, pre=["50", "50"]) for day in week("100", "100", "101", "102", "103")]
    warm[0]["pre"] = ["50", None]
    users = [user("U1", "100", ["90"] * 4, warm, pre_actual=["60", "65"]),
             user("U2", "100", ["90"] * 4, warm, pre_actual=["51", "52.5"]),
             user("U3", "100", ["90"] * 4, warm, pre_actual=["50", None]),
             user("U4", "100", ["90"] * 4, [dict(d, pre=["0", "0"]) for d in warm],
                  pre_actual=["10", "10"])]
    yield event_case("same_day", "The day itself: clamped, free, without readings, over nothing",
                     users, {"baseline": {"method": "avg_n", "n": 5, "same_day_adjust": "0.2"}})


def sharing_cases():
    """Who is paid, and who pays."""
    hundred = week(*["100"] * 5)
    some = [user("U1", "100", ["75"] * 4, hundred), user("U2", "100", ["80.02"] * 4, hundred),
            user("U3", "100", ["100"] * 4, hundred)]
    yield event_case("tier_bounds", "Rates on and just below a bound; a cap that bites",
                     [user("U1", "100", ["80"] * 4, hundred),
                      user("U2", "100", ["80.0025"] * 4, hundred),
                      user("U3", "100", ["87.5"] * 4, hundred),
                      user("U4", "100", ["87.51"] * 4, hundred),
                      user("U5", "50", ["80"] * 4, hundred), user("U6", "0", ["80"] * 4, hundred)])
    yield event_case("no_baseline", "No day at all, and no data on the day",
                     [user("U1", "100", ["75"] * 4, []),
                      user("U2", "50", ["75", None, "75", "75"], hundred), some[2]])
    yield event_case("nobody", "Nobody effective: the operator keeps all and the market's penalty",
                     [some[2], user("U4", "50", ["110"] * 4, hundred)])
    yield event_case("nobody_short", "Weights all zero: only the operator pays",
                     [user("U1", "0", ["100"] * 4, hundred)], income=0)
    yield event_case("fill", "Filling a valley, each interval clamped, part of the penalty passed on",
                     [user("U1", "100", ["125", "125", "90", "130"], hundred),
                      user("U2", "100", ["105", "95", "104", "100"], hundred)],
                     {"interval_clamp": True, "penalty_pass_through": "0.5"}, penalty=3001,
                     event={"kind": "fill"})


def price_cases():
    hundred = week(*["100"] * 5)
    price = {"share_mode": "price", "user_price": "2.5"}
    paid = [user("U1", "100", ["75"] * 4, hundred), user("U2", "100", ["85"] * 4, hundred)]
    yield event_case("plain", "An agreed price, the rest is the operator's", paid, price)
    yield event_case("loss", "Payments beyond the income: the operator bears it", paid, price,
                     income=30000)
    yield event_case("even", "Payments equal to the income: no line, no loss", paid, price,
                     income=37000, penalty=0)
    yield event_case("unpaid", "Who has no effective energy has no line",
                     [user("U4", "100", ["99"] * 4, hundred), paid[0],
                      user("U3", "100", ["120"] * 4, hundred)], price)
    yield event_case("half_fen", "Half a fen away from zero; tiers out of order: the last one counts",
                     [user("U1", "10", ["97.4875"] * 4, hundred)],
                     dict(price, user_price="0.5", tiers=[["0.8", "1"], ["0.5", "0.9"]]))
    yield event_case("no_tier", "A rate below the first row of the table earns nothing",
                     [user("U1", "100", ["96"] * 4, hundred)],
                     dict(price, tiers=[["0.5", "0.8"]], compliance_min="0.1"))
    yield event_case("half_hours", "Half-hour intervals, no data for one, no baseline for another",
                     [user("U1", "100", ["75", "70.5"], [flat(15, "100", 2)]),
                      user("U2", "100", [None, "70"], [flat(15, "100", 2)]),
                      user("U3", "100", ["70", "70"], [flat(15, "100", 2, event=True)])],
                     price, event={"intervals": 2}, minutes=30)
    yield event_case("defaults", "What the agreement leaves open: cap, compliance, tiers",
                     [user("U1", "60", ["80"] * 4, hundred), paid[1]],
                     {"share_mode": "price", "user_price": "1.2345", "tiers": None,
                      "cap_ratio": None, "compliance_min": None, "penalty_pass_through": None})


def dr_case(name, title, contract=None, **event):
    c = {"declared_kw": "800", "tiers": TIERS, "cap_ratio": "1.2", "dr_price": "2.50",
         "split": {"aggregator": "0.15", "investor": "0.65", "consumer": "0.20"},
         "arbitrage_also": True}
    c.update(contract or {})
    return {"schema": "sunkeeper.case/1", "id": name, "scenario": "dr_storage", "title": title,
            "interval_minutes": 15,
            "event": dict({"start": "2025-07-16T19:00:00+08:00",
                           "discharge": ["240", "240", "238", "236"], "charge": ["0"] * 4,
                           "baseline": ["50"] * 4}, **event),
            "contract": c}


def dr_cases():
    back = {"arbitrage_also": False, "investor_share": "0.9", "event_period_price": "1.1524"}
    yield dr_case("plain", "A response of 754 kWh, shared by three")
    yield dr_case("excluded", "The same kWh are not paid twice: the investor gives back its share",
                  back)
    yield dr_case("excluded_capped", "No more is given back than was discharged",
                  dict(back, declared_kw="2000"), baseline=["-250"] * 4)
    yield dr_case("below_tiers", "Below half of what was declared: nothing is paid, 0 kWh given back",
                  dict(back, declared_kw="2000"))
    yield dr_case("middle_tier", "The middle tier, a split that leaves an odd fen",
                  {"declared_kw": "1200", "dr_price": "2.51",
                   "split": {"consumer": "0.333", "aggregator": "0.333", "investor": "0.333"}})
    yield dr_case("cap", "A response beyond 120 % of what was declared", {"declared_kw": "500"})
    yield dr_case("charging", "Charging in the event: a negative response",
                  charge=["300", "300", "200", "200"], discharge=["0"] * 4)
    yield dr_case("nothing_declared", "Nothing declared: the rate is 0", {"declared_kw": "0"})
    yield dr_case("negative_price", "Given back at a negative price of the period",
                  dict(back, event_period_price="-0.05"))
    yield dr_case("no_aggregator", "All of the income goes on: no part stays with the aggregator",
                  {"split": {"investor": "0.8", "consumer": "0.2"}, "arbitrage_also": None})


def golden():
    for case in list(baseline_cases()) + list(sharing_cases()):
        yield "vpp_pool", case
    for case in price_cases():
        yield "vpp_price", case
    for case in dr_cases():
        yield "dr_storage", case
