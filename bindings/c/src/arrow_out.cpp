#include <cerrno>
#include <cstring>
#include <deque>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "optiinfra/c_interface/arrow.hpp"
#include "optiinfra/schema/tables.hpp"

namespace optiinfra::c_interface {
namespace {

using Pairs = std::vector<std::pair<std::string, std::string>>;

/// Arrow's form of metadata: 32-bit counts and sizes in the machine's byte order.
std::string metadata_of(const Pairs& pairs) {
  std::string bytes;
  const auto put_size = [&bytes](std::size_t size) {
    const auto value = static_cast<std::int32_t>(size);
    bytes.append(reinterpret_cast<const char*>(&value), sizeof value);
  };
  const auto put = [&](const std::string& text) {
    put_size(text.size());
    bytes += text;
  };
  put_size(pairs.size());
  for (const auto& [key, value] : pairs) {
    put(key);
    put(value);
  }
  return bytes;
}

struct Field {
  std::string name, format, metadata;
};

/// The private data of an exported schema; its children are released with it.
struct SchemaOwner {
  std::vector<Field> fields;
  std::string metadata;
  std::vector<ArrowSchema> children;
  std::vector<ArrowSchema*> pointers;
};

void release_child(ArrowSchema* schema) { schema->release = nullptr; }
void release_schema(ArrowSchema* schema) {
  delete static_cast<SchemaOwner*>(schema->private_data);
  schema->release = nullptr;
}

const char* format_of(CellKind kind) {
  switch (kind) {
    case CellKind::kTime:
      return "tss:UTC";
    case CellKind::kText:
      return "u";
    case CellKind::kCount:
      return "L";
    case CellKind::kNumber:
      break;
  }
  return "g";
}

Pairs facts_of(const Answer& answer) {
  Pairs facts{{"begin", std::to_string(answer.window.begin.time_since_epoch().count())},
              {"end", std::to_string(answer.window.end.time_since_epoch().count())}};
  for (const Coverage& each : answer.coverage)
    facts.emplace_back(std::string("rows.") + table_of(each.family).name, std::to_string(each.rows));
  return facts;
}

void make_schema(const Answer& answer, ArrowSchema& schema) {
  auto owner = std::make_unique<SchemaOwner>();
  owner->metadata = metadata_of(facts_of(answer));
  for (const AnswerColumn& column : answer.columns)
    owner->fields.push_back({column.key, format_of(column.kind),
                             metadata_of({{"unit", column.unit}, {"heading", column.heading}})});
  for (const Field& field : owner->fields) {
    owner->children.push_back({.format = field.format.c_str(),
                               .name = field.name.c_str(),
                               .metadata = field.metadata.data(),
                               .flags = ARROW_FLAG_NULLABLE,
                               .n_children = 0,
                               .children = nullptr,
                               .dictionary = nullptr,
                               .release = release_child,
                               .private_data = nullptr});
  }
  for (ArrowSchema& child : owner->children) owner->pointers.push_back(&child);
  schema = {.format = "+s",
            .name = "",
            .metadata = owner->metadata.data(),
            .flags = 0,
            .n_children = static_cast<std::int64_t>(owner->pointers.size()),
            .children = owner->pointers.data(),
            .dictionary = nullptr,
            .release = release_schema,
            .private_data = owner.get()};
  owner.release();
}

/// The buffers of one column.
struct ColumnBuffers {
  std::vector<std::uint8_t> validity;
  std::vector<std::int64_t> integers;  ///< Times and counts.
  std::vector<double> numbers;
  std::vector<std::int32_t> ends;
  std::string chars;
  std::int64_t nulls = 0;
  const void* pointers[3] = {};
};

struct ArrayOwner {
  std::deque<ColumnBuffers> columns;
  std::vector<ArrowArray> children;
  std::vector<ArrowArray*> pointers;
  const void* no_validity[1] = {};
};

void release_child(ArrowArray* array) { array->release = nullptr; }
void release_array(ArrowArray* array) {
  delete static_cast<ArrayOwner*>(array->private_data);
  array->release = nullptr;
}

void put(ColumnBuffers& buffers, CellKind kind, const Cell& cell) {
  if (kind == CellKind::kText) {
    if (const auto* text = std::get_if<std::string>(&cell)) buffers.chars += *text;
    buffers.ends.push_back(static_cast<std::int32_t>(buffers.chars.size()));
  } else if (kind == CellKind::kNumber) {
    const auto* number = std::get_if<double>(&cell);
    const auto* count = std::get_if<std::uint64_t>(&cell);
    buffers.numbers.push_back(number != nullptr  ? *number
                              : count != nullptr ? static_cast<double>(*count)
                                                 : 0);
  } else {
    const auto* count = std::get_if<std::uint64_t>(&cell);
    const auto* time = std::get_if<sys_seconds>(&cell);
    buffers.integers.push_back(time != nullptr    ? time->time_since_epoch().count()
                               : count != nullptr ? static_cast<std::int64_t>(*count)
                                                  : 0);
  }
}

void fill(ColumnBuffers& buffers, const Answer& answer, std::size_t column) {
  const std::size_t rows = answer.rows.size();
  const CellKind kind = answer.columns[column].kind;
  buffers.validity.assign((rows + 7) / 8, 0);
  if (kind == CellKind::kText) buffers.ends.push_back(0);
  for (std::size_t row = 0; row < rows; ++row) {
    const Cell& cell = answer.rows[row][column];
    put(buffers, kind, cell);
    if (std::holds_alternative<std::monostate>(cell)) {
      ++buffers.nulls;
    } else {
      buffers.validity[row / 8] = static_cast<std::uint8_t>(buffers.validity[row / 8] | 1u << (row % 8));
    }
  }
  buffers.pointers[0] = buffers.nulls == 0 ? nullptr : buffers.validity.data();
  if (kind == CellKind::kText) {
    buffers.pointers[1] = buffers.ends.data();
    buffers.pointers[2] = buffers.chars.data();
  } else if (kind == CellKind::kNumber) {
    buffers.pointers[1] = buffers.numbers.data();
  } else {
    buffers.pointers[1] = buffers.integers.data();
  }
}

void make_array(const Answer& answer, ArrowArray& array) {
  auto owner = std::make_unique<ArrayOwner>();
  const auto rows = static_cast<std::int64_t>(answer.rows.size());
  for (std::size_t i = 0; i < answer.columns.size(); ++i) {
    ColumnBuffers& buffers = owner->columns.emplace_back();
    fill(buffers, answer, i);
    owner->children.push_back({.length = rows,
                               .null_count = buffers.nulls,
                               .offset = 0,
                               .n_buffers = answer.columns[i].kind == CellKind::kText ? 3 : 2,
                               .n_children = 0,
                               .buffers = buffers.pointers,
                               .children = nullptr,
                               .dictionary = nullptr,
                               .release = release_child,
                               .private_data = nullptr});
  }
  for (ArrowArray& child : owner->children) owner->pointers.push_back(&child);
  array = {.length = rows,
           .null_count = 0,
           .offset = 0,
           .n_buffers = 1,
           .n_children = static_cast<std::int64_t>(owner->pointers.size()),
           .buffers = owner->no_validity,
           .children = owner->pointers.data(),
           .dictionary = nullptr,
           .release = release_array,
           .private_data = owner.get()};
  owner.release();
}

struct Stream {
  Answer answer;
  bool is_read = false;
};

int get_schema(ArrowArrayStream* stream, ArrowSchema* schema) noexcept {
  try {
    make_schema(static_cast<Stream*>(stream->private_data)->answer, *schema);
    return 0;
  } catch (const std::bad_alloc&) {
    return ENOMEM;
  }
}

/// The rows go with the one batch that they are in.
int get_next(ArrowArrayStream* stream, ArrowArray* array) noexcept {
  auto& state = *static_cast<Stream*>(stream->private_data);
  *array = {};
  if (state.is_read) return 0;
  try {
    make_array(state.answer, *array);
  } catch (const std::bad_alloc&) {
    return ENOMEM;
  }
  state.is_read = true;
  state.answer.rows.clear();
  return 0;
}

const char* get_last_error(ArrowArrayStream*) noexcept { return "memory ran out"; }

void release_stream(ArrowArrayStream* stream) noexcept {
  delete static_cast<Stream*>(stream->private_data);
  stream->release = nullptr;
}

}  // namespace

void make_stream(Answer answer, ArrowArrayStream& stream) {
  auto* state = new Stream{std::move(answer)};
  stream = {get_schema, get_next, get_last_error, release_stream, state};
}

}  // namespace optiinfra::c_interface
