#!/bin/bash
# release.sh - a strategy is changed on a store that is in use: a draft nobody can name, golden cases that
# refuse it, a shadow run over the last month, two persons, contracts that follow from a day. What was
# settled before the day stays as it was, to the byte.
# The numbers are by hand: 48 slots of 10 and 2 kWh a day, so 480 generated, 96 sold to the grid, 384 used;
# the new rule gives the consumer 0.01 yuan for each kWh used in a month of more than 10,000 kWh.
set -u
cd "$(dirname "$0")/../.." || exit 1
program=$PWD/build/sunkeeper
dir=$(mktemp -d "${TMPDIR:-/tmp}/sunkeeper-release-test.XXXXXX")
trap 'rm -rf "$dir"' EXIT
export SK_NOW=2026-07-01T08:00:00+08:00 TMPDIR="$dir"
n=0 bad=0
sk() { "$program" "$@" --store "$dir/store" --quiet 2>"$dir/err"; }
ok() { n=$((n + 1)); if [ "$1" = 0 ]; then echo "ok $n - $2"; else bad=1; echo "not ok $n - $2"; sed 's/^/# /' "$dir/err"; fi; }
same() { n=$((n + 1)); if [ "$1" = "$2" ]; then echo "ok $n - $3"; else bad=1; echo "not ok $n - $3"; echo "# expected: $2"; echo "# got:      $1"; sed 's/^/# /' "$dir/err"; fi; }
has() { n=$((n + 1)); case "$1" in *"$2"*) echo "ok $n - $3" ;; *) bad=1; echo "not ok $n - $3"; echo "# expected in it: $2"; printf '%s\n' "$1" | head -20 | sed 's/^/# /'; sed 's/^/# /' "$dir/err" ;; esac; }
hasnt() { n=$((n + 1)); case "$1" in *"$2"*) bad=1; echo "not ok $n - $3"; echo "# not expected in it: $2" ;; *) echo "ok $n - $3" ;; esac; }
month() { # month YYYY-MM days: the same day of two points
    printf 'meter,date'; for i in $(seq 1 96); do printf ',%02d:%02d' $((i / 4)) $((i % 4 * 15)); done; echo
    for p in gen:10 export:2; do
        for d in $(seq -w 1 "$2"); do
            printf 'ROOF1/%s,%s-%s' "${p%:*}" "$1" "$d"
            for i in $(seq 0 95); do if [ "$i" -ge 24 ] && [ "$i" -lt 72 ]; then printf ',%s' "${p#*:}"; else printf ',0'; fi; done; echo
        done
    done
}

sk org add 晴川运营 --kind operator >/dev/null
for o in 晨光新能源:investor 新和纺织:consumer 省电网:grid; do
    sk org add "${o%:*}" --kind "${o#*:}" --parent 晴川运营 >/dev/null
done
op=$(sk org list --json | tr '}' '\n' | grep operator | sed 's/.*"org_id":"\([0-9]*\)".*/\1/')
sk user add zhang.san --org "$op" --perm '*:*:*' >/dev/null
sk user add li.si --org "$op" --perm '*:*:*' >/dev/null
sk station add ROOF1 --org 晨光新能源 --kind pv --capacity 300 >/dev/null
sk point add gen --station ROOF1 --role generation --rated 300 >/dev/null
sk point add export --station ROOF1 --role export --rated 300 >/dev/null
sk tariff publish data/calendars/zhejiang.json data/holidays/cn-2026.json data/prices/zhejiang.json >/dev/null; ok $? "a store with its estate and public rules"

# the library: a draft cannot be named, what is adopted at the beginning can
mkdir "$dir/lib"; cp -r strategies/pv_selfuse.tally strategies/pv_selfuse.bind.json strategies/pv_selfuse.cases "$dir/lib/"
sk strategy publish "$dir/lib/pv_selfuse.tally" >/dev/null; ok $? "published: a draft"
sk contract add docs/contract.example.json >/dev/null; same $? 1 "no contract names a draft"
has "$(cat "$dir/err")" "no version of it is active" "and says why"
sk strategy publish --adopt "$dir/lib/pv_selfuse.tally" >/dev/null; ok $? "the library a store begins with is adopted"
sk contract add docs/contract.example.json >/dev/null; ok $? "now a contract names it"
month 2026-06 30 >"$dir/june.csv"; month 2026-07 31 >"$dir/july.csv"
sk reading import "$dir/june.csv" --mapping data/mappings/wide_96.json >/dev/null; ok $? "June"
sk settle run --period 2026-06 >/dev/null && sk statement issue --period 2026-06 >/dev/null; ok $? "June settled and issued"
june=$(sk statement list --period 2026-06 --json | sed 's/.*"statement":"\([^"]*\)".*/\1/')
sk statement show "$june" >"$dir/june.before"

# a change that breaks the cases
sed 's/^own = pos(g - x)/own = g/' strategies/pv_selfuse.tally >"$dir/lib/pv_selfuse.tally"
sk strategy publish --adopt "$dir/lib/pv_selfuse.tally" >/dev/null; same $? 1 "adopting does not replace an active version"
sk strategy publish "$dir/lib/pv_selfuse.tally" >/dev/null; ok $? "a change as a draft"
release() { sk strategy release pv_selfuse --from 2026-07-01 --reason "$2" --as zhang.san --library "$dir/lib" --version "$1"; }
out=$(release 2 坏); same $? 1 "its cases differ: refused"
has "$out" "not ok" "the case that differs is named"; has "$(cat "$dir/err")" "golden cases" "and how many"
has "$(sk strategy versions pv_selfuse --json)" '"version":2,"state":"draft"' "it stays a draft"
sk strategy activate pv_selfuse --version 2 --as li.si >/dev/null; same $? 1 "nothing was asked for"
same "$(find "$dir" -maxdepth 1 -name 'sunkeeper-release.*' | wc -l)" 0 "nothing is left behind"

# a change that keeps them
{ cat strategies/pv_selfuse.tally
  echo 'line SCALE "规模奖励" investor -> consumer sum(own) at 0.01 yuan/kWh vat tax when sum(g) > 10000 kWh'; } >"$dir/lib/pv_selfuse.tally"
has "$(sk strategy diff pv_selfuse@1 "$dir/lib/pv_selfuse.tally" --zh)" "新增账单行 SCALE" "the difference in words"
sk strategy publish "$dir/lib/pv_selfuse.tally" >/dev/null; ok $? "the next draft"
out=$(release 3 规模奖励); same $? 1 "orders use it: no release before a shadow run"
has "$(cat "$dir/err")" "strategy shadow pv_selfuse --version 3" "and says what to do"
shadow=$(sk strategy shadow pv_selfuse --version 3 --period 2026-06)
ok $? "the shadow run"
# 30 x 384 kWh x 0.01 = 115.20
has "$shadow" "SCALE" "its table has the line"; has "$shadow" "115.20" "30 x 384 x 0.01 = 115.20"
has "$shadow" "1 orders: 0 the same, 1 changed, 0 failed" "one order differs"
has "$(sk strategy shadow pv_selfuse --version 3 --period 2026-06 --json)" '"difference":"115.20"' "the same for programs"
has "$(sk strategy versions pv_selfuse --json)" '"version":3,"state":"shadowed"' "shadowed"
out=$(release 3 规模奖励); ok $? "released: its cases pass"
has "$out" "asked as approval" "an approval is asked"; has "$out" "follows" "the contract that will follow is listed"
sk strategy activate pv_selfuse --version 3 --as zhang.san >/dev/null; same $? 1 "not by who asked"
has "$(cat "$dir/err")" "same person" "and says why"
has "$(sk strategy activate pv_selfuse --version 3 --as li.si)" "1 contracts follow" "by a second person"
has "$(sk strategy versions pv_selfuse --json)" '"version":1,"state":"retired","from":"the beginning","until":"2026-07-01"' "the old one ended that day"
sk strategy activate pv_selfuse --version 3 --as li.si >/dev/null; same $? 1 "an approval is used once"

proof=$(sk strategy evidence pv_selfuse --version 3)
has "$proof" '{"kind":"cases","passed":true' "the cases are kept as evidence"
has "$proof" "$(sha256sum "$dir/lib/pv_selfuse.cases/discount.json" | cut -d' ' -f1)" "by the hash of each file"
has "$proof" '"difference":"115.20"' "and the shadow run with its totals"

# what cannot be: a parameter that contracts do not have, a warning nobody signed, a day that is past
{ cat strategies/pv_selfuse.tally
  echo 'param new_rate: yuan/kWh "新单价"'
  echo 'line EXTRA "附加费" consumer -> investor sum(own) at new_rate vat tax'; } >"$dir/lib/pv_selfuse.tally"
sk strategy publish "$dir/lib/pv_selfuse.tally" >/dev/null
shadow=$(sk strategy shadow pv_selfuse --version 4 --period 2026-06); same $? 1 "the shadow run fails"
has "$shadow" "new_rate" "and names what the contract lacks"
{ cat strategies/pv_selfuse.tally; echo 'nobody = 1 kWh'; } >"$dir/lib/pv_selfuse.tally"
has "$(sk strategy publish "$dir/lib/pv_selfuse.tally")" "version 5, draft" "a text with a warning"
sk strategy shadow pv_selfuse --version 5 --period 2026-06 >/dev/null; ok $? "its shadow run"
as() { sk strategy release pv_selfuse --version 5 --reason 试 --as zhang.san --library "$dir/lib" "$@" >/dev/null; }
as --from 2026-09-01; same $? 1 "refused with an unsigned warning"
has "$(cat "$dir/err")" "W91" "which is shown"
as --from 2026-06-30 --sign 保留; same $? 1 "not from a day that is past"
as --from 2026-09-01 --sign 保留; ok $? "signed, it is asked for"
sk contract fix HT-2026-001 >/dev/null; ok $? "a contract that shall keep its version"
has "$(sk strategy followers pv_selfuse --version 5 --from 2026-09-01 --json)" "fixed: stays" "is listed so"
has "$(sk strategy activate pv_selfuse --version 5 --as li.si)" "0 contracts follow" "and stays"
sed 's/"no": "[^"]*"/"no": "HT-X"/; s/"order": "[^"]*"/"order": "DD-X"/; s/"discount": "0.88"/"discount": "1.9"/; s/"from": "[^"]*"/"from": "2025-01-01", "until": "2026-01-01"/' docs/contract.example.json >"$dir/x.json"
sk contract add "$dir/x.json" >/dev/null; ok $? "a discount of 1.9 is taken"
has "$(cat "$dir/err")" "remark: discount" "with a remark"

# the same yuan, and yet another statement: rate of VAT, who settles it, quantity and price. EXPORT is
# 30 x 96 = 2880 kWh x 0.4153 = 1196.06; net 1196.06 / 1.13 = 1058.46, / 1.09 = 1097.30
sed '/^line EXPORT/s/vat tax/vat 9%/; /^line SELF/s/own at own_price/round(own * 0.5, 4) at own_price * 2/; s/"屋顶使用费" investor -> consumer/"屋顶租金" investor -> grid/; /settled by grid/d' \
    strategies/pv_selfuse.tally >"$dir/lib/pv_selfuse.tally"
sk strategy publish "$dir/lib/pv_selfuse.tally" >/dev/null; ok $? "a draft that bills the same yuan in another way"
shadow=$(sk strategy shadow pv_selfuse --version 6 --period 2026-06); ok $? "its shadow run"
has "$shadow" "0 the same, 1 changed" "the order is not the same"
has "$shadow" "difference 0.00 yuan" "though the yuan are"
has "$shadow" "VAT rate 0.130000 -> 0.090000; net 1058.46 -> 1097.30; VAT 137.60 -> 98.76" "VAT, rate and net are shown"
has "$shadow" "settled by grid -> none" "and who settles it"
json=$(sk strategy shadow pv_selfuse --version 6 --period 2026-06 --json)
has "$json" '"vat_rate":{"old":"0.130000","new":"0.090000"}' "the same for programs"
has "$json" '"quantity":{"old":' "quantity"; has "$json" '"price":{"old":' "and price"

# before and after the day
export SK_NOW=2026-08-01T08:00:00+08:00
sk reading import "$dir/july.csv" --mapping data/mappings/wide_96.json >/dev/null; ok $? "July"
sk settle run --period 2026-07 >/dev/null; ok $? "July settled"
lines=$(sk strategy try --order DD-2026-001 --period 2026-07 --json)
has "$lines" '"code":"SCALE"' "July has the new line"; has "$lines" '"yuan":"119.04"' "31 x 384 x 0.01 = 119.04"
has "$(sk settle run --period 2026-06)" "1 unchanged" "June: nothing to do"
has "$(sk statement recompute "$june" --compare)" "the same to the byte" "June computed again: the same bytes"
sk statement show "$june" | cmp -s - "$dir/june.before"; ok $? "June's statement is what it was"
hasnt "$(cat "$dir/june.before")" "SCALE" "and has no new line"
has "$(sk check --deep)" " 0 violations" "the invariants hold"
has "$(sk audit verify)" "unbroken" "the audit is unbroken"
echo "1..$n"
exit $bad
