#!/usr/bin/env python3
"""oracle.py - the measured stations and the steel works, settled a second time.

Why: a demo on measured data proves nothing if only the program itself says what is right.
This reads the publishers' files, the calendars and the price books with code of its own,
follows their documented faults (own consumption at night, with and without its sign; labels
at the end of an interval in Korean time), and settles with calc.py, in exact fractions.

Use:  oracle.py DIR          energies and amounts of every month, as a table
      oracle.py DIR --json   the same as JSON: {contract: {month: expected of the case format}}
"""

import csv
import gzip
import json
import os
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


def power_factor(readings, month, std, base_fen):
    """The rule of section 4.3 on a month of the works."""
    inside = [v for t, v in readings.items() if t.date() >= month and t.date() < month_end(month)]
    p, lag, lead = (sum(v[i] for v in inside) for i in range(3))
    row = {"id": month.isoformat(), "std": std, "p": decimal(p), "q_import": decimal(lag),
           "q_export": decimal(lead), "base_fen": base_fen}
    return calc.power_factor({"rows": [row]}, None)["rows"][0]
