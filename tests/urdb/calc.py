#!/usr/bin/env python3
"""calc.py - the second calculator of public tariffs: a rate's JSON and a month of readings to lines.

Walks the intervals one by one and looks into the matrices of the file; knows nothing of Tally. Exact
fractions throughout. How the elements are read is said in src/cmd/urdb.h, a to g.
"""
import json, math
from datetime import datetime, timedelta
from fractions import Fraction as F


def number(text):
    """A decimal as written; more than 15 digits are the print of a binary fraction."""
    mantissa, _, power = text.lower().partition('e')
    digits = mantissa.lstrip('+-').replace('.', '').lstrip('0')
    value = F(mantissa) * F(10) ** int(power or 0)
    if len(digits) > 15:
        unit = F(10) ** (len(digits) - 15 - len(mantissa.partition('.')[2]) + int(power or 0))
        value = half_up(value / unit) * unit
    return value


def half_up(x):
    """Nearest whole number, a half away from zero."""
    n = math.floor(abs(x) + F(1, 2))
    return n if x >= 0 else -n


def digits(x, d):
    return F(half_up(x * 10 ** d), 10 ** d)


def load(path):
    with open(path, encoding='utf-8') as f:
        return json.load(f, parse_float=number, parse_int=lambda s: F(int(s)))


def fen(x):
    return half_up(x * 100)


class Bill:
    def __init__(self):
        self.lines = []

    def add(self, code, amount, quantity=None, unit=None, price=None, sell=False):
        if quantity is None and amount == 0:
            return
        who = ('grid', 'consumer') if sell else ('consumer', 'grid')
        self.lines.append({'code': code, 'payer': who[0], 'payee': who[1], 'quantity': quantity,
                           'unit': unit, 'price': None if price is None else digits(price, 6),
                           'fen': amount})

    def tiers(self, code, tiers, q, bound, unit, sell=False):
        """`bound(tier)`: the upper end in the unit of q, None without."""
        below = F(0)
        for k, tier in enumerate(tiers):
            last = k + 1 == len(tiers)
            top = q if last else min(q, bound(tier))
            part = top - below
            below = F(0) if last else bound(tier)
            if part <= 0:
                continue
            rate = tier.get('sell') if sell else (tier.get('rate') or 0) + (tier.get('adj') or 0)
            rate = F(rate or 0)
            if rate == 0 and unit == 'kW':
                continue
            self.add(code + (f'_{k + 1}' if len(tiers) > 1 else ''), fen(part * rate), part, unit,
                     rate, sell)


def month(rate, start, minutes, meters, given, before):
    """Lines of one natural month and the state it leaves. meters: name -> 10^-4 kWh per interval."""
    bill, clock = Bill(), []
    n = len(meters['load'])
    for i in range(n):
        t = start + timedelta(minutes=i * minutes)
        clock.append((t.month - 1, int(t.weekday() >= 5), t.hour))
    days = half_up(F(n * minutes, 24 * 60))
    m = start.month - 1
    hourly = rate.get('demandwindow') == 60

    def energy(values, inside):
        return digits(F(sum(v for v, c in zip(values, clock) if inside(c)), 10000), 2)

    def demand(inside):
        peaks = {}
        for i, (v, c) in enumerate(zip(meters['load'], clock)):
            key = i * minutes // 60 if hourly else i
            if inside(c):
                peaks[key] = peaks.get(key, 0) + F(v, 10000) * (1 if hourly else F(60, minutes))
        return digits(max(peaks.values()), 2) if peaks else F(0)

    def period_of(structure, weekday, weekend):
        wd, we = rate.get(weekday), rate.get(weekend)
        return lambda c: 0 if not wd else (we if c[1] else wd)[c[0]][c[2]]

    def used(matrices):
        return sorted({int(p) for x in matrices for row in x for p in row})

    first = int(bool(rate.get('fixedmonthlycharge')))
    for key, units in (('fixedmonthlycharge', None), ('fixedchargefirstmeter', 'fixedchargeunits')):
        if rate.get(key):
            code = 'FIXED_2' if key == 'fixedchargefirstmeter' and first else 'FIXED'
            bill.add(code, amount(rate[key], rate.get(units, '$/month'), days, before))

    structure = rate.get('energyratestructure') or []
    where = period_of(structure, 'energyweekdayschedule', 'energyweekendschedule')
    sells = any(t.get('sell') for p in structure for t in p)
    peak = None
    names = used((rate['energyweekdayschedule'], rate['energyweekendschedule'])) \
        if rate.get('energyweekdayschedule') else range(len(structure))
    for p in names:
        def bound(tier):
            nonlocal peak
            unit = tier.get('unit') or 'kWh'
            x = tier['max'] * (days if 'daily' in unit else 1)
            if '/kW' not in unit:
                return x
            peak = demand(lambda c: True) if peak is None else peak
            return digits(x * peak, 2)
        bill.tiers(f'ENERGY_{p}', structure[p], energy(meters['load'], lambda c: where(c) == p),
                   bound, 'kWh')
        if sells:
            bill.tiers(f'SELL_{p}', structure[p], energy(meters['export'], lambda c: where(c) == p),
                       bound, 'kWh', sell=True)

    fuel = rate.get('fueladjustmentsmonthly') or [0] * 12
    distinct = [x for k, x in enumerate(fuel) if x and x not in fuel[:k]]
    for k, x in enumerate(distinct):
        q = energy(meters['load'], lambda c: fuel[c[0]] == x)
        if q > 0:
            bill.add(f'FUEL_{k + 1}', fen(q * x), q, 'kWh', x)

    def costs(structure):
        return any((t.get('rate') or 0) + (t.get('adj') or 0) for p in structure or [] for t in p)

    flat = rate.get('flatdemandstructure')
    if costs(flat):
        months = [int(x) for x in rate.get('flatdemandmonths') or [0] * 12]
        for p in sorted(set(months)):
            bill.tiers(f'DEMAND_{p}', flat[p], demand(lambda c: months[c[0]] == p),
                       lambda t: t['max'], 'kW')
    tou = rate.get('demandratestructure')
    if costs(tou):
        where_d = period_of(tou, 'demandweekdayschedule', 'demandweekendschedule')
        names = used((rate['demandweekdayschedule'], rate['demandweekendschedule'])) \
            if rate.get('demandweekdayschedule') else [0]
        for p in names:
            bill.tiers(f'DEMAND_TOU_{p}', tou[p], demand(lambda c: where_d(c) == p),
                       lambda t: t['max'], 'kW')
    common = rate.get('coincidentratestructure')
    if costs(common):
        matrix = rate.get('coincidentrateschedule')
        for p in used((matrix,)) if matrix else [0]:
            known = not matrix or any(x == p for x in matrix[m])
            bill.tiers(f'COINCIDENT_{p}', common[p], F(given.get(p, 0)) if known else F(0),
                       lambda t: t['max'], 'kW')
    return bill.lines, least(rate, bill, days, before)


def amount(x, units, days, before):
    if units == '$/day':
        return fen(x * days)
    if units == '$/year':
        twelfth = half_up(x * 100 / 12)
        return fen(x) - 11 * twelfth if before['months'] == 11 else twelfth
    return fen(x)


def least(rate, bill, days, before):
    """Adds what is missing to the least charges; the state that is left."""
    charges = sum(l['fen'] for l in bill.lines if l['payer'] == 'consumer')
    units = rate.get('minchargeunits', '$/month')
    monthly, yearly = rate.get('minmonthlycharge'), rate.get('annualmincharge')
    if rate.get('mincharge'):
        if units == '$/year':
            yearly = rate['mincharge']
        else:
            monthly = rate['mincharge']
    more = 0
    if monthly:
        per = units if rate.get('mincharge') and units != '$/year' else '$/month'
        more = max(0, amount(monthly, per, days, before) - charges)
        bill.add('LEAST', more)
    paid = before['paid'] + charges + more
    if yearly and before['months'] == 11:
        bill.add('LEAST_YEAR', max(0, fen(yearly) - paid))
    return {'paid': paid, 'months': before['months'] + 1}


# ---- the short form: stretches of the year with times and prices ---------------------------------

def entry_of(rate, t):
    for x in rate['schedule']:
        def day(key):
            a, b = x[key].split('-')
            return int(a), int(b)
        first, last, now = day('effective_start'), day('effective_end'), (t.month, t.day)
        if last == (2, 28):
            last = (2, 29)
        inside = first <= now <= last if first <= last else now >= first or now <= last
        mask = {'ALL': True, 'WEEKDAYS': t.weekday() < 5, 'WEEKENDS': t.weekday() >= 5}
        if inside and mask[x['dow_mask']]:
            return x
    raise ValueError(f'no entry on {t}')


def month_short(rate, start, minutes, meters):
    bill, prices = Bill(), []
    for x in rate['schedule']:
        for p in x['tariffs']:
            prices += [] if F(p) in prices else [F(p)]
    sums, peaks = {}, {}
    demands = [F(0)]
    for i, v in enumerate(meters['load']):
        t = start + timedelta(minutes=i * minutes)
        x = entry_of(rate, t)
        hour = F(t.hour * 60 + t.minute, 60)
        price = [F(p) for h, p in zip(x['times'], x['tariffs']) if h <= hour][-1]
        sums[price] = sums.get(price, 0) + v
        d = F(x.get('demand_charge') or 0)
        peaks[d] = max(peaks.get(d, 0), v)
    for m in range(12): # numbers of demand periods: in the order of months
        d = F(entry_of(rate, datetime(2023, m + 1, 1)).get('demand_charge') or 0)
        demands += [] if d in demands else [d]
    for p, price in enumerate(prices):
        q = digits(F(sums.get(price, 0), 10000), 2)
        if q > 0:
            bill.add(f'ENERGY_{p}', fen(q * price), q, 'kWh', price)
    for k, d in enumerate(demands):
        kw = digits(F(peaks.get(d, 0) * 60, 10000 * minutes), 2)
        if kw > 0 and d > 0:
            bill.add(f'DEMAND_{k}', fen(kw * d), kw, 'kW', d)
    return bill.lines
