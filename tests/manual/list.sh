#!/bin/bash
# list.sh - the message list of the manual (docs/tally.md section 6, both languages) is complete: it has
# each code of the source and no other, each example is a message that tests/strategy/wrong/ holds, the
# words of the language all stand in an example, and no line is past 200 columns.
set -u
cd "$(dirname "$0")/../.." || exit 1
pages="docs/tally.md docs/tally.zh-CN.md"
source=$(ls src/strategy/*.c | grep -v -e /hint\.c -e '_test\.c$' -e '_fuzz\.c$' -e '_bench\.c$')
rc=0
say() { if [ "$1" = 0 ]; then echo "ok $2"; else echo "not ok $2"; rc=1; fi; }
tmp=$(mktemp -d); trap 'rm -rf "$tmp"' EXIT

# shellcheck disable=SC2086 # one word per file
grep -ohE '"[A-Z][0-9]{2}"' $source | tr -d '"' | LC_ALL=C sort -u >"$tmp/codes"
{ grep -oE '^    \[VALUE_[A-Z_]+\] = \{ "[A-Z_]+"' src/strategy/run_fail.c | sed 's/.*"\(.*\)"/\1/'; echo BIND; } |
    LC_ALL=C sort -u >"$tmp/names"
[ "$(wc -l <"$tmp/codes")" -ge 90 ] && [ "$(wc -l <"$tmp/names")" -ge 10 ]
say $? "the source has codes and names of failures"
grep -ohE '\{ "[A-Z][0-9]{2}",' src/strategy/hint.c | grep -oE '[A-Z][0-9]{2}' | LC_ALL=C sort | diff "$tmp/codes" - >"$tmp/diff"
say $? "hint.c has each code once and no other"; sed 's/^/# /' "$tmp/diff"
cat tests/strategy/wrong/*.expect | sed -nE 's/^[^ ]+:[0-9]+:[0-9]+: ([A-Z][0-9]{2} .*)$/\1/p' |
    sed 's/ (warning)$//' | LC_ALL=C sort -u >"$tmp/messages"

for page in $pages; do
    sed -nE 's/^\| `([A-Z][0-9]{2})` +\| `([^`]*)` \|.*/\1 \2/p' "$page" >"$tmp/list"
    cut -d' ' -f1 "$tmp/list" | LC_ALL=C sort | diff "$tmp/codes" - >"$tmp/diff"
    say $? "$page lists each code of the source once and no other"; sed 's/^/# /' "$tmp/diff"
    sed -nE 's/^\| `([A-Z_]{4,})` +\| `([^`]*)` \|.*/\1/p' "$page" | LC_ALL=C sort | diff "$tmp/names" - >"$tmp/diff"
    say $? "$page lists each failure of a run once and no other"; sed 's/^/# /' "$tmp/diff"
    none=0
    while IFS= read -r example; do # one that ends with " .." is the beginning of a message
        awk -v want="$example" 'BEGIN { n = length(want); cut = substr(want, n - 2) == " .."
                                        if (cut) want = substr(want, 1, n - 3) }
             $0 == want || (cut && substr($0, 1, length(want)) == want) { found = 1 }
             END { exit !found }' "$tmp/messages" || { echo "# no program is told: $example"; none=1; }
    done <"$tmp/list"
    say $none "$page: each example is a message of tests/strategy/wrong"
    # Continuation bytes take no column, the first byte of a sign of three or four takes two.
    wide=$(LC_ALL=C awk '{ gsub(/[\200-\277]/, ""); n = length($0) + gsub(/[\340-\367]/, "")
        if (n > 200) print "# line " FNR " has " n " columns" }' "$page")
    [ -z "$wide" ]; say $? "$page has no line past 200 columns"; [ -z "$wide" ] || echo "$wide"
done

# Functions as the parser lists them, statements and clauses as the grammar has them.
functions=$(grep -oE '\{ "[a-z_]+", FN_' src/strategy/parse_expr.c | grep -oE '[a-z_]{2,}' | sort -u)
words="strategy library amendment of about party meter series price param input state next group unit window table use
except line flag warn hold fail each digits within typical optional per by vat on top no when showing settled upto from
rest if then else choose agreed time in holiday workday hours month weekday at and or not is over where count yes_no"
sed -n '/^```\(tally\|values\)$/,/^```$/p' docs/tally.md | grep -v '^```' >"$tmp/examples"
none=0
for word in $functions $words; do
    grep -qw -- "$word" "$tmp/examples" || { echo "# no example has the word '$word'"; none=1; }
done
[ "$(echo "$functions" | wc -w)" -ge 18 ] || none=1
say $none "each word and function of the language stands in an example"
exit $rc
