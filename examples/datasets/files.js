// The data sets as arrays of plain objects.
'use strict';
const fs = require('fs');
const path = require('path');

const folder = path.join(path.dirname(require.resolve('vega-datasets/package.json')), 'data');
const read = (name) => fs.readFileSync(path.join(folder, name), 'utf8');

// Fields may be quoted, and a quoted one may hold commas and doubled quotes.
function parseCsv(text) {
  const rows = text.trim().split(/\r?\n/).map((line) => [...line.matchAll(/("(?:[^"]|"")*"|[^,]*)(?:,|$)/g)]
    .map((match) => match[1].replace(/^"|"$/g, '').replace(/""/g, '"')));
  const [header, ...values] = rows;
  return values.map((row) => Object.fromEntries(header.map((name, index) => [name, row[index]])));
}

// "2001/01/10 18:20", taken as UTC.
const parseTime = (text) => new Date(`${text.replace(/\//g, '-').replace(' ', 'T')}:00Z`);

const flights = () => JSON.parse(read('flights-20k.json')).map((flight, number) => ({
  number, departed: parseTime(flight.date), origin: flight.origin, destination: flight.destination,
  delay: flight.delay, distance: flight.distance,
}));

const airports = () => parseCsv(read('airports.csv')).map((airport) => ({
  ...airport, latitude: Number(airport.latitude), longitude: Number(airport.longitude),
}));

const weather = () => parseCsv(read('weather.csv')).map((day) => ({
  location: day.location, date: day.date, rain: day.precipitation, high: Number(day.temp_max),
  low: Number(day.temp_min), wind: Number(day.wind), sky: day.weather,
}));

module.exports = { flights, airports, weather };
