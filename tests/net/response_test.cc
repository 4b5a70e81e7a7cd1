#include "net/protocol/response.h"

#include "tests/net/support.h"

namespace keyzone::net {
namespace {

Frame frame_of(uint8_t version, BytesView body, uint8_t flags = 0) {
  return {version, flags, 0, Opcode::kResult, body};
}

template <class Decode>
void check_cut_responses(uint8_t version, const Bytes& body, Decode decode) {
  for (size_t size = 0; size < body.size(); ++size) {
    const auto result = decode(frame_of(version, BytesView(body).substr(0, size)));
    EXPECT_FALSE(result) << size;
  }
  EXPECT_FALSE(decode(frame_of(version, body + "x")));
}

class Responses : public testing::TestWithParam<int> {
 protected:
  const uint8_t version = static_cast<uint8_t>(GetParam());
};
INSTANTIATE_TEST_SUITE_P(Versions, Responses, testing::Values(3, 4, 5));

ErrorResponse error_of(ErrorCode code, uint8_t version) {
  ErrorResponse e;
  e.code = code;
  e.message = "what happened";
  const InetAddress replica = *InetAddress::parse("10.0.0.1");
  switch (code) {
    case ErrorCode::kReadFailure:
    case ErrorCode::kWriteFailure:
      e.failures = {{replica, 1}, {*InetAddress::parse("2001:db8::1"), 2}};
      if (version < 5) e.failures = {{}, {}};
      [[fallthrough]];
    case ErrorCode::kUnavailable:
    case ErrorCode::kWriteTimeout:
    case ErrorCode::kReadTimeout:
    case ErrorCode::kCasWriteUnknown:
      e.consistency = Consistency::kLocalQuorum;
      e.received = 1;
      e.required = 2;
      e.data_present = code == ErrorCode::kReadTimeout || code == ErrorCode::kReadFailure;
      if (code == ErrorCode::kWriteTimeout || code == ErrorCode::kWriteFailure) e.write_type = "CAS";
      if (code == ErrorCode::kWriteTimeout && version >= 5) e.contentions = 7;
      break;
    case ErrorCode::kAlreadyExists:
      e.keyspace = "ks";
      e.table = "t";
      break;
    case ErrorCode::kFunctionFailure:
      e.keyspace = "ks";
      e.table = "f";
      e.argument_types = {"int", "text"};
      break;
    case ErrorCode::kUnprepared:
      e.unprepared_id = "0123456789abcdef";
      break;
    default:
      break;
  }
  return e;
}

TEST_P(Responses, EveryErrorCode) {
  for (const ErrorCode code :
       {ErrorCode::kServerError, ErrorCode::kProtocolError, ErrorCode::kBadCredentials,
        ErrorCode::kUnavailable, ErrorCode::kOverloaded, ErrorCode::kIsBootstrapping,
        ErrorCode::kTruncateError, ErrorCode::kWriteTimeout, ErrorCode::kReadTimeout, ErrorCode::kReadFailure,
        ErrorCode::kFunctionFailure, ErrorCode::kWriteFailure, ErrorCode::kCasWriteUnknown,
        ErrorCode::kSyntaxError, ErrorCode::kUnauthorized, ErrorCode::kInvalid, ErrorCode::kConfigError,
        ErrorCode::kAlreadyExists, ErrorCode::kUnprepared}) {
    const ErrorResponse error = error_of(code, version);
    Bytes body;
    encode_error(body, version, error);
    const auto back = decode_error(frame_of(version, body));
    ASSERT_TRUE(back) << static_cast<int>(code) << " " << back.error().message;
    const bool known =
        version >= 5 ||
        (code != ErrorCode::kCasWriteUnknown &&
         (version >= 4 || (code != ErrorCode::kReadFailure && code != ErrorCode::kWriteFailure &&
                           code != ErrorCode::kFunctionFailure)));
    if (known) {
      EXPECT_EQ(*back, error) << static_cast<int>(code);
    }
    check_cut_responses(version, body, [](const Frame& f) { return decode_error(f); });
  }
}

TEST(Errors, NewCodesAreTranslatedForOldClients) {
  const auto seen_by = [](uint8_t version, ErrorCode code) {
    Bytes body;
    ErrorResponse error;
    error.code = code;
    error.message = "what failed";
    error.received = 2;
    encode_error(body, version, error);
    return *decode_error(frame_of(version, body));
  };
  EXPECT_EQ(seen_by(4, ErrorCode::kCasWriteUnknown).code, ErrorCode::kWriteTimeout);
  EXPECT_EQ(seen_by(4, ErrorCode::kCasWriteUnknown).write_type, "CAS");
  EXPECT_EQ(seen_by(3, ErrorCode::kReadFailure).code, ErrorCode::kReadTimeout);
  EXPECT_EQ(seen_by(3, ErrorCode::kWriteFailure).code, ErrorCode::kWriteTimeout);
  EXPECT_EQ(seen_by(3, ErrorCode::kFunctionFailure).code, ErrorCode::kInvalid);
  EXPECT_EQ(seen_by(3, ErrorCode::kFunctionFailure).message, "ERROR FUNCTION_FAILURE: what failed");
  const char* kTimedOut = "Operation timed out - received only 2 responses.";
  EXPECT_EQ(seen_by(4, ErrorCode::kCasWriteUnknown).message, kTimedOut);
  EXPECT_EQ(seen_by(3, ErrorCode::kReadFailure).message, kTimedOut);
  EXPECT_EQ(seen_by(3, ErrorCode::kWriteFailure).message, kTimedOut);
  EXPECT_EQ(seen_by(4, ErrorCode::kReadFailure).message, "what failed");
}

TEST(Errors, KnownBytes) {
  Bytes body;
  ErrorResponse error;
  error.code = ErrorCode::kUnavailable;
  error.message = "no";
  error.consistency = Consistency::kQuorum;
  error.required = 2;
  error.received = 1;
  encode_error(body, 4, error);
  EXPECT_EQ(to_hex(body),
            "00001000"
            "0002"
            "6e6f"
            "0004"
            "00000002"
            "00000001");
}

TEST(Errors, LongMessagesAreCutBetweenCharacters) {
  ErrorResponse error;
  error.message = Bytes(65534, 'a') + "\xc3\xa9" + "tail";
  Bytes body;
  encode_error(body, 4, error);
  EXPECT_EQ(decode_error(frame_of(4, body))->message, Bytes(65534, 'a'));
}

TEST_P(Responses, Prelude) {
  ResponsePrelude prelude;
  prelude.tracing_id = *Uuid::parse("01234567-89ab-cdef-0123-456789abcdef");
  prelude.warnings = {"careful", "very"};
  prelude.custom_payload = {{"k", "v"}};
  Bytes body;
  encode_prelude(body, version, prelude);
  body += "rest";
  Frame frame = frame_of(version, body, prelude_flags(prelude, version));
  ResponsePrelude back;
  ASSERT_TRUE(take_prelude(frame, back));
  EXPECT_EQ(frame.body, "rest");
  EXPECT_EQ(back.tracing_id, prelude.tracing_id);
  if (version >= 4) {
    EXPECT_EQ(back.warnings, prelude.warnings);
    EXPECT_EQ(back.custom_payload, prelude.custom_payload);
  } else {
    EXPECT_TRUE(back.warnings.empty());
  }
  Frame broken = frame_of(version, BytesView(body).substr(0, 10), kFlagTracing);
  EXPECT_FALSE(take_prelude(broken, back));
}

TEST_P(Responses, SupportedAndAuthentication) {
  Bytes body;
  encode_supported(body, supported_options("3.4.6", version));
  const auto supported = decode_supported(frame_of(version, body));
  ASSERT_TRUE(supported);
  EXPECT_EQ(supported->at(0).first, "PROTOCOL_VERSIONS");
  const bool newest = version == kMaxVersion;
  EXPECT_EQ(supported->at(0).second.size(), version - 2u + newest);
  EXPECT_EQ(supported->at(0).second.back(), newest ? "6/v6-beta" : version_name(version));
  EXPECT_EQ(supported->at(2).second, std::vector<std::string>{"3.4.6"});
  check_cut_responses(version, body, [](const Frame& f) { return decode_supported(f); });
  body.clear();
  encode_authenticate(body, "org.apache.cassandra.auth.PasswordAuthenticator");
  EXPECT_EQ(*decode_authenticate(frame_of(version, body)), "org.apache.cassandra.auth.PasswordAuthenticator");
  check_cut_responses(version, body, [](const Frame& f) { return decode_authenticate(f); });
  body.clear();
  encode_auth_token(body, std::nullopt);
  EXPECT_EQ(*decode_auth_token(frame_of(version, body)), std::nullopt);
  body.clear();
  encode_auth_token(body, "challenge");
  EXPECT_EQ(*decode_auth_token(frame_of(version, body)), "challenge");
}

bool same(const SchemaChangeEvent& a, const SchemaChangeEvent& b) {
  return a.change == b.change && a.target == b.target && a.keyspace == b.keyspace && a.name == b.name &&
         a.arguments == b.arguments;
}

std::vector<SchemaChangeEvent> schema_changes() {
  return {{"CREATED", "KEYSPACE", "ks", "", {}},
          {"UPDATED", "TABLE", "ks", "t", {}},
          {"DROPPED", "TYPE", "ks", "ty", {}},
          {"CREATED", "FUNCTION", "ks", "f", {"int", "text"}},
          {"DROPPED", "AGGREGATE", "ks", "a", {}}};
}

TEST_P(Responses, SchemaChanges) {
  for (const auto& change : schema_changes()) {
    Bytes result, event;
    encode_schema_change(result, version, change);
    encode_event(event, version, change);
    const auto from_result = decode_result(frame_of(version, result));
    const auto from_event = decode_event(frame_of(version, event));
    ASSERT_TRUE(from_result && from_event);
    const SchemaChangeEvent updated{"UPDATED", "KEYSPACE", "ks", "", {}};
    const bool has_arguments = change.target == "FUNCTION" || change.target == "AGGREGATE";
    const SchemaChangeEvent& expected = version == 3 && has_arguments ? updated : change;
    EXPECT_TRUE(same(from_result->change, expected));
    EXPECT_TRUE(same(std::get<SchemaChangeEvent>(*from_event), expected));
    check_cut_responses(version, result, [](const Frame& f) { return decode_result(f); });
    check_cut_responses(version, event, [](const Frame& f) { return decode_event(f); });
  }
}

TEST_P(Responses, NodeEvents) {
  const Inet node{*InetAddress::parse("127.0.0.2"), 9042};
  const Inet node6{*InetAddress::parse("fe80::1"), 9042};
  for (const Event& event : {Event(TopologyChange{TopologyChange::Change::kNewNode, node}),
                             Event(TopologyChange{TopologyChange::Change::kRemovedNode, node6}),
                             Event(StatusChange{StatusChange::Change::kUp, node6}),
                             Event(StatusChange{StatusChange::Change::kDown, node})}) {
    Bytes body;
    encode_event(body, version, event);
    const auto back = decode_event(frame_of(version, body));
    ASSERT_TRUE(back);
    ASSERT_EQ(back->index(), event.index());
    if (const auto* status = std::get_if<StatusChange>(&event)) {
      EXPECT_EQ(std::get<StatusChange>(*back), *status);
    } else {
      EXPECT_EQ(std::get<TopologyChange>(*back), std::get<TopologyChange>(event));
    }
    check_cut_responses(version, body, [](const Frame& f) { return decode_event(f); });
  }
}

TEST(Events, KnownBytes) {
  Bytes body;
  encode_event(body, 4, StatusChange{StatusChange::Change::kUp, {*InetAddress::parse("127.0.0.1"), 9042}});
  EXPECT_EQ(to_hex(body),
            "000d"
            "5354415455535f4348414e4745"
            "0002"
            "5550"
            "04"
            "7f000001"
            "00002352");
}

// --- RESULT ---

std::vector<ColumnSpec> columns_of_all_types(bool one_table) {
  std::vector<ColumnSpec> columns;
  const auto add = [&](TypePtr type) {
    const std::string name = "c" + std::to_string(columns.size());
    columns.push_back({"ks", one_table ? "t" : "t" + name, name, std::move(type)});
  };
  for (int kind = 0; kind < static_cast<int>(TypeKind::kList); ++kind)
    add(native_type(static_cast<TypeKind>(kind)));
  const TypePtr number = native_type(TypeKind::kInt), text = native_type(TypeKind::kText);
  add(list_type(number, true));
  add(set_type(text, true));
  add(map_type(text, list_type(number, true), true));
  add(tuple_type({number, text}));
  add(user_type("ks", "address", {"street", "number"}, {text, number}, true));
  add(vector_type(native_type(TypeKind::kFloat), 3));
  return columns;
}

TEST_P(Responses, RowsOfEveryType) {
  for (const bool one_table : {false, true}) {
    const auto columns = columns_of_all_types(one_table);
    const EncodedColumns encoded = encode_columns(columns, version);
    EXPECT_EQ(encoded.one_table, one_table);
    Bytes rows;
    for (size_t i = 0; i < columns.size() * 3; ++i) {
      i % 5 == 0 ? append_null(rows) : append_bytes(rows, Bytes(i, 'x'));
    }
    RowsHeader header;
    header.columns = &encoded;
    header.paging_state = "next";
    Bytes body;
    encode_rows(body, version, header, 3, rows);
    const auto back = decode_result(frame_of(version, body));
    ASSERT_TRUE(back) << back.error().message;
    EXPECT_EQ(back->rows.metadata.paging_state, "next");
    ASSERT_EQ(back->rows.metadata.columns.size(), columns.size());
    for (size_t i = 0; i < columns.size(); ++i) {
      const ColumnSpec& got = back->rows.metadata.columns[i];
      EXPECT_EQ(got.name, columns[i].name);
      EXPECT_EQ(got.table, columns[i].table);
      EXPECT_TRUE(*got.type == *columns[i].type)
          << got.type->to_string() << " " << columns[i].type->to_string();
    }
    ASSERT_EQ(back->rows.row_count, 3);
    EXPECT_TRUE(back->rows.cell(0, 0).is_null());
    EXPECT_EQ(back->rows.cell(1, 1).bytes.size(), columns.size() + 1);
    check_cut_responses(version, body, [](const Frame& f) { return decode_result(f); });
  }
}

TEST_P(Responses, SkippedMetadata) {
  const EncodedColumns encoded = encode_columns(columns_of_all_types(true), version);
  RowsHeader header;
  header.columns = &encoded;
  header.skip_metadata = true;
  Bytes body, rows;
  for (int i = 0; i < encoded.count; ++i) append_null(rows);
  encode_rows(body, version, header, 1, rows);
  auto back = decode_result(frame_of(version, body));
  ASSERT_TRUE(back);
  EXPECT_TRUE(back->rows.metadata.no_metadata);
  EXPECT_EQ(back->rows.metadata.column_count, encoded.count);
  if (version < 5) return;
  header.new_metadata_id = "0123456789abcdef";  // changed: sent although it should be skipped
  body.clear();
  encode_rows(body, version, header, 1, rows);
  back = decode_result(frame_of(version, body));
  ASSERT_TRUE(back);
  EXPECT_FALSE(back->rows.metadata.no_metadata);
  EXPECT_EQ(back->rows.metadata.new_metadata_id, "0123456789abcdef");
}

TEST_P(Responses, Prepared) {
  const EncodedColumns variables = encode_columns(
      {{"ks", "t", "k", native_type(TypeKind::kInt)}, {"ks", "t", "v", native_type(TypeKind::kText)}},
      version);
  const EncodedColumns result = encode_columns({{"ks", "t", "v", native_type(TypeKind::kText)}}, version);
  PreparedHeader header;
  header.id = "0123456789abcdef";
  header.result_metadata_id = "fedcba9876543210";
  header.bind_variables = &variables;
  header.partition_key_indexes = {0};
  for (const EncodedColumns* columns : {static_cast<const EncodedColumns*>(nullptr), &result}) {
    header.result_columns = columns;
    Bytes body;
    encode_prepared(body, version, header);
    const auto back = decode_result(frame_of(version, body));
    ASSERT_TRUE(back);
    EXPECT_EQ(back->prepared.id, header.id);
    EXPECT_EQ(back->prepared.result_metadata_id, version >= 5 ? header.result_metadata_id : "");
    EXPECT_EQ(back->prepared.bind_variables.columns.size(), 2u);
    EXPECT_EQ(back->prepared.bind_variables.partition_key_indexes.size(), version >= 4 ? 1u : 0u);
    EXPECT_EQ(back->prepared.result_columns.columns.size(), columns ? 1u : 0u);
    check_cut_responses(version, body, [](const Frame& f) { return decode_result(f); });
  }
}

TEST_P(Responses, VoidAndSetKeyspace) {
  Bytes body;
  encode_void(body);
  EXPECT_EQ(to_hex(body), "00000001");
  EXPECT_EQ(decode_result(frame_of(version, body))->kind, ResultKind::kVoid);
  body.clear();
  encode_set_keyspace(body, "ks");
  EXPECT_EQ(to_hex(body),
            "00000003"
            "0002"
            "6b73");
  EXPECT_EQ(decode_result(frame_of(version, body))->keyspace, "ks");
}

TEST(Types, NewerOnesAreCustomForOldClients) {
  const auto sent = [](TypeKind kind, uint8_t version) {
    Bytes out;
    append_type(out, version, *native_type(kind));
    return out.size() > 2 ? "custom" : to_hex(out);
  };
  EXPECT_EQ(sent(TypeKind::kDuration, 5), "0015");
  EXPECT_EQ(sent(TypeKind::kDuration, 4), "custom");
  EXPECT_EQ(sent(TypeKind::kDate, 4), "0011");
  EXPECT_EQ(sent(TypeKind::kTinyint, 3), "custom");
  EXPECT_EQ(sent(TypeKind::kText, 3), "000d");
}

TEST(Results, LiesAboutCountsGetNoMemory) {
  EXPECT_FALSE(decode_result(frame_of(4, from_hex("00000002 00000004 7fffffff 7fffffff"))));
  EXPECT_FALSE(decode_result(frame_of(4, from_hex("00000002 00000004 00000000 7fffffff"))));
  EXPECT_FALSE(decode_result(frame_of(4, from_hex("00000002 00000001 7fffffff 0000 0000"))));
  EXPECT_FALSE(decode_result(frame_of(4, from_hex("00000002 00000004 ffffffff 00000000"))));
  EXPECT_FALSE(decode_result(frame_of(4, from_hex("00000004 0001 61 00000000 00000000 7fffffff"))));
  Bytes deep;
  for (int i = 0; i < 100000; ++i) deep += from_hex("0020");
  ByteReader in(deep);
  EXPECT_EQ(read_type(in), nullptr) << "nesting ends the reading, not the stack";
}

}  // namespace
}  // namespace keyzone::net
