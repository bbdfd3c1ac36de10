// duckdb.js - the analytical peer: the month's sums by point and period in DuckDB's best layout.
//
//   node duckdb.js FLEET.csv PERIODS.json
// FLEET.csv: point,map,s0..s95 (one row per point and day; values in 10^-4 kWh; map: which day map).
// PERIODS.json: for each day map the 96 key numbers. Prints one JSON line: CPU microseconds of the query
// alone (best of three): as one would write it first (columns unpivoted, joined to a table of periods), in its
// best form (memory, then a database file), and as the sum of each of the 96 columns by point and day map;
// rows, the sum of every bucket, and all of them mixed in order, so that results can be compared.
const fs = require('fs');
const { DuckDBInstance } = require('@duckdb/node-api');

const slots = [...Array(96).keys()];

// One row sum per period and map: additions across columns, then one aggregate per bucket.
function bestForm(maps, keys) {
  const bucket = key => maps.map((map, m) => {
    const terms = slots.filter(s => map[s] === key).map(s => `s${s}::bigint`);
    return `coalesce(sum(${terms.length ? terms.join('+') : '0'}) filter (where map = ${m}), 0)`;
  }).join(' + ');
  return `select point, ${[...Array(keys).keys()].map(k => `(${bucket(k)})::bigint as k${k}`).join(', ')} from f group by point order by point`;
}

// As one would write it first: a row per reading again, joined to which period a slot of a day map is in.
const firstForm = `select u.point, p.key, sum(u.value)::bigint as value from (unpivot f on columns(* exclude (point, map)) into name slot value value) u `
  + 'join period p on p.map = u.map and p.slot = u.slot group by u.point, p.key order by u.point, p.key';

// The first form gives a row for each bucket that has slots: the same sums, or the figures are worth nothing.
function sameSums(rows, first, keys) {
  let at = 0;
  for (const row of rows) {
    for (let k = 0; k < keys; k++) {
      const there = at < first.length && BigInt(first[at][0]) === BigInt(row[0]) && Number(first[at][1]) === k;
      if ((there ? BigInt(first[at][2]) : 0n) !== BigInt(row[k + 1])) return false;
      at += there ? 1 : 0;
    }
  }
  return at === first.length;
}

async function cpu(db, text) {
  let best = Infinity;
  let reader;
  for (let run = 0; run < 3; run++) {
    const start = process.cpuUsage();
    reader = await db.runAndReadAll(text);
    const used = process.cpuUsage(start);
    best = Math.min(best, used.user + used.system);
  }
  return [best, reader];
}

async function connect(where) {
  return (await DuckDBInstance.create(where, { threads: '1' })).connect();
}

async function main() {
  const [csv, periodsFile] = process.argv.slice(2);
  const maps = JSON.parse(fs.readFileSync(periodsFile, 'utf8'));
  const keys = Math.max(...maps.flat()) + 1;
  const sql = bestForm(maps, keys);
  // The plain form: 96 sums by point and map; the few slots of a period are added up afterwards.
  const columns = `select point, map, ${slots.map(s => `sum(s${s})`).join(', ')} from f group by point, map`;
  const memory = await connect(':memory:');
  await memory.run(`create table f (point integer, map tinyint, ${slots.map(s => `s${s} integer`).join(', ')})`);
  await memory.run(`insert into f select * from read_csv('${csv}', header=false, columns={point:'INTEGER', map:'TINYINT', ${slots.map(s => `s${s}:'INTEGER'`).join(', ')}}) order by point`);
  const [columnsCpu] = await cpu(memory, columns);
  const [best, reader] = await cpu(memory, sql);
  const rows = reader.getRows();
  await memory.run('create table period (map tinyint, slot varchar, key tinyint)');
  await memory.run(`insert into period values ${maps.flatMap((map, m) => slots.map(s => `(${m}, 's${s}', ${map[s]})`)).join(', ')}`);
  const [first, firstReader] = await cpu(memory, firstForm);
  if (!sameSums(rows, firstReader.getRows(), keys)) throw new Error('the first form gives other sums');
  // The same table in a database file, as ours is.
  const file = `${csv}.duckdb`;
  await memory.run(`attach '${file}' as disk; create table disk.f as select * from f; checkpoint disk; detach disk`);
  const disk = await connect(file);
  const [fileCpu] = await cpu(disk, sql);
  const totals = Array(keys).fill(0n);
  let mixed = 0n;
  for (const row of rows) {
    for (let k = 0; k < keys; k++) {
      totals[k] += BigInt(row[k + 1]);
      mixed = (mixed * 31n + BigInt(row[k + 1])) & 0xffffffffffffffffn;
    }
  }
  console.log(JSON.stringify({ cpu_us: best, first_cpu_us: first, columns_cpu_us: columnsCpu, file_cpu_us: fileCpu, rows: rows.length, totals: totals.map(String), mixed: mixed.toString() }));
}
main().catch(e => { console.error(String(e)); process.exit(1); });
