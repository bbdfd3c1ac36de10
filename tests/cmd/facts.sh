#!/bin/bash
# facts.sh - what happens in a period through the commands: a charging station's sessions from a table,
# imported twice, corrected, refused with their lines; facts put, shown, settled.
# By hand: C1 takes 2.5 kWh in each quarter of an hour. amy 30 June 21:05 to 1 July 02:50 has whole quarters
# 21:00 to 03:00: flat 30 kWh x 0.6840 = 20.52, valley 30 x 0.3972 = 11.92; service 60 x 0.40 = 24.00; idle
# 45 - 30 min x 0.50 = 7.50. ben 02:50 to 03:40 follows in the next quarter, 03:00 to 03:45: 7.5 x 0.3972 =
# 2.98; service 3.00.
set -u
cd "$(dirname "$0")/../.." || exit 1
program=$PWD/build/sunkeeper
dir=$(mktemp -d "${TMPDIR:-/tmp}/sunkeeper-facts.XXXXXX")
trap 'rm -rf "$dir"' EXIT
export SK_NOW=2026-08-02T08:00:00+08:00
n=0 bad=0
sk() { "$program" "$@" --store "$dir/store" --quiet 2>"$dir/err"; }
ok() { n=$((n + 1)); if [ "$1" = 0 ]; then echo "ok $n - $2"; else bad=1; echo "not ok $n - $2"; sed 's/^/# /' "$dir/err"; fi; }
same() { n=$((n + 1)); if [ "$1" = "$2" ]; then echo "ok $n - $3"; else bad=1; echo "not ok $n - $3"; echo "# expected: $2"; echo "# got:      $1"; sed 's/^/# /' "$dir/err"; fi; }
says() { sk "${@:2}" >/dev/null; same "$(tail -1 "$dir/err")" "sunkeeper $2 $3: $1" "refused: ${1##*: }"; }

sk org add 晴川运营 --kind operator >/dev/null; ok $? "the operator"
for o in amy ben; do sk org add $o --kind consumer --parent 晴川运营 >/dev/null; ok $? "$o"; done
sk station add PILE1 --org 晴川运营 --kind charging --capacity 120 >/dev/null; ok $? "a station"
for p in c1 d1; do sk point add $p --station PILE1 --role charge --rated 60 >/dev/null; ok $? "point $p"; done
sk tariff publish data/calendars/zhejiang.json data/holidays/cn-2026.json data/prices/zhejiang.json >/dev/null; ok $? "public rules"
sk strategy publish --adopt tests/settle/ev_charging.tally >/dev/null; ok $? "a strategy"
cat >"$dir/c.json" <<'J'
{"no": "HT-1", "title": "充电", "order": "DD-1", "strategy": "ev_charging", "station": "PILE1", "from": "2026-01-01",
 "parties": {"operator": "晴川运营"}, "calendar": "zhejiang", "prices": {"grid_price": "zhejiang"},
 "settings": {"service_fee": {"2026-01-01": "0.40", "2026-09-01": "0.45"}, "idle_price": "0.50", "idle_cap": null, "v2g_ratio": "0.9"},
 "groups": {"partner": [{"name": "operator", "settings": {"share": "1"}}],
            "session": {"places": [{"name": "C1", "meters": {"charge": "PILE1/c1", "discharge": "PILE1/d1"}}]}}, "legs": []}
J
sk contract add "$dir/c.json" >/dev/null; ok $? "a contract with places and an effective date"
{
    printf 'meter,date'; for i in $(seq 1 96); do printf ',%02d:%02d' $((i / 4)) $((i % 4 * 15)); done; echo
    for p in c1:2.5 d1:0; do for d in 2026-06-30 2026-07-01; do
        printf 'PILE1/%s,%s' "${p%:*}" $d; for i in $(seq 0 95); do printf ',%s' "${p#*:}"; done; echo
    done; done
} >"$dir/r.csv"
sk reading import "$dir/r.csv" --mapping data/mappings/wide_96.json >/dev/null; ok $? "readings"

printf 'charger,start,end,party,idle_minutes\nC1,2026-06-30 21:05,2026-07-01 02:50,amy,45\nC1,2026-07-01 02:50,2026-07-01 03:40,ben,\n' >"$dir/s.csv"
same "$(sk session import "$dir/s.csv" --order DD-1)" "$dir/s.csv: 2 sessions, 2 new" "sessions of a table"
same "$(sk session import "$dir/s.csv" --order DD-1)" "$dir/s.csv: 2 sessions, 0 new" "again changes nothing"
same "$(sk order facts DD-1 --period 2026-07 --show | head -1)" "order DD-1, period from 20260701, facts version 1 of 2026-08-02T08:00:00+08:00" "their facts are shown"
same "$(sk order facts DD-1 --period 2026-07 --show | tail -1 | grep -o '"from":"[^"]*","until":"[^"]*"' | tr '\n' ' ')" \
    '"from":"2026-06-30T21:00","until":"2026-07-01T03:00" "from":"2026-07-01T03:00","until":"2026-07-01T03:45" ' "in whole quarters, none twice"
sk settle run --period 2026-07 >/dev/null; ok $? "July is settled"
id=$(sk statement list --period 2026-07 --json | sed 's/.*"statement":"\([^"]*\)".*/\1/')
same "$(sk statement explain "$id" | grep -o '^[A-Za-z0-9-]*\.\(ELEC\|SERVICE\|IDLE\)[^ ]* .* yuan' | grep -o '= [0-9.]* yuan' | paste -sd' ')" \
    "= 20.52 yuan = 11.92 yuan = 24.00 yuan = 7.50 yuan = 2.98 yuan = 3.00 yuan" "each interval at its own price"
sk statement recompute "$id" --compare >/dev/null; ok $? "it computes again to the same bytes"

printf 'charger,start,end,party\nC9,2026-07-01 05:00,2026-07-01 06:00,amy\n' >"$dir/x.csv"
says "$dir/x.csv:2: facts: member C9-20260701-0500: the contract has no place C9; it has C1" session import "$dir/x.csv" --order DD-1
printf 'charger,start,end\nC1,2026-07-01 05:00,2026-07-01 05:00\n' >"$dir/x.csv"
says "$dir/x.csv:2: the session ends when or before it begins" session import "$dir/x.csv" --order DD-1
point=$(sk point list --station PILE1 --json | grep '"c1"' | grep -o '"[0-9]\{10,\}"' | head -1 | tr -d '"')
printf 'charger,start,end\nC1,2026-07-01 02:00,2026-07-01 04:00\n' >"$dir/x.csv"
says "$dir/x.csv:2: facts: session C1-20260701-0200: shares intervals of meter charge (point $point) with session C1-20260630-2105, 2026-06-30T21:00 until 2026-07-01T03:00; one follows the other" session import "$dir/x.csv" --order DD-1
printf 'charger,start,end\nC1,2026-07-01 05:00,2026-07-01 06:00\nC1,2026-07-01 05:30,2026-07-01 07:00\n' >"$dir/x.csv"
says "$dir/x.csv:3: session C1-20260701-0530 begins before the one in line 2 ends, at the same place" session import "$dir/x.csv" --order DD-1
printf 'charger,start,end\nC1,2026-07-01 05:01,2026-07-01 05:05\nC1,2026-07-01 05:06,2026-07-01 05:10\n' >"$dir/x.csv"
says "$dir/x.csv:3: session C1-20260701-0506: its only quarter of an hour is that in which the one in line 2 ends" session import "$dir/x.csv" --order DD-1
printf 'charger,start\n' >"$dir/x.csv"
says "$dir/x.csv:1: no column end; the first line names the columns" session import "$dir/x.csv" --order DD-1
printf 'charger,start,end\nC1,2026-07-01 05:01\n' >"$dir/x.csv"
says "$dir/x.csv:2: 2 cells, the first line names 3 columns" session import "$dir/x.csv" --order DD-1
echo '{"windows": {"event": {"from": "2026-07-09T14:00", "until": "2026-07-09T14:00"}}}' >"$dir/f.json"
says "$dir/f.json: facts: windows.event: byte 74: the window is empty: it ends when or before it begins" order facts DD-1 --period 2026-07 "$dir/f.json"
same "$(sk order facts DD-1 --period 2026-07 --show --json | grep -o '"version":[0-9]*')" '"version":1' "what was refused left nothing"
echo "1..$n"
exit $bad
