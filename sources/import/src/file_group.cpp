#include "file_group.hpp"

#include <algorithm>
#include <set>

#include "earlier.hpp"
#include "optiinfra/core/nearest.hpp"

namespace optiinfra {
namespace {

/// Of a delivery. A process may have 1,024 open files by default, and the engine needs some.
constexpr std::size_t kOpenFilesMax = 64;

/// Names of deliveries that a message has.
constexpr std::size_t kDeliveriesShown = 5;

struct FoundDelivery {
  std::string name;
  std::string path;  ///< Of the first file with it.
};

Error several_deliveries(const std::vector<FoundDelivery>& found) {
  std::string list;
  for (std::size_t i = 0; i < found.size() && i < kDeliveriesShown; ++i)
    list += (i == 0 ? "'" : ", '") + shown(found[i].name) + "' in " + found[i].path;
  if (found.size() > kDeliveriesShown) list += " and more";
  return invalid_argument("the rows are of several deliveries: " + list +
                          ". Import each by itself, with all of its files in one command, or name this one "
                          "with --delivery NAME. Nothing was stored");
}

Error no_delivery(const FileToImport& file) {
  std::vector<std::string> columns;
  for (const ExpressionReads& reads : file.map->delivery->reads)
    if (reads.column == kDeliveryColumn.name) columns = reads.columns;
  std::sort(columns.begin(), columns.end());
  columns.erase(std::unique(columns.begin(), columns.end()), columns.end());
  return invalid_argument(file.file.path().string() +
                          ": no row says which delivery it belongs to, which the map " +
                          file.map->checked.map.name + " makes of " + listed(columns) +
                          ": name it with --delivery NAME. Nothing was stored");
}

/// The imports whose rows the file of `origin` begins with.
std::set<Uuid> continued_by(const std::vector<ImportRecord>& known, const ImportOrigin& origin) {
  std::set<Uuid> ids;
  for (Uuid next = origin.continues; !next.is_nil() && ids.insert(next).second;) {
    const auto each =
        std::find_if(known.begin(), known.end(), [&](const ImportRecord& other) { return other.id == next; });
    if (each == known.end()) break;
    next = each->continues;
  }
  return ids;
}

/// Programs that import a restated bill without `delivery` hear of it.
std::vector<std::string> remarks_on_time(const std::vector<ImportRecord>& known, const ImportOrigin& origin,
                                         const FileReport& report) {
  if (origin.family != Family::kCost || !origin.delivery.empty() || !report.times) return {};
  const std::set<Uuid> continued = continued_by(known, origin);
  const ImportRecord* latest = nullptr;
  std::size_t count = 0;
  for (const ImportRecord& each : known) {
    const bool overlaps =
        each.times && each.times->begin < report.times->end && report.times->begin < each.times->end;
    if (!overlaps || each.id == origin.id || continued.contains(each.id) || each.map != origin.map) continue;
    ++count;
    if (latest == nullptr || latest->begun < each.begun) latest = &each;
  }
  if (latest == nullptr) return {};
  return {
      report.path.string() + ": the import of " + latest->path + ", of " + format_time(latest->begun) +
      (count == 1 ? "" : ", and " + std::to_string(count - 1) + " others") + (count == 1 ? " has" : " have") +
      " charges of the same time. If this is the same bill, restated, they count twice: take that one back "
      "(optiinfra imports undo " +
      latest->id.to_string() + "), and deliver with --delivery NAME, which replaces"};
}

}  // namespace

Result<void> FileGroup::add(std::size_t index) {
  const auto& path = job_.options.files[index];
  OPTIINFRA_TRY(PreparedMap* const prepared, choice_.map_of(job_.reader, path));
  const ImportMap& map = prepared->checked.map;
  OPTIINFRA_TRY(FileFormat format, job_.inputs.format_of(path, map.format));
  OPTIINFRA_TRY(SourceFile file, job_.inputs.open(path));
  std::set<std::uint64_t> lengths;
  for (const ImportRecord& each : known_)
    if (each.content_bytes != 0 && each.content_bytes < file.size_bytes()) lengths.insert(each.content_bytes);
  const std::string reading =
      std::string(table_of(job_.options.family).name) + "\n" + format.name + "\n" + map.identity();
  OPTIINFRA_TRY(SourceFile::Hashes hashes, file.hashes(reading, lengths));
  ImportOrigin origin{
      .id = hashes.identity,
      .family = job_.options.family,
      .path = path == kStandardInput ? file.path().string() : std::filesystem::absolute(path).string(),
      .delivery = job_.options.delivery,
      .map = map.name,
      .content = hashes.content[file.size_bytes()],
      .content_bytes = file.size_bytes(),
      .reading = hash_of(reading)};
  if (members_.size() >= kOpenFilesMax && path != kStandardInput) file.let_go();
  members_.push_back({.file = {index, std::move(file), prepared, std::move(format), std::move(origin)},
                      .content = std::move(hashes.content)});
  return {};
}

Result<void> FileGroup::import(ImportReport& report) {
  if (job_.options.delivery == kDeliveryOfBill) OPTIINFRA_CHECK(name_delivery());
  for (Member& member : members_) OPTIINFRA_CHECK(compare(member));
  OPTIINFRA_TRY(std::uint64_t taken_back, take_back());
  OPTIINFRA_CHECK(name_finished());
  for (Member& member : members_) {
    const ImportOrigin origin = member.file.origin;
    if (member.file.file.is_let_go()) {
      OPTIINFRA_TRY(member.file.file, member.file.file.again());
    }
    OPTIINFRA_TRY(ImportedFile file, import_file(job_, std::move(member.file)));
    for (std::string& remark : remarks_on_time(known_, origin, file.report))
      file.report.remarks.push_back(std::move(remark));
    file.report.rows_taken_back = std::exchange(taken_back, 0);
    file.report.rows_gone = member.rows_gone;
    remember(origin, file.state);
    if (job_.options.on_file) job_.options.on_file(file.report);
    report.files.push_back(std::move(file.report));
  }
  return {};
}

/// Reads the name of the delivery from its files; nothing is changed.
Result<void> FileGroup::name_delivery() {
  std::vector<FoundDelivery> found;
  for (const Member& member : members_) {
    if (found.size() > kDeliveriesShown) break;
    OPTIINFRA_TRY(const auto names, deliveries_of(job_, member.file, kDeliveriesShown + 1));
    for (const std::string& name : names)
      if (std::ranges::find(found, name, &FoundDelivery::name) == found.end())
        found.push_back({name, member.file.file.path().string()});
  }
  if (found.empty()) return no_delivery(members_.front().file);
  if (found.size() > 1) return several_deliveries(found);
  for (Member& member : members_) member.file.origin.delivery = found.front().name;
  return {};
}

/// Finds what the file replaces and continues; nothing is changed.
Result<void> FileGroup::compare(Member& member) {
  std::vector<Uuid> ids;
  for (const Member& each : members_) ids.push_back(each.file.origin.id);
  OPTIINFRA_TRY(Earlier earlier,
                find_earlier(known_, {member.file, member.content, ids, job_.options.replace}));
  const ImportRecord* own = find(member.file.origin.id);
  if (earlier.is_finished) {
    OPTIINFRA_TRY(member.rows_gone, count_gone(*own));
    if (member.rows_gone > 0 && job_.options.replace) {
      // It stays what a later delivery of the name replaces.
      if (member.file.origin.delivery.empty()) member.file.origin.delivery = own->delivery;
      earlier.replaced.push_back(*own);
      earlier.is_finished = false;
      member.rows_gone = 0;
    }
  }
  member.is_finished = earlier.is_finished;
  for (ImportRecord& each : earlier.replaced)
    if (!is_replaced(each.id)) replaced_.push_back(std::move(each));
  if (earlier.continued)
    continue_import(earlier.continued->id, member.file);
  else if (own != nullptr && !own->continues.is_nil())
    continue_import(own->continues, member.file);
  return {};
}

void FileGroup::continue_import(const Uuid& id, FileToImport& file) const {
  file.origin.continues = id;
  const ImportRecord* each = find(id);
  if (each != nullptr && !each->blocks.empty()) file.before.records = each->blocks.back();
  for (; each != nullptr; each = each->continues.is_nil() ? nullptr : find(each->continues)) {
    file.before.rows_stored += each->rows_stored;
    file.before.rows_refused += each->rows_refused;
  }
}

/// An import without a delivery becomes one of this delivery.
Result<void> FileGroup::name_finished() {
  for (const Member& member : members_) {
    const ImportRecord* own = find(member.file.origin.id);
    if (!member.is_finished || own == nullptr || member.file.origin.delivery.empty() ||
        own->delivery == member.file.origin.delivery)
      continue;
    Ledger ledger(job_.client, member.file.origin);
    OPTIINFRA_TRY(const auto state, ledger.find());
    if (state) OPTIINFRA_CHECK(ledger.record(*state));
  }
  return {};
}

/// How many rows of a finished import, and of those that it continues, are not in the store any more. Those
/// of programs before schema 10 are not counted: without their times every row of the table would be read.
Result<std::uint64_t> FileGroup::count_gone(const ImportRecord& import) {
  std::uint64_t gone = 0;
  for (const ImportRecord* each = &import; each != nullptr;
       each = each->continues.is_nil() ? nullptr : find(each->continues)) {
    if (!each->times) continue;
    OPTIINFRA_TRY(const auto days, days_of_import(job_.client, *each));
    std::uint64_t rows = 0;
    for (const ImportDay& day : days) rows += day.rows;
    gone += each->rows_stored - std::min(rows, each->rows_stored);
  }
  return gone;
}

/// First all files are read to their end and their imports recorded as begun, so that a kill leaves a trace
/// of what was to come.
Result<std::uint64_t> FileGroup::take_back() {
  if (replaced_.empty()) return std::uint64_t{0};
  // What a call remembers of its own imports lacks their blocks.
  OPTIINFRA_TRY(std::vector<ImportRecord> recorded, list_imports(job_.client));
  std::erase_if(recorded, [&](const ImportRecord& each) { return !is_replaced(each.id); });
  OPTIINFRA_CHECK(expect_removable(job_.client, recorded));
  std::uint64_t rows = 0;
  bool is_any_new = false;
  for (const Member& member : members_) {
    if (member.is_finished) continue;
    is_any_new = true;
    OPTIINFRA_TRY(const std::uint64_t of_file, check_file(job_, member.file));
    rows += of_file;
  }
  const auto is_new = [](const Member& member) { return !member.is_finished; };
  if (is_any_new && rows == 0)
    return invalid_argument(job_.options.files[std::ranges::find_if(members_, is_new)->file.index].string() +
                            ": no row can be stored, so that nothing would replace the earlier import. "
                            "Nothing was changed");
  for (Member& member : members_) {
    const ImportOrigin& origin = member.file.origin;
    if (member.is_finished || find(origin.id) != nullptr) continue;
    OPTIINFRA_CHECK(
        Ledger(job_.client, origin).begin({.records = member.file.before.records, .begun = now()}));
    member.file.is_begun_now = true;
  }
  OPTIINFRA_TRY(const UndoReport undone, undo_imports(job_.client, recorded));
  std::erase_if(known_, [&](const ImportRecord& each) { return is_replaced(each.id); });
  return undone.rows_removed;
}

void FileGroup::remember(const ImportOrigin& origin, const ImportState& state) {
  std::erase_if(known_, [&](const ImportRecord& each) { return each.id == origin.id; });
  ImportRecord record{.id = origin.id,
                      .family = origin.family,
                      .path = origin.path,
                      .delivery = origin.delivery,
                      .map = origin.map};
  record.rows_stored = state.rows_stored;
  record.rows_refused = state.rows_refused;
  record.finished = state.finished;
  record.begun = record.recorded = state.begun;
  record.blocks = {state.records};
  record.content = origin.content;
  record.content_bytes = origin.content_bytes;
  record.reading = origin.reading;
  record.continues = origin.continues;
  known_.push_back(std::move(record));
}

const ImportRecord* FileGroup::find(const Uuid& id) const {
  const auto found =
      std::find_if(known_.begin(), known_.end(), [&](const ImportRecord& each) { return each.id == id; });
  return found == known_.end() ? nullptr : &*found;
}

bool FileGroup::is_replaced(const Uuid& id) const {
  return std::any_of(replaced_.begin(), replaced_.end(),
                     [&](const ImportRecord& each) { return each.id == id; });
}

}  // namespace optiinfra
