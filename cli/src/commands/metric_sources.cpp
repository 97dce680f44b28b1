#include "commands/metric_sources.hpp"

#include <array>
#include <cstdio>
#include <filesystem>
#include <memory>

#include "optiinfra/transport/fetch.hpp"

namespace optiinfra::cli {
namespace {

Result<std::string> read_file(const std::string& path, std::size_t bytes_max) {
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> file(
      path == "-" ? stdin : std::fopen(path.c_str(), "re"), std::fclose);
  if (!file) return Error{ErrorKind::kStorage, path + " cannot be read"};
  std::string text;
  std::array<char, 65'536> chunk;
  while (const std::size_t count = std::fread(chunk.data(), 1, chunk.size(), file.get())) {
    text.append(chunk.data(), count);
    if (text.size() > bytes_max)
      return Error{ErrorKind::kTooLarge, path + " has more than " + std::to_string(bytes_max) + " bytes"};
  }
  if (std::ferror(file.get()) != 0) return Error{ErrorKind::kStorage, path + " cannot be read"};
  return text;
}

}  // namespace

void add_alias_files(CLI::App& app, std::vector<std::string>& files) {
  app.add_option("--aliases", files,
                 "More names of metrics, which go before those that are known: a TOML file")
      ->type_name("FILE");
}

Result<exposition::AliasTable> aliases_with(const std::vector<std::string>& files) {
  exposition::AliasTable table = exposition::AliasTable::builtin();
  for (const std::string& file : files) {
    OPTIINFRA_TRY(const std::string toml, read_file(file, exposition::kAliasFileBytesMax));
    OPTIINFRA_CHECK(table.add(std::filesystem::path(file).stem().string(), toml));
  }
  return table;
}

Result<MetricsText> read_metrics_text(const std::string& place) {
  if (!place.starts_with("http://") && !place.starts_with("https://")) {
    OPTIINFRA_TRY(std::string text, read_file(place, exposition::kMetricsTextBytesMax));
    const exposition::TextFormat format = exposition::guess_text_format(text);
    return MetricsText{std::move(text), format};
  }
  auto answer = fetch(
      {.url = place,
       .headers = {"Accept: application/openmetrics-text;version=1.0.0;q=0.6,text/plain;version=0.0.4;q=0.4"},
       .body_bytes_max = exposition::kMetricsTextBytesMax});
  if (!answer) return with_context(std::move(answer).error(), place);
  if (answer->status != 200)
    return Error{ErrorKind::kUnavailable, place + " answers with status " + std::to_string(answer->status)};
  return MetricsText{std::move(answer->body), exposition::text_format_of(answer->content_type)};
}

}  // namespace optiinfra::cli
