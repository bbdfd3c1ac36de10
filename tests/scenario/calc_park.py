"""calc_park.py - parks and resale of electricity, worked out a second time (rules 5.4, 9.1).

Why: a tenant's bill is exact or it is nothing; the numbers here come from the rules' text alone.
What goes beyond the case format (alarms, prepayment, days, the landlord as last bearer) follows
the notes at the head of strategies/park.tally and strategies/resale.tally.
"""

from calc import PERIODS, F, Clock, Sheet, allocate, dec, fen, frac, rnd
from scenarios import CHEAPER, GRID, NEGATIVE

VAT_SERVICE = F("0.06")


class Park:
    """One month of a park."""

    def __init__(self, case):
        self.sheet, self.main, self.c = Sheet(), case["main"], case["contract"]
        self.tenants = self.c["tenants"]
        self.price = {p: frac(v) for p, v in case["prices"]["versions"][0]["price"].items()}
        self.vat = frac(self.c["vat"])
        self.mode = self.c["loss_mode"]
        self.fees = [0] * len(self.tenants)
        self.used = [sum(map(frac, t["energy"].values()), F(0)) for t in self.tenants]
        month = frac(self.main.get("days_in_month", 30))
        self.days = [frac(t.get("days_here", month)) for t in self.tenants]

    def energy(self, tenant, period):
        return frac(tenant["energy"].get(period, 0))

    def keys(self, name):
        if name == "energy":
            return self.used
        return [frac(t[name]) * d for t, d in zip(self.tenants, self.days)]

    def to_landlord(self, code, parts):
        """Amount-only lines of the tenants; what they pay counts for the next keys."""
        for t, part in zip(self.tenants, parts):
            self.sheet.amount_only(code, t["id"], "landlord", part, self.vat)

    def period(self, p):
        sheet, bought, flags = self.sheet, frac(self.main["energy"].get(p, 0)), self.sheet.flags
        pool = fen(bought * self.price[p])
        for i, t in enumerate(self.tenants):
            kwh = self.energy(t, p)
            if self.mode == "fixed_rate":
                kwh = rnd(kwh * (1 + frac(self.c["loss_rate"])), 2)
            amount = fen(kwh * self.price[p])
            if kwh != 0:
                sheet.line("ENERGY." + p, t["id"], "landlord", amount, self.vat, kwh, "kWh",
                           self.price[p])
            self.fees[i] += amount
            pool -= amount
        metered = [self.energy(t, p) for t in self.tenants]
        loss = bought - sum(metered)
        if p in self.main["energy"]:
            sheet.quantities["loss." + p] = dec(loss)
            sheet.quantities["loss_fen." + p] = pool
        if loss < 0:
            flags.append("NEG_LOSS." + p)
        parts = None
        if self.mode in ("by_energy", "by_area"):
            parts = allocate(pool, metered if self.mode == "by_energy" else self.keys("area"))
            if parts is None:
                flags.append("LOSS_TO_LANDLORD." + p)
        if parts is None:
            sheet.amount_only("LOSS." + p, "landlord", "landlord", pool, None)
        else:
            self.to_landlord("LOSS." + p, parts)
            self.fees = [f + x for f, x in zip(self.fees, parts)]
        return loss, bought

    def shared(self, code, amount, weights):
        """A part of the grid's bill split by weights; the landlord bears what nobody can."""
        parts = allocate(amount, weights) if weights is not None else None
        if parts is not None:
            self.to_landlord(code, parts)
            return parts
        self.sheet.amount_only(code, "landlord", "landlord", amount, None)
        if weights is not None:
            self.sheet.flags.append(code + "_TO_LANDLORD")
        return [0] * len(self.tenants)


def park_tenants(case, _schedules):
    park = Park(case)
    sheet, main, c = park.sheet, park.main, park.c
    periods = [p for p in PERIODS if p in main["energy"] or any(
        p in t["energy"] for t in park.tenants)]
    losses, bought, bill = [], F(0), 0
    for p in periods:
        loss, kwh = park.period(p)
        losses.append(loss)
        bought += kwh
        bill += fen(kwh * park.price[p])
    basic, factor = main.get("basic_fee_fen", 0), main.get("pf_adjust_fen", 0)
    key = {"capacity": "capacity_kva", "demand": "demand_kw", "energy": "energy"}[c["basic_by"]]
    basics = park.shared("BASIC", basic, park.keys(key))
    factors = park.shared("PF", factor, park.fees if c.get("pf_by", "energy_fee") == "energy_fee"
                          else None)
    due = [a + b + f for a, b, f in zip(park.fees, basics, factors)]
    paid = sum(line["amount_fen"] for line in sheet.lines)
    if paid != bill + basic + factor:
        raise AssertionError("%s: %d paid of a bill of %d" % (case.get("id"), paid,
                                                              bill + basic + factor))
    service = [0] * len(due)
    if "service_fee_per_kwh" in c:
        rate = frac(c["service_fee_per_kwh"])
        for i, t in enumerate(park.tenants):
            service[i] = sheet.line("SERVICE", t["id"], "platform", fen(park.used[i] * rate),
                                    VAT_SERVICE, park.used[i], "kWh", rate)
    sheet.quantities["main_total_fen"] = bill + basic + factor
    for i, t in enumerate(park.tenants):
        if "price_cap" in c and park.used[i] > 0 and \
                rnd(F(due[i], 100) / park.used[i], 4) > frac(c["price_cap"]):
            sheet.flags.append("PRICE_CAP." + t["id"])
    for i, t in enumerate(park.tenants):
        if "prepaid_fen" in t and \
                t["prepaid_fen"] - due[i] - service[i] < c.get("balance_alarm_fen", 0):
            sheet.flags.append("LOW_BALANCE." + t["id"])
    if "alarms" in c:
        if sum(losses) > frac(c["alarms"].get("loss", "0.1")) * bought:
            sheet.flags.append("LOSS_RATE")
        if sum(max(F(0), -x) for x in losses) > frac(c["alarms"].get("negative", "0.01")) * bought:
            sheet.flags.append("NEG_LOSS_HOLD")
    return sheet.expected()


def resale(case, schedules):
    sheet, clock, c = Sheet(), Clock(case, schedules), case["contract"]
    users, vat = c["customers"], frac(c["vat"])
    digits, rate = c.get("price_digits", 4), frac(c.get("loss_rate", 0))
    used, fees, capped = [], [0] * len(users), [False] * len(users)
    kwh = [clock.by_period(u["energy"], 2) for u in users]

    def price(user, key):
        asked = clock.price(key)
        if c.get("price_mode", "grid") == "fixed":
            asked = frac(user.get("own_price", c.get("fixed_price", 0)))
        elif rate > 0:
            asked = rnd(asked * (1 + rate), digits)
        most = frac(c["price_cap"]) if "price_cap" in c else asked
        return min(asked, most), asked > most

    for key in clock.present:
        for i, u in enumerate(users):
            if kwh[i][key] != 0:
                unit, cut = price(u, key)
                capped[i] = capped[i] or (cut and kwh[i][key] > 0)
                fees[i] += sheet.line("ENERGY." + clock.label(key), u["id"], "landlord",
                                      fen(kwh[i][key] * unit), vat, kwh[i][key], "kWh", unit)
    used = [sum(k.values()) for k in kwh]
    mode = c.get("basic_mode", "none")
    kva = [frac(u.get("capacity_kva", 0)) for u in users]
    if mode == "per_kva":
        unit = frac(c["kva_price"])
        for i, u in enumerate(users):
            fees[i] += sheet.line("BASIC", u["id"], "landlord", fen(kva[i] * unit), vat, kva[i],
                                  "kVA", unit)
    elif mode == "split":
        for i, part in enumerate(allocate(c["basic_fee_fen"], kva)):
            fees[i] += sheet.amount_only("BASIC_SPLIT", users[i]["id"], "landlord", part, vat)
    service = [0] * len(users)
    if "service_fee_per_kwh" in c:
        unit = frac(c["service_fee_per_kwh"])
        for i, u in enumerate(users):
            service[i] = sheet.line("SERVICE", u["id"], "platform", fen(used[i] * unit),
                                    VAT_SERVICE, used[i], "kWh", unit)
    back = [0] * len(users)
    if "grid_bill_fen" in c:
        back = allocate(max(0, sum(fees) - c["grid_bill_fen"]), fees) or back
        for i, u in enumerate(users):
            sheet.amount_only("REFUND", "landlord", u["id"], back[i], vat)
        sheet.quantities["margin_fen"] = sum(fees) - c["grid_bill_fen"]
    for i, u in enumerate(users):
        if capped[i]:
            sheet.flags.append("PRICE_CAPPED." + u["id"])
    for i, u in enumerate(users):
        if "average_cap" in c and used[i] > 0 and \
                rnd(F(fees[i] - back[i], 100) / used[i], 4) > frac(c["average_cap"]):
            sheet.flags.append("PRICE_CAP." + u["id"])
    for i, u in enumerate(users):
        if "prepaid_fen" in u and u["prepaid_fen"] - fees[i] + back[i] - service[i] < \
                c.get("balance_alarm_fen", 0):
            sheet.flags.append("LOW_BALANCE." + u["id"])
    return sheet.expected()


SCENARIOS = {"park_tenants": park_tenants, "resale": resale}


# -- random cases --------------------------------------------------------------------

def one_version(price):
    return {"versions": [{"from": "2025-01-01T00:00:00+08:00", "price": price}]}


def random_park(m):
    periods = [p for p in PERIODS if m.chance(80)] or ["flat"]
    tenants = []
    for i in range(m.r.randint(1, 6)):
        kwh = {p: m.number(m.r.choice([5, 900]), 2) for p in periods if m.chance(90)}
        if m.chance(3):
            kwh["deep_valley"] = m.number(50, 2)
        t = {"id": "T%d" % (i + 1), "area": m.number(900, m.r.choice([0, 2])),
             "capacity_kva": m.number(600, m.r.choice([0, 2])), "demand_kw": m.number(500, 2),
             "energy": {p: "0" for p in kwh} if m.chance(10) else kwh}
        m.maybe(t, "days_here", m.r.randint(0, 31), 15)
        m.maybe(t, "prepaid_fen", m.r.randint(-10000, 400000), 15)
        tenants.append(t)
    main = {"energy": {}}
    for p in periods:
        total = sum(int(F(t["energy"].get(p, 0)) * 100) for t in tenants)
        total = total * m.r.randint(93, 115) // 100 + m.r.randint(-20, 200)
        main["energy"][p] = dec(F(max(0, total) if m.chance(95) else 0, 100))
    m.maybe(main, "basic_fee_fen", m.r.randrange(3000000), 80)
    m.maybe(main, "pf_adjust_fen", m.r.randint(-60000, 60000), 80)
    m.maybe(main, "days_in_month", m.r.choice([28, 30, 31]), 30)
    c = {"loss_mode": m.r.choice(["by_energy", "by_energy", "by_area", "fixed_rate", "landlord"]),
         "basic_by": m.r.choice(["capacity", "demand", "energy"]), "vat": m.vat(),
         "tenants": tenants}
    if c["loss_mode"] == "fixed_rate":
        c["loss_rate"] = m.number(0.1, m.r.choice([2, 4, 6]))
    m.maybe(c, "pf_by", m.r.choice(["energy_fee", "landlord"]), 80)
    m.maybe(c, "service_fee_per_kwh", m.number(0.03, m.r.choice([2, 4])))
    m.maybe(c, "price_cap", m.number(3, 4))
    m.maybe(c, "balance_alarm_fen", m.r.randrange(50000), 30)
    if m.chance(40):
        c["alarms"] = {}
        m.maybe(c["alarms"], "loss", m.number(0.12, 4))
        m.maybe(c["alarms"], "negative", m.number(0.03, 4))
    return {"prices": one_version(m.prices() if m.chance(60) else GRID), "main": main,
            "contract": c}


def random_resale(m):
    n, case = m.clock()
    users = []
    for i in range(m.r.randint(1, 4)):
        u = {"id": "K%d" % (i + 1), "energy": m.series(n, m.r.choice([3, 200]))}
        m.maybe(u, "capacity_kva", m.number(600, m.r.choice([0, 2])), 80)
        m.maybe(u, "own_price", m.number(1.5, 4), 30)
        m.maybe(u, "prepaid_fen", m.r.randint(-10000, 400000), 30)
        users.append(u)
    users[0]["capacity_kva"] = m.number(600, 0, 1)
    c = {"vat": m.vat(), "customers": users}
    if m.chance(40):
        c.update(price_mode="fixed", fixed_price=m.number(1.5, 4))
    else:
        m.maybe(c, "loss_rate", m.number(0.1, 4))
        m.maybe(c, "price_digits", m.r.randint(2, 6))
    m.maybe(c, "price_cap", m.number(1.5, 4))
    m.maybe(c, "average_cap", m.number(1.5, 4))
    m.maybe(c, "service_fee_per_kwh", m.number(0.03, 4))
    m.maybe(c, "grid_bill_fen", m.r.randrange(2000000))
    m.maybe(c, "balance_alarm_fen", m.r.randrange(50000), 30)
    c["basic_mode"] = m.r.choice(["none", "per_kva", "split"])
    if c["basic_mode"] == "per_kva":
        c["kva_price"] = m.number(40, 2)
    elif c["basic_mode"] == "split":
        c["basic_fee_fen"] = m.r.randrange(3000000)
    case["contract"] = c
    return case


RANDOM = {"park_tenants": random_park, "resale": random_resale}


# -- chosen cases --------------------------------------------------------------------

def by_period(*kwh):
    return {p: k for p, k in zip(PERIODS, kwh) if k is not None}


def tenant(name, area, kva, kw, *kwh, **more):
    return dict({"id": name, "area": area, "capacity_kva": kva, "demand_kw": kw,
                 "energy": by_period(*kwh)}, **more)


WEAVER = tenant("weaver", "1200", "315", "240.5", "500.00", "1000.00", "700.00", "1500.00")
DYER = tenant("dyer", "800", "200", "180", "300.00", "600.00", "500.00", "1000.00")
SHOP = tenant("shop", "400", "115", "60.25", "200.00", "400.00", "300.00", "500.00")
MAIN = by_period("1030.00", "2060.00", "1545.00", "3090.00")


def park_case(name, title, terms=None, tenants=(WEAVER, DYER, SHOP), energy=None, price=None,
              **main):
    contract = {"loss_mode": "by_energy", "basic_by": "capacity", "pf_by": "energy_fee",
                "vat": "0.13", "tenants": list(tenants)}
    contract.update(terms or {})
    return "park", {"schema": "sunkeeper.case/1", "id": name, "scenario": "park_tenants",
                    "title": title, "prices": one_version(price or GRID),
                    "main": dict({"energy": energy or MAIN, "basic_fee_fen": 1890000,
                                  "pf_adjust_fen": -4312}, **main), "contract": contract}


def parks():
    yield park_case("by_energy", "按电量分摊损耗，按容量分摊基本电费", {
        "service_fee_per_kwh": "0.01", "price_cap": "4.00"})
    yield park_case("by_area", "按面积分摊；最低的一户无面积", {
        "loss_mode": "by_area", "basic_by": "demand"}, (WEAVER, DYER, dict(SHOP, area="0")))
    yield park_case("fixed_rate", "固定损耗率 5%：差额归业主，服务费按表计电量", {
        "loss_mode": "fixed_rate", "loss_rate": "0.05", "service_fee_per_kwh": "0.02",
        "basic_by": "energy", "pf_by": "landlord"})
    yield park_case("landlord_bears", "损耗与力调归业主", {"loss_mode": "landlord", "pf_by": "landlord"})
    yield park_case("negative_loss", "租户合计大于总表：负的公摊按电量退回", {}, energy=by_period(
        "995.00", "2060.00", "1499.99", "3090.00"), pf_adjust_fen=10001)
    nobody = [dict(t, energy=dict(t["energy"], peak="0")) for t in (WEAVER, DYER, SHOP)]
    yield park_case("nobody_in_peak", "高峰无人用电：公摊归业主", {}, nobody, energy=by_period(
        "1030.00", "12.34", "1545.00", "3090.00"))
    yield park_case("no_area", "无面积可分：公摊归业主并提示", {"loss_mode": "by_area"},
                    [dict(t, area="0") for t in (WEAVER, DYER)])
    yield park_case("even_split", "三户相同：多出的分按次序", {}, [
        dict(SHOP, id="T%d" % i) for i in (1, 2, 3)], energy=by_period(
            "600.01", "1200.01", "900.02", "1500.02"), basic_fee_fen=100, pf_adjust_fen=-200)
    yield park_case("no_loss", "分文不差：没有公摊行", {}, energy=by_period(
        "1000.00", "2000.00", "1500.00", "3000.00"), pf_adjust_fen=0, basic_fee_fen=0)
    idle = dict(SHOP, energy=by_period("0", "0", "0", "0"))
    yield park_case("idle_tenant", "不用电的租户只付基本电费，不查均价", {
        "price_cap": "1.0000", "service_fee_per_kwh": "0.01"}, (WEAVER, idle))
    yield park_case("deep_valley", "负电价的深谷：公摊为负", {"price_cap": "1.7000"}, [
        tenant("a", "1", "10", "5", None, None, "100.00", "10.00", "700.00"),
        tenant("b", "2", "10", "5", None, None, "300.00", "20.00", "0.01")], energy=by_period(
            None, None, "412.30", "30.00", "733.33"), price=NEGATIVE, basic_fee_fen=60000)
    yield park_case("all_idle", "全月无人用电：各项归业主", {"basic_by": "energy"}, [
        dict(t, energy={}) for t in (WEAVER, DYER)], energy=by_period(None, None, "3.21"))
    yield park_case("moved", "月中换租：按各自读数，容量按天", {"alarms": {}}, [
        WEAVER, dict(DYER, id="left", days_here=12, energy=by_period("100", "200", "150", "300")),
        dict(SHOP, id="came", capacity_kva="200", days_here=18)], days_in_month=31)
    yield park_case("alarms", "损耗率过高；余额不足", {
        "alarms": {"loss": "0.10"}, "balance_alarm_fen": 50000, "service_fee_per_kwh": "0.03"}, [
            dict(WEAVER, prepaid_fen=1000000), dict(DYER, prepaid_fen=9000000), SHOP],
        energy=by_period("1330.00", "2260.00", "1645.00", "3390.00"))
    yield park_case("held", "负损耗超过 1%：扣留", {"alarms": {"negative": "0.01"}}, energy=by_period(
        "900.00", "2060.00", "1545.00", "3090.00"))
    after = park_case("corrected", "")[1]
    after["contract"]["tenants"][1] = dict(DYER, energy=by_period("300", "600", "500", "1030.00"))
    before = park_tenants(park_case("original", "")[1], None)["lines"]
    yield "park", {"schema": "sunkeeper.case/1", "id": "again", "scenario": "resettlement",
                   "title": "一户谷段补 30 千瓦时：公摊与力调跟着变", "original": {
                       "statement_no": "ST-202507-0006", "lines": before},
                   "corrected": {k: after[k] for k in ("scenario", "prices", "main", "contract")}}


HOURS = {"period": {"start": "2025-07-10T10:00:00+08:00", "end": "2025-07-10T14:00:00+08:00"},
         "interval_minutes": 60, "tou": "zj-2024-21"}


def resale_case(name, title, terms, *users, **more):
    case = dict({"schema": "sunkeeper.case/1", "id": name, "scenario": "resale", "title": title},
                **HOURS)
    case["prices"] = one_version(GRID)
    case.update(more)
    case["contract"] = dict({"vat": "0.13", "customers": list(users)}, **terms)
    return "resale", case


def resales():
    lathe = {"id": "lathe", "capacity_kva": "100", "energy": ["120.5", "80", "80.25", "60"]}
    cafe = {"id": "cafe", "capacity_kva": "50", "energy": ["10", "12.34", "11", "9.99"]}
    yield resale_case("grid_price", "电网分时价加 3% 损耗", {"loss_rate": "0.03"}, lathe, cafe)
    yield resale_case("fixed_capped", "固定电价被最高限价截断，一户另有约定", {
        "price_mode": "fixed", "fixed_price": "0.98", "price_cap": "0.85",
        "service_fee_per_kwh": "0.015"}, lathe, dict(cafe, own_price="0.80"))
    yield resale_case("refund", "超收按所付退还", {"price_mode": "fixed", "fixed_price": "0.90",
                                             "basic_mode": "per_kva", "kva_price": "30",
                                             "grid_bill_fen": 400001}, lathe, cafe)
    yield resale_case("no_refund", "没有超收：无退还；均价超限", {
        "grid_bill_fen": 99999999, "average_cap": "0.55", "price_cap": "1.0"}, lathe, cafe)
    yield resale_case("basic_split", "电网基本电费按容量分", {"basic_mode": "split",
                                                    "basic_fee_fen": 100000}, lathe, cafe)
    yield resale_case("prepaid", "不用电的一户；余额恰在提醒线上与低一分", {
        "balance_alarm_fen": 1000, "service_fee_per_kwh": "0.01"},
        dict(cafe, energy=["0", "0", "0", "0"], prepaid_fen=999),
        dict(cafe, id="kiosk", energy=["0", "0", "0", "0"], prepaid_fen=1000))
    yield resale_case("new_prices", "十二点起新电价", {"loss_rate": "0.05", "price_digits": 6}, lathe,
                      cafe, prices={"versions": [
                          {"from": "2025-01-01T00:00:00+08:00", "price": GRID},
                          {"from": "2025-07-10T12:00:00+08:00", "price": CHEAPER}]})


def golden():
    return list(parks()) + list(resales())
