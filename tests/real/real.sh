#!/bin/bash
# real.sh - the measured stations and the steel works of SUNKEEPER_REAL through the whole program,
# every statement compared with the oracle's own. Without that directory there is nothing to say.
set -u
cd "$(dirname "$0")/../.." || exit 1
if [ -z "${SUNKEEPER_REAL:-}" ]; then
    echo "ok - SUNKEEPER_REAL is not set: no measured data to compare"
    exit 0
fi
dir=$(mktemp -d "${TMPDIR:-/tmp}/sunkeeper-real-XXXXXX") || exit 1
trap 'rm -rf "$dir"' EXIT
if build/sunkeeper demo --real "$SUNKEEPER_REAL" --store "$dir/store" >"$dir/out" 2>&1; then
    echo "ok - measured data settled"
else
    tail -5 "$dir/out"
    echo "not ok - measured data settled"
    exit 1
fi
python3 -B tests/real/oracle.py "$SUNKEEPER_REAL" build/sunkeeper "$dir/store"
