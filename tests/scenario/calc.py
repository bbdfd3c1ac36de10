#!/usr/bin/env python3
"""calc.py - the second calculator of the settlement rules.

Why: a golden number is only worth something when it did not come from the code it
checks. This program works out the cases of the case format with exact fractions,
straight from the text of the rules, shares nothing with the engine and knows nothing
of plans, buckets or the strategy language. It uses the standard library only.

Use:  calc.py CASE.json...      compares each file's `expected` with its own numbers
      calc.py --print CASE.json prints the expected object it works out

Further scenarios stand in calc_*.py beside this file. Such a part may offer
      SCENARIOS  name -> function(case, schedules) giving the expected object
      RANDOM     name -> function(maker) giving the body of a random case (see anycase.py)
      golden()   pairs (strategy, case): chosen cases for strategies/STRATEGY.cases (see make)
"""

import functools
import glob
import importlib
import json
import os
import sys
from datetime import datetime, timedelta, timezone
from fractions import Fraction as F

ZONE = timezone(timedelta(hours=8))
PERIODS = ("sharp", "peak", "flat", "valley", "deep_valley")
GAP_UNIT = 10000  # estimated energy is split at 10^-4 kWh


# -- numbers (rules section 1) -------------------------------------------------------

def frac(text):
    """A decimal string, or an integer of the file, as an exact fraction."""
    return F(text)


def half_away(x):
    """R2: to the nearest integer, half away from zero."""
    twice = 2 * abs(x)
    n = (twice.numerator + twice.denominator) // (2 * twice.denominator)
    return n if x >= 0 else -n


def rnd(x, digits):
    scale = 10 ** digits
    return F(half_away(F(x) * scale), scale)


def fen(yuan):
    return half_away(F(yuan) * 100)


def dec(x):
    """The shortest decimal text of an exact decimal fraction."""
    if x is None:
        return None
    x = F(x)
    digits = 0
    while (x * 10 ** digits).denominator != 1:
        digits += 1
        if digits > 40:
            raise ValueError("not a decimal: %s" % x)
    n = abs(x.numerator * 10 ** digits // x.denominator)
    text = str(n).rjust(digits + 1, "0")
    if digits:
        text = text[:-digits] + "." + text[-digits:]
    return ("-" if x < 0 else "") + text


def allocate(total, weights):
    """R6: exact split of an integer; None stands for ALLOC_WEIGHT."""
    weights = [F(w) for w in weights]
    if total == 0:
        return [0] * len(weights)
    if any(w < 0 for w in weights) or sum(weights) == 0:
        return None
    whole = sum(weights)
    size = abs(total)
    exact = [size * w / whole for w in weights]
    parts = [e.numerator // e.denominator for e in exact]
    order = sorted(range(len(weights)), key=lambda i: (-(exact[i] - parts[i]), i))
    for i in order[:size - sum(parts)]:
        parts[i] += 1
    return [p if total > 0 else -p for p in parts]


def vat_split(gross, rate):
    """R7: a tax-inclusive gross amount in fen as (net, tax)."""
    net = half_away(F(gross) / (1 + F(rate)))
    return net, gross - net


# -- time (rules section 2) ----------------------------------------------------------

def instant(text):
    return datetime.fromisoformat(text).astimezone(ZONE)


def minute_of(text):
    hours, minutes = text.split(":")
    return int(hours) * 60 + int(minutes)


def load_schedules(folder):
    with open(os.path.join(folder, "tou.json"), encoding="utf-8") as f:
        return {s["id"]: s for s in json.load(f)["schedules"]}


def period_at(schedule, at, deep_dates):
    """The first rule whose day filter and window hold the instant."""
    minute = at.hour * 60 + at.minute
    for rule in schedule["rules"]:
        if "dates" in rule:
            dates = deep_dates if rule["dates"] == "HOLIDAY_DEEP" else rule["dates"]
            if at.date().isoformat() not in dates:
                continue
        if "months" in rule and at.month not in rule["months"]:
            continue
        for name, start, end in rule["windows"]:
            if minute_of(start) <= minute < minute_of(end):
                return name
    raise ValueError("no period covers %s" % at)


class Clock:
    """The intervals of a case, each with its price version and period."""

    def __init__(self, case, schedules):
        self.start = instant(case["period"]["start"])
        self.end = instant(case["period"]["end"])
        self.minutes = case["interval_minutes"]
        self.count = int((self.end - self.start) / timedelta(minutes=self.minutes))
        versions = case.get("prices", {}).get("versions", [])
        starts = [instant(v["from"]) for v in versions]
        changes = [(instant(v["from"]), v["tou"]) for v in case.get("tou_versions", [])]
        deep = set(case.get("deep_valley_dates", []))
        self.versions = versions
        self.keys = []
        if "tou" not in case:
            return
        for i in range(self.count):
            at = self.start + i * timedelta(minutes=self.minutes)
            name = case["tou"]
            for start, tou in changes:
                if start <= at:
                    name = tou
            version = max([n for n, s in enumerate(starts) if s <= at])
            self.keys.append((version, period_at(schedules[name], at, deep)))
        self.present = sorted(set(self.keys), key=lambda k: (k[0], PERIODS.index(k[1])))

    def label(self, key):
        return key[1] + ("@%d" % (key[0] + 1) if len(self.versions) > 1 else "")

    def price(self, key):
        return frac(self.versions[key[0]]["price"][key[1]])

    def by_period(self, series, digits):
        sums = {key: F(0) for key in self.present}
        for key, value in zip(self.keys, series):
            sums[key] += frac(value)
        return {key: rnd(value, digits) for key, value in sums.items()}


# -- statements ----------------------------------------------------------------------

class Sheet:
    """Lines, intermediate quantities, flags and state of one statement."""

    def __init__(self):
        self.lines = []
        self.quantities = {}
        self.flags = []
        self.state = {}

    def line(self, code, payer, payee, amount, vat, quantity=None, unit=None, price=None):
        """amount in fen, vat a ratio or None."""
        row = {"code": code, "payer": payer, "payee": payee, "quantity": dec(quantity),
               "unit": unit, "price": dec(price), "amount_fen": amount}
        if vat is not None:
            net, tax = vat_split(amount, vat)
            row.update(vat_rate=dec(vat), net_fen=net, vat_fen=tax)
        if "grid" in (payer, payee):
            row["settled_by"] = "grid"
        self.lines.append(row)
        return amount

    def amount_only(self, code, payer, payee, amount, vat):
        """R8: without a quantity and without an amount there is no line."""
        return self.line(code, payer, payee, amount, vat) if amount != 0 else 0

    def expected(self):
        out = {"lines": self.lines, "totals_fen": totals(self.lines)}
        if self.quantities:
            out["quantities"] = self.quantities
        if self.flags:
            out["flags"] = self.flags
        if self.state:
            out["state_out"] = self.state
        return out


def totals(lines):
    sums = {}
    for row in lines:
        key = row["payer"] + "->" + row["payee"]
        sums[key] = sums.get(key, 0) + row["amount_fen"]
    return sums


def pv_selfuse(case, schedules):
    sheet, clock, c = Sheet(), Clock(case, schedules), case["contract"]
    digits = case.get("energy_digits", 2)
    price_digits = c.get("price_digits", 4)
    vat, feed_in = frac(c["vat"]), frac(c["feed_in_price"])
    gen = clock.by_period(case["series"]["gen"], digits)
    export = clock.by_period(case["series"]["export"], digits)
    self_use = {k: max(F(0), gen[k] - export[k]) for k in clock.present}

    def self_price(key):
        if c.get("price_mode", "discount") == "fixed":
            return frac(c["fixed_price"])
        base = clock.price(key) - frac(c.get("exclude_per_kwh", 0))
        price = rnd(base * frac(c["discount"]), price_digits)
        if "floor" in c:
            price = max(price, frac(c["floor"]))
        if "cap" in c:
            price = min(price, frac(c["cap"]))
        return price

    fees = 0
    for key in clock.present:
        label = clock.label(key)
        sheet.quantities["gen." + label] = dec(gen[key])
        sheet.quantities["export." + label] = dec(export[key])
        sheet.quantities["self." + label] = dec(self_use[key])
        if self_use[key] != 0:
            price = self_price(key)
            fees += sheet.line("SELF." + label, "consumer", "investor",
                               fen(self_use[key] * price), vat, self_use[key], "kWh", price)
    all_self, all_export = sum(self_use.values()), sum(export.values())
    if all_export != 0:
        sheet.line("EXPORT", "grid", "investor", fen(all_export * feed_in), vat,
                   all_export, "kWh", feed_in)
    if "roof_fee_per_kwh" in c:
        rate = frac(c["roof_fee_per_kwh"])
        sheet.line("ROOF", "investor", "consumer", fen((all_self + all_export) * rate),
                   F("0.09"), all_self + all_export, "kWh", rate)
    if "free_quota_kwh" in c and all_self > 0:
        quota = min(frac(c["free_quota_kwh"]), all_self)
        average = rnd(F(fees, 100) / all_self, price_digits)
        fees += sheet.line("FREE_QUOTA", "consumer", "investor", -fen(quota * average), vat,
                           quota, "kWh", average)
    if "platform_fee_rate" in c:
        fee = fen(F(max(0, fees), 100) * frac(c["platform_fee_rate"]))
        sheet.amount_only("PLATFORM_FEE", "investor", "platform", fee, F("0.06"))
    if "min_take_ratio" in c:
        year = c["year"]
        short = max(F(0), rnd(frac(c["min_take_ratio"]) * frac(year["gen"]), 2)
                    - frac(year["self"]))
        sheet.quantities["min_take_short"] = dec(short)
        if short > 0:
            price = frac(year["avg_price"]) - feed_in
            sheet.line("MIN_TAKE", "consumer", "investor", fen(short * price), vat,
                       short, "kWh", price)
    deficit = sum(max(F(0), export[k] - gen[k]) for k in clock.present)
    if deficit > 0:
        sheet.quantities["deficit"] = dec(deficit)
        sheet.flags.append("EXPORT_GT_GEN")
        limit = max(frac(c.get("tol_kwh", 1)),
                    frac(c.get("tol_ratio", "0.005")) * sum(gen.values()))
        if deficit > limit:
            sheet.flags.append("HOLD")
    return sheet.expected()


def spot_sum(energy, prices):
    """What has no price is not priced (5.6)."""
    return sum((frac(e) * frac(p) for e, p in zip(energy, prices) if p is not None), F(0))


def curtailed_line(sheet, case, vat):
    """Paid only where the contract has a price for it (5.1, 5.6); in fen."""
    c, series = case["contract"], case["series"]
    if "curtail" not in series or "curtail_price" not in c:
        return 0
    kwh, price = rnd(sum(map(frac, series["curtail"])), 2), frac(c["curtail_price"])
    if kwh <= 0:
        return 0
    if c.get("curtail_source") == "model":
        sheet.flags.append("CURTAIL_BY_MODEL")
    return sheet.line("CURTAIL", "grid", "investor", fen(kwh * price), vat, kwh, "kWh", price)


def spot_flag(sheet, series):
    if None in series.get("spot_price", []):
        sheet.flags.append("SPOT_MISSING")


def average_price(amount, quantity):
    return rnd(amount / quantity, 4) if quantity != 0 else None


def pv_full_feed_in(case, _schedules):
    sheet, c = Sheet(), case["contract"]
    digits, vat = case.get("energy_digits", 2), frac(c["vat"])
    series = case["series"]
    export = rnd(sum(map(frac, series["export"])), digits)
    sheet.quantities["export"] = dec(export)
    income = 0
    if c["mode"] == "fixed":
        for code, name in (("FEED_IN", "feed_in_price"), ("SUBSIDY", "subsidy")):
            if name in c:
                income += sheet.line(code, "grid", "investor", fen(export * frac(c[name])),
                                     vat, export, "kWh", frac(c[name]))
    else:
        value = spot_sum(series["export"], series["spot_price"])
        income += sheet.line("MARKET", "grid", "investor", fen(value), vat, export, "kWh",
                             average_price(value, export))
        quantity = rnd(export * frac(c["mechanism_ratio"]), digits)
        price = frac(c["mechanism_price"]) - frac(c["market_avg_price"])
        income += sheet.line("MECH_DIFF", "grid", "investor", fen(quantity * price), vat,
                             quantity, "kWh", price)
        sheet.quantities["mechanism_kwh"] = dec(quantity)
    income += curtailed_line(sheet, case, vat)
    base = F(max(0, income), 100)
    if "roof_share" in c:
        sheet.amount_only("ROOF_SHARE", "investor", "roof_owner",
                          fen(base * frac(c["roof_share"])), F("0.09"))
    sheet.amount_only("ROOF_RENT", "investor", "roof_owner", c.get("roof_rent_fen", 0), F("0.09"))
    if "platform_fee_rate" in c:
        sheet.amount_only("PLATFORM_FEE", "investor", "platform",
                          fen(base * frac(c["platform_fee_rate"])), F("0.06"))
    spot_flag(sheet, series)
    return sheet.expected()


def storage_demand(sheet, case, demand, vat):
    series = case["series"]
    if demand["baseline"] == "reconstructed":
        per_hour = F(60, case["interval_minutes"])
        without = max(frac(g) + frac(d) - frac(c) for g, d, c in
                      zip(series["grid_import"], series["discharge"], series["charge"]))
        base = rnd(without * per_hour, 2)
        actual = rnd(max(map(frac, series["grid_import"])) * per_hour, 2)
    else:
        base, actual = frac(demand["baseline_kw"]), frac(demand["actual_kw"])
    price = frac(demand["price"])
    saving = fen((base - actual) * price)
    sheet.quantities.update(demand_base_kw=dec(base), demand_actual_kw=dec(actual),
                            demand_saving_fen=saving)
    if saving > 0:
        share = fen(F(saving, 100) * frac(demand["investor_share"]))
        sheet.line("DEMAND_SAVING", "consumer", "investor", share, vat, base - actual, "kW",
                   price)
    elif saving < 0:
        sheet.line("DEMAND_PENALTY", "investor", "consumer", -saving, vat, actual - base, "kW",
                   price)
        sheet.flags.append("DEMAND_RAISED")


def storage_spread(sheet, clock, case):
    """Price differences, 5.3; returns what was discharged and charged by (version, period)."""
    c, series = case["contract"], case["series"]
    digits, vat = case.get("energy_digits", 2), frac(c["vat"])
    discharge = clock.by_period(series["discharge"], digits)
    charge = clock.by_period(series["charge"], digits)
    from_pv = clock.by_period(series.get("charge_pv", ["0"] * clock.count), digits)
    bought = {key: max(F(0), charge[key] - from_pv[key]) for key in clock.present}
    benefit = 0
    for paid, sums, sign, value, name in (
            (discharge, discharge, 1, "dis_value_fen.", "discharge."),
            (bought, charge, -1, "chg_cost_fen.", "charge.")):
        for key in clock.present:
            worth = fen(paid[key] * clock.price(key)) if paid[key] != 0 else 0
            benefit += sign * worth
            if worth != 0:
                sheet.quantities[value + clock.label(key)] = worth
            if sums[key] != 0:
                sheet.quantities[name + clock.label(key)] = dec(sums[key])
    if "charge_pv" in series:
        pv_cost = sum(fen(q * frac(c["pv_price"])) for q in from_pv.values())
        sheet.quantities["pv_cost_fen"] = pv_cost
        benefit -= pv_cost
    base = benefit + c.get("carry_in_fen", 0)
    mode = c.get("negative_mode", "carry")
    sheet.quantities["benefit_fen"] = benefit
    shared = base if base >= 0 or mode == "investor_pays" else 0
    sheet.quantities["shared_base_fen"] = shared
    if base >= 0:
        sheet.amount_only("ARBITRAGE", "consumer", "investor",
                          fen(F(base, 100) * frac(c["investor_share"])), vat)
        sheet.state["carry_fen"] = 0
    else:
        sheet.flags.append("NEGATIVE_BENEFIT")
        if mode == "investor_pays":
            sheet.line("ARBITRAGE", "investor", "consumer", -base, vat)
        if mode == "carry":
            sheet.state["carry_fen"] = base
    if any(from_pv[key] > charge[key] for key in clock.present):
        sheet.flags.append("PV_CHARGE_OVER")
    return discharge, charge


def storage_efficiency(sheet, c, out, into):
    rte = rnd(out / into, 4) if into != 0 else None
    sheet.quantities["rte"] = dec(rte)
    if rte is not None and rte < frac(c["rte_min"]):
        short = rnd(into * frac(c["rte_min"]) - out, 2)
        price = frac(c["rte_price"])
        sheet.line("RTE_SHORTFALL", "investor", "consumer", fen(short * price), frac(c["vat"]),
                   short, "kWh", price)


def storage_arbitrage(case, schedules):
    sheet, clock, c = Sheet(), Clock(case, schedules), case["contract"]
    discharge, charge = storage_spread(sheet, clock, case)
    if "demand" in c:
        storage_demand(sheet, case, c["demand"], frac(c["vat"]))
    if "rte_min" in c:
        storage_efficiency(sheet, c, sum(discharge.values()), sum(charge.values()))
    return sheet.expected()


def lease_rent(c):
    """Capacity lease, 5.3: base in fen, availability and factor."""
    base = fen(frac(c["capacity_kwh"]) * frac(c["rate_per_kwh_month"]) *
               F(c["days_in_service"], c["days_in_month"]))
    availability = rnd(F(c["available_intervals"], c["total_intervals"]), 4)
    for bound, result in c["availability_tiers"]:
        if frac(bound) <= availability:
            factor = {"full": F(1), "prorata": availability}.get(result)
            return base, availability, frac(result) if factor is None else factor
    return base, availability, F(0)


def storage_capacity_lease(case, _schedules):
    sheet, c = Sheet(), case["contract"]
    base, availability, factor = lease_rent(c)
    sheet.quantities = {"availability": dec(availability), "factor": dec(factor),
                        "base_fen": base}
    sheet.line("LEASE", "consumer", "investor", fen(F(base, 100) * factor), F("0.13"),
               frac(c["capacity_kwh"]), "kWh", frac(c["rate_per_kwh_month"]))
    return sheet.expected()


def wind(case, schedules):
    sheet, c, series = Sheet(), case["contract"], case["series"]
    vat = frac(c["vat"])
    gen = rnd(sum(map(frac, series["gen"])), 2)
    sheet.quantities["gen"] = dec(gen)
    value = spot_sum(series["gen"], series["spot_price"])
    income = sheet.line("SPOT", "grid", "investor", fen(value), vat, gen, "kWh",
                        average_price(value, gen))
    if "cfd" in c:
        price, curve = frac(c["cfd"]["price"]), c["cfd"]["curve"]
        difference = sum((frac(q) * (price - frac(p))
                          for q, p in zip(curve, series["spot_price"]) if p is not None), F(0))
        income += sheet.line("CFD", "grid", "investor", fen(difference), vat,
                             sum(map(frac, curve)), "kWh", price)
    income += curtailed_line(sheet, case, vat)
    sheet.amount_only("ASSESS", "investor", "grid", c.get("assess_fen", 0), None)
    if "own_use" in series:
        clock = Clock(case, schedules)
        for key, drawn in clock.by_period(series["own_use"], 2).items():
            if drawn != 0:
                price = clock.price(key)
                sheet.line("OWN_USE." + clock.label(key), "investor", "grid", fen(drawn * price),
                           F("0.13"), drawn, "kWh", price)
    if "land_share" in c:
        share = fen(F(max(0, income), 100) * frac(c["land_share"]))
        sheet.amount_only("LAND_SHARE", "investor", "host", share, F("0.09"))
    spot_flag(sheet, series)
    return sheet.expected()


# -- rules without a strategy --------------------------------------------------------

# Reduction steps of the three standards, in percent for each hundredth above it; the last
# one holds up to 1.00 (rules 4.3).
REDUCTION = {90: ["0.15", "0.30", "0.45", "0.60", "0.75"],
             85: ["0.1", "0.2", "0.3", "0.4", "0.5", "0.65", "0.80", "0.95", "1.10"],
             80: ["0.1", "0.2", "0.3", "0.4", "0.5", "0.6", "0.7", "0.8", "0.9", "1.0",
                  "1.15", "1.30"]}


def power_factor_rate(std, k):
    """Percent of the base; k is the factor in hundredths."""
    if k >= std:
        steps = REDUCTION[std]
        above = min(k - std, len(steps))
        return -frac(steps[above - 1]) if above else F(0)
    below = std - k
    return F(min(below, 20), 2) + min(max(below - 20, 0), 5) + 2 * max(below - 25, 0)


def power_factor(case, _schedules):
    rows = []
    for row in case["rows"]:
        p = frac(row["p"])
        q = abs(frac(row.get("q_import", 0))) + abs(frac(row.get("q_export", 0)))
        if p == 0 and q == 0:
            rows.append({"id": row["id"], "pf": None, "rate_percent": "0.00", "adjust_fen": 0})
            continue
        k = 100
        while k > 0 and (2 * k - 1) ** 2 * (p * p + q * q) > 40000 * p * p:
            k -= 1
        rate = power_factor_rate(row["std"], k)
        rows.append({"id": row["id"], "pf": dec(F(k, 100)), "rate_percent": dec(rate),
                     "adjust_fen": half_away(row["base_fen"] * rate / 100)})
    return {"rows": rows}


def basic_fee_row(row):
    price, discount = frac(row["price"]), False
    if row["mode"] == "capacity":
        segments, month = row["segments"], row["days_in_month"]
        if len(segments) == 1 and segments[0][1] >= month:
            return fen(frac(segments[0][0]) * price), False
        return sum(fen(frac(kva) * price * F(min(days, 30), 30)) for kva, days in segments), False
    if "kwh_total" in row and "kva" in row and \
            frac(row["kwh_total"]) >= 260 * frac(row["kva"]):
        price, discount = rnd(price * F("0.9"), 4), True
    most = frac(row["max_kw"])
    if row["mode"] == "actual_demand":
        return fen(most * price), discount
    contract = frac(row["contract_kw"])
    if "floor_kva" in row and contract < F("0.4") * frac(row["floor_kva"]):
        return None, False
    excess = max(F(0), most - F("1.05") * contract)
    return fen(contract * price) + fen(excess * price * 2), discount


def basic_fee(case, _schedules):
    rows = []
    for row in case["rows"]:
        amount, discount = basic_fee_row(row)
        if amount is None:
            rows.append({"id": row["id"], "error": "CONTRACT_DEMAND_BELOW_40PCT"})
        else:
            rows.append({"id": row["id"], "amount_fen": amount, "discount90": discount})
    return {"rows": rows}


def tou_map(case, schedules):
    deep = set(case.get("deep_valley_dates", []))
    return {"rows": [{"at": row["at"],
                      "period": period_at(schedules[row["tou"]], instant(row["at"]), deep)}
                     for row in case["rows"]]}


def price_table(case, _schedules):
    parts = case["components"].values()
    flat = sum(frac(c["price"]) for c in parts)
    floating = sum(frac(c["price"]) for c in parts if c["floats"])
    prices = {name: dec(rnd(flat + (frac(ratio) - 1) * floating, 4))
              for name, ratio in case["ratios"].items()}
    return {"flat": dec(flat), "floating_base": dec(floating), "prices": prices}


def segment_events(segment, limit):
    """The intervals and flags of one meter's readings (rules 3.2 and 9.1)."""
    k = frac(segment["multiplier"]) if "multiplier" in segment else \
        frac(segment["ct"]) * frac(segment["pt"])
    modulus, readings, flags = frac(segment["modulus"]), segment["readings"], []
    out = [None] * max(0, len(readings) - 1)

    def flag(kind, index):
        flags.append("%s:%s@%d" % (segment["meter"], kind, index))

    good = [i for i, r in enumerate(readings) if r is not None]
    if not good or good[0] > 0:
        flag("OPEN", 0)
    for at, to in zip(good, good[1:]):
        before, after, steps = frac(readings[at]), frac(readings[to]), to - at
        moved = after - before
        if moved < 0:
            if before > F("0.9") * modulus and after < F("0.1") * modulus:
                moved += modulus
                flag("ROLLOVER", to)
            else:
                flag("BACKWARD", to)
                continue
        energy = moved * k
        if limit is not None and energy > steps * limit:
            flag("JUMP", to)
            continue
        if steps == 1:
            out[at] = [dec(energy), "A"]
            continue
        weights = [frac(w) for w in segment["profile"][at:to]] if "profile" in segment else \
            [F(1)] * steps
        if sum(weights) == 0:
            weights = [F(1)] * steps
        for i, part in enumerate(allocate(int(energy * GAP_UNIT), weights)):
            out[at + i] = [dec(F(part, GAP_UNIT)), "E"]
        flag("GAP%d" % (steps - 1), at + 1)
    if good and good[-1] < len(readings) - 1:
        flag("OPEN", good[-1])
    return out, flags


def meter_events(case, _schedules):
    limit = frac(case["max_kwh_per_interval"]) if "max_kwh_per_interval" in case else None
    intervals, flags = [], []
    for segment in case["segments"]:
        out, marks = segment_events(segment, limit)
        intervals += out
        flags += marks
    total = sum((frac(i[0]) for i in intervals if i is not None), F(0))
    return {"intervals": intervals, "total_kwh": dec(total), "flags": flags}


def resettlement(case, schedules):
    corrected = calculate(case["corrected"], schedules)

    def by_key(lines):
        sums = {}
        for row in lines:
            key = (row["code"], row["payer"], row["payee"])
            sums[key] = sums.get(key, 0) + row["amount_fen"]
        return sums

    old, new = by_key(case["original"]["lines"]), by_key(corrected["lines"])
    lines = []
    for key in list(old) + [k for k in new if k not in old]:
        before, after = old.get(key, 0), new.get(key, 0)
        if before != after:
            lines.append({"code": "ADJ." + key[0], "payer": key[1], "payee": key[2],
                          "old_fen": before, "new_fen": after, "amount_fen": after - before,
                          "ref": case["original"]["statement_no"]})
    return {"lines": lines, "totals_fen": totals(lines), "corrected": corrected}


def tier_slices(row):
    quantity, table = frac(row["qty"]), row["table"]
    if row["mode"] == "whole":
        for bound, price in table:
            if bound is None or quantity <= frac(bound):
                return [fen(quantity * frac(price))]
    out, below = [], F(0)
    for bound, price in table:
        top = quantity if bound is None else min(quantity, frac(bound))
        if top > below:
            out.append(fen((top - below) * frac(price)))
            below = top
    return out


def primitives(case, _schedules):
    out = {}
    if "round" in case:
        out["round"] = [dec(rnd(frac(r["x"]), r["digits"])) for r in case["round"]]
    if "alloc" in case:
        out["alloc"] = [allocate(a["total"], a["weights"]) or "ALLOC_WEIGHT"
                        for a in case["alloc"]]
    if "vat" in case:
        out["vat"] = [list(vat_split(v["gross_fen"], v["rate"])) for v in case["vat"]]
    if "charge" in case:
        out["charge_fen"] = [fen(frac(c["qty"]) * frac(c["price"])) for c in case["charge"]]
    if "tiers" in case:
        out["tiers"] = [tier_slices(t) for t in case["tiers"]]
    return out


SCENARIOS = {f.__name__: f for f in (
    pv_selfuse, pv_full_feed_in, storage_arbitrage, storage_capacity_lease, wind, power_factor,
    basic_fee, tou_map, price_table, meter_events, resettlement, primitives)}


@functools.lru_cache(maxsize=None)
def parts():
    """The modules calc_*.py of this folder, in the order of their names."""
    here = os.path.dirname(os.path.abspath(__file__))
    if here not in sys.path:
        sys.path.insert(0, here)
    names = sorted(os.path.basename(p)[:-3] for p in glob.glob(os.path.join(here, "calc_*.py")))
    return [importlib.import_module(name) for name in names]


@functools.lru_cache(maxsize=None)
def all_scenarios():
    out = dict(SCENARIOS)
    for part in parts():
        out.update(part.SCENARIOS)
    return out


def calculate(case, schedules):
    return all_scenarios()[case["scenario"]](case, schedules)


# -- comparing -----------------------------------------------------------------------

def same(a, b):
    if isinstance(a, bool) or isinstance(b, bool) or a is None or b is None:
        return a is b
    try:
        return F(a) == F(b)
    except ValueError:
        return a == b


def differences(path, want, got):
    """Each place where two expected objects differ: decimals as numbers, notes ignored."""
    if isinstance(want, dict) and isinstance(got, dict):
        for key in sorted(set(want) | set(got)):
            if key == "note":
                continue
            if key not in want or key not in got:
                yield "%s.%s: only in %s" % (path, key, "want" if key in want else "got")
            else:
                yield from differences(path + "." + key, want[key], got[key])
    elif isinstance(want, list) and isinstance(got, list):
        if len(want) != len(got):
            yield "%s: %d entries, got %d" % (path, len(want), len(got))
        for i, (a, b) in enumerate(zip(want, got)):
            yield from differences("%s[%d]" % (path, i), a, b)
    elif isinstance(want, (dict, list)) or isinstance(got, (dict, list)):
        yield "%s: want %s, got %s" % (path, want, got)
    elif not same(want, got):
        yield "%s: want %s, got %s" % (path, want, got)


def main(args):
    show = "--print" in args
    wrong = 0
    for name in [a for a in args if a != "--print"]:
        with open(name, encoding="utf-8") as f:
            case = json.load(f)
        inner = case.get("corrected", case)["scenario"]
        if case["scenario"] not in all_scenarios() or inner not in all_scenarios():
            print("%s: scenario %s is not calculated here" % (os.path.basename(name), inner))
            continue
        folder = os.path.dirname(os.path.abspath(name))
        if not os.path.exists(os.path.join(folder, "tou.json")):
            folder = os.path.dirname(os.path.abspath(__file__))
        got = calculate(case, load_schedules(folder))
        if show:
            print(json.dumps(got, indent=1, ensure_ascii=False))
            continue
        found = list(differences("expected", case.get("expected"), got))
        wrong += bool(found)
        print("%s: %s" % (os.path.basename(name), "%d differences" % len(found) if found else "ok"))
        for line in found[:20]:
            print("  " + line)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
