// Loads the data sets, asks the questions, compares the answers. Exit code 1 when one differs.
'use strict';
const { isDeepStrictEqual } = require('util');
const cassandra = require('cassandra-driver');
const files = require('./files');
const { load } = require('./load');
const { questions } = require('./questions');
const schema = require('./schema');

function short(answer) {
  const text = JSON.stringify(answer);
  return text.length > 90 ? `${text.slice(0, 87)}...` : text;
}

async function main() {
  const hosts = (process.env.KEYZONE_HOSTS || '127.0.0.1,127.0.0.2,127.0.0.3').split(',');
  const dataCenter = process.env.KEYZONE_DC || 'datacenter1';
  const client = new cassandra.Client({
    contactPoints: hosts, localDataCenter: dataCenter, protocolOptions: { port: Number(process.env.KEYZONE_PORT || 9042) },
  });
  await client.connect();
  for (const statement of schema.statements(dataCenter, Number(process.env.KEYZONE_REPLICAS || 3))) {
    await client.execute(statement);
  }
  await client.execute(`USE ${schema.keyspace}`);
  const data = { flights: files.flights(), airports: files.airports(), weather: files.weather() };
  await load(client, data);
  let passed = 0;
  let failed = 0;
  for await (const [question, answer, expected] of questions(client, data)) {
    const right = isDeepStrictEqual(answer, expected);
    if (right) passed += 1;
    else failed += 1;
    console.log(`${question}\n    ${short(answer)}${right ? '' : `  WRONG, the files say ${short(expected)}`}`);
  }
  await client.shutdown();
  console.log(`datasets: ${passed} passed, ${failed} failed`);
  process.exitCode = failed ? 1 : 0;
}

main().catch((error) => {
  console.log(`${error.stack}\ndatasets: 0 passed, 1 failed`);
  process.exit(1);
});
