#!/bin/bash
# demo.sh - the main job from outside: made, made again, killed and made again; and files imported
# into its store, good and bad. Prints TAP.
set -u
cd "$(dirname "$0")/../.." || exit 1
export SK_NOW=2026-11-03T08:00:00+08:00 # ids and texts are then the same in every run
sunkeeper=build/sunkeeper
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
n=0
is() { # what, got, expected
    n=$((n + 1))
    if [ "$2" = "$3" ]; then echo "ok $n - $1"; else
        echo "not ok $n - $1"; echo "# got:      $2"; echo "# expected: $3"; fi
}
has() { # what, file, text
    n=$((n + 1))
    if grep -qF -- "$3" "$2"; then echo "ok $n - $1"; else
        echo "not ok $n - $1"; echo "# no \"$3\" in:"; sed 's/^/# /' "$2" | head -20; fi
}
digest() { $sunkeeper check --store "$1" | sed -n 's/.*\(digest [0-9a-f]*\);.*/\1/p'; }

$sunkeeper demo --store "$dir/a" >"$dir/first" 2>"$dir/err"; is "the demo ends well" $? 0
has "its size" "$dir/first" "estate made: 43 organisations, 79 stations, 208 points, 78 contracts; 631138 readings"
has "one month is settled" "$dir/first" "2026-10: 78 orders, 76 settled now, 0 as before, 2 failed, 1 held"
for kind in VPPS PARK HOST AIR BRTH EV CERT GREN; do has "a statement of $kind" "$dir/first" "DEMO202610-O-${kind}01"; done
has "the long gap holds a statement" "$dir/first" "DATA_ESTIMATED"
$sunkeeper check --store "$dir/a" >"$dir/check" 2>&1; is "its invariants hold" $? 0
has "without a violation" "$dir/check" "0 violations"
first=$(digest "$dir/a")

$sunkeeper demo --store "$dir/a" >"$dir/again" 2>"$dir/err"; is "again" $? 0
has "nothing is made twice" "$dir/again" "estate found: 43 organisations, 79 stations, 208 points, 78 contracts; 0 readings"
has "nothing is settled twice" "$dir/again" "2026-10: 78 orders, 0 settled now, 76 as before"
is "and nothing has changed" "$(digest "$dir/a")" "$first"
no=$(grep -o 'ST-2026-[0-9]*' "$dir/again" | head -1)
$sunkeeper statement recompute "$no" --compare --store "$dir/a" >"$dir/out" 2>&1; is "a statement comes out the same again" $? 0
$sunkeeper statement explain "$no" --store "$dir/a" >"$dir/out" 2>&1
has "registers are shown as their meter shows them" "$dir/out" "register at the start 328350.00  meter DEMO-PV01-1, CT 1000/5"
$sunkeeper reading estimate --station PV23 --point gen --from 2026-10-20T23:45 --slots 1057 --method profile --dry-run --store "$dir/a" >"$dir/out" 2>&1
has "a gap of eleven days takes the shape of the weeks before" "$dir/out" "1057 intervals would be estimated: profile"
has "but not by one person" "$dir/out" "a second person would have to agree"
$sunkeeper reading check --period 2026-10 --store "$dir/a" >"$dir/out" 2>&1
has "the check finds what the demo has in it" "$dir/out" "208 points looked at: 4 findings, 4 of them new"
has "a day whose registers and intervals disagree" "$dir/out" "PV44/export"
$sunkeeper statement explain "$no" --day 2026-12-05 --store "$dir/a" >"$dir/out" 2>&1; is "a day outside the period is refused" $? 1
has "with the period" "$dir/out" "day 20261205 is not in the period, 20261001 until 20261101"
$sunkeeper statement explain "$no" --json --store "$dir/a" >"$dir/out" 2>&1
has "an explanation for programs" "$dir/out" '"explanation":["statement '
$sunkeeper status --store "$dir/a" >"$dir/out" 2>&1; has "the state of all months" "$dir/out" "issued          75"
$sunkeeper status all --store "$dir/a" >"$dir/out" 2>&1; is "a word too many is a wrong use" $? 2
has "and named" "$dir/out" "unexpected word 'all'"
$sunkeeper statement show --json --store "$dir/a" >"$dir/out" 2>&1; is "a word too few as well" $? 2
has "for programs too" "$dir/out" '{"error":"use","detail":"name one statement'
$sunkeeper statement list --json --store "$dir/a" >"$dir/out" 2>&1
has "amounts for programs have no commas" "$dir/out" '"yuan":"23940.41"'
$sunkeeper org >"$dir/out" 2>&1; is "half a command is a wrong use" $? 2
is "and shows the commands of its word alone" "$(grep -c '^  [a-z]' "$dir/out")" 2
$sunkeeper demo --month 2026-09 --store "$dir/a" >"$dir/out" 2>&1; is "another month is refused" $? 1
has "and says why" "$dir/out" "this store holds the demo of another month"

# Killed five times on the way, then left to end: the same store.
for wait in 0.05 0.15 0.25 0.4 0.6; do
    timeout -s KILL "$wait" $sunkeeper demo --store "$dir/b" >/dev/null 2>&1
done
$sunkeeper demo --store "$dir/b" >"$dir/out" 2>"$dir/err"; is "killed and started again" $? 0
sed -n '/^Statements of/,/total/p' "$dir/first" >"$dir/table1"
sed -n '/^Statements of/,/total/p' "$dir/out" >"$dir/table2"
is "gives the same statements" "$(cat "$dir/table2")" "$(cat "$dir/table1")"

# Files at the desk.
import() { $sunkeeper reading import "$1" --mapping "$2" --station PV01 --store "$dir/a" >"$dir/out" 2>"$dir/err"; }
cat >"$dir/m.json" <<'END'
{ "schema": "sunkeeper.mapping/1", "layout": "columns",
  "time": { "column": "time", "format": "YYYY-MM-DD hh:mm", "zone": "+08:00", "label": "end" },
  "values": [ { "column": "kwh", "point": "import", "unit": "kWh", "rank": "estimate" } ] }
END
printf 'time,kwh\n2026-11-01 00:15,1.5\n2026-11-01 00:30,-1\n2026-11-01 00:45,2\n' >"$dir/f.csv"
import "$dir/f.csv" "$dir/m.json"; is "a file with a bad row is taken partly" $? 4
has "the bad row stands in the report" "$dir/f.csv.refused.csv" '3,2,E_RANGE,"the energy is negative'
import "$dir/f.csv" "$dir/m.json"; has "the same file again changes nothing" "$dir/out" "imported before, nothing changed"
printf 'time,kwh\n2026-11-01 01:00,1.5\n' | gzip >"$dir/f.csv.gz"
import "$dir/f.csv.gz" "$dir/m.json"; is "a packed file" $? 0
import "$dir" "$dir/m.json"; is "a folder is no file" $? 1
import "$dir/none.csv" "$dir/m.json"; is "a file that is not there" $? 3
has "by name" "$dir/err" "none.csv: cannot be opened: No such file or directory; check its name and rights"
printf 'time,wind\n2026-11-01 01:00,1.5\n' >"$dir/f.csv"
import "$dir/f.csv" "$dir/m.json"; is "an unknown column refuses the file" $? 1
has "with its place" "$dir/err" 'column "kwh" (a value) is not in the header line'
echo "1..$n"
