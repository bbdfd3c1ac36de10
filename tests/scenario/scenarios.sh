#!/bin/bash
# scenarios.sh - the committed cases are the calculator's, the calculator gives the golden numbers
# of SUNKEEPER_CASES where that is set, and the program gives the calculator's.
set -u
cd "$(dirname "$0")/../.." || exit 1
say() { if [ "$1" = 0 ]; then echo "ok - $2"; else echo "not ok - $2"; bad=1; fi; }
bad=0
python3 -B tests/scenario/make; say $? "case files as calculated"
mapfile -t cases < <(find tests/scenario -name '*.json' ! -name tou.json | LC_ALL=C sort)
if [ -n "${SUNKEEPER_CASES:-}" ]; then
    python3 -B tests/scenario/calc.py "$SUNKEEPER_CASES"/[0-9]*.json; say $? "golden cases calculated"
fi
build/sunkeeper strategy test "${cases[@]}"; say $? "${#cases[@]} cases through the program"
python3 -B tests/scenario/anycase.py build/sunkeeper "${SK_CASES:-1000}" "${SK_SEED:-1}"
say $? "random cases through the program"
exit $bad
