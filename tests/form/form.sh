#!/bin/bash
# form.sh - every strategy of the library gets a contract made from its description alone (form.py), as a
# clerk would fill the form: defaults left out, the middle of typical ranges, two members of each group.
# Each must be taken, settle a month of readings, and give no remark.
set -u
cd "$(dirname "$0")/../.." || exit 1
program=$PWD/build/sunkeeper
dir=$(mktemp -d "${TMPDIR:-/tmp}/sunkeeper-form.XXXXXX")
trap 'rm -rf "$dir"' EXIT
export SK_NOW=2026-07-01T08:00:00+08:00
n=0 bad=0
sk() { "$program" "$@" --store "$dir/store" --quiet 2>"$dir/err"; }
ok() { n=$((n + 1)); if [ "$1" = 0 ]; then echo "ok $n - $2"; else bad=1; echo "not ok $n - $2"; tail -3 "$dir/err" | sed 's/^/# /'; fi; }

forms=()
for f in strategies/*.tally; do
    name=$(basename "$f" .tally)
    grep -q '^library ' "$f" && continue
    "$program" strategy describe "$name" --json >"$dir/$name.form" 2>"$dir/err"; ok $? "$name described"
    forms+=("$name=$dir/$name.form")
done
python3 tests/form/form.py "$dir" "${forms[@]}" 2>"$dir/err"; ok $? "the descriptions fit docs/form.schema.json; contracts are made"

sk org add 晴川运营 --kind operator >/dev/null; ok $? "a store"
sk tariff publish data/calendars/zhejiang.json data/holidays/cn-2026.json data/prices/zhejiang.json >/dev/null; ok $? "public rules"
while IFS=$'\t' read -r name station order orgs; do
    sk station add "$station" --org 晴川运营 --kind pv --capacity 1000 >/dev/null || ok 1 "station of $name"
    for o in $orgs; do sk org add "$o" --kind consumer --parent 晴川运营 >/dev/null || ok 1 "$o"; done
done <"$dir/plan"
while IFS=$'\t' read -r station code role unit; do
    sk point add "$code" --station "$station" --role "$role" --rated 1000 --unit "$unit" >/dev/null || ok 1 "$station/$code $unit"
done <"$dir/points"
i=0; while [ -f "$dir/readings$i.csv" ]; do
    sk reading import "$dir/readings$i.csv" --mapping "$dir/map$i.json" >/dev/null; ok $? "readings in $(sed 's/.*unit": "\([^"]*\)".*/\1/' "$dir/map$i.json")"
    i=$((i + 1))
done
while IFS=$'\t' read -r name station order orgs; do
    sk strategy publish --adopt "strategies/$name.tally" >/dev/null; ok $? "$name in the store"
    sk contract add "$dir/$name.contract.json" >/dev/null; ok $? "$name: a contract from its description"
    ! grep -q remark "$dir/err"; ok $? "$name: the middle of what is typical gives no remark"
    if [ "$(cat "$dir/$name.facts.json")" != '{"settings": {}}' ]; then
        sk order facts "$order" --period 2026-06 "$dir/$name.facts.json" >/dev/null; ok $? "$name: its facts of June"
    fi
    lines=$(sk strategy try --order "$order" --period 2026-06 --json); ok $? "$name settles"
    case "$name" in green_certificate | dr_storage | vpp_*) continue ;; esac # nothing without an order or event
    case "$lines" in *'"code"'*) ok 0 "$name: it bills" ;; *) ok 1 "$name: it bills: $lines" ;; esac
done <"$dir/plan"
echo "1..$n"
exit $bad
