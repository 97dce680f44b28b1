/// A store that only a benchmark uses.
#pragma once

#include <filesystem>
#include <memory>

#include "optiinfra/client/client.hpp"
#include "optiinfra/transport/url.hpp"

namespace optiinfra::benchmark {

/// A folder "<that of the URL>-benchmark-XXXXXXXX" or a database "optiinfra_benchmark_XXXXXXXX", with the
/// store's schema. Removed when this is destroyed.
class ScratchStore {
 public:
  static Result<ScratchStore> create(const StoreUrl& measured);
  ~ScratchStore();
  ScratchStore(ScratchStore&&) noexcept = default;
  ScratchStore& operator=(ScratchStore&&) = delete;

  Client& client() noexcept { return *client_; }

  /// On the same disk as an embedded store; not made yet.
  std::filesystem::path spool_folder() const { return spool_folder_; }

 private:
  ScratchStore(StoreUrl url, std::filesystem::path spool_folder)
      : url_(std::move(url)), spool_folder_(std::move(spool_folder)) {}

  StoreUrl url_;
  std::filesystem::path spool_folder_;
  std::unique_ptr<Client> client_;  ///< nullptr when it was moved from, or never opened.
};

}  // namespace optiinfra::benchmark
