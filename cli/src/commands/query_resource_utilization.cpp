#include "commands/command.hpp"
#include "commands/commands.hpp"
#include "flags.hpp"

namespace optiinfra::cli {
namespace {

struct ResourceFlags {
  Uuid customer_id;
  std::string instance_id;
  WindowFlags window;
};

Section summary_section(const ResourceSummary& each) {
  return object_section(
      "resources",
      {{"sample_count", "samples", Look::kCount},
       {"avg_gpu_utilization", "GPU utilization, average, %", Look::kDecimal, 1},
       {"max_gpu_utilization", "GPU utilization, highest, %", Look::kDecimal, 1},
       {"avg_gpu_memory_mb", "GPU memory in use, average, MB", Look::kDecimal, 1},
       {"max_gpu_memory_mb", "GPU memory in use, highest, MB", Look::kDecimal, 1},
       {"max_gpu_temperature", "GPU temperature, highest, degC", Look::kDecimal, 1},
       {"avg_cpu_utilization", "CPU utilization, average, %", Look::kDecimal, 1},
       {"max_cpu_utilization", "CPU utilization, highest, %", Look::kDecimal, 1},
       {"avg_memory_gb", "memory in use, average, GB", Look::kDecimal, 2},
       {"avg_network_rx_mbps", "network received, average, Mbit/s", Look::kDecimal, 2},
       {"avg_network_tx_mbps", "network sent, average, Mbit/s", Look::kDecimal, 2}},
      {each.sample_count, each.avg_gpu_utilization, each.max_gpu_utilization, each.avg_gpu_memory_mb,
       each.max_gpu_memory_mb, each.max_gpu_temperature, each.avg_cpu_utilization, each.max_cpu_utilization,
       each.avg_memory_gb, each.avg_network_rx_mbps, each.avg_network_tx_mbps});
}

Result<ResourceSummary> ask(Client& client, const ResourceFlags& flags) {
  if (!flags.window.is_exact())
    return client.query_resource_utilization(flags.customer_id, flags.instance_id, flags.window.hours);
  OPTIINFRA_TRY(const TimeRange range, flags.window.range());
  return client.query_resource(flags.customer_id, flags.instance_id, range);
}

Result<ExitCode> run(const ResourceFlags& flags, Context& context) {
  OPTIINFRA_CHECK(flags.window.check());
  OPTIINFRA_TRY(Client client, context.open(false));
  const Stopwatch watch;
  OPTIINFRA_TRY(const ResourceSummary summary, ask(client, flags));
  Report report{.command = "query resource-utilization", .window = summary.window};
  report.elapsed = watch.elapsed();
  report.sections.push_back(summary_section(summary));
  OPTIINFRA_CHECK(context.answer(report));
  return ExitCode::kDone;
}

void describe(CLI::App& app, ResourceFlags& flags) {
  add_uuid(app, "--customer", flags.customer_id, "The customer whose instance it is")->required();
  app.add_option("--instance", flags.instance_id, "The instance, all of its GPUs")
      ->type_name("ID")
      ->required();
  add_window(app, flags.window);
}

}  // namespace

void define_resource_utilization(CLI::App& parent, Action& action) {
  define_command<ResourceFlags>(
      parent, action, "resource-utilization", "How busy an instance's GPUs, CPU, memory and network are",
      "  optiinfra query resource-utilization --customer UUID --instance i-0abc --hours 24", describe, run);
}

}  // namespace optiinfra::cli
