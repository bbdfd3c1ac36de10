#!/usr/bin/env python3
"""year.py - rates through import, a year of random load through the engine and through calc.py.

    year.py PROGRAM FOLDER SEED [RATE.json...]     every rate given, then --random N composed ones

Leaves FOLDER/strategies and a case for each month; prints one TAP line for each rate.
"""
import json, os, random, subprocess, sys
from datetime import datetime, timedelta
from fractions import Fraction as F
import calc
import compose


def months(year):
    for m in range(1, 13):
        start = datetime(year, m, 1)
        end = datetime(year + (m == 12), m % 12 + 1, 1)
        yield start, int((end - start) / timedelta(minutes=15))


def all_periods(year, short):
    """The months of a year; then, where the text asks for it, a February that ends a day early."""
    out = [(start, n, False) for start, n in months(year)]
    return out + ([(datetime(year, 2, 1), 96 * 27, True)] if short else [])


def meters_of(rng, start, n, exports):
    """Random quarter-hours in 10^-4 kWh: a daily shape, spikes, hours of nothing."""
    base, out = rng.choice([3000, 40000, 400000]), []
    for i in range(n):
        hour = i // 4 % 24
        v = int(base * (1 + (8 <= hour < 20)) * rng.random())
        v = 0 if rng.random() < 0.03 else v * 5 if rng.random() < 0.002 else v
        out.append(v)
    meters = {'load': out}
    if exports:
        meters['export'] = [rng.randrange(20000) if 7 <= i // 4 % 24 < 18 else 0 for i in range(n)]
    return meters


def decimal(x):
    """A fraction with a finite decimal, as text."""
    x = F(x)
    for d in range(13):
        if (x * 10 ** d).denominator == 1:
            n = int(x * 10 ** d)
            s = str(abs(n)).rjust(d + 1, '0')
            return ('-' if n < 0 else '') + (s[:len(s) - d] + '.' + s[len(s) - d:] if d else s)
    raise ValueError(x)


def line_json(l):
    out = {'code': l['code'], 'payer': l['payer'], 'payee': l['payee'],
           'quantity': None, 'unit': None, 'price': None, 'amount_fen': l['fen']}
    if l['quantity'] is not None:
        out.update(quantity=decimal(l['quantity']), unit=l['unit'], price=decimal(l['price']))
    return out


def run(program, folder, seed, name, path, first):
    """One rate over one year; what went wrong, or None."""
    strategies = os.path.join(folder, 'strategies')
    got = subprocess.run([program, 'strategy', 'import-urdb', path, '--out', strategies, '--json']
                         + (['--first'] if first else []) + (['--item', '1'] if 'twelve' in name else []), capture_output=True, text=True)
    if got.returncode != 0:
        return got.stderr.strip()
    facts = json.loads(got.stdout)
    rate = calc.load(path)
    rate = rate['items'][0] if 'items' in rate else rate[1] if isinstance(rate, list) else rate
    text = open(facts['file'], encoding='utf-8').read()
    asks = [w for w in ('paid_before', 'months_before') if f'state {w}:' in text]
    common = [p for p in range(20) if f'input common_kw{p}:' in text]
    scenario = 'urdb_' + name
    settings = {w: {'path': 'contract.' + w} for w in asks}
    settings.update({f'common_kw{p}': {'path': f'contract.common_kw{p}'} for p in common})
    bind = {'schema': 'sunkeeper.bind/1', 'scenario': scenario, 'strategy': facts['name'],
            'settings': settings, 'quantities': [],
            'feeds': {m: 'series.' + m for m in ('load', 'export') if f'meter {m}:' in text},
            'state_out': [{'name': w, 'next': w} for w in asks]}
    with open(os.path.join(strategies, facts['name'] + '.bind.json'), 'w') as f:
        json.dump(bind, f)
    rng = random.Random(f'{seed} {name}')
    state, cases, total = {'paid': 0, 'months': 0}, [], 0
    for start, n, short in all_periods(rng.choice([2024, 2025]), 'flag NOT_A_MONTH' in text):
        meters = meters_of(rng, start, n, facts['export'])
        given = {p: F(rng.randrange(0, 30000), 100) for p in common}
        contract = {f'common_kw{p}': decimal(given[p]) for p in common}
        if 'paid_before' in asks:
            contract['paid_before'] = decimal(F(state['paid'], 100))
        if 'months_before' in asks:
            contract['months_before'] = str(state['months'])
        if 'schedule' in rate:
            lines, after = calc.month_short(rate, start, 15, meters), state
        else:
            lines, after = calc.month(rate, start, 15, meters, given, state)
        totals = {}
        for l in lines:
            key = f"{l['payer']}->{l['payee']}"
            totals[key] = totals.get(key, 0) + l['fen']
        total += sum(totals.values())
        expected = {'lines': [line_json(l) for l in lines], 'totals_fen': totals}
        left = {}
        if 'paid_before' in asks:
            left['paid_before'] = decimal(F(after['paid'], 100))
        if 'months_before' in asks:
            left['months_before'] = str(after['months'])
        if short:
            expected['flags'] = ['NOT_A_MONTH']
        if left:
            expected['state_out'] = left
        state = after
        end = start + timedelta(minutes=15 * n)
        case = {'schema': 'sunkeeper.case/1', 'id': f'{name}_{len(cases) + 1}', 'scenario': scenario,
                'title': name, 'interval_minutes': 15,
                'period': {'start': f'{start.isoformat()}+08:00', 'end': f'{end.isoformat()}+08:00'},
                'series': {k: [decimal(F(v, 10000)) for v in x] for k, x in meters.items()
                           if f'meter {k}:' in text},
                'contract': contract, 'expected': expected}
        cases.append(os.path.join(folder, f'{name}_{len(cases) + 1}.json'))
        with open(cases[-1], 'w') as f:
            json.dump(case, f)
    out = subprocess.run([program, 'strategy', 'test'] + cases, capture_output=True, text=True,
                         cwd=folder)
    if out.returncode != 0 or f'{len(cases)} passed, 0 failed' not in out.stdout:
        return f'{path}\n' + out.stdout[-1500:] + out.stderr[-500:]
    for c in cases:
        os.remove(c)
    print(f'# {name}: {facts["lines"]} lines, a year of {total / 100:,.2f}')
    return None


def main():
    program, folder, seed = os.path.abspath(sys.argv[1]), sys.argv[2], sys.argv[3]
    os.makedirs(os.path.join(folder, 'strategies'), exist_ok=True)
    rates, args, bad = [], sys.argv[4:], 0
    while args:
        a = args.pop(0)
        if a == '--random':
            for i in range(int(args.pop(0))):
                path = os.path.join(folder, f'random{i}.rate')
                with open(path, 'w') as f:
                    f.write(compose.rate(random.Random(f'{seed} {i}'), i))
                rates.append((f'random{i}', path))
        else:
            rates.append((os.path.basename(a)[:-5].replace('-', '_'), a))
    for name, path in rates:
        wrong = run(program, folder, seed, name, path, True)
        bad += wrong is not None
        print(f'{"not ok" if wrong else "ok"} urdb {name}')
        if wrong:
            print('\n'.join('# ' + l for l in wrong.splitlines()))
    return bad > 0


sys.exit(main())
