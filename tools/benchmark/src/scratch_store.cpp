#include "scratch_store.hpp"

#include "optiinfra/core/uuid.hpp"
#include "optiinfra/transport/session.hpp"

namespace optiinfra::benchmark {
namespace fs = std::filesystem;
namespace {

std::string suffix() { return Uuid::random().to_string().substr(0, 8); }

}  // namespace

Result<ScratchStore> ScratchStore::create(const StoreUrl& measured) {
  StoreUrl url = measured;
  const std::string mark = suffix();
  if (url.protocol == Protocol::kEmbedded && !url.folder.empty()) {
    url.folder += "-benchmark-" + mark;
    std::error_code failed;
    fs::create_directories(url.folder.parent_path(), failed);
  } else if (url.protocol != Protocol::kEmbedded) {
    url.database = "optiinfra_benchmark_" + mark;
  }
  fs::path spool =
      url.folder.empty() ? fs::temp_directory_path() / ("optiinfra-benchmark-" + mark) : url.folder;
  spool += "-spool";
  ScratchStore store(std::move(url), std::move(spool));
  OPTIINFRA_TRY(Client client, Client::open(store.url_, {.create = true}));
  store.client_ = std::make_unique<Client>(std::move(client));
  return store;
}

ScratchStore::~ScratchStore() {
  if (!client_) return;
  std::error_code ignored;
  fs::remove_all(spool_folder_, ignored);
  if (url_.protocol != Protocol::kEmbedded) {
    // What cannot be removed is left with a name that says whose it is.
    (void)client_->with_session([this](Session& session) {
      return session.execute({.sql = "DROP DATABASE IF EXISTS " + url_.database + " SYNC"});
    });
  }
  client_.reset();
  if (!url_.folder.empty()) fs::remove_all(url_.folder, ignored);
}

}  // namespace optiinfra::benchmark
