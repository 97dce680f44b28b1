/// Where attributed costs have the dimensions of questions. A customer is who was served, or who pays for a
/// part that served no request.
#pragma once

#include "selection.hpp"

namespace optiinfra::attribution {

inline constexpr KeyColumn kCostKeys[] = {
    {{"customer", "customer_id", "customer"}, "served_customer_id", true},
    {{"service", "service_id", "service"}, "service_id", true},
    {{"model", "model_name", "model"}, "model_name"},
    {{"instance", "instance_id", "instance"}, "instance_id"},
    {{"provider", "cloud_provider", "provider"}, "cloud_provider"},
    {{"region", "region", "region"}, "region"},
    {{"instance_type", "instance_type", "instance type"}, "instance_type"},
};

}  // namespace optiinfra::attribution
