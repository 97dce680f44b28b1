/// How many files this process may hold open.
#pragma once

namespace optiinfra::cli {

/// Raises the limit to what the system allows at most. The usual limit, 1,024, is for programs that call
/// select(); a command that follows a thousand logs needs more.
void allow_many_open_files() noexcept;

}  // namespace optiinfra::cli
