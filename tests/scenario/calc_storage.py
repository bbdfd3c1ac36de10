"""calc_storage.py - a storage site with several incomes, by hand (settlement rules 5.3 and 5.11).

Why: golden and random cases of storage_combination, and of charging from PV. What 5.3 says stands in
calc.py; here the month's demand responses are added and what they are paid for is taken out.
"""

from datetime import datetime, timedelta
from fractions import Fraction as F

import calc
import calc_session
import scenarios
from calc import allocate, dec, fen, frac, rnd

QUARTER = 15  # minutes: responses are measured by the quarter hour
FULL = F("1.2")  # response counted at most, unless agreed otherwise (5.5)


def tier(tiers, rate):
    """The value of the last row whose bound is reached; nothing below the first."""
    reached = [frac(value) for bound, value in tiers if frac(bound) <= rate]
    return reached[-1] if reached else F(0)


def event_lines(sheet, times, event, dr, investor_share):
    """One response: what it brings, who shares it, what leaves the price difference."""
    name = event["id"]
    start = calc.instant(event["start"])
    out = [((start + i * timedelta(minutes=QUARTER)).isoformat(), max(frac(v), 0))
           for i, v in enumerate(event["net"])]
    net = sum(map(frac, event["net"]))
    response = rnd(net - sum(map(frac, event["baseline"])), 2)
    declared = rnd(frac(event["declared_kw"]) * frac(event.get("hours", 1)), 2)
    rate = rnd(response / declared, 4) if declared != 0 else F(0)
    counted = min(max(response, 0), declared * frac(dr.get("cap_ratio", FULL)))
    effective = rnd(counted * tier(dr["tiers"], rate), 2)
    sheet.quantities.update({name + ".response": dec(response), name + ".declared": dec(declared),
                             name + ".rate": dec(rate), name + ".effective": dec(effective)})
    sums = times.by_period(out, 2)
    if effective > 0:
        price = frac(dr["price"])
        income = sheet.line(name + ".DR_INCOME", "grid", "aggregator", fen(effective * price),
                            F("0.06"), effective, "kWh", price)
        parts = allocate(income, dr["split"].values()) or [0] * len(dr["split"])
        for party, part in zip(dr["split"], parts):
            if party != "aggregator":
                sheet.amount_only(name + ".DR_SHARE", "aggregator", party, part, F("0.06"))
    if dr.get("arbitrage_also", False):
        return sums
    twice = int(min(effective, sum(sums.values(), F(0))) * 100)
    for key, part in zip(sums, allocate(twice, sums.values()) or []):
        if part:
            quantity, price = F(part, 100), times.price(key)
            worth = F(fen(quantity * price), 100)
            sheet.line(name + ".ARBITRAGE_EXCLUDE." + times.label(key), "investor", "consumer",
                       fen(worth * investor_share), F("0.13"), quantity, "kWh", price)
    return sums


def storage_combination(case, schedules):
    sheet, clock, c = calc.Sheet(), calc.Clock(case, schedules), case["contract"]
    discharge, charge = calc.storage_spread(sheet, clock, case)
    if "demand" in c:
        calc.storage_demand(sheet, case, c["demand"], frac(c["vat"]))
    if "rte_min" in c:
        calc.storage_efficiency(sheet, c, sum(discharge.values()), sum(charge.values()))
    if "lease" in c:
        base, availability, factor = calc.lease_rent(c["lease"])
        sheet.quantities.update(availability=dec(availability), rent_base_fen=base)
        sheet.line("LEASE", "consumer", "investor", fen(F(base, 100) * factor), F("0.13"),
                   frac(c["lease"]["capacity_kwh"]), "kWh", frac(c["lease"]["rate_per_kwh_month"]))
    times = calc_session.Times(case, schedules)
    shown = F(0)
    for event in case.get("events", []):
        shown += sum(event_lines(sheet, times, event, c["dr"],
                                 frac(c["investor_share"])).values(), F(0))
    if shown > sum(discharge.values()):
        sheet.flags.append("EVENTS_OVER_METER")
    return sheet.expected()


SCENARIOS = {"storage_combination": storage_combination}


# -- random cases --------------------------------------------------------------------

def any_combination(m):
    case = m.storage_arbitrage()
    case.pop("energy_digits", None)
    start = datetime.fromisoformat(case["period"]["start"][:19])
    c = case["contract"]
    if m.chance(50):
        lease = m.storage_capacity_lease()["contract"]
        c["lease"] = lease
    case["events"] = []
    for i in range(m.r.randint(0, 3)):
        n = m.r.randint(1, 8)
        at = start + timedelta(minutes=60 * m.r.randrange(15))
        top = m.r.choice([5, 400])
        case["events"].append({
            "id": "E%d" % (i + 1), "declared_kw": m.number(top * m.r.choice([0.1, 4]), 2),
            "hours": m.r.choice(["0.25", "0.5", "1", "2"]),
            "start": at.isoformat() + "+08:00",
            "net": m.series(n, top, m.r.choice([0, -50])),
            "baseline": m.series(n, top / 4, -1)})
    names = m.r.sample(["aggregator", "investor", "consumer", "bank"], m.r.randint(1, 4))
    c["dr"] = {"price": m.number(4, 4), "tiers": [["0", "0"], ["0.5", "0.8"], ["0.8", "1"]],
               "split": {name: m.number(0.9, 2) for name in names}}
    m.maybe(c["dr"], "cap_ratio", m.number(1.5, 2, 1))
    m.maybe(c["dr"], "arbitrage_also", m.chance(50))
    return case


RANDOM = {"storage_combination": any_combination}


# -- golden cases --------------------------------------------------------------------

DAY = dict(start="2025-07-16 00:00", end="2025-07-17 00:00", minutes=60, tou="zj-2024-21")
CHARGE = ["400"] * 5 + ["0"] * 19
EVENING = ["0"] * 17 + ["300", "300", "600", "300", "0", "0", "0"]
LOAD = ["900"] * 24
TERMS = {"vat": "0.13", "investor_share": "0.9"}
RENT = {"capacity_kwh": "2000", "rate_per_kwh_month": "12.5", "days_in_service": 31,
        "days_in_month": 31, "available_intervals": 2976, "total_intervals": 2976,
        "availability_tiers": [["0.98", "full"], ["0.90", "prorata"]]}
DR = {"price": "2.50", "tiers": [["0", "0"], ["0.5", "0.8"], ["0.8", "1"]], "cap_ratio": "1.2",
      "split": {"aggregator": "0.15", "investor": "0.65", "consumer": "0.20"}}
EVENT = {"id": "E1", "declared_kw": "600", "hours": "1", "baseline": ["12.5"] * 4,
         "start": scenarios.at("2025-07-16 19:00"), "net": ["150", "150", "150", "150"]}


def site(strategy, name, title, contract, charge=None, discharge=None, events=None, **series):
    fields = scenarios.span(**DAY)
    fields["series"] = {"charge": charge or CHARGE, "discharge": discharge or EVENING,
                        "grid_import": LOAD, **series}
    if events is not None:
        fields["events"] = events
    return strategy, calc_session.case_of(strategy, name, title, fields, dict(TERMS, **contract))


def golden():
    def both(name, title, contract, events=None, **more):
        return site("storage_combination", name, title, dict({"dr": DR}, **contract), events=events,
                    **more)

    demand = {"baseline": "agreed", "baseline_kw": "1400", "actual_kw": "1250", "price": "48",
              "investor_share": "0.8"}
    yield both("four_incomes", "Price differences, demand, lease and one response in one statement",
               {"demand": demand, "lease": RENT, "rte_min": "0.70", "rte_price": "0.5"}, [EVENT])
    yield both("once_only", "The response's 550 kWh leave the price difference", {}, [EVENT])
    yield both("agreed_both", "Agreed: the same kWh counts in both",
               {"dr": dict(DR, arbitrage_also=True)}, [EVENT])
    yield both("over_two_periods", "A response over a change of period: each kWh at its own price",
               {}, [dict(EVENT, start=scenarios.at("2025-07-16 22:30"),
                        net=["100", "90.5", "80", "70.01"])])
    yield both("too_little", "Less than half of what was declared: nothing paid, nothing excluded",
               {}, [dict(EVENT, declared_kw="1300")])
    yield both("capped", "More than declared counts up to 120 %", {},
               [dict(EVENT, declared_kw="400")])
    yield both("by_not_charging", "A response by charging less: nothing was discharged, so nothing "
               "is paid twice", {}, [dict(EVENT, declared_kw="100", baseline=["-50"] * 4,
                                          start=scenarios.at("2025-07-16 12:00"),
                                          net=["-20", "-20", "0", "-20"])])
    yield both("more_than_discharged", "Most of it by charging less: only what was discharged leaves",
               {}, [dict(EVENT, baseline=["-130"] * 4, net=["20", "20.5", "20", "-40"])])
    yield both("two_events", "Two responses that show more than the meter: held", {},
               [EVENT, dict(EVENT, id="E2", start=scenarios.at("2025-07-16 17:00"),
                           net=["300", "300", "300", "300"])])
    yield both("no_event", "A month without a response, lease in proportion to availability",
               {"lease": dict(RENT, available_intervals=2800, days_in_service=20)}, [])
    yield both("losing_month", "A loss is carried, the response is paid all the same",
               {}, [EVENT], charge=["900"] * 20 + ["0"] * 4)
    sun = ["0"] * 10 + ["150.5", "150.5", "150", "150"] + ["0"] * 10
    half = ["200"] * 5 + ["0"] * 5 + ["200.5", "200.5", "200", "200"] + ["0"] * 10
    for strategy in ("storage_arbitrage", "storage_combination"):
        yield site(strategy, "charged_from_pv", "Charge from PV costs the PV contract's price",
                   dict({"pv_price": "0.45"}, **({} if strategy == "storage_arbitrage" else
                                                 {"dr": DR})),
                   charge=half, charge_pv=sun)
    yield site("storage_arbitrage", "pv_more_than_charged", "The PV meter shows more than was charged",
               {"pv_price": "0.45"}, charge=half, charge_pv=["0"] * 10 + ["201", "200.5", "200",
                                                                          "200"] + ["0"] * 10)
