#!/usr/bin/env bash
# run.sh SOURCE [FOLDER]: carries out four recipes of CONTRIBUTING.md - add a raw column, a measure, a question, a family -
# on a copy of the layers that they touch, and builds and runs the tests that hold them there.
#
# FOLDER takes copy and build; without it they go to a temporary one. The same folder again is faster: the
# compiler cache then knows all of it. Takes half a minute of CPU without the cache, a few seconds with it.
set -euo pipefail
source=$(cd "$1" && pwd)
folder=${2:-$(mktemp -d)}
[[ -n ${2:-} ]] || trap 'rm -rf "$folder"' EXIT
tree=$folder/tree

copy_tree() {
  rm -rf "$tree"
  mkdir -p "$tree/docs" "$tree/foundations" "$tree/sources"
  cp -r "$source"/{client,cmake} "$tree/"
  cp -r "$source"/foundations/{core,codec,schema} "$tree/foundations/"
  cp -r "$source"/sources/generate "$tree/sources/"
  cp "$source"/docs/{tables,json}.md "$tree/docs/"
}

# insert_before FILE TEXT: puts standard input before the one line of FILE that holds TEXT.
insert_before() {
  local lines
  mapfile -t lines < <(grep -nF -- "$2" "$tree/$1" | cut -d: -f1)
  [[ ${#lines[@]} -eq 1 ]] || fail "$1 has ${#lines[@]} lines with '$2', and the recipe needs one"
  sed -i "$((lines[0] - 1))r /dev/stdin" "$tree/$1"
}

fail() {
  echo "FAILED: $1" >&2
  exit 1
}

# --- The recipes: what a person writes ---

add_column() {
  insert_before foundations/schema/include/optiinfra/schema/performance_metric.def 'COLUMN(source,' <<'END'
COLUMN(recipe_tokens, OptionalUInt32, kAny, kOptional, "T64, ZSTD(1)", "tokens", "a column that a recipe adds")
END
}

add_measure() {
  insert_before foundations/schema/src/families/performance.cpp '{"request_count", kCount' <<'END'
           {"recipe_tokens", kSum, {"recipe_tokens"}, "UInt64", "tokens", "recipe_tokens", "tokens of a recipe"},
END
}

add_question() {
  insert_before client/src/catalogue.cpp '{.name = "cost",' <<'END'
    {.name = "recipe",
     .meaning = "A question that a recipe adds",
     .examples = "  optiinfra query recipe --customer UUID --service UUID --hours 24",
     .family = Family::kPerformance,
     .parameters = {kServed, kService},
     .measures = {"request_count", "recipe_tokens"},
     .dimensions = {"model"}},
END
}

add_family() {
  cat >"$tree/foundations/schema/include/optiinfra/schema/recipe_metric.def" <<'END'
COLUMN(timestamp, Instant, kTime, kRequired, "DoubleDelta, ZSTD(1)", "UTC", "when")
COLUMN(customer_id, Identifier, kIdentity, kRequired, "ZSTD(1)", "", "whose")
COLUMN(recipe_weight, OptionalFloat32, kNonNegative, kOptional, "ZSTD(1)", "g", "a number of a family that a recipe adds")
END
  insert_before foundations/schema/include/optiinfra/schema/families.def '#undef BEGIN_FAMILY' <<'END'
BEGIN_FAMILY(Recipe, recipe)
#include "optiinfra/schema/recipe_metric.def"
END_FAMILY(Recipe, recipe)

END
  cat >"$tree/foundations/schema/src/families/recipe.cpp" <<'END'
#include "families.hpp"
namespace optiinfra {
FamilyDefinition recipe_family() {
  return {.raw_key = {"customer_id", "timestamp"},
          .rollup_key = {"customer_id", "hour"},
          .placement_column = "customer_id",
          .measures = {{"max_recipe_weight", Aggregate::kMaximum, {"recipe_weight"}, "Float32", "g",
                        "max_recipe_weight", "largest weight"},
                       {"recipe_count", Aggregate::kCount, {}, "UInt64", "rows", "recipe_count", "recipes"}},
          .raw_retention = std::chrono::days{30},
          .rollup_granularity = 1024};
}
}  // namespace optiinfra
END
  sed -i 's#src/families/quality.cpp#& src/families/recipe.cpp#' "$tree/foundations/schema/CMakeLists.txt"
  insert_before sources/generate/src/writers.hpp 'class ServingWriter {' <<'END'
class RecipeWriter {
 public:
  explicit RecipeWriter(const Plan& plan) : plan_(plan) {}
  void start_batch() {}
  void append(RecipeBatch& batch, std::uint64_t index) {
    batch.timestamp.push_back(to_column_time(plan_.description.range.begin + std::chrono::seconds(index)));
    batch.customer_id.push_back(plan_.description.customers[0].id);
    batch.recipe_weight.push_back(1.5f);
  }

 private:
  const Plan& plan_;
};

END
}

# --- Building and running ---

# The layers as they are; of client the sources that need no engine.
write_project() {
  cat >"$tree/CMakeLists.txt" <<'END'
cmake_minimum_required(VERSION 3.25)
project(recipes LANGUAGES CXX)
include(GNUInstallDirs)
set(CMAKE_GTEST_DISCOVER_TESTS_DISCOVERY_MODE PRE_TEST)
find_package(GTest REQUIRED)
include(GoogleTest)
include(cmake/layer.cmake)
set(BUILD_TESTING OFF)
add_subdirectory(foundations/core)
add_subdirectory(foundations/codec)
set(BUILD_TESTING ON)
add_subdirectory(foundations/schema)
add_subdirectory(sources/generate)
add_executable(catalogue_tests client/src/catalogue.cpp client/src/plan.cpp client/src/questions_markdown.cpp
  client/tests/catalogue_test.cpp)
target_include_directories(catalogue_tests PRIVATE client/include client/src)
target_compile_definitions(catalogue_tests PRIVATE OPTIINFRA_SOURCE_DIR="${CMAKE_SOURCE_DIR}")
target_link_libraries(catalogue_tests PRIVATE optiinfra::schema optiinfra_dev_tests GTest::gtest_main GTest::gmock)
END
}

build() {
  local launcher=()
  ! command -v ccache >/dev/null || launcher=(-DCMAKE_CXX_COMPILER_LAUNCHER=ccache)
  export CCACHE_BASEDIR=$folder CCACHE_NOHASHDIR=1
  cmake -S "$tree" -B "$folder/build" -G Ninja -DCMAKE_BUILD_TYPE=Debug -DCMAKE_CXX_FLAGS_DEBUG=-O0 \
    -DCMAKE_UNITY_BUILD=ON -DCMAKE_UNITY_BUILD_BATCH_SIZE=10 "${launcher[@]}" >/dev/null
  cmake --build "$folder/build" --target schema_tests generate_tests catalogue_tests
}

schema_tests() { "$folder/build/foundations/schema/schema_tests" --gtest_brief=1 "$@"; }
generate_tests() { "$folder/build/sources/generate/generate_tests" --gtest_brief=1 "$@"; }
catalogue_tests() { "$folder/build/catalogue_tests" --gtest_brief=1 "$@"; }

# The files that are made from the definitions must be noticed as old, and then be renewed by what
# CONTRIBUTING.md says.
renew() {
  ! schema_tests --gtest_filter='Ddl*' >/dev/null || fail "ddl.sql is not noticed to be old"
  ! schema_tests --gtest_filter='Reference*' >/dev/null || fail "docs/tables.md is not noticed to be old"
  ! catalogue_tests --gtest_filter='QuestionsDocument*' >/dev/null || fail "docs/json.md is not noticed to be old"
  OPTIINFRA_UPDATE_GOLDEN=1 schema_tests --gtest_filter='Ddl*'
  OPTIINFRA_UPDATE_DOCS=1 schema_tests --gtest_filter='Reference*'
  OPTIINFRA_UPDATE_DOCS=1 catalogue_tests --gtest_filter='QuestionsDocument*'
}

# holds FILE TEXT
holds() { grep -qF -- "$2" "$tree/$1" || fail "$1 does not have: $2"; }

copy_tree
write_project
add_column
add_measure
add_question
add_family
build
renew
schema_tests
generate_tests --gtest_filter='Fleet.*:Course.*'
catalogue_tests
# shellcheck disable=SC2016 # backticks of Markdown
{
  holds docs/tables.md '| `recipe_tokens` | UInt32 | Nullable(UInt32)'
  holds docs/tables.md '`recipe_tokens_count`'
  holds docs/json.md '### query recipe'
  holds docs/tables.md '| `recipe_weight` | Float32 | Nullable(Float32)'
  holds foundations/schema/tests/golden/ddl.sql 'CREATE TABLE IF NOT EXISTS optiinfra.recipe_metrics_ts'
  holds foundations/schema/tests/golden/ddl.sql 'sum(ifNull(r.recipe_tokens, 0)) AS recipe_tokens'
}
echo "a column is 1 line, a measure 1 line, a question 1 entry, a family its columns, its definition and its generator; all else followed"
