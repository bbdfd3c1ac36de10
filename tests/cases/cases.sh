#!/bin/bash
# cases.sh - the library's golden cases, and those of SUNKEEPER_CASES where that is set, through the
# real parser, planner and runner; cases without a strategy through the room that owns the rule.
set -u
cd "$(dirname "$0")/../.." || exit 1
bad=0
build/sunkeeper strategy test strategies/*.cases/*.json || bad=1
if [ -n "${SUNKEEPER_CASES:-}" ]; then
    for n in 01 02 03 04 05 08 16 17 18 19 20 21 22; do
        build/sunkeeper strategy test "$SUNKEEPER_CASES/$n"_*.json || bad=1
    done
fi
# A case that differs must say so, where, and with exit code 1.
wrong=$(mktemp -d)
trap 'rm -rf "$wrong"' EXIT
sed 's/"amount_fen": 10372/"amount_fen": 10373/' strategies/pv_selfuse.cases/discount.json >"$wrong/off.json"
said=$(build/sunkeeper strategy test "$wrong/off.json"); rc=$?
if [ $rc = 1 ] && grep -q 'lines\[0\].amount_fen: expected 10373, got 10372' <<<"$said"; then
    echo "ok - a difference is named and refused"
else
    echo "not ok - a difference is named and refused"; bad=1
fi
exit $bad
