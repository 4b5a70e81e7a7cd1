#include "net/connection.h"

#include <boost/asio/read.hpp>
#include <boost/asio/ssl.hpp>
#include <boost/asio/write.hpp>
#include <filesystem>
#include <fstream>

#include "net/dialer.h"
#include "net/http.h"
#include "net/listener.h"
#include "net/tls.h"
#include "tests/net/support.h"

namespace keyzone::net {
namespace {

namespace asio = boost::asio;

// Records what a connection tells it.
struct Recorder : StreamHandler {
  void on_bytes(BytesView bytes) override {
    received.append(bytes);
    if (echo) connection->write(Bytes(bytes));
    if (close_after != 0 && received.size() >= close_after) connection->close();
  }
  void on_closed(const std::string& why) override {
    ++closed;
    reason = why;
  }
  void on_writable() override { ++writable; }

  void take(std::shared_ptr<Connection> c) {
    connection = std::move(c);
    connection->start(*this);
  }

  std::shared_ptr<Connection> connection;
  Bytes received;
  std::string reason;
  size_t close_after = 0;
  int closed = 0, writable = 0;
  bool echo = false;
};

class Connections : public testing::TestWithParam<bool> {
 protected:
  // Runs the loop until `condition` holds; fails instead of hanging.
  template <class Condition>
  void run_until(Condition condition) {
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    while (!condition()) {
      ASSERT_LT(std::chrono::steady_clock::now(), end) << "the loop waits in vain";
      io.restart();
      io.run_one_for(std::chrono::milliseconds(100));
    }
  }

  void connect(Listener::Options options = {}) {
    if (GetParam()) make_tls();
    options.tls = server_tls.get();
    auto opened = Listener::open(
        io, options, {&io}, [this](size_t, std::shared_ptr<Connection> c) { server.take(std::move(c)); });
    ASSERT_TRUE(opened);
    listener = *std::move(opened);
    connect_once(io, "127.0.0.1", listener->port(), client_tls.get(),
                 [this](std::shared_ptr<Connection> c, const std::string& reason) {
                   ASSERT_TRUE(c) << reason;
                   client.take(std::move(c));
                 });
    run_until([&] { return server.connection && client.connection; });
  }

  // A certificate that signs itself, for both sides.
  void make_tls() {
    EVP_PKEY* key = EVP_RSA_gen(2048);
    X509* certificate = X509_new();
    X509_set_version(certificate, 2);
    ASN1_INTEGER_set(X509_get_serialNumber(certificate), 1);
    X509_gmtime_adj(X509_getm_notBefore(certificate), -3600);
    X509_gmtime_adj(X509_getm_notAfter(certificate), 3600);
    X509_set_pubkey(certificate, key);
    X509_NAME* name = X509_get_subject_name(certificate);
    X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, reinterpret_cast<const unsigned char*>("node-1"), -1,
                               -1, 0);
    X509_set_issuer_name(certificate, name);
    X509_sign(certificate, key, EVP_sha256());
    folder = std::filesystem::temp_directory_path() / ("keyzone-tls-" + std::to_string(getpid()));
    std::filesystem::create_directories(folder);
    FILE* file = fopen((folder / "cert.pem").c_str(), "w");
    PEM_write_X509(file, certificate);
    fclose(file);
    file = fopen((folder / "key.pem").c_str(), "w");
    PEM_write_PrivateKey(file, key, nullptr, nullptr, 0, nullptr, nullptr);
    fclose(file);
    X509_free(certificate);
    EVP_PKEY_free(key);
    const TlsFiles files{folder / "cert.pem", folder / "key.pem", folder / "cert.pem", true};
    auto server_context = make_tls_context(files), client_context = make_tls_context(files);
    ASSERT_TRUE(server_context) << server_context.error().message;
    server_tls = *std::move(server_context);
    client_tls = *std::move(client_context);
  }

  void TearDown() override {
    for (Recorder* r : {&client, &server}) {
      if (r->connection) r->connection->detach(), r->connection->abort();
    }
    listener.reset();
    while (io.restart(), io.poll() > 0) {
    }
    if (!folder.empty()) std::filesystem::remove_all(folder);
  }

  std::filesystem::path folder;
  std::unique_ptr<asio::ssl::context> server_tls, client_tls;
  asio::io_context io;
  std::unique_ptr<Listener> listener;
  Recorder client, server;
};

INSTANTIATE_TEST_SUITE_P(PlainAndTls, Connections, testing::Bool(),
                         [](const auto& info) { return info.param ? "Tls" : "Plain"; });

TEST_P(Connections, EchoesManyBytes) {
  connect();
  server.echo = true;
  const Bytes sent = TestRandom{1}.bytes(3000000);
  for (size_t at = 0; at < sent.size(); at += 50000) client.connection->write(sent.substr(at, 50000));
  run_until([&] { return client.received.size() == sent.size(); });
  EXPECT_EQ(client.received, sent);
  EXPECT_EQ(client.connection->pending_bytes(), 0u);
  EXPECT_EQ(client.connection->remote().port, listener->port());
  EXPECT_EQ(client.connection->remote().address.to_string(), "127.0.0.1");
  EXPECT_EQ(server.connection->remote(), client.connection->local());
  EXPECT_EQ(server.connection->peer_certificate_name(), GetParam() ? "node-1" : "");
}

TEST_P(Connections, CloseSendsWhatIsQueued) {
  connect();
  server.close_after = 5;
  server.connection->write(Bytes(2000000, 'x'));
  client.connection->write("hello, and more than is wanted");
  run_until([&] { return client.closed == 1 && server.closed == 1; });
  EXPECT_EQ(client.received.size(), 2000000u);
  EXPECT_EQ(client.reason, "closed by peer");
  EXPECT_EQ(listener->connections(), 0u);
}

TEST_P(Connections, LastAnswerSurvivesUnreadInput) {
  connect();
  server.close_after = 1;
  server.connection->write("ERROR");
  client.connection->write(Bytes(1000000, 'x'));
  run_until([&] { return client.closed == 1; });
  EXPECT_EQ(client.received, "ERROR");
}

TEST_P(Connections, PausedReadingHoldsTheSenderBack) {
  connect();
  client.connection->write("x");
  run_until([&] { return !server.received.empty(); });
  server.connection->pause_reading();
  const size_t total = 30000000;
  for (size_t i = 0; i < total / 1000000; ++i) client.connection->write(Bytes(1000000, 'x'));
  run_until([&] { return client.connection->pending_bytes() < total; });
  while (io.restart(), io.poll() > 0) {
  }
  EXPECT_GT(client.connection->pending_bytes(), kOutputHighWater);
  EXPECT_EQ(client.writable, 0);
  server.connection->resume_reading();
  run_until([&] { return server.received.size() == total + 1; });
  run_until([&] { return client.writable == 1; });
}

TEST_P(Connections, OneThatNeverReadsIsGivenUp) {
  connect();
  server.connection->pause_reading();
  for (size_t i = 0; i < kOutputLimit / 1000000 + 10; ++i) client.connection->write(Bytes(1000000, 'x'));
  EXPECT_EQ(client.closed, 0) << "never from within a call";
  run_until([&] { return client.closed == 1; });
  EXPECT_EQ(client.reason, "the peer does not read what it is sent");
}

TEST_P(Connections, AbortTellsOnceAndDetachNever) {
  connect();
  client.connection->abort();
  client.connection->abort();
  client.connection->close();
  client.connection->write("too late");
  run_until([&] { return client.closed == 1 && server.closed == 1; });
  EXPECT_EQ(client.closed, 1);
  client.connection = server.connection = nullptr;
  connect();
  client.connection->detach();
  client.connection->abort();
  run_until([&] { return server.closed == 2; });
  EXPECT_EQ(client.closed, 1);
}

TEST_P(Connections, MoreThanTheLimitAreClosed) {
  connect({.max_connections = 1});
  EXPECT_EQ(listener->connections(), 1u);
  Recorder second;
  connect_once(io, "127.0.0.1", listener->port(), client_tls.get(),
               [&](std::shared_ptr<Connection> c, const std::string&) { second.take(std::move(c)); });
  run_until([&] { return second.closed == 1; });
  EXPECT_EQ(client.closed, 0);
}

TEST_P(Connections, DialerWaitsForItsPeer) {
  if (GetParam()) return;
  connect();  // to have a port that is free in a moment
  const uint16_t port = listener->port();
  listener.reset();
  int failures = 0;
  Recorder dialled;
  auto dialer = Dialer::make(
      io, {"localhost", port, 7, nullptr}, [&](std::shared_ptr<Connection> c) { dialled.take(std::move(c)); },
      [&](const std::string& reason) {
        EXPECT_NE(reason, "");
        if (++failures == 2) {
          auto opened =
              Listener::open(io, {.port = port}, {&io}, [&](size_t, std::shared_ptr<Connection>) {});
          ASSERT_TRUE(opened) << opened.error().message;
          listener = *std::move(opened);
        }
      });
  dialer->dial();
  run_until([&] { return dialled.connection != nullptr; });
  EXPECT_GE(failures, 2);
  dialled.connection->detach();
}

TEST(Dialer, WaitsGrowWithinTheirBounds) {
  Backoff a(1), b(2), again(1);
  bool differ = false;
  std::chrono::milliseconds longest{0};
  for (int i = 0; i < 100; ++i) {
    const auto wait = a.next();
    EXPECT_GE(wait, kDialWaitMin);
    EXPECT_LE(wait, kDialWaitMax);
    EXPECT_EQ(wait, again.next());
    differ |= wait != b.next();
    longest = std::max(longest, wait);
  }
  EXPECT_TRUE(differ);
  EXPECT_GT(longest, kDialWaitMax / 2);
  a.reset();
  EXPECT_EQ(a.next(), kDialWaitMin);
}

TEST(Listener, SaysWhatItCantDo) {
  asio::io_context io;
  const auto first = Listener::open(io, {}, {&io}, [](size_t, std::shared_ptr<Connection>) {});
  ASSERT_TRUE(first);
  const uint16_t port = (*first)->port();
  const auto second = Listener::open(io, {.port = port}, {&io}, [](size_t, std::shared_ptr<Connection>) {});
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().message,
            "can't listen on 127.0.0.1:" + std::to_string(port) + ": Address already in use");
  EXPECT_FALSE(Listener::open(io, {.address = "nowhere"}, {&io}, [](size_t, std::shared_ptr<Connection>) {}));
}

TEST(Listener, DealsConnectionsOutInTurn) {
  asio::io_context io, other;
  std::vector<size_t> shards;
  std::vector<std::shared_ptr<Connection>> connections;
  auto opened = Listener::open(io, {}, {&io, &other}, [&](size_t shard, std::shared_ptr<Connection> c) {
    shards.push_back(shard);
    connections.push_back(std::move(c));
  });
  ASSERT_TRUE(opened);
  size_t connected = 0;
  for (int i = 0; i < 4; ++i) {
    connect_once(io, "127.0.0.1", (*opened)->port(), nullptr,
                 [&](std::shared_ptr<Connection> c, const std::string&) {
                   connections.push_back(std::move(c));
                   ++connected;
                 });
  }
  while (shards.size() < 4 || connected < 4) {
    io.restart();
    io.run_one_for(std::chrono::milliseconds(10));
    other.restart();
    other.poll();
  }
  std::sort(shards.begin(), shards.end());
  EXPECT_EQ(shards, (std::vector<size_t>{0, 0, 1, 1}));
}

TEST(Http, AnswersGetAndHeadOnly) {
  asio::io_context io;
  auto opened = HttpServer::open(io, "127.0.0.1", 0, [](std::string_view target) {
    return target == "/health" ? HttpResponse{200, "application/json", "{\"ok\":true}\n"}
                               : HttpResponse{404, "text/plain", "not found\n"};
  });
  ASSERT_TRUE(opened);
  const auto ask = [&](const std::string& request) {
    Recorder client;
    connect_once(io, "127.0.0.1", (*opened)->port(), nullptr,
                 [&](std::shared_ptr<Connection> c, const std::string&) {
                   client.take(std::move(c));
                   client.connection->write(request);
                 });
    while (client.closed == 0) {
      io.restart();
      io.run_one_for(std::chrono::milliseconds(100));
    }
    return client.received;
  };
  const std::string end = "\r\nHost: x\r\nConnection: close\r\n\r\n";
  const Bytes health = ask("GET /health HTTP/1.1" + end);
  EXPECT_TRUE(health.starts_with("HTTP/1.1 200 OK\r\n")) << health;
  EXPECT_TRUE(health.ends_with("\r\n\r\n{\"ok\":true}\n"));
  EXPECT_NE(health.find("Content-Type: application/json"), Bytes::npos);
  EXPECT_TRUE(ask("HEAD /health HTTP/1.1" + end).ends_with("\r\n\r\n"));
  EXPECT_TRUE(ask("GET /other HTTP/1.1" + end).starts_with("HTTP/1.1 404"));
  EXPECT_TRUE(ask("DELETE / HTTP/1.1" + end).starts_with("HTTP/1.1 405"));
  EXPECT_EQ(ask("GET /" + std::string(kMaxHttpRequest + 10, 'x') + " HTTP/1.1" + end), "");
  EXPECT_EQ(ask("not http at all\r\n\r\n"), "");
  // Two requests on one connection.
  const Bytes two = ask("GET /health HTTP/1.1\r\nHost: x\r\n\r\nGET /other HTTP/1.1" + end);
  EXPECT_NE(two.find("200 OK"), Bytes::npos);
  EXPECT_NE(two.find("404 Not Found"), Bytes::npos);
}

TEST(Tls, NamesTheFileThatIsWrong) {
  const auto context = make_tls_context({"/nonexistent/cert.pem", "/nonexistent/key.pem", "", false});
  ASSERT_FALSE(context);
  EXPECT_NE(context.error().message.find("/nonexistent/cert.pem"), std::string::npos);
}

}  // namespace
}  // namespace keyzone::net
