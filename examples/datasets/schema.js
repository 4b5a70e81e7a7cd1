// The keyspace: a table for each kind of question.
'use strict';

const keyspace = 'travel';

const statements = (dataCenter, replicas) => [
  `DROP KEYSPACE IF EXISTS ${keyspace}`,
  `CREATE KEYSPACE ${keyspace} WITH replication = {'class': 'NetworkTopologyStrategy', '${dataCenter}': ${replicas}}`,
  `CREATE TABLE ${keyspace}.airports (
     iata text PRIMARY KEY, name text, city text, state text, country text, latitude double, longitude double)`,
  `CREATE TABLE ${keyspace}.departures (
     origin text, departed timestamp, number int, destination text, delay int, distance int,
     PRIMARY KEY (origin, departed, number)) WITH CLUSTERING ORDER BY (departed DESC, number ASC)`,
  `CREATE TABLE ${keyspace}.routes (
     origin text, destination text, departed timestamp, number int, delay int, miles int static,
     PRIMARY KEY ((origin, destination), departed, number))`,
  `CREATE TABLE ${keyspace}.route_totals (
     origin text, destination text, flights counter, delay counter, PRIMARY KEY (origin, destination))`,
  `CREATE TYPE ${keyspace}.temperatures (low double, high double)`,
  `CREATE TABLE ${keyspace}.weather (
     location text, year int, day date, rain decimal, wind double, temperature frozen<temperatures>, tags set<text>,
     PRIMARY KEY ((location, year), day))`,
  `CREATE TABLE ${keyspace}.seats (number int, seat text, passenger text, PRIMARY KEY (number, seat))`,
];

module.exports = { keyspace, statements };
