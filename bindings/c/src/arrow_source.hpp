/// The values of one Arrow array, whatever its layout.
#pragma once

#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

#include "optiinfra.h"
#include "optiinfra/core/uuid.hpp"

namespace optiinfra::c_interface {

/// An Arrow array from its offset on. The caller knows its type from its format.
class ArrowSource {
 public:
  ArrowSource(const ArrowSchema& schema, const ArrowArray& array, std::size_t first)
      : schema_(&schema), array_(&array), first_(static_cast<std::size_t>(array.offset) + first) {}

  std::string_view format() const { return schema_->format; }
  bool is_dictionary() const { return schema_->dictionary != nullptr && array_->dictionary != nullptr; }
  ArrowSource dictionary() const { return {*schema_->dictionary, *array_->dictionary, 0}; }
  std::size_t dictionary_size() const { return static_cast<std::size_t>(array_->dictionary->length); }

  /// Whether the array has the buffers that its format asks for.
  bool has_buffers(std::int64_t count) const {
    return array_->n_buffers >= count && array_->buffers != nullptr &&
           (array_->length == 0 || array_->buffers[1] != nullptr);
  }

  bool has_nulls() const {
    return array_->null_count != 0 && array_->n_buffers > 0 && array_->buffers[0] != nullptr;
  }
  bool is_null(std::size_t row) const {
    if (!has_nulls()) return false;
    return !bit(static_cast<const std::uint8_t*>(array_->buffers[0]), first_ + row);
  }

  template <typename T>
  T number(std::size_t row) const {
    return static_cast<const T*>(array_->buffers[1])[first_ + row];
  }
  bool boolean(std::size_t row) const {
    return bit(static_cast<const std::uint8_t*>(array_->buffers[1]), first_ + row);
  }
  template <typename Offset>
  std::string_view text(std::size_t row) const {
    const auto* ends = static_cast<const Offset*>(array_->buffers[1]) + first_ + row;
    return {static_cast<const char*>(array_->buffers[2]) + ends[0],
            static_cast<std::size_t>(ends[1] - ends[0])};
  }
  /// Of utf8_view: short texts lie in the view itself, others in one of the buffers after it.
  std::string_view text_view(std::size_t row) const {
    constexpr std::int32_t kInline = 12;
    const auto* view = static_cast<const char*>(array_->buffers[1]) + 16 * (first_ + row);
    std::int32_t size = 0, buffer = 0, offset = 0;
    std::memcpy(&size, view, 4);
    if (size <= kInline) return {view + 4, static_cast<std::size_t>(size)};
    std::memcpy(&buffer, view + 8, 4);
    std::memcpy(&offset, view + 12, 4);
    return {static_cast<const char*>(array_->buffers[2 + buffer]) + offset, static_cast<std::size_t>(size)};
  }
  Uuid uuid(std::size_t row) const {
    std::uint64_t halves[2];
    std::memcpy(halves, static_cast<const char*>(array_->buffers[1]) + 16 * (first_ + row), sizeof halves);
    return {__builtin_bswap64(halves[0]), __builtin_bswap64(halves[1])};
  }

 private:
  static bool bit(const std::uint8_t* bits, std::size_t index) {
    return (bits[index / 8] >> (index % 8) & 1) != 0;
  }

  const ArrowSchema* schema_;
  const ArrowArray* array_;
  std::size_t first_;
};

/// Calls `use(row -> number)` for an integer, floating or boolean array; false for another format.
template <typename Use>
bool with_numbers(const ArrowSource& source, Use&& use) {
  const std::string_view format = source.format();
  if (format.size() != 1 || source.is_dictionary() || !source.has_buffers(2)) return false;
  const auto as = [&]<typename T>(T) {
    use([&source](std::size_t row) { return source.number<T>(row); });
    return true;
  };
  switch (format[0]) {
    case 'c':
      return as(std::int8_t{});
    case 'C':
      return as(std::uint8_t{});
    case 's':
      return as(std::int16_t{});
    case 'S':
      return as(std::uint16_t{});
    case 'i':
      return as(std::int32_t{});
    case 'I':
      return as(std::uint32_t{});
    case 'l':
      return as(std::int64_t{});
    case 'L':
      return as(std::uint64_t{});
    case 'f':
      return as(float{});
    case 'g':
      return as(double{});
    case 'b':
      use([&source](std::size_t row) { return std::uint8_t{source.boolean(row)}; });
      return true;
    default:
      return false;
  }
}

/// Calls `use(row -> text)` for a plain text array; false for another format.
template <typename Use>
bool with_texts(const ArrowSource& source, Use&& use) {
  if (source.is_dictionary()) return false;
  if (source.format() == "u" && source.has_buffers(3)) {
    use([&source](std::size_t row) { return source.text<std::int32_t>(row); });
  } else if (source.format() == "U" && source.has_buffers(3)) {
    use([&source](std::size_t row) { return source.text<std::int64_t>(row); });
  } else if (source.format() == "vu" && source.has_buffers(2)) {
    use([&source](std::size_t row) { return source.text_view(row); });
  } else {
    return false;
  }
  return true;
}

/// Calls `use(row -> index)` for the indexes of a dictionary-encoded array; false for another format.
template <typename Use>
bool with_indexes(const ArrowSource& source, Use&& use) {
  const auto as = [&]<typename T>(T) {
    use([&source](std::size_t row) { return static_cast<std::size_t>(source.number<T>(row)); });
    return true;
  };
  if (!source.is_dictionary() || source.format().size() != 1 || !source.has_buffers(2)) return false;
  switch (source.format()[0]) {
    case 'c':
      return as(std::int8_t{});
    case 'C':
      return as(std::uint8_t{});
    case 's':
      return as(std::int16_t{});
    case 'S':
      return as(std::uint16_t{});
    case 'i':
      return as(std::int32_t{});
    case 'I':
      return as(std::uint32_t{});
    case 'l':
      return as(std::int64_t{});
    case 'L':
      return as(std::uint64_t{});
    default:
      return false;
  }
}

}  // namespace optiinfra::c_interface
