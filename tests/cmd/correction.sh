#!/bin/bash
# correction.sh - a gap and a wrong value from the work list to the counter-entry of an adjustment: gaps,
# check, estimate, a second person, a provisional statement, the measured values after all, ADJ, reversal.
# The numbers are by hand: 48 slots of 10 and 2 kWh, 06:00 to 18:00, as in first_day.sh.
set -u
cd "$(dirname "$0")/../.." || exit 1
program=$PWD/build/sunkeeper
dir=$(mktemp -d "${TMPDIR:-/tmp}/sunkeeper-correction.XXXXXX")
trap 'rm -rf "$dir"' EXIT
export SK_NOW=2026-07-01T08:00:00+08:00
n=0 bad=0
sk() { "$program" "$@" --store "$dir/store" --quiet 2>"$dir/err"; }
ok() { n=$((n + 1)); if [ "$1" = 0 ]; then echo "ok $n - $2"; else bad=1; echo "not ok $n - $2"; sed 's/^/# /' "$dir/err"; fi; }
same() { n=$((n + 1)); if [ "$1" = "$2" ]; then echo "ok $n - $3"; else bad=1; echo "not ok $n - $3"; echo "# expected: $2"; echo "# got:      $1"; sed 's/^/# /' "$dir/err"; fi; }
has() { n=$((n + 1)); case "$1" in *"$2"*) echo "ok $n - $3" ;; *) bad=1; echo "not ok $n - $3"; echo "# expected in it: $2"; printf '%s\n' "$1" | head -20 | sed 's/^/# /'; sed 's/^/# /' "$dir/err" ;; esac; }
refuses() { # code, message, command...
    local code=$1 text=$2; shift 2
    sk "$@" >/dev/null; local got=$?
    same "$got:$(head -1 "$dir/err")" "$code:$text" "refused: $*"
}
field() { grep -o "\"$1\":\"[^\"]*\"" | head -1 | cut -d'"' -f4; }

{
    sk org add 晴川运营 --kind operator
    for o in 晨光新能源:investor 新和纺织:consumer 省电网:grid; do sk org add "${o%:*}" --kind "${o#*:}" --parent 晴川运营; done
    sk station add ROOF1 --org 晨光新能源 --kind pv --capacity 300
    sk point add gen --station ROOF1 --role generation --rated 300
    sk point add export --station ROOF1 --role export --rated 300
    sk tariff publish data/calendars/zhejiang.json data/holidays/cn-2026.json data/prices/zhejiang.json
    sk strategy publish --adopt strategies/pv_selfuse.tally
    sk contract add docs/contract.example.json
    op=$(sk org list --json | tr '}' '\n' | grep operator | field org_id)
    sk user add zhang.san --org "$op" --perm '*:*:*'
    sk user add li.si --org "$op" --perm '*:*:*'
    sk user add wang.wu --org "$op" --perm 'reading:value:read'
} >/dev/null; ok $? "an estate with three clerks"

# The month, without 10:00 to 12:00 of the 10th (a Wednesday), and 3 kWh exported at 02:00 on the 11th.
head_line() { printf 'meter,date'; for i in $(seq 1 96); do printf ',%02d:%02d' $((i / 4)) $((i % 4 * 15)); done; echo; }
{
    head_line
    for p in gen:10 export:2; do
        for d in $(seq -w 1 30); do
            printf 'ROOF1/%s,2026-06-%s' "${p%:*}" "$d"
            for i in $(seq 0 95); do
                if [ "$p$d" = gen:1010 ] && [ "$i" -ge 40 ] && [ "$i" -lt 48 ]; then printf ','
                elif [ "$p$d$i" = export:2118 ]; then printf ',3'
                elif [ "$i" -ge 24 ] && [ "$i" -lt 72 ]; then printf ',%s' "${p#*:}"; else printf ',0'; fi
            done; echo
        done
    done
} >"$dir/june.csv"
sk reading import "$dir/june.csv" --mapping data/mappings/wide_96.json >/dev/null; ok $? "a month with a gap imported"

# 1. what is missing, and what looks wrong
has "$(sk reading gaps --period 2026-06)" "ROOF1/gen  2026-06-10T10:00:00+08:00      8  nothing arrived        21  same-day" "the gap: eight slots, 21 days old, with a method"
sed -e 's/"slots": 96/"slots": 4/' -e 's/"stuck": {"slots": 12}/"stuck": {"slots": 96}/g' data/validation.json >"$dir/rules.json"
has "$(sk reading check --period 2026-06 --rules "$dir/rules.json")" "2 points looked at: 1 findings, 1 of them new; 0 are no more" "one finding: with the station's own rules"
finding=$(sk reading findings --state open --json | field finding)
has "$(sk reading findings)" "ROOF1/export  2026-06-11T02:00      1  night   3.00   0.50  open" "named by point, interval, rule, value and limit"

# 2. estimate the gap: above the size in the rules, hence a second person
estimate=(reading estimate --station ROOF1 --point gen --from 2026-06-10T10:00 --slots 8 --rules "$dir/rules.json")
has "$(sk "${estimate[@]}" --dry-run)" "8 intervals would be estimated: same-day, 80.00 kWh in all (2026-06-10 (workday): mean of 2026-06-09 2026-06-08 2026-06-05 2026-06-04 2026-06-03)" "a dry run says how and from what"
has "$(sk reading gaps --period 2026-06)" "ROOF1/gen" "and changes nothing"
refuses 1 "sunkeeper reading estimate: this estimate needs a second person (8 intervals): say who asks (--as LOGIN)" "${estimate[@]}" --reason 断网
has "$(sk "${estimate[@]}" --reason 断网 --as zhang.san)" "a second person decides" "proposed"
proposal=$(sk reading proposals --json | field proposal)
refuses 1 "sunkeeper reading decide: change $(sk reading changes --json | field change) was proposed by the same person: another must decide" reading decide --proposal "$proposal" --as zhang.san --reason ok
sk reading decide --proposal "$proposal" --as wang.wu --reason ok >/dev/null; same $? 1 "not without the permission"
has "$(cat "$dir/err")" "whoever decides needs the permission reading:change:decide" "which is named"
# killed before and after each commit: a decision that is in force stands in the audit, and a repeat ends it
for crash in store_before_commit:1 store_after_commit:1 store_before_commit:2 store_after_commit:2; do
    cp -r "$dir/store" "$dir/killed"
    killed() { "$program" "$@" --store "$dir/killed" --quiet 2>"$dir/err"; }
    SK_CRASH=$crash killed reading decide --proposal "$proposal" --as li.si --reason 同意 >/dev/null; same $? 137 "killed at $crash"
    applied=$(killed reading changes --json | grep -c applied)
    trail=$(killed audit trail "proposal:$proposal" --json | grep -c reading.apply)
    ok "$([ "$applied" = 0 ] || [ "$trail" = 1 ]; echo $?)" "$crash: in force only with its audit row"
    killed reading decide --proposal "$proposal" --as li.si --reason 同意 >/dev/null
    has "$(killed reading changes --json)" '"applied"' "$crash: a repeat ends it"
    has "$(killed audit trail "proposal:$proposal" --json)" "reading.apply" "$crash: with its audit row"
    has "$(killed audit verify)" "unbroken" "$crash: the audit is unbroken"
    rm -r "$dir/killed"
done
same "$(sk reading decide --proposal "$proposal" --as li.si --reason 同意)" "8 changes decided" "agreed by another"
same "$(sk reading gaps --period 2026-06 --json)" "[]" "nothing is missing any more"
has "$(sk reading day --station ROOF1 --point gen --day 2026-06-10)" "E       10  same-day: 2026-06-10 (workday): mean of" "marked E, with how it was made"

# 3. the finding: replaced by an estimate, by two people
has "$(sk reading estimate --finding "$finding" --reason 误报 --as zhang.san)" "1 intervals proposed" "a value in place of the wrong one proposed"
sk reading decide --proposal "$(sk reading proposals --json | field proposal)" --as li.si --reason 同意 >/dev/null; ok $? "agreed"
has "$(sk reading findings)" "estimated" "the finding is closed"
refuses 1 "sunkeeper reading accept: finding $finding is estimated already" reading accept "$finding" --as li.si --reason x

# 4. a provisional statement; then the measured values come: 12 kWh each
has "$(sk settle run --period 2026-06)" "1 settled" "settled"
sk statement issue --period 2026-06 >/dev/null; ok $? "issued"
no=$(sk statement list --period 2026-06 --json | field statement)
has "$(sk statement show "$no")" '"type": "PROVISIONAL"' "as provisional"
has "$(sk statement explain "$no" --code SELF.peak --day 2026-06-10)" "E  estimated (same-day): 2026-06-10 (workday): mean of" "explained down to the estimate"
{ head_line; printf 'ROOF1/gen,2026-06-10'; for i in $(seq 0 95); do if [ "$i" -ge 40 ] && [ "$i" -lt 48 ]; then printf ',12'; else printf ','; fi; done; echo; } >"$dir/late.csv"
has "$(sk reading import "$dir/late.csv" --mapping data/mappings/wide_96.json)" "8 taken" "the measured values win by rank"

# 5. the correction: 8 kWh peak and 8 kWh valley more. 6728 x 0.8753 = 5889.02, - 5882.02 = 7.00;
# 3848 x 0.3411 = 1312.55, - 1309.82 = 2.73; fee 1 % of 7779.39 = 77.79, - 77.70 = 0.09
adj_id=$(sk statement adjust "$no" --reason 实测数据 --json | field statement_id)
shown=$(sk statement show "$adj_id" --json)
has "$shown" '"code":"ADJ.SELF.peak"' "ADJ: a peak line"
has "$shown" '"old_fen":588202,"new_fen":588902,"fen":700' "of 7.00 yuan"
has "$shown" '"fen":273' "valley: 2.73"
has "$shown" '"total_fen":982' "with the fee 9.82 in all"
adj=$(sk statement issue "$adj_id" --json | field no)

# 6. taken back by a counter-entry: two people
refuses 2 "sunkeeper statement reverse: --reason is missing: a counter-entry says why; a second person then agrees (sunkeeper approval decide) and --approval N does it" statement reverse "$adj" --as zhang.san
refuses 1 "sunkeeper statement reverse: statement $no is PROVISIONAL: only an adjustment is taken back; correct the readings or inputs and use statement adjust" statement reverse "$no" --reason x --as zhang.san
approval=$(sk statement reverse "$adj" --reason 抄错 --as zhang.san --json | field approval)
refuses 1 "sunkeeper statement reverse: approval $approval is not given yet: another person decides it first" statement reverse "$adj" --approval "$approval" --as zhang.san
sk approval decide "$approval" --as zhang.san >/dev/null; same $? 1 "not by who asked"
sk approval decide "$approval" --as li.si >/dev/null; ok $? "another agrees"
(SK_CRASH=statement.reverse.before_commit:1 sk statement reverse "$adj" --approval "$approval" --as zhang.san) >/dev/null 2>&1; same $(($? > 4)) 1 "killed in the middle"
has "$(sk check --deep)" " 0 violations" "nothing is half done"
counter_id=$(sk statement reverse "$adj" --approval "$approval" --as zhang.san --json | field statement_id)
refuses 1 "sunkeeper statement reverse: this adjustment was taken back already, by statement of run $counter_id" statement reverse "$adj" --reason x --as zhang.san
counter=$(sk statement issue "$counter_id" --json | field no)
shown=$(sk statement show "$counter" --json)
has "$shown" "\"reverses\":\"$adj\"" "it names what it takes back"
has "$shown" '"old_fen":588902,"new_fen":588202,"fen":-700' "line by line"
has "$shown" '"total_fen":-982' "- 9.82 in all"
has "$(sk statement show "$no")" '"in_force": true' "the chain says whose result holds"
has "$(sk statement explain "$counter")" "taken back: what statement $adj changed" "explained"
has "$(sk statement recompute "$counter" --compare)" "the same to the byte" "computed again"
has "$(sk check --deep)" " 0 violations" "the invariants hold"

# 7. the measured values are right after all: a third correction compares with the first result
third_id=$(sk statement adjust "$no" --reason 实测无误 --json | field statement_id)
has "$(sk statement show "$third_id" --json)" '"total_fen":982' "9.82 again, not 0 and not 19.64"
refuses 1 "sunkeeper statement adjust: the adjustment of run $third_id is checked: issue or void it first" statement adjust "$no" --reason again
sk statement issue "$third_id" >/dev/null; ok $? "issued"

# 8. too little to be worth it: 0.5 kWh valley, 3848.5 x 0.3411 = 1312.72, - 1312.55 = 0.17; fee 77.80 - 77.79 = 0.01
refuses 2 "sunkeeper reading edit: --as is missing: who edits is named, since another person decides" reading edit --station ROOF1 --point gen --from 2026-06-02T12:00 --values 10.5 --reason 更正
sk reading edit --station ROOF1 --point gen --from 2026-06-02T12:00 --values 10.5 --reason 更正 --as zhang.san >/dev/null
sk reading decide --proposal "$(sk reading proposals --json | field proposal)" --as li.si --reason ok >/dev/null; ok $? "half a kWh by hand"
refuses 1 "sunkeeper statement adjust: the differences come to 0.18 yuan in total, less than 1.00: say --anyway if so small a sum shall be adjusted" statement adjust "$no" --reason 更正
sk statement adjust "$no" --reason 更正 --anyway >/dev/null; ok $? "asked and answered"
has "$(sk check --deep)" " 0 violations" "the invariants hold"
has "$(sk audit verify)" "unbroken" "the audit is unbroken"

# 9. wrong words
refuses 2 "sunkeeper reading estimate: --method: 'guess' is none of auto same-day similar linear register profile equal" reading estimate --station ROOF1 --point gen --from 2026-06-10T10:00 --method guess --reason x
refuses 2 "sunkeeper reading estimate: --from: intervals begin at :00, :15, :30, :45" reading estimate --station ROOF1 --point gen --from 2026-06-10T10:07 --reason x
refuses 2 "sunkeeper reading estimate: --slots: 1 to 2976" reading estimate --station ROOF1 --point gen --from 2026-06-10T10:00 --slots 2977 --reason x
refuses 2 "sunkeeper reading estimate: --reason is missing: an estimate says why (--dry-run needs none)" reading estimate --station ROOF1 --point gen --from 2026-06-10T10:00
refuses 2 "sunkeeper reading estimate: --finding says point and intervals: leave --point, --from and --slots out" reading estimate --finding 1 --point gen --reason x
refuses 1 "sunkeeper reading estimate: no finding 1, or not yours" reading estimate --finding 1 --reason x
refuses 1 "sunkeeper reading estimate: similar: say which point it is like (--like POINT)" reading estimate --station ROOF1 --point gen --from 2026-07-01T10:00 --method similar --reason x
refuses 2 "sunkeeper reading findings: --state: 'odd' is none of open accepted estimated edited cleared" reading findings --state odd
refuses 2 "sunkeeper reading decide: write CHANGE... or --proposal N, and --as LOGIN --reason TEXT" reading decide --as li.si --reason x
refuses 1 "sunkeeper reading decide: no proposal 1 that waits, or not yours" reading decide --proposal 1 --as li.si --reason x
echo '{"schema":"x"}' >"$dir/bad.json"
refuses 2 "sunkeeper reading check: $dir/bad.json: schema is 'x', not sunkeeper.validation/1" reading check --period 2026-06 --rules "$dir/bad.json"
echo "1..$n"
exit $bad
