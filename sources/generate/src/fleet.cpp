#include "optiinfra/generate/fleet.hpp"

#include <algorithm>

#include "writers.hpp"

namespace optiinfra::fleet {
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
  explicit State(Plan made) : plan(std::move(made)) {}

  Plan plan;
#define BEGIN_FAMILY(Name, name) Name##Writer name{plan};
#include "optiinfra/schema/families.def"
  std::array<std::uint64_t, std::size(kFamilies)> positions{};
};

Fleet::Fleet(std::unique_ptr<State> state) : state_(std::move(state)) {}
Fleet::~Fleet() = default;
Fleet::Fleet(Fleet&&) noexcept = default;
Fleet& Fleet::operator=(Fleet&&) noexcept = default;

Result<Fleet> Fleet::create(const FleetOptions& options) {
  OPTIINFRA_TRY(Plan plan, make_plan(options));
  return Fleet(std::make_unique<State>(std::move(plan)));
}

const FleetDescription& Fleet::description() const noexcept { return state_->plan.description; }
std::uint64_t Fleet::rows(Family family) const noexcept { return state_->plan.rows_of(family); }

#define BEGIN_FAMILY(Name, name)                                                                      \
  bool Fleet::next_batch(Name##Batch& batch, std::size_t rows_max) {                                  \
    const auto family = static_cast<std::size_t>(Family::k##Name);                                    \
    return fill(state_->name, batch, state_->positions[family], state_->plan.rows[family], rows_max); \
  }
#include "optiinfra/schema/families.def"

}  // namespace optiinfra::fleet
