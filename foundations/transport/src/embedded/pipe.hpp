/// A pipe whose one end the engine opens by name, as if it were a file.
#pragma once

#include <string>
#include <string_view>

#include "optiinfra/core/error.hpp"

namespace optiinfra::embedded {

/// Both ends are this process's; no child inherits them. Threads: each end one at a time.
class Pipe {
 public:
  static Result<Pipe> open();

  Pipe(Pipe&& other) noexcept;
  Pipe& operator=(Pipe&&) = delete;
  ~Pipe();

  std::string read_name() const;
  std::string write_name() const;

  /// Up to the size of a pipe, 64 KiB, this never waits.
  void write(std::string_view text);

  /// Readers see the end once all other writers have closed too.
  void close_write_end();

  /// A line without its end; empty when all writers close first.
  std::string read_line();

 private:
  Pipe(int read_end, int write_end) : ends_{read_end, write_end} {}

  int ends_[2];
};

}  // namespace optiinfra::embedded
