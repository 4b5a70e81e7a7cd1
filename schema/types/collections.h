// Wire form of values made of values, every length checked.
//   list, set:  int32 count, then per element int32 length + bytes
//   map:        int32 count, then per entry key and value, each int32 length + bytes
//   tuple, user type: per field int32 length (-1: null) + bytes; trailing fields may be missing
//   vector:     elements of a fixed length bare, one after another; others as unsigned vint length + bytes
#pragma once
#include <functional>
#include <optional>
#include <span>
#include <vector>

#include "schema/types/type.h"

namespace keyzone {

// Walks the elements of a list, set or map (keys and values alternate).
class CollectionReader {
 public:
  // `per_entry` is 2 for maps, else 1.
  CollectionReader(BytesView wire, int per_entry);
  explicit CollectionReader(const Type& type, BytesView wire);
  int32_t count() const { return count_; }  // entries
  bool failed() const { return failed_; }   // the bytes end early or a length is negative
  // The next value; false at the end or after a failure. A null element gives nullopt.
  bool next(std::optional<BytesView>& value);
  bool next(BytesView& value);  // nulls are failures
  BytesView rest() const { return in_.rest(); }
  // What is wrong where the walk has ended: "Not enough bytes to read a list", or there are more bytes than
  // values.
  Result<void> check_end(const Type& type) const;

 private:
  ByteReader in_;
  int32_t count_ = 0;
  int64_t values_left_ = 0;
  bool failed_ = false;
};

// Builds a list, set or map: add() each element, or key then value.
class CollectionWriter {
 public:
  explicit CollectionWriter(int per_entry);
  explicit CollectionWriter(const Type& type);
  void add(BytesView value);
  int32_t count() const { return values_ / per_entry_; }
  Bytes finish() &&;

 private:
  Bytes out_;
  int per_entry_;
  int32_t values_ = 0;
};

// All elements of a list or set, or keys and values of a map in turn; or the error ("Not enough bytes to read
// a list"). The elements themselves are not validated. Valid as long as `wire`.
Result<std::vector<BytesView>> split_collection(const Type& type, BytesView wire);
// Sets and maps sorted and without duplicates (of equal keys the first stays, with the last one's value),
// lists as they are. REQUIRES: the elements validate.
Bytes build_collection(const Type& type, std::vector<Bytes> values);
// A collection whose sets and maps are as build_collection() would have made them, at every depth, though not
// within tuples and user types; nullopt where it is so already, and of what is no collection. Clients send
// them in any order. REQUIRES: `wire` validates.
std::optional<Bytes> sorted_collection(const Type& type, BytesView wire);

// Walks the fields that the bytes of a tuple or user type hold.
class FieldReader {
 public:
  FieldReader(const Type& type, BytesView wire);
  size_t count() const { return index_; }              // fields read so far
  Result<bool> next(std::optional<BytesView>& value);  // false at the end

 private:
  const Type& type_;
  ByteReader in_;
  size_t index_ = 0;
};

// Fields of a tuple or user type; exactly as many as the type has, missing ones null.
Result<std::vector<std::optional<BytesView>>> split_fields(const Type& type, BytesView wire);
void append_field(std::optional<BytesView> value, Bytes& out);  // int32 length (-1: null), then the bytes
Bytes build_fields(std::span<const std::optional<Bytes>> fields);

// What is wrong with the bytes, or what the first failing `visit` of an element says: whichever comes first.
Result<void> walk_vector(const Type& type, BytesView wire,
                         const std::function<Result<void>(BytesView element)>& visit);
Result<std::vector<BytesView>> split_vector(const Type& type, BytesView wire);
// REQUIRES: none of them is_null_in_vector()
Bytes build_vector(const Type& type, std::span<const Bytes> elements);
// A value of no bytes would have no place where all values have the same length: it is null there.
bool is_null_in_vector(const Type& type, BytesView element);
inline constexpr std::string_view kNullInVector = "null is not supported inside vectors";

}  // namespace keyzone
