#!/usr/bin/env python3
"""examples.py - every strategy of the library as a contract in one store.

Why: an example contract that the program refuses teaches nothing. Whatever organisations, stations
and points the examples name is made first; then each strategy is published, released with its golden
cases, and its contract added; the facts beside it are given to its order, and July settled.

Use:  examples.py PROGRAM [keep]   prints TAP; exit 1 if a strategy has no example or one is
      refused; keep leaves the store and says where
"""

import glob
import json
import os
import shutil
import subprocess
import sys
import tempfile

PERIOD = "2026-07"
ENERGY, OTHER = ("meters",), ("series",)


class World:
    def __init__(self, program, folder):
        self.program, self.folder, self.n, self.bad = program, folder, 0, 0
        self.stations, self.points, self.orgs = {}, {}, []

    def run(self, *words):
        return subprocess.run([self.program, *words, "--store", os.path.join(self.folder, "store"),
                               "--quiet"], capture_output=True, text=True,
                              env=dict(os.environ, SK_NOW="2026-08-02T08:00:00+08:00"))

    def say(self, done, what):
        self.n += 1
        self.bad += done.returncode != 0
        print("%sok %d - %s" % ("not " if done.returncode else "", self.n, what))
        if done.returncode:
            print("# " + (done.stderr or done.stdout).strip().replace("\n", "\n# "))
        return done.returncode == 0

    def file(self, name):
        return os.path.join(self.folder, name + ".contract.json")

    def own(self, name, path):
        """The example with a station of its own: a station has one contract at a time."""
        text = open(path, encoding="utf-8").read()
        station = json.loads(text)["station"]
        text = text.replace('"%s"' % station, '"%s-%s"' % (station, name))
        text = text.replace('"%s/' % station, '"%s-%s/' % (station, name))
        with open(self.file(name), "w", encoding="utf-8") as f:
            f.write(text)
        return json.loads(text)

    def release(self, name):
        """Its golden cases pass, one person asks and another activates."""
        return self.say(self.run("strategy", "release", name, "--version", "1", "--from",
                                 "2026-01-01", "--reason", "首次", "--as", "zhang.san"),
                        name + " passes its cases and is released") and \
            self.say(self.run("strategy", "activate", name, "--version", "1", "--as", "li.si"),
                     name + " is active")

    def month(self):
        """Readings of July for every point; all scenarios settle in one run, twice the same."""
        path = os.path.join(self.folder, "july.csv")
        with open(path, "w", encoding="utf-8") as f:
            f.write("meter,date," + ",".join("%02d:%02d" % (i // 4, i % 4 * 15)
                                             for i in range(1, 97)) + "\n")
            for n, at in enumerate(self.points):
                for day in range(1, 32):
                    values = ("%.2f" % (0.2 + n % 3 * 0.05 + (i * day % 7) / 100)
                              for i in range(96))
                    f.write("%s,2026-07-%02d,%s\n" % (at, day, ",".join(values)))
        self.say(self.run("reading", "import", path, "--mapping", "data/mappings/wide_96.json"),
                 "July of %d points" % len(self.points))
        self.say(self.run("settle", "run", "--period", PERIOD), "all orders settle in one run")
        failed = self.run("settle", "failures", "--period", PERIOD, "--json")
        self.n += 1
        self.bad += failed.stdout.strip() not in ("[]", "")
        print("%sok %d - none is refused" % ("" if failed.stdout.strip() == "[]" else "not ",
                                             self.n))
        if failed.stdout.strip() != "[]":
            print("# " + failed.stdout.strip().replace("},", "},\n# "))
        again = self.run("settle", "run", "--period", PERIOD)
        again.returncode = again.returncode or " 0 settled, " not in again.stdout
        self.say(again, "a second run finds nothing new")
        self.say(self.run("check"), "the store is sound")

    def org(self, name):
        if name not in self.orgs:
            self.orgs.append(name)

    def look(self, value, unit="kWh"):
        """Organisations and points that a contract names, wherever they stand."""
        if isinstance(value, list):
            for v in value:
                self.look(v, unit)
        if not isinstance(value, dict):
            return
        for key, v in value.items():
            if key == "org":
                self.org(v)
            elif key in ENERGY + OTHER and isinstance(v, dict):
                for at in v.values():
                    at = at["point"] if isinstance(at, dict) else at
                    if isinstance(at, str) and "/" in at:
                        self.points.setdefault(at, "yuan/kWh" if "spot" in at else unit)
            else:
                self.look(v, unit)


def main(args):
    names = sorted(os.path.basename(p)[:-6] for p in glob.glob("strategies/*.tally")
                   if any(line.startswith("strategy ") for line in open(p, encoding="utf-8")))
    world = World(os.path.abspath(args[0]), tempfile.mkdtemp(prefix="sunkeeper-examples-"))
    docs = {}
    for name in names:
        path = "strategies/%s.contract.json" % name
        if not os.path.exists(path):
            world.n, world.bad = world.n + 1, world.bad + 1
            print("not ok %d - %s has an example contract" % (world.n, name))
            continue
        docs[name] = world.own(name, path)
        for org in docs[name]["parties"].values():
            world.org(org)
        world.look(docs[name])
        facts = "strategies/%s.facts.json" % name
        if os.path.exists(facts):
            world.look(json.load(open(facts, encoding="utf-8")))
    world.say(world.run("org", "add", "晴川", "--kind", "operator"), "the operator")
    operator = json.loads(world.run("org", "list", "--json").stdout)[0]
    for login in ("zhang.san", "li.si"):
        world.say(world.run("user", "add", login, "--org", operator["org_id"], "--perm", "*:*:*"),
                  login)
    made = [world.run("org", "add", o, "--kind", "consumer", "--parent", "晴川")
            for o in world.orgs]
    for code in sorted({p.split("/")[0] for p in world.points} |
                       {d["station"] for d in docs.values()}):
        made.append(world.run("station", "add", code, "--org", world.orgs[0], "--kind", "building"))
    for at, unit in world.points.items():
        station, code = at.split("/")
        made.append(world.run("point", "add", code, "--station", station, "--role", "other",
                              "--unit", unit))
    for done in [d for d in made if d.returncode] or made[:1]:
        world.say(done, "%d organisations, stations and points" % len(made))
    world.say(world.run("tariff", "publish", *sorted(
        glob.glob("data/calendars/*.json") + glob.glob("data/prices/*.json") +
        glob.glob("data/holidays/*.json"))), "public rules")
    for name, doc in docs.items():
        if not (world.say(world.run("strategy", "publish", "strategies/%s.tally" % name),
                          name + " is published") and world.release(name)):
            continue
        if world.say(world.run("contract", "add", world.file(name)),
                     name + " has a contract") and \
                os.path.exists("strategies/%s.facts.json" % name):
            world.say(world.run("order", "facts", doc["order"], "--period", PERIOD,
                                "strategies/%s.facts.json" % name), name + " takes its facts")
    world.month()
    if "keep" in args:
        print("# see " + world.folder)
    else:
        shutil.rmtree(world.folder)
    return 1 if world.bad else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
