/// The parts of a request: its URL, its headers and its body.
#pragma once

#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "optiinfra/core/error.hpp"
#include "optiinfra/transport/session.hpp"
#include "optiinfra/transport/url.hpp"

namespace optiinfra::http {

/// The longest field that the server takes in a URL or a form (its http_max_field_value_size): the text of
/// a statement that has parameters, the value of a parameter, the head of an INSERT.
inline constexpr std::size_t kFieldBytesMax = 128 << 10;

/// "http://[::1]:8123".
std::string base_url(const StoreUrl& store, const Endpoint& endpoint);

/// "a=1&b=two%20words".
std::string url_query(const std::vector<NamedValue>& pairs);

/// X-ClickHouse-User and X-ClickHouse-Key: never in the URL, which others log.
/// Errors: kInvalidArgument for a user or password with a character that no header can hold.
Result<std::vector<std::string>> credential_headers(const StoreUrl& store);

/// Replaces the value of `name`, or appends it.
void set_value(std::vector<NamedValue>& settings, std::string_view name, std::string value);

/// Errors: kInvalidArgument for names that are no setting's: the interface has parameters of its own
/// (user, query_id, param_...) that a URL holds in addition to settings.
Result<void> expect_settings(const std::vector<NamedValue>& settings);

/// A request as libcurl takes it.
struct Request {
  std::string url_query;
  std::vector<std::string> headers;
  std::stop_token stop = {};        ///< Of the call.
  std::optional<std::string> body;  ///< nullopt: sent piece by piece.
  std::string method = "POST";
  std::string path = "/";
};

struct Body {
  std::string content_type;
  std::string bytes;
};

/// One statement, with its parameters as fields of a form. Neither lands in the URL.
/// Errors: kInvalidArgument for no statement or several, and for a parameter whose name is no name;
/// kTooLarge for a field over kFieldBytesMax.
Result<Body> statement_body(const Statement& statement);

/// "INSERT INTO t (`a`, `b`) FORMAT Native". Errors: kTooLarge as above.
Result<std::string> insert_head(const InsertStatement& statement, const Block& block);

}  // namespace optiinfra::http
