#include "password_file.hpp"

#include <cstdio>
#include <cstdlib>

#include "optiinfra/transport/secret_file.hpp"

namespace optiinfra::cli {

Result<std::string> read_password_file(const std::string& path) {
  OPTIINFRA_TRY(Secret secret, read_secret_file(path, "password"));
  if (secret.is_open_to_all)
    std::fprintf(stderr, "note: everyone on this machine can read the password in %s; chmod o-r it\n",
                 path.c_str());
  return std::move(secret.text);
}

Result<StoreUrl> with_password(StoreUrl store) {
  const char* const file = std::getenv("OPTIINFRA_PASSWORD_FILE");
  if (store.protocol == Protocol::kEmbedded || !store.password.empty() || file == nullptr || *file == '\0')
    return store;
  OPTIINFRA_TRY(store.password, read_password_file(file));
  return store;
}

}  // namespace optiinfra::cli
