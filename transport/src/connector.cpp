#include "optiinfra/transport/connector.hpp"

#include "embedded/session.hpp"

namespace optiinfra {
namespace {

constexpr std::string_view kEmbedded = "embedded:";

/// embedded://host/path, which a URL's rules allow and which names no folder here.
bool has_host(std::string_view url) {
  const std::string_view rest = url.substr(kEmbedded.size());
  return rest.starts_with("//") && !rest.starts_with("///");
}

/// The scheme when there is one: the rest of a URL may hold a password and is never repeated.
std::string_view scheme_of(std::string_view url) {
  const std::size_t end =
      url.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789+.-");
  return end != std::string_view::npos && url[end] == ':' ? url.substr(0, end) : std::string_view{};
}

Error not_understood(std::string_view url) {
  const std::string_view scheme = scheme_of(url);
  const std::string what =
      scheme.empty() ? "without a scheme" : "starting with '" + std::string(scheme) + ":'";
  return {ErrorKind::kInvalidArgument, "a store URL " + what +
                                           " is not understood; write embedded:/path/to/folder, or "
                                           "embedded:folder for one below the working folder"};
}

}  // namespace

Result<std::shared_ptr<Connector>> make_connector(std::string_view url, IfAbsent if_absent) {
  if (!url.starts_with(kEmbedded)) return not_understood(url);
  if (has_host(url)) {
    return Error{ErrorKind::kInvalidArgument,
                 "an embedded store has a path and no host: write embedded:/path or embedded:///path"};
  }
  return embedded::make_embedded_connector(embedded_folder(url), if_absent);
}

std::filesystem::path embedded_folder(std::string_view url) {
  if (!url.starts_with(kEmbedded) || url.size() == kEmbedded.size() || has_host(url)) return {};
  std::string_view path = url.substr(kEmbedded.size());
  while (path.starts_with("//")) path.remove_prefix(1);
  while (path.size() > 1 && path.ends_with('/')) path.remove_suffix(1);
  std::error_code code;  // Without a working folder the path stays relative, and opening it says so.
  const auto absolute = std::filesystem::absolute(path, code);
  return (code ? std::filesystem::path(path) : absolute).lexically_normal();
}

}  // namespace optiinfra
