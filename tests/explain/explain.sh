#!/bin/bash
# explain.sh - the explanation of every line of every case leads to its amount, read by a calculator
# that sees nothing but the printed page (reeval.py); and a page that was changed is found out.
set -u
cd "$(dirname "$0")/../.." || exit 1
program=build/sunkeeper
[ -n "${SK_SAN:-}" ] && program=build/san/sunkeeper
tmp=$(mktemp -d "${TMPDIR:-/tmp}/sunkeeper.XXXXXX") || exit 1
trap 'rm -rf "$tmp"' EXIT
rc=0
no() { echo "not ok $*"; rc=1; }

own=$(find tests/scenario strategies -path '*.cases/*.json' -o -path 'tests/scenario/*.json' -not -name 'tou.json' | LC_ALL=C sort)
theirs=
[ -n "${SUNKEEPER_CASES:-}" ] && theirs=$(ls "$SUNKEEPER_CASES"/[0-9]*.json)
for f in $own $theirs; do
    $program strategy explain "$f" > "$tmp/page" 2> "$tmp/err" && cat "$tmp/page" >> "$tmp/pages" && continue
    # Answered by a room without a strategy, or the statement of a correction: no page.
    grep -q "no strategy in .* takes scenario '[a-z_]*' as it stands" "$tmp/err" || no "$f: $(cat "$tmp/err")"
done
lines=$(grep -c ' yuan$' "$tmp/pages")
python3 tests/explain/reeval.py < "$tmp/pages" > "$tmp/out" && echo "ok $lines lines lead to their amounts" ||
    no "explanations that do not lead to their amount"
cat "$tmp/out"
[ "$lines" -ge 1000 ] || no "only $lines lines"
grep -q "^# amount $lines, " "$tmp/out" || no "some of the $lines lines were not read"

# The calculator is no yes-man: each kind of change on the pages is found.
changed() { # WHAT SED
    sed -E "$2" "$tmp/pages" > "$tmp/changed"
    cmp -s "$tmp/pages" "$tmp/changed" && no "$1: nothing to change"
    python3 tests/explain/reeval.py < "$tmp/changed" > "$tmp/out"
    [ $? -eq 1 ] && echo "ok $1 is seen" || no "$1 goes unseen"
}
changed "another amount" 's/0 yuan$/1 yuan/;t;s/[1-9] yuan$/0 yuan/'
grep -q '^# amount 0, ' "$tmp/out" || no "another amount goes unseen in some line"
changed "another price" 's/ x ([0-9.]+) yuan/ x 7\1 yuan/'
changed "another weight" 's/( of [^ ]+ )([0-9])/\13\2/'
changed "another term of a sum" 's/(: )([0-9.]+ \+ )/\17\2/'
changed "another value of a row" 's/^(  .* = )([0-9.]+)$/\18\2/'
changed "another digit to round to" 's/, 2\)( = .*)?$/, 0)\1/'
exit $rc
