#!/bin/bash
# library.sh - every example contract of strategies/ becomes a contract in a store, each at a station of
# its own, and July 2026 settles under it: steady readings at every point, the facts beside the contract.
set -u
cd "$(dirname "$0")/../.." || exit 1
program=$PWD/build/sunkeeper
[ -n "${SK_SAN:-}" ] && program=$PWD/build/san/sunkeeper
dir=$(mktemp -d "${TMPDIR:-/tmp}/sunkeeper-library.XXXXXX")
trap 'rm -rf "$dir"' EXIT
export SK_NOW=2026-08-01T08:00:00+08:00
n=0 bad=0
sk() { "$program" "$@" --store "$dir/store" --quiet 2>"$dir/err"; }
ok() { n=$((n + 1)); if [ "$1" = 0 ]; then echo "ok $n - $2"; else bad=1; echo "not ok $n - $2"; head -3 "$dir/err" | sed 's/^/# /'; fi; }
has() { n=$((n + 1)); case "$1" in *"$2"*) echo "ok $n - $3" ;; *) bad=1; echo "not ok $n - $3"; echo "# expected in it: $2"; printf '%s\n' "$1" | tr '{' '\n' | head -30 | sed 's/^/# /'; head -3 "$dir/err" | sed 's/^/# /' ;; esac; }

# What the contracts name: organisations, stations, points; a CSV of the month; orders with facts.
python3 -B - "$dir" <<'P'
import csv, glob, json, os, sys
dir, orgs, stations, points, owners = sys.argv[1], {}, {}, {}, {}
KINDS = {"pv": "pv", "wind": "wind", "park": "park", "resale": "park", "building": "building",
         "compressed": "compressor", "storage": "storage", "shore": "shore", "ev": "charging"}
ROLES = {"gen": "generation", "export": "export", "main": "import", "flow": "flow", "load": "load",
         "charge": "charge", "discharge": "discharge", "active": "import"}
KWH = {"gen": "40", "export": "10", "main": "30", "spot": "0.3", "flow": "20", "power": "2.3",
       "q_import": "5", "q_export": "0", "active": "20"}
UNITS = {"flow": "m3", "heat": "GJ", "spot": "yuan/kWh", "q_import": "kvarh", "q_export": "kvarh",
         "pressure": "ratio"}  # all other points measure kWh
def walk(value, key=""):
    if isinstance(value, dict):
        for k, v in value.items():
            yield from walk(v, k)
    elif isinstance(value, list):
        for v in value:
            yield from walk(v, key)
    elif isinstance(value, str):
        yield key, value
names = [os.path.basename(p)[:-len(".contract.json")]
         for p in sorted(glob.glob("strategies/*.contract.json"))]
for name in names:
    text = open("strategies/%s.contract.json" % name).read()
    old = json.loads(text)["station"]
    new = old + "-" + json.loads(text)["no"][-3:]  # a station has one contract at a time
    text = text.replace('"%s"' % old, '"%s"' % new).replace('"%s/' % old, '"%s/' % new)
    open("%s/%s.contract.json" % (dir, name), "w").write(text)
    doc = json.loads(text)
    stations.setdefault(doc["station"], KINDS.get(name.split("_")[0], "consumer"))
    for role, org in doc["parties"].items():
        orgs.setdefault(org, role if role in ("investor", "grid") else "consumer")
    facts = "strategies/%s.facts.json" % name
    told = json.load(open(facts)) if os.path.exists(facts) else {}
    for key, value in list(walk(doc.get("groups", {}))) + list(walk(told)):
        if key == "org":
            orgs.setdefault(value, "consumer")
    for key, value in walk(doc):
        if value.startswith(doc["station"] + "/"):
            points.setdefault(value, value.split("/")[1])
orgs.pop("晴川运营", None)
with open(dir + "/make.sh", "w") as out:
    for org, kind in orgs.items():
        out.write("sk org add %s --kind %s --parent 晴川运营 >/dev/null; ok $? 'org %s'\n" % (org, kind, org))
    for code, kind in stations.items():
        out.write("sk station add %s --org 晨光新能源 --kind %s --capacity 3000 >/dev/null; ok $? 'station %s'\n" % (code, kind, code))
    for path, point in points.items():
        role = ROLES.get(point.split("_")[0], "other")
        out.write("sk point add %s --station %s --role %s --rated 3000 --unit %s >/dev/null; ok $? 'point %s'\n" %
                  (point, path.split("/")[0], role, UNITS.get(point, "kWh"), path))
    for name in names:
        out.write("sk contract add $dir/%s.contract.json >/dev/null; ok $? 'contract %s'\n" % (name, name))
        if os.path.exists("strategies/%s.facts.json" % name):
            order = json.load(open("strategies/%s.contract.json" % name))["order"]
            out.write("sk order facts %s --period 2026-07 strategies/%s.facts.json >/dev/null; ok $? 'facts %s'\n" % (order, name, name))
for i, unit in enumerate(sorted({UNITS.get(p, "kWh") for p in points.values()})):
    mapping = json.load(open("data/mappings/wide_96.json"))
    mapping["values"] = [{"unit" if unit in ("kWh", "kvarh", "m3") else "own_unit": unit}]
    json.dump(mapping, open("%s/july.%d.json" % (dir, i), "w"))
    with open("%s/july.%d.csv" % (dir, i), "w") as out:
        rows = csv.writer(out)
        rows.writerow(["meter", "date"] + ["%02d:%02d" % (k // 4, k % 4 * 15) for k in range(1, 97)])
        for path, point in points.items():
            for day in range(1, 32 if UNITS.get(point, "kWh") == unit else 0):
                rows.writerow([path, "2026-07-%02d" % day] + [KWH.get(point, "8")] * 96)
P
sk org add 晴川运营 --kind operator >/dev/null; ok $? "the operator"
sk tariff publish data/calendars/zhejiang.json data/holidays/cn-2026.json data/prices/zhejiang.json >/dev/null; ok $? "public rules"
sk strategy publish --adopt strategies/*.tally >/dev/null; ok $? "the library, active"
. "$dir/make.sh"
for f in "$dir"/july.*.csv; do
    has "$(sk reading import "$f" --mapping "${f%.csv}.json")" "0 refused" "a month of every point$(grep -o '"[a-z_]*unit": "[^"]*"' "${f%.csv}.json")"
done
has "$(sk settle run --period 2026-07)" " 0 failed" "every contract settles"
has "$(sk settle run --period 2026-07)" " 0 settled," "and a second run finds nothing new"
bare=$(for f in $(grep -l '^strategy ' strategies/*.tally); do [ -e "${f%.tally}.contract.json" ] || echo "$f"; done)
ok "$([ -z "$bare" ]; echo $?)" "every strategy has an example contract $bare"

# Amounts by hand. July has 31 days: 4 h sharp, 3 h peak, 7 h flat, 10 h valley a day, 4 slots an hour;
# 0.6840 and its floating part 0.4780 make sharp 1.1859, peak 1.0903, flat 0.6840, valley 0.3972.
try() { sk strategy try --order "DD-2026-$1" --period 2026-07; }
park=$(try 105) roof=$(try 104) host=$(try 108) air=$(try 109) back=$(try 106)
has "$park" "4,705.65" "park: 8 kWh x 496 slots x 1.1859 = 4,705.65"
# 14880 x 1.1859 = 17646.19, less 3 x 4705.65 = 3529.24 in three: the odd fen to the first
has "$park" "1,176.42" "park: the sharp loss of 3,529.24 in three, one fen more for the first"
has "$park" "9,450.00" "park: 18,900 x 315 / 630"
has "$park" "LOSS_RATE" "park: 6 kWh of 30 lost is more than 10 %"
has "$roof" "5,293.81" "roof: 14,880 kWh in three, 4,960 x round(1.1859 x 0.9, 4)"
has "$roof" "4,420.00" "roof: 5,200 m2 x 0.85"
has "$host" "3,577.23" "hosting: 30 % of the saving of the rules' example"
# round(0.115 x 1.1859 x 1.1 + 0.012, 4) = 0.1620; 20 m3 x 496 = 9920
has "$air" "1,607.04" "air: 9,920 m3 x 0.1620"
# 43,545.12 collected, 40,000 billed: 3,545.12 by 22,522.56 : 21,022.56
has "$back" "1,833.62" "resale: what was collected beyond the bill goes back"
has "$(try 110)" "31.50" "certificates: 119 cut, 7 ordered at 4.50"

# Sessions: 8 kWh in each quarter of an hour, in both directions where a charger has two meters.
ev=$(try 126) call=$(try 124) calls=$(try 125) green=$(try 127) site=$(try 123)
has "$ev" "32.83" "charging: 14:00 to 15:30, 48 kWh x 0.6840"
has "$ev" "31.68" "charging: 88 kWh x 0.40 x 0.9 for a member"
has "$ev" "7.32" "vehicle to grid: 16 kWh x (round(0.3972 x 0.9, 4) + 0.10)"
has "$ev" "22.50" "staying: (75 - 30) minutes x 0.5"
has "$ev" "8.26" "the site's fifth of 41.28: it takes the odd fen"
has "$call" "37.95" "shore power: 21:00 to 22:00, 32 kWh x 1.1859"
has "$call" "99.94" "shore power: 37.95 + 34.89 + 21.89 + 38.13 + 67.20 + 200 is short of 500"
has "$call" "40.32" "shore power: 60 % of the service of 67.20"
has "$calls" "99.94" "the same call in the berth's month"
has "$calls" "BERTH_GAP" "1,880.25 kWh at the berth, 536 in the calls"
has "$green" "10,237.44" "green power: 16 against 16 kWh, 2,976 x 8 kWh x 0.43"
has "$green" "761.86" "green power: 23,808 kWh x (0.030 + 0.002)"
has "$green" "21.92" "green power: 26,000 promised, 2,192 short x 0.01"
has "$site" "6,250.00" "storage: 500 kWh x 12.5, available 2,960 of 2,976"

# A unit of the park with two tenants in the month: the second from the 13th, each by its own readings.
python3 -B - "$dir" <<'P'
import json, sys
dir = sys.argv[1]
doc = json.load(open(dir + "/park.contract.json"))
t1, t2, t3 = doc["groups"]["lessee"]
doc.update(no="HT-2026-905", order="DD-2026-905", until="2026-08-01")
doc["from"] = "2026-07-01"
doc["groups"]["lessee"] = {"places": [{"name": "unit2", "meters": t2["meters"], "settings": t2["settings"]}],
                           "members": [t1, t3]}
doc["legs"] += [dict(leg, payer=name) for name in ("T2a", "T2b") for leg in doc["legs"] if leg["payer"] == "T2"]
text = json.dumps(doc, ensure_ascii=False)
open(dir + "/moved.json", "w").write(text.replace(doc["station"], "PARK9"))
def stay(name, org, start, end, days):
    return {"name": name, "place": "unit2", "org": org, "from": start + "T00:00", "until": end + "T00:00",
            "settings": {"days_here": days}}
json.dump({"settings": {"basic_fee": "18900", "days_in_month": "31"}, "groups": {"lessee": [
    stay("T2a", "和润商贸", "2026-07-01", "2026-07-13", "12"),
    stay("T2b", "新和纺织", "2026-07-13", "2026-08-01", "19")]}},
    open(dir + "/moved.facts.json", "w"), ensure_ascii=False)
P
sk station add PARK9 --org 晨光新能源 --kind park --capacity 3000 >/dev/null; ok $? "a second park"
for p in main t1 t2 t3; do sk point add $p --station PARK9 --role other --rated 3000 >/dev/null; ok $? "point $p"; done
sk contract add "$dir/moved.json" >/dev/null; ok $? "its contract"
sk order facts DD-2026-905 --period 2026-07 "$dir/moved.facts.json" >/dev/null; ok $? "who moved when"
{ head -1 "$dir/july.0.csv"; cat "$dir"/july.*.csv | grep -E '^PARK1-105/(main|t[123]),' | sed 's/^PARK1-105/PARK9/'; } >"$dir/moved.csv"
has "$(sk reading import "$dir/moved.csv" --mapping data/mappings/wide_96.json)" "11904 taken" "its readings"
moved=$(try 905)
has "$moved" "1,821.54" "moved out: 12 days x 16 slots x 8 kWh = 1,536 kWh x 1.1859"
has "$moved" "2,884.11" "moved in: 19 days, 2,432 kWh x 1.1859"
# 31 x (315 + 115) + 31 x 200 = 19530 kVA days
has "$moved" "2,322.58" "basic fee: 18,900 x 2,400 / 19,530"
has "$moved" "3,677.42" "basic fee: 18,900 x 3,800 / 19,530"

# What a party sees of the statement: quantities of any carrier, none of another lessee's.
sk statement issue --period 2026-07 >/dev/null; ok $? "all issued"
org=$(sk org list --json | tr '}' '\n' | grep 新和纺织 | sed 's/.*"org_id":"\([0-9]*\)".*/\1/')
sk user add mao --org "$org" --perm '*:*:*' >/dev/null; ok $? "a person of the first lessee, who buys the heat too"
seen() { sk statement show "$(sk statement list --period 2026-07 --json | tr '}' '\n' | grep "DD-2026-$1" | sed 's/.*"statement":"\([^"]*\)".*/\1/')" --as mao | tr -d ' \n'; }
has "$(seen 301)" '"value":"23808.00","unit":"GJ"' "heat: 8 GJ x 2,976 are seen"
park=$(seen 105)
has "$park" '"e.T1.sharp"' "park: the own quantities"
ok "$(printf '%s' "$park" | grep -q 'T2'; [ $? = 1 ]; echo $?)" "and no one else's"

# A point that measures something else, or a name that is a slip, is refused where the contract is taken.
wrong() { # name, edit in Python, words of the refusal
    python3 -B - "$dir" "$1" "$2" <<'P'
import json, sys
dir, name, edit = sys.argv[1:]
doc = json.load(open("%s/%s.contract.json" % (dir, name)))
doc.update(no="HT-UNIT", order="DD-UNIT")
exec(edit)
json.dump(doc, open(dir + "/unit.json", "w"), ensure_ascii=False)
P
    sk contract add "$dir/unit.json" >/dev/null; ok "$([ $? = 1 ]; echo $?)" "$1: a contract that does not fit"
    has "$(cat "$dir/err")" "$3" "and says where and what to do"
}
wrong heat_supply 'doc["meters"]["heat"] = doc["meters"]["pump"]' "heat: strategy heat_supply counts GJ, and the point pump measures kWh; name a point in GJ"
wrong park 'doc["groups"]["lessee"][1]["meters"]["energy"] = "'"$(python3 -c 'import json; print(json.load(open("'"$dir"'/compressed_air.contract.json"))["meters"]["flow"])')"'"' "lessee T2: energy: strategy park counts kWh, and the point flow measures m3"
wrong heat_supply 'doc["settings"]["shaer"] = "0.3"' "setting shaer is unknown to the strategy; 'strategy describe heat_supply' lists what it asks for"
wrong heat_supply 'doc["meters"]["heats"] = doc["meters"]["heat"]' "meter or series heats is unknown to the strategy"
exit $bad
