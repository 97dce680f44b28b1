/// `optiinfra import metrics`: rows of saved texts of metrics.
#pragma once

#include <CLI/App.hpp>
#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "context.hpp"
#include "optiinfra/core/time.hpp"

namespace optiinfra::cli {

struct MetricsImportFlags {
  std::string customer, service = "default", instance;
  /// When the first file was answered; absent: each file's time of change. Also ImportOptions::time.
  std::optional<sys_seconds> at;
  std::chrono::seconds interval{0};  ///< From each file to the next, where `at` is given.
  std::vector<std::string> alias_files;
};

void describe_metrics_import(CLI::App& app, MetricsImportFlags& flags);

Result<ExitCode> import_metrics(const std::vector<std::string>& files, const MetricsImportFlags& flags,
                                Context& context);

}  // namespace optiinfra::cli
