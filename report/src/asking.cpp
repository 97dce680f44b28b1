#include "optiinfra/report/asking.hpp"

#include "optiinfra/report/answer.hpp"
#include "optiinfra/report/names.hpp"
#include "optiinfra/report/stored_names.hpp"

namespace optiinfra::report {
namespace {

std::string coverage_note(const Answer& answer, const Report& report) {
  std::string note = "rests on ";
  for (std::size_t i = 0; i < report.coverage.size(); ++i)
    note += (i == 0 ? "" : ", ") + std::to_string(report.coverage[i].second) + " " +
            report.coverage[i].first + " rows";
  return note + "; " + std::to_string(answer.rows.size()) + " rows of the answer";
}

void draw(Report& report, const Answer& answer, const NamedQuestion& named, Bucket bucket) {
  if (!named.drawing) return;
  report.charts.push_back(
      series_of(answer, named.drawing->key, named.drawing->title, bucket_end({}, bucket).time_since_epoch()));
  report.charts.back().from_zero = named.drawing->from_zero;
}

}  // namespace

Result<Asked> ask(Client& client, Question question, const NamedQuestion* named, const AskOptions& options) {
  const bool is_object = named != nullptr && named->is_object;
  // One more than asked for shows whether there are more.
  if (options.rows_max != 0 && !is_object) question.limit = options.rows_max + 1;
  const auto begin = std::chrono::steady_clock::now();
  OPTIINFRA_TRY(Answer answer, client.query(question));
  Asked asked{.report = {.command = std::string("query ") + (named == nullptr ? "metrics" : named->name)}};
  asked.report.elapsed = std::chrono::steady_clock::now() - begin;
  std::optional<Absence> absence;
  if (options.explains_absence) {
    OPTIINFRA_TRY(absence, absence_of(client, question, answer));
  }
  if (absence && absence->is_unknown) {
    asked.not_found = absence->sentence;
    return asked;
  }
  if (named != nullptr) named->name_columns(answer.columns);
  asked.report.has_more = options.rows_max != 0 && !is_object && answer.rows.size() > options.rows_max;
  if (asked.report.has_more) answer.rows.resize(options.rows_max);
  std::optional<Names> names;
  if (options.shows_names) names = options.names ? *options.names : names_of_answer(client, answer);
  add_answer(asked.report, answer, is_object, names ? &*names : nullptr);
  if (named != nullptr && question.bucket) draw(asked.report, answer, *named, *question.bucket);
  if (absence) {
    asked.report.instead = absence->sentence;
  } else if (named == nullptr && options.explains_absence) {
    asked.report.notes.push_back(coverage_note(answer, asked.report));
  }
  return asked;
}

}  // namespace optiinfra::report
