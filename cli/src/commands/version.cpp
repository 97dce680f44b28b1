#include "optiinfra/core/version.hpp"

#include "commands/command.hpp"
#include "commands/commands.hpp"
#include "optiinfra/store/migrate.hpp"

namespace optiinfra::cli {
namespace {

Result<ExitCode> run(const NoFlags&, Context& context) {
  const Stopwatch watch;
  Report report{.command = "version"};
  report.sections.push_back(
      object_section("version", {{"version", "optiinfra"}, {"schema_version", "schema"}},
                     {std::string(version()), std::uint64_t{store::schema_version_of_program()}}));
  report.elapsed = watch.elapsed();
  OPTIINFRA_CHECK(context.answer(report));
  return ExitCode::kDone;
}

}  // namespace

void define_version(CLI::App& parent, Action& action) {
  define_command<NoFlags>(parent, action, "version", "Print the versions of the program and of its schema",
                          "  optiinfra version --output json", describe_nothing, run);
}

}  // namespace optiinfra::cli
