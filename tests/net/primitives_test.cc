#include "net/protocol/primitives.h"

#include "tests/net/support.h"

namespace keyzone::net {
namespace {

TEST(Primitives, KnownBytes) {
  Bytes out;
  append_string(out, "ab");
  append_long_string(out, "c");
  append_value(out, Value::null());
  append_value(out, Value::unset());
  append_value(out, Value::of(""));
  append_string_list(out, {"x", "y"});
  append_string_map(out, {{"k", "v"}});
  append_string_multimap(out, {{"k", {"v"}}});
  append_consistency(out, Consistency::kLocalQuorum);
  EXPECT_EQ(to_hex(out),
            "00026162"
            "0000000163"
            "ffffffff"
            "fffffffe"
            "00000000"
            "0002000178000179"
            "000100016b000176"
            "000100016b0001000176"
            "0006");
  ByteReader in(out);
  EXPECT_EQ(read_string(in), "ab");
  EXPECT_EQ(read_long_string(in), "c");
  EXPECT_TRUE(read_value(in, true).is_null());
  EXPECT_EQ(read_value(in, true), Value::unset());
  EXPECT_EQ(read_value(in, true), Value::of(""));
  EXPECT_EQ(read_string_list(in), (std::vector<std::string>{"x", "y"}));
  EXPECT_EQ(read_string_map(in), (StringMap{{"k", "v"}}));
  EXPECT_EQ(read_string_multimap(in), (StringMultimap{{"k", {"v"}}}));
  EXPECT_EQ(read_consistency(in), Consistency::kLocalQuorum);
  EXPECT_TRUE(in.done() && !in.failed());
}

TEST(Primitives, ClaimsBeyondTheBytesFail) {
  const auto fails = [](const char* hex, auto read) {
    const Bytes bytes = from_hex(hex);
    ByteReader in(bytes);
    read(in);
    return in.failed();
  };
  EXPECT_TRUE(fails("0003 6162", [](ByteReader& in) { read_string(in); }));
  EXPECT_TRUE(fails("ffffffff", [](ByteReader& in) { read_long_string(in); }));
  EXPECT_TRUE(fails("7fffffff 00", [](ByteReader& in) { read_value(in, true); }));
  EXPECT_TRUE(fails("fffffffd", [](ByteReader& in) { read_value(in, true); }));
  EXPECT_TRUE(fails("ffff 0000", [](ByteReader& in) { read_string_list(in); }));
  EXPECT_TRUE(fails("ffff 0000", [](ByteReader& in) { read_string_map(in); }));
  EXPECT_TRUE(fails("ffff 0000", [](ByteReader& in) { read_string_multimap(in); }));
  EXPECT_TRUE(fails("ffff 0000", [](ByteReader& in) { read_bytes_map(in); }));
  EXPECT_TRUE(fails("05 0000000000 00000001", [](ByteReader& in) { read_inet(in); }));
  EXPECT_TRUE(fails("000c", [](ByteReader& in) { read_consistency(in); }));
  EXPECT_TRUE(fails("0011", [](ByteReader& in) { read_uuid(in); }));
}

TEST(InetAddress, ReadsAndPrintsNumbersOnly) {
  for (const char* text : {"127.0.0.1", "0.0.0.0", "::1", "2001:db8::ff"}) {
    const auto address = InetAddress::parse(text);
    ASSERT_TRUE(address) << text;
    EXPECT_EQ(address->to_string(), text);
    EXPECT_EQ(InetAddress::from_bytes(address->view()), *address);
  }
  EXPECT_FALSE(InetAddress::parse("localhost"));
  EXPECT_FALSE(InetAddress::parse("1.2.3"));
  EXPECT_EQ(InetAddress::from_bytes("12345"), std::nullopt);
}

TEST(Consistency, Names) {
  for (uint16_t i = 0; i <= 10; ++i) {
    EXPECT_EQ(parse_consistency(to_string(static_cast<Consistency>(i))), static_cast<Consistency>(i));
  }
  EXPECT_EQ(parse_consistency("local_quorum"), std::nullopt);
}

}  // namespace
}  // namespace keyzone::net
