#include "http/request.hpp"

#include <algorithm>

#include "optiinfra/core/uuid.hpp"
#include "optiinfra/transport/sql.hpp"
#include "statement_text.hpp"

namespace optiinfra::http {
namespace {

bool is_letter_or_digit(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

bool is_name(std::string_view text) {
  return !text.empty() &&
         std::all_of(text.begin(), text.end(), [](char c) { return is_letter_or_digit(c) || c == '_'; });
}

std::string percent_encoded(std::string_view text) {
  static constexpr char kDigits[] = "0123456789ABCDEF";
  std::string encoded;
  for (const char c : text) {
    if (is_letter_or_digit(c) || c == '_' || c == '-' || c == '.' || c == '~') {
      encoded += c;
    } else {
      const auto byte = static_cast<unsigned char>(c);
      encoded += {'%', kDigits[byte >> 4], kDigits[byte & 0xF]};
    }
  }
  return encoded;
}

/// ClickHouse, src/Server/HTTPHandler.cpp: what it does not take for settings.
bool is_reserved(std::string_view name) {
  static constexpr std::string_view kNames[] = {"buffer_size",
                                                "client_protocol_version",
                                                "close_session",
                                                "compress",
                                                "database",
                                                "decompress",
                                                "default_format",
                                                "password",
                                                "query",
                                                "query_id",
                                                "quota_key",
                                                "role",
                                                "session_check",
                                                "session_id",
                                                "session_timeout",
                                                "stacktrace",
                                                "user",
                                                "wait_end_of_query"};
  return std::find(std::begin(kNames), std::end(kNames), name) != std::end(kNames) ||
         name.starts_with("param_");
}

Result<void> expect_field(std::string_view what, std::string_view value) {
  if (value.size() <= kFieldBytesMax) return {};
  return Error{ErrorKind::kTooLarge, std::string(what) + " has " + std::to_string(value.size()) +
                                         " bytes, and over HTTP a server takes at most " +
                                         std::to_string(kFieldBytesMax) +
                                         "; use the native protocol (clickhouse://)"};
}

bool holds_control_character(std::string_view text) {
  return std::any_of(text.begin(), text.end(),
                     [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F; });
}

std::string form_field(std::string_view boundary, std::string_view name, std::string_view value) {
  std::string field = "--";
  field.append(boundary).append("\r\nContent-Disposition: form-data; name=\"").append(name);
  return field.append("\"\r\n\r\n").append(value).append("\r\n");
}

}  // namespace

std::string base_url(const StoreUrl& store, const Endpoint& endpoint) {
  std::string host = endpoint.host;
  if (host.find(':') != std::string::npos) {
    if (const auto zone = host.find('%'); zone != std::string::npos) host.insert(zone + 1, "25");
    host = "[" + host + "]";
  }
  return (store.protocol == Protocol::kHttps ? "https://" : "http://") + host + ":" +
         std::to_string(endpoint.port);
}

std::string url_query(const std::vector<NamedValue>& pairs) {
  std::string query;
  for (const auto& [name, value] : pairs) {
    if (!query.empty()) query += '&';
    query += percent_encoded(name) + "=" + percent_encoded(value);
  }
  return query;
}

Result<std::vector<std::string>> credential_headers(const StoreUrl& store) {
  for (const auto* text : {&store.user, &store.password}) {
    if (holds_control_character(*text))
      return invalid_argument("the " + std::string(text == &store.user ? "user" : "password") +
                              " holds a control character, which HTTP cannot carry");
  }
  std::vector<std::string> headers = {"X-ClickHouse-User: " + store.user};
  if (!store.password.empty()) headers.push_back("X-ClickHouse-Key: " + store.password);
  return headers;
}

void set_value(std::vector<NamedValue>& settings, std::string_view name, std::string value) {
  const auto found = std::find_if(settings.begin(), settings.end(),
                                  [&](const NamedValue& setting) { return setting.first == name; });
  if (found == settings.end()) {
    settings.emplace_back(name, std::move(value));
  } else {
    found->second = std::move(value);
  }
}

Result<void> expect_settings(const std::vector<NamedValue>& settings) {
  for (const auto& [name, value] : settings) {
    if (!is_name(name) || is_reserved(name))
      return invalid_argument("'" + name + "' is not a setting of a statement");
    OPTIINFRA_CHECK(expect_field("the setting " + name, value));
  }
  return {};
}

Result<Body> statement_body(const Statement& statement) {
  OPTIINFRA_TRY(const std::string_view sql, single_statement(statement.sql));
  if (statement.parameters.empty()) return Body{"text/plain; charset=UTF-8", std::string(sql)};
  OPTIINFRA_CHECK(expect_field("a statement with parameters", sql));
  const std::string boundary = "optiinfra-" + Uuid::random().to_string();
  Body body{"multipart/form-data; boundary=" + boundary, form_field(boundary, "query", sql)};
  for (const NamedValue& parameter : statement.parameters) {
    if (!is_name(parameter.first))
      return Error{
          ErrorKind::kInvalidArgument,
          "'" + parameter.first + "' is not the name of a parameter: use letters, digits and underscores"};
    const std::string text = parameter_text(sql, parameter);
    OPTIINFRA_CHECK(expect_field("the parameter " + parameter.first, text));
    body.bytes += form_field(boundary, "param_" + parameter.first, text);
  }
  body.bytes += "--" + boundary + "--\r\n";
  return body;
}

Result<std::string> insert_head(const InsertStatement& statement, const Block& block) {
  std::string sql = insert_into(statement, block) + " FORMAT Native";
  OPTIINFRA_CHECK(expect_field("the head of the INSERT, with its columns,", sql));
  return sql;
}

}  // namespace optiinfra::http
