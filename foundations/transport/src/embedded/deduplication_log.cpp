#include "embedded/deduplication_log.hpp"

#include <algorithm>
#include <fstream>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "embedded/file.hpp"
#include "embedded/part_name.hpp"

namespace optiinfra::embedded {
namespace fs = std::filesystem;
namespace {

/// A line of a log: "1 <TAB> part <TAB> block id" when the part was added, 2 when it was dropped.
struct Record {
  bool is_added = false;
  PartName part;
  std::string_view part_and_block;
};

std::optional<Record> parse_record(std::string_view line) {
  const std::size_t tab = line.find('\t', 2);
  if (!(line.starts_with("1\t") || line.starts_with("2\t")) || tab == std::string_view::npos)
    return std::nullopt;
  const std::string_view block = line.substr(tab + 1);
  auto part = PartName::parse(line.substr(2, tab - 2));
  if (!part || block.empty() || block.find('\t') != std::string_view::npos) return std::nullopt;
  return Record{line[0] == '1', std::move(*part), line.substr(2)};
}

struct Log {
  fs::path path;
  std::string text;

  /// The whole lines; what may follow them is torn.
  std::vector<std::string_view> lines() const {
    std::vector<std::string_view> result;
    std::string_view rest = text;
    for (std::size_t end; (end = rest.find('\n')) != std::string_view::npos; rest.remove_prefix(end + 1)) {
      result.push_back(rest.substr(0, end));
    }
    return result;
  }
};

Result<std::vector<fs::path>> list(const fs::path& folder) {
  std::vector<fs::path> paths;
  std::error_code code;
  for (fs::directory_iterator entry(folder, code), end; !code && entry != end; entry.increment(code)) {
    paths.push_back(entry->path());
  }
  if (code) return Error{ErrorKind::kStorage, "cannot list " + folder.string() + ": " + code.message()};
  std::sort(paths.begin(), paths.end());
  return paths;
}

Result<Log> read_log(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  Log log{path, {std::istreambuf_iterator<char>(file), {}}};
  if (file.bad() || !file.is_open()) return Error{ErrorKind::kStorage, "cannot read " + path.string()};
  return log;
}

/// Tells which records are true, from the parts that exist and the drops on record.
class Judge {
 public:
  explicit Judge(std::vector<PartName> parts) : parts_(std::move(parts)) {}

  void see(const Record& record) {
    if (!record.is_added) dropped_.emplace(record.part_and_block);
  }

  /// A dropped part is gone by right, and the engine knows: the line of its drop says so.
  bool is_true(const Record& record) const {
    return !record.is_added || dropped_.contains(record.part_and_block) ||
           std::any_of(parts_.begin(), parts_.end(),
                       [&](const PartName& part) { return part.covers(record.part); });
  }

 private:
  std::vector<PartName> parts_;
  std::set<std::string, std::less<>> dropped_;
};

Error not_understood(const Log& log, std::size_t line) {
  return {
      ErrorKind::kCorrupt,
      "line " + std::to_string(line + 1) + " of " + log.path.string() +
          " is not one that the engine writes, and the engine would forget every insert after it. Set the "
          "file aside "
          "with: optiinfra doctor --repair; a retry of an insert that was stored before may then be stored "
          "twice"};
}

Result<void> check_lines(const Log& log) {
  const auto lines = log.lines();
  for (std::size_t i = 0; i < lines.size(); ++i) {
    if (!parse_record(lines[i])) return not_understood(log, i);
  }
  return {};
}

std::string true_lines(const Log& log, const Judge& judge) {
  std::string text;
  for (const std::string_view line : log.lines()) {
    if (judge.is_true(*parse_record(line))) text.append(line).append("\n");
  }
  return text;
}

Result<Judge> judge_of(const fs::path& table, const std::vector<Log>& logs) {
  OPTIINFRA_TRY(const auto entries, list(table));
  std::vector<PartName> parts;
  for (const fs::path& entry : entries) {
    if (auto part = PartName::parse(entry.filename().string())) parts.push_back(std::move(*part));
  }
  Judge judge(std::move(parts));
  for (const Log& log : logs) {
    for (const std::string_view line : log.lines()) judge.see(*parse_record(line));
  }
  return judge;
}

/// `spare` is where a changed log is written first: the engine does not start when the folder of its logs
/// holds a file that it does not know.
Result<void> repair_table(const fs::path& table, const fs::path& spare) {
  OPTIINFRA_TRY(const auto paths, list(table / "deduplication_logs"));
  std::vector<Log> logs;
  for (const fs::path& path : paths) {
    OPTIINFRA_TRY(Log log, read_log(path));
    OPTIINFRA_CHECK(check_lines(log));
    logs.push_back(std::move(log));
  }
  OPTIINFRA_TRY(const Judge judge, judge_of(table, logs));
  for (const Log& log : logs) {
    const std::string text = true_lines(log, judge);
    if (text != log.text) OPTIINFRA_CHECK(replace_file(log.path, text, spare));
  }
  return {};
}

}  // namespace

Result<std::vector<fs::path>> tables_with_logs(const fs::path& engine_path) {
  std::vector<fs::path> tables;
  std::error_code code;
  if (!fs::exists(engine_path / "store", code)) return tables;
  OPTIINFRA_TRY(const auto groups, list(engine_path / "store"));
  for (const fs::path& group : groups) {
    if (!fs::is_directory(group, code)) continue;
    OPTIINFRA_TRY(const auto folders, list(group));
    std::copy_if(folders.begin(), folders.end(), std::back_inserter(tables), [&code](const fs::path& folder) {
      return fs::is_directory(folder / "deduplication_logs", code);
    });
  }
  return tables;
}

Result<std::vector<fs::path>> broken_deduplication_logs(const fs::path& engine_path) {
  OPTIINFRA_TRY(const auto tables, tables_with_logs(engine_path));
  std::vector<fs::path> broken;
  for (const fs::path& table : tables) {
    OPTIINFRA_TRY(const auto paths, list(table / "deduplication_logs"));
    for (const fs::path& path : paths) {
      OPTIINFRA_TRY(const Log log, read_log(path));
      if (!check_lines(log)) broken.push_back(path);
    }
  }
  return broken;
}

Result<void> repair_deduplication_logs(const fs::path& engine_path) {
  OPTIINFRA_TRY(const auto tables, tables_with_logs(engine_path));
  Result<void> first_failure;
  for (const fs::path& table : tables) {
    auto status = repair_table(table, engine_path.parent_path() / "deduplication_log.new");
    if (!status && first_failure) first_failure = std::move(status);
  }
  return first_failure;
}

}  // namespace optiinfra::embedded
