"""scenarios.py - the inputs of the project's own cases, each chosen for an edge of the rules.

Why: sixty and more months that an energy manager can follow with a pocket calculator. Only
the inputs and the reason stand here; the numbers come from calc.py. `make` joins the two
into the case files beside this one and fails when a committed file says anything else.
"""

from fractions import Fraction

GRID = {"sharp": "1.1524", "peak": "0.9947", "flat": "0.6840", "valley": "0.3876",
        "deep_valley": "0.3016"}
CHEAPER = {"sharp": "1.0100", "peak": "0.8700", "flat": "0.6000", "valley": "0.3400",
           "deep_valley": "0.2600"}
NEGATIVE = {"sharp": "1.1524", "peak": "0.9947", "flat": "0.6840", "valley": "-0.0500",
            "deep_valley": "-0.1000"}

# The two schedules of Zhejiang, as their documents name the windows, and an invented one with
# half-hour boundaries, so that a case may stand on one.
WINTER, REST = [1, 7, 8, 12], [2, 3, 4, 5, 6, 9, 10, 11]
TOU = {
    "schema": "sunkeeper.tou/1",
    "note": "First rule whose day filter and window hold the interval start; windows [from,to).",
    "schedules": [
        {"id": "zj-2024-21", "rules": [
            {"dates": "HOLIDAY_DEEP", "windows": [["deep_valley", "10:00", "14:00"]]},
            {"months": WINTER, "windows": [
                ["valley", "00:00", "08:00"], ["peak", "08:00", "09:00"],
                ["sharp", "09:00", "11:00"], ["valley", "11:00", "13:00"],
                ["flat", "13:00", "15:00"], ["sharp", "15:00", "17:00"],
                ["peak", "17:00", "23:00"], ["flat", "23:00", "24:00"]]},
            {"months": REST, "windows": [
                ["valley", "00:00", "08:00"], ["peak", "08:00", "11:00"],
                ["valley", "11:00", "13:00"], ["peak", "13:00", "17:00"],
                ["flat", "17:00", "24:00"]]}]},
        {"id": "zj-2026-112", "rules": [
            {"dates": "HOLIDAY_DEEP", "windows": [["deep_valley", "09:00", "15:00"]]},
            {"months": WINTER, "windows": [
                ["valley", "00:00", "07:00"], ["flat", "07:00", "11:00"],
                ["valley", "11:00", "14:00"], ["flat", "14:00", "16:00"],
                ["peak", "16:00", "18:00"], ["sharp", "18:00", "22:00"],
                ["peak", "22:00", "23:00"], ["flat", "23:00", "24:00"]]},
            {"months": REST, "windows": [
                ["valley", "00:00", "07:00"], ["flat", "07:00", "11:00"],
                ["valley", "11:00", "14:00"], ["flat", "14:00", "16:00"],
                ["peak", "16:00", "23:00"], ["flat", "23:00", "24:00"]]}]},
        {"id": "half-hour", "rules": [
            {"windows": [
                ["valley", "00:00", "05:30"], ["flat", "05:30", "09:30"],
                ["peak", "09:30", "11:30"], ["valley", "11:30", "14:30"],
                ["flat", "14:30", "18:30"], ["sharp", "18:30", "20:30"],
                ["flat", "20:30", "23:30"], ["valley", "23:30", "24:00"]]}]},
    ],
}

CASES = []


def at(text):
    """2025-07-10 10:30 as the instants of the case format."""
    return text.replace(" ", "T") + ":00+08:00"


def add(name, scenario, title, **fields):
    case = {"schema": "sunkeeper.case/1", "id": name, "scenario": scenario, "title": title}
    case.update(fields)
    CASES.append(case)


def span(start, end, minutes=15, tou=None, versions=None, **more):
    """Period, interval, schedule and prices, as every case with series has them."""
    out = {"period": {"start": at(start), "end": at(end)}, "interval_minutes": minutes}
    if tou:
        rows = versions or [("2025-01-01 00:00", GRID)]
        out["tou"] = tou
        out["prices"] = {"versions": [{"from": at(f), "price": dict(p)} for f, p in rows]}
    out.update(more)
    return out


def text(n, digits=2):
    """n units of 10^-digits as decimal text, without needless zeros."""
    value = Fraction(n, 10 ** digits)
    whole = str(abs(n)).rjust(digits + 1, "0")
    out = whole[:-digits] + "." + whole[-digits:] if digits else whole
    out = out.rstrip("0").rstrip(".") if "." in out else out
    return ("-" if value < 0 else "") + out


def flat(value, n):
    return [value] * n


# -- PV, self-use --------------------------------------------------------------------

NOON = dict(start="2025-07-10 10:30", end="2025-07-10 13:30")
SUN = ["90", "95.5", "120.25", "118", "131", "129.75", "130", "127.5", "121", "119.5", "108",
       "97.25"]
SURPLUS = ["0", "0", "20", "18.5", "41", "40.25", "30", "29", "21", "19.5", "10", "0"]


def pv(name, title, contract, gen=None, export=None, where=None, **more):
    terms = {"price_mode": "discount", "discount": "0.88", "feed_in_price": "0.4153",
             "vat": "0.13"}
    terms.update(contract)
    terms = {k: v for k, v in terms.items() if v is not None}
    fields = span(tou="zj-2024-21", **NOON)
    fields.update(where or {})
    fields["series"] = {"gen": gen or SUN, "export": export or SURPLUS}
    fields.update(more)
    fields["contract"] = terms
    add(name, "pv_selfuse", title, **fields)


def pv_prices():
    pv("pv_discount", "Discount only: no floor, no cap, no fee", {})
    pv("pv_floor_cap", "Floor lifts the valley, cap cuts the sharp, flat stays between",
       {"floor": "0.42", "cap": "0.90"})
    pv("pv_floor_above_cap", "Floor above cap: first the floor, then the cap, so the cap rules",
       {"floor": "0.80", "cap": "0.60"})
    pv("pv_floor_equal", "Floor equal to the discounted price, cap likewise: nothing moves",
       {"floor": "0.3411", "cap": "1.0141"})
    pv("pv_fixed", "Fixed price: floor and cap of the contract do not touch it",
       {"price_mode": "fixed", "fixed_price": "0.55", "discount": None, "floor": "0.60",
        "cap": "0.50"})
    pv("pv_fixed_fee", "Fixed price of six decimals, 2 % to the platform",
       {"price_mode": "fixed", "fixed_price": "0.512345", "discount": None,
        "platform_fee_rate": "0.02"})
    pv("pv_excluded", "Government funds are taken out before the discount",
       {"exclude_per_kwh": "0.0290", "discount": "0.9"})
    pv("pv_digits_2", "Derived price printed with 2 digits", {"price_digits": 2})
    pv("pv_digits_3", "Derived price printed with 3 digits, then the floor", {
        "price_digits": 3, "floor": "0.3415"})
    pv("pv_digits_6", "Derived price printed with 6 digits",
       {"price_digits": 6, "discount": "0.877777"})
    pv("pv_premium", "A discount above 100 % is a premium", {"discount": "1.05"})
    pv("pv_free", "Discount 0: quantities at price 0 are printed, no fee from nothing",
       {"discount": "0", "platform_fee_rate": "0.01"})
    pv("pv_price_half", "Price half way between two steps rounds away from zero",
       {"discount": "0.5"}, where=span(tou="zj-2024-21", versions=[
           ("2025-01-01 00:00", {"sharp": "1.1523", "peak": "0.9947", "flat": "0.6841",
                                 "valley": "0.3875", "deep_valley": "0.3"})], **NOON))
    pv("pv_negative_price", "Valley price below zero: the consumer is paid, the fee base stays "
       "the sum", {"platform_fee_rate": "0.01"},
       where=span(tou="zj-2024-21", versions=[("2025-01-01 00:00", NEGATIVE)], **NOON))
    pv("pv_negative_sum", "Only valley, below zero: sum negative, so no platform fee",
       {"platform_fee_rate": "0.02"}, gen=flat("100.5", 4), export=flat("0", 4),
       where=span("2025-07-10 11:00", "2025-07-10 12:00", tou="zj-2024-21",
                  versions=[("2025-01-01 00:00", NEGATIVE)]))
    pv("pv_negative_half_fen", "0.1 kWh at -0.05: half a fen below zero rounds away from zero",
       {"price_mode": "fixed", "fixed_price": "-0.05", "discount": None},
       gen=["0.1", "0", "0", "0"], export=flat("0", 4),
       where=span("2025-07-10 11:00", "2025-07-10 12:00", tou="zj-2024-21"))


def pv_quantities():
    pv("pv_half_fen", "0.01 kWh at 0.50 is half a fen and becomes one; 0.03 kWh becomes two",
       {"price_mode": "fixed", "fixed_price": "0.50", "discount": None},
       gen=["0.01", "0.03"], export=["0", "0"],
       where=span("2025-07-10 10:45", "2025-07-10 11:15", tou="zj-2024-21"))
    pv("pv_half_kwh", "Readings of four decimals; a sum half way rounds up, one below rounds down",
       {}, gen=["10.0025", "10.0025", "20.0024", "20.0025"], export=["0", "0", "0", "0.0049"],
       where=span("2025-07-10 10:30", "2025-07-10 11:30", tou="zj-2024-21"))
    pv("pv_energy_0", "Whole kWh by contract", {}, energy_digits=0)
    pv("pv_energy_1", "Energy printed with one digit", {}, energy_digits=1,
       gen=["10.0025", "10.0031", "20.0024", "20.0025"], export=["0", "0", "0", "0.0049"],
       where=span("2025-07-10 10:30", "2025-07-10 11:30", tou="zj-2024-21"))
    pv("pv_night", "A night without sun: no line, all quantities present at zero",
       {"floor": "0.4", "platform_fee_rate": "0.01"}, gen=flat("0", 8), export=flat("0", 8),
       where=span("2025-07-10 22:00", "2025-07-11 00:00", tou="zj-2024-21"))
    pv("pv_all_exported", "Everything fed in: no self-use line, no free quota, roof fee on export",
       {"free_quota_kwh": "100", "roof_fee_per_kwh": "0.02", "platform_fee_rate": "0.01"},
       export=SUN)
    pv("pv_all_used", "Nothing fed in: no EXPORT line", {"platform_fee_rate": "0.0075"},
       export=flat("0", 12))
    pv("pv_export_tolerated", "Export above generation by exactly 1 kWh: flag, but no hold",
       {}, export=SURPLUS[:-1] + ["0"], gen=flat("0", 2) + ["19", "18.5"] + SURPLUS[4:])
    pv("pv_export_hold", "One hundredth above the tolerance: hold",
       {}, export=SURPLUS, gen=flat("0", 2) + ["18.99", "18.5"] + SURPLUS[4:])
    pv("pv_export_ratio", "Tolerance as a ratio of all generation: 2 % of 1000 kWh is not exceeded",
       {"tol_ratio": "0.02"}, gen=["0", "0", "500", "500"], export=["10", "10", "0", "0"],
       where=span("2025-07-10 10:30", "2025-07-10 11:30", tou="zj-2024-21"))
    pv("pv_export_ratio_hold", "The same with 20.01 kWh of deficit: hold",
       {"tol_ratio": "0.02"}, gen=["0", "0", "500", "500"], export=["10.01", "10", "0", "0"],
       where=span("2025-07-10 10:30", "2025-07-10 11:30", tou="zj-2024-21"))
    pv("pv_export_tol_kwh", "A tolerance of 50 kWh swallows a deficit of 50",
       {"tol_kwh": "50", "tol_ratio": "0"}, gen=["0", "0", "5", "5"],
       export=["25", "25", "0", "0"],
       where=span("2025-07-10 10:30", "2025-07-10 11:30", tou="zj-2024-21"))
    pv("pv_netted", "Export above generation in an interval, not in the period: no flag",
       {}, gen=["10", "90", "50", "50"], export=["40", "10", "0", "0"],
       where=span("2025-07-10 10:30", "2025-07-10 11:30", tou="zj-2024-21"))


def pv_extras():
    pv("pv_roof", "Roof fee on all generation used or fed in, 9 % VAT, half a fen",
       {"roof_fee_per_kwh": "0.025"})
    pv("pv_roof_zero", "Roof fee agreed, month without sun: the line stands at zero",
       {"roof_fee_per_kwh": "0.025"}, gen=flat("0", 12), export=flat("0", 12))
    pv("pv_quota", "First 200 kWh free at the month's average price",
       {"free_quota_kwh": "200", "platform_fee_rate": "0.01"})
    pv("pv_quota_over", "Quota above all self-use: everything is free, no fee is left",
       {"free_quota_kwh": "5000", "platform_fee_rate": "0.01"})
    pv("pv_quota_digits", "The average price of the quota has price_digits, here 6",
       {"free_quota_kwh": "333.33", "price_digits": 6, "platform_fee_rate": "0.015"})
    pv("pv_quota_zero", "A quota of 0 kWh is a quantity and prints a line of 0",
       {"free_quota_kwh": "0"})
    pv("pv_quota_negative", "Free energy of a negative price: the gift turns into a charge",
       {"price_mode": "fixed", "fixed_price": "-0.03", "discount": None, "free_quota_kwh": "100",
        "platform_fee_rate": "0.01"})
    pv("pv_min_take", "70 % of the year must be taken: the shortfall at average less feed-in",
       {"min_take_ratio": "0.70",
        "year": {"gen": "1200000.55", "self": "801234.56", "avg_price": "0.6321"}})
    pv("pv_min_take_met", "Taken to the hundredth: short 0, no line",
       {"min_take_ratio": "0.70", "year": {"gen": "1000.01", "self": "700.01",
                                           "avg_price": "0.6321"}})
    pv("pv_min_take_cheap", "Average price below feed-in: the shortfall is worth less than nothing",
       {"min_take_ratio": "0.8", "year": {"gen": "5000", "self": "3999.5",
                                          "avg_price": "0.4"}})
    pv("pv_everything", "Floor, cap, funds, roof, quota, minimum, fee and 1 % VAT in one month",
       {"discount": "0.85", "exclude_per_kwh": "0.029", "floor": "0.35", "cap": "0.9",
        "roof_fee_per_kwh": "0.01", "free_quota_kwh": "120.5", "platform_fee_rate": "0.008",
        "vat": "0.01", "min_take_ratio": "0.65",
        "year": {"gen": "9000", "self": "5000", "avg_price": "0.6"}})


def pv_calendars():
    pv("pv_new_prices", "New price list at noon: each version has its lines, @1 before @2",
       {"floor": "0.35", "platform_fee_rate": "0.01"},
       where=span(tou="zj-2024-21", versions=[("2025-01-01 00:00", GRID),
                                              ("2025-07-10 12:00", CHEAPER)], **NOON))
    pv("pv_later_version", "Two price lists, only the second in force: codes still say @2", {},
       where=span(tou="zj-2024-21", versions=[("2025-01-01 00:00", GRID),
                                              ("2025-07-01 00:00", CHEAPER)], **NOON))
    pv("pv_export_versions", "Deficit in the valley of one price list only",
       {}, export=["0", "0", "0", "0", "200", "200", "0", "0", "0", "0", "0", "0"],
       where=span(tou="zj-2024-21", versions=[("2025-01-01 00:00", GRID),
                                              ("2025-07-10 11:45", CHEAPER)], **NOON))
    pv("pv_new_schedule", "The 2026 schedule replaces the 2024 one at midnight, one price list",
       {"cap": "0.95"}, gen=[text(1000 + 7 * i, 1) for i in range(48)],
       export=[text(3 * i, 1) for i in range(48)],
       where=span("2026-06-30 12:00", "2026-07-01 12:00", 30, "zj-2024-21",
                  [("2026-01-01 00:00", GRID)],
                  tou_versions=[{"from": at("2026-07-01 00:00"), "tou": "zj-2026-112"}]))
    pv("pv_new_both", "New schedule and new prices in the same midnight", {},
       gen=flat("100.25", 24), export=flat("10.5", 24),
       where=span("2026-06-30 12:00", "2026-07-01 12:00", 60, "zj-2024-21",
                  [("2026-01-01 00:00", GRID), ("2026-07-01 00:00", CHEAPER)],
                  tou_versions=[{"from": at("2026-07-01 00:00"), "tou": "zj-2026-112"}]))
    pv("pv_three_schedules", "Three schedules in one day: the last one that began decides", {},
       gen=flat("33.33", 24), export=flat("1.11", 24),
       where=span("2025-05-06 00:00", "2025-05-07 00:00", 60, "zj-2024-21",
                  tou_versions=[{"from": at("2025-05-06 08:00"), "tou": "half-hour"},
                                {"from": at("2025-05-06 16:00"), "tou": "zj-2026-112"}]))
    pv("pv_half_hour", "Half-hour boundaries of a schedule at 15-minute readings", {},
       gen=[text(100 + i, 1) for i in range(96)], export=flat("0.5", 96),
       where=span("2025-05-06 00:00", "2025-05-07 00:00", 15, "half-hour"))
    pv("pv_deep_valley", "Holiday deep valley covers 10-14 only, the rest of the day as usual", {},
       gen=flat("41.7", 24), export=flat("3.3", 24),
       where=span("2025-10-01 06:00", "2025-10-01 18:00", 30, "zj-2024-21"),
       deep_valley_dates=["2025-10-01"])
    pv("pv_deep_valley_ends", "The day after the last deep-valley day is an ordinary one", {},
       gen=flat("41.7", 48), export=flat("3.3", 48),
       where=span("2025-10-08 00:00", "2025-10-10 00:00", 60, "zj-2024-21"),
       deep_valley_dates=["2025-10-01", "2025-10-08"])
    pv("pv_season", "From June to July the season changes at midnight: sharp appears", {},
       gen=flat("12.34", 48), export=flat("0.34", 48),
       where=span("2025-06-30 00:00", "2025-07-02 00:00", 60, "zj-2024-21"))
    pv("pv_five_minutes", "Readings every five minutes", {},
       gen=[text(812 + i) for i in range(24)], export=flat("0.07", 24),
       where=span("2025-07-10 10:00", "2025-07-10 12:00", 5, "zj-2024-21"))
    sun = [max(0, 3000 - 11 * (slot - 50) ** 2) for slot in range(96)]
    month = [sun[i % 96] * (60 + (i // 96 * 37) % 41) // 10 for i in range(31 * 96)]
    load = [1500 + 700 * (i % 96 // 32) + i % 7 for i in range(31 * 96)]
    pv("pv_month", "A whole July, 2,976 intervals: a parabola of sun behind a stepped load",
       {"floor": "0.38", "cap": "0.95", "roof_fee_per_kwh": "0.01", "platform_fee_rate": "0.01"},
       gen=[text(g) for g in month],
       export=[text(max(0, g - u)) for g, u in zip(month, load)],
       where=span("2025-07-01 00:00", "2025-08-01 00:00", 15, "zj-2024-21"))


# -- PV, full feed-in ----------------------------------------------------------------

HOUR = dict(start="2025-05-06 10:00", end="2025-05-06 11:00")


def feed_in(name, title, contract, export, spot=None, **more):
    terms = {"mode": "market" if spot else "fixed", "vat": "0.13"}
    if spot:
        terms.update(mechanism_ratio="0.90", mechanism_price="0.4153", market_avg_price="0.3120")
    else:
        terms["feed_in_price"] = "0.4153"
    terms.update(contract)
    series = {"export": export}
    if spot:
        series["spot_price"] = spot
    fields = span(**HOUR)
    fields["series"] = series
    fields.update(more)
    fields["contract"] = terms
    add(name, "pv_full_feed_in", title, **fields)


def feed_ins():
    rows = ["250.25", "251.5", "249.75", "248.55"]
    feed_in("feed_plain", "Fixed price, no share and no fee", {}, rows)
    feed_in("feed_subsidy", "Subsidy beside the price; roof share and fee on their sum",
            {"subsidy": "0.03", "roof_share": "0.05", "platform_fee_rate": "0.005"}, rows)
    feed_in("feed_subsidy_zero", "A subsidy of 0 is still printed, for it has a quantity",
            {"subsidy": "0"}, rows)
    feed_in("feed_nothing", "Nothing fed in: the line stands at zero, no share",
            {"roof_share": "0.05", "platform_fee_rate": "0.005"}, flat("0", 4))
    feed_in("feed_half_fen", "Half a fen in the price line, in the share and in the fee",
            {"feed_in_price": "0.5", "roof_share": "0.05", "platform_fee_rate": "0.05"},
            ["0.01", "0.1", "0.1", "0"])
    feed_in("feed_digits_1", "One energy digit, the sum half way", {}, ["1.02", "1.03", "2", "3"],
            energy_digits=1)
    feed_in("feed_digits_0", "Whole kWh", {}, ["1.2", "1.2", "2", "3.1"], energy_digits=0)
    feed_in("feed_negative", "Fixed price below zero: shares of max(0, sum) vanish",
            {"feed_in_price": "-0.01", "roof_share": "0.05", "platform_fee_rate": "0.01"}, rows)
    feed_in("feed_vat_1", "A small taxpayer with 1 % VAT", {"vat": "0.01"}, rows)
    spot = ["0.35", "0.2", "-0.05", "0.1"]
    feed_in("market_plain", "Spot market with mechanism, roof share and fee",
            {"roof_share": "0.06", "platform_fee_rate": "0.01"}, rows, spot)
    feed_in("market_negative", "A windy holiday: spot below zero all hour, mechanism positive",
            {"roof_share": "0.06"}, rows, ["-0.05", "-0.1", "-0.2", "-0.01"])
    feed_in("market_loss", "Market and mechanism both negative: no share, no fee",
            {"market_avg_price": "0.5", "roof_share": "0.06", "platform_fee_rate": "0.01"}, rows,
            ["-0.05", "-0.1", "-0.2", "-0.01"])
    feed_in("market_nothing", "Nothing sold: an average price could not be formed", {},
            flat("0", 4), spot)
    feed_in("market_no_mechanism", "Mechanism ratio 0: its line has a quantity and stays",
            {"mechanism_ratio": "0"}, rows, spot)
    feed_in("market_all_mechanism", "Everything under the mechanism, price equal to the average",
            {"mechanism_ratio": "1", "market_avg_price": "0.4153"}, rows, spot)
    feed_in("market_half_fen", "The products sum to half a fen; rounding each interval would give "
            "zero", {}, ["0.01", "0.01", "0.01", "0.02"], ["0.1", "0.1", "0.1", "0.1"])
    feed_in("market_digits_1", "Mechanism quantity with one digit",
            {"mechanism_ratio": "0.333333"}, rows, spot, energy_digits=1)


# -- storage -------------------------------------------------------------------------

def storage(name, title, contract, charge, discharge, grid=None, where=None, **more):
    terms = {"investor_share": "0.90", "vat": "0.13"}
    terms.update(contract)
    fields = span("2025-07-10 06:00", "2025-07-10 18:00", 60, "zj-2024-21")
    fields.update(where or {})
    fields["series"] = {"charge": charge, "discharge": discharge}
    if grid:
        fields["series"]["grid_import"] = grid
    fields.update(more)
    fields["contract"] = terms
    add(name, "storage_arbitrage", title, **fields)


CHARGE = ["500", "500", "0", "0", "0", "400", "400", "0", "0", "0", "0", "0"]
DRAW = ["0", "0", "0", "450", "450.5", "0", "0", "0", "0", "400", "300.25", "0"]
BAD = ["0", "0", "0", "500", "500", "0", "0", "0", "0", "0", "0", "0"]  # charged in sharp
POOR = ["300", "300", "0", "0", "0", "100", "0", "0", "0", "0", "0", "0"]
GATE = ["900", "1000", "1200", "900", "950", "1100", "1050", "1150", "1200", "900", "1000", "1250"]


def storages():
    storage("storage_plain", "Two charges, two discharges, 90 % to the investor", {}, CHARGE, DRAW)
    storage("storage_share_half", "Share whose product ends in half a fen",
            {"investor_share": "0.85"}, ["1", "0", "0"] + flat("0", 9),
            ["0", "0", "0", "1.1"] + flat("0", 8))
    storage("storage_idle", "A month at rest: benefit 0, no line, state 0", {}, flat("0", 12),
            flat("0", 12))
    storage("storage_carry_in", "Last month's loss is covered first, the rest shared",
            {"carry_in_fen": -50000}, CHARGE, DRAW)
    storage("storage_carry_in_exact", "The loss equals the benefit: base 0, nothing carried",
            {"carry_in_fen": -68400}, flat("0", 12), flat("0", 7) + ["1000"] + flat("0", 4))
    storage("storage_carry_still", "The old loss is bigger: the rest is carried on",
            {"carry_in_fen": -500000}, CHARGE, DRAW)
    for mode in ("carry", "zero", "investor_pays"):
        storage("storage_negative_" + mode, "Charged dear, sold cheap: mode " + mode,
                {"negative_mode": mode}, BAD, POOR)
        storage("storage_negative_in_" + mode, "The same with a loss carried in",
                {"negative_mode": mode, "carry_in_fen": -12345}, BAD, POOR)
    storage("storage_positive_zero_mode", "Mode zero in a good month is like any other",
            {"negative_mode": "zero", "carry_in_fen": 0}, CHARGE, DRAW)
    storage("storage_agreed", "Demand baseline agreed: 80 % of the saving",
            {"demand": {"baseline": "agreed", "baseline_kw": "1400.5", "actual_kw": "1250.25",
                        "price": "48", "investor_share": "0.80"}}, CHARGE, DRAW)
    storage("storage_agreed_raised", "Actual above the agreed baseline: the investor pays it all",
            {"demand": {"baseline": "agreed", "baseline_kw": "1200", "actual_kw": "1250.75",
                        "price": "38.4", "investor_share": "0.80"}}, CHARGE, DRAW)
    storage("storage_agreed_equal", "Demand as agreed: neither line nor flag",
            {"demand": {"baseline": "agreed", "baseline_kw": "1250", "actual_kw": "1250",
                        "price": "48", "investor_share": "0.80"}}, CHARGE, DRAW)
    demand = {"baseline": "reconstructed", "price": "48", "investor_share": "0.75"}
    storage("storage_rebuilt", "Demand rebuilt from the series at hourly readings",
            {"demand": demand}, CHARGE, DRAW, GATE)
    storage("storage_rebuilt_raised", "Charging made the peak: penalty and flag",
            {"demand": demand}, CHARGE, DRAW, ["2000"] + GATE[1:])
    storage("storage_rebuilt_quarter", "Quarter-hour readings: energy times four",
            {"demand": demand}, ["50.05", "0", "0", "0"], ["0", "60.1234", "0", "10"],
            ["200", "180.0011", "221.3333", "199"],
            where=span("2025-07-10 08:30", "2025-07-10 09:30", 15, "zj-2024-21"))
    storage("storage_rebuilt_loss", "A loss and a raised demand: two flags, in that order",
            {"demand": demand, "negative_mode": "investor_pays"}, BAD, POOR,
            flat("900", 3) + ["1500"] + flat("900", 8))
    storage("storage_rte_met", "Efficiency exactly at the guarantee",
            {"rte_min": "0.85", "rte_price": "0.684"}, ["1000"] + flat("0", 11),
            flat("0", 3) + ["850"] + flat("0", 8))
    storage("storage_rte_short", "Efficiency below: the missing kWh at the agreed price",
            {"rte_min": "0.85", "rte_price": "0.684"}, ["1000.5"] + flat("0", 11),
            flat("0", 3) + ["850"] + flat("0", 8))
    storage("storage_rte_rounded", "0.84996 rounds to 0.8500 and meets the guarantee",
            {"rte_min": "0.85", "rte_price": "0.684"}, ["2500"] + flat("0", 11),
            flat("0", 3) + ["2124.9"] + flat("0", 8))
    storage("storage_rte_unknown", "Nothing charged: no efficiency, no claim",
            {"rte_min": "0.85", "rte_price": "0.684"}, flat("0", 12),
            flat("0", 3) + ["5"] + flat("0", 8))
    storage("storage_versions", "New prices at ten: each version has its own values", {},
            CHARGE, DRAW, where=span("2025-07-10 06:00", "2025-07-10 18:00", 60, "zj-2024-21",
                                     [("2025-01-01 00:00", GRID), ("2025-07-10 10:00", CHEAPER)]))
    storage("storage_deep_valley", "Charged in the holiday deep valley", {}, CHARGE, DRAW,
            where=span("2025-10-01 06:00", "2025-10-01 18:00", 60, "zj-2024-21"),
            deep_valley_dates=["2025-10-01"])
    storage("storage_negative_price", "Paid for charging: a cost below zero", {}, CHARGE, DRAW,
            where=span("2025-07-10 06:00", "2025-07-10 18:00", 60, "zj-2024-21",
                       [("2025-01-01 00:00", NEGATIVE)]))
    storage("storage_digits_0", "Whole kWh in each period", {}, ["0.4", "0.4"] + CHARGE[2:],
            ["0", "0", "0", "450.2", "450.2"] + DRAW[5:], energy_digits=0)
    storage("storage_new_schedule", "The schedule changes at midnight, the prices do not", {},
            [text(1500 if i % 12 < 3 else 0, 1) for i in range(24)],
            [text(1300 if i % 12 > 8 else 0, 1) for i in range(24)],
            where=span("2026-06-30 12:00", "2026-07-01 12:00", 60, "zj-2024-21",
                       [("2026-01-01 00:00", GRID)],
                       tou_versions=[{"from": at("2026-07-01 00:00"), "tou": "zj-2026-112"}]))


def leases():
    tiers = [["0.98", "full"], ["0.90", "prorata"], ["0.5", "0.5"]]

    def lease(name, title, available, total=2976, **more):
        terms = {"capacity_kwh": "2000", "rate_per_kwh_month": "12.5", "days_in_month": 31,
                 "days_in_service": 31, "available_intervals": available,
                 "total_intervals": total, "availability_tiers": tiers}
        terms.update(more)
        add(name, "storage_capacity_lease", title, contract=terms)

    lease("lease_full", "98 % to four digits counts as full", 2916)
    lease("lease_below_full", "97.98 %: pro rata", 2915)
    lease("lease_bound", "Exactly the bound of a tier", 9000, 10000)
    lease("lease_factor", "Below 90 %: half", 2000)
    lease("lease_none", "Below every tier: factor 0, the line stands at zero", 1000)
    lease("lease_part", "11 of 30 days, odd capacity, half a fen", 960, 1000, capacity_kwh="215.3",
          rate_per_kwh_month="9.99", days_in_month=30, days_in_service=11)
    lease("lease_factor_text", "A factor of three decimals", 700, 1000,
          availability_tiers=[["0.95", "full"], ["0.6", "0.725"], ["0", "0"]])


# -- wind ----------------------------------------------------------------------------

def winds():
    gen, spot = ["800", "780.5", "760", "790"], ["0.31", "0.28", "0", "-0.02"]

    def turbine(name, title, contract, gen=gen, spot=spot, curtail=None):
        terms = {"vat": "0.13"}
        terms.update(contract)
        fields = span("2025-03-03 02:00", "2025-03-03 03:00")
        fields["series"] = {"gen": gen, "spot_price": spot}
        if curtail:
            fields["series"]["curtail"] = curtail
        fields["contract"] = terms
        add(name, "wind", title, **fields)

    turbine("wind_spot", "Spot only", {})
    turbine("wind_negative", "Prices below zero: the turbine pays, no land share",
            {"land_share": "0.03"}, spot=["-0.01", "-0.02", "-0.3", "-0.02"])
    turbine("wind_calm", "No wind: no average price, line at zero", {"land_share": "0.03"},
            gen=flat("0", 4))
    turbine("wind_cfd_pays", "Contract below spot: the difference is negative",
            {"cfd": {"price": "0.1", "curve": ["400", "0", "0", "100.5"]}, "land_share": "0.03"})
    turbine("wind_cfd_only", "No wind but a contract: the difference is still paid",
            {"cfd": {"price": "0.4", "curve": ["400", "400", "400", "400"]}}, gen=flat("0", 4))
    turbine("wind_curtailed", "Dispatch cut the output: paid at the agreed price",
            {"curtail_price": "0.1", "land_share": "0.025"}, curtail=["0", "0", "40.25", "60.1"])
    turbine("wind_not_curtailed", "Curtailment agreed, none ordered: no line",
            {"curtail_price": "0.1"}, curtail=flat("0", 4))
    turbine("wind_assessed", "Assessment has no VAT and does not lower the land share",
            {"assess_fen": 9999, "land_share": "0.03"})
    turbine("wind_half_fen", "Products that sum to half a fen", {}, gen=["0.1", "0.1", "0", "0"],
            spot=["0.02", "0.03", "0.5", "0.5"])


# -- rules without a strategy --------------------------------------------------------

def near(k, over):
    """P and Q of a factor just above (over) or just below the rounding edge under k / 100."""
    p = 1000000
    edge = 2 * k - 1
    q = 0
    step = 1 << 30
    while step:  # the largest Q whose factor still reaches the edge
        if edge * edge * (p * p + (q + step) ** 2) <= 40000 * p * p:
            q += step
        step >>= 1
    return str(p), str(q if over else q + 1)


def factors():
    for std, low in ((90, 60), (85, 55), (80, 50)):
        rows = []
        for k in list(range(100, low - 1, -1)) + [40, 25, 10, 1]:
            for over in (True, False):
                p, q = near(k, over)
                rows.append({"id": "%d%s" % (k, "" if over else "-"), "std": std, "p": p,
                             "q_import": q, "base_fen": 1234567})
        add("pf_table_%d" % std, "power_factor",
            "Standard 0.%d: both sides of the edge under every hundredth" % std, rows=rows)
    add("pf_signs", "power_factor", "Reactive both ways adds, bases of 0 and below, nothing used",
        rows=[{"id": "both", "std": 90, "p": "100", "q_import": "30", "q_export": "30",
               "base_fen": 10001},
              {"id": "minus", "std": 85, "p": "100.25", "q_import": "-40", "q_export": "10.5",
               "base_fen": 999},
              {"id": "credit", "std": 80, "p": "100", "q_import": "100", "base_fen": -50005},
              {"id": "free", "std": 80, "p": "100", "q_import": "100", "base_fen": 0},
              {"id": "only_q", "std": 90, "p": "0", "q_import": "0.01", "base_fen": 100},
              {"id": "only_p", "std": 90, "p": "0.01", "q_import": "0", "base_fen": 100},
              {"id": "idle", "std": 85, "p": "0", "q_import": "0", "q_export": "0",
               "base_fen": 100},
              {"id": "half", "std": 90, "p": "90000", "q_import": "46000", "base_fen": 100}])


def basic_fees():
    def capacity(name, segments, days, price="30"):
        return {"id": name, "mode": "capacity", "price": price, "segments": segments,
                "days_in_month": days}

    def contract(name, kw, most, **more):
        return dict({"id": name, "mode": "contract_demand", "price": "48", "contract_kw": kw,
                     "max_kw": most}, **more)

    def actual(name, most, **more):
        return dict({"id": name, "mode": "actual_demand", "price": "48", "max_kw": most}, **more)

    add("basic_capacity", "basic_fee", "Capacity: whole month, parts of it, 31 days against 30",
        rows=[capacity("whole", [["630", 30]], 30), capacity("february", [["630", 28]], 28),
              capacity("part", [["630", 12]], 30),
              capacity("two", [["315", 15], ["500", 16]], 31),
              capacity("three", [["100", 1], ["160", 14], ["200", 15]], 30, "30.5"),
              capacity("thirty_one", [["630", 30], ["800", 1]], 31),
              capacity("half_fen", [["1", 1]], 30, "0.15"),
              capacity("none", [["0", 31]], 31)])
    add("basic_demand", "basic_fee", "Contract demand: 105 % and 40 % to the hundredth",
        rows=[contract("under", "500", "499.99"), contract("at", "500", "525"),
              contract("over", "500", "525.01"), contract("odd", "333.33", "350"),
              contract("odd_over", "333.33", "350.01"),
              contract("floor_met", "400", "380", floor_kva="1000"),
              contract("floor_missed", "399.99", "380", floor_kva="1000"),
              contract("floor_over", "400", "480", floor_kva="1000")])
    add("basic_260", "basic_fee", "260 kWh per kVA: the demand price is 90 %, both demand modes",
        rows=[actual("at", "431.25", kva="630", kwh_total="163800"),
              actual("below", "431.25", kva="630", kwh_total="163799.99"),
              actual("above", "431.25", kva="630", kwh_total="200000"),
              actual("no_kva", "431.25", kwh_total="200000"),
              contract("contract", "500", "560.4", kva="1000", kwh_total="260000"),
              contract("contract_below", "500", "560.4", kva="1000", kwh_total="259999.99"),
              dict(actual("digits", "100.01", kva="100", kwh_total="26000"), price="38.4325"),
              actual("zero", "0", kva="100", kwh_total="26000")])


def maps():
    def row(tou, text):
        return {"tou": tou, "at": text.replace(" ", "T") + "+08:00"}

    edges = [row(tou, "%s %02d:%s" % (day, hour, rest)) for tou, day in
             (("zj-2024-21", "2025-12-15"), ("zj-2024-21", "2025-11-15"),
              ("zj-2026-112", "2026-08-15"), ("zj-2026-112", "2026-10-20"))
             for hour in range(24) for rest in ("00:00", "59:59")]
    add("map_hours", "tou_map", "First and last second of every hour, both years, both seasons",
        rows=edges)
    add("map_deep", "tou_map", "Deep valley begins and ends inside the day, and only on its dates",
        deep_valley_dates=["2026-10-01", "2025-05-01"],
        rows=[row("zj-2024-21", "2025-05-01 09:59:59"), row("zj-2024-21", "2025-05-01 10:00:00"),
              row("zj-2024-21", "2025-05-01 13:59:59"), row("zj-2024-21", "2025-05-01 14:00:00"),
              row("zj-2024-21", "2025-05-02 12:00:00"), row("zj-2026-112", "2026-10-01 08:59:59"),
              row("zj-2026-112", "2026-10-01 09:00:00"), row("zj-2026-112", "2026-10-01 14:59:59"),
              row("zj-2026-112", "2026-10-01 15:00:00"), row("zj-2026-112", "2026-10-02 09:00:00"),
              row("zj-2024-21", "2025-06-30 23:59:59"), row("zj-2024-21", "2025-07-01 09:00:00"),
              {"tou": "zj-2024-21", "at": "2025-04-30T18:00:00-08:00"}])
    add("map_half_hour", "tou_map", "Half-hour boundaries",
        rows=[row("half-hour", "2025-05-06 %s" % t) for t in
              ("05:29:59", "05:30:00", "09:29:59", "09:30:00", "11:30:00", "14:30:00", "18:30:00",
               "20:29:59", "23:29:59", "23:30:00", "00:00:00", "23:59:59")])


def price_tables():
    def table(name, title, parts, ratios):
        add(name, "price_table", title, ratios=ratios,
            components={n: {"price": p, "floats": f} for n, p, f in parts})

    table("prices_energy_only", "Only the energy floats",
          [("energy", "0.4312", True), ("upstream_loss", "0.0175", False),
           ("transmission_distribution", "0.1537", False), ("system_operation", "-0.0023", False),
           ("government_funds", "0.0291", False)],
          {"sharp": "2.05", "peak": "1.85", "flat": "1", "valley": "0.40", "deep_valley": "0.20"})
    table("prices_all_float", "Everything but the funds floats; results half way at digit five",
          [("energy", "0.4625", True), ("upstream_loss", "0.018", True),
           ("transmission_distribution", "0.145", True), ("government_funds", "0.029", False)],
          {"peak": "1.5", "flat": "1", "valley": "0.5001"})
    table("prices_negative_loss", "A negative floating part lowers the peak",
          [("energy", "0.30", False), ("system_operation", "-0.0501", True)],
          {"peak": "1.5", "flat": "1", "valley": "0.5"})


def events():
    def meter(name, title, limit, *segments):
        add(name, "meter_events", title, max_kwh_per_interval=limit, segments=list(segments))

    def segment(readings, name="M1", k="4000", modulus="10000", **more):
        return dict({"meter": name, "multiplier": k, "modulus": modulus, "readings": readings},
                    **more)

    meter("meter_plain", "Steady readings through CT 200/5 and PT 100", "2000",
          {"meter": "M1", "ct": "40", "pt": "100", "modulus": "10000",
           "readings": ["1.00", "1.10", "1.25", "1.25", "1.30"]})
    meter("meter_rollover", "The register passes its end", "2000",
          segment(["9999.90", "9999.98", "0.07", "0.10"]))
    meter("meter_rollover_gap", "It passes its end while the line was silent", "2000",
          segment(["9999.90", None, None, "0.20", "0.30"]))
    meter("meter_backward", "It runs backward: unknown, the new value is the base", "2000",
          segment(["500.00", "499.90", "500.00", "500.05"]))
    meter("meter_backward_gap", "Backward over a gap: all of the step unknown, no GAP flag", "2000",
          segment(["500.00", None, "499.00", "499.10"]))
    meter("meter_not_rollover", "Decrease from exactly 90 % is backward, just above is a rollover",
          "9000000", segment(["9000.00", "10.00"], "A"), segment(["9000.01", "10.00"], "B"),
          segment(["9500.00", "1000.00"], "C"), segment(["9500.00", "999.99"], "D"))
    meter("meter_jump", "Above what the plant can do: exactly at the limit is good", "400",
          segment(["1.00", "1.10", "1.2001", "1.25"]))
    meter("meter_jump_gap", "The limit of a gap is that of its intervals together", "400",
          segment(["1.00", None, "1.20", None, "1.4001", "1.45"]))
    meter("meter_gap_profile", "A gap split by the profile of last week", "2000",
          segment(["1.00", "1.05", None, None, "1.35", "1.40"],
                  profile=["10", "1", "2", "4", "5"]))
    meter("meter_gap_zero_profile", "A profile of zeros splits equally", "2000",
          segment(["1.00", None, None, "1.10"], k="1", profile=["0", "0", "0"]))
    meter("meter_gap_remainder", "0.0010 kWh over three: one part takes the missing 0.0001",
          "2000", segment(["0.0000", None, None, "0.0010"], k="1"))
    meter("meter_gap_ties", "Profile with a zero: the sleeper gets nothing, ties in order", "2000",
          segment(["0", None, None, None, "0.0005"], k="1", profile=["1", "0", "1", "1"]))
    meter("meter_open", "Silent at both ends", "2000",
          segment([None, None, "3.00", "3.10", None]))
    meter("meter_silent", "Silent all day", "2000", segment([None, None, None]))
    meter("meter_one_reading", "One reading in the middle of silence", "2000",
          segment([None, "3.00", None]))
    meter("meter_replaced", "A new meter with another ratio: no step joins the two", "2000",
          segment(["812.00", "812.10", None], "old", "1000", "10000"),
          segment([None, "0.00", "0.03"], "new", "8000", "100000"))
    meter("meter_standstill", "Nothing moves: zeros are readings", "2000",
          segment(["7.77", "7.77", None, "7.77"]))


def settled(code, payer, payee, amount):
    return {"code": code, "payer": payer, "payee": payee, "quantity": None, "unit": None,
            "price": None, "amount_fen": amount}


def corrections():
    def again(name, title, of, lines, no="ST-202507-0042", **changes):
        inner = next(c for c in CASES if c["id"] == of)
        inner = {k: v for k, v in inner.items() if k not in ("schema", "id", "title")}
        inner.update(changes)
        add(name, "resettlement", title, original={"statement_no": no, "lines": lines},
            corrected=inner)

    again("again_same", "Corrected to the same: nothing to adjust", "feed_plain",
          [settled("FEED_IN", "grid", "investor", 41532)])
    again("again_new_line", "The old statement knew no export: a new line at the end", "pv_discount",
          [settled("SELF.sharp", "consumer", "investor", 1),
           settled("SELF.flat", "consumer", "investor", 99999)])
    again("again_gone", "A line of the old statement vanished: it is given back whole", "pv_all_used",
          [settled("EXPORT", "grid", "investor", 9552),
           settled("PLATFORM_FEE", "investor", "platform", 700)])
    again("again_turned", "A gain turned into a loss: two directions, two adjustments",
          "storage_negative_investor_pays",
          [settled("ARBITRAGE", "consumer", "investor", 103154)])
    again("again_wind", "Spot, contract and land share move together", "wind_cfd_pays",
          [settled("SPOT", "grid", "investor", 45000), settled("CFD", "grid", "investor", -12000),
           settled("LAND_SHARE", "investor", "host", 990)], "ST-202503-0007")
    again("again_versions", "Across a price change each version has its own adjustment",
          "pv_new_prices", [settled("SELF.valley@2", "consumer", "investor", 10000),
                            settled("SELF.sharp@1", "consumer", "investor", 20000),
                            settled("PLATFORM_FEE", "investor", "platform", 300)])


def primitive_rules():
    add("rule_round", "primitives", "Half away from zero at every digit, no negative zero",
        round=[{"x": x, "digits": d} for x, d in
               (("0.5", 0), ("-0.5", 0), ("1.5", 0), ("2.5", 0), ("0.4999999999", 0),
                ("0.045", 2), ("0.055", 2), ("-0.045", 2), ("-0.0049", 2), ("0.00005", 4),
                ("0.00004999", 4), ("-1.23455", 4), ("999999.995", 2), ("12", 4))])
    add("rule_allocate", "primitives", "Largest remainder, ties in order, sign restored",
        alloc=[{"total": t, "weights": w} for t, w in
               ((1, ["1", "1"]), (-1, ["1", "1"]), (10, ["1", "1", "1"]), (11, ["1", "1", "1"]),
                (100, ["0", "0", "5"]), (7, ["0.1", "0.2", "0.4"]), (0, ["1", "2"]),
                (5, ["-1", "2"]), (0, ["-1", "2"]), (0, ["0", "0"]), (3, ["0"]), (1000, ["200.80", "49.92", "0"]),
                (99999, ["3", "3", "3", "3", "3", "3", "3"]), (2, ["1", "3", "3", "1"]))])
    add("rule_vat", "primitives", "The tax is what the net leaves, for refunds too",
        vat=[{"gross_fen": g, "rate": r} for g in (0, 1, 2, 99, 100, 113, 5650, -113, -5651)
             for r in ("0.13", "0.09", "0.06", "0.03", "0.01", "0")])
    add("rule_charge", "primitives", "Printed quantity times printed price, once to the fen",
        charge=[{"qty": q, "price": p} for q, p in
                (("0.01", "0.5"), ("0.01", "0.499999"), ("-0.01", "0.5"), ("1000000", "0.000005"),
                 ("999999999.99", "9.999999"), ("0", "1.5"), ("33.33", "-0.15"))])
    steps = [["200", "0.538"], ["400", "0.588"], [None, "0.838"]]
    add("rule_tiers", "primitives", "Steps: each slice on its own, or one price for all",
        tiers=[{"qty": q, "mode": m, "table": steps} for m in ("marginal", "whole")
               for q in ("0", "0.01", "200", "200.01", "400", "400.01", "1234.56")])


def build():
    """All cases, in the order of this page."""
    if not CASES:
        for part in (pv_prices, pv_quantities, pv_extras, pv_calendars, feed_ins, storages, leases,
                     winds, factors, basic_fees, maps, price_tables, events, corrections,
                     primitive_rules):
            part()
    return CASES
