// What a user asks. Each question gives [text, the cluster's answer, the files' answer].
'use strict';
const cassandra = require('cassandra-driver');

const day = (text) => cassandra.types.LocalDate.fromString(text);
const time = (text) => new Date(text);
const total = (items, of) => items.reduce((sum, item) => sum + of(item), 0);
const byText = (left, right) => (left < right ? -1 : Number(left > right));

async function* rows(client, query, parameters = [], fetchSize = 500) {
  yield* await client.execute(query, parameters, { prepare: true, fetchSize });
}

async function collect(stream) {
  const result = [];
  for await (const row of stream) result.push(row);
  return result;
}

const one = async (client, query, parameters) => (await client.execute(query, parameters, { prepare: true })).first();

async function* questions(client, { flights, airports, weather }) {
  const busiest = 'PHX';
  const from = (origin) => flights.filter((flight) => flight.origin === origin);

  yield ['how many airports, flights and days of weather are there?',
    [(await one(client, 'SELECT count(*) FROM airports')).count.toNumber(),
      (await one(client, 'SELECT count(*) FROM departures')).count.toNumber(),
      (await one(client, 'SELECT count(*) FROM weather')).count.toNumber()],
    [new Set(airports.map((airport) => airport.iata)).size, flights.length, weather.length]];

  const airport = await one(client, 'SELECT name, city, state FROM airports WHERE iata = ?', [busiest]);
  const airportInFile = airports.find((candidate) => candidate.iata === busiest);
  yield [`what is ${busiest}?`, airport.values(), [airportInFile.name, airportInFile.city, airportInFile.state]];

  yield [`which flights left ${busiest} last?`,
    (await collect(rows(client, 'SELECT number FROM departures WHERE origin = ? LIMIT 10', [busiest]))).map((row) => row.number),
    from(busiest).sort((a, b) => b.departed - a.departed || a.number - b.number).slice(0, 10).map((flight) => flight.number)];

  const [morning, evening] = [time('2001-02-01T00:00:00Z'), time('2001-02-02T00:00:00Z')];
  yield [`how many flights left ${busiest} on the first of February?`,
    (await one(client, 'SELECT count(*) FROM departures WHERE origin = ? AND departed >= ? AND departed < ?',
      [busiest, morning, evening])).count.toNumber(),
    from(busiest).filter((flight) => flight.departed >= morning && flight.departed < evening).length];

  let delay = 0;
  let worst = null;
  for await (const row of rows(client, 'SELECT number, delay FROM departures WHERE origin = ?', [busiest], 100)) {
    delay += row.delay;
    if (worst === null || row.delay > worst) worst = row.delay;
  }
  yield [`how late were the flights from ${busiest}, in all and at worst?`, [delay, worst],
    [total(from(busiest), (flight) => flight.delay), Math.max(...from(busiest).map((flight) => flight.delay))]];

  const pairs = [['LAX', 'PHX'], ['PHX', 'LAX'], ['LAS', 'LAX']];
  for (const [origin, destination] of pairs) {
    const inFiles = from(origin).filter((flight) => flight.destination === destination);
    const found = await collect(rows(client,
      'SELECT departed, delay, miles FROM routes WHERE origin = ? AND destination = ? ORDER BY departed DESC',
      [origin, destination]));
    yield [`how many flights, miles and minutes late from ${origin} to ${destination}?`,
      [found.length, found.length ? found[0].miles : null, total(found, (row) => row.delay)],
      [inFiles.length, inFiles.length ? inFiles[0].distance : null, total(inFiles, (flight) => flight.delay)]];
    const counted = await one(client, 'SELECT flights, delay FROM route_totals WHERE origin = ? AND destination = ?',
      [origin, destination]);
    yield ['and what do the counters say?', counted.values().map(Number),
      [inFiles.length, total(inFiles, (flight) => flight.delay)]];
  }

  // All of a table, a stretch of the token ring at a time, as exports and analytics read it.
  const numbers = new Set();
  const stretches = 16n;
  const smallest = -(2n ** 63n);
  for (let part = 0n; part < stretches; part += 1n) {
    const bounds = [smallest + (2n ** 64n / stretches) * part, smallest + (2n ** 64n / stretches) * (part + 1n) - 1n];
    const stretch = rows(client, 'SELECT number FROM departures WHERE token(origin) >= ? AND token(origin) <= ?',
      bounds.map((bound) => cassandra.types.Long.fromString(bound.toString())));
    for await (const row of stretch) numbers.add(row.number);
  }
  yield ['is each flight found when the whole table is read?', numbers.size, flights.length];

  const origins = await collect(rows(client, 'SELECT DISTINCT origin FROM departures'));
  yield ['from where do flights leave?', origins.map((row) => row.origin).sort(byText),
    [...new Set(flights.map((flight) => flight.origin))].sort(byText)];

  const summer = weather.filter((one_) => one_.location === 'Seattle' && one_.date >= '2015-06-01' && one_.date <= '2015-08-31');
  const days = await collect(rows(client,
    'SELECT day, rain, temperature, tags FROM weather WHERE location = ? AND year = 2015 AND day >= ? AND day <= ?',
    ['Seattle', day('2015-06-01'), day('2015-08-31')]));
  yield ['how many days of the summer of 2015 in Seattle were above 30 degrees, and how many rainy?',
    [days.length, days.filter((row) => row.temperature.high > 30).length, days.filter((row) => row.tags.includes('rain')).length],
    [summer.length, summer.filter((one_) => one_.high > 30).length, summer.filter((one_) => one_.sky === 'rain').length]];
  yield ['how much rain fell, to the tenth of a millimetre?',
    (total(days, (row) => Math.round(Number(row.rain) * 10)) / 10).toFixed(1),
    (total(summer, (one_) => Math.round(Number(one_.rain) * 10)) / 10).toFixed(1)];
  const years = await collect(rows(client,
    'SELECT location, year, day FROM weather WHERE location IN (?, ?) AND year IN (2012, 2013) AND day = ?',
    ['Seattle', 'New York', day('2012-12-24')]));
  yield ['for which places is Christmas Eve of 2012 known?', years.map((row) => row.location).sort(byText),
    weather.filter((one_) => one_.date === '2012-12-24').map((one_) => one_.location).sort(byText)];

  yield* bookings(client);
}

// Two hundred passengers who all want one of thirty seats of one flight: nobody shares one.
async function* bookings(client) {
  const seats = Array.from({ length: 30 }, (_, index) => `${Math.floor(index / 6) + 1}${'ABCDEF'[index % 6]}`);
  const wins = await Promise.all(Array.from({ length: 200 }, async (_, passenger) => (await client.execute(
    'INSERT INTO seats (number, seat, passenger) VALUES (1, ?, ?) IF NOT EXISTS',
    [seats[passenger % seats.length], `passenger ${passenger}`], { prepare: true })).wasApplied()));
  yield ['how many of 200 passengers got one of 30 seats?', wins.filter(Boolean).length, seats.length];
  const taken = await collect(rows(client, 'SELECT seat, passenger FROM seats WHERE number = 1'));
  yield ['and who sits there was told so?', taken.every((row) => wins[Number(row.passenger.split(' ')[1])]), true];
}

module.exports = { questions };
