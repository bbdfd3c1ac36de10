#!/usr/bin/env python3
"""anycase.py - random cases of every scenario, calculated here, run through the program.

Why: the chosen cases hold the edges somebody thought of. These have every parameter present or
absent at random, in every mode, with price and schedule changes, silence, refunds and half fens.

Use:  anycase.py PROGRAM [N [SEED [SCENARIO...]]]   N cases (default 1000) from SEED (default 1), of
      all scenarios or of those named; prints each difference and keeps the files; exit 1 if any
"""

import json
import os
import random
import shutil
import subprocess
import sys
import tempfile
from datetime import datetime, timedelta

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)
sys.dont_write_bytecode = True

import calc
import scenarios

BATCH = 100  # files for one run of the program
SCHEDULES = {s["id"]: s for s in scenarios.TOU["schedules"]}


class Maker:
    def __init__(self, seed):
        self.r = random.Random(seed)

    def chance(self, percent):
        return self.r.randrange(100) < percent

    def number(self, top, digits, low=0):
        """Decimal text: often round, sometimes zero, sometimes a half of the last digit."""
        scale = 10 ** digits
        n = self.r.randint(int(low * scale), int(top * scale))
        if self.chance(10):
            n = 0 if low <= 0 else n
        elif self.chance(30):
            n = n // scale * scale
        elif self.chance(30):
            n = n // 10 * 10 + 5
        return scenarios.text(n, digits)

    def maybe(self, out, name, value, percent=50):
        if self.chance(percent):
            out[name] = value

    def series(self, n, top, low=0):
        digits = self.r.choice([0, 1, 2, 4])
        if self.chance(5):
            return ["0"] * n
        return [self.number(top, digits, low) for _ in range(n)]

    def clock(self):
        """Period, schedule, versions: often across a midnight, a change of prices or of rules."""
        minutes = self.r.choice([15, 15, 15, 30, 60])
        day = self.r.choice(["2025-07-10", "2025-09-30", "2025-10-01", "2026-06-30", "2025-12-31",
                             "2025-03-01"])
        start = datetime.fromisoformat(day) + timedelta(minutes=minutes * self.r.randrange(12))
        n = self.r.randint(1, 110)
        out = {"period": {"start": start.isoformat() + "+08:00",
                          "end": (start + timedelta(minutes=n * minutes)).isoformat() + "+08:00"},
               "interval_minutes": minutes, "tou": self.r.choice(list(SCHEDULES))}
        versions = [("2025-01-01T00:00:00+08:00", scenarios.GRID)]
        inside = start + timedelta(minutes=minutes * self.r.randint(1, n))
        if self.chance(35):
            versions.append((inside.isoformat() + "+08:00", self.prices()))
        if self.chance(15):
            versions.insert(0, ("2024-06-01T00:00:00+08:00", self.prices()))
        out["prices"] = {"versions": [{"from": f, "price": p} for f, p in versions]}
        if self.chance(25):
            at = start + timedelta(minutes=minutes * self.r.randint(0, n))
            out["tou_versions"] = [{"from": at.isoformat() + "+08:00",
                                    "tou": self.r.choice(list(SCHEDULES))}]
        if self.chance(40):
            out["deep_valley_dates"] = [day]
        return n, out

    def prices(self):
        return {p: self.number(2, self.r.choice([2, 4, 6]), -0.1) for p in calc.PERIODS}

    def vat(self):
        return self.r.choice(["0.13", "0.09", "0.06", "0.01", "0.03", "0"])

    # -- scenarios ---------------------------------------------------------------------

    def pv_selfuse(self):
        n, case = self.clock()
        gen = self.series(n, 300)
        export = self.series(n, self.r.choice([5, 100, 400]))
        if self.chance(20):
            export = list(gen)
        case["series"] = {"gen": gen, "export": export}
        c = {"vat": self.vat(), "feed_in_price": self.number(1, 4)}
        if self.chance(25):
            c.update(price_mode="fixed", fixed_price=self.number(1, 4, -0.05))
        else:
            self.maybe(c, "price_mode", "discount")
            c["discount"] = self.number(1.5, self.r.choice([2, 4, 6]))
            self.maybe(c, "exclude_per_kwh", self.number(0.1, 4), 40)
            self.maybe(c, "price_digits", self.r.randint(2, 6))
        self.maybe(c, "floor", self.number(0.6, 4), 40)
        self.maybe(c, "cap", self.number(1.2, 4), 40)
        self.maybe(c, "roof_fee_per_kwh", self.number(0.1, 4), 40)
        self.maybe(c, "free_quota_kwh", self.number(self.r.choice([50, 5000]), 2), 40)
        self.maybe(c, "platform_fee_rate", self.number(0.05, 4))
        self.maybe(c, "tol_kwh", self.number(50, 2), 30)
        self.maybe(c, "tol_ratio", self.number(0.2, 4), 30)
        if self.chance(40):
            c["min_take_ratio"] = self.number(1, 4)
            c["year"] = {"gen": self.number(9000, 2), "self": self.number(9000, 2),
                         "avg_price": self.number(1, 4)}
        self.maybe(case, "energy_digits", self.r.randint(0, 2), 30)
        case["contract"] = c
        return case

    def pv_full_feed_in(self):
        n, case = self.clock()
        case = {k: case[k] for k in ("period", "interval_minutes")}
        case["series"] = {"export": self.series(n, self.r.choice([1, 500]))}
        c = {"vat": self.vat()}
        if self.chance(50):
            c.update(mode="fixed", feed_in_price=self.number(1, 4, -0.05))
            self.maybe(c, "subsidy", self.number(0.2, 4), 40)
        else:
            case["series"]["spot_price"] = self.some_missing(self.series(n, 1, -0.2))
            c.update(mode="market", mechanism_ratio=self.number(1, self.r.choice([2, 6])),
                     mechanism_price=self.number(1, 4), market_avg_price=self.number(1, 4, -0.1))
        self.maybe(c, "roof_share", self.number(0.1, 4))
        self.maybe(c, "roof_rent_fen", self.r.randrange(500000), 20)
        self.maybe(c, "platform_fee_rate", self.number(0.05, 4))
        self.curtailment(n, case["series"], c)
        self.maybe(case, "energy_digits", self.r.randint(0, 2), 30)
        case["contract"] = c
        return case

    def curtailment(self, n, series, c):
        self.maybe(series, "curtail", self.series(n, 50), 30)
        self.maybe(c, "curtail_price", self.number(1, 4), 60)
        self.maybe(c, "curtail_source", self.r.choice(["dispatch", "model"]), 30)

    def some_missing(self, values):
        return [None if self.chance(10) else v for v in values] if self.chance(10) else values

    def storage_arbitrage(self):
        n, case = self.clock()
        top = self.r.choice([20, 500])
        case["series"] = {"charge": self.series(n, top), "discharge": self.series(n, top)}
        c = {"vat": self.vat(), "investor_share": self.number(1, 4)}
        if self.chance(20):
            case["series"]["charge_pv"] = self.series(n, top)
            c["pv_price"] = self.number(1, 4)
        self.maybe(c, "carry_in_fen", -self.r.randrange(5000000))
        self.maybe(c, "negative_mode", self.r.choice(["carry", "zero", "investor_pays"]), 75)
        if self.chance(60):
            d = {"price": self.number(60, 2, 1), "investor_share": self.number(1, 4)}
            if self.chance(50):
                d["baseline"] = "reconstructed"
                case["series"]["grid_import"] = self.series(n, 900)
            else:
                d.update(baseline="agreed", baseline_kw=self.number(2000, 2),
                         actual_kw=self.number(2000, 2))
            c["demand"] = d
        if self.chance(50):
            c.update(rte_min=self.number(1, 4), rte_price=self.number(1, 4))
        self.maybe(case, "energy_digits", self.r.randint(0, 2), 20)
        case["contract"] = c
        return case

    def storage_capacity_lease(self):
        month = self.r.choice([28, 30, 31])
        total = self.r.choice([96, 1000, 2976])
        bounds = sorted({self.number(1, 4) for _ in range(3)}, key=float, reverse=True)
        tiers = [[b, self.r.choice(["full", "prorata", self.number(1, 4)])] for b in bounds]
        return {"contract": {"capacity_kwh": self.number(9000, 2), "days_in_month": month,
                             "rate_per_kwh_month": self.number(30, 4),
                             "days_in_service": self.r.randint(0, month),
                             "available_intervals": self.r.randint(0, total),
                             "total_intervals": total, "availability_tiers": tiers}}

    def wind(self):
        n, case = self.clock()
        if self.chance(60):
            case = {k: case[k] for k in ("period", "interval_minutes")}
        spot = self.some_missing(self.series(n, 1, -0.3))
        case["series"] = {"gen": self.series(n, 900), "spot_price": spot}
        if "tou" in case:
            case["series"]["own_use"] = self.series(n, self.r.choice([2, 30]))
        c = {"vat": self.vat()}
        if self.chance(50):
            c["cfd"] = {"price": self.number(1, 4),
                        "curve": [self.number(500, 2) for _ in range(n)]}
        self.curtailment(n, case["series"], c)
        self.maybe(c, "assess_fen", self.r.randrange(100000))
        self.maybe(c, "land_share", self.number(0.1, 4))
        case["contract"] = c
        return case

    def power_factor(self):
        rows = []
        for i in range(20):
            row = {"id": "r%d" % i, "std": self.r.choice([80, 85, 90]), "p": self.number(9000, 2),
                   "q_import": self.number(9000, 2, -900),
                   "base_fen": self.r.randint(-100000, 9000000)}
            self.maybe(row, "q_export", self.number(900, 2, -90))
            rows.append(row)
        return {"rows": rows}

    def basic_fee(self):
        rows = []
        for i in range(12):
            row = {"id": "r%d" % i, "price": self.number(60, self.r.choice([0, 2, 4])),
                   "mode": self.r.choice(["capacity", "contract_demand", "actual_demand"])}
            if row["mode"] == "capacity":
                month = row["days_in_month"] = self.r.choice([28, 30, 31])
                cut = self.r.randint(1, month - 1)
                days = [month] if self.chance(40) else [cut, month - cut]
                row["segments"] = [[self.number(2000, 2), d] for d in days]
            else:
                row["max_kw"] = self.number(1000, 2)
                if row["mode"] == "contract_demand":
                    row["contract_kw"] = self.number(1000, 2)
                    self.maybe(row, "floor_kva", self.number(2000, 2))
                if self.chance(50):
                    row.update(kva=self.number(1000, 2, 1), kwh_total=self.number(200000, 2))
            rows.append(row)
        return {"rows": rows}

    def tou_map(self):
        rows = []
        for _ in range(30):
            at = datetime(2025, 1, 1) + timedelta(seconds=self.r.randrange(2 * 365 * 86400))
            rows.append({"tou": self.r.choice(list(SCHEDULES)), "at": at.isoformat() + "+08:00"})
        return {"rows": rows, "deep_valley_dates": [r["at"][:10] for r in rows[::3]]}

    def price_table(self):
        names = ["energy", "upstream_loss", "transmission_distribution", "system_operation",
                 "government_funds"]
        return {"components": {n: {"price": self.number(0.5, 4, -0.05), "floats": self.chance(50)}
                               for n in names},
                "ratios": {p: self.number(2.5, self.r.choice([1, 2, 4]))
                           for p in calc.PERIODS if p == "flat" or self.chance(80)}}

    def meter_events(self):
        segments = []
        for s in range(self.r.randint(1, 3)):
            modulus = self.r.choice([100, 10000])
            at, readings = self.r.randrange(modulus * 100), []
            for _ in range(self.r.randint(1, 14)):
                at += self.r.randrange(60) if not self.chance(8) else self.r.randrange(-900, 4000)
                at %= modulus * 100
                readings.append(None if self.chance(25) else scenarios.text(at, 2))
            seg = {"meter": "M%d" % s, "modulus": str(modulus), "readings": readings}
            if self.chance(50):
                seg["multiplier"] = self.r.choice(["1", "40", "4000"])
            else:
                seg.update(ct=self.r.choice(["1", "40"]), pt=self.r.choice(["1", "100"]))
            if self.chance(50):
                seg["profile"] = [self.number(9, 2) for _ in readings]
            segments.append(seg)
        return {"max_kwh_per_interval": self.r.choice(["20", "700", "90000"]), "segments": segments}

    def resettlement(self):
        name = self.r.choice(["pv_selfuse", "pv_full_feed_in", "wind", "storage_arbitrage"] +
                             sorted(PARTS))
        self.r.seed(self.r.randrange(1 << 30))
        case = PARTS[name](self) if name in PARTS else getattr(self, name)()
        case = dict({"scenario": name}, **case)
        old = [dict(line) for line in calc.calculate(case, SCHEDULES)["lines"]]
        for line in old:
            if self.chance(50):
                line["amount_fen"] += self.r.randint(-5000, 5000)
        if old and self.chance(30):
            del old[self.r.randrange(len(old))]
        if self.chance(30):
            old.insert(0, scenarios.settled("GONE", "consumer", "investor", 123))
        return {"original": {"statement_no": "ST-202501-0009", "lines": old}, "corrected": case}

    def primitives(self):
        table = [["200", self.number(1, 4)], ["400.5", self.number(1, 4)], [None, "0.9"]]
        return {"round": [{"x": self.number(99, 6, -99), "digits": self.r.randint(0, 5)}
                          for _ in range(12)],
                "alloc": [{"total": self.r.randint(-99999, 99999),
                           "weights": [self.number(9, 2, self.r.choice([0, 0, 0, -1]))
                                       for _ in range(self.r.randint(1, 6))]} for _ in range(8)],
                "vat": [{"gross_fen": self.r.randint(-999999, 9999999), "rate": self.vat()}
                        for _ in range(8)],
                "charge": [{"qty": self.number(99999, 2, -99), "price": self.number(2, 6, -1)}
                           for _ in range(8)],
                "tiers": [{"qty": self.number(900, 2), "mode": mode, "table": table}
                          for mode in ("marginal", "whole")]}


# Statements first: they have the most to go wrong.
WEIGHTS = (["pv_selfuse"] * 6 + ["pv_full_feed_in"] * 4 + ["storage_arbitrage"] * 5 + ["wind"] * 3 +
           ["resettlement"] * 3 + ["meter_events"] * 3 +
           ["storage_capacity_lease", "power_factor", "basic_fee", "tou_map", "price_table",
            "primitives"])


# What the parts of the calculator (calc_*.py) bring with them.
PARTS = {name: body for part in calc.parts() for name, body in getattr(part, "RANDOM", {}).items()}
NAMES = WEIGHTS + sorted(PARTS) * 3


def make(seed, names=None):
    maker, names = Maker(seed), names or NAMES
    name = names[seed % len(names)]
    case = {"schema": "sunkeeper.case/1", "id": "any_%d" % seed, "scenario": name,
            "title": "random case %d" % seed}
    case.update(PARTS[name](maker) if name in PARTS else getattr(maker, name)())
    case["expected"] = calc.calculate(case, SCHEDULES)
    return case


def main(args):
    program, n = args[0], int(args[1]) if len(args) > 1 else 1000
    seed = int(args[2]) if len(args) > 2 else 1
    names = args[3:]
    folder = tempfile.mkdtemp(prefix="sunkeeper-cases-")
    with open(os.path.join(folder, "tou.json"), "w", encoding="utf-8") as f:
        json.dump(scenarios.TOU, f)
    wrong = 0
    for first in range(seed, seed + n, BATCH):
        files = []
        for i in range(first, min(first + BATCH, seed + n)):
            files.append(os.path.join(folder, "any_%d.json" % i))
            with open(files[-1], "w", encoding="utf-8") as f:
                json.dump(make(i, names), f)
        done = subprocess.run([program, "strategy", "test"] + files, capture_output=True, text=True)
        bad = [line for line in done.stdout.splitlines() if not line.startswith("ok")]
        bad = bad if done.returncode else []
        wrong += sum(line.startswith("not ok") for line in bad) or (done.returncode != 0)
        for line in bad[:40]:
            print("# " + line)
        if done.returncode not in (0, 1):
            print("# " + done.stderr.strip())
    if wrong == 0:
        shutil.rmtree(folder)
    print("# %d random cases, %d differ%s" % (n, wrong, "; see " + folder if wrong else ""))
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
