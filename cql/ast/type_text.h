// A type that a statement names, as Cassandra shows it in the names of columns and in errors.
#pragma once
#include <string>
#include <string_view>

namespace keyzone::cql {

// `text` as in TypeName: "list<frozen<u>>" is shown as "list<frozen<ks.u>>", and "tuple<list<int>, u>" as
// "tuple<frozen<list<int>>, frozen<ks.u>>": what can't be but frozen is shown so.
std::string shown_type(std::string_view text, std::string_view keyspace);

}  // namespace keyzone::cql
