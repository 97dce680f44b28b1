#include <algorithm>
#include <filesystem>

#include "commands/command.hpp"
#include "commands/commands.hpp"
#include "optiinfra/spool/spool.hpp"
#include "optiinfra/store/migrate.hpp"
#include "optiinfra/store/reattach.hpp"
#include "optiinfra/store/restore.hpp"
#include "optiinfra/transport/connector.hpp"
#include "optiinfra/transport/folder_fault.hpp"

namespace optiinfra::cli {
namespace {

struct DoctorFlags {
  std::string spool;
  bool repair = false;
  bool accept_loss = false;
};

/// What is wrong, where, and what was done or what to do.
struct Finding {
  std::string area;  ///< "files", "store", "tables", "parts", "spool".
  std::string place;
  std::string what;
  std::string remedy;
  bool is_repaired = false;
};

/// Findings as they are made.
class Doctor {
 public:
  Doctor(const DoctorFlags& flags, StoreUrl url) : flags_(flags), url_(std::move(url)) {}

  Result<void> examine() {
    bool opens = true;
    if (is_embedded()) {
      OPTIINFRA_TRY(opens, examine_files());
    }
    if (opens) OPTIINFRA_CHECK(examine_store());
    if (!flags_.spool.empty()) OPTIINFRA_CHECK(examine_spool());
    return {};
  }

  const std::vector<Finding>& findings() const noexcept { return findings_; }
  bool did_open() const noexcept { return did_open_; }
  std::string description() const { return url_.description(); }
  std::uint64_t left() const {
    return static_cast<std::uint64_t>(std::count_if(findings_.begin(), findings_.end(),
                                                    [](const Finding& each) { return !each.is_repaired; }));
  }

 private:
  bool is_embedded() const { return url_.protocol == Protocol::kEmbedded && !url_.folder.empty(); }

  void add(std::string area, std::string place, std::string what, std::string remedy,
           bool is_repaired = false) {
    findings_.push_back({std::move(area), std::move(place), std::move(what), std::move(remedy), is_repaired});
  }

  /// Gives whether the engine can be let at the files.
  Result<bool> examine_files() {
    OPTIINFRA_TRY(const auto faults,
                  examine_folder(url_.folder, flags_.repair ? FolderRepair::kRepair : FolderRepair::kNone));
    bool opens = true;
    for (const FolderFault& each : faults) {
      add("files", each.place, each.what, each.remedy, each.is_repaired);
      opens &= each.is_repaired || !each.stops_engine;
    }
    return opens;
  }

  /// A store that does not open is a finding like others.
  Result<void> examine_store() {
    OPTIINFRA_TRY(const auto connector, make_connector(url_, IfAbsent::kFail));
    auto session = connector->connect();
    if (!session) {
      add("store", url_.description(), session.error().message, "the other findings may say why");
      return {};
    }
    did_open_ = true;
    OPTIINFRA_CHECK(examine_objects(**session));
    return examine_parts(**session);
  }

  Result<void> examine_objects(Session& session) {
    if (flags_.repair) {
      OPTIINFRA_TRY(const store::MigrationReport migration, store::migrate(session));
      for (const std::string& each : migration.applied) add("tables", "", each, "it was applied", true);
      for (const std::string& each : migration.restored)
        add("tables", "", each, "as optiinfra init does", true);
      return {};
    }
    OPTIINFRA_TRY(const auto faults, store::find_object_faults(session));
    for (const store::ObjectFault& each : faults) add("tables", "", each.what, "");
    return {};
  }

  Result<void> examine_parts(Session& session) {
    if (!flags_.repair || !is_embedded()) {
      OPTIINFRA_TRY(const auto parts, store::read_set_aside_parts(session));
      for (const store::SetAsidePart& each : parts)
        add("parts", each.path, sentence_of(each),
            is_embedded() ? "`optiinfra doctor --repair` puts it back if its files are whole"
                          : "stop the server and run `optiinfra doctor --repair` on its machine");
      return {};
    }
    OPTIINFRA_TRY(const auto parts,
                  store::reattach_parts(session, flags_.accept_loss ? store::UnreadablePart::kPutAway
                                                                    : store::UnreadablePart::kLeave));
    for (const store::ReattachedPart& each : parts)
      add("parts", each.part.path, sentence_of(each.part), each.outcome, each.is_settled);
    return {};
  }

  static std::string sentence_of(const store::SetAsidePart& part) {
    return "a part of " + part.table + (part.day.empty() ? "" : " of " + part.day) + " is set aside (" +
           part.reason + "), with " + (part.rows ? std::to_string(*part.rows) : "an unknown number of") +
           " rows";
  }

  Result<void> examine_spool();

  const DoctorFlags& flags_;
  const StoreUrl url_;
  std::vector<Finding> findings_;
  bool did_open_ = false;
};

Result<void> Doctor::examine_spool() {
  if (!std::filesystem::is_directory(flags_.spool)) {
    add("spool", flags_.spool, "there is no spool", "name the folder that a writer was given");
    return {};
  }
  auto spool = spool::Spool::open(flags_.spool);
  if (!spool) {
    add("spool", flags_.spool, spool.error().message, "");
    return {};
  }
  for (const std::string& each : (*spool)->recovery().problems)
    add("spool", flags_.spool, each, "the next writer of the spool replays what is whole");
  return {};
}

Records finding_records(const std::vector<Finding>& findings) {
  Records records{.fields = {{"area", "area"},
                             {"place", "place"},
                             {"what", "what"},
                             {"remedy", "remedy"},
                             {"repaired", "repaired"}},
                  .rows = {}};
  for (const Finding& each : findings)
    records.rows.push_back({each.area, each.place, each.what, each.remedy, each.is_repaired});
  return records;
}

/// "engine/metadata/optiinfra.sql: the definition of ... is empty. It was restored from ..."
std::string sentence(const Finding& finding) {
  std::string text = (finding.place.empty() ? "" : finding.place + ": ") + finding.what;
  if (!finding.remedy.empty()) text += (finding.is_repaired ? ". Repaired: " : ". ") + finding.remedy;
  return text + ".";
}

Report make_report(const Doctor& doctor, bool is_table) {
  Report report{.command = "doctor"};
  // Sentences are no table.
  if (!is_table)
    report.sections.push_back(
        {.key = "findings", .title = {}, .records = finding_records(doctor.findings())});
  report.sections.push_back(object_section("summary",
                                           {{"store", "store"},
                                            {"opens", "opens"},
                                            {"healthy", "healthy"},
                                            {"findings", "found", Look::kCount},
                                            {"left", "left to do", Look::kCount}},
                                           {doctor.description(), doctor.did_open(), doctor.left() == 0,
                                            std::uint64_t{doctor.findings().size()}, doctor.left()}));
  for (const Finding& each : doctor.findings()) report.notes.push_back(sentence(each));
  if (doctor.did_open()) report.notes.push_back("Rollups are compared with raw rows by: optiinfra verify");
  return report;
}

Result<ExitCode> run(const DoctorFlags& flags, Context& context) {
  const Stopwatch watch;
  OPTIINFRA_TRY(StoreUrl url, context.store_url());
  Doctor doctor(flags, std::move(url));
  OPTIINFRA_CHECK(doctor.examine());
  Report report = make_report(doctor, context.output == OutputFormat::kTable);
  report.elapsed = watch.elapsed();
  OPTIINFRA_CHECK(context.answer(report));
  return doctor.left() == 0 ? ExitCode::kDone : ExitCode::kDifference;
}

void describe(CLI::App& app, DoctorFlags& flags) {
  auto* const repair = app.add_flag(
      "--repair", flags.repair, "Repair what can be repaired without losing a row, and say what was done");
  app.add_flag(
         "--accept-loss", flags.accept_loss,
         "Move parts that cannot be read to the folder set-aside in the store's folder, so that the store "
         "counts as whole without their rows")
      ->needs(repair);
  app.add_option("--spool", flags.spool, "Examine this spool, too, which no writer may have open")
      ->type_name("DIR");
}

}  // namespace

void define_doctor(CLI::App& parent, Action& action) {
  define_command<DoctorFlags>(
      parent, action, "doctor",
      "Report what is damaged in the store and what to do about it, also when the store does not open: "
      "definitions, logs, parts set aside, leftovers, folders without a table. Exit code 4 when something is "
      "left "
      "to do",
      "  optiinfra doctor\n"
      "  optiinfra doctor --repair\n"
      "  optiinfra doctor --repair --accept-loss\n"
      "  optiinfra doctor --spool /var/lib/app/spool --output json",
      describe, run);
}

}  // namespace optiinfra::cli
