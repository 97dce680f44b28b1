/// @file optiinfra/client/catalogue.hpp
/// What can be asked: every measure, every dimension, and the named questions. The command line, its JSON and
/// the documentation are generated from it.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "optiinfra/client/question.hpp"
#include "optiinfra/core/error.hpp"

namespace optiinfra {

/// What numbers are split and filtered by.
struct Dimension {
  const char* name;     ///< In questions: "model".
  const char* column;   ///< In tables and as a key of answers: "model_name".
  const char* heading;  ///< For people.
};
std::span<const Dimension> dimensions();

/// Where a family keeps a dimension. kRaw: only in raw rows, so for as long as those are kept.
enum class KnownBy { kNothing, kRaw, kRollup };
KnownBy known_by(Family family, const Dimension& dimension);

/// A number that a question can ask for.
struct Measure {
  Family family{};
  std::string name;  ///< "p95_latency"; several families may have it.
  AnswerColumn column;
};
const std::vector<Measure>& measures();

/// A value that a named question takes.
struct Parameter {
  const char* name;       ///< "customer"; --customer on the command line.
  const char* dimension;  ///< What it filters.
  bool is_required;
  const char* meaning;
};

/// A way to split an answer that the caller may choose: --by region.
struct Choice {
  const char* name;
  const char* dimension;
};

/// What is drawn of a series.
struct Drawing {
  const char* title;
  const char* key;  ///< Of the column.
  bool from_zero = true;
};

/// A question with a name: fixed parameters, columns and shape.
struct NamedQuestion {
  const char* name;  ///< "cost-hourly".
  const char* meaning;
  const char* examples;  ///< Command lines, two spaces in front.
  Family family;
  std::vector<Parameter> parameters;
  std::vector<const char*> measures;
  std::vector<const char*> dimensions = {};
  /// When not empty, the answer is split by one of them in front of the dimensions, by default the first.
  std::vector<Choice> choices = {};
  std::optional<Bucket> bucket = {};
  bool bucket_may_differ = false;   ///< Whether the caller may choose another bucket.
  const char* begin_key = "begin";  ///< What the bucket's column is called.
  std::vector<Order> order = {};
  bool is_object = false;  ///< One row, always.
  bool needs_range =
      false;  ///< Asked with a begin and an end. Otherwise also for the last hours, by default 24.
  std::optional<Drawing> drawing = {};

  /// The question over `range`. The caller then adds the filters of the parameters, and a choice or bucket
  /// other than the default.
  Question over(TimeRange range) const;

  /// Gives the answer's columns the names that this question has for them.
  void name_columns(std::vector<AnswerColumn>& columns) const;
};
std::span<const NamedQuestion> named_questions();

/// nullptr when no question has that name.
const NamedQuestion* find_question(std::string_view name);

const char* to_string(Bucket bucket);

/// The begin of a bucket's successor.
sys_seconds bucket_end(sys_seconds begin, Bucket bucket);

/// Markdown: every named question with its columns and an example of its JSON, for docs/json.md.
std::string questions_markdown();

}  // namespace optiinfra
