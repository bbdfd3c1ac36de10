#!/bin/bash
# urdb.sh - public tariffs: a year of random load through import and engine agrees with the second
# calculator to the cent, for the rates here, composed ones, and those of SUNKEEPER_REAL when it is set;
# wrong files are refused with path and reason; mutated ones never crash.
set -u
cd "$(dirname "$0")/../.." || exit 1
export PYTHONDONTWRITEBYTECODE=1
program=build/sunkeeper
[ -n "${SK_SAN:-}" ] && program=build/san/sunkeeper
seed=${SK_URDB_SEED:-1} composed=${SK_URDB_RATES:-4} mutated=${SK_URDB_MUTATED:-150}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
real=()
[ -n "${SUNKEEPER_REAL:-}" ] && real=("$SUNKEEPER_REAL"/tariffs_us/*.json)
rc=0
python3 tests/urdb/year.py "$program" "$work/year" "$seed" tests/urdb/rates/*.json "${real[@]}" --random "$composed" || rc=1
mkdir "$work/wrong"
python3 tests/urdb/wrong.py "$program" "$work/wrong" || rc=1
checked=$program
[ -x build/san/sunkeeper ] && checked=build/san/sunkeeper
python3 tests/urdb/wrong.py "$checked" "$work/wrong" "$seed" "$mutated" || rc=1
exit $rc
