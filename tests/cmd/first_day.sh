#!/bin/bash
# first_day.sh - from an empty store to a statement with the commands of docs/contract.md, then a month's
# life: a file imported twice, issue, a manual reading by two people, an adjustment, wrong words.
# The numbers are by hand: 48 slots of 10 and 2 kWh, 06:00 to 18:00, 30 days of June 2026 (Zhejiang's rule
# until 2026-06-30: peak 8-11 and 13-17, flat 17-24, valley 0-8 and 11-13).
set -u
cd "$(dirname "$0")/../.." || exit 1
program=$PWD/build/sunkeeper
dir=$(mktemp -d "${TMPDIR:-/tmp}/sunkeeper-first.XXXXXX")
trap 'rm -rf "$dir"' EXIT
export SK_NOW=2026-07-01T08:00:00+08:00
n=0 bad=0
sk() { "$program" "$@" --store "$dir/store" --quiet 2>"$dir/err"; }
ok() { n=$((n + 1)); if [ "$1" = 0 ]; then echo "ok $n - $2"; else bad=1; echo "not ok $n - $2"; sed 's/^/# /' "$dir/err"; fi; }
same() { n=$((n + 1)); if [ "$1" = "$2" ]; then echo "ok $n - $3"; else bad=1; echo "not ok $n - $3"; echo "# expected: $2"; echo "# got:      $1"; sed 's/^/# /' "$dir/err"; fi; }
has() { n=$((n + 1)); case "$1" in *"$2"*) echo "ok $n - $3" ;; *) bad=1; echo "not ok $n - $3"; echo "# expected in it: $2"; printf '%s\n' "$1" | head -20 | sed 's/^/# /'; sed 's/^/# /' "$dir/err" ;; esac; }

sk org add 晴川运营 --kind operator >/dev/null; ok $? "the operator"
for o in 晨光新能源:investor 新和纺织:consumer 省电网:grid; do
    sk org add "${o%:*}" --kind "${o#*:}" --parent 晴川运营 >/dev/null; ok $? "${o%:*}"
done
sk station add ROOF1 --org 晨光新能源 --kind pv --capacity 300 >/dev/null; ok $? "a station"
sk point add gen --station ROOF1 --role generation --rated 300 >/dev/null; ok $? "a generation point"
sk point add export --station ROOF1 --role export --rated 300 >/dev/null; ok $? "an export point"
sk tariff publish data/calendars/zhejiang.json data/holidays/cn-2026.json data/prices/zhejiang.json >/dev/null; ok $? "public rules"
sk strategy publish --adopt strategies/pv_selfuse.tally >/dev/null; ok $? "a strategy"
same "$(sk strategy publish --adopt strategies/pv_selfuse.tally)" "strategy pv_selfuse version 1, active" "the same text is the same version"
sk contract add docs/contract.example.json >/dev/null; ok $? "the contract of the documentation"
sk contract add docs/contract.example.json >/dev/null; same $? 1 "its number is taken"

{
    printf 'meter,date'; for i in $(seq 1 96); do printf ',%02d:%02d' $((i / 4)) $((i % 4 * 15)); done; echo
    for p in gen:10 export:2; do
        for d in $(seq -w 1 30); do
            printf 'ROOF1/%s,2026-06-%s' "${p%:*}" "$d"
            for i in $(seq 0 95); do if [ "$i" -ge 24 ] && [ "$i" -lt 72 ]; then printf ',%s' "${p#*:}"; else printf ',0'; fi; done; echo
        done
    done
} >"$dir/june.csv"
has "$(sk reading import "$dir/june.csv" --mapping data/mappings/wide_96.json)" "5760 taken" "a month of two points imported"
has "$(sk reading import "$dir/june.csv" --mapping data/mappings/wide_96.json)" "nothing changed" "the same file again changes nothing and says so"
has "$(sk settle run --period 2026-06)" "1 settled" "the month settled"
has "$(sk settle run --period 2026-06)" "1 unchanged" "settled again: nothing to do"
lines=$(sk strategy try --order DD-2026-001 --period 2026-06 --json)
# peak 28 slots x 30 days x 8 kWh x round(0.9947 x 0.88, 4) = 6720 x 0.8753
has "$lines" '"code":"SELF.peak"' "a peak line"; has "$lines" '"yuan":"5882.02"' "peak: 6720 x 0.8753 = 5882.02"
has "$lines" '"yuan":"577.82"' "flat: 960 x 0.6019 = 577.82"
has "$lines" '"yuan":"1309.82"' "valley: 3840 x 0.3411 = 1309.82"
has "$lines" '"yuan":"1196.06"' "export: 2880 x 0.4153 = 1196.06"
has "$lines" '"yuan":"77.70"' "fee: 1 % of 7769.66 = 77.70"
same "$(sk statement issue --period 2026-06)" "1 statements issued" "issued"
no=$(sk statement list --period 2026-06 --json | sed 's/.*"statement":"\([^"]*\)".*/\1/')
has "$(sk statement recompute "$no" --compare)" "the same to the byte" "computed again"
has "$(sk statement explain "$no" --code SELF.peak --day 2026-06-02)" "08:00" "explained to its intervals"

op=$(sk org list --json | tr '}' '\n' | grep operator | sed 's/.*"org_id":"\([0-9]*\)".*/\1/')
sk user add zhang.san --org "$op" --perm '*:*:*' >/dev/null; ok $? "one clerk"
sk user add li.si --org "$op" --perm '*:*:*' >/dev/null; ok $? "another"
sk reading edit --station ROOF1 --point gen --from 2026-06-02T12:00 --values 110 --reason 更正 --as zhang.san >/dev/null; ok $? "a manual value proposed"
change=$(sk reading changes --json | sed 's/.*"change":"\([0-9]*\)".*/\1/')
sk reading decide "$change" --as zhang.san --reason ok >/dev/null; same $? 1 "not decided by who asked"
sk reading decide "$change" --as li.si --reason ok >/dev/null; ok $? "decided by another"
has "$(sk statement recompute "$no" --compare)" "differs" "the statement shows that its readings changed"
sk statement adjust "$no" --reason 更正 --as zhang.san >/dev/null; ok $? "an adjustment drafted"
adj=$(sk statement list --period 2026-06 --json | tr '{' '\n' | grep -v "\"$no\"" | sed -n 's/.*"statement":"\([^"]*\)".*/\1/p')
shown=$(sk statement show "$adj")
# + 100 kWh in the valley: 100 x 0.3411 = 34.11, the fee + 0.34
has "$shown" '34.11' "ADJ: + 100 x 0.3411 = 34.11"
has "$shown" '"ADJ.PLATFORM_FEE"' "ADJ: the fee follows"
has "$(sk check --deep)" " 0 violations" "the invariants hold"
has "$(sk audit verify)" "unbroken" "the audit is unbroken"
sk statement show "$no" --as nobody >/dev/null; same $? 1 "an unknown login sees nothing"
sk settle run --period 2026-13 >/dev/null; same $? 2 "a month that is none: wrong use"
sk settle run --perod 2026-06 >/dev/null; same $? 2 "an unknown option: wrong use"
has "$(cat "$dir/err")" "did you mean --period" "and the near word is named"
"$program" check --store "$dir/none" >/dev/null 2>"$dir/err"; same $? 3 "no store there"
echo "1..$n"
exit $bad
