#!/bin/bash
# wrong.sh - wrong binding files and cases are refused with the place and what is needed there, never
# with a crash or a wrong number.
set -u
cd "$(dirname "$0")/../.." || exit 1
program=$PWD/build/sunkeeper
[ -n "${SK_SAN:-}" ] && program=$PWD/build/san/sunkeeper
dir=$(mktemp -d "${TMPDIR:-/tmp}/sunkeeper-wrong-XXXXXX") && trap 'rm -rf "$dir"' EXIT
cp -r strategies "$dir/"
cp tests/scenario/tou.json "$dir/"
exec python3 -B - "$program" "$dir" <<'PY'
import json, subprocess, sys

program, top = sys.argv[1:]
shop = top + "/strategies/"
failed = 0


def place(doc, path):
    """The container of the last step of a path, and that step."""
    *steps, last = path.split("/")
    for step in steps:
        doc = doc[int(step)] if isinstance(doc, list) else doc[step]
    return doc, int(last) if isinstance(doc, list) else last


def change(doc, path, value):
    at, key = place(doc, path)
    if value is GONE:
        del at[key]
    else:
        at[key] = value


def run(name, case, wanted, number, title):
    global failed
    with open(top + "/case.json", "w", encoding="utf-8") as f:
        json.dump(case, f)
    done = subprocess.run([program, "strategy", "test", "case.json"], cwd=top, capture_output=True,
                          text=True)
    good = done.returncode == 1 and wanted in done.stdout
    failed += not good
    print("%s - %s: %s" % ("ok" if good else "not ok", name, title))
    if not good:
        print("# wanted: %s\n# got: %s %s" % (wanted, done.stdout, done.stderr))


GONE = object()
RIGHT = {"vpp_pool": "days_left_out.json", "dr_storage": "plain.json", "park": "by_energy.json",
         "ev_charging_v2g": "half_fen_discount.json", "green_certificate": "half_fen.json"}
# strategy; "bind" or "case"; path; what is put there; what the message must say
WRONG = [
    ("vpp_pool", "bind", "new", 1, "vpp_pool.bind.json: unknown key 'new'"),
    ("vpp_pool", "bind", "schema", GONE, "vpp_pool.bind.json: schema: missing"),
    ("vpp_pool", "bind", "settings/n", GONE, "settings.n: missing; the strategy declares it"),
    ("vpp_pool", "bind", "settings/nn", {"path": "x"}, "settings: unknown key 'nn'"),
    ("vpp_pool", "bind", "settings/n", "contract.n", "settings.n: a string found"),
    ("vpp_pool", "bind", "settings/n", {"of": "x"}, "settings.n: unknown key 'of'"),
    ("vpp_pool", "bind", "settings/n", {"path": 5}, "settings.n.path: an integer found"),
    ("vpp_pool", "bind", "settings/n", {"path": "contract.baseline.n", "only": "first"},
     "settings.n.only: only \"last\" is known"),
    ("vpp_pool", "bind", "settings/tiers/table", {"first": 1},
     "settings.tiers.table: unknown key 'first'"),
    ("vpp_pool", "bind", "groups/resource", GONE, "groups.resource: missing; the strategy declares"),
    ("vpp_pool", "bind", "groups/others", {"list": "users"}, "groups: unknown key 'others'"),
    ("vpp_pool", "bind", "groups/resource/groups/day/feeds/load", GONE,
     "groups.resource.groups.day.feeds.load: missing; the strategy declares it"),
    ("vpp_pool", "bind", "groups/resource/groups/day/settings/kind/same", ["type"],
     "groups.resource.groups.day.settings.kind.same: two paths are needed"),
    ("vpp_pool", "bind", "groups/resource/feeds/load", {"path": "actual", "absent": "none"},
     "groups.resource.feeds.load.absent: 'none'; 'missing' or 'zero' is needed"),
    ("vpp_pool", "bind", "windows", GONE, "the window 'before' is not under \"windows\""),
    ("vpp_pool", "bind", "windows/before/length", 4, "windows.before: unknown key 'length'"),
    ("vpp_pool", "bind", "axis", {"start": "event.start"},
     "axis: \"intervals\" is needed, or \"start\" with \"until\""),
    ("vpp_pool", "bind", "quantities/0/omit", "none", "omit: 'zero' or 'absent' is needed"),
    ("vpp_pool", "bind", "quantities/0/if", {"value": "no_data"},
     "quantities[0].if: \"is\", \"at_least\" or \"above\" is needed"),
    ("vpp_pool", "bind", "quantities/0/if", {"path": "contract.n"}, "quantities[0].if.is: missing"),
    ("vpp_pool", "case", "users/0/actual", ["1"],
     "users[0].actual: 1 values found, one for each of 4 intervals is needed"),
    ("vpp_pool", "case", "users/0/history/1/load/2", "a",
     "users[0].history[1].load[2]: 'a' is not"),
    ("vpp_pool", "case", "users/0/id", 7, "users[0].id: an integer found"),
    ("vpp_pool", "case", "users", "U1", "users: a list or an object of at most 4096 members"),
    ("vpp_pool", "case", "contract/tiers", [["0"]], "contract.tiers[0]: a row [bound, value]"),
    ("vpp_pool", "case", "event/start", "noon", "event.start: "),
    ("vpp_pool", "case", "interval_minutes", 0, "interval_minutes: an interval has 1 to 1440"),
    ("vpp_pool", "case", "scenario", "vpp", "takes scenario 'vpp' as it stands"),
    ("dr_storage", "case", "contract/split", {"investor": "0", "aggregator": "0"}, "ALLOC_WEIGHT"),
    ("dr_storage", "case", "event/discharge/1", None, "MISSING"),
    ("ev_charging_v2g", "bind", "groups/session/slots/feeds/charge", "both",
     "slots.feeds.charge: 'positive' or 'negative' is needed"),
    ("ev_charging_v2g", "bind", "groups/session/slots/every", 15, "slots: unknown key 'every'"),
    ("ev_charging_v2g", "case", "sessions/0/slots", 5, "sessions[0].slots: a list of at most"),
    ("ev_charging_v2g", "case", "sessions/0/slots/0", ["2025-07-10T10:45:00+08:00"],
     "sessions[0].slots[0]: a pair [instant, value] is needed"),
    ("ev_charging_v2g", "case", "sessions/0/slots/0/0", "2025-07-10T10:45:30.500+08:00", "slots"),
    ("park", "bind", "energies/main", 5, "energies.main: an integer found"),
    ("park", "bind", "energies/mains", "main.energy", "energies: unknown key 'mains'"),
    ("park", "case", "main/energy/noon", "1", "main.energy: 'noon' is no period; sharp, peak, flat"),
    ("green_certificate", "bind", "repeat/each", 1, "repeat: unknown key 'each'"),
    ("green_certificate", "case", "months", [], "months: a list of 1 to 120 entries is needed"),
]
for number, (name, which, path, value, wanted) in enumerate(WRONG):
    bind_file = shop + name + ".bind.json"
    original = open(bind_file, encoding="utf-8").read()
    bind = json.loads(original)
    with open(shop + name + ".cases/" + RIGHT[name], encoding="utf-8") as f:
        case = json.load(f)
    change(bind if which == "bind" else case, path, value)
    with open(bind_file, "w", encoding="utf-8") as f:
        json.dump(bind, f)
    run(name, case, wanted, number, which + " " + path)
    with open(bind_file, "w", encoding="utf-8") as f:
        f.write(original)
print("# %d wrong files, %d not as wanted" % (len(WRONG), failed))
sys.exit(1 if failed else 0)
PY
