#include "cql/ast/type_text.h"

#include "schema/types/type.h"

namespace keyzone::cql {
namespace {

// Reads a type from the front of the text.
class TypeShower {
 public:
  TypeShower(std::string_view text, std::string_view keyspace) : rest_(text), keyspace_(keyspace) {}

  // `frozen`: something around it freezes it.
  std::string next(bool frozen) {
    const std::string name(take_name());
    if (!rest_.starts_with('<')) return simple(name, frozen);
    rest_.remove_prefix(1);
    if (name == "frozen") {
      std::string out = next(true);
      rest_.remove_prefix(rest_.starts_with('>') ? 1 : 0);
      return out;
    }
    const bool collection = name == "list" || name == "set" || name == "map";
    std::string out = name + "<" + parameters(name == "tuple" || (collection && frozen)) + ">";
    return collection && frozen ? "frozen<" + out + ">" : out;
  }

 private:
  std::string_view take_name() {
    const std::string_view name = rest_.substr(0, rest_.find_first_of("<>,"));
    rest_.remove_prefix(name.size());
    return name;
  }

  std::string parameters(bool frozen) {
    std::string out;
    while (!rest_.empty() && !rest_.starts_with('>')) {
      if (!out.empty()) out += ", ";
      out += next(frozen);
      while (rest_.starts_with(',') || rest_.starts_with(' ')) rest_.remove_prefix(1);
    }
    rest_.remove_prefix(rest_.empty() ? 0 : 1);
    return out;
  }

  // A native type, the dimension of a vector, a class in quotes, or a user type.
  std::string simple(const std::string& name, bool frozen) const {
    const bool user_type = !name.empty() && !find_native_type(name) && name[0] != '\'' &&
                           (name[0] < '0' || name[0] > '9');
    if (!user_type) return name;
    std::string out;
    for (const char c : name) {
      if (c != '"') out += c;
    }
    if (name.find('.') == std::string::npos) out = std::string(keyspace_) + "." + out;
    return frozen ? "frozen<" + out + ">" : out;
  }

  std::string_view rest_;
  std::string_view keyspace_;
};

}  // namespace

std::string shown_type(std::string_view text, std::string_view keyspace) {
  return keyspace.empty() ? std::string(text) : TypeShower(text, keyspace).next(false);
}

}  // namespace keyzone::cql
