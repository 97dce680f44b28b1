#include "optiinfra/generate/fleet.hpp"

#include <algorithm>

#include "writers.hpp"

namespace optiinfra {
namespace {

template <typename Writer, typename Batch>
bool fill(Writer& writer, Batch& batch, std::uint64_t& position, std::uint64_t rows, std::size_t rows_max) {
  batch.clear();
  const std::uint64_t count = std::min<std::uint64_t>(rows - position, std::max<std::size_t>(1, rows_max));
  if (count == 0) return false;
  batch.reserve(count);
  writer.start_batch();
  for (const std::uint64_t end = position + count; position < end; ++position) writer.append(batch, position);
  return true;
}

}  // namespace

struct Fleet::State {
  explicit State(fleet::Plan made)
      : plan(std::move(made)), costs(plan), performance(plan), resources(plan), quality(plan) {}

  template <typename Writer, typename Batch>
  bool next(Family family, Writer& writer, Batch& batch, std::size_t rows_max) {
    return fill(writer, batch, positions[static_cast<std::size_t>(family)], plan.rows_of(family), rows_max);
  }

  fleet::Plan plan;
  fleet::CostWriter costs;
  fleet::PerformanceWriter performance;
  fleet::ResourceWriter resources;
  fleet::QualityWriter quality;
  std::array<std::uint64_t, std::size(kFamilies)> positions{};
};

Fleet::Fleet(std::unique_ptr<State> state) : state_(std::move(state)) {}
Fleet::~Fleet() = default;
Fleet::Fleet(Fleet&&) noexcept = default;
Fleet& Fleet::operator=(Fleet&&) noexcept = default;

Result<Fleet> Fleet::create(const FleetOptions& options) {
  OPTIINFRA_TRY(fleet::Plan plan, fleet::make_plan(options));
  return Fleet(std::make_unique<State>(std::move(plan)));
}

const FleetDescription& Fleet::description() const noexcept { return state_->plan.description; }
std::uint64_t Fleet::rows(Family family) const noexcept { return state_->plan.rows_of(family); }

bool Fleet::next_batch(CostBatch& batch, std::size_t rows_max) {
  return state_->next(Family::kCost, state_->costs, batch, rows_max);
}
bool Fleet::next_batch(PerformanceBatch& batch, std::size_t rows_max) {
  return state_->next(Family::kPerformance, state_->performance, batch, rows_max);
}
bool Fleet::next_batch(ResourceBatch& batch, std::size_t rows_max) {
  return state_->next(Family::kResource, state_->resources, batch, rows_max);
}
bool Fleet::next_batch(QualityBatch& batch, std::size_t rows_max) {
  return state_->next(Family::kQuality, state_->quality, batch, rows_max);
}

}  // namespace optiinfra
