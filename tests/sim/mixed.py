"""What mixed.bash compares: seeded gaps, sums of statements and the bills of parks, in exact numbers."""
import glob, json, sys
from decimal import Decimal as D, ROUND_HALF_UP

word, dir = sys.argv[1:]
def read(name):
    with open(dir + "/" + name) as f:
        return json.load(f)
rows = read("list")
if word == "parks":
    print(" ".join(r["statement"] for r in rows if r["strategy"] == "park"))
    sys.exit()

def same(what, a, b):
    print("%s: %s" % (what, a))
    if a != b:
        sys.exit("not %s" % b)
def yuan(x):
    return x.quantize(D("0.01"), ROUND_HALF_UP)

made, run = read("made"), read("run")
same("orders that fail are those seeded to", [f["order"] for f in read("failures")], made["gaps"])
same("each for want of readings", {f["failure"] for f in read("failures")}, {"MISSING"})
same("strategies in the run", len(run["strategies"]), 24)
same("orders", sum(s["orders"] for s in run["strategies"]), made["contracts"])
for s in run["strategies"]:
    mine = [r for r in rows if r["strategy"] == s["strategy"]]
    same(s["strategy"], (s["statements"], s["lines"], D(s["amount"])),
         (len(mine), sum(int(r["lines"]) for r in mine), sum(D(r["yuan"]) for r in mine)))

parks = glob.glob(dir + "/*.park")
assert parks
for path in parks: # lessees and landlord pay the grid's bill: energy by period, basic fee, power factor
    doc, facts = json.load(open(path)), json.load(open(path.replace(".park", ".facts")))
    settings = facts.get("settings") or facts["facts"]["settings"]
    price = {l["code"].split(".")[1]: D(l["price"]) for l in doc["lines"] if l["code"].startswith("ENERGY")}
    bill = sum(yuan(D(p["value"]) * price[p["name"].split(".")[1]])
               for p in doc["printed"] if p["name"].startswith("m."))
    paid = {}
    for l in doc["lines"]:
        paid.setdefault(l["code"].split(".")[0], []).append(l["fen"])
    same("park: energy", D(sum(paid["ENERGY"] + paid["LOSS"])) / 100, bill)
    same("park: basic fee", D(sum(paid["BASIC"])) / 100, D(settings["basic_fee"]))
    same("park: power factor", D(sum(paid["PF"])) / 100, D(settings["pf_adjust"]))
