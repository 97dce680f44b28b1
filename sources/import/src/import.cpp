#include "optiinfra/import/import.hpp"

#include "file_group.hpp"
#include "file_import.hpp"
#include "map_choice.hpp"
#include "optiinfra/client/client.hpp"
#include "optiinfra/import/imports.hpp"
#include "optiinfra/ingest/writer.hpp"
#include "optiinfra/store/retention.hpp"
#include "optiinfra/transport/connector.hpp"

namespace optiinfra {
namespace {

template <typename Count>
std::uint64_t total(const std::vector<FileReport>& files, Count count) {
  std::uint64_t sum = 0;
  for (const FileReport& file : files) sum += file.*count;
  return sum;
}

/// So that a misspelt last name is known before the first file is stored.
Result<void> expect_importable(const ImportOptions& options, std::string_view format_name) {
  if (options.files.empty()) return invalid_argument("no files to import were named");
  for (const auto& path : options.files) {
    if (auto file = SourceFile::open(path); !file) return std::move(file).error();
    if (auto format = format_of(path, format_name); !format) return std::move(format).error();
  }
  return {};
}

Result<std::vector<ImportRecord>> imports_of_family(Client& client, Family family) {
  OPTIINFRA_TRY(std::vector<ImportRecord> imports, list_imports(client));
  std::erase_if(imports, [family](const ImportRecord& each) { return each.family != family; });
  return imports;
}

Result<std::chrono::days> rollup_retention(Client& client, Family family) {
  std::chrono::days keep{};
  OPTIINFRA_CHECK(client.with_each_part([&](Session& session, std::uint32_t) -> Result<void> {
    OPTIINFRA_TRY(keep, store::effective_retention(session, family, store::Tier::kRollup));
    return {};
  }));
  return keep.count() == 0 ? store::kRetentionMax : keep;
}

Result<ImportReport> import_all(Client& client, Session& reader, const ImportOptions& options,
                                MapChoice& choice, const ImportTestSettings& test) {
  ImportReport report;
  OPTIINFRA_TRY(report.retention, client.raw_retention(options.family));
  OPTIINFRA_TRY(report.rollup_retention, rollup_retention(client, options.family));
  OPTIINFRA_TRY(std::vector<ImportRecord> known, imports_of_family(client, options.family));
  // Blocks are named and so are inserts of their own: one sender keeps them in order, one block at a time.
  OPTIINFRA_TRY(Writer writer, Writer::open(client, {.senders = 1}));
  const ImportJob job{client, writer, reader, options, report.retention, report.rollup_retention, test};
  const std::size_t group_size = options.delivery.empty() ? 1 : options.files.size();
  for (std::size_t begin = 0; begin < options.files.size(); begin += group_size) {
    FileGroup group(job, choice, known);
    for (std::size_t index = begin; index < begin + group_size; ++index) OPTIINFRA_CHECK(group.add(index));
    OPTIINFRA_CHECK(group.import(report));
  }
  return report;
}

}  // namespace

std::uint64_t ImportReport::rows_read() const noexcept { return total(files, &FileReport::rows_read); }
std::uint64_t ImportReport::rows_stored() const noexcept { return total(files, &FileReport::rows_stored); }
std::uint64_t ImportReport::rows_already_stored() const noexcept {
  return total(files, &FileReport::rows_already_stored);
}
std::uint64_t ImportReport::rows_refused() const noexcept { return total(files, &FileReport::rows_refused); }
std::uint64_t ImportReport::rows_past_retention() const noexcept {
  return total(files, &FileReport::rows_past_retention);
}
std::uint64_t ImportReport::rows_past_rollups() const noexcept {
  return total(files, &FileReport::rows_past_rollups);
}
std::uint64_t ImportReport::rows_taken_back() const noexcept {
  return total(files, &FileReport::rows_taken_back);
}
std::uint64_t ImportReport::rows_gone() const noexcept { return total(files, &FileReport::rows_gone); }

Result<ImportReport> import_files(Client& client, const ImportOptions& options,
                                  const ImportTestSettings& test) {
  OPTIINFRA_TRY(MapChoice choice, MapChoice::make(client, options));
  OPTIINFRA_CHECK(expect_importable(options, choice.format()));
  ImportReport report;
  const auto import_with = [&](Session& reader) -> Result<void> {
    OPTIINFRA_TRY(report, import_all(client, reader, options, choice, test));
    return {};
  };
  if (client.is_embedded()) {
    OPTIINFRA_CHECK(client.with_session(import_with));
  } else {
    // The files are on this machine, and so is the engine that reads them.
    OPTIINFRA_TRY(const auto engine, make_connector("embedded:", IfAbsent::kCreate));
    OPTIINFRA_TRY(const auto reader, engine->connect());
    OPTIINFRA_CHECK(import_with(*reader));
  }
  return report;
}

Result<ImportReport> import_files(Client& client, const ImportOptions& options) {
  return import_files(client, options, ImportTestSettings{});
}

}  // namespace optiinfra
