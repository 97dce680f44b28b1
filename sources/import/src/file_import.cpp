#include "file_import.hpp"

#include <algorithm>
#include <map>
#include <numeric>
#include <utility>

#include "bill.hpp"
#include "customers.hpp"
#include "optiinfra/schema/batch_columns.hpp"
#include "optiinfra/schema/validate.hpp"
#include "optiinfra/transport/small_answer.hpp"
#include "optiinfra/transport/sql.hpp"
#include "plain_rows.hpp"
#include "reading_query.hpp"
#include "record_block.hpp"
#include "rejected_file.hpp"
#include "row_describer.hpp"
#include "separate_reader.hpp"
#include "source_columns.hpp"
#include "text_form.hpp"
#include "unit_check.hpp"

namespace optiinfra {
namespace {

using std::chrono::steady_clock;

/// So few rows are one block, whatever they are, so that nothing of them is stored before all are read.
constexpr std::uint64_t kUncheckedRowsMax = 300;

/// Most keys without a customer that are counted separately.
constexpr std::size_t kKeysWithoutCustomerMax = 1'000;

/// How long a store may take none of the rows before the import gives up; it can be run again.
constexpr std::chrono::milliseconds kStorePatience = std::chrono::minutes{2};
constexpr std::chrono::milliseconds kPatienceOfDay = std::chrono::seconds{3};  ///< Each is an insert.

/// How often the caller hears of a file that is only read.
constexpr std::chrono::milliseconds kReadingPause{500};

template <typename Row>
class FileImport {
 public:
  using BatchType = Batch<Row>;

  FileImport(const ImportJob& job, FileToImport target)
      : job_(job),
        table_(table_of(MetricTraits<Row>::kFamily)),
        file_(std::move(target.file)),
        format_(std::move(target.format)),
        origin_(std::move(target.origin)),
        before_(target.before),
        is_begun_now_(target.is_begun_now),
        map_(*target.map),
        rejected_(rejected_for(job, target.index), job.options.rejected_folder),
        border_(job.test.limits) {
    report_.path = file_.path();
    report_.import_id = origin_.id;
    report_.delivery = origin_.delivery;
    progress_.path = file_.path();
    progress_.file_index = target.index;
    progress_.file_count = job.options.files.size();
  }

  Result<ImportedFile> run() {
    const auto begin = steady_clock::now();
    report_.map = map_.checked.map.name;
    Ledger ledger(job_.client, origin_);
    OPTIINFRA_TRY(const auto known, ledger.find());
    ledger_ = &ledger;
    state_ = known.value_or(ImportState{.records = before_.records, .begun = now()});
    recorded_rows_ = state_.rows_stored;
    report_.rows_already_stored = before_.rows_stored + state_.rows_stored;
    if (state_.finished) {
      report_.was_already_imported = true;
    } else {
      if (auto stored = read_and_store(known.has_value()); !stored)
        return with_progress(std::move(stored).error());
    }
    report_.bill = bill_.categories();
    report_.remarks = units_.remarks();
    report_.rows_without_customer.assign(without_customer_.begin(), without_customer_.end());
    report_.rows_refused = before_.rows_refused + state_.rows_refused;
    if (report_.rows_refused > 0) report_.rejected_path = rejected_.path();
    report_.rows_written_down = rejected_.line_count();
    report_.elapsed = std::chrono::duration_cast<std::chrono::milliseconds>(steady_clock::now() - begin);
    return ImportedFile{std::move(report_), state_};
  }

  /// The rows that run() would store.
  Result<std::uint64_t> check() {
    state_ = ImportState{.begun = now()};
    OPTIINFRA_CHECK(prepare());
    OPTIINFRA_CHECK(rehearse());
    return rehearsed_rows_;
  }

  /// See deliveries_of().
  Result<std::vector<std::string>> deliveries(std::size_t count_max) {
    OPTIINFRA_CHECK(settle_form());
    OPTIINFRA_TRY(found_, survey(job_.reader, file_, format_));
    format_.may_quote_last_blanks = found_.quotes_last_blanks;
    TypesOfValues known_types;
    const PlanRequest request{file_,  format_, *map_.delivery, table_.raw_table, {kDeliveryColumn},
                              found_, now()};
    OPTIINFRA_TRY(const ReadPlan plan, plan_reading(job_.reader, request, known_types));
    const std::string name = sql_identifier(kDeliveryColumn.name);
    const auto rows =
        query_texts(job_.reader, {.sql = "SELECT DISTINCT " + name + " FROM (" + plan.sql + ") WHERE " +
                                         sql_identifier(kKeep) + " = " + std::to_string(kWanted) + " AND " +
                                         name + " != '' LIMIT " + std::to_string(count_max),
                                  .settings = plan.settings,
                                  .timeout = kReadTimeout});
    if (!rows) return unreadable(file_, format_, rows.error());
    std::vector<std::string> names;
    for (const auto& row : *rows) names.push_back(row[0]);
    return names;
  }

 private:
  /// The file that the file of refused rows is named after. What comes from standard input has no name that
  /// tells it from other imports.
  std::filesystem::path rejected_for(const ImportJob& job, std::size_t index) const {
    if (job.options.files[index] != kStandardInput) return file_.path();
    return std::string(kStandardInputName) + "-" + origin_.id.to_string().substr(0, 8);
  }

  /// What a file that failed has left in the store, and what to do about it.
  Error with_progress(Error error) const {
    if (recorded_rows_ == 0) return error;
    error.message += "; " + std::to_string(recorded_rows_) + " rows of " + file_.path().string() +
                     " are stored; the same import again stores the rest, each row once";
    return error;
  }

  /// Makes the file one that the engine reads here, and finds how its text is to be read.
  Result<void> settle_form() {
    OPTIINFRA_TRY(given_file_, file_.again());
    if (format_.is_read_apart) {
      OPTIINFRA_TRY(file_, read_by(job_.options.reader_program, file_, format_));
      format_ = FileFormat{.name = "Native", .compression = "none"};
    }
    OPTIINFRA_CHECK(expect_whole(file_, format_));
    take_text_form(map_.checked.map.text_form, format_);
    return settle_text_form(job_.reader, file_, format_);
  }

  Result<void> prepare() {
    OPTIINFRA_CHECK(settle_form());
    if (format_.is_json_over_lines && !origin_.continues.is_nil())
      return invalid_argument(file_.path().string() +
                              " begins with the content of an earlier import, and its objects are not one a "
                              "line, so that what was added cannot be told: --replace imports it as a whole");
    OPTIINFRA_CHECK(examine_plain());
    return is_plain_ ? Result<void>() : prepare_query();
  }

  Result<void> prepare_query() {
    OPTIINFRA_TRY(found_, survey(job_.reader, file_, format_));
    format_.may_quote_last_blanks = found_.quotes_last_blanks;
    progress_.rows_total = map_.checked.map.rows.empty() ? found_.rows : 0;
    const PlanRequest request{file_,  format_,     map_.checked, table_.raw_table, table_.columns(),
                              found_, state_.begun};
    OPTIINFRA_TRY(plan_, plan_reading(job_.reader, request, map_.known_types));
    return {};
  }

  Result<void> examine_plain() {
    is_plain_ = false;
    if (!job_.test.may_read_plain || !may_be_plain(format_, map_.checked.map)) return {};
    OPTIINFRA_TRY(const auto rows,
                  examine_plain_file<Row>(file_, format_, state_.begun, [this] { go_on_reading(); }));
    is_plain_ = rows.has_value();
    found_ = {};
    found_.rows = progress_.rows_total = rows.value_or(0);
    plan_ = {};
    return {};
  }

  Result<void> read_and_store(bool was_begun) {
    OPTIINFRA_CHECK(prepare());
    if (job_.options.strict) {
      OPTIINFRA_CHECK(rehearse());
    } else if (!was_begun && (found_.rows > kUncheckedRowsMax || map_.checked.map.repeats() ||
                              !map_.checked.map.rows.empty())) {
      OPTIINFRA_CHECK(check_values());
    }
    if (!was_begun) OPTIINFRA_CHECK(ledger_->begin(state_));
    OPTIINFRA_CHECK(settle_tokens(was_begun));
    reached(ImportPoint::kBegun);
    OPTIINFRA_CHECK(rejected_.keep(before_.rows_refused + state_.rows_refused));
    last_refused_row_ = row_of_rejected_line(rejected_.last_line());
    stores_ = true;
    OPTIINFRA_CHECK(read_records());
    OPTIINFRA_CHECK(given_file_->expect_unchanged());
    OPTIINFRA_CHECK(store_block(true));
    return record_block();
  }

  /// An import that an earlier call began goes on with the numbers and the tokens that it was begun with. Any
  /// of its further blocks may be in the store: a power failure may take records of the ledger that were
  /// written long after the blocks, which are synced.
  Result<void> settle_tokens(bool was_begun) {
    is_resumed_ = was_begun && !is_begun_now_;
    token_start_ = import_token_start(report_.import_id, state_.begun, state_.cut);
    if (state_.cut == BlockCut::kByDays) return {};
    border_ = BlockBorder(job_.test.former_limits);
    OPTIINFRA_TRY(token_start_, former_token_start(job_.client, origin_, state_));
    return {};
  }

  /// Reads what will be stored to its end, and lets it go.
  Result<void> check_values() {
    if (plan_.check_sql.empty()) return {};
    const auto read =
        job_.reader.query({.sql = plan_.check_sql, .settings = plan_.settings, .timeout = kReadTimeout},
                          [this](const Block&) { return go_on_reading(); });
    if (!read) return unreadable(file_, format_, read.error());
    return {};
  }

  /// Reads the file as if to store it. In strict mode it fails when a row is refused. Nothing is stored.
  Result<void> rehearse() {
    if (state_.records == before_.records) OPTIINFRA_CHECK(rejected_.keep(before_.rows_refused));
    const ImportState before = state_;
    state_.records = before_.records;
    OPTIINFRA_CHECK(read_records());
    OPTIINFRA_CHECK(rejected_.sync());
    const std::uint64_t refused = pending_refused_, read = report_.rows_read;
    rehearsed_rows_ += batch_.size();
    state_ = before;
    forget_pending();
    report_.rows_read = report_.rows_left_out = 0;
    bill_.clear();
    without_customer_.clear();
    if (refused == 0 || !job_.options.strict) return {};
    return invalid_argument(file_.path().string() + ": " + std::to_string(refused) + " of " +
                            std::to_string(read) +
                            " rows are refused, so nothing of the file was stored (strict); " +
                            rejected_.path().string() + " says which and why");
  }

  void forget_pending() {
    batch_.clear();
    border_.restart();
    pending_refused_ = skipped_ = line_breaks_ = last_row_ = last_refused_row_ = 0;
  }

  Result<void> read_records() {
    std::uint64_t handled = state_.records;
    if (is_plain_) {
      OPTIINFRA_TRY(const bool was_all, read_plain(handled));
      if (was_all) return {};
      // The query reads the rest of this file, also when it is read again.
      is_plain_ = false;
      OPTIINFRA_CHECK(prepare_query());
    }
    failure_.reset();
    Statement statement{.sql = plan_.sql, .settings = plan_.settings, .timeout = kReadTimeout};
    // Line breaks before the first row of interest count for its line number, so those rows are read too.
    skip_ = plan_.counts_line_breaks ? handled : 0;
    if (handled > skip_) statement.sql += " OFFSET " + std::to_string(handled);
    auto read = job_.reader.query(statement, [this](const Block& block) {
      if (auto taken = take(RecordBlock(block)); !taken) failure_ = std::move(taken).error();
      return !failure_.has_value() && go_on_reading();
    });
    if (failure_) return *std::move(failure_);
    if (!read) return with_context(std::move(read).error(), "reading " + file_.path().string());
    return {};
  }

  /// Takes the rows behind the first `handled`, up to the first that is not plain, and adds them to
  /// `handled`. Whether they were all.
  Result<bool> read_plain(std::uint64_t& handled) {
    std::uint64_t skip = handled;
    return read_plain_rows<Row>(file_, format_, state_.begun, [&](const BatchType& rows) -> Result<void> {
      const PlainRecords<Row> records(rows);
      std::size_t begin = static_cast<std::size_t>(std::min<std::uint64_t>(skip, rows.size()));
      skip -= begin;
      last_row_ += begin;
      std::vector<std::uint32_t> taken;
      while (begin < rows.size()) {
        const std::size_t end = border_.take(records, begin);
        taken.resize(end - begin);
        std::iota(taken.begin(), taken.end(), static_cast<std::uint32_t>(begin));
        append_batch<Row>(batch_, rows, taken);
        report_.rows_read += end - begin;
        last_row_ += end - begin;
        handled += end - begin;
        if (border_.is_full()) OPTIINFRA_CHECK(store_block(false));
        begin = end;
      }
      go_on_reading();
      return {};
    });
  }

  Result<void> take(const RecordBlock& records) {
    if (!records.is_complete())
      return Error{ErrorKind::kCorrupt, "the engine's answer lacks a column that was asked for"};
    const std::size_t rows = records.block.row_count();
    for (std::size_t begin = 0; begin < rows;) {
      if (skipped_ < skip_) {
        const auto end =
            begin + static_cast<std::size_t>(std::min<std::uint64_t>(rows - begin, skip_ - skipped_));
        for (std::size_t row = begin; row < end; ++row) pass(records, row);
        skipped_ += end - begin, begin = end;
        continue;
      }
      const std::size_t end = border_.take(records, begin);
      OPTIINFRA_CHECK(take_records(records, begin, end));
      if (border_.is_full()) OPTIINFRA_CHECK(store_block(false));
      begin = end;
    }
    return {};
  }

  /// Keeps count of rows and lines; a repeated row counts once. True for the first of its repetitions.
  bool pass(const RecordBlock& records, std::size_t row) {
    const std::uint64_t number = (*records.row_numbers)[row];
    if (number == last_row_) return false;
    last_row_ = number;
    line_ = plan_.lines_before_rows + number + line_breaks_;
    if (records.line_breaks != nullptr) line_breaks_ += (*records.line_breaks)[row];
    return true;
  }

  Result<void> take_records(const RecordBlock& records, std::size_t begin, std::size_t end) {
    std::vector<std::uint32_t> good;
    struct RefusedRecord {
      std::uint32_t row;
      std::uint64_t line;
    };
    good.reserve(end - begin);
    std::vector<std::uint64_t> lines;
    lines.reserve(end - begin);
    std::vector<RefusedRecord> refused;
    for (std::size_t row = begin; row < end; ++row) {
      const bool is_first = pass(records, row);
      const std::uint8_t keep = (*records.keep)[row];
      if (is_first && keep != kBlank) ++report_.rows_read;
      if (is_first && keep == kLeftOut) ++report_.rows_left_out;
      if (keep != kBlank && records.is_charge != nullptr && (*records.is_charge)[row] != 0)
        bill_.add_line((*records.categories)[row], (*records.amounts)[row]);
      if (keep != kWanted) continue;
      if ((*records.refuse)[row] != 0) {
        refused.push_back({static_cast<std::uint32_t>(row), line_});
      } else {
        good.push_back(static_cast<std::uint32_t>(row)), lines.push_back(line_);
      }
    }
    candidates_.clear();
    if (!append_block<Row>(candidates_, records.block, good))
      return Error{ErrorKind::kCorrupt,
                   "the engine's answer has a column of another type than was asked for"};
    const Validation validation = validate<Row>(candidates_, state_.begun);

    std::vector<std::uint32_t> valid;
    valid.reserve(good.size());
    auto broken = validation.refused_rows.begin();
    for (std::uint32_t i = 0; i < good.size(); ++i) {
      if (broken == validation.refused_rows.end() || *broken != i) {
        valid.push_back(i);
      } else {
        ++broken;
      }
    }
    append_batch<Row>(batch_, candidates_, valid);
    if constexpr (std::is_same_v<Row, CostMetric>) {
      for (std::size_t i = 0; records.amounts != nullptr && i < valid.size(); ++i)
        bill_.add_stored((*records.categories)[good[valid[i]]], candidates_.cost_per_hour[valid[i]]);
    }

    // Both kinds of refused rows are written in the order of the file.
    auto inconvertible = refused.begin();
    for (const std::uint32_t i : validation.refused_rows) {
      for (; inconvertible != refused.end() && inconvertible->row < good[i]; ++inconvertible) {
        OPTIINFRA_CHECK(write_rejected(records, inconvertible->row, inconvertible->line, {}));
      }
      OPTIINFRA_CHECK(write_rejected(records, good[i], lines[i], broken_rules(i)));
    }
    for (; inconvertible != refused.end(); ++inconvertible) {
      OPTIINFRA_CHECK(write_rejected(records, inconvertible->row, inconvertible->line, {}));
    }
    return {};
  }

  /// Row by row, because one validation describes a limited number of values.
  std::vector<RefusedValue> broken_rules(std::uint32_t candidate) const {
    BatchType single;
    append_batch<Row>(single, candidates_, std::span(&candidate, 1));
    return validate<Row>(single, state_.begun).refused;
  }

  Result<void> write_rejected(const RecordBlock& records, std::uint32_t row, std::uint64_t line,
                              const std::vector<RefusedValue>& broken) {
    const std::uint64_t number = (*records.row_numbers)[row];
    if (number == last_refused_row_) return {};
    last_refused_row_ = number;
    ++pending_refused_;
    const std::string described = plan_.describer.rejected_line(
        plan_.has_lines ? std::optional(line) : std::nullopt, number, (*records.details)[row], broken);
    if (!map_.checked.map.customers.key.empty()) count_without_customer(described);
    return rejected_.append(described);
  }

  /// The value that has no customer, as the description of a row shows it.
  void count_without_customer(std::string_view described) {
    const std::string said = "\"value\":\"" + std::string(kNoCustomer);
    const auto begin = described.find(said);
    if (begin == std::string_view::npos) return;
    described.remove_prefix(begin + said.size());
    std::string key(described.substr(0, described.find('"')));
    if (without_customer_.size() >= kKeysWithoutCustomerMax && !without_customer_.contains(key))
      key = "(others)";
    ++without_customer_[key];
  }

  /// Hands what is pending to the writer as one block, and records the block before, which it has stored
  /// meanwhile. Repeated after a kill in between, the block has the same token and the same rows, and counts
  /// once.
  Result<void> store_block(bool is_last) {
    if (!stores_) {
      // A rehearsal keeps its counts and lets the rows go.
      rehearsed_rows_ += batch_.size();
      batch_.clear();
      border_.restart();
      return {};
    }
    const std::uint64_t records = border_.record_count();
    OPTIINFRA_CHECK(record_block());
    OPTIINFRA_CHECK(rejected_.sync());
    reached(ImportPoint::kRejectedWritten);
    count_times();
    units_.add<Row>(batch_);
    auto receipt = job_.writer.template write<Row>(
        batch_, {.token = token_start_ + std::to_string(state_.records), .is_new_token = !is_resumed_});
    if (!receipt) return with_context(std::move(receipt).error(), file_.path().string());
    in_flight_.emplace(std::move(receipt->ticket));
    patience_ = kStorePatience + border_.day_count() * kPatienceOfDay;
    state_.records += records;
    state_.rows_stored += batch_.size();
    state_.rows_refused += pending_refused_;
    state_.finished = is_last;
    report_.rows_stored += batch_.size();
    batch_.clear();
    border_.restart();
    pending_refused_ = 0;
    return {};
  }

  /// Waits for the block that the writer has, and notes in the ledger that it is stored.
  Result<void> record_block() {
    if (!in_flight_) return {};
    if (auto stored = in_flight_->wait(patience_); !stored) return not_stored(std::move(stored).error());
    in_flight_.reset();
    reached(ImportPoint::kBlockInserted);
    recorded_rows_ = state_.rows_stored;
    OPTIINFRA_CHECK(ledger_->record(state_));
    report_progress();
    reached(ImportPoint::kBlockRecorded);
    return {};
  }

  /// A block of which an earlier call stored other rows stays what it is, however often this is repeated.
  Error not_stored(Error error) const {
    if (is_resumed_ && error.kind == ErrorKind::kCorrupt)
      error.message +=
          "; where an earlier call stored other rows of this file, --replace takes them back and imports it "
          "from the start";
    return with_context(std::move(error), file_.path().string());
  }

  /// Of the block that is about to be stored: old rows are named before they are.
  void count_times() {
    state_.times.reset();
    const sys_seconds clock = now();
    const std::uint32_t expired_before = to_column_time(clock - job_.retention);
    const std::uint32_t rollups_expired_before = to_column_time(clock - job_.rollup_retention);
    const std::uint64_t past_rollups = report_.rows_past_rollups;
    for (const std::uint32_t time : batch_.timestamp) {
      if (time < expired_before) ++report_.rows_past_retention;
      if (time < rollups_expired_before) ++report_.rows_past_rollups;
      const sys_seconds at{std::chrono::seconds{time}};
      if (!state_.times) state_.times = TimeRange{at, at + std::chrono::seconds{1}};
      state_.times->begin = std::min(state_.times->begin, at);
      state_.times->end = std::max(state_.times->end, at + std::chrono::seconds{1});
    }
    if (!state_.times) return;
    if (!report_.times) report_.times = state_.times;
    report_.times->begin = std::min(report_.times->begin, state_.times->begin);
    report_.times->end = std::max(report_.times->end, state_.times->end);
    if (report_.rows_past_rollups > past_rollups && job_.options.on_old_rows)
      job_.options.on_old_rows({.path = file_.path(),
                                .rows = report_.rows_past_rollups - past_rollups,
                                .oldest = state_.times->begin,
                                .rollup_retention = job_.rollup_retention});
  }

  /// Tells the caller, who may end the call, now and then of rows that are read and not stored.
  bool go_on_reading() {
    if (steady_clock::now() - told_ < kReadingPause) return true;
    report_progress();
    return true;
  }

  void report_progress() {
    told_ = steady_clock::now();
    if (!job_.options.on_progress) return;
    progress_.rows_read = last_row_;
    progress_.rows_stored = state_.rows_stored;
    progress_.rows_refused = state_.rows_refused;
    job_.options.on_progress(progress_);
  }

  void reached(ImportPoint point) const {
    if (job_.test.reached) job_.test.reached(point);
  }

  const ImportJob& job_;
  const TableDefinition& table_;
  SourceFile file_;
  FileFormat format_;
  const ImportOrigin origin_;
  const ImportState before_;  ///< See FileToImport.
  const bool is_begun_now_;
  PreparedMap& map_;
  std::optional<SourceFile> given_file_;  ///< Of which file_ may be a copy that can be read.
  Survey found_;
  bool is_plain_ = false;  ///< See plain_rows.hpp.
  RejectedFile rejected_;
  Ledger* ledger_ = nullptr;
  FileReport report_;
  ImportProgress progress_;
  ReadPlan plan_;
  ImportState state_;  ///< With the block in flight, which the ledger gets once it is stored.
  std::optional<Ticket> in_flight_;
  std::chrono::milliseconds patience_{0};  ///< With it.
  bool is_resumed_ = false;                ///< Begun by an earlier call: any block may be in the store.
  std::string token_start_;                ///< Of all its blocks.
  steady_clock::time_point told_{};        ///< When the caller heard of this file last.
  UnitCheck units_;
  Bill bill_;  ///< Of this call.
  std::map<std::string, std::uint64_t> without_customer_;
  bool stores_ = false;
  std::uint64_t rehearsed_rows_ = 0;
  std::uint64_t recorded_rows_ = 0;  ///< Those that are known to be stored.

  BatchType candidates_;  ///< Rows of one piece, before they are validated.
  BatchType batch_;       ///< Good rows of the block that is being gathered.
  BlockBorder border_;
  std::uint64_t pending_refused_ = 0;
  std::uint64_t skip_ = 0, skipped_ = 0;
  std::uint64_t line_ = 0, line_breaks_ = 0, last_row_ = 0, last_refused_row_ = 0;
  std::optional<Error> failure_;
};

Result<FileToImport> opened_again(const FileToImport& target) {
  OPTIINFRA_TRY(SourceFile file, target.file.again());
  return FileToImport{.index = target.index,
                      .file = std::move(file),
                      .map = target.map,
                      .format = target.format,
                      .origin = target.origin};
}

}  // namespace

Result<ImportedFile> import_file(const ImportJob& job, FileToImport target) {
  return with_metric(job.options.family,
                     [&]<typename Row>() { return FileImport<Row>(job, std::move(target)).run(); });
}

Result<std::uint64_t> check_file(const ImportJob& job, const FileToImport& target) {
  OPTIINFRA_TRY(FileToImport checked, opened_again(target));
  return with_metric(job.options.family, [&]<typename Row>() -> Result<std::uint64_t> {
    return FileImport<Row>(job, std::move(checked)).check();
  });
}

Result<std::vector<std::string>> deliveries_of(const ImportJob& job, const FileToImport& target,
                                               std::size_t count_max) {
  OPTIINFRA_TRY(FileToImport read, opened_again(target));
  return with_metric(job.options.family, [&]<typename Row>() -> Result<std::vector<std::string>> {
    return FileImport<Row>(job, std::move(read)).deliveries(count_max);
  });
}

}  // namespace optiinfra
