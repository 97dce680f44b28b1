/// A request and its answer for handlers, independent of the HTTP library.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace optiinfra::service {

using NamedText = std::pair<std::string, std::string>;

/// The value of a header, whose name is given in lower case; empty when there is none.
std::string_view header_of(const std::vector<NamedText>& headers, std::string_view name);

struct Request {
  std::string method;                 ///< "GET".
  std::string path;                   ///< Decoded: "/api/v1/query/cost-hourly".
  std::vector<NamedText> parameters;  ///< Of the query string, decoded, in their order.
  std::vector<NamedText> headers;     ///< Names in lower case.
  std::string body;
  bool is_encrypted = false;

  std::string_view header(std::string_view name) const { return header_of(headers, name); }
};

struct Response {
  int status = 200;
  std::string content_type = "application/json";
  std::string body = {};
  std::vector<NamedText> headers = {};
};

/// Splits "/path?a=1&b=2". False for text that is not a path, or that is not correctly percent-encoded.
bool parse_target(std::string_view target, Request& request);

}  // namespace optiinfra::service
