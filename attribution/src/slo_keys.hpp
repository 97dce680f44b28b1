/// Where single requests have the dimensions of objectives.
#pragma once

#include "selection.hpp"

namespace optiinfra::attribution {

inline constexpr KeyColumn kSloKeys[] = {
    {{"customer", "customer_id", "customer"}, "customer_id", true},
    {{"service", "service_id", "service"}, "service_id", true},
    {{"model", "model_name", "model"}, "model_name"},
    {{"model_version", "model_version", "model version"}, "model_version"},
    {{"server", "service_type", "server"}, "service_type"},
    {{"instance", "instance_id", "instance"}, "instance_id"},
};

}  // namespace optiinfra::attribution
