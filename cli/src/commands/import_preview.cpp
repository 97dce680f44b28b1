#include "commands/import_preview.hpp"

#include <stdlib.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <nlohmann/json.hpp>

#include "optiinfra/schema/tables.hpp"
#include "optiinfra/transport/small_answer.hpp"
#include "optiinfra/transport/sql.hpp"
#include "optiinfra/transport/url.hpp"

namespace optiinfra::cli {
namespace {

/// One row for each column that has a value in one of the rows, with those values next to each other.
Result<Section> stored_rows(Client& client, Family family) {
  const TableDefinition& table = table_of(family);
  const auto columns = table.columns();
  std::string list;
  for (const ColumnDefinition& column : columns)
    list += (list.empty() ? "" : ", ") +
            ("ifNull(CAST(toString(" + std::string(column.name) + "), 'Nullable(String)'), '')");
  std::vector<std::vector<std::string>> rows;
  OPTIINFRA_CHECK(client.with_session([&](Session& session) -> Result<void> {
    OPTIINFRA_TRY(rows, query_texts(session, {.sql = "SELECT " + list + " FROM " +
                                                     qualified(session.database(), table.raw_table) +
                                                     " LIMIT " + std::to_string(kPreviewRows)}));
    return {};
  }));
  Records records{.fields = {{"column", "column"}}, .rows = {}};
  for (std::size_t row = 0; row < rows.size(); ++row) {
    const std::string number = std::to_string(row + 1);
    records.fields.push_back({"row_" + number, "row " + number});
  }
  for (std::size_t column = 0; column < columns.size(); ++column) {
    Row values{std::string(columns[column].name)};
    bool has_value = false;
    for (const auto& row : rows) {
      has_value |= !row[column].empty();
      values.push_back(row[column].empty() ? Value() : Value(row[column]));
    }
    if (has_value) records.rows.push_back(std::move(values));
  }
  return Section{
      .key = "rows", .title = "The first rows, as they would be stored", .records = std::move(records)};
}

Section refused_rows(const ImportReport& imported) {
  Records records{.fields = {{"file", "file"}, {"row", "row", Look::kCount}, {"reason", "reason"}},
                  .rows = {}};
  for (const FileReport& file : imported.files) {
    std::ifstream lines(file.rejected_path);
    for (std::string line; records.rows.size() < kPreviewRows && std::getline(lines, line);) {
      const auto refused = nlohmann::json::parse(line, nullptr, false);
      if (!refused.is_object() || !refused.contains("reason")) continue;
      records.rows.push_back(
          {file.path.string(),
           refused.contains("row") && refused["row"].is_number_unsigned()
               ? Value(refused["row"].get<std::uint64_t>())
               : Value(),
           refused["reason"].is_string() ? refused["reason"].get<std::string>() : refused["reason"].dump()});
    }
  }
  return {.key = "refused", .title = "The first rows that would be refused", .records = std::move(records)};
}

}  // namespace

Result<ImportPreview> ImportPreview::open() {
  std::string pattern = (std::filesystem::temp_directory_path() / "optiinfra-preview-XXXXXX").string();
  if (::mkdtemp(pattern.data()) == nullptr)
    return Error{ErrorKind::kStorage, "cannot create " + pattern + ": " + std::strerror(errno)};
  std::filesystem::path folder = pattern;
  auto client = Client::open(StoreUrl{.protocol = Protocol::kEmbedded}, {.create = true});
  if (client) return ImportPreview(*std::move(client), std::move(folder));
  std::error_code ignored;
  std::filesystem::remove_all(folder, ignored);
  return std::move(client).error();
}

ImportPreview::ImportPreview(Client client, std::filesystem::path rejected_folder)
    : client_(std::move(client)), rejected_folder_(std::move(rejected_folder)) {}

ImportPreview::ImportPreview(ImportPreview&& other) noexcept
    : client_(std::move(other.client_)), rejected_folder_(std::exchange(other.rejected_folder_, {})) {}

ImportPreview::~ImportPreview() {
  std::error_code ignored;
  if (!rejected_folder_.empty()) std::filesystem::remove_all(rejected_folder_, ignored);
}

Result<void> ImportPreview::describe(Family family, const ImportReport& imported, Report& report) {
  OPTIINFRA_TRY(Section rows, stored_rows(client_, family));
  if (!rows.records.rows.empty()) report.sections.push_back(std::move(rows));
  if (Section refused = refused_rows(imported); !refused.records.rows.empty())
    report.sections.push_back(std::move(refused));
  report.notes.push_back("This was a dry run: nothing was stored");
  return {};
}

}  // namespace optiinfra::cli
