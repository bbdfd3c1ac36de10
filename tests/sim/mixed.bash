# mixed.bash - a small fleet with every scenario in it, made and settled on SQLite and PostgreSQL, with
# one worker and with three: the same statements to the byte, each the same when computed again, and
# sums that another calculator (tests/sim/mixed.py) finds. Run by mixed_test; prints TAP.
set -u
program=build/sunkeeper
[ -n "${SK_SAN:-}" ] && program=build/san/sunkeeper
dir=$(mktemp -d "${TMPDIR:-/tmp}/sunkeeper-mixed.XXXXXX")
trap 'rm -rf "$dir"' EXIT
export SK_NOW=2026-07-02T08:00:00+08:00 # ids are then the same in every store
n=0 bad=0
is() {
    n=$((n + 1))
    if [ "$2" = "$3" ]; then echo "ok $n - $1"; else bad=1; echo "not ok $n - $1"; echo "# got $2, expected $3"; fi
}
has() { n=$((n + 1)); case "$2" in *"$3"*) echo "ok $n - $1" ;; *) bad=1; echo "not ok $n - $1"; echo "# no $3 in: $2" ;; esac; }
month() { # store, scale, workers
    $program sim fleet --scale "$2" --store "$1" --json --quiet >"$dir/made" 2>"$dir/err"
    is "a fleet is made" $? 0
    $program settle run --period 2026-06 --workers "$3" --store "$1" --json --quiet >"$dir/run" 2>"$dir/err"
    is "its month is settled, but for orders without readings" $? 4
    $program check --deep --store "$1" >"$dir/check" 2>&1
    has "its invariants hold" "$(cat "$dir/check")" " 0 violations"
    digest=$(sed -n 's/.*digest \([0-9a-f]*\);.*/\1/p' "$dir/check")
}

month "$dir/a" 0.009 1
first=$digest
has "every statement comes out the same again" "$(cat "$dir/check")" "I3 149 recomputed"
is "151 orders: by the counts of the reference, at least one of each kind" "$(grep -o '"orders":151,' "$dir/run")" '"orders":151,'
$program statement list --period 2026-06 --store "$dir/a" --json --quiet >"$dir/list"
$program settle failures --period 2026-06 --store "$dir/a" --json >"$dir/failures"
for id in $(python3 -B tests/sim/mixed.py parks "$dir"); do
    $program statement show "$id" --store "$dir/a" >"$dir/$id.park"
    order=$(sed -n 's/.*"order": *"\(MIX-O-PARK-[0-9]*\)".*/\1/p' "$dir/$id.park" | head -1)
    $program order facts "$order" --period 2026-06 --show --store "$dir/a" | tail -1 >"$dir/$id.facts"
done
python3 -B tests/sim/mixed.py check "$dir" >"$dir/told"; is "another calculator agrees" $? 0
sed 's/^/# /' "$dir/told"
$program settle run --period 2026-06 --store "$dir/a" --json --quiet >"$dir/again"
has "a second run finds nothing new" "$(cat "$dir/again")" '"written":0,"same":149,'
if [ -n "${SK_MIXED_POSTGRES:-}" ]; then
    month "$SK_MIXED_POSTGRES" 0.009 3
    is "the same statements in PostgreSQL" "$digest" "$first"
fi
if [ -z "${SK_SAN:-}" ]; then # three pages of orders
    month "$dir/b" 0.07 1
    first=$digest
    month "$dir/c" 0.07 3
    is "the same statements by one worker and by three" "$digest" "$first"
fi
exit $bad
