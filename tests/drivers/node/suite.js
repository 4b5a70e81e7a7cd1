// The cases of tests/drivers/README.md through cassandra-driver for Node.js.
'use strict';
const assert = require('assert');
const { execSync } = require('child_process');
const cassandra = require('cassandra-driver');

const { types } = cassandra;
const hosts = process.env.KEYZONE_HOSTS.split(',');
const port = Number(process.env.KEYZONE_PORT);
const dataCenter = process.env.KEYZONE_DC;
const replicas = Number(process.env.KEYZONE_REPLICAS);
const keyspace = 'driver_node';
const longestGapMs = 10_000;

function connect(options = {}) {
  return new cassandra.Client({
    contactPoints: hosts, localDataCenter: dataCenter, protocolOptions: { port },
    queryOptions: { prepare: true }, pooling: { heartBeatInterval: 2000 },
    refreshSchemaDelay: 50, ...options,
  });
}

const sleep = (ms) => new Promise((resolve) => { setTimeout(resolve, ms); });

async function waitUntil(condition, what, seconds = 20) {
  const deadline = Date.now() + seconds * 1000;
  while (!(await condition())) {
    assert(Date.now() < deadline, `after ${seconds} s still not: ${what}`);
    await sleep(50);
  }
}

// The address of a host, without its port.
const addressOf = (host) => (host.address || host).split(':').slice(0, -1).join(':');

const cases = {};
let client;

cases.connects_to_every_node = async () => {
  assert.deepStrictEqual(client.hosts.values().map(addressOf).sort(), [...hosts].sort());
  assert(client.hosts.values().every((host) => host.isUp()));
  const ids = new Set();
  const zones = new Set();
  for (const address of hosts) {
    const policy = new cassandra.policies.loadBalancing.AllowListPolicy(
      new cassandra.policies.loadBalancing.DCAwareRoundRobinPolicy(dataCenter), [`${address}:${port}`]);
    const one = connect({ contactPoints: [address], policies: { loadBalancing: policy } });
    const row = (await one.execute("SELECT * FROM system.local WHERE key = 'local'")).first();
    assert.strictEqual(row.rpc_address.toString(), address);
    ids.add(row.host_id.toString());
    zones.add(row.rack);
    await one.shutdown();
  }
  assert.strictEqual(ids.size, hosts.length);
  assert.strictEqual(zones.size, Math.min(3, hosts.length));
};

cases.creates_schema = async () => {
  await client.execute('CREATE TYPE address (street text, number int, tags frozen<set<text>>)');
  await client.execute(`CREATE TABLE everything (
    id int, part text, at timestamp, fixed text static, v_ascii ascii, v_bigint bigint, v_blob blob,
    v_boolean boolean, v_date date, v_decimal decimal, v_double double, v_duration duration, v_float float,
    v_inet inet, v_int int, v_smallint smallint, v_text text, v_time time, v_timestamp timestamp,
    v_timeuuid timeuuid, v_tinyint tinyint, v_uuid uuid, v_varchar varchar, v_varint varint,
    v_list list<int>, v_set set<text>, v_map map<text, bigint>, v_frozen frozen<map<int, frozen<list<text>>>>,
    v_tuple tuple<int, text, double>, v_type address, v_frozen_type frozen<address>, v_vector vector<float, 3>,
    PRIMARY KEY ((id, part), at)) WITH CLUSTERING ORDER BY (at DESC) AND comment = 'all types'`);
  const table = await client.metadata.getTable(keyspace, 'everything');
  assert.deepStrictEqual(table.partitionKeys.map((column) => column.name), ['id', 'part']);
  assert.deepStrictEqual(table.clusteringKeys.map((column) => column.name), ['at']);
  assert.deepStrictEqual(table.clusteringOrder, ['DESC']);
  assert.strictEqual(table.columnsByName.v_set.type.code, types.dataTypes.set);
  assert.strictEqual(table.comment, 'all types');
  const type = await client.metadata.getUdt(keyspace, 'address');
  assert.deepStrictEqual(type.fields.map((field) => field.name), ['street', 'number', 'tags']);
};

function values() {
  const moment = new Date('2024-02-29T12:34:56.789Z');
  return {
    v_ascii: 'plain', v_bigint: types.Long.MIN_VALUE, v_blob: Buffer.from([...Array(256).keys()]), v_boolean: true,
    v_date: types.LocalDate.fromString('1969-12-31'),
    v_decimal: types.BigDecimal.fromString('-123456789012345678901234567890.123456789'),
    v_double: -2.5e-300, v_duration: new types.Duration(14, 3, types.Long.fromString('1000000000000000')),
    v_float: 1.5, v_inet: types.InetAddress.fromString('2001:db8::1'), v_int: -(2 ** 31), v_smallint: 2 ** 15 - 1,
    v_text: 'naïve 日本 🗝', v_time: types.LocalTime.fromString('23:59:59.999999999'), v_timestamp: moment,
    v_timeuuid: types.TimeUuid.fromDate(moment), v_tinyint: -128,
    v_uuid: types.Uuid.fromString('123e4567-e89b-12d3-a456-426614174000'), v_varchar: 'x'.repeat(100_000),
    v_varint: types.Integer.fromString((2n ** 200n - 1n).toString()), v_list: [3, 1, 2, 1], v_set: ['a', 'b'],
    v_map: { one: types.Long.fromInt(1), two: types.Long.fromInt(2) }, v_frozen: { 1: ['a', 'b'], 2: ['c'] },
    v_tuple: new types.Tuple(1, 'two', null), v_type: { street: 'High St', number: 5, tags: ['x'] },
    v_frozen_type: { street: 'Low St', number: null, tags: ['y', 'z'] },
    v_vector: new cassandra.types.Vector([0.5, -1.0, 2.25], 'float'),
  };
}

// What a value is, in plain terms that can be compared.
function plain(value) {
  if (value === null || value === undefined) return null;
  if (Buffer.isBuffer(value)) return value.toString('hex');
  if (value instanceof types.Tuple) return value.elements.map(plain);
  if (value instanceof cassandra.types.Vector) return [...value];
  if (Array.isArray(value)) return value.map(plain);
  if (value.constructor === Object) {
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, plain(item)]));
  }
  return typeof value === 'object' ? value.toString() : value;
}

async function insert(row, at) {
  const names = Object.keys(row);
  await client.execute(
    `INSERT INTO everything (id, part, at, ${names.join(', ')}) VALUES (?, ?, ?${', ?'.repeat(names.length)})`,
    [1, 'p', at, ...Object.values(row)]);
}

const readOne = async (at) => (await client.execute(
  'SELECT * FROM everything WHERE id = ? AND part = ? AND at = ?', [1, 'p', at])).first();

cases.all_types = async () => {
  const at = new Date('2024-01-01');
  await insert(values(), at);
  const row = await readOne(at);
  for (const [name, value] of Object.entries(values())) {
    if (name === 'v_timeuuid') {  // the node and clock parts are drawn anew by values()
      assert.strictEqual(row[name].getDate().getTime(), value.getDate().getTime());
    } else {
      assert.deepStrictEqual(plain(row[name]), plain(value), name);
    }
  }
};

cases.nulls = async () => {
  const at = new Date('2024-01-02');
  await insert(values(), at);
  await insert(Object.fromEntries(Object.keys(values()).map((name) => [name, null])), at);
  const row = await readOne(at);
  for (const name of Object.keys(values())) assert.strictEqual(row[name], null, name);
};

cases.empties = async () => {
  const at = new Date('2024-01-03');
  await insert({ v_text: '', v_ascii: '', v_blob: Buffer.alloc(0), v_list: [], v_set: [], v_map: {}, v_frozen: {} }, at);
  const row = await readOne(at);
  assert.strictEqual(row.v_text, '');
  assert.strictEqual(row.v_ascii, '');
  assert.strictEqual(row.v_blob.length, 0);
  assert.deepStrictEqual([row.v_list, row.v_set, row.v_map], [null, null, null]);
  assert.deepStrictEqual(row.v_frozen, {});
};

cases.prepared = async () => {
  await client.execute('CREATE TABLE prepared (k int PRIMARY KEY, a text, b text)');
  const insertion = 'INSERT INTO prepared (k, a, b) VALUES (?, ?, ?)';
  await client.execute(insertion, [1, 'a', 'b']);
  await client.execute('INSERT INTO prepared (k, a, b) VALUES (:k, :a, :b)', { k: 2, a: 'a2', b: 'b2' });
  await client.execute(insertion, [1, types.unset, 'b9']);
  const selection = 'SELECT a, b FROM prepared WHERE k = ?';
  assert.deepStrictEqual((await client.execute(selection, [1])).first().values(), ['a', 'b9']);
  assert.deepStrictEqual((await client.execute(selection, [2])).first().values(), ['a2', 'b2']);
  assert.strictEqual((await client.execute(selection, [3])).first(), null);
  const simple = await client.execute(selection, [2], { prepare: false, hints: ['int'] });
  assert.strictEqual(simple.first().b, 'b2');
};

cases.paged = async () => {
  await client.execute('CREATE TABLE paged (p int, c int, v text, PRIMARY KEY (p, c))');
  const rows = [...Array(1400).keys()].map((c) => [c % 7, c, `v${c}`]);
  await cassandra.concurrent.executeConcurrent(client, 'INSERT INTO paged (p, c, v) VALUES (?, ?, ?)', rows,
    { concurrencyLevel: 64 });
  const expected = rows.map((row) => row[1]).filter((c) => c % 7 === 3);
  const found = [];
  for await (const row of await client.execute('SELECT c FROM paged WHERE p = 3', [], { fetchSize: 30 })) found.push(row.c);
  assert.deepStrictEqual(found, expected);
  const first = await client.execute('SELECT c FROM paged WHERE p = 3', [], { fetchSize: 10 });
  const next = await client.execute('SELECT c FROM paged WHERE p = 3', [], { fetchSize: 10, pageState: first.pageState });
  assert.deepStrictEqual(next.rows.map((row) => row.c), expected.slice(10, 20));
  let all = 0;
  for await (const row of await client.execute('SELECT * FROM paged', [], { fetchSize: 100 })) all += row ? 1 : 0;
  assert.strictEqual(all, 1400);
  const count = (await client.execute('SELECT count(*) FROM paged WHERE p = 3')).first().count;
  assert.strictEqual(count.toNumber(), 200);
};

cases.batches = async () => {
  await client.execute('CREATE TABLE batched (p int, c int, v text, PRIMARY KEY (p, c))');
  await client.execute('CREATE TABLE counted (p int PRIMARY KEY, n counter)');
  const insertion = 'INSERT INTO batched (p, c, v) VALUES (?, ?, ?)';
  for (const logged of [true, false]) {
    const queries = [0, 1, 2, 3, 4].map((p) => ({ query: insertion, params: [p, logged ? 1 : 2, 'x'] }));
    await client.batch(queries, { prepare: true, logged });
  }
  assert.strictEqual((await client.execute('SELECT count(*) FROM batched')).first().count.toNumber(), 10);
  await client.batch([{ query: insertion, params: [8, 8, 'x'] }], { prepare: true, timestamp: 5 });
  const stamp = (await client.execute('SELECT writetime(v) AS t FROM batched WHERE p = 8')).first().t;
  assert.strictEqual(stamp.toNumber(), 5);
  const count = 'UPDATE counted SET n = n + ? WHERE p = ?';
  await client.batch([1, 1, 2].map((p) => ({ query: count, params: [10, p] })), { prepare: true, counter: true });
  await client.execute(count, [-3, 1]);
  assert.strictEqual((await client.execute('SELECT n FROM counted WHERE p = 1')).first().n.toNumber(), 17);
};

cases.lightweight_transactions = async () => {
  await client.execute('CREATE TABLE accounts (name text PRIMARY KEY, balance int, owner text)');
  const creation = 'INSERT INTO accounts (name, balance, owner) VALUES (?, ?, ?) IF NOT EXISTS';
  assert((await client.execute(creation, ['a', 10, 'x'])).wasApplied());
  const second = await client.execute(creation, ['a', 99, 'y']);
  assert(!second.wasApplied());
  assert.strictEqual(second.first().balance, 10);
  const update = 'UPDATE accounts SET balance = ? WHERE name = ? IF balance = ?';
  const serialConsistency = types.consistencies.serial;
  assert((await client.execute(update, [20, 'a', 10], { serialConsistency })).wasApplied());
  assert.strictEqual((await client.execute(update, [30, 'a', 10])).first().balance, 20);
  assert((await client.execute('DELETE FROM accounts WHERE name = ? IF EXISTS', ['a'])).wasApplied());
  const read = await client.execute('SELECT * FROM accounts WHERE name = ?', ['a'],
    { consistency: types.consistencies.serial });
  assert.strictEqual(read.rowLength, 0);
};

cases.routing = async () => {
  await client.execute('CREATE TABLE routed (k text PRIMARY KEY, v int)');
  const coordinators = new Set();
  for (let number = 0; number < 60; number += 1) {
    const key = `key ${number}`;
    const owners = client.getReplicas(keyspace, Buffer.from(key));
    assert.strictEqual(owners.length, replicas, `replicas of ${key}`);
    assert.strictEqual(new Set(owners.map((host) => host.rack)).size, replicas);
    const result = await client.execute('INSERT INTO routed (k, v) VALUES (?, ?)', [key, number]);
    assert(owners.some((host) => host.address === result.info.queriedHost), `${result.info.queriedHost} for ${key}`);
    coordinators.add(result.info.queriedHost);
  }
  assert.strictEqual(coordinators.size, hosts.length);
};

cases.schema_events = async () => {
  const other = connect({ keyspace });
  await other.connect();
  const seen = [];
  // The driver keeps a table until an event says that it has changed.
  await other.execute('CREATE TABLE appearing (k int PRIMARY KEY)');
  await waitUntil(async () => (await client.metadata.getTable(keyspace, 'appearing')) !== null, 'the table is seen');
  await other.execute('ALTER TABLE appearing ADD late text');
  await waitUntil(async () => {
    const table = await client.metadata.getTable(keyspace, 'appearing');
    seen.push(table && table.columns.length);
    return table && table.columnsByName.late;
  }, 'the column is seen');
  await other.execute('DROP TABLE appearing');
  await waitUntil(async () => (await client.metadata.getTable(keyspace, 'appearing')) === null, 'the table is gone');
  await other.execute("CREATE KEYSPACE driver_node_event WITH replication = {'class': 'SimpleStrategy', 'replication_factor': 1}");
  await waitUntil(() => client.metadata.keyspaces.driver_node_event, 'the keyspace is seen');
  await other.execute('DROP KEYSPACE driver_node_event');
  await waitUntil(() => !client.metadata.keyspaces.driver_node_event, 'the keyspace is gone');
  await other.shutdown();
};

// Writes one row after the other for some seconds; keeps the longest time without a success.
async function writeFor(seconds, state) {
  const end = Date.now() + seconds * 1000;
  for (; Date.now() < end; state.next += 1) {
    try {
      await client.execute('INSERT INTO surviving (k) VALUES (?)', [state.next], { isIdempotent: true, readTimeout: 5000 });
      state.written.push(state.next);
      state.gap = Math.max(state.gap, Date.now() - state.last);
      state.last = Date.now();
    } catch (error) {
      state.errors.push(error);
      await sleep(50);
    }
  }
}

cases.survives_a_killed_node = async () => {
  if (!process.env.KEYZONE_KILL_CMD) return 'no cluster to kill';
  const downs = [];
  const ups = [];
  client.on('hostDown', (host) => downs.push(addressOf(host)));
  client.on('hostUp', (host) => ups.push(addressOf(host)));
  await client.execute('CREATE TABLE surviving (k int PRIMARY KEY)');
  const state = { next: 0, written: [], errors: [], gap: 0, last: Date.now() };
  await writeFor(1, state);
  execSync(`${process.env.KEYZONE_KILL_CMD} 2`);
  await writeFor(5, state);
  await waitUntil(() => downs.includes(hosts[1]), 'the driver knows that the node is down');
  execSync(`${process.env.KEYZONE_RESTART_CMD} 2`);
  await writeFor(5, state);
  await waitUntil(() => ups.includes(hosts[1]), 'the driver knows that the node is up', 40);
  await writeFor(2, state);
  const found = new Set();
  for await (const row of await client.execute('SELECT k FROM surviving')) found.add(row.k);
  const lost = state.written.filter((k) => !found.has(k));
  console.log(`    ${state.written.length} rows written, ${state.errors.length} errors, longest gap ${state.gap} ms`);
  assert.strictEqual(lost.length, 0, `${lost.length} acknowledged rows are lost`);
  assert(state.gap < longestGapMs, `no write for ${state.gap} ms; ${state.errors[state.errors.length - 1]}`);
  return undefined;
};

async function main(words) {
  const admin = connect();
  await admin.execute(`DROP KEYSPACE IF EXISTS ${keyspace}`);
  await admin.execute(`CREATE KEYSPACE ${keyspace} WITH replication =
    {'class': 'NetworkTopologyStrategy', '${dataCenter}': ${replicas}}`);
  client = connect({ keyspace });
  await client.connect();
  let passed = 0;
  let failed = 0;
  for (const [name, run] of Object.entries(cases)) {
    if (words.length > 0 && !words.some((word) => name.includes(word))) continue;
    try {
      const leftOut = await run();
      if (leftOut) {
        console.log(`left out ${name}: ${leftOut}`);
        continue;
      }
      passed += 1;
      console.log(`ok ${name}`);
    } catch (error) {
      failed += 1;
      console.log(`FAILED ${name}\n${error.stack}`);
    }
  }
  await admin.execute(`DROP KEYSPACE ${keyspace}`);
  await client.shutdown();
  await admin.shutdown();
  console.log(`node: ${passed} passed, ${failed} failed`);
  process.exit(failed ? 1 : 0);
}

main(process.argv.slice(2)).catch((error) => {
  console.log(`${error.stack}\nnode: 0 passed, 1 failed`);
  process.exit(1);
});
