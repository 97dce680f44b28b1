/// The program that a test kills (import_child.cpp).
#pragma once

#include <gtest/gtest.h>
#include <spawn.h>
#include <sys/wait.h>

#include <csignal>
#include <string>
#include <vector>

extern char** environ;

namespace optiinfra {

inline pid_t start_child(std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), OPTIINFRA_IMPORT_CHILD);
  std::vector<char*> pointers;
  for (std::string& argument : arguments) pointers.push_back(argument.data());
  pointers.push_back(nullptr);
  pid_t child = 0;
  EXPECT_EQ(::posix_spawn(&child, pointers[0], nullptr, nullptr, pointers.data(), environ), 0);
  return child;
}

/// Whether the child was killed; otherwise it must have succeeded.
inline bool was_killed(pid_t child) {
  int status = 0;
  EXPECT_EQ(::waitpid(child, &status, 0), child);
  if (WIFSIGNALED(status)) {
    EXPECT_EQ(WTERMSIG(status), SIGKILL);
    return true;
  }
  EXPECT_EQ(WEXITSTATUS(status), 0);
  return false;
}

}  // namespace optiinfra
