"""calc_session.py - sessions by hand: calls of ships at a berth, charging and discharging of cars.

Why: settlement rules 5.9 and 5.10 worked out slot by slot with exact fractions, straight from the
text, for the golden and random cases of shore_power, shore_power_month and ev_charging_v2g.
"""

from datetime import datetime, timedelta
from fractions import Fraction as F

import calc
import scenarios
from calc import allocate, dec, fen, frac, rnd

GRACE_MIN = 30  # idle minutes free unless agreed otherwise (9.1)


class Times:
    """Price version and period of single instants; `Clock` of calc.py without a period."""

    def __init__(self, case, schedules):
        self.case, self.schedules = case, schedules
        self.versions = case["prices"]["versions"]

    def key(self, at):
        starts = [calc.instant(v["from"]) for v in self.versions]
        tou = self.case["tou"]
        for change in self.case.get("tou_versions", []):
            if calc.instant(change["from"]) <= at:
                tou = change["tou"]
        deep = set(self.case.get("deep_valley_dates", []))
        return (max(n for n, s in enumerate(starts) if s <= at),
                calc.period_at(self.schedules[tou], at, deep))

    def by_period(self, slots, digits):
        """Printed sums of [instant, kWh] per (version, period), in the order of the bill."""
        sums = {}
        for at, value in slots:
            key = self.key(calc.instant(at))
            sums[key] = sums.get(key, F(0)) + value
        order = sorted(sums, key=lambda k: (k[0], calc.PERIODS.index(k[1])))
        return {key: rnd(sums[key], digits) for key in order}

    def label(self, key):
        return key[1] + ("@%d" % (key[0] + 1) if len(self.versions) > 1 else "")

    def price(self, key):
        return frac(self.versions[key[0]]["price"][key[1]])


def energy_lines(sheet, times, sums, prefix, payer, payee):
    total = 0
    for key, quantity in sums.items():
        if quantity != 0:
            price = times.price(key)
            total += sheet.line(prefix + times.label(key), payer, payee, fen(quantity * price),
                                F("0.13"), quantity, "kWh", price)
    return total


# -- ships ---------------------------------------------------------------------------

def call_lines(sheet, times, slots, c, digits, prefix, ship):
    """The bill of one call; returns its kWh and what it cost."""
    sums = times.by_period(slots, digits)
    kwh = sum(sums.values(), F(0))
    total = energy_lines(sheet, times, sums, prefix + "ELEC.", ship, "port")
    service = 0
    if "service_per_kwh" in c and kwh > 0:
        price = frac(c["service_per_kwh"])
        service = sheet.line(prefix + "SERVICE", ship, "port", fen(kwh * price), F("0.06"), kwh,
                             "kWh", price)
    total += service
    if "connect_fee" in c:
        price = frac(c["connect_fee"])
        total += sheet.line(prefix + "CONNECT", ship, "port", fen(price), F("0.06"), F(1), "call",
                            price)
    if "min_charge_fen" in c:
        total += sheet.amount_only(prefix + "MIN_CHARGE", ship, "port",
                                   max(0, c["min_charge_fen"] - total), F("0.06"))
    if "subsidy_per_kwh" in c and kwh > 0:
        price = frac(c["subsidy_per_kwh"])
        sheet.line(prefix + "SUBSIDY", "government", "port", fen(kwh * price), None, kwh, "kWh",
                   price)
    share = frac(c.get("investor_share_of_service", 0))
    sheet.amount_only(prefix + "SERVICE_SHARE", "port", "investor", fen(F(service, 100) * share),
                      F("0.06"))
    return kwh, total


def shore_power(case, schedules):
    sheet, times, clock = calc.Sheet(), Times(case, schedules), calc.Clock(case, schedules)
    slots = [((clock.start + i * timedelta(minutes=clock.minutes)).isoformat(), frac(v))
             for i, v in enumerate(case["series"]["energy"])]
    kwh, _ = call_lines(sheet, times, slots, case["contract"], case.get("energy_digits", 2), "",
                        "ship")
    ends = clock.end - timedelta(seconds=1)
    sheet.quantities = {"energy": dec(kwh), "settle_month": ends.strftime("%Y-%m")}
    if case["contract"].get("lost"):
        sheet.flags.append("DISCONNECT_LOST")
    return sheet.expected()


def shore_power_month(case, schedules):
    sheet, times, c = calc.Sheet(), Times(case, schedules), case["contract"]
    for call in case["calls"]:
        slots = [(at, frac(v)) for at, v in call["slots"]]
        kwh, cost = call_lines(sheet, times, slots, c, 2, call["id"] + ".", call["ship"])
        sheet.quantities[call["id"] + ".energy"] = dec(kwh)
        if call.get("foreign"):
            paid_ahead = call.get("prepaid_fen", 0)
            used = min(paid_ahead, cost)
            sheet.amount_only(call["id"] + ".PREPAID", "port", call["ship"], used, None)
            if paid_ahead < cost:
                sheet.flags.append("PREPAYMENT_SHORT." + call["id"])
        if call.get("lost"):
            sheet.flags.append("DISCONNECT_LOST." + call["id"])
    if "berth_kwh" in case:
        gap = frac(case["berth_kwh"]) - sum(
            (frac(q) for n, q in sheet.quantities.items() if n.endswith(".energy")), F(0))
        sheet.quantities["gap"] = dec(gap)
        if gap > 0:
            sheet.flags.append("BERTH_GAP")
        if gap < 0:
            sheet.flags.append("BERTH_OVER")
    return sheet.expected()


# -- cars ----------------------------------------------------------------------------

def session_lines(sheet, times, session, c, digits):
    """The bill of one session; returns the service fee in fen and what was charged less given."""
    driver, prefix = session["driver"], session["id"] + "."
    slots = [(at, frac(v)) for at, v in session["slots"]]
    charge = times.by_period([(at, max(v, 0)) for at, v in slots], digits)
    back = times.by_period([(at, max(-v, 0)) for at, v in slots], digits)
    kwh = sum(charge.values(), F(0))
    energy_lines(sheet, times, charge, prefix + "ELEC.", driver, "operator")
    service = 0
    if "service_per_kwh" in c and kwh > 0:
        product = frac(c["service_per_kwh"]) * frac(session.get("service_discount", 1))
        service = sheet.line(prefix + "SERVICE", driver, "operator", fen(kwh * product), F("0.06"),
                             kwh, "kWh", rnd(product, 6))
    for key, quantity in back.items():
        if quantity != 0 and "v2g_ratio" in c:
            price = rnd(times.price(key) * frac(c["v2g_ratio"]), 4) + frac(c.get("wear_comp", 0))
            sheet.line(prefix + "V2G." + times.label(key), "operator", driver,
                       fen(quantity * price), None, quantity, "kWh", price)
    if "v2g_ratio" not in c and any(back.values()):
        sheet.flags.append("V2G_NOT_AGREED." + session["id"])
    over = session.get("idle_minutes", 0) - c.get("idle_grace", GRACE_MIN)
    if over > 0 and "idle_per_min" in c:
        price = frac(c["idle_per_min"])
        amount = fen(over * price)
        if "idle_cap_fen" in c:
            amount = min(amount, c["idle_cap_fen"])
        sheet.line(prefix + "IDLE", driver, "operator", amount, F("0.06"), F(over), "min", price)
    if session.get("late"):
        sheet.flags.append("LATE_SESSION." + session["id"])
    return service, kwh - sum(back.values(), F(0))


def ev_charging_v2g(case, schedules):
    sheet, times, c = calc.Sheet(), Times(case, schedules), case["contract"]
    digits = case.get("energy_digits", 2)
    done = [session_lines(sheet, times, s, c, digits) for s in case["sessions"]]
    total = sum(service for service, _ in done)
    split = c["service_split"]
    parts = dict(zip(split, allocate(total, split.values()) or [0] * len(split)))
    for name, part in parts.items():
        if name != "operator":
            sheet.amount_only("SPLIT." + name, "operator", name, part, F("0.06"))
    if total != 0:
        keeps = total - sum(p for name, p in parts.items() if name != "operator")
        sheet.quantities = {"service_total_fen": total, "operator_keeps_fen": keeps}
    if "station_kwh" in case:
        loss = frac(case["station_kwh"]) - sum((net for _, net in done), F(0))
        sheet.quantities["station_loss"] = dec(loss)
        if loss < 0:
            sheet.flags.append("STATION_BELOW_CHARGERS")
    return sheet.expected()


SCENARIOS = {f.__name__: f for f in (shore_power, shore_power_month, ev_charging_v2g)}


# -- random cases --------------------------------------------------------------------

def walk(m, start, n, minutes=15):
    return [(start + timedelta(minutes=minutes * i)).isoformat() + "+08:00" for i in range(n)]


def some_clock(m):
    _, case = m.clock()
    return {k: case[k] for k in ("tou", "tou_versions", "prices", "deep_valley_dates")
            if k in case}, datetime.fromisoformat(case["period"]["start"][:19])


def berth_terms(m):
    c = {}
    m.maybe(c, "service_per_kwh", m.number(1, m.r.choice([2, 4, 6])), 85)
    m.maybe(c, "connect_fee", m.number(500, 2), 80)
    m.maybe(c, "min_charge_fen", m.r.randrange(400000), 60)
    m.maybe(c, "subsidy_per_kwh", m.number(0.2, 4), 50)
    m.maybe(c, "investor_share_of_service", m.number(1, 4), 70)
    return c


def any_shore_power(m):
    n, case = m.clock()
    case["series"] = {"energy": m.series(n, m.r.choice([1, 300]))}
    case["contract"] = berth_terms(m)
    m.maybe(case, "energy_digits", m.r.randint(0, 4), 20)
    return case


def any_shore_power_month(m):
    case, start = some_clock(m)
    case["calls"] = []
    for i in range(m.r.randint(0, 4)):
        at = start + timedelta(minutes=15 * m.r.randrange(200))
        n = m.r.randint(1, 40)
        call = {"id": "C%d" % (i + 1), "ship": m.r.choice(["H1", "H2"]),
                "slots": [list(p) for p in zip(walk(m, at, n), m.series(n, m.r.choice([1, 90])))]}
        m.maybe(call, "lost", True, 20)
        if m.chance(30):
            call.update(foreign=True, prepaid_fen=m.r.randrange(300000))
        case["calls"].append(call)
    case["contract"] = berth_terms(m)
    m.maybe(case, "berth_kwh", m.number(3000, 2), 30)
    return case


def any_ev_charging_v2g(m):
    case, start = some_clock(m)
    case["sessions"] = []
    for i in range(m.r.randint(1, 5)):
        at = start + timedelta(minutes=15 * m.r.randrange(100))
        n = m.r.randint(1, 30)
        times = [t for t in walk(m, at, n) if not m.chance(20)] or walk(m, at, 1)
        low = m.r.choice([0, 0, -20])
        session = {"id": "S%d" % (i + 1), "driver": "D%d" % m.r.randint(1, 3),
                   "slots": [list(p) for p in zip(times, m.series(len(times), 20, low))]}
        m.maybe(session, "idle_minutes", m.r.randrange(150))
        if m.chance(8):
            session["slots"] = []
        m.maybe(session, "late", True, 10)
        m.maybe(session, "service_discount", m.number(1, m.r.choice([1, 2, 4])))
        case["sessions"].append(session)
    c = {"service_per_kwh": m.number(0.9, m.r.choice([2, 4, 6]))}
    m.maybe(c, "v2g_ratio", m.number(1.2, m.r.choice([2, 4, 6])), 90)
    m.maybe(c, "wear_comp", m.number(0.3, 4))
    m.maybe(c, "idle_per_min", m.number(2, 2), 70)
    m.maybe(c, "idle_grace", m.r.randrange(60))
    m.maybe(c, "idle_cap_fen", m.r.randrange(6000))
    names = m.r.sample(["operator", "site", "investor", "village", "bank"], m.r.randint(1, 5))
    c["service_split"] = {name: m.number(0.9, 2) for name in names}
    case["contract"] = c
    m.maybe(case, "energy_digits", m.r.randint(0, 4), 15)
    m.maybe(case, "station_kwh", m.number(900, 2), 15)
    return case


RANDOM = {"shore_power": any_shore_power, "shore_power_month": any_shore_power_month,
          "ev_charging_v2g": any_ev_charging_v2g}


# -- golden cases --------------------------------------------------------------------

BERTH = {"service_per_kwh": "0.35", "connect_fee": "200", "min_charge_fen": 50000,
         "investor_share_of_service": "0.60", "subsidy_per_kwh": "0.05"}
NEW = [("2025-01-01 00:00", scenarios.GRID), ("2025-09-01 00:00", scenarios.CHEAPER)]


def case_of(scenario, name, title, fields, contract):
    return {"schema": "sunkeeper.case/1", "id": name, "scenario": scenario, "title": title,
            **fields, "contract": contract}


def call(name, title, energy, start, end, minutes=60, contract=None, **more):
    terms = dict(BERTH, **(contract or {}))
    fields = scenarios.span(start, end, minutes, "zj-2024-21", more.pop("versions", None))
    fields["series"] = {"energy": energy}
    return "shore_power", case_of("shore_power", name, title, dict(fields, **more),
                                  {k: v for k, v in terms.items() if v is not None})


def golden_calls():
    night = ("2025-08-31 21:00", "2025-09-01 03:00")
    some = ["150", "160.5", "150", "140", "140", "130.25"]
    yield call("over_month_end", "Ends in September: billed there, August hours at August's time",
               some, *night)
    yield call("price_change", "New prices at midnight: a line for each version", some, *night,
               versions=NEW)
    yield call("ends_at_midnight", "Ends at 24:00 of the last day: still August",
               ["80", "90.01"], "2025-08-31 22:00", "2025-09-01 00:00")
    yield call("minimum_tops_up", "20 kWh and the connection stay below the minimum",
               ["12", "8"], "2025-09-03 09:00", "2025-09-03 11:00")
    yield call("minimum_reached", "Exactly the minimum: no line for it", ["100"],
               "2025-09-03 09:00", "2025-09-03 10:00",
               contract={"min_charge_fen": 100 * 100 + 3500 + 20000 - 53})
    yield call("no_energy", "Connected, nothing drawn: the fee and the minimum only", ["0", "0"],
               "2025-09-03 09:00", "2025-09-03 11:00")
    yield call("no_extras", "Energy and service only: no fee, minimum, subsidy or share",
               ["33.335", "66.67"], "2025-09-03 09:00", "2025-09-03 11:00",
               contract={"connect_fee": None, "min_charge_fen": None, "subsidy_per_kwh": None,
                         "investor_share_of_service": None})
    yield call("free_connection", "A fee of nothing is still a line", ["50.005"],
               "2025-09-03 09:00", "2025-09-03 10:00", contract={"connect_fee": "0"})
    yield call("quarters", "Quarter hours over a change of period; half fens away from zero",
               ["10.125", "20.25", "9.625", "0.005", "31.5", "7.5"], "2025-09-03 07:30",
               "2025-09-03 09:00", 15)


def visits(name, title, calls, contract=None, **more):
    fields = {"tou": "zj-2024-21", "prices": {"versions": [
        {"from": scenarios.at(f), "price": dict(p)} for f, p in more.pop("versions", NEW)]}}
    fields.update(more)
    fields["calls"] = calls
    return "shore_power_month", case_of("shore_power_month", name, title, fields,
                                        dict(BERTH, **(contract or {})))


def slots(start, values, minutes=15):
    first = datetime.fromisoformat(start.replace(" ", "T"))
    return [list(p) for p in zip(walk(None, first, len(values), minutes), values)]


def golden_months():
    one = {"id": "C1", "ship": "H1", "slots": slots("2025-08-31 23:30", ["31", "30.5", "29", "28"])}
    two = {"id": "C2", "ship": "H2", "slots": slots("2025-09-03 10:30", ["12.25"] * 6)}
    again = {"id": "C3", "ship": "H1", "slots": slots("2025-09-20 12:00", ["40.5"] * 8)}
    yield visits("three_calls", "Two ships, three calls, each with its own minimum",
                 [one, two, again])
    yield visits("no_calls", "A month without a ship: nothing", [])
    yield visits("disconnected", "The link broke: closed at the last reading, with a flag",
                 [one, dict(two, lost=True)])
    yield visits("berth_gap", "Two calls on one berth meter: what lies between is the port's",
                 [two, again], berth_kwh="402.75")
    yield visits("berth_even", "The calls show all of the berth meter", [two, again],
                 berth_kwh="397.5")
    yield visits("berth_over", "The calls show more than the berth meter", [two, again],
                 berth_kwh="397.49")
    yield visits("foreign_paid", "A foreign ship paid ahead: what it used is set off",
                 [dict(two, foreign=True, prepaid_fen=100000)])
    yield visits("foreign_short", "A foreign ship paid too little ahead",
                 [two, dict(again, foreign=True, prepaid_fen=10000)])


CHARGER = {"service_per_kwh": "0.40", "v2g_ratio": "0.90", "wear_comp": "0.10",
           "idle_per_min": "0.5", "idle_grace": 30, "idle_cap_fen": 3000,
           "service_split": {"operator": "0.5", "site": "0.2", "investor": "0.3"}}


def cars(name, title, sessions, contract=None, **more):
    fields = {"tou": "zj-2024-21", "prices": {"versions": [
        {"from": scenarios.at(f), "price": dict(p)}
        for f, p in more.pop("versions", NEW[:1])]}}
    fields.update(more)
    fields["sessions"] = sessions
    terms = dict(CHARGER, **(contract or {}))
    return "ev_charging_v2g", case_of("ev_charging_v2g", name, title, fields,
                                      {k: v for k, v in terms.items() if v is not None})


def golden_cars():
    noon = {"id": "S1", "driver": "D1", "idle_minutes": 75,
            "slots": slots("2025-07-10 10:45", ["15.50", "15.25", "7.13"])}
    back = {"id": "S2", "driver": "D2", "service_discount": "0.9",
            "slots": slots("2025-07-10 15:00", ["-12.5", "-6.25", "4.005", "4.005"])}
    night = {"id": "S3", "driver": "D1", "idle_minutes": 200,
             "slots": slots("2025-08-31 23:30", ["14.05", "15", "15", "11.37"])}
    yield cars("members_discount", "Nine tenths of the service fee; charge and discharge apart",
               [noon, back])
    yield cars("over_midnight", "Over a month end with new prices: each slot by its own version",
               [night, dict(back, idle_minutes=31)], versions=NEW)
    yield cars("idle_cap", "170 minutes too long: the cap", [night])
    yield cars("idle_grace", "30 minutes are free, at 31 one is paid",
               [dict(noon, idle_minutes=30), dict(noon, id="S9", idle_minutes=31)])
    yield cars("idle_only", "Nothing charged: only the staying is billed, nothing to share",
               [dict(noon, slots=slots("2025-07-10 10:45", ["0", "0"]))])
    yield cars("never_netted", "Charge and discharge in one period are two lines",
               [{"id": "S1", "driver": "D1", "slots": slots("2025-07-10 12:00",
                                                            ["5", "-5", "2.5", "-2.5"])}])
    yield cars("odd_fen", "Thirds of 0.40: the odd fen to the first listed",
               [dict(noon, slots=slots("2025-07-10 11:00", ["1"]))],
               {"service_split": {"operator": "1", "site": "1", "investor": "1"}})
    yield cars("operator_last", "The operator is listed last and not paid out",
               [noon], {"service_split": {"site": "0.25", "investor": "0.25", "operator": "0.5"}})
    yield cars("no_weights", "Nobody has a share: the operator keeps all",
               [noon], {"service_split": {"operator": "0", "site": "0"}})
    yield cars("half_fen_discount", "The fee is rounded once, from the exact product",
               [dict(noon, service_discount="0.875",
                     slots=slots("2025-07-10 11:00", ["1.25", "0.01"]))],
               {"service_per_kwh": "0.4444"})
    yield cars("exact_product", "The printed price has six digits, the fee is of the exact product",
               [dict(noon, service_discount="0.8765", slots=slots("2025-07-10 11:00", ["2.66"]))],
               {"service_per_kwh": "0.456789"})
    yield cars("no_slots", "Plugged in and never charged: only the staying",
               [dict(noon, slots=[], idle_minutes=45)])
    yield cars("offline_late", "Sent late by an offline charger: billed by its own time, and said",
               [dict(night, late=True, idle_minutes=0), noon], versions=NEW)
    yield cars("v2g_not_agreed", "Discharge without an agreed price is held, not paid",
               [noon, back], {"v2g_ratio": None, "wear_comp": None})
    yield cars("station_loss", "The station's meter shows more than its chargers: the operator's loss",
               [noon, back], station_kwh="31.5")
    yield cars("station_below", "The station's meter shows less than its chargers: held",
               [noon, back], station_kwh="20")
    yield cars("negative_price", "Charging is paid for at a negative price",
               [dict(noon, slots=slots("2025-07-10 11:00", ["10", "-4"]))],
               versions=[("2025-01-01 00:00", scenarios.NEGATIVE)])


def golden():
    yield from golden_calls()
    yield from golden_months()
    yield from golden_cars()
