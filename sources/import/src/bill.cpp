#include "bill.hpp"

namespace optiinfra {

BilledCategory& Bill::category(std::string_view name) {
  auto found = categories_.find(name);
  if (found == categories_.end() && categories_.size() >= kBillCategoriesMax) {
    name = "(others)";
    found = categories_.find(name);
  }
  if (found == categories_.end())
    found = categories_.emplace(std::string(name), BilledCategory{.category = std::string(name)}).first;
  return found->second;
}

void Bill::add_line(std::string_view name, double amount) {
  BilledCategory& line = category(name);
  ++line.lines;
  line.amount += amount;
}

void Bill::add_stored(std::string_view name, double cost) { category(name).stored += cost; }

std::vector<BilledCategory> Bill::categories() const {
  std::vector<BilledCategory> result;
  for (const auto& [name, each] : categories_) result.push_back(each);
  return result;
}

}  // namespace optiinfra
