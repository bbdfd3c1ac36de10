"""form.py - makes a contract for every strategy of the library from its description alone.

Reads `sunkeeper strategy describe NAME --json` of each strategy named, checks it against
docs/form.schema.json, and writes what a clerk would: one contract, one file of facts, the points and
readings it needs. A parameter with a default is left out; one that another choice makes needless is
left out; the others get the middle of their typical range. Usage:

    form.py FOLDER NAME=DESCRIPTION.json ...
"""
import json
import sys
from decimal import Decimal

PERIOD_DAYS = 30  # June 2026
VALUE = {  # of a quarter of an hour, by role: charged at night, discharged in the afternoon
    "export": lambda k: 2,
    "charge": lambda k: 10 if k < 24 else 0,
    "discharge": lambda k: 12 if 52 <= k < 68 else 0,
    "series": lambda k: 1,
}


# ---- the schema: the few keywords docs/form.schema.json uses ------------------------------------

def check(value, schema, root, path):
    if "$ref" in schema:
        return check(value, root["$defs"][schema["$ref"].rsplit("/", 1)[1]], root, path)
    kinds = {"object": dict, "array": list, "string": str, "boolean": bool, "integer": int}
    kind = schema.get("type")
    if kind and (not isinstance(value, kinds[kind]) or (kind == "integer" and isinstance(value, bool))):
        raise SystemExit(f"{path}: {value!r} is no {kind}")
    if "const" in schema and value != schema["const"]:
        raise SystemExit(f"{path}: {value!r} is not {schema['const']!r}")
    if "enum" in schema and value not in schema["enum"]:
        raise SystemExit(f"{path}: {value!r} is none of {schema['enum']}")
    if "anyOf" in schema:
        for one in schema["anyOf"]:
            try:
                return check(value, one, root, path)
            except SystemExit:
                continue
        raise SystemExit(f"{path}: {value!r} fits nothing the schema offers")
    for name in schema.get("required", []):
        if name not in value:
            raise SystemExit(f"{path}: {name} is missing")
    if schema.get("additionalProperties") is False:
        for name in value:
            if name not in schema["properties"]:
                raise SystemExit(f"{path}: {name} is not in the schema")
    for name, one in schema.get("properties", {}).items():
        if name in value:
            check(value[name], one, root, f"{path}.{name}")
    for i, one in enumerate(value if "items" in schema else []):
        check(one, schema["items"], root, f"{path}[{i}]")
    return None


# ---- values ------------------------------------------------------------------------------------

def asked(p, chosen):
    """Whether the choices made so far ask for this name."""
    for condition in p.get("asked_if", []):
        have = chosen.get(condition["name"], "absent")
        words = {True: "yes", False: "no"}.get(have, have)
        agreed = "absent" if have == "absent" else "agreed"
        if words not in condition["is"] and agreed not in condition["is"]:
            return False
    return True


def number(p):
    """The middle of the typical range, else of the permitted one, else one."""
    scale = Decimal(1).scaleb(-p["scale"])
    low, high = (p["typical"]["from"], p["typical"]["to"]) if "typical" in p else \
        (p.get("min", p.get("max", "1")), p.get("max", p.get("min", "1")))
    return str(((Decimal(low) + Decimal(high)) / 2).quantize(scale))


def value_of(p):
    if p["type"] == "choice":
        return p["choices"][0]
    if p["type"] == "yes_no":
        return False
    if p["type"] == "table":
        return [[None, "1"]] if p["unit"].startswith("upto") else [["0", "1"]]
    return number(p)


def settings(params, chosen):
    for p in params:
        if "default" in p:
            chosen.setdefault(p["name"], p["default"])
    out = {}
    for p in params:
        if p["name"] not in chosen and not p["optional"] and p["type"] in ("choice", "yes_no"):
            out[p["name"]] = chosen[p["name"]] = value_of(p)
    for p in params:
        if "default" not in p and not p["optional"] and p["name"] not in out and asked(p, chosen):
            out[p["name"]] = chosen[p["name"]] = value_of(p)
    return out


# ---- one contract ------------------------------------------------------------------------------

class Maker:
    def __init__(self, name, form, n):
        self.form, self.station, self.n = form, f"F{n:02d}", n
        self.name, self.points, self.orgs = name, [], []

    def point(self, decl):
        code = f"p{len(self.points) + 1}"
        self.points.append((self.station, code, decl.get("role", "series") or "other", decl["unit"]))
        return f"{self.station}/{code}"

    def org(self, word):
        name = f"{self.name}-{word}"
        self.orgs.append(name)
        return name

    def feeds(self, part, out, chosen):
        meters = {m["name"]: self.point(m) for m in part["meters"] if asked(m, chosen)}
        series = {s["name"]: {"point": self.point(s), "digits": 4} for s in part["series"]
                  if asked(s, chosen)}
        out.update({k: v for k, v in (("meters", meters), ("series", series)) if v})

    def members(self, group, chosen):
        out = []
        for i in (1, 2):
            m = {"name": f"{group['name'].upper()}{i}"}
            own = dict(chosen)
            if group["members_are_parties"] or group["party"]:
                m["org"] = self.org(m["name"])
            if group["party"]:
                m["party"] = f"{m['name']}P"
            if group["own_unit"]:
                m["units"] = {group["own_unit"]: {"unit": "m3", "digits": 2}}
            s = settings(group["parameters"] + group["inputs"], own)
            if s:
                m["settings"] = s
            self.feeds(group, m, own)
            inner = {g["name"]: self.members(g, own) for g in group["groups"]}
            if inner:
                m["groups"] = inner
            out.append(m)
        return out

    def make(self):
        f, chosen = self.form, {}
        c = {"no": f"HT-{self.station}", "title": f["title"], "order": f"DD-{self.station}",
             "strategy": self.name, "station": self.station, "from": "2026-01-01",
             "parties": {p: self.org(p) for p in f["parties"]}, "calendar": "zhejiang",
             "prices": {}, "settings": settings(f["parameters"], chosen)}
        facts = {"settings": settings(f["inputs"], chosen)}
        c["prices"] = {p["name"]: "zhejiang" for p in f["prices"] if asked(p, chosen)}
        self.feeds(f, c, chosen)
        groups = {g["name"]: self.members(g, chosen) for g in f["groups"]}
        if groups:
            c["groups"] = groups
        if f["windows"]:
            facts["windows"] = {w["name"]: {"from": "2026-06-01T00:00", "until": "2026-06-01T02:00"}
                                for w in f["windows"]}
        c["legs"] = []
        return c, facts


def main():
    folder, schema = sys.argv[1], json.load(open("docs/form.schema.json", encoding="utf-8"))
    points, plan = [], []
    for n, word in enumerate(sys.argv[2:], 1):
        name, path = word.split("=", 1)
        form = json.load(open(path, encoding="utf-8"))
        check(form, schema, schema, name)
        m = Maker(name, form, n)
        contract, facts = m.make()
        json.dump(contract, open(f"{folder}/{name}.contract.json", "w"), ensure_ascii=False)
        json.dump(facts, open(f"{folder}/{name}.facts.json", "w"), ensure_ascii=False)
        points += m.points
        plan.append("\t".join([name, m.station, contract["order"], " ".join(m.orgs)]))
    units = sorted({p[3] for p in points})
    for i, unit in enumerate(units):
        mapping = json.load(open("data/mappings/wide_96.json", encoding="utf-8"))
        known = unit in ("kWh", "kvarh", "m3", "kW")
        mapping["values"] = [{"unit" if known else "own_unit": unit}]
        json.dump(mapping, open(f"{folder}/map{i}.json", "w"))
        with open(f"{folder}/readings{i}.csv", "w", encoding="utf-8") as out:
            out.write("meter,date," + ",".join(f"{k // 4:02d}:{k % 4 * 15:02d}" for k in range(1, 97)) + "\n")
            for k, (station, code, role, _) in enumerate(p for p in points if p[3] == unit):
                values = ",".join(str(VALUE.get(role, lambda k: 10)(k)) for k in range(96))
                for day in range(1, PERIOD_DAYS + 1):
                    out.write(f"{station}/{code},2026-06-{day:02d},{values}\n")
    with open(f"{folder}/points", "w", encoding="utf-8") as out:
        out.writelines("\t".join(p).replace("\tseries\t", "\tother\t") + "\n" for p in points)
    with open(f"{folder}/plan", "w", encoding="utf-8") as out:
        out.writelines(p + "\n" for p in plan)


main()
