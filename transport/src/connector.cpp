#include "optiinfra/transport/connector.hpp"

#include "embedded/session.hpp"

namespace optiinfra {
namespace {

constexpr std::string_view kEmbedded = "embedded:";

}  // namespace

Result<std::shared_ptr<Connector>> make_connector(std::string_view url, IfAbsent if_absent) {
  if (url.starts_with(kEmbedded)) return embedded::make_embedded_connector(embedded_folder(url), if_absent);
  // Only the scheme is repeated: the rest of a URL may hold a password.
  return Error{ErrorKind::kInvalidArgument, "a store URL starting with '" + std::string(url.substr(0, url.find(':'))) +
                                                "' is not understood; write embedded:/path/to/folder"};
}

std::filesystem::path embedded_folder(std::string_view url) {
  if (!url.starts_with(kEmbedded) || url.size() == kEmbedded.size()) return {};
  std::string_view path = url.substr(kEmbedded.size());
  while (path.starts_with("//")) path.remove_prefix(1);
  return std::filesystem::absolute(path).lexically_normal();
}

}  // namespace optiinfra
