#include "optiinfra/store/set_aside.hpp"

#include <fstream>
#include <set>

#include "optiinfra/transport/small_answer.hpp"

namespace optiinfra::store {
namespace {

/// "20261127" is the partition of a day, "all" that of a table without partitions.
std::string day_of_partition(const std::string& partition) {
  const bool is_day = partition.size() == 8 && partition.find_first_not_of("0123456789") == std::string::npos;
  if (!is_day) return "";
  return partition.substr(0, 4) + "-" + partition.substr(4, 2) + "-" + partition.substr(6);
}

std::optional<std::uint64_t> rows_of(const std::string& path) {
  std::ifstream file(path + "/count.txt");
  std::uint64_t rows = 0;
  if (file >> rows) return rows;
  return std::nullopt;
}

}  // namespace

Result<std::vector<SetAsidePart>> read_set_aside_parts(Session& session) {
  OPTIINFRA_TRY(
      const auto rows,
      query_texts(session,
                  {.sql = "SELECT table, name, ifNull(partition_id, ''), ifNull(reason, ''), path FROM "
                          "system.detached_parts WHERE database = {database:String} ORDER BY table, name",
                   .parameters = {{"database", std::string(session.database())}}}));
  std::vector<SetAsidePart> parts;
  for (const auto& row : rows)
    parts.push_back({row[0], row[1], day_of_partition(row[2]), row[3].empty() ? "detached" : row[3], row[4],
                     rows_of(row[4])});
  return parts;
}

std::string describe_set_aside(const std::vector<SetAsidePart>& parts) {
  if (parts.empty()) return "";
  std::set<std::string> tables;
  std::uint64_t rows = 0;
  bool all_known = true;
  for (const SetAsidePart& part : parts) {
    tables.insert(part.table);
    rows += part.rows.value_or(0);
    all_known &= part.rows.has_value();
  }
  std::string names;
  for (const std::string& table : tables) names += (names.empty() ? "" : ", ") + table;
  return std::to_string(parts.size()) + (parts.size() == 1 ? " part of " : " parts of ") + names +
         (parts.size() == 1 ? " was" : " were") + " set aside, so " + (all_known ? "" : "at least ") +
         std::to_string(rows) + " rows are missing from every answer; see: optiinfra doctor";
}

}  // namespace optiinfra::store
