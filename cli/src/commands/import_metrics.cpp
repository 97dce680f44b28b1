#include "commands/import_metrics.hpp"

#include <sys/stat.h>
#define XXH_INLINE_ALL
#include <xxhash.h>

#include "commands/metric_sources.hpp"
#include "flags.hpp"
#include "optiinfra/core/identity.hpp"
#include "optiinfra/exposition/serving_metric.hpp"

namespace optiinfra::cli {
namespace {

struct SavedText {
  std::string file;
  exposition::sys_milliseconds time;
  std::string text;
  exposition::TextFormat format{};
};

Result<exposition::sys_milliseconds> time_of_change(const std::string& file) {
  struct stat status{};
  if (::stat(file.c_str(), &status) != 0) return Error{ErrorKind::kStorage, file + " cannot be read"};
  return exposition::sys_milliseconds(std::chrono::milliseconds(std::int64_t{status.st_mtim.tv_sec} * 1'000 +
                                                                status.st_mtim.tv_nsec / 1'000'000));
}

Result<std::vector<SavedText>> read_texts(const std::vector<std::string>& files,
                                          const MetricsImportFlags& flags) {
  std::vector<SavedText> texts;
  for (const std::string& file : files) {
    SavedText& saved = texts.emplace_back();
    saved.file = file;
    if (flags.at) {
      saved.time = *flags.at + flags.interval * static_cast<int>(texts.size() - 1);
    } else {
      OPTIINFRA_TRY(saved.time, time_of_change(file));
    }
    if (texts.size() > 1 && saved.time <= texts[texts.size() - 2].time)
      return invalid_argument(
          file +
          " is not younger than the file before it; name the files from old to new, or say "
          "with --at and --interval when they were answered");
    OPTIINFRA_TRY(MetricsText text, read_metrics_text(file));
    saved.text = std::move(text.text);
    saved.format = text.format;
  }
  return texts;
}

Uuid identity(const char* kind, const std::string& text) {
  const auto id = Uuid::parse(text);
  return id ? *id : identity_of(kind, text);
}

/// Names the rows of a text by all that they are made of: importing again stores nothing twice.
std::string token_of(const SavedText* before, const SavedText& after, const exposition::TargetOwner& owner) {
  std::string all = owner.customer_id.to_string() + owner.service_id.to_string() + owner.instance_id;
  for (const SavedText* each : {before, &after})
    if (each != nullptr) all += std::to_string(each->time.time_since_epoch().count()) + '\n' + each->text;
  const XXH128_hash_t hash = XXH3_128bits(all.data(), all.size());
  return "metrics:" + Uuid{hash.high64, hash.low64}.to_string();
}

struct ImportedText {
  std::string file;
  sys_seconds time{};
  std::uint64_t samples = 0, understood = 0, resources = 0, servings = 0, resets = 0;
};

Result<ImportedText> import_text(Client& client, const SavedText* before,
                                 const std::optional<exposition::MetricsReading>& last,
                                 const SavedText& saved, const exposition::MetricsReading& reading,
                                 const exposition::AliasTable& aliases,
                                 const exposition::TargetOwner& owner) {
  const exposition::RowsBetween rows =
      exposition::rows_between(last ? &*last : nullptr, reading, aliases, owner);
  std::vector<ServingMetric> servings;
  for (const exposition::ServingInterval& each : rows.servings)
    servings.push_back(exposition::serving_metric(each, owner, reading.time));
  InsertOptions options;
  options.token = token_of(before, saved, owner);
  if (!rows.resources.empty()) OPTIINFRA_CHECK(client.insert(rows.resources, options));
  if (!servings.empty()) OPTIINFRA_CHECK(client.insert(servings, options));
  return ImportedText{saved.file,
                      std::chrono::floor<std::chrono::seconds>(saved.time),
                      reading.samples,
                      reading.understood,
                      rows.resources.size(),
                      servings.size(),
                      rows.resets};
}

Report import_report(const std::vector<ImportedText>& files) {
  Report report{.command = "import metrics"};
  Records records{.fields = {{"file", "file"},
                             {"time", "answered (UTC)", Look::kTime},
                             {"samples", "samples", Look::kCount},
                             {"understood", "understood", Look::kCount},
                             {"resource_rows", "resource rows", Look::kCount},
                             {"serving_rows", "serving rows", Look::kCount},
                             {"resets", "resets", Look::kCount}},
                  .rows = {}};
  for (const ImportedText& each : files)
    records.rows.push_back(
        {each.file, each.time, each.samples, each.understood, each.resources, each.servings, each.resets});
  report.sections.push_back({.key = "files", .title = {}, .records = std::move(records)});
  return report;
}

Result<std::vector<ImportedText>> import_all(Client& client, const std::vector<SavedText>& texts,
                                             const exposition::AliasTable& aliases,
                                             const exposition::TargetOwner& owner) {
  std::vector<ImportedText> imported;
  std::optional<exposition::MetricsReading> last;
  for (std::size_t i = 0; i < texts.size(); ++i) {
    const SavedText& saved = texts[i];
    auto reading = exposition::read_metrics(saved.text, aliases, saved.time,
                                            {.format = saved.format, .limits = {}, .edit = {}});
    if (!reading) return with_context(std::move(reading).error(), saved.file);
    OPTIINFRA_TRY(imported.emplace_back(), import_text(client, i == 0 ? nullptr : &texts[i - 1], last, saved,
                                                       *reading, aliases, owner));
    last = *std::move(reading);
  }
  return imported;
}

}  // namespace

void describe_metrics_import(CLI::App& app, MetricsImportFlags& flags) {
  app.add_option("--customer", flags.customer, "With metrics: whose they are, a name or a UUID")
      ->type_name("NAME");
  app.add_option("--service", flags.service, "With metrics: of which service")
      ->type_name("NAME")
      ->capture_default_str();
  app.add_option("--instance", flags.instance, "With metrics: of which instance")->type_name("NAME");
  add_time(app, "--at", flags.at,
           "With metrics: when the first file was answered; default each file's time of change");
  add_duration(app, "--interval", flags.interval,
               "With metrics and --at: the time from each file to the next");
  add_alias_files(app, flags.alias_files);
}

Result<ExitCode> import_metrics(const std::vector<std::string>& files, const MetricsImportFlags& flags,
                                Context& context) {
  if (flags.customer.empty() || flags.instance.empty())
    return invalid_argument("import metrics needs --customer and --instance");
  if (flags.at && flags.interval.count() == 0 && files.size() > 1)
    return invalid_argument("--at with several files needs --interval");
  const Stopwatch watch;
  OPTIINFRA_TRY(const exposition::AliasTable aliases, aliases_with(flags.alias_files));
  OPTIINFRA_TRY(const auto texts, read_texts(files, flags));
  exposition::TargetOwner owner{.customer_id = identity("customer", flags.customer),
                                .service_id = identity("service", flags.service),
                                .instance_id = flags.instance,
                                .is_instance_chosen = true};
  OPTIINFRA_TRY(Client client, context.open(false));
  auto imported = import_all(client, texts, aliases, owner);
  if (!imported) {
    // The flags were understood, whatever is wrong with the texts.
    context.complain(imported.error());
    return ExitCode::kFailed;
  }
  Report report = import_report(*imported);
  report.elapsed = watch.elapsed();
  OPTIINFRA_CHECK(context.answer(report));
  return ExitCode::kDone;
}

}  // namespace optiinfra::cli
