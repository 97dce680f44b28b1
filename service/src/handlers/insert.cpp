// Rows of each family, in.
#include "routes.hpp"

namespace optiinfra::service {

std::vector<Route> insert_routes() { return {}; }

}  // namespace optiinfra::service
