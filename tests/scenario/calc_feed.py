"""calc_feed.py - chosen golden cases of feeding in where the plain ones do not reach: a missing spot
price, curtailment and its source, rent instead of a share, a wind park's own use (rules 5.2, 5.6).

Why: the scenarios themselves stand in calc.py; these are months for their edges.
"""

import calc_session
import scenarios

SCENARIOS = {}
MORNING = dict(start="2025-07-10 06:00", end="2025-07-10 12:00", minutes=60)
GEN = ["800", "780.5", "760", "790", "640.25", "0"]
SPOT = ["0.31", "0.28", "0", "-0.02", "0.305", "0.29"]


def month(scenario, strategy, name, title, contract, tou=None, **series):
    fields = scenarios.span(tou=tou, **MORNING)
    fields["series"] = series
    return strategy, calc_session.case_of(scenario, name, title, fields,
                                          dict({"vat": "0.13"}, **contract))


def winds():
    def wind(name, title, contract, tou=None, **series):
        return month("wind", "wind", name, title, contract, tou,
                     **dict({"gen": GEN, "spot_price": SPOT}, **series))

    holes = [None if i in (1, 4) else p for i, p in enumerate(SPOT)]
    yield wind("spot_missing", "Two hours without a spot price are not priced: held",
               {"land_share": "0.03"}, spot_price=holes)
    yield wind("spot_missing_curve", "Nor is the curve in those hours",
               {"cfd": {"price": "0.4", "curve": ["100", "100", "50.5", "100", "0", "100"]}},
               spot_price=holes)
    yield wind("own_use", "What the station draws is bought by period, never netted", {},
               "zj-2024-21", own_use=["12.5", "12.25", "3", "0", "0", "14.005"])
    yield wind("own_use_calm", "No wind at all: the own use is all there is", {}, "zj-2024-21",
               gen=["0"] * 6, own_use=["9.5"] * 6)
    cut = {"curtail_price": "0.10", "land_share": "0.03"}
    yield wind("curtailed_by_model", "Curtailment from a model of the wind is said to be",
               dict(cut, curtail_source="model"), curtail=["0", "40", "60", "0", "0", "0"])
    yield wind("curtailed_by_order", "Curtailment by the order of dispatch",
               dict(cut, curtail_source="dispatch"), curtail=["0", "40", "60.005", "0", "0", "0"])
    yield wind("curtailed_unpaid", "Curtailed, and the contract does not pay for it", {},
               curtail=["0", "40", "60", "0", "0", "0"])


def feeds():
    def feed(name, title, contract, **series):
        return month("pv_full_feed_in", "pv_full_feed_in", name, title,
                     dict({"mode": "fixed", "feed_in_price": "0.4153"}, **contract),
                     **dict({"export": GEN}, **series))

    def market(name, title, contract, **series):
        terms = {"mode": "market", "mechanism_ratio": "0.6", "mechanism_price": "0.4153",
                 "market_avg_price": "0.3120"}
        return month("pv_full_feed_in", "pv_market", name, title, dict(terms, **contract),
                     **dict({"export": GEN, "spot_price": SPOT}, **series))

    yield feed("roof_rent", "A rent for the roof instead of a share", {"roof_rent_fen": 350000})
    yield feed("rent_without_sun", "The rent is owed in a month without output too",
               {"roof_rent_fen": 350000, "platform_fee_rate": "0.01"}, export=["0"] * 6)
    yield feed("curtailed_paid", "Limited output is paid where agreed, and shared",
               {"curtail_price": "0.2", "roof_share": "0.05", "platform_fee_rate": "0.01"},
               curtail=["0", "0", "33.335", "10", "0", "0"])
    yield feed("curtailed_unpaid", "Limited output is not paid unless agreed",
               {"roof_share": "0.05"}, curtail=["0", "0", "33.335", "10", "0", "0"])
    yield market("spot_missing", "An hour without a spot price is not priced: held",
                 {"roof_share": "0.05"}, spot_price=[SPOT[0], None] + SPOT[2:])
    yield market("market_rent", "Rent and fee in a market month", {
        "roof_rent_fen": 120000, "platform_fee_rate": "0.015"})


def golden():
    yield from winds()
    yield from feeds()
