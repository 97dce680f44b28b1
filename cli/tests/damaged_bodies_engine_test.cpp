// Bytes of users that are damaged: the server refuses them and lives on.
//
// OPTIINFRA_DAMAGED=200 sends so many bodies of each format instead of a few; the seed of each is printed
// where the server dies.
#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <sys/socket.h>
#include <unistd.h>

#include <iterator>
#include <random>

#include "served_store.hpp"

namespace optiinfra::cli {
namespace {

using ::testing::HasSubstr;

constexpr const char* kColumns = "(timestamp, customer_id, service_id, latency_ms, model_name)";
constexpr const char* kRows =
    "toDateTime(1790000000 + number) AS timestamp, '11111111-1111-4111-8111-111111111111' AS customer_id, "
    "'22222222-2222-4222-8222-222222222222' AS service_id, number * 1.5 AS latency_ms, "
    "toString(number % 7) AS model_name FROM numbers(64)";

class DamagedBodies : public ServedStore {
 protected:
  /// The answer to a POST of `body`, headers included; empty when the server is gone.
  std::string post(const std::string& sql, std::string_view body) const {
    const int socket = ::socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(server->http_port());
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    std::string answer;
    if (::connect(socket, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0) {
      std::string request = "POST /?database=optiinfra&query=" + escaped(sql) +
                            " HTTP/1.0\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n";
      request += body;
      // A server that has refused the body may have stopped reading it.
      (void)::send(socket, request.data(), request.size(), MSG_NOSIGNAL);
      char piece[65536];
      for (ssize_t size; (size = ::recv(socket, piece, sizeof piece, 0)) > 0;)
        answer.append(piece, static_cast<std::size_t>(size));
    }
    ::close(socket);
    return answer;
  }

  static std::string escaped(const std::string& sql) {
    std::string text;
    char code[4];
    for (const char c : sql) {
      std::snprintf(code, sizeof code, "%%%02X", static_cast<unsigned char>(c));
      text += code;
    }
    return text;
  }

  /// The rows in `format`; empty where it cannot be written.
  std::string whole(const std::string& format) const {
    const std::string answer = post(std::string("SELECT ") + kRows + " FORMAT " + format, "");
    const std::size_t body = answer.find("\r\n\r\n");
    return answer.find(" 200 OK") == std::string::npos || body == std::string::npos ? ""
                                                                                    : answer.substr(body + 4);
  }

  static std::string insert_as(const std::string& format, const std::string& settings = "") {
    return std::string("INSERT INTO performance_metrics_ts ") + kColumns + settings + " FORMAT " + format;
  }

  static std::string damaged_orc() {
    std::ifstream file(OPTIINFRA_DAMAGED_ORC, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
  }
};

/// `text` with some bytes changed, taken out, or repeated.
std::string damage(std::string text, std::mt19937& random) {
  const auto below = [&](std::size_t end) {
    return std::uniform_int_distribution<std::size_t>(0, end - 1)(random);
  };
  for (std::size_t left = 1 + below(8); left > 0 && !text.empty(); --left) {
    const std::size_t at = below(text.size());
    switch (below(6)) {
      case 0:
        text[at] = static_cast<char>(below(256));
        break;
      case 1:
        text[at] = static_cast<char>(text[at] ^ (1 << below(8)));
        break;
      case 2:
        text[at] = static_cast<char>(0xff);
        break;
      case 3:
        text.erase(at, 1 + below(16));
        break;
      case 4:
        text.insert(at, text.substr(below(text.size()), 1 + below(16)));
        break;
      default:
        if (below(4) == 0) text.resize(at);
    }
  }
  return text;
}

TEST_F(DamagedBodies, OfOrcAreRefusedBeforeTheyAreRead) {
  start();
  const std::string body = damaged_orc();
  ASSERT_EQ(body.size(), 1082u);
  std::string literal;
  char code[5];
  for (const char c : body) {
    std::snprintf(code, sizeof code, "\\x%02X", static_cast<unsigned char>(c));
    literal += code;
  }
  for (const std::string fast : {"0", "1"}) {
    const std::string settings = " SETTINGS input_format_orc_use_fast_decoder = " + fast;
    EXPECT_THAT(post(insert_as("ORC", settings), body), HasSubstr("File size too small")) << fast;
    EXPECT_THAT(post("SELECT * FROM format(ORC, '" + literal + "')" + settings, ""),
                HasSubstr("File size too small"))
        << fast;
    EXPECT_THAT(post("DESCRIBE TABLE format(ORC, '" + literal + "')" + settings, ""),
                HasSubstr("File size too small"))
        << fast;
  }
  // Whole files as well: what is damaged shows only in reading. Writing them goes on.
  const std::string good = whole("ORC");
  EXPECT_THAT(good, HasSubstr("ORC"));
  EXPECT_THAT(post(insert_as("ORC"), good), HasSubstr("File size too small"));
  EXPECT_EQ(ask("SELECT count() FROM optiinfra.performance_metrics_ts"), "0\n");
  EXPECT_EQ(server->stop().exit_code, 0);
}

TEST_F(DamagedBodies, OfAnyFormatEndNoServer) {
  start();
  const char* const wanted = std::getenv("OPTIINFRA_DAMAGED");
  const unsigned bodies = wanted == nullptr ? 4 : static_cast<unsigned>(std::atoi(wanted));
  std::istringstream formats(ask("SELECT name FROM system.formats WHERE is_input ORDER BY name"));
  unsigned tried = 0, sent = 0;
  for (std::string format; std::getline(formats, format);) {
    std::erase(format, '"');
    std::string good = whole(format);
    // Formats that are only read, or need a schema: any bytes.
    if (good.empty()) good = whole("Native");
    ++tried;
    for (unsigned seed = 0; seed < bodies; ++seed) {
      std::mt19937 random(seed);
      const std::string answer = post(insert_as(format), damage(good, random));
      ASSERT_THAT(answer, HasSubstr("HTTP/1.")) << format << ", seed " << seed;
      ++sent;
    }
  }
  EXPECT_EQ(ask("SELECT 1"), "1\n");
  std::printf("%u damaged bodies of %u formats\n", sent, tried);
  EXPECT_GE(tried, 50u);
  EXPECT_EQ(server->stop().exit_code, 0);
}

}  // namespace
}  // namespace optiinfra::cli
