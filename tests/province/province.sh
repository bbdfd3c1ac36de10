#!/bin/bash
# province.sh - a second province on a running store by data files alone: a calendar with half-hour
# boundaries and a deep valley on weekends, holidays, a price book, heat by the GJ with a clause for
# degree days, a public tariff from abroad. The program is the one that already runs: a copy, far from
# its source. Numbers are by hand, below.
#
# February 2026 begins on a Sunday. The Spring Festival is 16 to 22 February, the Saturdays 14 and 28 are
# worked. Weekend days that are neither: 1, 7, 8, 15: four. Festival deep valley: 16, 17, 18: three.
# Hours of a day         peak flat valley deep
#   other days (21)        8    9     7     0
#   weekends (4)           8    6     7     3
#   festival (3)           6    6     7     5     9:30-11:30 of the peak, 11:30-14:30 of the flat
#   month                218  231   196    27     together 672 = 28 x 24
# The pump takes 2 kWh in each quarter: x 8 kWh.
# Prices: flat 0.41 + 0.015 + 0.16 + 0.03 = 0.6150, of it floating 0.4250; peak + 0.6 x 0.425 = 0.8700;
# valley - 0.55 x 0.425 = 0.38125 = 0.3813; deep valley - 0.75 x 0.425 = 0.29625 = 0.2963.
set -u
cd "$(dirname "$0")/../.." || exit 1
root=$PWD here=$PWD/tests/province
dir=$(mktemp -d "${TMPDIR:-/tmp}/sunkeeper-province.XXXXXX")
trap 'rm -rf "$dir"' EXIT
cp build/sunkeeper "$dir/sunkeeper"
program=$dir/sunkeeper
export SK_NOW=2025-12-20T08:00:00+08:00
cd "$dir" || exit 1
n=0 bad=0
sk() { "$program" "$@" --store "$dir/store" --quiet 2>"$dir/err"; }
ok() { n=$((n + 1)); if [ "$1" = 0 ]; then echo "ok $n - $2"; else bad=1; echo "not ok $n - $2"; sed 's/^/# /' "$dir/err"; fi; }
has() { n=$((n + 1)); case "$1" in *"$2"*) echo "ok $n - $3" ;; *) bad=1; echo "not ok $n - $3"; echo "# expected in it: $2"; printf '%s\n' "$1" | head -20 | sed 's/^/# /'; sed 's/^/# /' "$dir/err" ;; esac; }
line() { # JSON of lines, code, quantity, yuan
    local got
    got=$(printf '%s' "$1" | tr '{' '\n' | grep "\"code\":\"$2\"")
    has "$got" "\"quantity\":\"$3\"" "$2: quantity $3"
    has "$got" "\"yuan\":\"$4\"" "$2: $4"
}
month() { # POINT, value before the 15th, value from it on
    for d in $(seq -w 1 28); do
        v=$2; [ "$d" -ge 15 ] && v=$3
        printf '%s,2026-02-%s' "$1" "$d"; for i in $(seq 96); do printf ',%s' "$v"; done; echo
    done
}
head_of() { printf 'meter,date'; for i in $(seq 96); do printf ',%02d:%02d' $((i / 4)) $((i % 4 * 15)); done; echo; }

# ---- a store that runs: Zhejiang, a roof, its February settled ---------------------------------
sk org add 晴川运营 --kind operator >/dev/null; ok $? "the operator"
for o in 晨光新能源:investor 新和纺织:consumer 省电网:grid; do
    sk org add "${o%:*}" --kind "${o#*:}" --parent 晴川运营 >/dev/null || bad=1
done
sk station add ROOF1 --org 晨光新能源 --kind pv --capacity 300 >/dev/null; ok $? "a roof in Zhejiang"
sk point add gen --station ROOF1 --role generation --rated 300 >/dev/null || bad=1
sk point add export --station ROOF1 --role export --rated 300 >/dev/null || bad=1
sk tariff publish "$root/data/calendars/zhejiang.json" "$root/data/holidays/cn-2026.json" "$root/data/prices/zhejiang.json" >/dev/null; ok $? "its tariff"
sk strategy publish --adopt "$root/strategies/pv_selfuse.tally" >/dev/null || bad=1
sk contract add "$root/docs/contract.example.json" >/dev/null; ok $? "its contract"
# before the new year, since a release takes effect today or later: heat, by two persons
op=$(sk org list --json | tr '}' '\n' | grep operator | sed 's/.*"org_id":"\([0-9]*\)".*/\1/')
for u in zhang.san li.si; do sk user add "$u" --org "$op" --perm '*:*:*' >/dev/null || bad=1; done
sk strategy publish "$root/strategies/heat_supply.tally" >/dev/null; ok $? "heat by the GJ, a draft"
(cd "$root" && sk strategy release heat_supply --version 1 --from 2026-01-01 --reason 东湾 --as zhang.san --library strategies >/dev/null); ok $? "its golden cases pass: release asked"
sk strategy activate heat_supply --version 1 --as li.si >/dev/null; ok $? "and given by a second person"
export SK_NOW=2026-03-01T08:00:00+08:00
{ head_of; month ROOF1/gen 10 10; month ROOF1/export 2 2; } >roof.csv
sk reading import roof.csv --mapping "$root/data/mappings/wide_96.json" >/dev/null; ok $? "its readings"
has "$(sk settle run --period 2026-02)" "1 settled" "its February settled"
sk statement issue --period 2026-02 >/dev/null; ok $? "and issued"
roof=$(sk statement list --period 2026-02 --json | sed 's/.*"statement":"\([^"]*\)".*/\1/')

# ---- the second province: data files ------------------------------------------------------------
for o in 东湾热力:investor 滨河花园:consumer 东湾电网:grid; do
    sk org add "${o%:*}" --kind "${o#*:}" --parent 晴川运营 >/dev/null || bad=1
done
sk tariff publish "$here/calendar.json" "$here/holidays.json" "$here/prices.json" >/dev/null; ok $? "calendar, holidays and prices of the second province"
sk station add HEAT1 --org 东湾热力 --kind building >/dev/null; ok $? "a heat station"
sk point add heat --station HEAT1 --role other --unit GJ >/dev/null; ok $? "a heat meter in GJ"
sk point add pump --station HEAT1 --role load --rated 20 >/dev/null; ok $? "a pump's meter"
sk contract add "$here/heat.contract.json" >/dev/null; ok $? "the heat contract"
{ head_of; month HEAT1/heat 0.06 0.04; } >heat.csv
{ head_of; month HEAT1/pump 2 2; } >pump.csv
has "$(sk reading import heat.csv --mapping "$here/heat.mapping.json")" "2688 taken" "a month of heat, in its own unit"
has "$(sk reading import pump.csv --mapping "$root/data/mappings/wide_96.json")" "2688 taken" "a month of the pump"
has "$(sk settle run --period 2026-02)" "1 settled" "February settled"
lines=$(sk strategy try --order DD-2026-301 --period 2026-02 --json)
# 1344 x 0.06 + 1344 x 0.04 = 134.40; due 150 x 399 / 420 = 142.50, saved 8.10: x 62.5 = 506.25, of it 40 %
line "$lines" HEAT 134.40 8400.00
line "$lines" SAVING_SHARE 8.10 202.50
line "$lines" AREA 5200.00 6240.00
line "$lines" PUMP.peak 1744.00 1517.28
line "$lines" PUMP.flat 1848.00 1136.52
line "$lines" PUMP.valley 1568.00 597.88
line "$lines" PUMP.deep_valley 216.00 64.00
has "$lines" '"unit":"GJ"' "the statement says GJ"

# ---- a public tariff from abroad -----------------------------------------------------------------
has "$(sk strategy import-urdb "$root/tests/urdb/rates/half_hours.json" --out "$dir")" "the unit yuan reads as EUR" "a public tariff imported, its currency said"
sk strategy publish --adopt "$dir/urdb_harbor_light_ev_1_composed.tally" >/dev/null; ok $? "and published"
sed 's/HT-2026-301/HT-2026-302/; s/DD-2026-301/DD-2026-302/; s/"heat_supply"/"urdb_harbor_light_ev_1_composed"/' "$here/heat.contract.json" |
    python3 -c '
import json, sys
x = json.load(sys.stdin)
x.update(title="EV-1", station="EV1", parties={"consumer": "滨河花园", "grid": "东湾电网"}, meters={"load": "EV1/load"}, settings={})
del x["calendar"], x["prices"]
x["legs"][0]["payee"] = "grid"
json.dump(x, sys.stdout, ensure_ascii=False)' >ev.json
sk station add EV1 --org 滨河花园 --kind charging >/dev/null || bad=1
sk point add load --station EV1 --role load --rated 20 >/dev/null || bad=1
{ head_of; month EV1/load 2 2; } >ev.csv
sk reading import ev.csv --mapping "$root/data/mappings/wide_96.json" >/dev/null || bad=1
sk contract add ev.json >/dev/null; ok $? "a contract for it"
has "$(sk settle run --period 2026-02)" "1 settled" "settled too"
lines=$(sk strategy try --order DD-2026-302 --period 2026-02 --json)
# all days 7:30-20:30: 13 x 28 x 8 = 2912 x 0.1744 = 507.8528; the other 2464 x 0.0931 = 229.3984
has "$lines" '"yuan":"507.85"' "2912 x 0.1744 = 507.85"
has "$lines" '"yuan":"229.40"' "2464 x 0.0931 = 229.40"

# ---- to statements, and nothing else moved -------------------------------------------------------
has "$(sk statement issue --period 2026-02)" "2 statements issued" "issued"
list=$(sk statement list --period 2026-02 --json)
# 8400 + 202.50 + 6240 + 1517.28 + 1136.52 + 597.88 + 64.00
has "$list" "18158.18" "heat, connection and pump together: 18158.18"
has "$list" "737.25" "the tariff from abroad: 737.25"
has "$(sk statement recompute "$roof" --compare)" "the same to the byte" "the first province's statement is what it was"
heat=$(printf '%s' "$list" | tr '{' '\n' | grep 18158.18 | sed 's/.*"statement":"\([^"]*\)".*/\1/')
has "$(sk statement explain "$heat" --code PUMP.deep_valley --day 2026-02-07)" "11:30" "a weekend's deep valley explained from 11:30"
has "$(sk statement recompute "$heat" --compare)" "the same to the byte" "the heat's statement computed again"
has "$(sk check --deep)" " 0 violations" "the invariants hold"
echo "1..$n"
exit $bad
