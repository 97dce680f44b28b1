/// What the test of kills and the program that is killed have to agree on.
#pragma once

#include "file_import.hpp"

namespace optiinfra {

inline ImportTestSettings small_blocks() {
  ImportTestSettings test;
  test.limits.records_max = 500;
  test.limits.days_max = 3;
  return test;
}

}  // namespace optiinfra
