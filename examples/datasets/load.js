// Writes the data sets, a few dozen requests at a time, with a progress bar.
'use strict';
const cassandra = require('cassandra-driver');

const inFlight = 64;
const barWidth = 40;

// One line that grows on a terminal; one line at the end elsewhere.
class Progress {
  constructor(name, total) {
    Object.assign(this, { name, total, done: 0, shown: -1, started: Date.now() });
  }

  step() {
    this.done += 1;
    const width = Math.floor((this.done / this.total) * barWidth);
    const last = this.done === this.total;
    if (width === this.shown && !last) return;
    this.shown = width;
    const rate = Math.round((this.done * 1000) / Math.max(1, Date.now() - this.started));
    const bar = '#'.repeat(width).padEnd(barWidth, '.');
    const line = `${this.name.padEnd(12)} [${bar}] ${this.done}/${this.total}  ${rate}/s`;
    if (process.stdout.isTTY) process.stdout.write(`\r${line}${last ? '\n' : ''}`);
    else if (last) console.log(line);
  }
}

// Runs `write` for each item, `inFlight` at a time.
async function forEach(name, items, write) {
  const progress = new Progress(name, items.length);
  const waiting = items.values();
  const worker = async () => {
    for (const item of waiting) {
      await write(item);
      progress.step();
    }
  };
  await Promise.all(Array.from({ length: inFlight }, worker));
}

async function load(client, files) {
  const run = (query, parameters) => client.execute(query, parameters, { prepare: true });
  await forEach('airports', files.airports, (one) => run(
    'INSERT INTO airports (iata, name, city, state, country, latitude, longitude) VALUES (?, ?, ?, ?, ?, ?, ?)',
    [one.iata, one.name, one.city, one.state, one.country, one.latitude, one.longitude]));
  // Both tables or neither: a flight belongs to its origin and to its route.
  await forEach('flights', files.flights, (one) => client.batch([
    { query: 'INSERT INTO departures (origin, departed, number, destination, delay, distance) VALUES (?, ?, ?, ?, ?, ?)',
      params: [one.origin, one.departed, one.number, one.destination, one.delay, one.distance] },
    { query: 'INSERT INTO routes (origin, destination, departed, number, delay, miles) VALUES (?, ?, ?, ?, ?, ?)',
      params: [one.origin, one.destination, one.departed, one.number, one.delay, one.distance] },
  ], { prepare: true, logged: true }));
  await forEach('totals', files.flights, (one) => run(
    'UPDATE route_totals SET flights = flights + 1, delay = delay + ? WHERE origin = ? AND destination = ?',
    [one.delay, one.origin, one.destination]));
  await forEach('weather', files.weather, (one) => run(
    'INSERT INTO weather (location, year, day, rain, wind, temperature, tags) VALUES (?, ?, ?, ?, ?, ?, ?)',
    [one.location, Number(one.date.slice(0, 4)), cassandra.types.LocalDate.fromString(one.date),
      cassandra.types.BigDecimal.fromString(one.rain), one.wind, { low: one.low, high: one.high }, [one.sky]]));
}

module.exports = { load };
