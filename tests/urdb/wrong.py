#!/usr/bin/env python3
"""wrong.py - rate files that are wrong or cannot be said: each refused with its path and reason.

    wrong.py PROGRAM FOLDER            the table
    wrong.py PROGRAM FOLDER SEED N     N files mutated at random: a strategy or a message, never a crash
"""
import copy, json, os, random, subprocess, sys

ROW = [0] * 24
GOOD = {
    'name': 'Wrong', 'label': 'wrong',
    'energyratestructure': [[{'rate': 0.1, 'max': 100, 'unit': 'kWh'}, {'rate': 0.2, 'unit': 'kWh'}],
                            [{'rate': 0.3, 'unit': 'kWh'}]],
    'energyweekdayschedule': [[0] * 12 + [1] * 12] * 12, 'energyweekendschedule': [ROW] * 12,
    'flatdemandstructure': [[{'rate': 5}]], 'flatdemandmonths': [0] * 12,
    'demandratestructure': [[{'rate': 1}], [{'rate': 2}]],
    'demandweekdayschedule': [[0] * 12 + [1] * 12] * 12, 'demandweekendschedule': [ROW] * 12,
    'fixedchargefirstmeter': 10, 'fixedchargeunits': '$/month',
}
SHORT = {'name': 'Short', 'schedule': [
    {'effective_start': '01-01', 'effective_end': '12-31', 'dow_mask': 'ALL', 'times': [0, 8.5],
     'tariffs': [0.1, 0.2], 'demand_charge': 3}]}


def put(*path_and_value):
    *path, last, value = path_and_value

    def change(x):
        for p in path:
            x = x[p]
        if value is None:
            del x[last]
        else:
            x[last] = value
    return change


E = 'energyratestructure'
TABLE = [
    (put('name', None), 'name'),
    (put(E, 0, 0, 'max', None), f'{E}[0][0]: needs a max; only the last tier has none'),
    (put(E, 0, 1, 'max', 500), f'{E}[0][1].max: the last tier has a bound; what is above it has no price'),
    (put(E, 0, 0, 'max', -3), f'{E}[0][0].max: bounds of tiers are above zero and rise'),
    (put(E, 0, 0, 'max', 10.125), f'{E}[0][0].max: a bound is counted in hundredths; write at most two decimals'),
    (put(E, 0, 0, 'rate', 'dear'), f"{E}[0][0].rate: 'dear' is no number; write a decimal such as 0.1477"),
    (put(E, 0, 0, 'rate', 7000), f'{E}[0][0].rate: a price of 5000 or more is not plausible'),
    (put(E, 0, 0, 'rate', '0.1234567890123'), f'{E}[0][0].rate: a price has at most 12 decimals; round it'),
    (put(E, 0, 0, 'unit', 'therm'), f'{E}[0][0].unit: is none of kWh, kWh daily, kWh/kW, kWh/kW daily'),
    (put(E, 0, 0, 'colour', 'red'), f'{E}[0][0]'),
    (put(E, 0, []), f'{E}[0]: an array of 1 to 32 tiers is needed'),
    (put(E, 0, 0, 4), f'{E}[0][0]: a tier is an object'),
    (put('energyweekdayschedule', 3, [0] * 23), 'energyweekdayschedule[3]: 24 hours are needed'),
    (put('energyweekdayschedule', [ROW] * 11), 'energyweekdayschedule: 12 months are needed'),
    (put('energyweekendschedule', [[9] + [0] * 23] + [ROW] * 11),
     'energyweekendschedule[0][0]: there is no period 9, only 0 to 1'),
    (put('energyweekendschedule', None), 'energyweekendschedule is needed: 2 periods are priced'),
    (put('flatdemandmonths', [0] * 13), 'flatdemandmonths: 12 months are needed'),
    (put('flatdemandunit', 'kVA'), 'flatdemandunit: demand is measured in kW of the month'),
    (put('demandrateunit', 'kW daily'), 'demandrateunit: demand is measured in kW of the month'),
    (put('demandwindow', 30), 'demandwindow: demand is the mean of 15 or of 60 minutes'),
    (put('demandratestructure', 0, 0, 'sell', 1), 'demandratestructure[0][0].sell: a demand charge pays nothing back'),
    (put('demandratchetpercentage', [0.5] * 12), 'demandratchetpercentage: the demand of months before this one is not read'),
    (put('lookbackPercent', 0.8), 'lookbackPercent: the demand of months before this one is not read'),
    (put('demandreactivepowercharge', 0.25), 'demandreactivepowercharge: reactive demand (kVAR) is not metered'),
    (put('fixedchargeunits', '$/week'), 'fixedchargeunits: is none of $/month, $/day, $/year'),
    (put('fixedchargefirstmeter', -1), 'fixedchargefirstmeter: an amount from 0 to 10^9 is needed'),
    (put('currency', 'dollars'), 'currency: write three letters such as USD'),
    (put('windmill', 3), 'windmill: is no element of the format that we know'),
    (put('startdate', 10 ** 12), 'startdate: seconds since 1970 are needed'),
    (put(E, [[{'rate': 0.1, 'max': k + 1} for k in range(31)] + [{'rate': 0.2}]] * 2),
     'the rate does not go into one strategy'),
    (lambda x: (put(E, 0, 0, 'sell', 0.05)(x), put('dgrules', 'Net Metering')(x)),
     'dgrules: export is credited as it is metered'),
    (lambda x: (put('minmonthlycharge', 5)(x), put('mincharge', 6)(x)),
     'mincharge: a second least charge of the same time'),
]
SHORT_TABLE = [
    (put('schedule', 0, 'times', [0, 8.3]), 'schedule[0].times[1]: hours begin with 0 and rise on quarter-hours'),
    (put('schedule', 0, 'times', [1, 8]), 'schedule[0].times[0]: hours begin with 0'),
    (put('schedule', 0, 'tariffs', [0.1]), 'schedule[0].tariffs: a price for each of 2 times is needed'),
    (put('schedule', 0, 'dow_mask', 'MONDAYS'), "schedule[0].dow_mask: 'MONDAYS' found; write ALL, WEEKDAYS or WEEKENDS"),
    (put('schedule', 0, 'effective_start', '02-30'), "schedule[0].effective_start: '02-30' is no day of the year"),
    (put('schedule', 0, 'effective_end', '12-15'), 'schedule[0].effective_end: ends within a month'),
    (put('schedule', 0, 'effective_end', '10-31'), 'schedule: no entry holds on weekdays of month 11'),
    (lambda x: x['schedule'].append(dict(x['schedule'][0])), 'schedule[1]: holds on days of schedule[0] too'),
    (put('schedule', []), 'schedule: an array of 1 to 64 entries is needed'),
]
TEXTS = [
    (b'', ''), (b'[]', 'an array of rates is needed'), (b'7', 'a rate is an object'),
    (b'{"items": [{"name": "a"}, {"name": "b"}]}', 'items: 2 rates; choose one with --item 0 to 1'),
    (b'{"name": "free"}', 'the rate has no charge at all'), (b'{"name": ', 'unexpected token'),
    (b'\xff\xfe', ''), (b'[' * 100000, ''),
]


def ask(program, path):
    p = subprocess.run([program, 'strategy', 'import-urdb', path], capture_output=True)
    return p.returncode, p.stdout.decode('utf-8', 'replace'), p.stderr.decode('utf-8', 'replace')


def table(program, folder):
    path, bad = os.path.join(folder, 'wrong.json'), 0
    tests = []
    for base, rows in ((GOOD, TABLE), (SHORT, SHORT_TABLE)):
        tests.append((json.dumps(base).encode(), None))
        for change, want in rows:
            x = copy.deepcopy(base)
            change(x)
            tests.append((json.dumps(x).encode(), want))
    for data, want in tests + TEXTS:
        with open(path, 'wb') as f:
            f.write(data)
        code, out, err = ask(program, path)
        well = code == 0 if want is None else code == 1 and not out and path in err and want in err
        bad += not well
        if not well:
            print(f'# wanted: {want}\n# code {code}: {err.strip()}')
    print(f'{"not ok" if bad else "ok"} urdb wrong files: {len(tests) + len(TEXTS)} of them, {bad} otherwise')
    return bad


def mutate(rng, data):
    data = bytearray(data)
    for _ in range(rng.randrange(1, 6)):
        at = rng.randrange(len(data))
        kind = rng.randrange(5)
        if kind == 0:
            data[at] = rng.randrange(256)
        elif kind == 1:
            del data[at:at + rng.randrange(1, 40)]
        elif kind == 2:
            data[at:at] = data[rng.randrange(len(data)):][:rng.randrange(1, 60)]
        elif kind == 3:
            data[at:at] = rng.choice([b'-', b'1e999', b'0.0000000000000000000001', b'null', b'[]', b'{}',
                                      b'99999999999999999999', b'"kWh daily"', b',', b'\\u0000', b'1e38'])
        else:
            digits = [i for i, c in enumerate(data) if 48 <= c < 58]
            data[rng.choice(digits)] = rng.choice(b'0123456789.-e')
        data = data or bytearray(b'{')
    return bytes(data)


ODD = [None, True, -1, 0, 1, 13, 1e38, 1e-9, 0.053790000000000004, '', 'kWh/kW', '$/day', [], {}, [[]],
       [0] * 12, 'x' * 3000, '12-31', 2 ** 62, '"', 'Net Billing Hourly', 60]


def graft(rng, data):
    """Some values of the tree become others."""
    tree = json.loads(data)
    for _ in range(rng.randrange(1, 4)):
        x = tree
        while isinstance(x, (dict, list)) and x:
            keys = list(x) if isinstance(x, dict) else range(len(x))
            k = rng.choice(keys)
            if not isinstance(x[k], (dict, list)) or not x[k] or rng.random() < 0.2:
                kind = rng.random()
                if kind < 0.7:
                    x[k] = copy.deepcopy(rng.choice(ODD))
                elif kind < 0.85:
                    del x[k]
                elif isinstance(x, list):
                    x.append(copy.deepcopy(x[k]))
                break
            x = x[k]
    return json.dumps(tree).encode()


def mutations(program, folder, seed, n):
    rng = random.Random(seed)
    here = os.path.join(os.path.dirname(os.path.abspath(__file__)), 'rates')
    files = [open(os.path.join(here, f), 'rb').read() for f in sorted(os.listdir(here))]
    path, said, bad = os.path.join(folder, 'mutated.json'), 0, 0
    for i in range(n):
        with open(path, 'wb') as f:
            f.write(rng.choice([mutate, graft, graft])(rng, rng.choice(files)))
        code, out, err = ask(program, path)
        said += code == 0
        well = code in (0, 1) and (out if code == 0 else path in err) and 'Sanitizer' not in err \
            and 'runtime error' not in err
        if not well:
            bad += 1
            os.rename(path, os.path.join(folder, f'bad{i}.json'))
            print(f'# mutation {i}: code {code}: {err.strip()[-800:]}')
    print(f'{"not ok" if bad else "ok"} urdb mutated files: {n}, {said} still a rate, {bad} crashed or said nothing')
    return bad


if len(sys.argv) > 3:
    sys.exit(mutations(sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])) > 0)
sys.exit(table(sys.argv[1], sys.argv[2]) > 0)
