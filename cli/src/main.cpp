#include <csignal>

#include "application.hpp"

int main(int argc, char** argv) {
  // A reader that leaves early, as head does, is noticed where answers are written.
  std::signal(SIGPIPE, SIG_IGN);
  return optiinfra::cli::run_application(argc, argv);
}
