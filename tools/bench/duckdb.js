// duckdb.js - the analytical peer: the month's sums by point and period in DuckDB's best layout.
//
//   node duckdb.js FLEET.csv PERIODS.json
// FLEET.csv: point,map,s0..s95 (one row per point and day; values in 10^-4 kWh; map: which day map).
// PERIODS.json: for each day map the 96 key numbers. Prints one JSON line: CPU microseconds of the query
// alone (best of three), in its best form and as the sum of each of the 96 columns by point and day map;
// rows, the sum of every bucket, and all of them mixed in order, so that results can be compared.
const fs = require('fs');
const { DuckDBInstance } = require('@duckdb/node-api');

async function main() {
  const [csv, periodsFile] = process.argv.slice(2);
  const maps = JSON.parse(fs.readFileSync(periodsFile, 'utf8'));
  const keys = Math.max(...maps.flat()) + 1;
  const instance = await DuckDBInstance.create(':memory:', { threads: '1' });
  const db = await instance.connect();
  const slots = [...Array(96).keys()];
  await db.run(`create table f (point integer, map tinyint, ${slots.map(s => `s${s} integer`).join(', ')})`);
  await db.run(`insert into f select * from read_csv('${csv}', header=false, columns={point:'INTEGER', map:'TINYINT', ${slots.map(s => `s${s}:'INTEGER'`).join(', ')}}) order by point`);
  // One row sum per period and map: additions across columns, then one aggregate per bucket.
  const bucket = key => maps.map((map, m) => {
    const terms = slots.filter(s => map[s] === key).map(s => `s${s}::bigint`);
    return `coalesce(sum(${terms.length ? terms.join('+') : '0'}) filter (where map = ${m}), 0)`;
  }).join(' + ');
  const sql = `select point, ${[...Array(keys).keys()].map(k => `(${bucket(k)})::bigint as k${k}`).join(', ')} from f group by point order by point`;
  // The plain form: 96 sums by point and map; the few slots of a period are added up afterwards.
  const columns = `select point, map, ${slots.map(s => `sum(s${s})`).join(', ')} from f group by point, map`;
  const cpu = async (text) => {
    let best = Infinity;
    let rows;
    for (let run = 0; run < 3; run++) {
      const start = process.cpuUsage();
      const reader = await db.runAndReadAll(text);
      const used = process.cpuUsage(start);
      rows = reader;
      best = Math.min(best, used.user + used.system);
    }
    return [best, rows];
  };
  const [columnsCpu] = await cpu(columns);
  const [best, reader] = await cpu(sql);
  const rows = reader.getRows();
  const totals = Array(keys).fill(0n);
  let mixed = 0n;
  for (const row of rows) {
    for (let k = 0; k < keys; k++) {
      totals[k] += BigInt(row[k + 1]);
      mixed = (mixed * 31n + BigInt(row[k + 1])) & 0xffffffffffffffffn;
    }
  }
  console.log(JSON.stringify({ cpu_us: best, columns_cpu_us: columnsCpu, rows: rows.length, totals: totals.map(String), mixed: mixed.toString() }));
}
main().catch(e => { console.error(String(e)); process.exit(1); });
