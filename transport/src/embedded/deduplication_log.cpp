#include "embedded/deduplication_log.hpp"

namespace optiinfra::embedded {

Result<void> repair_deduplication_logs(const std::filesystem::path&) { return {}; }

}  // namespace optiinfra::embedded
