"""compose.py - random rates in the format of the public database."""
import json


def matrix(rng, periods, whole=False):
    """12 x 24: a few seasons, a few stretches of the day."""
    cuts = sorted(rng.sample(range(1, 12), rng.randrange(0, 4)))
    rows = []
    season = None
    for m in range(12):
        if season is None or m in cuts:
            hours = sorted(rng.sample(range(1, 24), rng.randrange(0, 5)))
            season, p = [], rng.randrange(periods)
            for h in range(24):
                p = rng.randrange(periods) if h in hours else p
                season.append(p)
            if whole:
                season = [p] * 24
        rows.append(season)
    return rows


def price(rng, scale):
    decimals = rng.choice([2, 4, 5, 5, 6, 8])
    text = f'{rng.randrange(1, 10 ** decimals) * scale / 10 ** decimals:.{decimals}f}'
    noise = '0000000000000004'[:18 - decimals] # the print of a binary fraction
    return text + noise if rng.random() < 0.1 and decimals < 5 and float(text) >= 0.1 else text


class Raw(float):
    """A float that prints as the text it was made of."""
    def __new__(cls, text):
        x = super().__new__(cls, text)
        x.text = text
        return x

    def __repr__(self):
        return self.text


def periods(rng, n, scale, bounds, units=None, sells=False):
    out = []
    for _ in range(n):
        tiers, top, unit = [], 0, rng.choice(units) if units else None
        for k in range(rng.choice([1, 1, 1, 2, 3])):
            t = {'rate': 0 if rng.random() < 0.15 else Raw(price(rng, scale))}
            if rng.random() < 0.3:
                t['adj'] = Raw(rng.choice(['-', '']) + price(rng, scale / 100))
            if unit:
                t['unit'] = unit
            if sells and rng.random() < 0.8:
                t['sell'] = Raw(price(rng, scale))
            top += rng.choice(bounds)
            t['max'] = top
            tiers.append(t)
        del tiers[-1]['max']
        out.append(tiers)
    return out


def rate(rng, i):
    x = {'name': f'Composed {i}', 'utility': 'No Such Power', 'label': f'composed{i}'}
    sells = rng.random() < 0.4
    n = rng.randrange(1, 9)
    unit = rng.choice([['kWh'], ['kWh'], ['kWh daily'], ['kWh/kW'], ['kWh/kW daily'], [None]])
    bounds = {'kWh': [100, 500.5, 3000], 'kWh daily': [5, 20.25, 90], 'kWh/kW': [60, 150.5],
              'kWh/kW daily': [2, 5.5], None: [250, 4000]}[unit[0]]
    x['energyratestructure'] = periods(rng, n, 1, bounds, unit, sells)
    x['energyweekdayschedule'], x['energyweekendschedule'] = matrix(rng, n), matrix(rng, n)
    if sells:
        x['dgrules'] = 'Net Billing Instantaneous'
    if rng.random() < 0.5:
        k = rng.randrange(1, 4)
        x['flatdemandstructure'] = periods(rng, k, 20, [10, 50.5])
        x['flatdemandmonths'] = [r[0] for r in matrix(rng, k, True)]
        x['flatdemandunit'] = 'kW'
    if rng.random() < 0.5:
        k = rng.randrange(1, 4)
        x['demandratestructure'] = periods(rng, k, 20, [10, 50.5])
        x['demandweekdayschedule'], x['demandweekendschedule'] = matrix(rng, k), matrix(rng, k)
    if rng.random() < 0.3:
        x['demandwindow'] = rng.choice([15, 60])
    if rng.random() < 0.3:
        k = rng.randrange(1, 3)
        x['coincidentratestructure'] = periods(rng, k, 5, [10, 50])
        x['coincidentrateschedule'] = matrix(rng, k)
    if rng.random() < 0.6:
        x['fixedchargefirstmeter'] = Raw(price(rng, 100))
        x['fixedchargeunits'] = rng.choice(['$/month', '$/day'])
    elif rng.random() < 0.5:
        x['fixedchargefirstmeter'] = rng.choice([100, 1234.55, 0.07])
        x['fixedchargeunits'] = '$/year'
    if rng.random() < 0.3:
        x['minmonthlycharge'] = rng.choice([10, 3000.25, 99999])
    if rng.random() < 0.4:
        x['annualmincharge'] = rng.choice([100, 50000.5, 9999999])
    if rng.random() < 0.3:
        x['fueladjustmentsmonthly'] = [Raw(rng.choice(['0', '0.0012', '-0.00043'])) for _ in range(12)]
    return json.dumps({'items': [x]})
