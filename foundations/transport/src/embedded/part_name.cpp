#include "embedded/part_name.hpp"

#include <charconv>

namespace optiinfra::embedded {
namespace {

/// Takes "_<number>" off the front of `text`.
bool take_number(std::string_view& text, std::uint64_t& number) {
  if (!text.starts_with('_')) return false;
  const auto [end, code] = std::from_chars(text.data() + 1, text.data() + text.size(), number);
  if (code != std::errc{}) return false;
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  return true;
}

}  // namespace

std::optional<PartName> PartName::parse(std::string_view text) {
  PartName part;
  part.partition = text.substr(0, text.find('_'));
  std::string_view rest = text.substr(part.partition.size());
  const bool is_part = !part.partition.empty() && take_number(rest, part.first_block) &&
                       take_number(rest, part.last_block) && take_number(rest, part.level) &&
                       (rest.empty() || take_number(rest, part.mutation)) && rest.empty();
  if (!is_part || part.last_block < part.first_block) return std::nullopt;
  return part;
}

bool PartName::covers(const PartName& other) const {
  return partition == other.partition && first_block <= other.first_block && last_block >= other.last_block &&
         level >= other.level && mutation >= other.mutation;
}

}  // namespace optiinfra::embedded
