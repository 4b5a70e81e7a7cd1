#include "net/protocol/request.h"

#include "tests/net/support.h"

namespace keyzone::net {
namespace {

template <class Request>
Bytes encoded(uint8_t version, const Request& request) {
  Bytes body;
  encode_request(body, version, request);
  return body;
}

template <class Request>
Request decoded(uint8_t version, BytesView body) {
  Request out;
  const auto result = decode_request(Frame{version, 0, 0, Opcode::kQuery, body}, out);
  EXPECT_TRUE(result) << result.error().message;
  return out;
}

template <class Request>
std::string refusal(uint8_t version, BytesView body) {
  Request out;
  const auto result = decode_request(Frame{version, 0, 0, Opcode::kQuery, body}, out);
  EXPECT_FALSE(result);
  if (result) return "";
  EXPECT_EQ(result.error().kind, ErrorKind::kProtocol);
  return result.error().message;
}

// Every body that lacks its end is refused; what follows the end is not looked at.
template <class Request>
void check_truncations(uint8_t version, BytesView body) {
  for (size_t size = 0; size < body.size(); ++size) refusal<Request>(version, body.substr(0, size));
  EXPECT_EQ(encoded(version, decoded<Request>(version, Bytes(body) + "x")),
            encoded(version, decoded<Request>(version, body)));
}

void expect_equal(const QueryParameters& a, const QueryParameters& b) {
  EXPECT_EQ(a.consistency, b.consistency);
  EXPECT_EQ(a.serial_consistency, b.serial_consistency);
  EXPECT_EQ(a.values, b.values);
  EXPECT_EQ(a.names, b.names);
  EXPECT_EQ(a.skip_metadata, b.skip_metadata);
  EXPECT_EQ(a.page_size, b.page_size);
  EXPECT_EQ(a.paging_state, b.paging_state);
  EXPECT_EQ(a.timestamp, b.timestamp);
  EXPECT_EQ(a.keyspace, b.keyspace);
  EXPECT_EQ(a.now_in_seconds, b.now_in_seconds);
}

QueryParameters all_parameters(uint8_t version, int bits) {
  QueryParameters p;
  p.consistency = Consistency::kLocalQuorum;
  if (bits & 1) p.values = {Value::of("abc"), Value::null(), Value::of("")};
  if ((bits & 1) && version >= 4) p.values.push_back(Value::unset());
  if ((bits & 1) && (bits & 2)) p.names.assign(p.values.size(), "name");
  p.skip_metadata = bits & 4;
  if (bits & 8) p.page_size = 5000;
  if (bits & 16) p.paging_state = "state";
  if (bits & 32) p.serial_consistency = Consistency::kLocalSerial;
  if (bits & 64) p.timestamp = -5;
  if (version >= 5 && (bits & 128)) p.keyspace = "ks";
  if (version >= 5 && (bits & 256)) p.now_in_seconds = 1234567;
  return p;
}

class Requests : public testing::TestWithParam<int> {
 protected:
  const uint8_t version = static_cast<uint8_t>(GetParam());
};
INSTANTIATE_TEST_SUITE_P(Versions, Requests, testing::Values(3, 4, 5));

TEST_P(Requests, QueryWithEveryCombinationOfFlags) {
  QueryRequest reused;
  for (int bits = 0; bits < (version >= 5 ? 512 : 128); ++bits) {
    const QueryRequest request{"SELECT * FROM t", all_parameters(version, bits)};
    const Bytes body = encoded(version, request);
    ASSERT_TRUE(decode_request(Frame{version, 0, 0, Opcode::kQuery, body}, reused));
    EXPECT_EQ(reused.text, request.text);
    expect_equal(reused.parameters, request.parameters);
    if (bits % 37 == 0) check_truncations<QueryRequest>(version, body);
  }
}

TEST_P(Requests, Execute) {
  ExecuteRequest request;
  request.id = "0123456789abcdef";
  if (version >= 5) request.result_metadata_id = "fedcba9876543210";
  request.parameters = all_parameters(version, 511);
  const Bytes body = encoded(version, request);
  const auto back = decoded<ExecuteRequest>(version, body);
  EXPECT_EQ(back.id, request.id);
  EXPECT_EQ(back.result_metadata_id, request.result_metadata_id);
  expect_equal(back.parameters, request.parameters);
  check_truncations<ExecuteRequest>(version, body);
}

TEST_P(Requests, Prepare) {
  PrepareRequest request{"SELECT 1", {}};
  if (version >= 5) request.keyspace = "other";
  const Bytes body = encoded(version, request);
  const auto back = decoded<PrepareRequest>(version, body);
  EXPECT_EQ(back.text, request.text);
  EXPECT_EQ(back.keyspace, request.keyspace);
  check_truncations<PrepareRequest>(version, body);
}

TEST_P(Requests, Batch) {
  BatchRequest request;
  request.type = BatchType::kUnlogged;
  request.statements = {{false, "INSERT", {}}, {true, "0123456789abcdef", {Value::of("v"), Value::null()}}};
  request.consistency = Consistency::kQuorum;
  request.serial_consistency = Consistency::kSerial;
  request.timestamp = 77;
  if (version >= 5) {
    request.keyspace = "ks";
    request.now_in_seconds = 5;
  }
  const Bytes body = encoded(version, request);
  const auto back = decoded<BatchRequest>(version, body);
  EXPECT_EQ(back.type, request.type);
  ASSERT_EQ(back.statements.size(), 2u);
  EXPECT_FALSE(back.statements[0].prepared);
  EXPECT_EQ(back.statements[1].text_or_id, "0123456789abcdef");
  EXPECT_EQ(back.statements[1].values, request.statements[1].values);
  EXPECT_EQ(back.serial_consistency, request.serial_consistency);
  EXPECT_EQ(back.timestamp, request.timestamp);
  EXPECT_EQ(back.keyspace, request.keyspace);
  EXPECT_EQ(back.now_in_seconds, request.now_in_seconds);
  check_truncations<BatchRequest>(version, body);
}

TEST_P(Requests, StartupRegisterAndAuthResponse) {
  const Bytes startup = encoded(version, StartupRequest{{{"cql_version", "3.0.0"}, {"COMPRESSION", "LZ4"}}});
  const auto back = decoded<StartupRequest>(version, startup);
  EXPECT_EQ(back.option("CQL_VERSION"), "3.0.0") << "keys are upper-cased";
  EXPECT_EQ(*accept_startup(back, version), Compression::kLz4);
  check_truncations<StartupRequest>(version, startup);
  const Bytes events = encoded(version, RegisterRequest{{"STATUS_CHANGE", "SCHEMA_CHANGE"}});
  EXPECT_EQ(decoded<RegisterRequest>(version, events).event_types,
            (std::vector<BytesView>{"STATUS_CHANGE", "SCHEMA_CHANGE"}));
  check_truncations<RegisterRequest>(version, events);
  const Bytes null_token = encoded(version, AuthResponseRequest{});
  EXPECT_EQ(decoded<AuthResponseRequest>(version, null_token).token, std::nullopt);
  const Bytes token = encoded(version, AuthResponseRequest{"\0user\0password"});
  check_truncations<AuthResponseRequest>(version, token);
}

TEST(Startup, ComesFirstAndOnce) {
  EXPECT_TRUE(check_turn(0, Opcode::kStartup));
  EXPECT_TRUE(check_turn(0, Opcode::kOptions));
  EXPECT_EQ(check_turn(0, Opcode::kQuery).error().message,
            "Unexpected message QUERY, expecting STARTUP or OPTIONS");
  EXPECT_TRUE(check_turn(4, Opcode::kQuery));
  EXPECT_TRUE(check_turn(5, Opcode::kOptions));
  EXPECT_EQ(check_turn(5, Opcode::kStartup).error().message,
            "Unexpected message STARTUP, the connection is already initialized");
}

TEST(Startup, OnlyWhatWeCanDo) {
  const auto accepted = [](StringMap options, uint8_t version) {
    return accept_startup({std::move(options)}, version);
  };
  EXPECT_FALSE(accepted({}, 4));
  EXPECT_EQ(accepted({{"CQL_VERSION", "2.0.0"}}, 4).error().message,
            "CQL version 2.0.0 is not supported by the binary protocol (supported version are >= 3.0.0)");
  for (const char* wrong : {"x", "3", "3.", ".1", "3.x"}) {
    EXPECT_EQ(accepted({{"CQL_VERSION", wrong}}, 4).error().message,
              std::string("Invalid version value: ") + wrong);
  }
  EXPECT_TRUE(accepted({{"CQL_VERSION", "4.0.0"}, {"DRIVER_NAME", "x"}}, 4)) << "the Rust driver says 4.0.0";
  EXPECT_EQ(*accepted({{"CQL_VERSION", "3.0.0"}, {"COMPRESSION", "snappy"}}, 4), Compression::kSnappy);
  EXPECT_FALSE(accepted({{"CQL_VERSION", "3.0.0"}, {"COMPRESSION", "snappy"}}, 5));
  EXPECT_FALSE(accepted({{"CQL_VERSION", "3.0.0"}, {"COMPRESSION", "zstd"}}, 4));
}

TEST(Requests, KnownBytes) {
  QueryRequest request;
  request.text = "USE k";
  request.parameters.consistency = Consistency::kOne;
  EXPECT_EQ(to_hex(encoded(4, request)),
            "00000005"
            "555345206b"
            "0001"
            "00");
  EXPECT_EQ(to_hex(encoded(5, request)),
            "00000005"
            "555345206b"
            "0001"
            "00000000");
}

TEST(Requests, ByteSequencesThatAreWrong) {
  const std::string no_text = "Not enough bytes to read an UTF8 serialized string preceded by its ";
  EXPECT_EQ(refusal<QueryRequest>(4, from_hex("ffffffff 0001 00")), no_text + "4 bytes length");
  EXPECT_EQ(refusal<PrepareRequest>(4, from_hex("00000009 61")), no_text + "4 bytes length");
  EXPECT_EQ(refusal<RegisterRequest>(4, from_hex("0002 0001 61")), no_text + "2 bytes length");
  EXPECT_EQ(refusal<BatchRequest>(4, from_hex("00 0001 00 ffffffff 0000 0001 00")),
            no_text + "4 bytes length");
  EXPECT_EQ(refusal<BatchRequest>(4, from_hex("00 0009 00 00000001 61 0000 00")), no_text + "4 bytes length");
  EXPECT_EQ(refusal<QueryRequest>(4, from_hex("00000001 61 004d 00")),
            "Unknown code 77 for a consistency level");
  EXPECT_NE(refusal<QueryRequest>(4, from_hex("00000001 61 0001 01 ffff")), "") << "65535 values in no bytes";
  EXPECT_EQ(refusal<QueryRequest>(4, from_hex("00000001 61 0001 01 0001 fffffffd")),
            "Invalid ByteBuf length -3");
  EXPECT_EQ(refusal<QueryRequest>(4, from_hex("00000001 61 0001 10 004d")),
            "Unknown code 77 for a consistency level");
  EXPECT_NE(refusal<QueryRequest>(4, from_hex("00000001 61 0001 20 8000000000000000"))
                .find("Out of bound timestamp"),
            std::string::npos);
  EXPECT_EQ(refusal<BatchRequest>(4, from_hex("03 0000 0001 00")), "Invalid BATCH message type 3");
  EXPECT_EQ(refusal<BatchRequest>(4, from_hex("ff 0000 0001 00")), "Invalid BATCH message type -1");
  EXPECT_NE(refusal<BatchRequest>(4, from_hex("00 0001 02 00000000 0000 0001 00")).find("Must be 0 or 1"),
            std::string::npos);
  EXPECT_NE(refusal<BatchRequest>(4, from_hex("00 0000 0001 01")), "")
      << "its parameters are those of a query";
}

TEST(Requests, PagesOfNothingAreRefused) {
  EXPECT_EQ(refusal<QueryRequest>(4, from_hex("00000001 61 0001 04 00000000")), "The page size cannot be 0");
}

TEST(Requests, FlagsThatNobodyHasDefinedAreLetPass) {
  const auto old_form = decoded<QueryRequest>(4, from_hex("00000001 61 0001 80"));
  EXPECT_TRUE(old_form.parameters.values.empty());
  const auto new_form = decoded<QueryRequest>(5, from_hex("00000001 61 0001 00000400"));
  EXPECT_EQ(new_form.parameters.page_size, std::nullopt);
  EXPECT_EQ(decoded<PrepareRequest>(5, from_hex("00000001 61 00000002")).keyspace, std::nullopt);
  EXPECT_TRUE(decoded<BatchRequest>(4, from_hex("00 0000 0001 40")).statements.empty())
      << "names of no values";
}

TEST(Requests, ThirdVersionKnowsNoUnsetValues) {
  const auto request = decoded<QueryRequest>(3, from_hex("00000001 61 0001 01 0001 fffffffe"));
  ASSERT_EQ(request.parameters.values.size(), 1u);
  EXPECT_TRUE(request.parameters.values[0].is_null());
}

TEST(Requests, CustomPayloadIsCutOff) {
  Bytes body;
  append_bytes_map(body, {{"key", Value::of("value")}, {"none", Value::null()}});
  body += "rest";
  Frame frame{4, kFlagTracing | kFlagCustomPayload, 0, Opcode::kQuery, body};
  RequestPrelude prelude;
  ASSERT_TRUE(take_prelude(frame, prelude));
  EXPECT_TRUE(prelude.tracing);
  EXPECT_EQ(prelude.custom_payload.size(), 2u);
  EXPECT_EQ(frame.body, "rest");
  Frame broken{4, kFlagCustomPayload, 0, Opcode::kQuery, BytesView(body).substr(0, 4)};
  EXPECT_FALSE(take_prelude(broken, prelude));
  Frame too_old{3, kFlagCustomPayload, 0, Opcode::kQuery, body};
  EXPECT_FALSE(take_prelude(too_old, prelude));
}

}  // namespace
}  // namespace keyzone::net
