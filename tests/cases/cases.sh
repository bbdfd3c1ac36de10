#!/bin/bash
# cases.sh - every golden case that the project carries, and those of SUNKEEPER_CASES when it is set,
# through `sunkeeper strategy test`. A case counts as one test; its own lines are TAP.
set -u
cd "$(dirname "$0")/../.." || exit 1
program=build/sunkeeper
[ -n "${SK_SAN:-}" ] && program=build/san/sunkeeper
own=$(find tests/scenario strategies -name '*.json' -not -name '*.bind.json' -not -name '*.contract.json' -not -name '*.facts.json' -not -name 'tou.json' | LC_ALL=C sort)
out=$($program strategy test $own)
rc=$?
echo "$out"
# The house takes every one of them that fits a contract; what it refuses is not compared.
case $out in *": not through a store: "*) echo "not ok - the store refused a case"; rc=1 ;; esac
for f in strategies/*.tally; do # the library is sound, without a warning, in the canonical layout
    case "$($program strategy check "$f")" in
        *"sound, 0 warnings") $program strategy fmt --check "$f" && echo "ok $f" || { echo "not ok $f"; rc=1; } ;;
        *) echo "not ok $f"; rc=1 ;;
    esac
done
if [ -n "${SUNKEEPER_CASES:-}" ]; then
    $program strategy test "$SUNKEEPER_CASES"/[0-9]*.json || rc=1
fi
exit $rc
