#include <charconv>
#include <fstream>
#include <iterator>
#include <limits>

#include "config.hpp"

namespace optiinfra::scrape {

Result<std::chrono::milliseconds> parse_scrape_duration(std::string_view text) {
  constexpr std::pair<std::string_view, std::int64_t> kUnits[] = {{"ms", 1},
                                                                  {"s", 1'000},
                                                                  {"m", 60'000},
                                                                  {"h", 3'600'000},
                                                                  {"d", 86'400'000LL},
                                                                  {"w", 7 * 86'400'000LL},
                                                                  {"y", 365 * 86'400'000LL}};
  constexpr std::int64_t kMax = 100 * 365 * 86'400'000LL;
  const auto wrong = [text] {
    return invalid_argument("'" + std::string(text) + "' is no duration; write 15s, 1m30s or 500ms");
  };
  std::int64_t total = 0;
  for (std::string_view rest = text; !rest.empty();) {
    std::int64_t count = 0;
    const auto [end, error] = std::from_chars(rest.data(), rest.data() + rest.size(), count);
    if (error != std::errc{} || count < 0) return wrong();
    rest.remove_prefix(static_cast<std::size_t>(end - rest.data()));
    const std::string_view unit = rest.substr(0, rest.find_first_of("0123456789"));
    std::int64_t factor = 0;
    for (const auto& [name, value] : kUnits)
      if (unit == name) factor = value;
    if (factor == 0 || count > kMax / factor || total > kMax - count * factor) return wrong();
    total += count * factor;
    rest.remove_prefix(unit.size());
  }
  if (total <= 0) return wrong();
  return std::chrono::milliseconds(total);
}

Result<std::size_t> parse_scrape_size(std::string_view text) {
  constexpr std::string_view kUnits[] = {"B", "KB", "MB", "GB"};
  std::uint64_t count = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), count);
  const std::string_view unit = text.substr(static_cast<std::size_t>(end - text.data()));
  for (std::size_t i = 0; error == std::errc{} && i < std::size(kUnits); ++i) {
    if ((unit != kUnits[i] && !(unit.empty() && count == 0)) || count > (std::uint64_t{1} << 40) >> 10 * i)
      continue;
    return static_cast<std::size_t>(count << 10 * i);
  }
  return invalid_argument("'" + std::string(text) + "' is no size; write 10MB or 512KB");
}

Result<std::string> read_small_file(const std::filesystem::path& path, std::size_t bytes_max) {
  std::ifstream file(path, std::ios::binary);
  std::string text(bytes_max + 1, '\0');
  if (!file || (!file.read(text.data(), static_cast<std::streamsize>(text.size())) && !file.eof()))
    return Error{ErrorKind::kStorage, path.string() + " cannot be read"};
  text.resize(static_cast<std::size_t>(file.gcount()));
  if (text.size() > bytes_max)
    return Error{ErrorKind::kTooLarge,
                 path.string() + " has more than " + std::to_string(bytes_max) + " bytes"};
  return text;
}

Result<void> HttpAccess::apply_to(FetchRequest& request) const {
  constexpr std::size_t kSecretBytesMax = 64 << 10;
  const auto secret = [](const std::filesystem::path& file, const std::string& text) -> Result<std::string> {
    if (file.empty()) return text;
    OPTIINFRA_TRY(std::string read, read_small_file(file, kSecretBytesMax));
    while (!read.empty() && (read.back() == '\n' || read.back() == '\r' || read.back() == ' '))
      read.pop_back();
    return read;
  };
  request.user = user;
  OPTIINFRA_TRY(request.password, secret(password_file, password));
  OPTIINFRA_TRY(request.bearer_token, secret(token_file, token));
  request.ca_file = ca_file;
  request.certificate_file = certificate_file;
  request.key_file = key_file;
  request.verifies_certificate = verifies_certificate;
  request.follows_redirects = follows_redirects;
  request.accepts_gzip = accepts_gzip;
  return {};
}

}  // namespace optiinfra::scrape
