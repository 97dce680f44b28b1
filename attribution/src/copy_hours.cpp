#include "optiinfra/attribution/copy_hours.hpp"

#include <algorithm>
#include <map>

#include "hour_writer.hpp"
#include "optiinfra/schema/tables.hpp"
#include "optiinfra/store/attribution_tables.hpp"
#include "optiinfra/transport/small_answer.hpp"
#include "source_tables.hpp"

namespace optiinfra::attribution {
namespace {

/// What the rows of the newest version were made from, and those of the versions before.
struct VersionsOfHour {
  HourVersion newest;
  std::vector<std::uint64_t> inputs;
};
using HourVersions = std::map<sys_seconds, VersionsOfHour>;

bool is_label(const store::AttributionColumn& column) {
  return std::string_view(column.type).starts_with("LowCardinality");
}

/// Where the rows of one version lie.
Statement statement_of(std::string sql, sys_seconds hour, std::uint64_t version) {
  return {
      .sql = std::move(sql) + " WHERE hour = toDateTime({hour:UInt32}, 'UTC') AND version = {version:UInt64}",
      .parameters = {{"hour", std::to_string(to_column_time(hour))}, {"version", std::to_string(version)}}};
}

/// No column of the table is nullable.
ColumnData copy_of(const ColumnData& data) {
  return std::visit(
      [](const auto& values) -> ColumnData {
        if constexpr (std::is_copy_constructible_v<std::decay_t<decltype(values)>>)
          return values;
        else
          detail::broken_invariant("an attributed row has a nullable column");
      },
      data);
}

class HoursCopy {
 public:
  HoursCopy(Client& source, Client& target, const OnHour& on_hour)
      : source_(source), target_(target), on_hour_(on_hour) {}

  Result<AttributedHoursCopy> run() {
    OPTIINFRA_TRY(const bool has_hours, source_has_hours());
    if (!has_hours) return copied_;
    OPTIINFRA_TRY(const HourVersions there, versions_in(source_, "read the source"));
    OPTIINFRA_TRY(const HourVersions here, versions_in(target_, "read the target"));
    for (const auto& [hour, versions] : there) {
      if (on_hour_ && !on_hour_(hour)) return copied_;
      const auto found = here.find(hour);
      const std::uint64_t known = found == here.end() ? 0 : found->second.newest.inputs;
      if (found != here.end() && known == versions.newest.inputs) {
        ++copied_.already_there;
      } else if (found != here.end() &&
                 std::find(versions.inputs.begin(), versions.inputs.end(), known) == versions.inputs.end()) {
        ++copied_.of_target;
      } else {
        const std::uint64_t before = found == here.end() ? 0 : found->second.newest.version;
        auto done = copy(hour, versions.newest, before);
        if (!done)
          return with_context(std::move(done).error(), "copy the attributed hour " + format_time(hour));
        ++copied_.copied;
      }
    }
    return copied_;
  }

 private:
  Result<bool> source_has_hours() { return has_table(source_, store::kAttributedHoursTable); }

  static Result<HourVersions> versions_in(Client& store, const char* what) {
    HourVersions hours;
    const sys_seconds oldest = now() - kRollupRetention + std::chrono::days{1};
    auto read = store.with_session([&](Session& session) {
      return done(session.query(
          {.sql = "SELECT toUInt32(toUnixTimestamp(hour)), version, inputs FROM " +
                  qualified(session.database(), store::kAttributedHoursTable) +
                  " WHERE hour >= toDateTime({oldest:UInt32}, 'UTC')",
           .parameters = {{"oldest", std::to_string(to_column_time(oldest))}}},
          [&](const Block& block) {
            for (std::size_t i = 0; i < block.row_count(); ++i) {
              const std::chrono::seconds hour{(*block.values<std::vector<std::uint32_t>>(0))[i]};
              const HourVersion version = {(*block.values<std::vector<std::uint64_t>>(1))[i],
                                           (*block.values<std::vector<std::uint64_t>>(2))[i]};
              VersionsOfHour& versions = hours[sys_seconds{hour}];
              versions.inputs.push_back(version.inputs);
              if (version.version >= versions.newest.version) versions.newest = version;
            }
            return true;
          }));
    });
    if (!read) return with_context(std::move(read).error(), what);
    return hours;
  }

  /// Under a version of its own, so that rows that a kill left behind never count.
  Result<void> copy(sys_seconds hour, const HourVersion& from, std::uint64_t before) {
    const HourVersion to = {next_version(before), from.inputs};
    OPTIINFRA_CHECK(target_.with_session([&](Session& writing) {
      return source_.with_session(
          [&](Session& reading) { return copy_rows(reading, writing, hour, from.version, to.version); });
    }));
    OPTIINFRA_TRY(const VersionContent expected, content_in(source_, hour, from.version));
    OPTIINFRA_TRY(const VersionContent stored, content_in(target_, hour, to.version));
    if (stored != expected)
      return Error{ErrorKind::kCorrupt, "its " + std::to_string(stored.rows) + " stored rows are not the " +
                                            std::to_string(expected.rows) +
                                            " of the source; run the same command again"};
    return target_.with_session(
        [&](Session& session) { return record_version(session, hour, to, stored.rows, stored.requests); });
  }

  static Result<VersionContent> content_in(Client& store, sys_seconds hour, std::uint64_t version) {
    VersionContent content;
    OPTIINFRA_CHECK(store.with_session([&](Session& session) -> Result<void> {
      OPTIINFRA_TRY(content, read_content(session, hour, version));
      return {};
    }));
    return content;
  }

  static Result<void> copy_rows(Session& source, Session& target, sys_seconds hour, std::uint64_t from,
                                std::uint64_t to) {
    std::string columns;
    for (const store::AttributionColumn& column : store::attributed_cost_columns())
      columns += std::string(columns.empty() ? "" : ", ") +
                 (is_label(column) ? "CAST(" + std::string(column.name) + ", 'String')" : column.name);
    Result<void> written{};
    auto read = source.query(statement_of("SELECT " + columns + " FROM " +
                                              qualified(source.database(), store::kAttributedCostTable),
                                          hour, from),
                             [&](const Block& block) {
                               if (!block.empty())
                                 written = insert_rows_of_version(target, renumbered(block, to));
                               return written.has_value();
                             });
    if (!written) return with_context(std::move(written).error(), "write the target");
    if (!read) return with_context(std::move(read).error(), "read the source");
    return {};
  }

  /// The rows as they are inserted, under another version.
  static Block renumbered(const Block& rows, std::uint64_t version) {
    Block block;
    std::size_t index = 0;
    for (const store::AttributionColumn& column : store::attributed_cost_columns()) {
      const std::size_t at = index++;
      if (std::string_view(column.name) == "version") {
        block.add({column.name, column.type, std::vector<std::uint64_t>(rows.row_count(), version)});
      } else if (const Strings* const texts = rows.values<Strings>(at);
                 is_label(column) && texts != nullptr) {
        Dictionary labels;
        labels.reserve(rows.row_count());
        for (std::size_t i = 0; i < rows.row_count(); ++i) labels.append((*texts)[i]);
        block.add({column.name, column.type, std::move(labels)});
      } else {
        block.add({column.name, column.type, copy_of(rows.columns()[at].data)});
      }
    }
    return block;
  }

  Client& source_;
  Client& target_;
  const OnHour& on_hour_;
  AttributedHoursCopy copied_;
};

}  // namespace

Result<AttributedHoursCopy> copy_attributed_hours(Client& source, Client& target, const OnHour& on_hour) {
  return HoursCopy(source, target, on_hour).run();
}

}  // namespace optiinfra::attribution
