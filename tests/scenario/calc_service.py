"""calc_service.py - hosting, compressed air and green certificates, worked out a second time (rules
5.7, 5.8, 5.12 and 9.1).

Why: see calc.py. What goes beyond the case format (yearly guarantee, bills by days, drift, pressure)
follows the notes at the head of the strategies.
"""

from calc import PERIODS, F, Clock, Sheet, allocate, dec, fen, frac, rnd
from scenarios import CHEAPER, GRID, NEGATIVE, at

SERVICE = F("0.06")


def hosted_fuel(fuel, month, quantities):
    """Baseline as adjusted, and what was used."""
    baseline = moved = frac(fuel["baseline_qty"])
    if "weather" in fuel:
        w = fuel["weather"]
        ratio = rnd(frac(w["actual"]) / frac(w["base"]), 4)
        ratio = min(max(ratio, frac(w.get("min", "0.8"))), frac(w.get("max", "1.2")))
        shift = rnd(baseline * frac(w["sensitive_share"]) * (ratio - 1), 2)
        quantities[fuel["id"] + ".weather_ratio"] = dec(ratio)
        quantities[fuel["id"] + ".weather_qty"] = dec(shift)
        moved = baseline + shift
    if "area_ratio" in fuel:
        moved = rnd(moved * frac(fuel["area_ratio"]), 2)
    quantities[fuel["id"] + ".adj_baseline"] = dec(moved)
    used = frac(fuel["actual_qty"])
    if "bill_days" in fuel:
        used = rnd(used * month / fuel["bill_days"], 2)
    return baseline, moved, used


def building_hosting(case, _schedules):
    sheet, c = Sheet(), case["contract"]
    sheet.amount_only("HOSTING_FEE", "owner", "host", c["monthly_fee_fen"], SERVICE)
    saving = 0
    for fuel in c["fuels"]:
        baseline, moved, used = hosted_fuel(fuel, c.get("days_in_month", 30), sheet.quantities)
        price, base_price = frac(fuel["actual_price"]), frac(fuel["base_price"])
        if price != base_price:
            sheet.line("PRICE_ADJ." + fuel["id"], "owner", "host", fen(moved * (price - base_price)),
                       SERVICE, moved, fuel["unit"], price - base_price)
        if moved != baseline:
            sheet.line("VOLUME_ADJ." + fuel["id"], "owner", "host",
                       fen((moved - baseline) * base_price), SERVICE, moved - baseline,
                       fuel["unit"], base_price)
        saving += fen(moved * price) - fen(used * price)
    sheet.quantities["saving_fen"] = saving
    if saving > 0:
        sheet.amount_only("SAVING_SHARE", "host", "owner",
                          fen(F(saving, 100) * frac(c.get("owner_share", 0))), SERVICE)
    yearly, year = c.get("guarantee_by", "month") == "year", c.get("year", {})
    months = year.get("months", 0)
    counted = saving + (year.get("saving_fen", 0) if yearly else 0)
    goal = c.get("guaranteed_saving_fen")
    if goal is not None and counted < goal and (not yearly or months == 11):
        sheet.amount_only("GUARANTEE", "host", "owner", goal - max(counted, 0), SERVICE)
        sheet.flags.append("GUARANTEE_MISSED")
    if saving < 0:
        sheet.flags.append("NEGATIVE_SAVING")
    if "year" in c:
        sheet.state = {"months": months + 1, "saving_fen": year.get("saving_fen", 0) + saving}
    return sheet.expected()


def air_flow(case):
    """The flow that counts, interval by interval."""
    c, flow = case["contract"], [frac(v) for v in case["series"]["air_m3"]]
    if "cut_off_m3" in c:
        flow = [v if v > frac(c["cut_off_m3"]) else F(0) for v in flow]
    if "pressure" in c:
        least, share = frac(c["pressure"]["min"]), frac(c["pressure"].get("low_share", 0))
        flow = [v * share if frac(p) < least else v
                for v, p in zip(flow, case["series"]["pressure"])]
    return flow


def compressed_air(case, schedules):
    sheet, clock, c = Sheet(), Clock(case, schedules), case["contract"]
    vat = frac(c["vat"])
    volume = clock.by_period(air_flow(case), c.get("volume_digits", 0))

    def price(key):
        if c.get("price_mode", "formula") == "table":
            unit = frac(c["air_price"][key[1]])
        else:
            unit = rnd(frac(c["spec_kwh_per_m3"]) * clock.price(key) *
                       (1 + frac(c.get("margin", 0))) + frac(c.get("om_per_m3", 0)),
                       c.get("price_digits", 4))
        return max(unit, frac(c["floor"])) if "floor" in c else unit

    for key in clock.present:
        if volume[key] != 0:
            sheet.line("AIR." + clock.label(key), "consumer", "investor",
                       fen(volume[key] * price(key)), vat, volume[key], "m3", price(key))
    total = sum(volume.values())
    sheet.quantities["volume"] = dec(total)
    if "min_take_m3" in c and total < frac(c["min_take_m3"]):
        short, unit = frac(c["min_take_m3"]) - total, frac(c["min_take_price"])
        sheet.line("MIN_TAKE", "consumer", "investor", fen(short * unit), vat, short, "m3", unit)
    if "electricity" in case["series"]:
        kwh = rnd(sum(map(frac, case["series"]["electricity"])), 2)
        sp = rnd(kwh / total, 4) if total != 0 else None
        sheet.quantities["specific_kwh_per_m3"] = dec(sp)
        if "spec_guarantee" in c and sp is not None and sp > frac(c["spec_guarantee"]):
            excess = rnd((sp - frac(c["spec_guarantee"])) * total, 2)
            unit = frac(c["avg_elec_price"])
            sheet.line("EFFICIENCY", "investor", "consumer", fen(excess * unit), vat, excess, "kWh",
                       unit)
    return sheet.expected()


def owned(c, kwh):
    """What the owner of this contract has of the station's kWh, split at 0.01 kWh (R6)."""
    if "owners" not in c:
        return kwh
    shares = [frac(o["share"]) for o in c["owners"]]
    parts = allocate(int(kwh * 100), shares)
    return sum((F(p, 100) for p, o in zip(parts, c["owners"]) if o["mine"]), F(0))


def green_certificate(case, _schedules):
    sheet, c = Sheet(), case["contract"]
    carry, issued_all = frac(c.get("carry_in_kwh", 0)), 0
    for row in case["months"]:
        k = owned(c, frac(row["kwh"]) - frac(row.get("not_eligible_kwh", 0))) + carry
        issued = int(k // 1000) if k > 0 else 0
        carry = k - 1000 * issued
        issued_all += issued
        sheet.quantities[row["month"] + ".issued"] = issued
        sheet.quantities[row["month"] + ".carry_kwh"] = dec(carry)
        if k < 0:
            sheet.flags.append("NEGATIVE_CARRY." + row["month"])
    stock, ordered = issued_all + c.get("inventory", 0), c["order_quantity"]
    sold = min(stock, ordered)
    sheet.quantities.update(sold=sold, inventory_out=stock - sold)
    if sold > 0:
        price = frac(c["price"])
        income = sheet.line("GEC", "buyer", "investor", fen(sold * price), SERVICE, F(sold),
                            "certificate", price)
        sheet.amount_only("AGENCY_FEE", "investor", "platform",
                          fen(F(income, 100) * frac(c.get("agency_fee_rate", 0))), SERVICE)
    if sold < ordered:
        sheet.flags.append("SHORT_DELIVERY")
    sheet.state = {"carry_kwh": dec(carry)}
    return sheet.expected()


SCENARIOS = {f.__name__: f for f in (building_hosting, compressed_air, green_certificate)}


# -- random cases --------------------------------------------------------------------

def random_hosting(m):
    fuels = []
    for i, unit in enumerate(m.r.sample(["kWh", "m3", "t", "GJ"], m.r.randint(1, 4))):
        top = m.r.choice([50, 90000])
        f = {"id": "f%d" % i, "unit": unit, "baseline_qty": m.number(top, 2),
             "actual_qty": m.number(top, 2), "base_price": m.number(5, 4)}
        f["actual_price"] = f["base_price"] if m.chance(30) else m.number(5, m.r.choice([2, 4, 6]))
        if m.chance(60):
            f["weather"] = {"actual": m.number(400, m.r.choice([0, 1])),
                            "base": m.number(400, 0, 100), "sensitive_share": m.number(1, 4)}
            m.maybe(f["weather"], "min", m.number(1, 2), 30)
            m.maybe(f["weather"], "max", m.number(1.5, 2, 1), 30)
        m.maybe(f, "area_ratio", m.number(1.3, m.r.choice([2, 4])), 40)
        m.maybe(f, "bill_days", m.r.randint(20, 40), 20)
        fuels.append(f)
    c = {"monthly_fee_fen": m.r.randrange(20000000) if m.chance(90) else 0, "fuels": fuels}
    m.maybe(c, "owner_share", m.number(1, 4), 80)
    m.maybe(c, "guaranteed_saving_fen", m.r.randrange(m.r.choice([500, 3000000])), 60)
    m.maybe(c, "days_in_month", m.r.choice([28, 31]), 20)
    if m.chance(25):
        c["guarantee_by"] = "year"
        c["year"] = {"months": m.r.choice([0, 5, 11, 11]),
                     "saving_fen": m.r.randint(-3000000, 3000000)}
    return {"contract": c}


def random_air(m):
    n, case = m.clock()
    case["series"] = {"air_m3": m.series(n, m.r.choice([20, 2000]))}
    c = {"vat": m.vat(), "price_mode": m.r.choice(["formula", "formula", "table"])}
    if c["price_mode"] == "table":
        c["air_price"] = {p: m.number(0.3, m.r.choice([2, 4, 6])) for p in PERIODS}
    else:
        c["spec_kwh_per_m3"] = m.number(0.2, 4)
        m.maybe(c, "margin", m.number(0.3, m.r.choice([2, 4])), 80)
        m.maybe(c, "om_per_m3", m.number(0.05, 4), 80)
        m.maybe(c, "price_digits", m.r.randint(2, 6), 30)
    m.maybe(c, "floor", m.number(0.2, 4), 40)
    m.maybe(c, "volume_digits", m.r.randint(0, 3), 40)
    if m.chance(50):
        c.update(min_take_m3=m.number(m.r.choice([500, 90000]), m.r.choice([0, 2])),
                 min_take_price=m.number(0.1, 4))
    if m.chance(70):
        case["series"]["electricity"] = m.series(n, m.r.choice([3, 300]))
        if m.chance(70):
            c.update(spec_guarantee=m.number(0.2, 4), avg_elec_price=m.number(1, 4))
    m.maybe(c, "cut_off_m3", m.number(5, 1), 20)
    if m.chance(20):
        c["pressure"] = {"rule": m.r.choice(["exclude", "reduce"]), "min": m.number(1, 2)}
        if c["pressure"]["rule"] == "reduce":
            c["pressure"]["low_share"] = m.number(1, 2)
        case["series"]["pressure"] = m.series(n, 1.2)
    case["contract"] = c
    return case


def random_certificates(m):
    months = []
    for i in range(m.r.randint(1, 6)):
        row = {"month": "2025-%02d" % (i + 1),
               "kwh": m.number(m.r.choice([900, 5000]), 2, m.r.choice([0, 0, -2000]))}
        m.maybe(row, "not_eligible_kwh", m.number(m.r.choice([100, 2500]), 2), 40)
        months.append(row)
    c = {"order_quantity": m.r.randrange(12), "price": m.number(50, m.r.choice([2, 4]))}
    m.maybe(c, "carry_in_kwh", m.number(999, 2, m.r.choice([0, -1500])), 70)
    m.maybe(c, "inventory", m.r.randrange(5), 40)
    m.maybe(c, "agency_fee_rate", m.number(0.2, 4), 70)
    if m.chance(30):
        n = m.r.randint(1, 4)
        mine = m.r.randrange(n)
        c["owners"] = [{"id": "O%d" % i, "share": dec(F(m.r.randint(1, 9999), 10000)),
                        "mine": i == mine}
                       for i in range(n)]
    return {"months": months, "contract": c}


RANDOM = {"building_hosting": random_hosting, "compressed_air": random_air,
          "green_certificate": random_certificates}


# -- chosen cases --------------------------------------------------------------------

def chosen(strategy, name, title, **fields):
    return strategy, dict({"schema": "sunkeeper.case/1", "id": name, "scenario": strategy,
                           "title": title}, **fields)


def fuel(name, unit, baseline, actual, base_price, price, **more):
    return dict({"id": name, "unit": unit, "baseline_qty": baseline, "actual_qty": actual,
                 "base_price": base_price, "actual_price": price}, **more)


def hosting(name, title, *fuels, **terms):
    contract = {"monthly_fee_fen": 12000000, "owner_share": "0.30", "fuels": list(fuels)}
    contract.update(terms)
    contract = {k: v for k, v in contract.items() if v is not None}
    return chosen("building_hosting", name, title, contract=contract)


def hostings():
    power = fuel("power", "kWh", "120000", "108500", "0.7200", "0.7450")
    gas = fuel("gas", "m3", "5000", "4600.5", "3.85", "3.85")
    heat = fuel("heat", "GJ", "800.25", "790", "66.5", "65.125")
    cold = {"actual": "250", "base": "310", "sensitive_share": "0.6"}
    yield hosting("three_fuels", "三种能源，各用各的单位", power, gas, heat)
    yield hosting("warm_year", "气温比低于下限：按 0.8", dict(power, weather=dict(cold, actual="210")))
    yield hosting("bounds", "合同另定上下限", dict(power, weather=dict(cold, min="0.9", max="1.05")),
                  dict(gas, weather=dict(cold, actual="400", min="0.9", max="1.05")))
    yield hosting("area", "先气候后面积；面积系数一半", dict(power, weather=cold, area_ratio="0.5"),
                  dict(gas, area_ratio="1.0"))
    yield hosting("negative", "用得更多：节约为负，不分成，保证额由托管方补足",
                  dict(power, actual_qty="130000"), guaranteed_saving_fen=500000)
    yield hosting("below_guarantee", "有节约但未达保证", dict(power, actual_qty="119000"),
                  guaranteed_saving_fen=500000)
    yield hosting("exactly", "恰好达到保证额", dict(power, actual_qty="119000", actual_price="0.72"),
                  guaranteed_saving_fen=72000)
    yield hosting("no_saving", "既无节约也无超用", dict(gas, actual_qty="5000"), owner_share=None)
    yield hosting("half_fen", "半分进位；没有月费", dict(gas, baseline_qty="5000.01", actual_qty="4999.99",
                                              actual_price="0.25"), monthly_fee_fen=0,
                  owner_share="0.5")
    yield hosting("bill_days", "账单 33 天，按 30 天折算", dict(power, bill_days=33), days_in_month=30)
    yield hosting("year_open", "年度保证：第五个月不结算", dict(power, actual_qty="130000"),
                  guaranteed_saving_fen=5000000, guarantee_by="year",
                  year={"months": 4, "saving_fen": 120000})
    yield hosting("year_close", "年度保证：第十二个月结算全年", power, guaranteed_saving_fen=5000000,
                  guarantee_by="year", year={"months": 11, "saving_fen": 3000001})


AIR = {"period": {"start": at("2025-07-10 10:30"), "end": at("2025-07-10 13:30")},
       "interval_minutes": 30, "tou": "zj-2024-21"}
FLOW = ["2000", "2400", "2400.5", "2400", "2400", "1800"]
POWER = ["230", "276", "276.5", "276", "276", "208"]


def air(name, title, terms, flow=None, power=None, price=None, pressure=None, **more):
    fields = dict(AIR, **{"prices": {"versions": [
        {"from": at("2025-01-01 00:00"), "price": price or GRID}]}})
    fields.update(more)
    fields["series"] = {"air_m3": flow or FLOW}
    if power:
        fields["series"]["electricity"] = power
    if pressure:
        fields["series"]["pressure"] = pressure
    contract = {"price_mode": "formula", "spec_kwh_per_m3": "0.1150", "margin": "0.10",
                "om_per_m3": "0.0120", "vat": "0.13"}
    contract.update(terms)
    fields["contract"] = {k: v for k, v in contract.items() if v is not None}
    return chosen("compressed_air", name, title, **fields)


def airs():
    table = {"price_mode": "table", "spec_kwh_per_m3": None, "margin": None, "om_per_m3": None,
             "air_price": {"sharp": "0.1800", "peak": "0.16", "flat": "0.11", "valley": "0.0755",
                           "deep_valley": "0.05"}}
    promise = {"spec_guarantee": "0.1140", "avg_elec_price": "0.6840"}
    yield air("formula", "公式气价，效率刚好", dict(promise, spec_guarantee="0.1150"), power=POWER)
    yield air("table", "价目表，底价抬高谷段", dict(table, floor="0.08"))
    yield air("table_versions", "价目表不随电价版本变，行仍按版本分", table, prices={"versions": [
        {"from": at("2025-01-01 00:00"), "price": GRID},
        {"from": at("2025-07-10 12:00"), "price": CHEAPER}]})
    yield air("min_take", "差一立方到保底", {"min_take_m3": "13402", "min_take_price": "0.0200"})
    yield air("min_take_met", "恰到保底：无差额", {"min_take_m3": "13401", "min_take_price": "0.0200"})
    yield air("inefficient", "超耗：按均价返还", promise, power=["250"] * 6)
    yield air("nothing", "全天无气：单耗无从算起，仍收保底", dict(
        promise, min_take_m3="100.5", min_take_price="0.02"), flow=["0"] * 6, power=["1"] * 6)
    yield air("three_digits", "气量三位小数，气价两位", {"volume_digits": 3, "price_digits": 2},
              flow=["2000.1234", "0.0005", "0.0004", "12.5", "1.0001", "7"])
    yield air("negative_price", "谷段负电价：公式价为负，底价兜住", {"floor": "0"}, price=NEGATIVE)
    yield air("negative_unbounded", "谷段负电价，没有底价", {"om_per_m3": "0.001"}, price=NEGATIVE)
    yield air("drift", "零漂与倒流不计", {"cut_off_m3": "2"}, flow=["2000", "1.9", "-3", "2", "2.1", "9"])
    yield air("low_pressure", "压力不足的时段按六成计", {
        "pressure": {"rule": "reduce", "min": "0.95", "low_share": "0.6"}}, pressure=["1", "0.94", "0.95", "0", "1.1", "1"])
    yield air("no_pressure", "压力不足的时段不计", {"pressure": {"rule": "exclude", "min": "0.95"}},
              pressure=["1", "0.94", "0.95", "0", "1.1", "1"])


def certificates(name, title, months, **terms):
    rows = [dict({"month": "2025-%02d" % (i + 1), "kwh": row[0]},
                 **({"not_eligible_kwh": row[1]} if len(row) > 1 else {}))
            for i, row in enumerate(months)]
    contract = dict({"carry_in_kwh": "500", "order_quantity": 7, "price": "4.50",
                     "agency_fee_rate": "0.08"}, **terms)
    contract = {k: v for k, v in contract.items() if v is not None}
    return chosen("green_certificate", name, title, months=rows, contract=contract)


def certificate_cases():
    yield certificates("three_months", "三个月，零头结转，代理费", [
        ("1999.99",), ("2500.02",), ("3120.50", "620.50")])
    yield certificates("one_short", "差 0.01 千瓦时不成一张", [("499.99",)], order_quantity=1)
    yield certificates("just_one", "恰好一张，结转为零", [("500",)], order_quantity=1)
    yield certificates("negative_month", "更正使一月为负：不核发，由后月抵补", [
        ("-800.50",), ("900.25",), ("2400.25",)], order_quantity=3)
    yield certificates("zero_left", "结转恰为负后归零", [("-500",), ("0",), ("1000",)], order_quantity=0)
    yield certificates("stock", "库存先有两张，订单只要一张", [("100", "90")], inventory=2, order_quantity=1)
    yield certificates("nothing_sold", "没有证可卖：只有提示", [("100",)], carry_in_kwh=None)
    yield certificates("own_use", "不可核发多于发电", [("300", "1900"), ("1500",)], agency_fee_rate=None)
    shares = [{"id": "a", "share": "0.3333", "mine": False}, {"id": "b", "share": "0.3333", "mine": True},
              {"id": "c", "share": "0.3334", "mine": False}]
    yield certificates("owners", "三个业主：先按份额拆电量，再取整张", [("3000.01",), ("5999.99", "0.01")],
                       carry_in_kwh="0", owners=shares, order_quantity=2)
    yield certificates("half_fen", "半分进位", [("5000",)], price="0.3333", order_quantity=5,
                       agency_fee_rate="0.015")


def golden():
    return list(hostings()) + list(airs()) + list(certificate_cases())
