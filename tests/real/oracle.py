#!/usr/bin/env python3
"""oracle.py - the measured stations and the steel works, settled a second time.

Why: a demo on measured data proves nothing if only the program itself says what is right.
This reads the publishers' files, the calendars and the price books with code of its own,
follows their documented faults (own consumption at night, with and without its sign; labels
at the end of an interval in Korean time), and settles with calc.py, in exact fractions.

Use:  oracle.py DIR                   its own lines of every month
      oracle.py DIR PROGRAM STORE     compares them with the statements in a store
"""

import csv
import gzip
import json
import os
import subprocess
import sys
from datetime import date, datetime, timedelta
from fractions import Fraction as F

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
sys.path.insert(0, os.path.join(ROOT, "tests", "scenario"))
sys.dont_write_bytecode = True

import calc

UNIT = 10000  # a reading counts 0.0001 kWh
QUARTER = timedelta(minutes=15)
IDLE_MW = F("0.4")  # site 2: what it draws at night without a sign; more is a failed sensor


# -- the publishers' files -----------------------------------------------------------

def rows_of(path):
    opener = gzip.open if path.endswith(".gz") else open
    with opener(path, "rt", encoding="utf-8", newline="") as f:
        yield from csv.DictReader(f)


def kwh_e4(mw, scale=F(1)):
    """Mean power of a quarter hour in MW as energy in 0.0001 kWh, half away from zero."""
    return calc.half_away(F(mw) * 1000 / 4 * scale * UNIT)


def station(path, kind, scale=F(1)):
    """{start: generation} and {start: own use}; kind says how the night is published."""
    generation, own_use = {}, {}
    for row in rows_of(path):
        at = datetime.fromisoformat(row["time_local"])
        energy, drawn = kwh_e4(row["power_MW"], scale), 0
        if kind == "unsigned_night" and F(row["total_irradiance_W_per_m2"]) == 0 \
                and F(row["power_MW"]) <= IDLE_MW:
            energy, drawn = 0, energy
        elif kind == "negative_night" and energy < 0:
            energy, drawn = 0, -energy
        if energy < 0 or at in generation:
            raise SystemExit("%s: %s is not a reading of this kind" % (path, row))
        generation[at], own_use[at] = energy, drawn
    return generation, own_use


def works(path):
    """{start: (import, lagging, leading)} in China time: the label is the end, in UTC+9."""
    out = {}
    for row in rows_of(path):
        at = datetime.fromisoformat(row["interval_end_local"]) - timedelta(hours=1) - QUARTER
        out[at] = tuple(int(F(row[name]) * UNIT) for name in
                        ("active_energy_kWh", "reactive_lagging_kvarh", "reactive_leading_kvarh"))
    return out


# -- calendar and prices -------------------------------------------------------------

def load(*path):
    with open(os.path.join(ROOT, "data", *path), encoding="utf-8") as f:
        return json.load(f)


def holiday_dates(years):
    """{name of the holiday: its days}"""
    out = {}
    for year in years:
        for h in load("holidays", "cn-%d.json" % year)["holidays"]:
            day, last = date.fromisoformat(h["first"]), date.fromisoformat(h["last"])
            while day <= last:
                out.setdefault(h["name"], []).append(day.isoformat())
                day += timedelta(days=1)
    return out


def schedule(name, years):
    """A calendar of one version in the form calc.py reads."""
    calendar, holidays = load("calendars", name + ".json"), holiday_dates(years)
    rules = []
    for rule in calendar["versions"][0]["rules"]:
        rule = dict(rule)
        if "holidays" in rule:
            rule["dates"] = [d for h in rule["holidays"] for d in holidays.get(h, [])]
        rules.append(rule)
    return {"id": name, "rules": rules}


def prices(name):
    """The versions of a price book, composed where they stand as components."""
    out = []
    for version in load("prices", name + ".json")["versions"]:
        price = version.get("prices")
        if price is None:
            table = calc.price_table({"components": {c["name"]: c for c in version["components"]},
                                      "ratios": version["ratios"]}, None)
            price = table["prices"]
        out.append({"from": version["from"] + "T00:00:00+08:00", "price": price})
    return out


# -- settling ------------------------------------------------------------------------

def months(first, n):
    for i in range(n):
        year, month = divmod(first.year * 12 + first.month - 1 + i, 12)
        yield date(year, month + 1, 1)


def month_end(month):
    return next(m for m in months(month, 2) if m != month)


def decimal(units):
    return calc.dec(F(units, UNIT))


def month_case(scenario, month, series, contract, tou, book):
    """A case of one whole month; series are {start: 0.0001 kWh} without a gap."""
    start = datetime(month.year, month.month, 1)
    n = (month_end(month) - month).days * 96
    times = [start + i * QUARTER for i in range(n)]
    end = month_end(month)
    in_force = [v for v in book if v["from"][:10] < end.isoformat()]
    return {"scenario": scenario, "interval_minutes": 15, "tou": tou,
            "period": {"start": month.isoformat() + "T00:00:00+08:00",
                       "end": end.isoformat() + "T00:00:00+08:00"},
            "prices": {"versions": in_force[-1:]},
            "series": {name: [decimal(s[t]) for t in times] for name, s in series.items()},
            "contract": contract}


def works_supply(readings, month, tou, book):
    """The works' own bill: energy by period, then the power factor of 4.3 on energy less funds."""
    start, end = month, month_end(month)
    inside = {t: v for t, v in readings.items() if start <= t.date() < end}
    active = {t: v[0] for t, v in inside.items()}
    case = month_case("pv_selfuse", month, {"gen": active}, {}, tou["id"], book)
    sheet, clock = calc.Sheet(), calc.Clock(case, {tou["id"]: tou})
    sums = clock.by_period(case["series"]["gen"], 2)
    fees = sum(sheet.line("ENERGY." + clock.label(k), "consumer", "grid",
                          calc.fen(sums[k] * clock.price(k)), VAT, sums[k], "kWh", clock.price(k))
               for k in clock.present if sums[k] != 0)
    p, lag, lead = (sum(v[i] for v in inside.values()) for i in range(3))
    row = {"id": "month", "std": 90, "p": decimal(p), "q_import": decimal(lag),
           "q_export": decimal(lead), "base_fen": fees - calc.fen(sum(sums.values()) * FUNDS)}
    adjust = calc.power_factor({"rows": [row]}, None)["rows"][0]["adjust_fen"]
    sheet.amount_only("PF", "consumer", "grid", adjust, VAT)
    return sheet.lines


# -- the demo's contracts on measured data -------------------------------------------

# As the demo states them: the stations as measured; the same as roofs of 300 kW, laid over the
# year before, each alone behind the works' gate; the works themselves.
VAT, FUNDS = F("0.13"), F("0.0290")
STATIONS = {1: ("pv_cn/pv_site1_50MW_2019.csv.gz", "clean", F(3, 500)),
            2: ("pv_cn/pv_site2_130MW_2019.csv.gz", "unsigned_night", F(3, 1300)),
            3: ("pv_cn/pv_site3_30MW_2019.csv.gz", "negative_night", F(1, 100))}
WORKS = "industry_kr/steel_2018-01_to_06.csv.gz"
SHIFT = timedelta(days=365)
FEED_IN = {"mode": "fixed", "feed_in_price": "0.4153", "platform_fee_rate": "0.02", "vat": "0.13"}
SELF_USE = {"discount": "0.85", "feed_in_price": "0.4153", "vat": "0.13"}


def works_with_last_hour(folder):
    """China's last hour of June is July in Korea: like the same hour a week before."""
    readings = works(os.path.join(folder, WORKS))
    last = datetime(2018, 6, 30, 23)
    for i in range(4):
        at = last + i * QUARTER
        readings[at] = readings[at - timedelta(days=7)]
    return readings


def statements(folder):
    """{(order, first day of the month): lines} for everything the demo settles."""
    tou, book = schedule("demo", (2018, 2019)), prices("demo")
    schedules, out = {"demo": tou}, {}
    load = works_with_last_hour(folder)
    for month in months(date(2018, 1, 1), 6):
        out["REAL-O-WORKS", month.isoformat()] = works_supply(load, month, tou, book)
    for n, (path, kind, scale) in STATIONS.items():
        generation, _own = station(os.path.join(folder, path), kind)
        for month in months(date(2019, 1, 1), 12):
            case = month_case("pv_full_feed_in", month, {"export": generation}, FEED_IN, "demo",
                              book)
            out["REAL-O-SITE%d" % n, month.isoformat()] = calc.calculate(case, schedules)["lines"]
        scaled, _own = station(os.path.join(folder, path), kind, scale)
        roof = {t - SHIFT: v for t, v in scaled.items()}
        sold = {t: max(0, v - load[t][0]) for t, v in roof.items() if t in load}
        for month in months(date(2018, 1, 1), 6):
            case = month_case("pv_selfuse", month, {"gen": roof, "export": sold}, SELF_USE, "demo",
                              book)
            out["REAL-O-ROOF%d" % n, month.isoformat()] = calc.calculate(case, schedules)["lines"]
    return out


# -- comparing -----------------------------------------------------------------------

FIELDS = (("code", "code"), ("payer", "payer"), ("payee", "payee"), ("quantity", "quantity"),
          ("unit", "unit"), ("price", "price"), ("amount_fen", "fen"), ("vat_rate", "vat_rate"),
          ("net_fen", "net_fen"), ("vat_fen", "vat_fen"), ("settled_by", "settled_by"))


def shown(program, store, *words):
    text = subprocess.run([program, "statement"] + list(words) + ["--store", store, "--json"],
                          check=True, capture_output=True, text=True).stdout
    return json.loads(text)


def line_differences(want, got):
    if len(want) != len(got):
        yield "%d lines, the program has %d" % (len(want), len(got))
    for a, b in zip(want, got):
        for mine, theirs in FIELDS:
            x, y = a.get(mine), b.get(theirs)
            y = None if y == "" else y
            if not calc.same(x, y):
                yield "%s %s: %s, the program has %s" % (a["code"], mine, x, y)


def compare(folder, program, store):
    wanted, wrong, lines, fen = statements(folder), 0, 0, 0
    for row in shown(program, store, "list"):
        doc = shown(program, store, "show", row["statement"])
        key = (doc["order"], doc["from"])
        if key not in wanted:
            print("not ok - %s %s: not expected" % key)
            wrong += 1
            continue
        want = wanted.pop(key)
        found = list(line_differences(want, doc["lines"]))
        wrong += bool(found)
        lines += len(want)
        fen += sum(a["amount_fen"] for a in want)
        print("%s - %s %s" % (("not ok" if found else "ok",) + key))
        for text in found[:10]:
            print("# " + text)
    for key in wanted:
        print("not ok - %s %s: no statement" % key)
    print("# %d lines, %s yuan agree with the oracle" % (lines, calc.dec(F(fen, 100)))
          if not wrong and not wanted else "# they differ")
    return 1 if wrong or wanted else 0


def main(args):
    if len(args) == 3:
        return compare(*args)
    for (order, month), rows in sorted(statements(args[0]).items()):
        for a in rows:
            print(order, month, a["code"], a["quantity"], a["price"], a["amount_fen"])
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
