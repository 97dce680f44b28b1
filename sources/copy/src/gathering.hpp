/// Gathers rows of the source's answers into blocks for the target.
#pragma once

#include <memory>
#include <string>

#include "optiinfra/client/client.hpp"
#include "optiinfra/codec/block.hpp"
#include "optiinfra/store/retention.hpp"

namespace optiinfra::copy {

/// A block under way. Only its rows decide when it is full, so the same rows in the same order are always cut
/// into the same blocks.
class Gathering {
 public:
  virtual ~Gathering() = default;

  /// Adds one row of an answer of TierSql::rows(). Errors: kCorrupt when it has another layout.
  virtual Result<void> append(const Block& answer, std::size_t row) = 0;
  virtual bool is_full() const noexcept = 0;
  virtual std::size_t rows() const noexcept = 0;
  virtual void clear() = 0;

  /// Stores the block, once for one token; an empty token stores whenever it is called. `is_new` says that
  /// nobody has used the token before.
  virtual Result<void> store(Client& target, const std::string& token, bool is_new) = 0;
};

std::unique_ptr<Gathering> make_gathering(Family family, store::Tier tier);

}  // namespace optiinfra::copy
