// The fixed numbers of the CQL native protocol, versions 3 to 5 (github.com/apache/cassandra,
// doc/native_protocol_v*.spec), and the limits that we set ourselves.
#pragma once
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace keyzone::net {

inline constexpr uint8_t kMinVersion = 3;
inline constexpr uint8_t kMaxVersion = 5;
// The draft of the version after it: what is said in it is what kMaxVersion says, but every frame has
// kFlagBeta.
inline constexpr uint8_t kDraftVersion = kMaxVersion + 1;
std::string version_name(uint8_t version);                    // "5/v5", "6/v6-beta"
std::vector<std::string> version_names(uint8_t max_version);  // all from kMinVersion on that are spoken
inline constexpr uint8_t kResponseBit = 0x80;                 // of the version byte

// version | flags | stream (2) | opcode | body length (4), all big-endian.
inline constexpr size_t kFrameHeaderSize = 9;
inline constexpr size_t kMaxFrameBody = 16 << 20;             // default limit of a whole, uncompressed body
inline constexpr size_t kMaxFrameBodyBeforeReady = 64 << 10;  // until STARTUP and log-in are over
inline constexpr size_t kMaxStreams = 32768;  // streams 0..32767 are the client's; -1 is for events
inline constexpr int16_t kEventStream = -1;
static_assert(kMaxFrameBodyBeforeReady < kMaxFrameBody);

enum class Opcode : uint8_t {
  kError = 0x00,
  kStartup = 0x01,
  kReady = 0x02,
  kAuthenticate = 0x03,
  kOptions = 0x05,
  kSupported = 0x06,
  kQuery = 0x07,
  kResult = 0x08,
  kPrepare = 0x09,
  kExecute = 0x0A,
  kRegister = 0x0B,
  kEvent = 0x0C,
  kBatch = 0x0D,
  kAuthChallenge = 0x0E,
  kAuthResponse = 0x0F,
  kAuthSuccess = 0x10,
};
bool is_request(Opcode);  // what a client may send
bool is_known_opcode(uint8_t);
std::string_view to_string(Opcode);

enum FrameFlag : uint8_t {
  kFlagCompressed = 0x01,  // v3, v4 only
  kFlagTracing = 0x02,
  kFlagCustomPayload = 0x04,  // v4 and later
  kFlagWarning = 0x08,        // v4 and later, responses
  kFlagBeta = 0x10,
};

enum class Consistency : uint16_t {
  kAny = 0x0000,
  kOne = 0x0001,
  kTwo = 0x0002,
  kThree = 0x0003,
  kQuorum = 0x0004,
  kAll = 0x0005,
  kLocalQuorum = 0x0006,
  kEachQuorum = 0x0007,
  kSerial = 0x0008,
  kLocalSerial = 0x0009,
  kLocalOne = 0x000A,
  kNodeLocal = 0x000B,  // for Cassandra's own debugging: refused
};
std::string_view to_string(Consistency);  // "LOCAL_QUORUM"
std::optional<Consistency> parse_consistency(std::string_view name);

enum class ErrorCode : int32_t {
  kServerError = 0x0000,
  kProtocolError = 0x000A,
  kBadCredentials = 0x0100,
  kUnavailable = 0x1000,
  kOverloaded = 0x1001,
  kIsBootstrapping = 0x1002,
  kTruncateError = 0x1003,
  kWriteTimeout = 0x1100,
  kReadTimeout = 0x1200,
  kReadFailure = 0x1300,
  kFunctionFailure = 0x1400,
  kWriteFailure = 0x1500,
  kCdcWriteFailure = 0x1600,
  kCasWriteUnknown = 0x1700,  // v5; older clients get a write timeout of type CAS
  kSyntaxError = 0x2000,
  kUnauthorized = 0x2100,
  kInvalid = 0x2200,
  kConfigError = 0x2300,
  kAlreadyExists = 0x2400,
  kUnprepared = 0x2500,
};

enum class ResultKind : int32_t {
  kVoid = 1,
  kRows = 2,
  kSetKeyspace = 3,
  kPrepared = 4,
  kSchemaChange = 5,
};

enum class BatchType : uint8_t { kLogged = 0, kUnlogged = 1, kCounter = 2 };

enum class Compression : uint8_t { kNone, kLz4, kSnappy };
std::string_view to_string(Compression);  // as in STARTUP: "", "lz4", "snappy"

}  // namespace keyzone::net
