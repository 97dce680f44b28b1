#include "damage_warnings.hpp"

#include <cstdio>

#include "optiinfra/store/set_aside.hpp"
#include "optiinfra/transport/folder_fault.hpp"
#include "output/reports.hpp"

namespace optiinfra::cli {
namespace {

void warn(const Context& context, const std::string& sentence) {
  const std::string label = context.console_terminal.colour ? "\x1b[33;1mwarning:\x1b[0m " : "warning: ";
  const std::string text = context.output == OutputFormat::kJson
                               ? R"({"warning":{"message":)" + json_string(sentence) + "}}"
                               : label + sentence;
  std::fputs((text + "\n").c_str(), stderr);
}

}  // namespace

void warn_of_repairs(const Context& context) {
  for (const FolderFault& each : take_faults_of_opening())
    warn(context, each.what + "; " + each.remedy + " (" + each.place + ")");
}

void warn_of_damage(const Context& context, Session& session) {
  warn_of_repairs(context);
  const auto parts = store::read_set_aside_parts(session);
  // A user of a server may lack the right to look; the command says itself what fails.
  if (parts && !parts->empty()) warn(context, store::describe_set_aside(*parts));
}

}  // namespace optiinfra::cli
